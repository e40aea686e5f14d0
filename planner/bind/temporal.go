package bind

import (
	"slices"

	"millrace/catalog"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/sql/ast"
	"millrace/types"
)

// systemTimeRight gives the right side of a join where that is a relation FOR SYSTEM_TIME AS OF some time, and its name without the
// clause; nil where it is another.
func systemTimeRight(j *ast.Join) (t, bare *ast.TableName) {
	t, ok := j.Right.(*ast.TableName)
	if !ok || t.SystemTimeAsOf == nil {
		return nil, nil
	}
	c := *t
	c.SystemTimeAsOf = nil
	return t, &c
}

// misplacedSystemTime is the error for the clause anywhere else.
func misplacedSystemTime(t *ast.TableName) error {
	return pgerr.Unsupported("FOR SYSTEM_TIME AS OF other than on the right side of a JOIN").At(t.SystemTimeAsOf.Position()).
		WithHint("For example, FROM orders o JOIN rates FOR SYSTEM_TIME AS OF o.ordered_at AS r ON r.currency = o.currency.")
}

// ofArrival reports whether a time is that at which the left row arrives.
func ofArrival(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.FuncCall:
		return e.Name.Schema == "" && (e.Name.Name == "proctime" || e.Name.Name == "now") && len(e.Args) == 0 && !e.Star
	case *ast.SQLValue:
		return e.Kind == ast.CurrentTimestamp || e.Kind == ast.LocalTimestamp
	}
	return false
}

// checkSystemTime refuses joins that have no meaning with the clause.
func checkSystemTime(j *ast.Join) error {
	switch {
	case j.Type == ast.RightJoin || j.Type == ast.FullJoin:
		return pgerr.Unsupported("RIGHT or FULL JOIN with FOR SYSTEM_TIME AS OF").At(j.Pos).
			WithHint("The rows of the left side look up the versions of the right, so that only JOIN and LEFT JOIN have a meaning.")
	case j.AsOf:
		return pgerr.Unsupported("ASOF JOIN with FOR SYSTEM_TIME AS OF").At(j.Pos).WithHint("Leave one of the two out.")
	case j.Type == ast.CrossJoin:
		return pgerr.Unsupported("CROSS JOIN with FOR SYSTEM_TIME AS OF").At(j.Pos).WithHint("Write JOIN ... ON with an equality.")
	}
	return nil
}

// temporalJoin binds a join with the versions of a relation.
func (b *Binder) temporalJoin(j *ast.Join, t *ast.TableName, left, right *from, s *scope) (*from, error) {
	a, err := b.newAsOf(left, right, j.Type == ast.LeftJoin, j)
	if err != nil {
		return nil, err
	}
	x := &temporal{asOf: a, j: j, scope: &scope{outer: s.outer, within: s.within, hidden: s.items, ctes: s.ctes}}
	l, r := missing(joinKinds[j.Type], left.items, right.items)
	out := &from{items: slices.Concat(l, r)}
	if j.Natural || len(j.Using) > 0 {
		equal := &logical.Join{Kind: joinKinds[j.Type], Left: left.node, Right: right.node}
		if out, err = b.joinUsing(j, equal, &from{node: left.node, items: l}, &from{node: right.node, items: r}, s); err != nil {
			return nil, err
		}
		x.preds = equal.On
	} else {
		on := *x.scope
		on.items = slices.Concat(left.items, right.items)
		c := b.clause(&on, "JOIN conditions")
		if x.preds, err = c.conjuncts(j.On, "JOIN/ON"); err != nil {
			return nil, err
		}
		if len(c.pending) > 0 {
			return nil, pgerr.Unsupported("a subquery in the condition of a join FOR SYSTEM_TIME AS OF").At(ast.Start(j.On)).
				WithHint("Join the subquery to one of the sides first.")
		}
	}
	computed, _ := out.node.(*logical.Project)
	if ofArrival(t.SystemTimeAsOf) {
		out.node, err = x.onArrival()
	} else {
		x.scope.items = left.items
		out.node, err = x.asOfTime(t)
	}
	if err == nil && computed != nil {
		items := slices.DeleteFunc(slices.Clone(computed.Items), func(it logical.Item) bool { return it.PassThrough() })
		out.node = b.cols.Extend(out.node, items...)
	}
	return out, err
}

// temporal is a join FOR SYSTEM_TIME AS OF that is being bound.
type temporal struct {
	*asOf
	j     *ast.Join
	scope *scope // of the left side
	preds []expr.Expr
}

// onArrival joins with the rows that there are when a left row comes.
func (x *temporal) onArrival() (logical.Node, error) {
	var rest []expr.Expr
	for _, p := range x.preds {
		cols := logical.ExprCols(p)
		l, r, _, equality := logical.Equality(p)
		if equality {
			_, _, _, equality = x.sides(l, r)
		}
		if cols.Intersects(x.l) && cols.Intersects(x.r) && !equality {
			rest = append(rest, p)
			continue
		}
		if err := x.take(p, x.j.Pos); err != nil {
			return nil, err
		}
	}
	n := &logical.Lookup{Outer: x.n.Outer, LeftKeys: x.n.LeftKeys, RightKeys: x.n.RightKeys, NullSafe: x.n.NullSafe}
	if n.Outer && len(rest) > 0 {
		return nil, x.notEquality()
	}
	if len(x.leftOnly) > 0 && n.Outer {
		if len(n.LeftKeys) == 0 || n.NullSafe[0] {
			return nil, x.notEquality()
		}
		n.LeftKeys = slices.Clone(n.LeftKeys)
		n.LeftKeys[0] = x.unless(n.LeftKeys[0])
	}
	n.Left = x.b.cols.Extend(logical.NewFilter(x.n.Left, x.leftOnly...), x.left...)
	n.Right = x.b.cols.Extend(logical.NewFilter(x.n.Right, x.rightOnly...), x.right...)
	n.Row = slices.Clone(n.Left.Output())
	return logical.NewFilter(n, rest...), nil
}

