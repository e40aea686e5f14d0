package exec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"millrace/expr"
	"millrace/expr/agg"
	"millrace/planner/physical"
	"millrace/types"
)

func TestLinear(t *testing.T) {
	scan := scanOf(false, types.Int8, types.Int8, types.Text)
	gen := map[int]func(*rand.Rand) row{0: rowsOf(smallInt, smallInt, smallText)}
	t.Run("scan filter", func(t *testing.T) {
		s := *scan
		s.Filter = less(div(intConst(6), column(0, types.Int8)), intConst(4))
		verify(t, planOf(&s), 15, gen)
	})
	t.Run("filter and project", func(t *testing.T) {
		verify(t, planOf(scan,
			&physical.Filter{Output: scan.Output, Input: 0, Pred: less(column(0, types.Int8), intConst(3))},
			&physical.Project{Output: physical.Output{Types: kindsOf(types.Int8, types.Text, types.Int8)}, Input: 1,
				Exprs: []expr.Expr{div(intConst(10), column(1, types.Int8)), column(2, types.Text), intConst(5)}},
		), 15, gen)
	})
	t.Run("project merges rows", func(t *testing.T) {
		verify(t, planOf(scan,
			&physical.Project{Output: physical.Output{Types: kindsOf(types.Text)}, Input: 0, Exprs: []expr.Expr{column(2, types.Text)}},
		), 15, gen)
	})
	t.Run("union", func(t *testing.T) {
		verify(t, planOf(scan, scanOf(true, types.Int8, types.Int8, types.Text),
			&physical.Union{Output: scan.Output, In: []int{0, 1, 0}}), 15, map[int]func(*rand.Rand) row{0: gen[0], 1: gen[0]})
	})
	t.Run("values", func(t *testing.T) {
		out := physical.Output{Types: kindsOf(types.Int8, types.Int8, types.Text)}
		verify(t, planOf(scan,
			&physical.Values{Output: out, Rows: [][]expr.Expr{
				{intConst(1), div(intConst(1), intConst(1)), &expr.Const{Value: types.NewString("x"), T: kind(types.Text)}},
				{intConst(1), div(intConst(1), intConst(0)), &expr.Const{Value: types.Null, T: kind(types.Text)}},
			}},
			&physical.Union{Output: scan.Output, In: []int{0, 1}}), 10, gen)
	})
}

func TestWindow(t *testing.T) {
	times := func(rng *rand.Rand) types.Datum { return orNull(rng, types.NewInt(int64(rng.IntN(60)-30))) }
	for _, w := range []physical.Window{
		{Size: 10}, {Size: 10, Shift: 3}, {Size: 10, Shift: -13}, {Size: 10, Slide: 5}, {Size: 10, Slide: 3, Shift: 1},
		{Size: 3, Slide: 10}, {Size: 12, Slide: 4, Cumulate: true}, {Size: 10, Slide: 4, Shift: 7, Cumulate: true},
	} {
		t.Run(fmt.Sprintf("%d %d %d %t", w.Size, w.Slide, w.Shift, w.Cumulate), func(t *testing.T) {
			scan := scanOf(false, types.Timestamp, types.Int8)
			w.Output = physical.Output{Types: kindsOf(types.Timestamp, types.Int8, types.Timestamp, types.Timestamp)}
			verify(t, planOf(scan, &w), 10, map[int]func(*rand.Rand) row{0: rowsOf(times, smallInt)})
		})
	}
}

