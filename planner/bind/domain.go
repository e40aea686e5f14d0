package bind

import (
	"millrace/catalog"
	"millrace/expr"
	"millrace/expr/scalar"
	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/sql/parser"
	"millrace/types"
)

// TypeOrDomain is [Binder.Type] where a domain may stand, too: the type is then the one that the domain is over.
func (b *Binder) TypeOrDomain(n *ast.TypeName) (types.T, *catalog.Type, error) {
	d := b.domain(n)
	if d == nil {
		t, err := b.Type(n)
		return t, nil, err
	}
	switch {
	case n.SetOf || len(n.Bounds) > 0:
		return types.T{}, nil, pgerr.Unsupported("arrays and sets of a domain").At(n.Pos)
	case len(n.Mods) > 0:
		return types.T{}, nil, pgerr.New(pgerr.SyntaxError, "type modifier is not allowed for type \"%s\"", d.Name).At(n.Pos)
	}
	b.types[d.ID] = true
	return d.T(), d, nil
}

// domain finds the domain that a type name means; nil where it means another type or none.
func (b *Binder) domain(n *ast.TypeName) *catalog.Type {
	name := n.Name.Name
	if n.Name.Schema == "" || n.Name.Schema == catalog.PgCatalog {
		if _, builtin := types.LookupType(name); builtin {
			return nil
		}
	}
	if d, ok := b.env.Catalog.ResolveDomain(b.path, n.Name.Schema, name); ok {
		return d
	}
	return nil
}

// toDomain makes a value of a domain.
func (c *clause) toDomain(x expr.Expr, d *catalog.Type, pos int) (expr.Expr, error) {
	if d == nil {
		return x, nil
	}
	if expr.VolatilityOf(x) == expr.Volatile {
		return nil, pgerr.Unsupported("the cast of a volatile expression to a domain").At(pos)
	}
	return c.b.DomainValue(d, x)
}

// DomainValue gives x where it may be a value of a domain, and fails otherwise with 23502 or 23514. x, which is of the type that the
// domain is over, is evaluated several times. The conditions of a domain that the domain is over come first.
func (b *Binder) DomainValue(d *catalog.Type, x expr.Expr) (expr.Expr, error) {
	t := d.T()
	out := &expr.Case{T: t, Else: x}
	fail := func(cond expr.Expr, constraint string, e *pgerr.Error) {
		e.Schema, e.DataType, e.Constraint = d.Schema, d.Name, constraint
		out.Whens = append(out.Whens, expr.When{Cond: cond, Result: scalar.Raise(e, t)})
	}
	chain := b.env.Catalog.DomainChain(d.ID)
	for _, k := range chain {
		if k.Domain.NotNull {
			fail(&expr.IsNull{Arg: x}, "", pgerr.New(pgerr.NotNullViolation, "domain %s does not allow null values", d.Name))
			break
		}
	}
	for i := len(chain) - 1; i >= 0; i-- {
		for _, k := range chain[i].Domain.Checks {
			e, err := parser.ParseExpr(k.Expr)
			if err != nil {
				return nil, within(err, "domain "+chain[i].Name)
			}
			cond, err := New(&Env{Catalog: b.env.Catalog, SearchPath: []string{chain[i].Schema}}).DomainCheck(e, t)
			if err != nil {
				return nil, within(err, "domain "+chain[i].Name)
			}
			cond = expr.Rewrite(cond, func(n expr.Expr) expr.Expr {
				if _, value := n.(*expr.Column); value {
					return x
				}
				return n
			})
			fail(&expr.BoolTest{Arg: cond, Want: types.NewBool(false)}, k.Name,
				pgerr.New(pgerr.CheckViolation, "value for domain %s violates check constraint \"%s\"", d.Name, k.Name))
		}
	}
	if len(out.Whens) == 0 {
		return x, nil
	}
	if err := repeated(out, 1); err != nil {
		return nil, err
	}
	return b.fold(out), nil
}

// DomainCheck binds the condition of a domain over a type: column 0 is the value.
func (b *Binder) DomainCheck(e ast.Expr, t types.T) (expr.Expr, error) {
	return b.Row(e, &catalog.Relation{Columns: catalog.DomainBase(t, 0)}, CheckExpr, "", types.Of(types.Bool))
}
