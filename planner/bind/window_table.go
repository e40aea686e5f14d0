package bind

import (
	"slices"
	"strings"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/sql/ast"
	"millrace/types"
)

// bindWindowTable binds TUMBLE, HOP, CUMULATE and SESSION.
func (b *Binder) bindWindowTable(t *ast.WindowTable, s *scope) (*from, error) {
	if t.Kind != ast.Session && len(t.PartitionBy) > 0 {
		return nil, pgerr.New(pgerr.InvalidParameterValue, "%s takes no PARTITION BY", t.Kind).
			WithHint("Its windows are the same for all rows: group by window_start, window_end and the columns.").At(ast.Start(t.PartitionBy[0]))
	}
	input := t.Input
	if q, ok := input.(*ast.Subquery); ok && q.Alias == nil {
		named := *q
		named.Alias = &ast.Alias{Pos: q.Pos, Name: strings.ToLower(t.Kind.String())}
		input = &named
	}
	in, err := b.bindTable(input, s)
	if err != nil {
		return nil, err
	}
	w := &logical.Window{Input: in.node, Cumulate: t.Kind == ast.Cumulate, Grace: -1}
	if t.Retention != nil {
		// Windows are kept as long as a view has them: only what it says is checked.
		if _, err := b.fixedInterval(t.Retention, t.Kind, "retention", s); err != nil {
			return nil, err
		}
	}
	if t.Grace != nil {
		iv, err := b.constantInterval(t.Grace, t.Kind, "grace period", s)
		if err == nil {
			w.Grace, err = b.fixedLength(iv, t.Grace, t.Kind, "grace period")
		}
		if err == nil && w.Grace < 0 {
			err = pgerr.New(pgerr.InvalidParameterValue, "the grace period of %s must not be negative", t.Kind).At(ast.Start(t.Grace))
		}
		if err != nil {
			return nil, err
		}
	}
	c := b.clause(&scope{outer: s.outer, within: s.within, items: in.items, hidden: s.items, ctes: s.ctes}, t.Kind.String())
	c.noSubqueries = "a subquery in " + t.Kind.String()
	if err := b.windowTime(w, t, c); err != nil {
		return nil, err
	}
	timeType := b.cols.At(w.Time).T
	w.Start = b.cols.Add(logical.Column{Name: "window_start", T: timeType})
	w.End = b.cols.Add(logical.Column{Name: "window_end", T: timeType})
	cols := append(in.cols(), scopeCol{name: "window_start", id: w.Start}, scopeCol{name: "window_end", id: w.End})
	if t.Time == nil {
		// ksqlDB's names.
		cols = append(cols, scopeCol{name: "windowstart", id: w.Start, hidden: true}, scopeCol{name: "windowend", id: w.End, hidden: true})
	}
	var node logical.Node = w
	if t.Kind == ast.Session {
		node, err = b.session(w, t, c, s)
	} else {
		err = b.windowSizes(w, t, s)
	}
	if err != nil {
		return nil, err
	}
	return b.aliased(node, cols, in.items[0].name, in.items[0].schema, t.Alias)
}

// session makes the node of SESSION, of whose window w has the time and the results.
func (b *Binder) session(w *logical.Window, t *ast.WindowTable, c *clause, s *scope) (logical.Node, error) {
	n := &logical.Session{Input: w.Input, Time: w.Time, Start: w.Start, End: w.End, Grace: w.Grace}
	var err error
	if n.Gap, err = b.fixedInterval(t.Size, t.Kind, "gap", s); err != nil {
		return nil, err
	}
	var computed []logical.Item
	for _, p := range t.PartitionBy {
		e, err := c.bind(p)
		if err != nil {
			return nil, err
		}
		if e, err = c.typed(e, ast.Start(p)); err != nil {
			return nil, err
		}
		if _, err = c.equality(e.Type(), ast.Start(p)); err != nil {
			return nil, err
		}
		col, ok := e.(*expr.Column)
		id := logical.ColID(0)
		if ok && slices.Contains(n.Input.Output(), col.Index) {
			id = col.Index
		} else {
			id = b.cols.Add(logical.Column{Name: "partition", T: e.Type()})
			computed = append(computed, logical.Item{Col: id, Expr: e})
		}
		if !slices.Contains(n.Partition, id) {
			n.Partition = append(n.Partition, id)
		}
	}
	n.Input = b.cols.Extend(n.Input, computed...)
	return n, nil
}

// windowTime finds or computes the time column of a window function.
func (b *Binder) windowTime(w *logical.Window, t *ast.WindowTable, c *clause) error {
	if t.Time == nil {
		var err error
		w.Time, err = b.watermarkColumn(t, w.Input)
		return err
	}
	e, err := c.bind(t.Time)
	if err != nil {
		return err
	}
	switch e.Type().Kind {
	case types.Timestamp, types.TimestampTZ:
	case types.Date:
		if e, err = c.coerce(e, types.Of(types.Timestamp), implicit, ast.Start(t.Time)); err != nil {
			return err
		}
	default:
		return pgerr.New(pgerr.DatatypeMismatch, "the time column of %s must be of type timestamp or timestamp with time zone, not %s",
			t.Kind, e.Type()).At(ast.Start(t.Time))
	}
	if col, ok := e.(*expr.Column); ok && slices.Contains(w.Input.Output(), col.Index) {
		w.Time = col.Index
		return nil
	}
	w.Time = b.cols.Add(logical.Column{Name: "window_time", T: e.Type()})
	w.Input = b.cols.Extend(w.Input, logical.Item{Col: w.Time, Expr: e})
	return nil
}
