package planner_test

import (
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"millrace/planner"
)

// TestPlans runs the files of testdata. Commands:
//
//	ddl                         creates relations
//	plan [view] [verbose] [without=(rule,...)]   prints a query's plan, or its error
//	columns                     prints a query's result columns, parameters and notices, or its error
//	errors                      prints the error of each statement; statements are separated by a line of ---
func TestPlans(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		w := newWorld()
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "ddl":
				if err := w.ddl(d.Input); err != nil {
					return errorText(err, d.Input)
				}
				return "ok\n"
			case "plan", "columns":
				return w.query(t, d)
			case "errors":
				var b strings.Builder
				for i, sql := range strings.Split(d.Input, "\n---\n") {
					if i > 0 {
						b.WriteString("---\n")
					}
					b.WriteString(w.failure(t, sql, d.HasArg("view")))
				}
				return b.String()
			}
			t.Fatalf("%s: unknown command %s", d.Pos, d.Cmd)
			return ""
		})
	})
}

func (w *world) query(t *testing.T, d *datadriven.TestData) string {
	env := w.env()
	env.View = d.HasArg("view")
	for _, a := range d.CmdArgs {
		if a.Key == "without" {
			env.DisabledRules = a.Vals
		}
	}
	q, err := planner.PlanQuery(parse(t, d.Input), env)
	if err != nil {
		return errorText(err, d.Input)
	}
	if d.Cmd == "columns" {
		return resultLine(q)
	}
	return planner.Explain(q.Plan, d.HasArg("verbose"))
}

func (w *world) failure(t *testing.T, sql string, view bool) string {
	env := w.env()
	env.View = view
	if _, err := planner.PlanQuery(parse(t, sql), env); err != nil {
		return errorText(err, sql)
	}
	return "no error\n"
}
