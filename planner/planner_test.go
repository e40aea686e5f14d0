package planner_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"millrace/catalog"
	"millrace/expr"
	"millrace/planner"
	"millrace/planner/rules"
	"millrace/sql/ast"
	"millrace/types"
)

// TestPlans runs the files of testdata. Commands:
//
//	ddl                         creates relations
//	plan [view] [verbose] [without=(rule,...)]   prints a query's plan, or its error
//	columns                     prints a query's result columns, parameters and notices, or its error
//	rule NAME [with=(rule,...)] [view]   prints a query's plan without and with a rule, all other rules turned off
//	dml                         prints what an INSERT, UPDATE or DELETE writes, or its error
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
			case "rule":
				return w.rule(t, d)
			case "dml":
				return w.dml(t, d.Input)
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

// rule shows what one rule does to a plan.
func (w *world) rule(t *testing.T, d *datadriven.TestData) string {
	name := d.CmdArgs[0].Key
	on := []string{"prune_columns"}
	for _, a := range d.CmdArgs {
		if a.Key == "with" {
			on = append(on, a.Vals...)
		}
	}
	if !slices.Contains(rules.Names(), name) {
		t.Fatalf("%s: there is no rule %s", d.Pos, name)
	}
	plan := func(on []string) string {
		env := w.env()
		env.View = d.HasArg("view")
		env.RowCounts = func([]uint32) map[uint32]int64 { return w.rows(t, d) }
		for _, r := range rules.Names() {
			if !slices.Contains(on, r) {
				env.DisabledRules = append(env.DisabledRules, r)
			}
		}
		q, err := planner.PlanQuery(parse(t, d.Input), env)
		if err != nil {
			return errorText(err, d.Input)
		}
		return planner.Explain(q.Plan, false)
	}
	if name == "prune_columns" {
		on = on[1:]
	}
	before, after := plan(on), plan(append(on, name))
	if before == after {
		return "unchanged:\n" + after
	}
	return "before:\n" + before + "after:\n" + after
}

// rows reads rows=(table, number, ...).
func (w *world) rows(t *testing.T, d *datadriven.TestData) map[uint32]int64 {
	rows := map[uint32]int64{}
	for _, a := range d.CmdArgs {
		for i := 0; a.Key == "rows" && i+1 < len(a.Vals); i += 2 {
			r, ok := w.cat.Lookup(catalog.PublicSchema, a.Vals[i])
			n, err := strconv.ParseInt(a.Vals[i+1], 10, 64)
			if !ok || err != nil {
				t.Fatalf("%s: rows of %s", d.Pos, a.Vals[i])
			}
			rows[r.ID] = n
		}
	}
	return rows
}

func (w *world) failure(t *testing.T, sql string, view bool) string {
	env := w.env()
	env.View = view
	stmt := parse(t, sql)
	var err error
	if _, ok := stmt.(*ast.Select); ok {
		_, err = planner.PlanQuery(stmt, env)
	} else {
		_, err = planDML(stmt, env)
	}
	if err != nil {
		return errorText(err, sql)
	}
	return "no error\n"
}

func planDML(stmt ast.Statement, env *planner.Env) (*planner.DML, error) {
	switch s := stmt.(type) {
	case *ast.Insert:
		return planner.PlanInsert(s, env)
	case *ast.Update:
		return planner.PlanUpdate(s, env)
	}
	return planner.PlanDelete(stmt.(*ast.Delete), env)
}

func (w *world) dml(t *testing.T, sql string) string {
	d, err := planDML(parse(t, sql), w.env())
	if err != nil {
		return errorText(err, sql)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", [...]string{"insert into", "update", "delete from"}[d.Kind], d.Relation.Name)
	if d.Conflict != nil && d.Conflict.Set == nil {
		b.WriteString(" on conflict do nothing")
	}
	b.WriteByte('\n')
	switch {
	case d.Rows != nil:
		ts := d.Rows.Types()
		for i := range d.Rows.N {
			var cells []string
			for j, x := range d.Rows.Row(i, nil) {
				cells = append(cells, expr.String(&expr.Const{Value: x, T: ts[j]}))
			}
			fmt.Fprintf(&b, "row (%s)\n", strings.Join(cells, ", "))
		}
	case d.ValueRows != nil:
		for _, row := range d.ValueRows {
			var cells []string
			for _, e := range row {
				cells = append(cells, expr.String(e))
			}
			fmt.Fprintf(&b, "values (%s)\n", strings.Join(cells, ", "))
		}
	default:
		b.WriteString(planner.Explain(d.Source, false))
	}
	if d.Returning != nil {
		var cells []string
		for i, e := range d.Returning {
			cells = append(cells, fmt.Sprintf("%s = %s (%s)", d.ReturningColumns[i].Name, expr.String(expr.Rewrite(e, numbered)), d.ReturningColumns[i].T))
		}
		fmt.Fprintf(&b, "returning %s\n", strings.Join(cells, ", "))
	}
	b.WriteString(paramLine(d.Params))
	return b.String()
}

// numbered shows columns by number.
func numbered(e expr.Expr) expr.Expr {
	if c, ok := e.(*expr.Column); ok {
		return &expr.Column{Index: c.Index, T: c.T}
	}
	return e
}

func paramLine(params []types.T) string {
	if len(params) == 0 {
		return ""
	}
	names := make([]string, len(params))
	for i, p := range params {
		names[i] = p.String()
	}
	return "Parameters: " + strings.Join(names, ", ") + "\n"
}

// TestEveryRuleHasItsFile checks that each rule is shown in a file of its own under testdata/rules.
func TestEveryRuleHasItsFile(t *testing.T) {
	for _, name := range rules.Names() {
		text, err := os.ReadFile(filepath.Join("testdata", "rules", name))
		if err != nil {
			t.Error(err)
			continue
		}
		if !strings.Contains(string(text), "rule "+name) && !strings.Contains(string(text), "plan") {
			t.Errorf("testdata/rules/%s does not show the rule", name)
		}
	}
}
