package bind

import (
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/sql/ast"
)

var setOpNames = map[ast.SetOpKind]string{ast.Union: "UNION", ast.Intersect: "INTERSECT", ast.Except: "EXCEPT"}

// bindSetOp binds UNION, INTERSECT and EXCEPT as a left fold over their inputs.
func (b *Binder) bindSetOp(op *ast.SetOp, s *scope) (*Rel, error) {
	left, err := b.setOpArg(op.Args[0], s)
	if err != nil {
		return nil, err
	}
	leftPos := bodyPos(op.Args[0])
	for _, arg := range op.Args[1:] {
		right, err := b.setOpArg(arg, s)
		if err != nil {
			return nil, err
		}
		if left, err = b.combine(op, left, right, leftPos, bodyPos(arg)); err != nil {
			return nil, err
		}
	}
	return left, nil
}

func (b *Binder) setOpArg(body ast.QueryBody, s *scope) (*Rel, error) {
	q, ok := body.(*ast.Select)
	if !ok {
		q = &ast.Select{Pos: body.Position(), Body: body}
	}
	inner := *s
	inner.level++
	rel, err := b.bindSelect(q, &inner, selectOptions{keepUnknown: true})
	if err != nil {
		return nil, err
	}
	return &Rel{Node: rel.Finish(), Cols: rel.Cols, literals: rel.literals}, nil
}

// bodyPos gives the positions of a select list's items, for messages.
func bodyPos(body ast.QueryBody) func(i int) int {
	switch q := body.(type) {
	case *ast.SelectCore:
		return func(i int) int {
			if i < len(q.Targets) {
				return ast.Start(q.Targets[i].Expr)
			}
			return q.Pos
		}
	case *ast.Values:
		return func(i int) int {
			if i < len(q.Rows[0]) {
				return ast.Start(q.Rows[0][i])
			}
			return q.Pos
		}
	case *ast.Select:
		return bodyPos(q.Body)
	case *ast.SetOp:
		return bodyPos(q.Args[0])
	}
	return func(int) int { return 0 }
}

// combine applies a set operation to two inputs: the columns take their common types.
func (b *Binder) combine(op *ast.SetOp, l, r *Rel, lpos, rpos func(int) int) (*Rel, error) {
	name := setOpNames[op.Op]
	if len(l.Cols) != len(r.Cols) {
		return nil, pgerr.New(pgerr.SyntaxError, "each %s query must have the same number of columns", name).At(rpos(0))
	}
	if err := b.grow(1); err != nil {
		return nil, err
	}
	c := b.clause(&scope{}, name)
	out := &Rel{}
	lm, rm := b.compute(l.Node), b.compute(r.Node)
	var lcols, rcols []logical.ColID
	for i := range l.Cols {
		le, re := l.expr(b, i), r.expr(b, i)
		t, err := c.commonType(name, []expr.Expr{le, re}, lpos(i), rpos(i))
		if err != nil {
			return nil, err
		}
		if le, err = c.coerce(le, t, implicit, lpos(i)); err != nil {
			return nil, err
		}
		if re, err = c.coerce(re, t, implicit, rpos(i)); err != nil {
			return nil, err
		}
		if op.Op != ast.Union || !op.All {
			if _, err := c.equality(t, rpos(i)); err != nil {
				return nil, err
			}
		}
		lcols, rcols = append(lcols, lm.column(le, l.Cols[i].Name)), append(rcols, rm.column(re, r.Cols[i].Name))
		out.Cols = append(out.Cols, OutCol{l.Cols[i].Name, b.cols.Add(logical.Column{Name: l.Cols[i].Name, T: t})})
	}
	lnode, rnode := b.cols.Extend(l.Node, lm.items...), b.cols.Extend(r.Node, rm.items...)
	if op.Op != ast.Union {
		out.Node = &logical.SetOp{Left: lnode, Right: rnode, Except: op.Op == ast.Except, All: op.All, Cols: out.ids(), LeftCols: lcols, RightCols: rcols}
		return out, nil
	}
	out.Node = &logical.Union{In: []logical.Node{lnode, rnode}, Cols: out.ids(), From: [][]logical.ColID{lcols, rcols}}
	if !op.All {
		out.Node = &logical.Distinct{Input: out.Node}
	}
	return out, nil
}
