package session

import (
	"millrace/catalog"
	"millrace/delta"
	"millrace/expr"
	"millrace/planner/physical"
	"millrace/storage/codec"
	"millrace/storage/keys"
	"millrace/types"
)

// pointPlan is a query that asks for one row of a table or keyed view by its whole key: it is answered with one
// look-up, without operators.
type pointPlan struct {
	rel  *catalog.Relation
	key  []expr.Expr // constants or parameters, one for each key column
	cols []int       // of the relation, in the result's order
}

// newPointPlan recognises such a plan: a scan with a full key whose filter says nothing else, and a projection of
// columns at most.
func newPointPlan(p *physical.Plan, cat *catalog.Snapshot) *pointPlan {
	if len(p.Nodes) == 0 || len(p.Nodes) > 2 || len(p.Order) > 1 {
		return nil
	}
	scan, ok := p.Nodes[0].(*physical.Scan)
	if !ok || scan.System != "" {
		return nil
	}
	rel, ok := cat.Relation(scan.Relation)
	if !ok || len(rel.Key) == 0 || scan.Index != 0 || len(scan.Point) != len(rel.Key) || (rel.Kind != catalog.Table && rel.Kind != catalog.MaterializedView) {
		return nil
	}
	if !filterIsKey(scan, rel) {
		return nil
	}
	pp := &pointPlan{rel: rel, key: scan.Point, cols: scan.Cols}
	if len(p.Nodes) == 1 {
		return pp
	}
	project, ok := p.Nodes[1].(*physical.Project)
	if !ok {
		return nil
	}
	pp.cols = nil
	for _, e := range project.Exprs {
		c, ok := e.(*expr.Column)
		if !ok {
			return nil
		}
		pp.cols = append(pp.cols, scan.Cols[c.Index])
	}
	return pp
}

// filterIsKey reports whether a scan's filter is the conjunction of key column = constant and nothing more.
func filterIsKey(scan *physical.Scan, rel *catalog.Relation) bool {
	conds := []expr.Expr{scan.Filter}
	if and, ok := scan.Filter.(*expr.And); ok {
		conds = and.Args
	}
	if scan.Filter == nil {
		return true
	}
	if len(conds) != len(rel.Key) {
		return false
	}
	seen := map[int]bool{}
	for _, c := range conds {
		call, ok := c.(*expr.Call)
		if !ok || call.Func.Name != "=" || len(call.Args) != 2 {
			return false
		}
		col, ok := call.Args[0].(*expr.Column)
		other := call.Args[1]
		if !ok {
			if col, ok = call.Args[1].(*expr.Column); !ok {
				return false
			}
			other = call.Args[0]
		}
		if len(expr.Columns(other)) > 0 {
			return false
		}
		seen[scan.Cols[col.Index]] = true
	}
	for _, k := range rel.Key {
		if !seen[k] {
			return false
		}
	}
	return true
}

// sendPoint answers a point query; handled is false when the view is not caught up and the read must wait.
func (s *Session) sendPoint(p *prepared, params []types.Datum, c Client) (n int64, handled bool, err error) {
	pp := p.point
	var buf [64]byte
	key := buf[:0]
	for i, e := range pp.key {
		d, err := s.pointValue(e, params)
		if err != nil {
			return 0, true, err
		}
		if d.Null {
			return 0, true, nil
		}
		key = keys.AppendDatum(key, pp.rel.Columns[pp.rel.Key[i]].T, d, false, false)
	}
	row, found, handled, err := s.srv.Engine.PointRead(pp.rel, key, nil, s.relaxed())
	if err != nil || !handled || !found {
		return 0, handled, err
	}
	b := delta.NewBatch(pp.rel.Types(), 1)
	if err := codec.DecodeRow(row, b, 1); err != nil {
		return 0, true, err
	}
	out := &delta.Batch{Cols: make([]*delta.Vec, len(pp.cols)), N: 1}
	for i, col := range pp.cols {
		out.Cols[i] = b.Cols[col]
	}
	return 1, true, c.Rows(out, len(pp.cols))
}

func (s *Session) pointValue(e expr.Expr, params []types.Datum) (types.Datum, error) {
	switch e := e.(type) {
	case *expr.Const:
		return e.Value, nil
	case *expr.Param:
		return params[e.Index], nil
	}
	return expr.EvalConst(s.execContext(), expr.Substitute(e, params))
}
