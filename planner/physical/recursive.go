package physical

// IterationsMax is how many iterations a recursive query may take.
const IterationsMax = 10_000

// Recurse computes a recursive query. Iteration 0 has the rows of Base, and iteration i+1 what Step makes of the rows of
// iteration i; with All every one of them, else only those that no earlier iteration had, each once. The output are the
// rows of all iterations.
//
// Step's output has the output's columns followed by the number of the iteration that a row was made from. Work is the
// WorkTable through which Step reads; the operators between the two serve no others.
type Recurse struct {
	Output
	Base, Step int
	Work       int
	All        bool
	Name       string // of the WITH query
	// Limit is the last iteration that may have rows: rows of a later one are errors.
	Limit int64
	// StopAfter > 0 says that only so many rows are needed, of the first iterations that have them (ad hoc only).
	StopAfter int64
}

// WorkTable gives the rows of a recursive query, and as the last column the number of the iteration that each is of. The
// Recurse that names it feeds it.
type WorkTable struct {
	Output
	Name string // of the WITH query
}

// Inputs lists the base and the step.
func (n *Recurse) Inputs() []int { return []int{n.Base, n.Step} }

// Inputs is empty: the rows come round from the Recurse.
func (n *WorkTable) Inputs() []int { return nil }

// InRecursion gives for each node the WorkTable that it depends on, or -1.
func (p *Plan) InRecursion() []int {
	of := make([]int, len(p.Nodes))
	for i, n := range p.Nodes {
		of[i] = -1
		if _, ok := n.(*WorkTable); ok {
			of[i] = i
			continue
		}
		r, ends := n.(*Recurse)
		for _, in := range n.Inputs() {
			if of[in] >= 0 && !(ends && of[in] == r.Work) {
				of[i] = of[in]
			}
		}
	}
	return of
}
