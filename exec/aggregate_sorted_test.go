package exec

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"millrace/expr"
	"millrace/expr/agg"
	"millrace/storage/codec"
	"millrace/types"
)

// naiveFold evaluates an aggregate over a list of rows in order. direct are its direct arguments.
func naiveFold(c agg.Call, g []row, ts []types.T, direct row) (types.Datum, error) {
	var in []row
	for _, r := range g {
		args := pick(r, c.Args)
		if c.Filter >= 0 && (r[c.Filter].Null || !r[c.Filter].Bool()) ||
			slices.ContainsFunc(args[:c.Func.Strict], func(d types.Datum) bool { return d.Null }) {
			continue
		}
		in = append(in, r)
	}
	argTypes := pick(ts, c.Args)
	slices.SortFunc(in, func(a, b row) int {
		for _, k := range c.Order {
			if x := compareKey(ts[k.Col], a[k.Col], b[k.Col], k.Desc, k.NullsFirst); x != 0 {
				return x
			}
		}
		encode := func(r row) []byte { return codec.AppendRow(nil, batchOf(ts, r), c.Args, 0) }
		return bytes.Compare(encode(a), encode(b))
	})
	var rows []row
	seen := map[string]bool{}
	for _, r := range in {
		args := pick(r, c.Args)
		if k := sqlKey(args, argTypes); !c.Distinct || !seen[k] {
			seen[k] = true
			rows = append(rows, args)
		}
	}
	switch c.Func.Name {
	case "string_agg":
		return naiveStrings(rows), nil
	case "array_agg":
		if len(rows) == 0 {
			return types.Null, nil
		}
		b := types.NewArrayBuilder(argTypes[0])
		for _, r := range rows {
			b.Append(r[0])
		}
		return types.NewBytes(b.Build(nil)), nil
	case "jsonb_object_agg":
		return naiveObject(rows)
	case "mode":
		return naiveMode(rows, argTypes[0]), nil
	case "percentile_disc", "percentile_cont":
		return naivePercentile(c, rows, direct[0])
	case "approx_count_distinct": // exact for as few as the tests have
		values := map[string]bool{}
		for _, r := range rows {
			values[sqlKey(r, argTypes)] = true
		}
		return types.NewInt(int64(len(values))), nil
	}
	if len(rows) == 0 {
		return types.Null, nil
	}
	return rows[0][0], nil // a pick
}

func naiveStrings(rows []row) types.Datum {
	if len(rows) == 0 {
		return types.Null
	}
	var s []byte
	for i, r := range rows {
		if i > 0 && !r[1].Null {
			s = append(s, r[1].B...)
		}
		s = append(s, r[0].B...)
	}
	return types.NewBytes(s)
}

func naiveObject(rows []row) (types.Datum, error) {
	if len(rows) == 0 {
		return types.Null, nil
	}
	last := map[string]string{}
	for _, r := range rows {
		if r[0].Null {
			return types.Null, fmt.Errorf("field name must not be null (SQLSTATE 22023)")
		}
		last[string(r[0].B)] = "null"
		if !r[1].Null {
			last[string(r[0].B)] = string(r[1].B)
		}
	}
	var parts []string
	for k, v := range last {
		parts = append(parts, k+":"+v)
	}
	v, err := types.ParseJSONB([]byte("{" + strings.Join(parts, ",") + "}"))
	return types.NewBytes(v), err
}

func naiveMode(rows []row, t types.T) types.Datum {
	best, bestN := types.Null, 0
	for _, r := range rows {
		n := 0
		for _, o := range rows {
			if types.Compare(t, r[0], o[0]) == 0 {
				n++
			}
		}
		if n > bestN {
			best, bestN = r[0], n
		}
	}
	return best
}

func naivePercentile(c agg.Call, rows []row, d types.Datum) (types.Datum, error) {
	if d.Null {
		return types.Null, nil
	}
	p := d.Float()
	if p < 0 || p > 1 {
		return types.Null, fmt.Errorf("percentile value %v is not between 0 and 1 (SQLSTATE 22003)", p)
	}
	if len(rows) == 0 {
		return types.Null, nil
	}
	if c.Func.Name == "percentile_disc" {
		for i, r := range rows {
			if float64(i+1)/float64(len(rows)) >= p {
				return r[0], nil
			}
		}
	}
	place := p * float64(len(rows)-1)
	low, high := rows[int(math.Floor(place))][0].Float(), rows[int(math.Ceil(place))][0].Float()
	return types.NewFloat(low + (place-math.Floor(place))*(high-low)), nil
}

