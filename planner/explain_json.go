package planner

import (
	"strings"

	"millrace/planner/physical"
)

// jsonNode is an operator in EXPLAIN (FORMAT JSON). The names are PostgreSQL's where they mean the same.
type jsonNode struct {
	NodeType    string      `json:"Node Type"`
	Operator    int         `json:"Operator"`
	Details     string      `json:"Details,omitempty"`
	Output      []string    `json:"Output,omitempty"`
	AppendOnly  bool        `json:"Append Only,omitempty"`
	State       string      `json:"State,omitempty"`
	BoundedBy   string      `json:"State Bounded By,omitempty"`
	ActualRows  *int64      `json:"Actual Rows,omitempty"`
	RowsIn      *int64      `json:"Rows In,omitempty"`
	ActualTime  *float64    `json:"Actual Total Time,omitempty"` // milliseconds in the operator itself
	HeldBytes   int64       `json:"Held Bytes,omitempty"`
	StateRows   int64       `json:"State Rows,omitempty"`
	StateBytes  int64       `json:"State Bytes,omitempty"`
	Paths       []string    `json:"Paths,omitempty"` // of a delta join
	SeeOperator bool        `json:"Printed Above,omitempty"`
	Plans       []*jsonNode `json:"Plans,omitempty"`
}

// ExplainJSON prints a plan as PostgreSQL's EXPLAIN (FORMAT JSON) does: an array of one object with the member Plan.
func ExplainJSON(p *physical.Plan, f []Figures) (string, error) {
	return jsonPlan(jsonTree(p, f))
}

func jsonTree(p *physical.Plan, f []Figures) *jsonNode {
	x := &explainer{p: p, seen: make([]bool, len(p.Nodes)), figures: f}
	return x.json(p.Root())
}

func (x *explainer) json(i int) *jsonNode {
	n := x.p.Nodes[i]
	kind, details, _ := strings.Cut(x.describe(n), ": ")
	j := &jsonNode{NodeType: kind, Operator: i, Details: details}
	if x.seen[i] {
		j.SeeOperator = true
		return j
	}
	x.seen[i] = true
	o := n.Out()
	for c := range o.Types {
		j.Output = append(j.Output, name(o, c))
	}
	if !x.p.AdHoc {
		j.AppendOnly = o.AppendOnly
		if j.State = x.state(n); j.State != "" {
			j.BoundedBy = x.bound(n)
		}
	}
	if d, ok := n.(*physical.DeltaJoin); ok {
		j.Paths = x.paths(d)
	}
	if x.figures != nil {
		f := &x.figures[i]
		ms := float64(f.Nanos) / 1e6
		j.ActualRows, j.RowsIn, j.ActualTime = &f.RowsOut, &f.RowsIn, &ms
		j.HeldBytes, j.StateRows, j.StateBytes = f.HeldBytes, f.StateRows, f.StateBytes
	}
	for _, in := range n.Inputs() {
		j.Plans = append(j.Plans, x.json(in))
	}
	return j
}
