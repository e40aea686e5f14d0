package planner

import (
	"encoding/json"
	"fmt"
	"strings"

	"millrace/planner/physical"
)

// Measured is what was measured of a statement that EXPLAIN ANALYZE has run.
type Measured struct {
	// Plans has the figures of the operators of each plan that ran.
	Plans map[*physical.Plan][]Figures
	// Rows are the numbers of rows that each statement inserted, updated or deleted.
	Rows map[*DML]int64
}

func (m *Measured) plan(p *physical.Plan) []Figures {
	if m == nil {
		return nil
	}
	return m.Plans[p]
}

// verbs are the kinds of statements as EXPLAIN names them.
var verbs = [...]string{Insert: "Insert", Update: "Update", Delete: "Delete"}

// statement prints statements that change rows.
type statement struct {
	strings.Builder
	verbose bool
	m       *Measured // nil: it was not run
}

// ExplainDML prints a statement that changes rows, with the plans of its parts indented below it: where its rows come from, and
// what RETURNING and ON CONFLICT DO UPDATE compute by subqueries. The statements of its WITH clause follow. m is nil where it
// was not run.
func ExplainDML(d *DML, verbose bool, m *Measured) string {
	x := &statement{verbose: verbose, m: m}
	x.dml("", d)
	x.with(d.With)
	return x.String()
}

// ExplainModifying prints a query whose WITH clause has data-modifying statements; see [ExplainDML].
func ExplainModifying(q *Query, verbose bool, m *Measured) string {
	x := &statement{verbose: verbose, m: m}
	x.WriteString(ExplainFigures(q.Plan, verbose, m.plan(q.Plan)))
	x.with(q.With)
	return x.String()
}

func (x *statement) with(with []*With) {
	for _, w := range with {
		x.dml("With "+w.Name+": ", w.DML)
	}
}

func (x *statement) dml(prefix string, d *DML) {
	x.WriteString(prefix + verbs[d.Kind] + " on " + d.target())
	if n := d.constantRows(); n > 0 {
		x.WriteString(": " + plural(n, "constant row"))
	}
	if x.m != nil {
		fmt.Fprintf(x, " (%s)", plural(int(x.m.Rows[d]), "row"))
	}
	x.WriteByte('\n')
	x.plan("", d.Source)
	x.plan("On conflict:", d.ConflictPlan)
	x.plan("Returning:", d.ReturningPlan)
}

func (x *statement) plan(title string, p *physical.Plan) {
	if p == nil {
		return
	}
	indent := "  "
	if title != "" {
		x.WriteString(indent + title + "\n")
		indent += "  "
	}
	for line := range strings.Lines(ExplainFigures(p, x.verbose, x.m.plan(p))) {
		x.WriteString(indent + line)
	}
}

// target is the name of the relation that is changed.
func (d *DML) target() string {
	if d.Relation.Schema == "public" {
		return d.Relation.Name
	}
	return d.Relation.Schema + "." + d.Relation.Name
}

// constantRows is the number of rows of an INSERT that needs no plan.
func (d *DML) constantRows() int {
	if d.Rows != nil {
		return d.Rows.N
	}
	return len(d.ValueRows)
}

// jsonStatement is a statement in EXPLAIN (FORMAT JSON).
type jsonStatement struct {
	NodeType   string `json:"Node Type"`
	Name       string `json:"Subplan Name,omitempty"`
	Operation  string `json:"Operation,omitempty"`
	Relation   string `json:"Relation Name,omitempty"`
	ActualRows *int64 `json:"Actual Rows,omitempty"`
	Plans      []any  `json:"Plans,omitempty"`
}

// ExplainDMLJSON is ExplainDML as JSON, in the form of [ExplainJSON].
func ExplainDMLJSON(d *DML, m *Measured) (string, error) {
	out := jsonDML("", d, m)
	for _, w := range d.With {
		out.Plans = append(out.Plans, jsonDML("CTE "+w.Name, w.DML, m))
	}
	return jsonPlan(out)
}

// ExplainModifyingJSON is ExplainModifying as JSON.
func ExplainModifyingJSON(q *Query, m *Measured) (string, error) {
	out := &jsonStatement{NodeType: "Result", Plans: []any{jsonTree(q.Plan, m.plan(q.Plan))}}
	for _, w := range q.With {
		out.Plans = append(out.Plans, jsonDML("CTE "+w.Name, w.DML, m))
	}
	return jsonPlan(out)
}

func jsonPlan(plan any) (string, error) {
	out, err := json.MarshalIndent([]any{map[string]any{"Plan": plan}}, "", "  ")
	return string(out), err
}

func jsonDML(name string, d *DML, m *Measured) *jsonStatement {
	j := &jsonStatement{NodeType: "ModifyTable", Name: name, Operation: verbs[d.Kind], Relation: d.target()}
	if m != nil {
		n := m.Rows[d]
		j.ActualRows = &n
	}
	for _, p := range d.Plans() {
		j.Plans = append(j.Plans, jsonTree(p, m.plan(p)))
	}
	return j
}
