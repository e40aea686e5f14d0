package physical

import "millrace/watermark"

// Expire says what of an operator's state time makes unreachable: all that belongs to keys whose column Col lies below
// Mark, less the plan's lateness. Nothing that is yet to come has such a key. It is dropped at the end of the step
// that raises the mark; what the operator has emitted for it stands.
type Expire struct {
	Col  int // in the list of the operator's key columns
	Mark *watermark.Mark
}

// Late takes out rows that come too late: those whose time, in column Col, lies below Mark, less the plan's lateness, as
// it was before the epoch of the row. Rows without a time pass.
type Late struct {
	Output
	Input int
	Col   int
	Mark  *watermark.Mark
	// Relation is the stream, table or view whose rows these are, and Name its name.
	Relation uint32
	Name     string
	// ByStep takes the mark as it was before the step instead. It is for the rows of a view, whose steps put the changes of
	// several epochs together; a step of this plan ends where one of the view's does.
	ByStep bool
	// Insertions lets retractions pass: what reads the rows takes no notice of them.
	Insertions bool
}

// Hold keeps rows back until they are final, which is when Mark has passed the time in their column Col. Changes of rows
// that are final pass at once: corrections within the lateness. With Flag it keeps nothing back, and appends a
// boolean column that says whether the row is final.
type Hold struct {
	Output
	Input int
	Col   int
	Mark  *watermark.Mark
	Flag  bool
}

// Inputs lists the one input.
func (n *Late) Inputs() []int { return []int{n.Input} }

// Inputs lists the one input.
func (n *Hold) Inputs() []int { return []int{n.Input} }

// expireField is where a node keeps its Expire; nil for one whose state does not expire.
func expireField(n Node) **Expire {
	switch n := n.(type) {
	case *Join:
		return &n.Expire
	case *Aggregate:
		return &n.Expire
	case *Distinct:
		return &n.Expire
	case *SetOp:
		return &n.Expire
	case *TopN:
		return &n.Expire
	case *Over:
		return &n.Expire
	case *Session:
		return &n.Expire
	case *AsOf:
		return &n.Expire
	case *Versions:
		return &n.Expire
	}
	return nil
}

// ExpireOf gives what of a node's state expires, nil for nothing.
func ExpireOf(n Node) *Expire {
	if f := expireField(n); f != nil {
		return *f
	}
	return nil
}

// WithExpire gives a copy of a node, of a kind whose state can expire, with what does.
func WithExpire(n Node, e *Expire) Node {
	c := Rewire(n, func(in int) int { return in })
	*expireField(c) = e
	return c
}

// Rewire gives a copy of a node that reads at(i) where it read node i; nil for a kind of node that it does not know.
func Rewire(n Node, at func(int) int) Node {
	move := func(in *int) { *in = at(*in) }
	switch n := n.(type) {
	case *Scan:
		return edited(n, func(*Scan) {})
	case *Values:
		return edited(n, func(*Values) {})
	case *WorkTable:
		return edited(n, func(*WorkTable) {})
	case *Series:
		return edited(n, func(c *Series) {
			if c.Input >= 0 {
				move(&c.Input)
			}
		})
	case *Filter:
		return edited(n, func(c *Filter) { move(&c.Input) })
	case *Project:
		return edited(n, func(c *Project) { move(&c.Input) })
	case *Window:
		return edited(n, func(c *Window) { move(&c.Input) })
	case *Session:
		return edited(n, func(c *Session) { move(&c.Input) })
	case *Buckets:
		return edited(n, func(c *Buckets) { move(&c.Input) })
	case *Versions:
		return edited(n, func(c *Versions) { move(&c.Input) })
	case *TemporalFilter:
		return edited(n, func(c *TemporalFilter) { move(&c.Input) })
	case *Aggregate:
		return edited(n, func(c *Aggregate) { move(&c.Input) })
	case *Distinct:
		return edited(n, func(c *Distinct) { move(&c.Input) })
	case *TopN:
		return edited(n, func(c *TopN) { move(&c.Input) })
	case *Over:
		return edited(n, func(c *Over) { move(&c.Input) })
	case *SingleRow:
		return edited(n, func(c *SingleRow) { move(&c.Input) })
	case *Late:
		return edited(n, func(c *Late) { move(&c.Input) })
	case *Hold:
		return edited(n, func(c *Hold) { move(&c.Input) })
	case *Join:
		return edited(n, func(c *Join) { move(&c.Left_); move(&c.Right_) })
	case *AsOf:
		return edited(n, func(c *AsOf) { move(&c.Left_); move(&c.Right_) })
	case *Lookup:
		return edited(n, func(c *Lookup) { move(&c.Left_); move(&c.Right_) })
	case *SetOp:
		return edited(n, func(c *SetOp) { move(&c.Left_); move(&c.Right_) })
	case *Union:
		return edited(n, func(c *Union) { c.In = moved(c.In, at) })
	case *DeltaJoin:
		return edited(n, func(c *DeltaJoin) { c.In = moved(c.In, at) })
	case *Recurse:
		return edited(n, func(c *Recurse) { move(&c.Base); move(&c.Step); move(&c.Work) })
	}
	return nil
}

// edited gives a copy of a node, as f changes it.
func edited[N any](n *N, f func(c *N)) *N {
	c := *n
	f(&c)
	return &c
}

func moved(in []int, at func(int) int) []int {
	out := make([]int, len(in))
	for i, n := range in {
		out[i] = at(n)
	}
	return out
}
