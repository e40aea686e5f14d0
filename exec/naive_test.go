package exec

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"sort"
	"strings"

	"millrace/delta"
	"millrace/expr"
	"millrace/expr/agg"
	"millrace/planner/physical"
	"millrace/storage/keys"
	"millrace/types"
)

// The naive evaluation of a plan: every node from scratch over lists of rows, in the simplest way that is plainly
// right. It shares with the operators the expressions and the comparison of values, and nothing else.

type row []types.Datum

// naive evaluates p over the contents of its scans. Rows with errors are left out; errs lists the errors, sorted.
func naive(p *physical.Plan, scans map[int][]row) (rows []row, errs []string) {
	n := &naiveRun{p: p, scans: scans, out: make([][]row, len(p.Nodes))}
	for i, node := range p.Nodes {
		n.op = i
		n.out[i] = n.node(node, i)
	}
	sort.Strings(n.errs)
	return n.out[p.Root()], n.errs
}

type naiveRun struct {
	p     *physical.Plan
	scans map[int][]row
	out   [][]row
	op    int
	errs  []string
}

func (n *naiveRun) fail(err error) { n.errs = append(n.errs, fmt.Sprintf("%d: %v", n.op, err)) }

func (n *naiveRun) typesOf(i int) []types.T { return n.p.Nodes[i].Out().Types }

func (n *naiveRun) node(node physical.Node, i int) []row {
	switch x := node.(type) {
	case *physical.Scan:
		return n.filter(n.scans[i], x.Types, x.Filter)
	case *physical.Values:
		var out []row
		for _, es := range x.Rows {
			if r, ok := n.eval(nil, nil, es); ok {
				out = append(out, r)
			}
		}
		return out
	case *physical.Filter:
		return n.filter(n.out[x.Input], n.typesOf(x.Input), x.Pred)
	case *physical.Project:
		var out []row
		for _, r := range n.out[x.Input] {
			if r, ok := n.eval(r, n.typesOf(x.Input), x.Exprs); ok {
				out = append(out, r)
			}
		}
		return out
	case *physical.Union:
		var out []row
		for _, in := range x.In {
			out = append(out, n.out[in]...)
		}
		return out
	case *physical.Window:
		return n.window(x)
	case *physical.Session:
		return n.session(x)
	case *physical.Series:
		return n.series(x)
	case *physical.Join:
		return n.join(x)
	case *physical.DeltaJoin:
		return n.deltaJoin(x)
	case *physical.AsOf:
		return n.asOf(x)
	case *physical.Buckets:
		return n.buckets(x)
	case *physical.Aggregate:
		return n.aggregate(x)
	case *physical.Distinct:
		var out []row
		for _, g := range groupBy(n.out[x.Input], x.Types, upTo(len(x.Types))) {
			out = append(out, g[0])
		}
		return out
	case *physical.SetOp:
		return n.setOp(x)
	case *physical.TopN:
		return n.topN(x)
	case *physical.Over:
		return n.over(x)
	case *physical.SingleRow:
		return n.singleRow(x)
	case *physical.WorkTable:
		return nil
	case *physical.Recurse:
		return n.recurse(x, i)
	}
	panic(fmt.Sprintf("no naive %T", node))
}

// eval evaluates expressions over one row.
func (n *naiveRun) eval(r row, ts []types.T, es []expr.Expr) (row, bool) {
	b := batchOf(ts, r)
	var errs expr.Errors
	out := make(row, len(es))
	for i, e := range es {
		p, err := expr.Compile(e)
		if err != nil {
			panic(err)
		}
		out[i] = clone(p.EvalOwned(nil, b, &errs).Datum(0))
	}
	if len(errs.List) > 0 {
		n.fail(errs.List[0].Err)
		return nil, false
	}
	return out, true
}

