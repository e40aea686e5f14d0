package bind

import (
	"millrace/catalog"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/sql/ast"
)

// Modifying is a bound INSERT, UPDATE or DELETE of a WITH clause. One of Insert and Change is set.
type Modifying struct {
	Name   string
	Insert *Insert
	Change *Change
	Delete bool // Change is a DELETE
	// Result stands for what it returns, where the rest of the statement reads it; nil without RETURNING.
	Result *catalog.Relation
	// Read: another part of the statement reads it, and so has to run after it.
	Read bool

	bound bool
}

// Modifying lists the data-modifying statements of the statement's WITH clause, each after those that it reads.
func (b *Binder) Modifying() []*Modifying { return b.modifying }

// mayModify refuses a data-modifying statement in WITH where none may be.
func (b *Binder) mayModify(c *ast.CTE, top bool) error {
	switch {
	case !top:
		return pgerr.New(pgerr.FeatureNotSupported, "WITH clause containing a data-modifying statement must be at the top level").At(c.Pos)
	case b.env.View:
		return pgerr.New(pgerr.FeatureNotSupported, "materialized views must not use data-modifying statements in WITH")
	case !b.env.Modifying:
		return pgerr.Unsupported("a data-modifying statement in WITH of this statement").At(c.Pos)
	}
	return nil
}

// bindModifying binds a data-modifying statement of WITH, once.
func (b *Binder) bindModifying(d *cte) error {
	m := d.modifying
	if m.bound {
		return nil
	}
	m.bound = true
	var err error
	var ret *Returning
	switch st := d.ast.Query.(type) {
	case *ast.Insert:
		if m.Insert, err = b.insert(st, d.scope, false); err == nil {
			ret = m.Insert.Returning
		}
	case *ast.Update:
		if m.Change, err = b.update(st, d.scope, false); err == nil {
			ret = m.Change.Returning
		}
	case *ast.Delete:
		m.Delete = true
		if m.Change, err = b.delete(st, d.scope, false); err == nil {
			ret = m.Change.Returning
		}
	default:
		return pgerr.Unsupported("this statement as a query").At(d.ast.Query.Position())
	}
	if err != nil {
		return err
	}
	if ret != nil {
		m.Result = b.result(d.ast.Name, ret.Cols)
	}
	b.modifying = append(b.modifying, m)
	return nil
}

// readModifying gives what a data-modifying statement of WITH returns, for one reference.
func (b *Binder) readModifying(d *cte, pos int) (*Rel, error) {
	if err := b.bindModifying(d); err != nil {
		return nil, err
	}
	r := d.modifying.Result
	if r == nil {
		return nil, pgerr.New(pgerr.FeatureNotSupported, "WITH query \"%s\" does not have a RETURNING clause", d.ast.Name).At(pos)
	}
	d.modifying.Read = true
	rel := &Rel{}
	var ids []logical.ColID
	for i := range r.Columns {
		c := &r.Columns[i]
		id := b.cols.Add(logical.Column{Name: c.Name, T: c.T, Rel: d.ast.Name})
		ids, rel.Cols = append(ids, id), append(rel.Cols, OutCol{c.Name, id})
	}
	rel.Node = scanResult(r, ids)
	var err error
	rel.Cols, err = d.names(rel.Cols)
	return rel, err
}