func TestSeries(t *testing.T) {
	arrays := func(rng *rand.Rand) types.Datum {
		return orNull(rng, mustParse2(types.ArrayOf(kind(types.Text)), []string{"{}", "{a}", "{a,NULL,b}", "{{a,b},{c,d}}"}[rng.IntN(4)]))
	}
	scan := scanOf(false, types.Int8, types.Int8, types.Text)
	scan.Types[2] = types.ArrayOf(kind(types.Text))
	gen := map[int]func(*rand.Rand) row{0: rowsOf(smallInt, smallInt, arrays)}
	gs := physical.SetFunc{Name: "generate_series", Args: []expr.Expr{column(0, types.Int8), div(intConst(5), column(1, types.Int8))}, Ret: kindsOf(types.Int8)}
	un := physical.SetFunc{Name: "unnest", Args: []expr.Expr{&expr.Column{Index: 2, T: scan.Types[2]}}, Ret: kindsOf(types.Text)}
	made := kindsOf(types.Int8, types.Text)
	for _, c := range []struct{ ordinality, outer bool }{{false, false}, {true, false}, {false, true}, {true, true}} {
		ts := append(append([]types.T(nil), scan.Types...), made...)
		if c.ordinality {
			ts = append(ts, kind(types.Int8))
		}
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			verify(t, planOf(scan, &physical.Series{Output: physical.Output{Types: ts}, Input: 0,
				Funcs: []physical.SetFunc{gs, un}, Ordinality: c.ordinality, Outer: c.outer}), 15, gen)
		})
	}
	t.Run("without input", func(t *testing.T) {
		f := physical.SetFunc{Name: "generate_series", Args: []expr.Expr{intConst(5), intConst(1), intConst(-2)}, Ret: kindsOf(types.Int8)}
		verify(t, planOf(scanOf(false, types.Int8),
			&physical.Series{Output: physical.Output{Types: kindsOf(types.Int8)}, Input: -1, Funcs: []physical.SetFunc{f}},
			&physical.Union{Output: physical.Output{Types: kindsOf(types.Int8)}, In: []int{0, 1}},
		), 10, map[int]func(*rand.Rand) row{0: rowsOf(smallInt)})
	})
}

func mustParse2(t types.T, s string) types.Datum {
	d, err := types.ParseText(t, []byte(s), types.DefaultEnv)
	if err != nil {
		panic(err)
	}
	return d
}

// call makes an aggregate's call as a plan has it.
func call(t testing.TB, name string, in []types.T, args ...int) agg.Call {
	t.Helper()
	f, _, ret, err := agg.Resolve(name, pick(in, args), len(args) == 0)
	if err != nil {
		t.Fatal(err)
	}
	return agg.Call{Func: f, Args: args, Filter: -1, T: ret}
}

// aggregateOf makes the node with its output types.
func aggregateOf(in physical.Node, group []int, grouped bool, calls ...agg.Call) *physical.Aggregate {
	ts := pick(in.Out().Types, group)
	for _, c := range calls {
		ts = append(ts, c.T)
	}
	return &physical.Aggregate{Output: physical.Output{Types: ts}, Group: group, Aggs: calls, Grouped: grouped}
}

func filtered(c agg.Call, col int) agg.Call { c.Filter = col; return c }
func distinct(c agg.Call) agg.Call          { c.Distinct = true; return c }

func smallBool(rng *rand.Rand) types.Datum { return orNull(rng, types.NewBool(rng.IntN(2) == 0)) }

// wildFloat has values that cancel badly, and ones that are not finite.
func wildFloat(rng *rand.Rand) types.Datum {
	vs := []float64{1e308, -1e308, 1.7e308, 5e-324, 1, -1, 1e16, 0.1, math.Copysign(0, -1), 1e-300, math.NaN(), math.Inf(1), math.Inf(-1)}
	n := len(vs)
	if rng.IntN(8) > 0 {
		n -= 3
	}
	return orNull(rng, types.NewFloat(vs[rng.IntN(n)]))
}

func bigInt(rng *rand.Rand) types.Datum {
	return orNull(rng, types.NewInt([]int64{math.MaxInt64, math.MinInt64, 1, -1, 7}[rng.IntN(5)]))
}

