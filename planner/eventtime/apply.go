package eventtime

import (
	"slices"

	"millrace/catalog"
	"millrace/pgerr"
	"millrace/planner/physical"
	"millrace/types"
	"millrace/watermark"
)

// Emit says when a view gives out results.
type Emit uint8

// The kinds of emission.
const (
	OnUpdate    Emit = iota // at every change, corrected as needed
	OnClose                 // once each is final
	OnUpdateEnd             // at every change, with a column that says which rows are final
)

// FinalColumn is the name of the column that OnUpdateEnd adds.
const FinalColumn = "is_final"

// Config is what a view asks for.
type Config struct {
	Catalog *catalog.Snapshot
	Emit    Emit
	// Lateness is how long, in microseconds, rows are taken below the watermark.
	Lateness int64
	// TakeOpen takes a row below the watermark while all state that it belongs to is there: that of a window is until the window
	// closes.
	TakeOpen bool
}

// Grace takes a grace period of ksqlDB's into account, in microseconds; -1 is none. A row is taken until so long after its
// window's end.
func (c *Config) Grace(micros int64) {
	if micros >= 0 {
		c.Lateness, c.TakeOpen = max(c.Lateness, micros), true
	}
}

// Apply gives the plan of a view with what event time adds to it. The plan that it is given is not changed. A plan without
// event time comes back as it is. It fails where results are to be held back and no column says until when.
func Apply(p *physical.Plan, c Config) (*physical.Plan, error) {
	of := make([][]column, len(p.Nodes))
	inRecursion := p.InRecursion()
	for i, n := range p.Nodes {
		if inRecursion[i] >= 0 {
			of[i] = make([]column, len(n.Out().Types)) // its rows come again and again
			continue
		}
		of[i] = bounds(p, n, of, c.Catalog)
		if _, ok := n.(*physical.Window); ok && c.TakeOpen {
			// A row of an open window may be below the watermark: only the window's own columns are bounded.
			for k := range len(of[i]) - 2 {
				of[i][k].mark = nil
			}
		}
	}
	out := *p
	out.Nodes = slices.Clone(p.Nodes)
	var used []uint32
	for i, n := range p.Nodes {
		if inRecursion[i] >= 0 {
			continue
		}
		if e := expiry(p, i, of); e != nil {
			out.Nodes[i] = physical.WithExpire(n, e)
			used = append(used, e.Mark.Relations()...)
		}
	}
	e := &editor{plan: &out, after: map[int][]physical.Node{}}
	if c.Emit != OnUpdate {
		at, col, err := holdAt(p, of)
		if err != nil {
			return nil, err
		}
		mark := of[at][col].mark
		used = append(used, mark.Relations()...)
		e.hold(at, &physical.Hold{Col: col, Mark: mark, Flag: c.Emit == OnUpdateEnd}, c.Lateness == 0 && of[at][col].whole)
	}
	slices.Sort(used)
	used = slices.Compact(used)
	out.Marks = rootMarks(of[p.Root()], c.Lateness)
	if len(used) == 0 {
		return &out, nil
	}
	for i, n := range p.Nodes {
		switch n := n.(type) {
		case *physical.Scan:
			if col := best(of[i]); col >= 0 && relies(of[i][col].mark, used) && !(c.TakeOpen && windowed(p, i, of)) && !versioned(p, i) {
				r, _ := c.Catalog.Relation(n.Relation)
				e.late(i, &physical.Late{Output: *n.Out(), Col: col, Mark: of[i][col].mark, Relation: n.Relation, Name: n.Name, ByStep: r.Kind == catalog.MaterializedView})
			}
		case *physical.Versions:
			if s := scanBelow(p, n.Input); s != nil && of[i][n.Time].mark != nil && relies(of[i][n.Time].mark, used) {
				// Before the step's versions are put together, since each is late or not by its own epoch.
				e.late(n.Input, &physical.Late{
					Output: *p.Nodes[n.Input].Out(), Col: n.Time, Mark: of[i][n.Time].mark, Relation: s.Relation, Name: s.Name, Insertions: true,
				})
			}
		case *physical.Window:
			end := len(n.Types) - 1
			if s := scanBelow(p, n.Input); c.TakeOpen && s != nil && of[i][end].mark != nil && relies(of[i][end].mark, used) {
				e.late(i, &physical.Late{Output: *n.Out(), Col: end, Mark: of[i][end].mark, Relation: s.Relation, Name: s.Name})
			}
		}
	}
	out.Watermarks, out.Lateness = used, c.Lateness
	if err := e.apply(); err != nil {
		return nil, err
	}
	if c.Emit == OnUpdateEnd {
		out.Columns = append(slices.Clone(p.Columns), physical.Column{Name: FinalColumn, T: types.Of(types.Bool)})
		if out.Marks != nil {
			out.Marks = append(out.Marks, nil)
		}
	}
	out.AppendOnly = out.Nodes[out.Root()].Out().AppendOnly
	return &out, nil
}

