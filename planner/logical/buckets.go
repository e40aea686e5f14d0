package logical

import (
	"slices"

	"millrace/expr"
)

// Buckets cuts time into buckets of one size and gives a row once for each bucket that its times from Time + Lo to Time + Hi touch, with
// the bucket's start as the column Bucket, which is NULL where the time is.
type Buckets struct {
	Input        Node
	Time, Bucket ColID
	Size, Lo, Hi int64 // microseconds
}

// Inputs implements Node, as do the methods below.
func (n *Buckets) Inputs() []Node               { return []Node{n.Input} }
func (n *Buckets) WithInputs(in []Node) Node    { c := *n; c.Input = in[0]; return &c }
func (n *Buckets) Output() []ColID              { return append(slices.Clone(n.Input.Output()), n.Bucket) }
func (n *Buckets) Exprs() []expr.Expr           { return nil }
func (n *Buckets) WithExprs(_ []expr.Expr) Node { return n }

// bucketKeys tells the copies of a row apart.
func (a *Analysis) bucketKeys(n *Buckets) [][]ColID {
	keys := slices.Clone(a.Keys(n.Input))
	if n.Lo != n.Hi {
		for i, k := range keys {
			keys[i] = append(slices.Clone(k), n.Bucket)
		}
	}
	return keys
}

func (a *Analysis) bucketNotNull(n *Buckets) ColSet {
	s := a.NotNull(n.Input).Clone()
	if s.Has(n.Time) {
		s.Add(n.Bucket)
	}
	return s
}

// withoutBucket leaves the bucket out of the keys of a join's right side where the join equates it with a column of the left, whose row
// then tells which copy of a right row it has met.
func withoutBucket(n *Join, keys [][]ColID, equated []ColID) [][]ColID {
	b, ok := n.Right.(*Buckets)
	if !ok || !slices.Contains(equated, b.Bucket) {
		return keys
	}
	out := make([][]ColID, len(keys))
	for i, k := range keys {
		out[i] = slices.DeleteFunc(slices.Clone(k), func(id ColID) bool { return id == b.Bucket })
	}
	return out
}