func (x *temporal) notEquality() error {
	return pgerr.Unsupported("a condition of LEFT JOIN ... FOR SYSTEM_TIME AS OF that is no equality of the two sides").At(x.j.Pos).
		WithHint("Compute it in the select list, as CASE WHEN condition THEN column END.")
}

// asOfTime joins with the version that was valid at a time of the left row.
func (x *temporal) asOfTime(t *ast.TableName) (logical.Node, error) {
	scan, time, key, err := x.versioned(t)
	if err != nil {
		return nil, err
	}
	c := x.b.clause(x.scope, "FOR SYSTEM_TIME AS OF")
	pos := ast.Start(t.SystemTimeAsOf)
	at, err := c.bind(t.SystemTimeAsOf)
	if err != nil {
		return nil, err
	}
	if len(c.pending) > 0 || !logical.ExprCols(at).Intersects(x.l) {
		return nil, pgerr.Unsupported("FOR SYSTEM_TIME AS OF a time that is not a column of the left side").At(pos).
			WithHint("AS OF a column of the left side gives the version at that time, AS OF PROCTIME() the one when the row arrives.")
	}
	if k := at.Type().Kind; k != types.Timestamp && k != types.TimestampTZ && k != types.Date {
		return nil, pgerr.New(pgerr.DatatypeMismatch, "argument of FOR SYSTEM_TIME AS OF must be a timestamp, not type %s", at.Type().WithoutMod()).At(pos)
	}
	if err := x.inequality(at, x.b.cols.Ref(time), false, false, pos); err != nil {
		return nil, err
	}
	rest, err := x.equate(key, t)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 && x.n.Outer {
		return nil, x.notEquality()
	}
	if key != nil && x.b.env.View {
		x.n.Right = &logical.Versions{Input: scan, Key: key, Time: time}
	}
	n, err := x.finish()
	return logical.NewFilter(n, rest...), err
}

// versioned finds what tells the versions of the right side apart: for a table its key and the column of its watermark or version,
// for a stream, whose rows are versions of whatever the join equates, the column of its watermark.
func (x *temporal) versioned(t *ast.TableName) (scan *logical.Scan, time logical.ColID, key []logical.ColID, err error) {
	scan, ok := x.n.Right.(*logical.Scan)
	if !ok || scan.Relation.Kind != catalog.Table && scan.Relation.Kind != catalog.Stream {
		return nil, 0, nil, pgerr.Unsupported("FOR SYSTEM_TIME AS OF a column for what is neither a table nor a stream").At(t.Pos).
			WithHint("A view has no history of its own. Join with the table or stream that it reads, or use AS OF PROCTIME() or ASOF JOIN.")
	}
	r := scan.Relation
	column := -1
	switch {
	case r.Watermark != nil:
		column = r.Watermark.Column
	case r.OnConflict != nil && r.OnConflict.Versioned:
		column = r.OnConflict.Version
	}
	if column >= 0 {
		if k := r.Columns[column].T.Kind; k != types.Timestamp && k != types.TimestampTZ && k != types.Date {
			column = -1
		}
	}
	if column < 0 {
		return nil, 0, nil, pgerr.New(pgerr.WrongObjectType, "%s \"%s\" does not say from when on its rows are valid", r.Kind, r.Name).At(t.Pos).
			WithHint("Declare the column that has this time by WATERMARK FOR, or use AS OF PROCTIME(), or ASOF JOIN with a column of your choice.")
	}
	at := func(attr int) logical.ColID { return scan.Cols[slices.Index(scan.Attrs, attr)] }
	if r.Kind == catalog.Stream {
		return scan, at(column), nil, nil
	}
	if r.Key == nil || r.Columns[r.Key[0]].Hidden {
		return nil, 0, nil, pgerr.New(pgerr.WrongObjectType, "table \"%s\" has no primary key, so nothing tells which rows are versions of one another", r.Name).At(t.Pos)
	}
	for _, attr := range r.Key {
		key = append(key, at(attr))
	}
	return scan, at(column), key, nil
}

// equate makes keys of equalities: with the key's columns or, where there is no key, of all. rest are the other conditions.
func (x *temporal) equate(key []logical.ColID, t *ast.TableName) (rest []expr.Expr, err error) {
	for _, p := range x.preds {
		a, b, _, ok := logical.Equality(p)
		if ok {
			var r expr.Expr
			if _, r, _, ok = x.sides(a, b); ok {
				col, isCol := r.(*expr.Column)
				ok = key == nil || isCol && slices.Contains(key, col.Index)
			}
		}
		if !ok {
			rest = append(rest, p)
			continue
		}
		if err := x.take(p, x.j.Pos); err != nil {
			return nil, err
		}
	}
	have := logical.SetOf(x.n.RightKeys...)
	if len(x.n.RightKeys) > 0 && have.HasAll(key) {
		return rest, nil
	}
	what := "a column"
	if key != nil {
		what = "each column of the primary key"
	}
	return nil, pgerr.New(pgerr.SyntaxError, "a join FOR SYSTEM_TIME AS OF must equate %s of \"%s\" with the left side", what, t.Name).
		WithHint("The version is looked up by it. Other conditions belong into WHERE.").At(x.j.Pos)
}