func TestAggregate(t *testing.T) {
	scan := scanOf(false, types.Int8, types.Numeric, types.Int4, types.Float8, types.Bool, types.Text, types.Float4)
	smallReal := func(rng *rand.Rand) types.Datum {
		return orNull(rng, types.NewFloat(float64([]float32{0.1, 3e38, -3e38, 1, 1e-40}[rng.IntN(5)])))
	}
	gen := map[int]func(*rand.Rand) row{0: rowsOf(bigInt, smallNumeric, smallInt, wildFloat, smallBool, smallText, smallReal)}
	in := scan.Types
	calls := []agg.Call{
		call(t, "count", in), call(t, "count", in, 5), call(t, "sum", in, 0), call(t, "avg", in, 0), call(t, "sum", in, 1),
		call(t, "avg", in, 1), call(t, "sum", in, 2), call(t, "min", in, 0), call(t, "max", in, 1), call(t, "min", in, 5),
		call(t, "max", in, 3), call(t, "bool_and", in, 4), call(t, "bool_or", in, 4), call(t, "min", in, 3),
	}
	floats := []agg.Call{call(t, "sum", in, 3), call(t, "avg", in, 3), call(t, "sum", in, 6)}
	filters := []agg.Call{
		filtered(call(t, "count", in), 4), filtered(call(t, "sum", in, 2), 4), filtered(call(t, "max", in, 1), 4),
		distinct(call(t, "count", in, 1)), distinct(call(t, "sum", in, 2)), filtered(distinct(call(t, "count", in, 1)), 4),
		distinct(call(t, "avg", in, 2)), distinct(call(t, "max", in, 0)), call(t, "count", in),
	}
	for _, c := range []struct {
		name    string
		group   []int
		grouped bool
		calls   []agg.Call
	}{
		{"by int", []int{2}, true, calls},
		{"by numeric", []int{1}, true, calls},
		{"by text and bool", []int{5, 4}, true, calls},
		{"global", nil, false, calls},
		{"grouped by nothing", nil, true, calls},
		{"floats by int", []int{2}, true, floats},
		{"floats by numeric and float", []int{1, 3}, true, floats},
		{"floats global", nil, false, floats},
		{"filter and distinct by int", []int{2}, true, filters},
		{"filter and distinct by numeric", []int{1}, true, filters},
		{"filter and distinct global", nil, false, filters},
		{"no aggregate", []int{1, 5}, true, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			verify(t, planOf(scan, aggregateOf(scan, c.group, c.grouped, c.calls...)), 20, gen)
		})
	}
}

func TestAggregateAppendOnly(t *testing.T) {
	scan := scanOf(true, types.Int8, types.Numeric, types.Text, types.Float8)
	var calls []agg.Call
	for _, name := range []string{"min", "max"} {
		for col := range scan.Types {
			c := call(t, name, scan.Types, col)
			c.AppendOnly = true
			calls = append(calls, c)
		}
	}
	c := distinct(call(t, "count", scan.Types, 1))
	c.AppendOnly = true
	calls = append(calls, c)
	gen := map[int]func(*rand.Rand) row{0: rowsOf(bigInt, smallNumeric, smallText, wildFloat)}
	t.Run("by text", func(t *testing.T) { verify(t, planOf(scan, aggregateOf(scan, []int{2}, true, calls...)), 20, gen) })
	t.Run("global", func(t *testing.T) { verify(t, planOf(scan, aggregateOf(scan, nil, false, calls...)), 20, gen) })
}

// TestOverflow cures a sum that is out of range.
func TestOverflow(t *testing.T) {
	scan := scanOf(false, types.Int4, types.Int4)
	plan := planOf(scan, aggregateOf(scan, []int{0}, true, call(t, "sum", scan.Types, 1), call(t, "count", scan.Types)))
	r := newRunner(t, configs[0], plan)
	row1 := row{types.NewInt(1), types.NewInt(math.MaxInt32)}
	for i, c := range []struct {
		weight int64
		rows   int // in the output
		errs   int
	}{{1 << 31, 1, 0}, {1 << 32, 0, 1}, {1, 0, 1}, {-1 << 32, 1, 0}, {-1<<31 - 1, 0, 0}} {
		if err := r.step([]scanBatch{{0, weighted(scan.Types, row1, c.weight)}}); err != nil {
			t.Fatal(err)
		}
		if len(r.out.exact) != c.rows || len(r.out.errs) != c.errs {
			t.Fatalf("step %d: rows %v errors %v", i, r.out.text, r.out.errs)
		}
		r.out.step = map[string]int64{}
	}
	if len(r.out.bad) > 0 || r.entries() != 0 {
		t.Fatalf("%v, %d entries", r.out.bad, r.entries())
	}
	r.close()
}

