package sysview

import (
	"slices"
	"strings"

	"millrace/catalog"
	"millrace/delta"
	"millrace/engine"
	"millrace/types"
	"millrace/watermark"
)

// instant is a time; none is NULL.
func instant(micros int64) types.Datum {
	if micros == watermark.None {
		return types.Null
	}
	return types.NewInt(micros)
}

func watermarkRows(e *engine.Engine, c *catalog.Snapshot, b *delta.Batch) error {
	for _, r := range c.Relations() {
		w, ok := e.Watermark(r.ID)
		if !ok {
			continue
		}
		held := text(strings.Join(heldBack(e, c, r.ID), ", "))
		lag := func(mark int64) types.Datum {
			if mark == watermark.None {
				return types.Null
			}
			return types.Datum{B: types.IntervalValue{Micros: w.Wall - mark}.Encode(nil)}
		}
		idleAt := types.Null
		if w.Waits {
			idleAt = types.NewInt(w.NextIdle)
		}
		if len(w.Partitions) == 0 {
			b.AppendRow([]types.Datum{text(r.Name), types.Null, types.Null, types.Null, types.NewBool(w.Watermark.Idle), idleAt, instant(w.Watermark.Mark), held}, 1)
		}
		for _, p := range w.Partitions {
			until := types.Null
			if !p.Idle && r.Watermark != nil && r.Watermark.IdleTimeout > 0 {
				until = types.NewInt(p.Seen + r.Watermark.IdleTimeout)
			}
			b.AppendRow([]types.Datum{text(r.Name), text(p.Name), instant(p.Mark), lag(p.Mark), types.NewBool(p.Idle), until, instant(w.Watermark.Mark), held}, 1)
		}
	}
	return nil
}

// heldBack lists the views that go by several watermarks of which a relation's is the least.
func heldBack(e *engine.Engine, c *catalog.Snapshot, rel uint32) []string {
	var names []string
	for _, v := range c.Relations() {
		marks := e.ViewWatermark(v.ID)
		own, ok := marks[rel]
		if !ok || len(marks) < 2 {
			continue
		}
		least, ahead := true, false
		for _, m := range marks {
			least, ahead = least && own <= m, ahead || m > own
		}
		if least && ahead {
			names = append(names, v.Name)
		}
	}
	slices.Sort(names)
	return names
}

func lateRows(e *engine.Engine, c *catalog.Snapshot, b *delta.Batch) error {
	for _, r := range c.Relations() {
		if r.Kind != catalog.MaterializedView && r.Kind != catalog.Sink {
			continue
		}
		err := e.LateRows(r.ID, func(l engine.LateRow) {
			b.AppendRow([]types.Datum{text(r.Name), number(int64(l.Number)), text(l.Name), number(int64(l.Epoch)), types.NewInt(l.Time),
				instant(l.Mark), number(l.Weight), text(l.Row)}, 1)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
