package session

import (
	"context"
	"fmt"
	"strings"
	"time"

	"millrace/catalog"
	"millrace/planner"
	"millrace/planner/physical"
	"millrace/sql/ast"
	"millrace/types"
	"millrace/watermark"
)

// explainPending says what the next final result of a view waits for: EXPLAIN WHY PENDING.
func (s *Session) explainPending(ctx context.Context, st *ast.Explain, c Client) (string, error) {
	r, err := s.explained(st)
	if err != nil {
		return "", err
	}
	_, done, err := s.beginRead(ctx, []uint32{r.ID}, c) // as of now
	if err != nil {
		return "", err
	}
	done()
	f, ok, err := s.srv.Engine.Figures(ctx, r.ID, false)
	if err != nil {
		return "", err
	}
	var hold *physical.Hold
	if ok {
		for _, n := range f.Plan.Nodes {
			if h, is := n.(*physical.Hold); is {
				hold = h
			}
		}
	}
	if hold == nil {
		return fmt.Sprintf("%s gives out its results at every change: none is pending.\n", r.Name), nil
	}
	var b strings.Builder
	name := hold.Names[hold.Col]
	first, pending, err := s.srv.Engine.FirstHeld(ctx, r.ID)
	switch {
	case err != nil:
		return "", err
	case !pending:
		fmt.Fprintf(&b, "No result of %s is pending.\n", r.Name)
	default:
		fmt.Fprintf(&b, "The next results of %s to be final are those with %s = %s.\n", r.Name, name, s.timeText(first))
	}
	fmt.Fprintf(&b, "A result is final when its %s lies below the %s, now %s.\n", name, hold.Mark, s.timeText(hold.Mark.Value(marksOf(s.srv.Engine.ViewWatermark(r.ID)))))
	s.explainInputs(&b, r, hold)
	return b.String(), nil
}

func marksOf(m map[uint32]int64) func(uint32) int64 {
	return func(id uint32) int64 {
		if v, ok := m[id]; ok {
			return v
		}
		return watermark.None
	}
}

// explainInputs writes how far the inputs of a mark are, and which partition holds it back.
func (s *Session) explainInputs(b *strings.Builder, r *catalog.Relation, hold *physical.Hold) {
	own := marksOf(s.srv.Engine.ViewWatermark(r.ID))
	behind, least := uint32(0), int64(0)
	for _, id := range hold.Mark.Relations() {
		w, ok := s.srv.Engine.Watermark(id)
		if ok && !w.Watermark.Idle && (behind == 0 || own(id) < least) {
			behind, least = id, own(id)
		}
	}
	for _, id := range hold.Mark.Relations() {
		in, ok := s.catalog().Relation(id)
		w, tracked := s.srv.Engine.Watermark(id)
		if !ok || !tracked {
			continue
		}
		state := "stands at " + s.timeText(w.Watermark.Mark)
		if w.Watermark.Idle {
			state += ", is idle and holds nothing back"
		} else if id == behind {
			state += ", and is what the results wait for"
		}
		fmt.Fprintf(b, "%s %s %s.\n", in.Kind, in.Name, state)
		if id != behind {
			continue
		}
		slowest := slowestPartition(w.Partitions)
		if slowest == nil {
			fmt.Fprintf(b, "  It has had no rows yet.\n")
		} else {
			fmt.Fprintf(b, "  Its partition %q is the furthest behind, at %s; its last rows came at %s.\n", slowest.Name, s.timeText(slowest.Mark), s.timeText(slowest.Seen))
		}
		switch {
		case in.Watermark == nil || in.Watermark.IdleTimeout == 0:
			fmt.Fprintf(b, "  There is no idle timeout: only rows move it on.\n")
		case slowest != nil:
			at := slowest.Seen + in.Watermark.IdleTimeout
			wait := max(0, time.Duration(at-s.srv.Engine.Now())*time.Microsecond).Round(time.Millisecond)
			fmt.Fprintf(b, "  If it stays silent it is idle at %s, in %s, and holds no other partition or input back.\n", s.timeText(at), wait)
		}
	}
}

// slowestPartition is the active partition that is the furthest behind.
func slowestPartition(ps []watermark.Partition) *watermark.Partition {
	var p *watermark.Partition
	for i := range ps {
		if !ps[i].Idle && (p == nil || ps[i].Mark < p.Mark) {
			p = &ps[i]
		}
	}
	return p
}

// timeText writes a time as the session shows timestamps with time zone.
func (s *Session) timeText(micros int64) string {
	if micros == watermark.None {
		return "nowhere"
	}
	return string(types.AppendText(nil, types.Of(types.TimestampTZ), types.NewInt(micros), s.Env()))
}

// checkBounded refuses a view whose state nothing bounds where the setting asks for it.
func (s *Session) checkBounded(plan *physical.Plan) error {
	if s.settings.isOn("allow_unbounded_state") {
		return nil
	}
	return planner.CheckBounded(plan)
}

// currentWatermark is current_watermark(relation): of a stream or table its watermark, of a view the greatest time below which
// none of its rows will change; NULL where there is none.
func (s *Session) currentWatermark(oid int64) types.Datum {
	r, ok := s.catalog().Relation(uint32(oid))
	if !ok {
		return types.Null
	}
	e := s.srv.Engine
	of := func(id uint32) int64 {
		if w, ok := e.Watermark(id); ok {
			return w.Watermark.Mark
		}
		return watermark.None
	}
	if _, ok := e.Watermark(r.ID); ok {
		return instant(of(r.ID))
	}
	best := int64(watermark.None)
	for _, m := range r.Marks {
		if m != nil {
			best = max(best, m.Value(of))
		}
	}
	return instant(best)
}

func instant(micros int64) types.Datum {
	if micros == watermark.None {
		return types.Null
	}
	return types.NewInt(micros)
}