// naiveRank is the hypothetical-set functions.
func naiveRank(c agg.Call, g []row, ts []types.T) (types.Datum, error) {
	n := len(c.Order)
	before, equal, all := 0, 0, 0
	distinct := map[string]bool{}
	for _, r := range g {
		if c.Filter >= 0 && (r[c.Filter].Null || !r[c.Filter].Bool()) {
			continue
		}
		all++
		cmp := 0
		for k, o := range c.Order {
			if cmp == 0 {
				cmp = compareKey(ts[c.Args[n+k]], r[c.Args[n+k]], r[c.Args[k]], o.Desc, o.NullsFirst)
			}
		}
		switch {
		case cmp < 0:
			before++
			distinct[sqlKey(pick(r, c.Args[n:]), pick(ts, c.Args[n:]))] = true
		case cmp == 0:
			equal++
		}
	}
	switch c.Func.Name {
	case "rank":
		return types.NewInt(int64(before + 1)), nil
	case "dense_rank":
		return types.NewInt(int64(len(distinct) + 1)), nil
	case "percent_rank":
		return types.NewFloat(float64(before) / float64(max(all, 1))), nil
	}
	return types.NewFloat(float64(before+equal+1) / float64(all+1)), nil
}

// naiveRegression is a few of the aggregates of pairs, in rationals.
func naiveRegression(c agg.Call, g []row, ts []types.T) (types.Datum, bool) {
	if len(c.Args) != 2 {
		return types.Datum{}, false
	}
	zero := func() *big.Rat { return new(big.Rat) }
	n, x, y, xx, xy := int64(0), zero(), zero(), zero(), zero()
	seen := map[string]bool{}
	for _, r := range g {
		a := pick(r, c.Args)
		if c.Filter >= 0 && (r[c.Filter].Null || !r[c.Filter].Bool()) || a[0].Null || a[1].Null {
			continue
		}
		if k := sqlKey(a, pick(ts, c.Args)); c.Distinct && seen[k] {
			continue
		} else {
			seen[k] = true
		}
		n++
		v, w := zero().SetFloat64(a[1].Float()), zero().SetFloat64(a[0].Float())
		x.Add(x, v)
		y.Add(y, w)
		xx.Add(xx, zero().Mul(v, v))
		xy.Add(xy, zero().Mul(v, w))
	}
	moment := func(ab, a, b *big.Rat) *big.Rat {
		return zero().Sub(zero().Mul(ab, zero().SetInt64(n)), zero().Mul(a, b))
	}
	quotient := func(a, b *big.Rat) types.Datum {
		v, _ := zero().Quo(a, b).Float64()
		return types.NewFloat(v)
	}
	switch c.Func.Name {
	case "regr_count":
		return types.NewInt(n), true
	case "covar_samp":
		if n < 2 {
			return types.Null, true
		}
		return quotient(moment(xy, x, y), zero().SetInt64(n*(n-1))), true
	case "regr_slope":
		if n == 0 || moment(xx, x, x).Sign() == 0 {
			return types.Null, true
		}
		return quotient(moment(xy, x, y), moment(xx, x, x)), true
	}
	return types.Datum{}, false
}

// folded makes a call with its order: of the given columns, then of the arguments.
func folded(t testing.TB, name string, in []types.T, order []agg.SortKey, args ...int) agg.Call {
	t.Helper()
	c := call(t, name, in, args...)
	c.Order = order
	for _, a := range args {
		if !slices.ContainsFunc(order, func(k agg.SortKey) bool { return k.Col == a }) {
			c.Order = append(slices.Clip(c.Order), agg.SortKey{Col: a})
		}
	}
	return c
}