// rootMarks are the bounds for the views above: rows may come as long below the watermarks as the view takes them.
func rootMarks(cols []column, lateness int64) []*watermark.Mark {
	out := make([]*watermark.Mark, len(cols))
	any := false
	for i, c := range cols {
		out[i] = c.mark.Plus(-lateness)
		any = any || out[i] != nil
	}
	if !any {
		return nil
	}
	return out
}

func relies(m *watermark.Mark, used []uint32) bool {
	return slices.ContainsFunc(m.Relations(), func(id uint32) bool { return slices.Contains(used, id) })
}

// best chooses a bounded column: one that has a time in every row if there is one, since rows without a time are never final
// and their state never expires; and of those the one whose bound follows most directly from a watermark, which is the
// first to pass. -1 is none.
func best(cols []column) int {
	at := -1
	for i, c := range cols {
		switch {
		case c.mark == nil:
		case at < 0, c.whole && !cols[at].whole, c.whole == cols[at].whole && depth(c.mark) < depth(cols[at].mark):
			at = i
		}
	}
	return at
}

// depth counts what is done to the watermarks on the way to a mark.
func depth(m *watermark.Mark) int {
	if m == nil {
		return 0
	}
	d := 0
	for _, l := range m.Least {
		d = max(d, depth(l))
	}
	if m.Of != nil {
		d = 2 + depth(m.Of)
	}
	return d
}

// expiry decides what of a node's state can be dropped: that of keys with a bounded column.
func expiry(p *physical.Plan, i int, of [][]column) *physical.Expire {
	pick := func(cols []column) *physical.Expire {
		if at := best(cols); at >= 0 {
			return &physical.Expire{Col: at, Mark: cols[at].mark}
		}
		return nil
	}
	keys := func(in []column, cols []int) []column {
		out := make([]column, len(cols))
		for i, c := range cols {
			out[i] = in[c]
		}
		return out
	}
	switch n := p.Nodes[i].(type) {
	case *physical.AsOf:
		return asOfExpiry(p, n, of)
	case *physical.Versions:
		return versionsExpiry(p, i, of)
	case *physical.Aggregate:
		return pick(keys(of[n.Input], n.Group))
	case *physical.Distinct:
		return pick(of[n.Input])
	case *physical.TopN:
		return pick(keys(of[n.Input], n.Group))
	case *physical.Over:
		return pick(keys(of[n.Input], n.Partition))
	case *physical.Session:
		return pick(of[n.Input][n.Time : n.Time+1])
	case *physical.SetOp:
		both := make([]column, len(of[n.Left_]))
		for i := range both {
			both[i] = least(of[n.Left_][i], of[n.Right_][i])
		}
		return pick(both)
	case *physical.Join:
		if n.NotIn {
			return nil
		}
		pairs := make([]column, len(n.LeftKeys))
		for i := range pairs {
			pairs[i] = least(of[n.Left_][n.LeftKeys[i]], of[n.Right_][n.RightKeys[i]])
		}
		return pick(pairs)
	}
	return nil
}

