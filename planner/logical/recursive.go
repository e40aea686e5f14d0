package logical

import "millrace/expr"

// Recursive is a recursive query: the rows of Base, which are those of iteration 0, and of each iteration i+1 what Step
// makes of the rows of iteration i, until one gives none. With All every row counts; otherwise an iteration has only the
// rows that no earlier one had, each once. Cols[i] is BaseCols[i] and StepCols[i].
//
// Step reads the rows of an iteration from its WorkTable, with the iteration's number beside, and passes the number on
// as StepIteration: it is written for all iterations at once, grouping by the number wherever it combines rows.
type Recursive struct {
	Base, Step         Node
	Name               string // of the WITH query
	All                bool
	Cols               []ColID
	BaseCols, StepCols []ColID
	StepIteration      ColID
	Work               ColID // names the WorkTable: its Iteration
	// AppendOnly: no row of it is ever retracted.
	AppendOnly bool
}

// WorkTable gives the rows of a recursive query, with the number of the iteration that they came up in.
type WorkTable struct {
	Name      string // of the WITH query
	Cols      []ColID
	Iteration ColID // bigint
	// Outer are those of Cols that say for which row of a query around the recursion a row is.
	Outer []ColID
	// AppendOnly: no row of it is ever retracted, or comes up in another iteration.
	AppendOnly bool
}

// Inputs gives the base and the step.
func (n *Recursive) Inputs() []Node { return []Node{n.Base, n.Step} }

// WithInputs implements Node.
func (n *Recursive) WithInputs(in []Node) Node {
	c := *n
	c.Base, c.Step = in[0], in[1]
	return &c
}

// Output implements Node.
func (n *Recursive) Output() []ColID { return n.Cols }

// Exprs implements Node.
func (n *Recursive) Exprs() []expr.Expr { return nil }

// WithExprs implements Node.
func (n *Recursive) WithExprs([]expr.Expr) Node { return n }

// Inputs implements Node: what it reads comes round through the Recursive that it belongs to.
func (n *WorkTable) Inputs() []Node { return nil }

// WithInputs implements Node.
func (n *WorkTable) WithInputs([]Node) Node { return n }

// Output implements Node.
func (n *WorkTable) Output() []ColID { return append(n.Cols[:len(n.Cols):len(n.Cols)], n.Iteration) }

// Exprs implements Node.
func (n *WorkTable) Exprs() []expr.Expr { return nil }

// WithExprs implements Node.
func (n *WorkTable) WithExprs([]expr.Expr) Node { return n }