// ordered makes a call of an ordered-set function with a fraction.
func ordered(t testing.TB, name string, in []types.T, fraction expr.Expr, key agg.SortKey) agg.Call {
	t.Helper()
	ts := []types.T{in[key.Col]}
	if fraction != nil {
		ts = append([]types.T{fraction.Type()}, ts...)
	}
	f, _, ret, err := agg.Resolve(name, ts, false)
	if err != nil {
		t.Fatal(err)
	}
	c := agg.Call{Func: f, Args: []int{key.Col}, Filter: -1, T: ret, Order: []agg.SortKey{key}}
	if fraction != nil {
		c.Params = []expr.Expr{fraction}
	}
	return c
}

func floatConst(v float64) expr.Expr {
	return &expr.Const{Value: types.NewFloat(v), T: kind(types.Float8)}
}

func smallFloat(rng *rand.Rand) types.Datum {
	return orNull(rng, types.NewFloat(float64(rng.IntN(9)-4)/4))
}

func smallJSON(rng *rand.Rand) types.Datum {
	return orNull(rng, mustParse(types.JSONB, []string{"1", "1.0", "[]", `"a"`, `{"a": 2}`}[rng.IntN(5)]))
}

func jsonKey(rng *rand.Rand) types.Datum {
	if rng.IntN(12) == 0 {
		return types.Null
	}
	return mustParse(types.JSONB, []string{`"a"`, `"b"`, `"c"`}[rng.IntN(3)])
}

func TestFolds(t *testing.T) {
	scan := scanOf(false, types.Int8, types.Numeric, types.Text, types.Bool, types.Float8, types.JSONB, types.JSONB)
	gen := map[int]func(*rand.Rand) row{0: rowsOf(smallInt, smallNumeric, smallText, smallBool, smallFloat, jsonKey, smallJSON)}
	in := scan.Types
	gathers := []agg.Call{
		folded(t, "string_agg", in, []agg.SortKey{{Col: 1, Desc: true, NullsFirst: true}}, 2, 2),
		folded(t, "array_agg", in, nil, 1),
		folded(t, "array_agg", in, []agg.SortKey{{Col: 2}, {Col: 0, NullsFirst: true}}, 4),
		filtered(folded(t, "array_agg", in, nil, 2), 3),
		distinct(folded(t, "array_agg", in, nil, 1)),
		distinct(folded(t, "string_agg", in, nil, 2, 2)),
		folded(t, "jsonb_object_agg", in, nil, 5, 6),
		call(t, "sum", in, 0),
	}
	picks := []agg.Call{
		folded(t, "any_value", in, nil, 1), folded(t, "first_value", in, []agg.SortKey{{Col: 4}}, 2),
		folded(t, "arg_min", in, []agg.SortKey{{Col: 1}}, 2, 1), folded(t, "arg_max", in, []agg.SortKey{{Col: 0, Desc: true, NullsFirst: true}}, 1, 0),
		filtered(folded(t, "any_value", in, nil, 0), 3), folded(t, "approx_count_distinct", in, nil, 1), call(t, "max", in, 1),
	}
	sets := []agg.Call{
		ordered(t, "mode", in, nil, agg.SortKey{Col: 1}), ordered(t, "mode", in, nil, agg.SortKey{Col: 0, Desc: true, NullsFirst: true}),
		ordered(t, "percentile_disc", in, floatConst(0.5), agg.SortKey{Col: 1}), ordered(t, "percentile_disc", in, floatConst(1), agg.SortKey{Col: 2, Desc: true}),
		ordered(t, "percentile_cont", in, floatConst(0.3), agg.SortKey{Col: 4}), ordered(t, "percentile_cont", in, floatConst(0), agg.SortKey{Col: 4}),
		filtered(ordered(t, "percentile_cont", in, floatConst(0.75), agg.SortKey{Col: 4}), 3),
	}
	// The fraction is a column of the group, and out of range in some.
	byFraction := []agg.Call{ordered(t, "percentile_disc", in, column(0, types.Float8), agg.SortKey{Col: 1}), call(t, "count", in)}
	for _, c := range []struct {
		name  string
		group []int
		calls []agg.Call
	}{
		{"gather by int", []int{0}, gathers}, {"gather by numeric", []int{1}, gathers}, {"gather global", nil, gathers},
		{"pick by int", []int{0}, picks}, {"pick by numeric", []int{1}, picks}, {"pick global", nil, picks},
		{"ordered sets by int", []int{0}, sets}, {"ordered sets by text and bool", []int{2, 3}, sets}, {"ordered sets global", nil, sets},
		{"fractions", []int{4}, byFraction},
	} {
		t.Run(c.name, func(t *testing.T) {
			verify(t, planOf(scan, aggregateOf(scan, c.group, c.group != nil, c.calls...)), 20, gen)
		})
	}
}