// asOfExpiry is the least of the two sides' marks. Rows that are taken back would have to be taken back below the mark, too, so that
// both sides must be such that none is; but versions are not.
func asOfExpiry(p *physical.Plan, n *physical.AsOf, of [][]column) *physical.Expire {
	_, versions := p.Nodes[n.Right_].(*physical.Versions)
	if !p.Nodes[n.Left_].Out().AppendOnly || !versions && !p.Nodes[n.Right_].Out().AppendOnly {
		return nil
	}
	if m := watermark.Least(of[n.Left_][n.LeftTime].mark, of[n.Right_][n.RightTime].mark); m != nil {
		return &physical.Expire{Mark: m}
	}
	return nil
}

// versionsExpiry is that of the join that reads the versions, if its own state expires.
func versionsExpiry(p *physical.Plan, i int, of [][]column) *physical.Expire {
	var e *physical.Expire
	for _, x := range p.Nodes {
		switch n := x.(type) {
		case *physical.AsOf:
			if n.Right_ != i {
				continue
			}
			if e = asOfExpiry(p, n, of); e == nil {
				return nil
			}
			e = &physical.Expire{Mark: of[i][n.RightTime].mark}
		default:
			if slices.Contains(n.Inputs(), i) {
				return nil
			}
		}
	}
	return e
}

// holdAt finds where results can be held back: at the root, or below projections that leave the time out.
func holdAt(p *physical.Plan, of [][]column) (node, col int, err error) {
	i := p.Root()
	for {
		if col := best(of[i]); col >= 0 {
			return i, col, nil
		}
		switch n := p.Nodes[i].(type) {
		case *physical.Project:
			i = n.Input
		case *physical.Filter:
			i = n.Input
		default:
			return 0, 0, pgerr.New(pgerr.InvalidObjectDefinition, "EMIT ON WINDOW CLOSE needs a result with a time that a watermark passes").
				WithHint("Group by window_start or window_end of a window function over a stream with WATERMARK FOR, or select its time column.")
		}
	}
}

// scanBelow gives the scan that a node's rows come from one by one; nil where there is none.
func scanBelow(p *physical.Plan, i int) *physical.Scan {
	for {
		switch n := p.Nodes[i].(type) {
		case *physical.Scan:
			return n
		case *physical.Filter:
			i = n.Input
		case *physical.Project:
			i = n.Input
		default:
			return nil
		}
	}
}

// versioned reports whether all rows of a scan are versions of a table's: what replaces one takes nothing away, so that only
// the versions themselves can be late.
func versioned(p *physical.Plan, scan int) bool {
	return onlyInto(p, scan, func(n physical.Node) bool { _, ok := n.(*physical.Versions); return ok })
}

// onlyInto reports whether all rows of a scan go, row by row, into nodes of a kind.
func onlyInto(p *physical.Plan, scan int, kind func(physical.Node) bool) bool {
	through := make([]bool, len(p.Nodes)) // passes rows of the scan on one by one
	through[scan] = true
	any := false
	for i, n := range p.Nodes {
		for _, in := range n.Inputs() {
			if !through[in] {
				continue
			}
			switch n.(type) {
			case *physical.Filter, *physical.Project:
				through[i] = true
				continue
			}
			if !kind(n) {
				return false
			}
			any = true
		}
	}
	return any && !through[p.Root()]
}

// windowed reports whether all rows of a scan go into windows, row by row, whose ends are bounded.
func windowed(p *physical.Plan, scan int, of [][]column) bool {
	bounded := map[physical.Node]bool{}
	for i, n := range p.Nodes {
		if w, ok := n.(*physical.Window); ok {
			bounded[n] = of[i][len(w.Types)-1].mark != nil
		}
	}
	return onlyInto(p, scan, func(n physical.Node) bool { return bounded[n] })
}