func (n *naiveRun) isTrue(r row, ts []types.T, e expr.Expr) bool {
	if e == nil {
		return true
	}
	p, err := expr.Compile(e)
	if err != nil {
		panic(err)
	}
	var errs expr.Errors
	sel := p.EvalPred(nil, batchOf(ts, r), nil, &errs)
	if len(errs.List) > 0 {
		n.fail(errs.List[0].Err)
		return false
	}
	return len(sel) == 1
}

func batchOf(ts []types.T, r row) *delta.Batch {
	b := delta.NewBatch(ts, 1)
	b.AppendRow(r, 1)
	return b
}

func clone(d types.Datum) types.Datum {
	d.B = slices.Clone(d.B)
	return d
}

func (n *naiveRun) filter(in []row, ts []types.T, e expr.Expr) []row {
	var out []row
	for _, r := range in {
		if n.isTrue(r, ts, e) {
			out = append(out, r)
		}
	}
	return out
}

func (n *naiveRun) window(x *physical.Window) []row {
	slide := x.Slide
	if slide == 0 {
		slide = x.Size
	}
	var out []row
	for _, r := range n.out[x.Input] {
		if r[x.Time].Null {
			continue
		}
		t := big.NewInt(r[x.Time].I)
		add := func(start, end int64) {
			out = append(out, append(slices.Clone(r), types.NewInt(start), types.NewInt(end)))
		}
		// floor((t - shift) / unit) * unit + shift
		floor := func(unit int64) int64 {
			d := new(big.Int).Sub(t, big.NewInt(x.Shift))
			d.Div(d, big.NewInt(unit)) // Euclidean: rounds down for a positive divisor
			d.Mul(d, big.NewInt(unit))
			return d.Add(d, big.NewInt(x.Shift)).Int64()
		}
		if x.Cumulate {
			start := floor(x.Size)
			for end := start + slide; ; end += slide {
				end = min(end, start+x.Size)
				if end > t.Int64() {
					add(start, end)
				}
				if end == start+x.Size {
					break
				}
			}
			continue
		}
		for start := floor(slide); start+x.Size > t.Int64(); start -= slide {
			add(start, start+x.Size)
		}
	}
	return out
}

// series knows generate_series over integers and unnest, which is enough to test the operator.
func (n *naiveRun) series(x *physical.Series) []row {
	in, ts := []row{nil}, []types.T(nil)
	if x.Input >= 0 {
		in, ts = n.out[x.Input], n.typesOf(x.Input)
	}
	var out []row
	for _, r := range in {
		var cols [][]types.Datum
		longest := 0
		bad := false
		for _, f := range x.Funcs {
			args, ok := n.eval(r, ts, f.Args)
			if !ok {
				bad = true
				break
			}
			var col []types.Datum
			switch {
			case slices.ContainsFunc(args, func(d types.Datum) bool { return d.Null }):
			case f.Name == "unnest":
				rd := types.ReadArray(f.Args[0].Type().ElemType(), args[0].B)
				for i := range rd.Len() {
					col = append(col, clone(rd.At(i)))
				}
			default:
				step := int64(1)
				if len(args) > 2 {
					step = args[2].I
				}
				for v := args[0].I; step > 0 && v <= args[1].I || step < 0 && v >= args[1].I; v += step {
					col = append(col, types.NewInt(v))
				}
			}
			cols = append(cols, col)
			longest = max(longest, len(col))
		}
		if bad {
			continue
		}
		for i := range longest {
			o := slices.Clone(r)
			for _, col := range cols {
				if i < len(col) {
					o = append(o, col[i])
				} else {
					o = append(o, types.Null)
				}
			}
			if x.Ordinality {
				o = append(o, types.NewInt(int64(i+1)))
			}
			out = append(out, o)
		}
		if longest == 0 && x.Outer {
			o := slices.Clone(r)
			for len(o) < len(x.Types) {
				o = append(o, types.Null)
			}
			out = append(out, o)
		}
	}
	return out
}