// TestPicksAppendOnly keeps the picked row alone.
func TestPicksAppendOnly(t *testing.T) {
	scan := scanOf(true, types.Int8, types.Numeric, types.Text)
	in := scan.Types
	calls := []agg.Call{
		folded(t, "any_value", in, nil, 1), folded(t, "first_value", in, []agg.SortKey{{Col: 1, Desc: true}}, 2),
		folded(t, "arg_min", in, []agg.SortKey{{Col: 1}}, 2, 1),
	}
	for i := range calls {
		calls[i].AppendOnly = true
	}
	gen := map[int]func(*rand.Rand) row{0: rowsOf(smallInt, smallNumeric, smallText)}
	plan := planOf(scan, aggregateOf(scan, []int{0}, true, calls...))
	t.Run("by int", func(t *testing.T) { verify(t, plan, 20, gen) })
	t.Run("global", func(t *testing.T) { verify(t, planOf(scan, aggregateOf(scan, nil, false, calls...)), 20, gen) })
	t.Run("state", func(t *testing.T) {
		r := newRunner(t, configs[0], plan)
		for i := range 50 {
			if err := r.step([]scanBatch{{0, weighted(in, row{types.NewInt(1), types.Null, types.NewString(fmt.Sprint(i))}, 1)}}); err != nil {
				t.Fatal(err)
			}
		}
		if n := r.entries(); n != 1 {
			t.Fatalf("%d entries of state for one group", n)
		}
		r.close()
	})
}

func TestPairsAndRanks(t *testing.T) {
	scan := scanOf(false, types.Int8, types.Float8, types.Float8, types.Bool, types.Numeric, types.Text)
	gen := map[int]func(*rand.Rand) row{0: rowsOf(smallInt, smallFloat, smallFloat, smallBool, smallNumeric, smallText)}
	in := scan.Types
	// rank(args) makes a call: the hypothetical values are columns of the group.
	rank := func(name string, order []agg.SortKey, hypothetical ...int) agg.Call {
		args := slices.Clone(hypothetical)
		for _, k := range order {
			args = append(args, k.Col)
		}
		c := call(t, name, in, args...)
		c.Order, c.Distinct = order, c.Func.Each
		return c
	}
	pairs := []agg.Call{
		call(t, "regr_count", in, 1, 2), call(t, "covar_samp", in, 1, 2), call(t, "regr_slope", in, 1, 2),
		filtered(call(t, "regr_slope", in, 1, 2), 3), distinct(call(t, "covar_samp", in, 1, 2)), distinct(call(t, "regr_count", in, 1, 2)),
	}
	down := []agg.SortKey{{Col: 2, Desc: true, NullsFirst: true}}
	two := []agg.SortKey{{Col: 4, NullsFirst: true}, {Col: 5, Desc: true}}
	for _, c := range []struct {
		name  string
		group []int
		calls []agg.Call
	}{
		{"pairs by int", []int{0}, pairs}, {"pairs global", nil, pairs},
		{"ranks of one key", []int{1}, []agg.Call{rank("rank", down, 1), rank("dense_rank", down, 1), rank("percent_rank", down, 1), rank("cume_dist", down, 1),
			filtered(rank("dense_rank", down, 1), 3)}},
		{"ranks of two keys", []int{4, 5}, []agg.Call{rank("rank", two, 4, 5), rank("dense_rank", two, 4, 5), rank("cume_dist", two, 4, 5)}},
		{"ranks among others", []int{4}, []agg.Call{rank("rank", two[:1], 4), rank("dense_rank", two[:1], 4)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			verify(t, planOf(scan, aggregateOf(scan, c.group, c.group != nil, c.calls...)), 20, gen)
		})
	}
}
