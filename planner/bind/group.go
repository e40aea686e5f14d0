package bind

import (
	"slices"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/sql/ast"
)

// groupBy is a bound GROUP BY: its expressions and, where it has ROLLUP, CUBE or GROUPING SETS, the sets of them (by
// number) that rows are grouped by one after the other. A plain GROUP BY has no sets.
type groupBy struct {
	exprs []expr.Expr
	sets  [][]int
	// constants are the expressions that are constant, and which item of the select list each is; -1 for none.
	constants map[int]int
	// subqueries are those of the expressions.
	subqueries []pending
	// setCalls are the set-returning functions of the expressions, which run before rows are grouped.
	setCalls *setCalls
}

// groupingSetsMax is PostgreSQL's bound on the number of sets.
const groupingSetsMax = 4096

// bindGroupBy binds GROUP BY: each expression is a position, an input column, an output name, or an expression over the
// input.
func (k *core) bindGroupBy(input *clause) (*groupBy, error) {
	c := k.b.clause(k.scope, "GROUP BY")
	g := &groupBy{setCalls: &setCalls{}, constants: map[int]int{}}
	c.sets = g.setCalls
	plain := true
	sets := [][]int{{}}
	for i := range k.ast.GroupBy {
		item := &k.ast.GroupBy[i]
		plain = plain && (item.Kind == ast.GroupExpr || item.Kind == ast.GroupEmpty)
		own, err := k.groupSets(c, g, item)
		if err != nil {
			return nil, err
		}
		// The items of the list are combined, each with each.
		if len(sets)*len(own) > groupingSetsMax {
			return nil, pgerr.New(pgerr.StatementTooComplex, "too many grouping sets present (maximum %d)", groupingSetsMax).At(item.Pos)
		}
		var product [][]int
		for _, a := range sets {
			for _, b := range own {
				product = append(product, join(a, b))
			}
		}
		sets = product
	}
	if !plain {
		g.sets = sets
		if k.ast.GroupDistinct {
			g.sets = distinctSets(sets)
		}
	}
	g.subqueries = c.pending
	input.pending = append(input.pending, c.pending...)
	return g, nil
}

// groupSets gives the sets of one item.
func (k *core) groupSets(c *clause, g *groupBy, item *ast.GroupItem) ([][]int, error) {
	switch item.Kind {
	case ast.GroupEmpty:
		return [][]int{{}}, nil
	case ast.GroupExpr:
		set, err := k.groupExpr(c, g, item.Expr)
		return [][]int{set}, err
	case ast.GroupSets:
		var out [][]int
		for i := range item.Sets {
			sets, err := k.groupSets(c, g, &item.Sets[i])
			if err != nil {
				return nil, err
			}
			out = append(out, sets...)
		}
		return out, nil
	}
	var parts [][]int
	for i := range item.Sets {
		set, err := k.groupExpr(c, g, item.Sets[i].Expr)
		if err != nil {
			return nil, err
		}
		parts = append(parts, set)
	}
	var out [][]int
	if item.Kind == ast.GroupRollup {
		for n := len(parts); n >= 0; n-- {
			out = append(out, join(parts[:n]...))
		}
		return out, nil
	}
	if len(parts) > 12 {
		return nil, pgerr.New(pgerr.StatementTooComplex, "CUBE is limited to 12 elements").At(item.Pos)
	}
	for mask := 1<<len(parts) - 1; mask >= 0; mask-- {
		var set []int
		for i, p := range parts {
			if mask&(1<<(len(parts)-1-i)) != 0 {
				set = join(set, p)
			}
		}
		out = append(out, set)
	}
	return out, nil
}

// groupExpr binds an expression of GROUP BY, or a row of them, and gives their numbers.
func (k *core) groupExpr(c *clause, g *groupBy, e ast.Expr) ([]int, error) {
	items := []ast.Expr{e}
	if row, ok := e.(*ast.Row); ok && !row.Explicit {
		items = row.Args
	}
	var set []int
	for _, e := range items {
		before := len(c.pending)
		x, of, err := k.groupItem(c, e)
		if err != nil {
			return nil, err
		}
		x = c.mergeSubqueries(before, x)
		_, constant := expr.Fold(x).(*expr.Const)
		n := -1
		for i, y := range g.exprs {
			if to, ok := g.constants[i]; expr.Equal(x, y) && expr.VolatilityOf(x) != expr.Volatile && (!ok || to == of) {
				n = i
			}
		}
		if n < 0 {
			n = len(g.exprs)
			g.exprs = append(g.exprs, x)
			if constant {
				g.constants[n] = of
			}
		}
		set = join(set, []int{n})
	}
	return set, nil
}

// join is the union of sets, in order of first appearance.
func join(sets ...[]int) []int {
	out := []int{}
	seen := map[int]bool{}
	for _, s := range sets {
		for _, i := range s {
			if !seen[i] {
				seen[i] = true
				out = append(out, i)
			}
		}
	}
	return out
}

func distinctSets(sets [][]int) [][]int {
	var out [][]int
	for _, s := range sets {
		known := false
		for _, o := range out {
			known = known || len(o) == len(s) && len(join(o, s)) == len(s)
		}
		if !known {
			out = append(out, s)
		}
	}
	return out
}

// groupItem binds an expression of GROUP BY, and gives the item of the select list that it is, -1 for none.
func (k *core) groupItem(c *clause, e ast.Expr) (expr.Expr, int, error) {
	i, isPosition, err := k.position(e, "GROUP BY")
	if err != nil {
		return nil, 0, err
	}
	if !isPosition {
		i = -1
		if ref, ok := e.(*ast.ColumnRef); ok && len(ref.Parts) == 1 && !k.hasInput(ref.Parts[0]) {
			if i, err = k.outputName(e, "GROUP BY"); err != nil {
				return nil, 0, err
			}
		}
	}
	var x expr.Expr
	switch {
	case i >= 0 && k.targets[i].ast == nil:
		x = k.targets[i].bound // a column of *
	case i >= 0 && k.targets[i].bound != nil:
		// Bound anew as part of GROUP BY, where aggregates are not allowed.
		x, err = c.bind(k.targets[i].ast)
	case i >= 0:
		x = k.targets[i].literal
	default:
		x, err = c.bind(e)
		text := ast.Format(e)
		i = slices.IndexFunc(k.targets, func(t target) bool { return t.ast != nil && ast.Format(t.ast) == text })
	}
	if err == nil {
		x, err = c.typed(x, ast.Start(e))
	}
	if err == nil {
		_, err = c.equality(x.Type(), ast.Start(e))
	}
	return x, i, err
}

// hasInput reports whether a column of this level's FROM clause has the name.
func (k *core) hasInput(name string) bool {
	for _, it := range k.scope.items {
		if _, n := it.find(name); it.colsVisible && n > 0 {
			return true
		}
	}
	return false
}
