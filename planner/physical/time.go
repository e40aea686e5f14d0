package physical

import (
	"slices"

	"millrace/watermark"
)

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

// ExpireOf gives what of a node's state expires, nil for nothing.
func ExpireOf(n Node) *Expire {
	switch n := n.(type) {
	case *Join:
		return n.Expire
	case *Aggregate:
		return n.Expire
	case *Distinct:
		return n.Expire
	case *SetOp:
		return n.Expire
	case *TopN:
		return n.Expire
	case *Over:
		return n.Expire
	case *Session:
		return n.Expire
	case *AsOf:
		return n.Expire
	case *Versions:
		return n.Expire
	}
	return nil
}

// Rewire gives a copy of a node that reads at(i) where it read node i; nil for a kind of node that it does not know.
func Rewire(n Node, at func(int) int) Node {
	switch n := n.(type) {
	case *Scan, *Values:
		return n
	case *WorkTable:
		return n
	case *Series:
		c := *n
		if n.Input >= 0 {
			c.Input = at(n.Input)
		}
		return &c
	case *Filter:
		c := *n
		c.Input = at(n.Input)
		return &c
	case *Project:
		c := *n
		c.Input = at(n.Input)
		return &c
	case *Union:
		c := *n
		c.In = slices.Clone(n.In)
		for i := range c.In {
			c.In[i] = at(c.In[i])
		}
		return &c
	case *Window:
		c := *n
		c.Input = at(n.Input)
		return &c
	case *Session:
		c := *n
		c.Input = at(n.Input)
		return &c
	case *Buckets:
		c := *n
		c.Input = at(n.Input)
		return &c
	case *Versions:
		c := *n
		c.Input = at(n.Input)
		return &c
	case *TemporalFilter:
		c := *n
		c.Input = at(n.Input)
		return &c
	case *AsOf:
		c := *n
		c.Left_, c.Right_ = at(n.Left_), at(n.Right_)
		return &c
	case *Lookup:
		c := *n
		c.Left_, c.Right_ = at(n.Left_), at(n.Right_)
		return &c
	case *Join:
		c := *n
		c.Left_, c.Right_ = at(n.Left_), at(n.Right_)
		return &c
	case *DeltaJoin:
		c := *n
		c.In = slices.Clone(n.In)
		for i := range c.In {
			c.In[i] = at(c.In[i])
		}
		return &c
	case *Aggregate:
		c := *n
		c.Input = at(n.Input)
		return &c
	case *Distinct:
		c := *n
		c.Input = at(n.Input)
		return &c
	case *SetOp:
		c := *n
		c.Left_, c.Right_ = at(n.Left_), at(n.Right_)
		return &c
	case *TopN:
		c := *n
		c.Input = at(n.Input)
		return &c
	case *Over:
		c := *n
		c.Input = at(n.Input)
		return &c
	case *SingleRow:
		c := *n
		c.Input = at(n.Input)
		return &c
	case *Recurse:
		c := *n
		c.Base, c.Step, c.Work = at(n.Base), at(n.Step), at(n.Work)
		return &c
	case *Late:
		c := *n
		c.Input = at(n.Input)
		return &c
	case *Hold:
		c := *n
		c.Input = at(n.Input)
		return &c
	}
	return nil
}