func TestDistinct(t *testing.T) {
	scan := scanOf(false, types.Numeric, types.Text)
	gen := map[int]func(*rand.Rand) row{0: rowsOf(smallNumeric, smallText)}
	verify(t, planOf(scan, &physical.Distinct{Output: scan.Output, Input: 0}), 25, gen)
	scan = scanOf(false, types.Int8, types.Text)
	gen[0] = rowsOf(smallInt, smallText)
	verify(t, planOf(scan, &physical.Distinct{Output: scan.Output, Input: 0}), 25, gen)
}

func TestSetOp(t *testing.T) {
	for _, except := range []bool{false, true} {
		for _, all := range []bool{false, true} {
			for _, k := range []types.Kind{types.Int8, types.Numeric} {
				t.Run(fmt.Sprint(except, all, k), func(t *testing.T) {
					g := smallInt
					if k == types.Numeric {
						g = smallNumeric
					}
					scan := scanOf(false, k, types.Text)
					verify(t, planOf(scan, scanOf(false, k, types.Text),
						&physical.SetOp{Output: scan.Output, Left_: 0, Right_: 1, Except: except, All: all}), 25,
						map[int]func(*rand.Rand) row{0: rowsOf(g, smallText), 1: rowsOf(g, smallText)})
				})
			}
		}
	}
}

func TestTopN(t *testing.T) {
	orders := [][]physical.SortKey{
		{{Col: 1}}, {{Col: 1, Desc: true}}, {{Col: 2, NullsFirst: true}, {Col: 1, Desc: true, NullsFirst: true}}, nil,
	}
	for _, appendOnly := range []bool{false, true} {
		for i, order := range orders {
			for _, n := range []physical.TopN{
				{Limit: 1}, {Limit: 3, Offset: 1}, {Limit: 0}, {Limit: -1, Offset: 2}, {Limit: 2, WithTies: true},
				{Limit: 2, Offset: 1, WithTies: true}, {Limit: 2, RowNumber: true}, {Limit: -1, RowNumber: true},
				{Limit: 3, Offset: 2, RowNumber: true}, {Limit: 2, Rank: physical.Rank}, {Limit: 3, Offset: 1, Rank: physical.Rank, RowNumber: true},
				{Limit: 2, Rank: physical.DenseRank}, {Limit: -1, Rank: physical.DenseRank, RowNumber: true},
			} {
				for _, group := range [][]int{nil, {0}} {
					t.Run(fmt.Sprint(appendOnly, i, n.Limit, n.Offset, n.WithTies, n.RowNumber, n.Rank, group), func(t *testing.T) {
						scan := scanOf(appendOnly, types.Int8, types.Numeric, types.Text)
						n := n
						n.Order, n.Group = order, group
						n.Types = scan.Types
						if n.RowNumber {
							n.Types = append(append([]types.T(nil), n.Types...), kind(types.Int8))
						}
						verify(t, planOf(scan, &n), 12, map[int]func(*rand.Rand) row{0: rowsOf(smallInt, smallNumeric, smallText)})
					})
				}
			}
		}
	}
}

func TestSingleRow(t *testing.T) {
	for _, group := range [][]int{nil, {0}, {0, 1}} {
		t.Run(fmt.Sprint(group), func(t *testing.T) {
			scan := scanOf(false, types.Int8, types.Numeric)
			rare := func(rng *rand.Rand) types.Datum { return orNull(rng, types.NewInt(int64(rng.IntN(20)))) }
			verify(t, planOf(scan, &physical.SingleRow{Output: scan.Output, Input: 0, Group: group}), 25,
				map[int]func(*rand.Rand) row{0: rowsOf(rare, smallNumeric)})
		})
	}
}
