package bind

import (
	"millrace/pgerr"
	"millrace/sql/ast"
)

// cteRefs finds where a query refers to WITH queries by name: in FROM, where no WITH query of its own has taken the name.
// It keeps track of what PostgreSQL forbids a recursive reference to stand in.
type cteRefs struct {
	found  func(t *ast.TableName, in place) error
	hidden map[string]int // names that WITH queries further in have taken, and how many of them
	in     place
	err    error
}

// place is where a recursive reference must not stand; the empty one is where it may.
type place string

// The places, in the words of PostgreSQL's messages.
const (
	allowed     place = ""
	inBase      place = "its non-recursive term"
	inSubquery  place = "a subquery"
	inOuterJoin place = "an outer join"
	inIntersect place = "INTERSECT"
	inExcept    place = "EXCEPT"
)

func newCTERefs(in place, found func(*ast.TableName, place) error) *cteRefs {
	return &cteRefs{found: found, hidden: map[string]int{}, in: in}
}

// walk visits a part of a query.
func (r *cteRefs) walk(n ast.Node) { ast.Walk(n, r.visit) }

// within visits a part of a query that stands in another place.
func (r *cteRefs) within(in place, visit func()) {
	old := r.in
	r.in = in
	visit()
	r.in = old
}

func (r *cteRefs) visit(n ast.Node) bool {
	if r.err != nil {
		return false
	}
	switch n := n.(type) {
	case *ast.TableName:
		if n.Schema == "" && r.hidden[n.Name] == 0 {
			r.err = r.found(n, r.in)
		}
	case *ast.Select:
		r.query(n)
		return false
	case *ast.SetOp:
		return !r.setOp(n)
	case *ast.Join:
		r.join(n)
		return false
	case *ast.InSubquery:
		r.walk(n.Left)
		r.subquery(n.Query)
		return false
	case *ast.AnyAll:
		if n.Query != nil {
			r.walk(n.Left)
			r.subquery(n.Query)
			return false
		}
	case *ast.Exists:
		r.subquery(n.Query)
		return false
	case *ast.ScalarSubquery:
		r.subquery(n.Query)
		return false
	case *ast.ArraySubquery:
		r.subquery(n.Query)
		return false
	}
	return true
}

func (r *cteRefs) subquery(q *ast.Select) { r.within(inSubquery, func() { r.query(q) }) }

// query visits a query with what its WITH clause hides.
func (r *cteRefs) query(q *ast.Select) {
	var names []string
	if q.With != nil {
		if q.With.Recursive {
			for _, c := range q.With.CTEs {
				names = append(names, c.Name)
				r.hidden[c.Name]++
			}
		}
		for _, c := range q.With.CTEs {
			r.walk(c.Query)
			if !q.With.Recursive {
				names = append(names, c.Name)
				r.hidden[c.Name]++
			}
		}
	}
	rest := *q
	rest.With = nil
	nodes := []ast.Node{rest.Body}
	for _, o := range rest.OrderBy {
		nodes = append(nodes, o)
	}
	for _, e := range []ast.Expr{rest.Limit, rest.Offset} {
		if e != nil {
			nodes = append(nodes, e)
		}
	}
	for _, n := range nodes {
		r.walk(n)
	}
	for _, name := range names {
		r.hidden[name]--
	}
}

// setOp visits INTERSECT and EXCEPT where that makes a difference.
func (r *cteRefs) setOp(n *ast.SetOp) bool {
	if r.in != allowed || n.Op == ast.Union {
		return false
	}
	rest := inIntersect
	first := rest
	if n.Op == ast.Except {
		first, rest = inExcept, inExcept
	}
	if !n.All {
		first = allowed
		if n.Op == ast.Intersect {
			rest = allowed
		}
	}
	for i, arg := range n.Args {
		in := rest
		if i == 0 {
			in = first
		}
		r.within(in, func() { r.walk(arg) })
	}
	return true
}

// join visits a join, whose nullable sides are no place for a recursive reference.
func (r *cteRefs) join(n *ast.Join) {
	left, right := r.in, r.in
	if r.in == allowed {
		if n.Type == ast.RightJoin || n.Type == ast.FullJoin {
			left = inOuterJoin
		}
		if n.Type == ast.LeftJoin || n.Type == ast.FullJoin {
			right = inOuterJoin
		}
	}
	r.within(left, func() { r.walk(n.Left) })
	r.within(right, func() { r.walk(n.Right) })
	if n.On != nil {
		r.walk(n.On)
	}
}

