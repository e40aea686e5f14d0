package bind

import (
	"millrace/pgerr"
	"millrace/sql/ast"
)

// cteScope is a list of the WITH queries that are visible at a place, the innermost first.
type cteScope struct {
	name string
	def  *cte
	next *cteScope
}

// cte is one WITH query. It is bound at each reference.
type cte struct {
	ast   *ast.CTE
	scope *scope // what its query may refer to
	level int    // of the query that has the WITH clause
	uses  int
	// binding is set while the query is being bound: a reference to itself is then recursion.
	binding  bool
	volatile bool
	// recursive: the query refers to itself. While its recursive term is being bound, work is what the reference means.
	recursive bool
	work      *Rel
	// modifying is set for a data-modifying statement: it is bound once.
	modifying *Modifying
}

func (s *scope) cte(name string) *cte {
	for l := s.ctes; l != nil; l = l.next {
		if l.name == name {
			return l.def
		}
	}
	return nil
}

// with adds a WITH clause's queries to a scope, and returns the scope and the queries. top says that it is the clause of the
// statement itself.
func (b *Binder) with(w *ast.With, s *scope, top bool) (*scope, []*cte, error) {
	if w == nil {
		return s, nil, nil
	}
	inner := &scope{outer: s.outer, within: s.within, items: s.items, hidden: s.hidden, ctes: s.ctes, level: s.level}
	var defs []*cte
	names := map[string]bool{}
	for _, c := range w.CTEs {
		if names[c.Name] {
			return nil, nil, pgerr.New(pgerr.DuplicateAlias, "WITH query name \"%s\" specified more than once", c.Name).At(c.Pos)
		}
		names[c.Name] = true
		d := &cte{ast: c, level: s.level}
		if _, ok := c.Query.(*ast.Select); !ok {
			if err := b.mayModify(c, top); err != nil {
				return nil, nil, err
			}
			d.modifying = &Modifying{Name: c.Name}
		}
		// A query sees those before it, and in a recursive clause all.
		d.scope = &scope{outer: s.outer, within: s.within, items: s.items, hidden: s.hidden, ctes: inner.ctes, level: s.level + 1}
		defs = append(defs, d)
		inner.ctes = &cteScope{name: c.Name, def: d, next: inner.ctes}
	}
	if w.Recursive {
		self, err := recursive(w)
		if err != nil {
			return nil, nil, err
		}
		for _, d := range defs {
			d.recursive, d.scope.ctes = self[d.ast], inner.ctes
			if d.recursive && d.modifying != nil {
				return nil, nil, pgerr.New(pgerr.InvalidRecursion, "recursive query \"%s\" must not contain data-modifying statements", d.ast.Name).At(d.ast.Pos)
			}
		}
	}
	for _, d := range defs {
		if !d.recursive && (d.ast.Search != nil || d.ast.Cycle != nil) {
			return nil, nil, pgerr.New(pgerr.SyntaxError, "WITH query is not recursive").At(d.ast.Pos)
		}
	}
	return inner, defs, nil
}

// unused binds the WITH queries that nothing refers to, for their errors.
func (b *Binder) unused(defs []*cte) error {
	for _, d := range defs {
		switch {
		case d.modifying != nil:
			if err := b.bindModifying(d); err != nil {
				return err
			}
		case d.uses == 0:
			if _, err := b.bindCTE(d, d.ast.Pos); err != nil {
				return err
			}
		}
	}
	return nil
}

// bindCTE binds a WITH query for one reference.
func (b *Binder) bindCTE(d *cte, pos int) (*Rel, error) {
	if d.modifying != nil {
		return b.readModifying(d, pos)
	}
	if d.work != nil {
		return d.work, nil
	}
	if d.binding {
		return nil, pgerr.New(pgerr.InternalError, "the WITH query \"%s\" refers to itself", d.ast.Name).At(pos)
	}
	d.binding = true
	defer func() { d.binding = false }()
	d.uses++
	volatile := b.volatile
	b.volatile = false
	bind := b.bindPlainCTE
	if d.recursive {
		bind = b.bindRecursive
	}
	rel, err := bind(d)
	if err != nil {
		return nil, err
	}
	d.volatile = d.volatile || b.volatile
	b.volatile = b.volatile || volatile
	if d.volatile && d.uses > 1 {
		return nil, pgerr.Unsupported("a WITH query with volatile functions that is referred to more than once").At(pos)
	}
	return rel, nil
}

func (b *Binder) bindPlainCTE(d *cte) (*Rel, error) {
	rel, err := b.bindSelect(d.ast.Query.(*ast.Select), d.scope, selectOptions{})
	if err != nil {
		return nil, err
	}
	rel.Cols, err = d.names(rel.Cols)
	return rel, err
}

// names gives the query's columns the names of the WITH clause.
func (d *cte) names(cols []OutCol) ([]OutCol, error) {
	return renameCols(cols, d.ast.Columns, "WITH query", d.ast.Name, d.ast.Pos)
}

// renameCols gives the first columns new names.
func renameCols(cols []OutCol, names []string, what, name string, pos int) ([]OutCol, error) {
	if len(names) > len(cols) {
		return nil, pgerr.New(pgerr.InvalidColumnReference, "%s \"%s\" has %d columns available but %d columns specified", what, name, len(cols), len(names)).At(pos)
	}
	out := append([]OutCol(nil), cols...)
	for i, n := range names {
		out[i].Name = n
	}
	return out, nil
}
