package physical

import "millrace/expr"

// TemporalFilter keeps the rows for which Pred is true at the time of the log, in a view: rows come and go as it moves on.
type TemporalFilter struct {
	Output
	Input int
	Pred  expr.Expr // over the input's columns followed by the time, a timestamptz
	Turns []Turn    // what Pred's outcome for a row changes by
	// Ends says that every row is out for good from some time on.
	Ends bool
}

// Turn is a condition over the input's columns followed by the time, whose outcome (true, false, NULL or a failure) changes
// once as the time goes on, or, where Monthly, once on each of the days 28 to 31 of a month, in UTC, and between those, and
// not again.
type Turn struct {
	Cond    expr.Expr
	Monthly bool
	// At, where not nil, gives the change directly: it is Shift microseconds after this timestamp or timestamptz over the
	// input's columns. Where that is NULL or infinite, there is none.
	At    expr.Expr
	Shift int64
}

// Inputs is the one input.
func (n *TemporalFilter) Inputs() []int { return []int{n.Input} }

// Clocked is true: the output changes as time goes on.
func (n *TemporalFilter) Clocked() bool { return true }

// Exprs lists the expressions that a node evaluates, nil for those that are absent.
func Exprs(n Node) []expr.Expr {
	var out []expr.Expr
	mapNode(n, func(e expr.Expr) expr.Expr { out = append(out, e); return e })
	return out
}