// recursive finds which queries of a WITH RECURSIVE clause refer to themselves. Those that refer to each other in a circle
// are refused, as PostgreSQL refuses them.
func recursive(w *ast.With) (map[*ast.CTE]bool, error) {
	index := map[string]int{}
	for i, c := range w.CTEs {
		index[c.Name] = i
	}
	self := map[*ast.CTE]bool{}
	refs := make([]map[int]bool, len(w.CTEs))
	for i, c := range w.CTEs {
		refs[i] = map[int]bool{}
		r := newCTERefs(allowed, func(t *ast.TableName, _ place) error {
			if to, ok := index[t.Name]; ok && to == i {
				self[c] = true
			} else if ok {
				refs[i][to] = true
			}
			return nil
		})
		r.walk(c.Query)
	}
	// Take away those that refer to none that is left, again and again.
	left := make([]int, len(w.CTEs))
	for i := range left {
		left[i] = i
	}
	gone := map[int]bool{}
	for len(left) > 0 {
		var rest []int
		for _, i := range left {
			free := true
			for to := range refs[i] {
				free = free && gone[to]
			}
			if free {
				gone[i] = true
			} else {
				rest = append(rest, i)
			}
		}
		if len(rest) == len(left) {
			return nil, notImplemented("mutual recursion between WITH items").At(w.CTEs[rest[0]].Pos)
		}
		left = rest
	}
	return self, nil
}

// recursiveForm takes a recursive WITH query apart: the UNION, and all but the last of what it unites, and the last, where
// the reference to itself may stand.
func recursiveForm(c *ast.CTE, q *ast.Select) (*ast.SetOp, error) {
	op, ok := q.Body.(*ast.SetOp)
	if !ok || op.Op != ast.Union {
		return nil, pgerr.New(pgerr.InvalidRecursion,
			"recursive query \"%s\" does not have the form non-recursive-term UNION [ALL] recursive-term", c.Name).At(c.Pos)
	}
	count := 0
	check := func(in place, nodes ...ast.Node) error {
		r := newCTERefs(in, func(t *ast.TableName, in place) error {
			if t.Name != c.Name {
				return nil
			}
			if in != allowed {
				return pgerr.New(pgerr.InvalidRecursion, "recursive reference to query \"%s\" must not appear within %s", c.Name, string(in)).At(t.Pos)
			}
			if count++; count > 1 {
				return pgerr.New(pgerr.InvalidRecursion, "recursive reference to query \"%s\" must not appear more than once", c.Name).At(t.Pos)
			}
			return nil
		})
		for _, n := range nodes {
			r.walk(n)
		}
		return r.err
	}
	last := len(op.Args) - 1
	for _, arg := range op.Args[:last] {
		if err := check(inBase, arg); err != nil {
			return nil, err
		}
	}
	if err := check(allowed, op.Args[last]); err != nil {
		return nil, err
	}
	if q.With != nil {
		for _, inner := range q.With.CTEs {
			if err := check(inSubquery, inner.Query); err != nil {
				return nil, err
			}
		}
	}
	return op, undecorated(q)
}

// undecorated refuses what would apply to the recursion as a whole.
func undecorated(q *ast.Select) error {
	switch {
	case len(q.OrderBy) > 0:
		return notImplemented("ORDER BY in a recursive query").At(ast.Start(q.OrderBy[0].Expr))
	case q.Offset != nil:
		return notImplemented("OFFSET in a recursive query").At(ast.Start(q.Offset))
	case q.Limit != nil:
		return notImplemented("LIMIT in a recursive query").At(ast.Start(q.Limit))
	case q.AsOf != nil:
		return notImplemented("AS OF in a recursive query").At(ast.Start(q.AsOf))
	case len(q.Locking) > 0:
		return notImplemented("FOR UPDATE/SHARE in a recursive query").At(q.Locking[0].Pos)
	}
	return nil
}

// notImplemented says what PostgreSQL does not do either, in its words.
func notImplemented(what string) *pgerr.Error {
	return pgerr.New(pgerr.FeatureNotSupported, "%s is not implemented", what)
}