func (n *naiveRun) join(x *physical.Join) []row {
	left, right := n.out[x.Left_], n.out[x.Right_]
	lt, rt := n.typesOf(x.Left_), n.typesOf(x.Right_)
	lc, rc := x.LeftCols, x.RightCols
	if lc == nil {
		lc = upTo(len(lt))
	}
	if rc == nil {
		rc = upTo(len(rt))
	}
	var out []row
	rightMatched := make([]bool, len(right))
	for _, l := range left {
		matched := false
		for i, r := range right {
			if !n.meets(x, l, r, lt, rt) {
				continue
			}
			matched, rightMatched[i] = true, true
			if x.Kind <= physical.Full {
				out = append(out, append(pick(l, lc), pick(r, rc)...))
			}
		}
		switch x.Kind {
		case physical.Left, physical.Full:
			if !matched {
				out = append(out, append(pick(l, lc), nullRow(len(rc))...))
			}
		case physical.Semi:
			if matched {
				out = append(out, pick(l, lc))
			}
		case physical.Anti:
			if !matched {
				out = append(out, pick(l, lc))
			}
		}
	}
	if x.Kind == physical.Right || x.Kind == physical.Full {
		for i, r := range right {
			if !rightMatched[i] {
				out = append(out, append(row(nullRow(len(lc))), pick(r, rc)...))
			}
		}
	}
	return out
}

func (n *naiveRun) meets(x *physical.Join, l, r row, lt, rt []types.T) bool {
	for i, lk := range x.LeftKeys {
		a, b := l[lk], r[x.RightKeys[i]]
		switch {
		case x.NotIn && (a.Null || b.Null):
			continue // unknown is in the way of NOT IN
		case a.Null || b.Null:
			if len(x.NullSafe) == 0 || !x.NullSafe[i] || a.Null != b.Null {
				return false
			}
		case types.Compare(lt[lk], a, b) != 0:
			return false
		}
	}
	return n.isTrue(append(slices.Clone(l), r...), slices.Concat(lt, rt), x.On)
}

// groupBy splits rows into groups of equal columns, in order of first appearance.
func groupBy(rows []row, ts []types.T, cols []int) [][]row {
	index := map[string]int{}
	var groups [][]row
	for _, r := range rows {
		k := sqlKey(pick(r, cols), pick(ts, cols))
		i, ok := index[k]
		if !ok {
			i = len(groups)
			index[k] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], r)
	}
	return groups
}

// sqlKey is the same for rows that are equal in SQL, NULL being equal to itself.
func sqlKey(r row, ts []types.T) string {
	var k []byte
	for i, d := range r {
		k = keys.AppendDatum(k, ts[i], d, false, false)
	}
	return string(k)
}

func (n *naiveRun) aggregate(x *physical.Aggregate) []row {
	in, ts := n.out[x.Input], n.typesOf(x.Input)
	groups := groupBy(in, ts, x.Group)
	if len(groups) == 0 && len(x.Group) == 0 && !x.Grouped {
		groups = [][]row{nil}
	}
	var out []row
	for _, g := range groups {
		var o row
		if len(g) > 0 {
			o = pick(g[0], x.Group)
		}
		var failed error
		for _, c := range x.Aggs {
			d, err := n.agg(c, g, ts, o[:len(x.Group)])
			if err != nil && failed == nil {
				failed = err
			}
			o = append(o, d)
		}
		if failed != nil {
			n.fail(failed)
			continue
		}
		out = append(out, o)
	}
	return out
}

// agg is one aggregate over the rows of a group, with the columns of the group.
func (n *naiveRun) agg(c agg.Call, g []row, ts []types.T, group row) (types.Datum, error) {
	switch {
	case c.Func.Form == agg.Hypothetical:
		return naiveRank(c, g, ts)
	case c.Func.Fold != nil:
		direct, ok := n.eval(group, n.typesOf(n.op)[:len(group)], c.Params)
		if !ok {
			return types.Null, fmt.Errorf("a direct argument failed")
		}
		return naiveFold(c, g, ts, direct)
	}
	if d, ok := naiveRegression(c, g, ts); ok {
		return d, nil
	}
	return naiveAgg(c, g, ts)
}

