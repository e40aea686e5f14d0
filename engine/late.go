package engine

import (
	"millrace/catalog"
	"millrace/delta"
	"millrace/watermark"
)

// Views with LATE DATA TO send the rows of a stream that are too late for them to another stream. The committer does it, in the
// transaction that brings the rows: it knows the watermark before the epoch, so it decides as the view will, and what is sent is
// there exactly once.

// lateRoute sends late rows of a stream to another one.
type lateRoute struct {
	to       uint32
	column   int // of the time
	lateness int64
}

// lateRoutes are the routes by the stream that rows come from, as of a catalog.
type lateRoutes struct {
	of *catalog.Snapshot
	by map[uint32][]lateRoute
}

// routes gives the routes of the present catalog; it is the committer that calls.
func (e *Engine) routes() map[uint32][]lateRoute {
	cat := e.Catalog()
	if e.late.of == cat {
		return e.late.by
	}
	e.late = lateRoutes{of: cat}
	for _, v := range cat.Relations() {
		if v.Late == nil {
			continue
		}
		from, ok := cat.Relation(v.Late.From)
		if !ok || from.Watermark == nil {
			continue
		}
		if e.late.by == nil {
			e.late.by = map[uint32][]lateRoute{}
		}
		e.late.by[from.ID] = append(e.late.by[from.ID], lateRoute{to: v.Late.To, column: from.Watermark.Column, lateness: v.Late.Lateness})
	}
	return e.late.by
}

// routeLate adds to a transaction the late rows that other streams get.
func (e *Engine) routeLate(g *groupState, t *Txn) error {
	routes := e.routes()
	if len(routes) == 0 {
		return nil
	}
	for i := range len(t.Writes) {
		from := t.Writes[i].Relation
		k := e.tracked[from.ID]
		for _, r := range routes[from.ID] {
			if k == nil || k.tracker.Reading().Mark == watermark.None {
				continue
			}
			to, ok := g.cat.Relation(r.to)
			if !ok {
				continue
			}
			rows := lateRows(t.Writes[i].Batch, r.column, k.tracker.Reading().Mark-r.lateness)
			if rows == nil {
				continue
			}
			w := Write{Relation: to, Batch: rows}
			if err := e.mark(&w); err != nil {
				return err
			}
			t.Writes = append(t.Writes, w)
		}
	}
	return nil
}

// lateRows gives the rows whose time lies below a limit, nil for none.
func lateRows(b *delta.Batch, column int, limit int64) *delta.Batch {
	v := b.Cols[column]
	var sel []uint32
	for i, ts := range v.Ints[:b.N] {
		if ts < limit && !v.IsNull(i) {
			sel = append(sel, uint32(i))
		}
	}
	if sel == nil {
		return nil
	}
	return b.Gather(sel)
}
