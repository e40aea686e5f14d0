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
	at     int // where the column stands
	value  expr.Expr
	pos    int // of the value
}

// partDefault refuses DEFAULT for a part of a column.
func partDefault(target *ast.InsertColumn) error {
	what := "a subfield"
	if _, ok := target.Path[0].(*ast.Subscript); ok {
		what = "an array element"
	}
	return pgerr.New(pgerr.FeatureNotSupported, "cannot set %s to DEFAULT", what).At(target.Pos)
}

// assign gives what whole is after the assignment to the part of it that path names, outermost first.
func (p *partAssignment) assign(whole expr.Expr, path []ast.Expr) (expr.Expr, error) {
	if step, ok := path[0].(*ast.FieldSelect); ok {
		return p.field(whole, step, path[1:])
	}
	var chain []*ast.Subscript
	for _, step := range path {
		s, ok := step.(*ast.Subscript)
		if !ok {
			break
		}
		chain = append(chain, s)
	}
	return p.elements(whole, chain, path[len(chain):])
}

// notComposite is the error for a field of a type that has none.
func (p *partAssignment) notComposite(step *ast.FieldSelect, t types.T) error {
	return pgerr.New(pgerr.DatatypeMismatch, "cannot assign to field \"%s\" of column \"%s\" because its type %s is not a composite type", step.Field, p.column, t.WithoutMod()).At(p.at)
}

func (p *partAssignment) field(whole expr.Expr, step *ast.FieldSelect, rest []ast.Expr) (expr.Expr, error) {
	t := whole.Type()
	if !t.Is(types.Record) || t.Def == nil {
		return nil, p.notComposite(step, t)
	}
	at := t.Def.Attr(step.Field)
	if at < 0 {
		return nil, pgerr.New(pgerr.UndefinedColumn, "cannot assign to field \"%s\" of column \"%s\" because there is no such column in data type %s", step.Field, p.column, t).At(p.at)
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
		return p.json(whole, chain, rest)
	case !t.Is(types.Array):
		e := pgerr.New(pgerr.DatatypeMismatch, "cannot subscript type %s because it does not support subscripting", t.WithoutMod())
		if _, column := whole.(*expr.Column); column {
			e.At(p.at)
		}
		return nil, e
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
			return nil, p.notComposite(rest[0].(*ast.FieldSelect), t)
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

// json assigns through a chain of subscripts of a jsonb value, which are texts or integers.
func (p *partAssignment) json(whole expr.Expr, chain []*ast.Subscript, rest []ast.Expr) (expr.Expr, error) {
	var path []expr.Expr
	array := false
	for i, s := range chain {
		if s.Slice {
			e := pgerr.New(pgerr.DatatypeMismatch, "jsonb subscript does not support slices")
			for _, bound := range []ast.Expr{s.Upper, s.Index} {
				if bound != nil {
					return nil, e.At(ast.Start(bound))
				}
			}
			return nil, e
		}
		x, err := p.c.bind(s.Index)
		if err != nil {
			return nil, err
		}
		text, integer := types.Of(types.Text), types.Of(types.Int4)
		pos := ast.Start(s.Index)
		switch t := x.Type(); {
		case t.Is(types.Unknown) || scalar.CanCast(t, text, implicit):
			x, err = p.c.coerce(x, text, implicit, pos)
		case scalar.CanCast(t, integer, implicit):
			array = array || i == 0
			if x, err = p.c.coerce(x, integer, implicit, pos); err == nil {
				x, err = p.c.coerce(x, text, explicit, pos)
			}
		default:
			err = pgerr.New(pgerr.DatatypeMismatch, "subscript type %s is not supported", t.WithoutMod()).
				WithHint("jsonb subscript must be coercible to either integer or text.").At(pos)
		}
		if err != nil {
			return nil, err
		}
		path = append(path, x)
	}
	if len(rest) > 0 {
		return nil, p.notComposite(rest[0].(*ast.FieldSelect), whole.Type())
	}
	v, err := p.convert(whole.Type(), "subscripted assignment to \""+p.column+"\" requires type %s but expression is of type %s")
	if err != nil {
		return nil, err
	}
	return scalar.SetJSON(whole, path, array, v), nil
}

// convert gives the value the part's type; mismatch is the message where that takes an explicit cast.
func (p *partAssignment) convert(to types.T, mismatch string) (expr.Expr, error) {
	if from := p.value.Type(); !scalar.CanCast(from, to, assignment) && !p.c.b.rowBecomes(p.value, to) {
		return nil, pgerr.New(pgerr.DatatypeMismatch, mismatch, to.WithoutMod(), from.WithoutMod()).
			WithHint("You will need to rewrite or cast the expression.").At(p.at)
	}
	return p.c.coerce(p.value, to, assignment, p.pos)
}