// naiveAgg is one aggregate of at most one argument over one group.
func naiveAgg(c agg.Call, g []row, ts []types.T) (types.Datum, error) {
	var vals []types.Datum // of the argument, without NULLs
	var t types.T
	seen := map[string]bool{}
	for _, r := range g {
		if c.Filter >= 0 && (r[c.Filter].Null || !r[c.Filter].Bool()) {
			continue
		}
		if len(c.Args) == 0 {
			vals = append(vals, types.Datum{})
			continue
		}
		d := r[c.Args[0]]
		t = ts[c.Args[0]]
		if d.Null {
			continue
		}
		if k := sqlKey(row{d}, []types.T{t}); c.Distinct && seen[k] {
			continue
		} else {
			seen[k] = true
		}
		vals = append(vals, d)
	}
	if c.Func.Name == "count" {
		return types.NewInt(int64(len(vals))), nil
	}
	if len(vals) == 0 {
		return types.Null, nil
	}
	switch c.Func.Name {
	case "min", "max":
		best := vals[0]
		for _, v := range vals {
			if k := types.Compare(t, v, best); c.Func.Name == "min" && k < 0 || c.Func.Name == "max" && k > 0 {
				best = v
			}
		}
		return best, nil
	case "bool_and", "bool_or", "every":
		all, any := true, false
		for _, v := range vals {
			all, any = all && v.Bool(), any || v.Bool()
		}
		return types.NewBool(c.Func.Name == "bool_or" && any || c.Func.Name != "bool_or" && all), nil
	}
	if t.Rep() == types.RepFloat {
		return naiveFloat(c.Func.Name, t, vals)
	}
	sum := types.NumericFromInt(nil, 0)
	for _, v := range vals {
		b := v.B
		if t.Rep() == types.RepInt {
			b = types.NumericFromInt(nil, v.I)
		}
		var err error
		if sum, err = types.NumericAdd(nil, sum, b); err != nil {
			return types.Null, err
		}
	}
	if c.Func.Name == "avg" {
		b, err := types.NumericDiv(nil, sum, types.NumericFromInt(nil, int64(len(vals))))
		return types.NewBytes(b), err
	}
	if c.T.Kind == types.Int8 {
		v, err := types.NumericToInt64(sum)
		if err != nil {
			return types.Null, fmt.Errorf("bigint out of range (SQLSTATE 22003)")
		}
		return types.NewInt(v), nil
	}
	return types.NewBytes(sum), nil
}

// naiveFloat sums with so many bits that nothing is lost.
func naiveFloat(name string, t types.T, vals []types.Datum) (types.Datum, error) {
	var nan, pos, neg bool
	sum := new(big.Float).SetPrec(2300)
	for _, d := range vals {
		switch v := d.Float(); {
		case math.IsNaN(v):
			nan = true
		case math.IsInf(v, 1):
			pos = true
		case math.IsInf(v, -1):
			neg = true
		default:
			sum.Add(sum, new(big.Float).SetFloat64(v))
		}
	}
	switch {
	case nan || pos && neg:
		return types.NewFloat(math.NaN()), nil
	case pos:
		return types.NewFloat(math.Inf(1)), nil
	case neg:
		return types.NewFloat(math.Inf(-1)), nil
	}
	var v float64
	if t.Kind == types.Float4 && name == "sum" {
		f, _ := sum.Float32()
		v = float64(f)
	} else {
		v, _ = sum.Float64()
	}
	if math.IsInf(v, 0) {
		return types.Null, errFloat
	}
	if name == "avg" {
		v /= float64(len(vals))
	}
	return types.NewFloat(v), nil
}

