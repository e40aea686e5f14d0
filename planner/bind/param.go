package bind

import (
	"strconv"

	"slices"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/types"
)

// paramsMax is the protocol's bound on the number of parameters.
const paramsMax = 65535

// params are the types of the parameters as far as they are known: a parameter takes the first type that its
// surroundings ask of it, and has that type from then on.
type params struct {
	types []types.T
	pos   []int // of the first use
}

// bindParam gives the node for a parameter; its type is Unknown until something asks for one.
func (b *Binder) bindParam(e *ast.Param) (expr.Expr, error) {
	if a := b.sqlArgs; a != nil && e.Number >= 1 && e.Number <= len(a.ids) {
		return b.column(a.ids[e.Number-1], e.Pos, "$"+strconv.Itoa(e.Number)), nil
	}
	if e.Number < 1 || e.Number > paramsMax || b.env.View && !b.env.Transient || b.noParams || b.viewDepth > 0 {
		return nil, pgerr.New(pgerr.UndefinedParameter, "there is no parameter $%d", e.Number).At(e.Pos)
	}
	p := &b.params
	for len(p.types) < e.Number {
		p.types = append(p.types, types.Of(types.Unknown))
	}
	for len(p.pos) < len(p.types) {
		p.pos = append(p.pos, 0)
	}
	if p.pos[e.Number-1] == 0 {
		p.pos[e.Number-1] = e.Pos
	}
	return &expr.Param{Index: e.Number - 1, T: p.types[e.Number-1]}, nil
}

// setParam decides the type of a parameter that was untyped where it was met.
func (b *Binder) setParam(e *expr.Param, to types.T, pos int) (expr.Expr, error) {
	have := &b.params.types[e.Index]
	switch {
	case have.Is(types.Unknown):
		*have = to.WithoutMod()
	case *have != to.WithoutMod():
		return nil, pgerr.New(pgerr.AmbiguousParameter, "inconsistent types deduced for parameter $%d", e.Index+1).
			WithDetail("%s versus %s", have, to.WithoutMod()).At(pos)
	}
	return &expr.Param{Index: e.Index, T: *have}, nil
}

func (p *params) resolved() ([]types.T, error) {
	for i, t := range p.types {
		if t.Is(types.Unknown) {
			pos := 0
			if i < len(p.pos) {
				pos = p.pos[i]
			}
			return nil, pgerr.New(pgerr.IndeterminateDatatype, "could not determine data type of parameter $%d", i+1).At(pos)
		}
	}
	return slices.Clone(p.types), nil
}
