package bind

import (
	"slices"

	"millrace/expr"
	"millrace/expr/scalar"
	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/types"
)

// partAssignment is an assignment to an element, a slice or a field of a column.
type partAssignment struct {
	c      *clause
	column string
	value  expr.Expr
	pos    int // of the value
}

// assign gives what whole is after the assignment to the part of it that path names, outermost first.
func (p *partAssignment) assign(whole expr.Expr, path []ast.Expr) (expr.Expr, error) {
	switch step := path[0].(type) {
	case *ast.FieldSelect:
		return p.field(whole, step, path[1:])
	case *ast.Subscript:
		n := 1
		for n < len(path) {
			if _, ok := path[n].(*ast.Subscript); !ok {
				break
			}
			n++
		}
		chain := make([]*ast.Subscript, n)
		for i := range chain {
			chain[i] = path[i].(*ast.Subscript)
		}
		return p.elements(whole, chain, path[n:])
	}
	return nil, pgerr.Unsupported("assigning to this part of a column").At(path[0].Position())
}

func (p *partAssignment) field(whole expr.Expr, step *ast.FieldSelect, rest []ast.Expr) (expr.Expr, error) {
	t := whole.Type()
	if !t.Is(types.Record) || t.Def == nil {
		return nil, pgerr.New(pgerr.DatatypeMismatch, "cannot assign to field \"%s\" of column \"%s\" because its type %s is not a composite type", step.Field, p.column, t.WithoutMod()).At(step.Pos)
	}
	at := t.Def.Attr(step.Field)
	if at < 0 {
		return nil, pgerr.New(pgerr.UndefinedColumn, "cannot assign to field \"%s\" of column \"%s\" because there is no such column in data type %s", step.Field, p.column, t).At(step.Pos)
	}
	fields := make([]expr.Expr, len(t.Def.Attrs()))
	for i := range fields {
		fields[i] = scalar.Field(whole, i)
	}
	var err error
	if len(rest) > 0 {
		fields[at], err = p.assign(fields[at], rest)
	} else {
		fields[at], err = p.convert(t.Def.Attrs()[at].T, "subfield \""+step.Field+"\" is of type %s but expression is of type %s")
	}
	if err != nil {
		return nil, err
	}
	return scalar.MakeRow(fields, t), nil
}

// elements assigns through a chain of subscripts of an array.
func (p *partAssignment) elements(whole expr.Expr, chain []*ast.Subscript, rest []ast.Expr) (expr.Expr, error) {
	t := whole.Type()
	switch {
	case t.Is(types.JSONB):
		return nil, pgerr.Unsupported("assigning to a part of a jsonb value").At(chain[0].Pos)
	case !t.Is(types.Array):
		return nil, pgerr.New(pgerr.DatatypeMismatch, "cannot subscript type %s because it does not support subscripting", t.WithoutMod()).At(p.pos)
	case len(chain) > arrayDepthMax:
		return nil, pgerr.New(pgerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", len(chain), arrayDepthMax).At(chain[0].Pos)
	}
	slice := slices.ContainsFunc(chain, func(s *ast.Subscript) bool { return s.Slice })
	var low, high []expr.Expr
	for _, s := range chain {
		l, err := p.c.arrayIndex(s.Index)
		if err != nil {
			return nil, err
		}
		h := l
		switch {
		case s.Slice:
			if h, err = p.c.arrayIndex(s.Upper); err != nil {
				return nil, err
			}
		case slice: // among slices, [n] stands for [1:n]
			l = &expr.Const{Value: types.NewInt(1), T: types.Of(types.Int4)}
		}
		low, high = append(low, l), append(high, h)
	}
	const mismatch = " requires type %s but expression is of type %s"
	if slice {
		if len(rest) > 0 {
			return nil, pgerr.Unsupported("assigning to a field of an array slice").At(rest[0].Position())
		}
		v, err := p.convert(t, "subscripted assignment to \""+p.column+"\""+mismatch)
		if err != nil {
			return nil, err
		}
		return scalar.SetSlice(whole, low, high, v), nil
	}
	if len(rest) == 0 {
		v, err := p.convert(t.ElemType(), "subscripted assignment to \""+p.column+"\""+mismatch)
		if err != nil {
			return nil, err
		}
		return scalar.SetElement(whole, low, v), nil
	}
	elem, err := p.c.arraySubscripts(whole, chain)
	if err != nil {
		return nil, err
	}
	if elem, err = p.assign(elem, rest); err != nil {
		return nil, err
	}
	return scalar.SetElement(whole, low, elem), nil
}

// convert gives the value the part's type; mismatch is the message where that takes an explicit cast.
func (p *partAssignment) convert(to types.T, mismatch string) (expr.Expr, error) {
	if from := p.value.Type(); !scalar.CanCast(from, to, assignment) && !p.c.b.rowBecomes(p.value, to) {
		return nil, pgerr.New(pgerr.DatatypeMismatch, mismatch, to.WithoutMod(), from.WithoutMod()).
			WithHint("You will need to rewrite or cast the expression.").At(p.pos)
	}
	return p.c.coerce(p.value, to, assignment, p.pos)
}