var errFloat = fmt.Errorf("value out of range: overflow (SQLSTATE 22003)")

func (n *naiveRun) setOp(x *physical.SetOp) []row {
	count := map[string][2]int{}
	first := map[string]row{}
	var order []string
	for side, in := range []int{x.Left_, x.Right_} {
		for _, r := range n.out[in] {
			k := sqlKey(r, x.Types)
			if _, ok := first[k]; !ok {
				first[k] = r
				order = append(order, k)
			}
			c := count[k]
			c[side]++
			count[k] = c
		}
	}
	var out []row
	for _, k := range order {
		l, r := count[k][0], count[k][1]
		copies := 0
		switch {
		case x.Except && x.All:
			copies = max(0, l-r)
		case x.Except && l > 0 && r == 0, !x.Except && !x.All && l > 0 && r > 0:
			copies = 1
		case !x.Except && x.All:
			copies = min(l, r)
		}
		for range copies {
			out = append(out, first[k])
		}
	}
	return out
}

func (n *naiveRun) topN(x *physical.TopN) []row {
	ts := n.typesOf(x.Input)
	var out []row
	for _, g := range groupBy(n.out[x.Input], ts, x.Group) {
		byOrder := func(a, b row) int {
			for _, k := range x.Order {
				if c := compareKey(ts[k.Col], a[k.Col], b[k.Col], k.Desc, k.NullsFirst); c != 0 {
					return c
				}
			}
			return 0
		}
		slices.SortStableFunc(g, func(a, b row) int {
			if c := byOrder(a, b); c != 0 {
				return c
			}
			for i := range ts {
				if c := compareKey(ts[i], a[i], b[i], false, false); c != 0 {
					return c
				}
			}
			return 0
		})
		end := int64(math.MaxInt64)
		if x.Limit >= 0 {
			end = x.Offset + x.Limit
		}
		rank, dense := int64(0), int64(0)
		for i, r := range g {
			if i == 0 || byOrder(g[i-1], r) != 0 {
				rank, dense = int64(i+1), dense+1
			}
			num := int64(i + 1)
			switch x.Rank {
			case physical.Rank:
				num = rank
			case physical.DenseRank:
				num = dense
			}
			in := num > x.Offset && num <= end
			if x.WithTies && x.Rank == physical.RowNumberRank && x.Limit > 0 && num > end && rank <= end {
				in = true
			}
			if !in {
				continue
			}
			o := slices.Clone(r)
			if x.RowNumber {
				o = append(o, types.NewInt(num))
			}
			out = append(out, o)
		}
	}
	return out
}

func compareKey(t types.T, a, b types.Datum, desc, nullsFirst bool) int {
	switch {
	case a.Null && b.Null:
		return 0
	case a.Null != b.Null:
		if a.Null == nullsFirst {
			return -1
		}
		return 1
	}
	c := types.Compare(t, a, b)
	if desc {
		c = -c
	}
	return c
}

func (n *naiveRun) singleRow(x *physical.SingleRow) []row {
	groups := groupBy(n.out[x.Input], x.Types, x.Group)
	if len(groups) == 0 && len(x.Group) == 0 {
		return []row{nullRow(len(x.Types))}
	}
	var out []row
	for _, g := range groups {
		if len(g) > 1 {
			n.fail(fmt.Errorf("more than one row returned by a subquery used as an expression (SQLSTATE 21000)"))
			continue
		}
		out = append(out, g[0])
	}
	return out
}

// show prints rows for a failure message.
func show(r row, ts []types.T) string {
	var parts []string
	for i, d := range r {
		if d.Null {
			parts = append(parts, "NULL")
			continue
		}
		parts = append(parts, string(types.AppendText(nil, ts[i], d, types.DefaultEnv)))
	}
	return "(" + strings.Join(parts, ", ") + ")"
}
