package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"millrace/catalog"
	"millrace/delta"
	"millrace/engine"
	"millrace/expr"
	"millrace/planner"
	"millrace/planner/physical"
	"millrace/sql/parser"
	"millrace/storage"
	"millrace/types"
)

// harness is an engine with the planner behind it, driven by query texts.
type harness struct {
	t   *testing.T
	eng *engine.Engine
	opt engine.Options
}

func planView(r *catalog.Relation, c *catalog.Snapshot) (*physical.Plan, string, error) {
	st, err := parser.ParseOne(r.Query)
	if err != nil {
		return nil, "", err
	}
	q, err := planner.PlanQuery(st.AST, &planner.Env{Catalog: c, SearchPath: []string{"public"}, View: true})
	if err != nil {
		return nil, "", err
	}
	return q.Plan, planner.Fingerprint(q.Plan), nil
}

func open(t *testing.T, opt engine.Options) *harness {
	t.Helper()
	opt.Plan = planView
	opt.Dir = "data"
	if opt.Clock == nil {
		opt.Clock = &engine.ManualClock{}
	}
	if opt.FS == nil {
		opt.FS = storage.NewMemFS()
	}
	eng, err := engine.Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	h := &harness{t: t, eng: eng, opt: opt}
	t.Cleanup(func() { h.close() })
	return h
}

func (h *harness) close() {
	if h.eng != nil {
		if err := h.eng.Close(); err != nil {
			h.t.Error(err)
		}
		h.eng = nil
	}
}

// reopen closes the engine and opens it on the same files.
func (h *harness) reopen() {
	h.t.Helper()
	h.close()
	eng, err := engine.Open(h.opt)
	if err != nil {
		h.t.Fatal(err)
	}
	h.eng = eng
}

func (h *harness) ddl(f func(*catalog.Edit) error) {
	h.t.Helper()
	if err := h.eng.DDL(context.Background(), f); err != nil {
		h.t.Fatal(err)
	}
}

// table creates a table with bigint columns, of which the first is the key; stream a stream of them.
func (h *harness) table(name string, cols ...string) {
	h.t.Helper()
	h.ddl(func(e *catalog.Edit) error {
		r := &catalog.Relation{ID: e.NewID(), Schema: "public", Name: name, Kind: catalog.Table, Key: []int{0}, PrimaryKeyName: name + "_pkey"}
		r.Columns = bigints(cols)
		r.Columns[0].NotNull = true
		return e.AddRelation(r)
	})
}

func (h *harness) stream(name string, cols ...string) {
	h.t.Helper()
	h.ddl(func(e *catalog.Edit) error {
		return e.AddRelation(&catalog.Relation{ID: e.NewID(), Schema: "public", Name: name, Kind: catalog.Stream, AppendOnly: true, Columns: bigints(cols)})
	})
}

func bigints(names []string) []catalog.Column {
	var out []catalog.Column
	for _, n := range names {
		out = append(out, catalog.Column{Name: n, T: types.Of(types.Int8)})
	}
	return out
}

// view creates a materialized view without waiting for it.
func (h *harness) view(name, query string, change ...func(*catalog.Relation)) uint32 {
	h.t.Helper()
	var id uint32
	h.ddl(func(e *catalog.Edit) error {
		id = e.NewID()
		r := &catalog.Relation{ID: id, Schema: "public", Name: name, Kind: catalog.MaterializedView, Query: query}
		st, err := parser.ParseOne(query)
		if err != nil {
			return err
		}
		q, err := planner.PlanQuery(st.AST, &planner.Env{Catalog: e.Snapshot(), SearchPath: []string{"public"}, View: true})
		if err != nil {
			return err
		}
		for _, c := range q.Columns {
			r.Columns = append(r.Columns, catalog.Column{Name: c.Name, T: c.T})
		}
		for i, t := range q.Plan.Nodes[q.Plan.Root()].Out().Types[len(q.Columns):] {
			r.Columns = append(r.Columns, catalog.Column{Name: fmt.Sprint("_h", i), T: t, Hidden: true})
		}
		r.Key, r.AppendOnly, r.DependsOn = q.Plan.Key, q.Plan.AppendOnly, q.DependsOn
		for _, f := range change {
			f(r)
		}
		return e.AddRelation(r)
	})
	return id
}

func (h *harness) rel(name string) *catalog.Relation {
	h.t.Helper()
	r, ok := h.eng.Catalog().Lookup("public", name)
	if !ok {
		h.t.Fatalf("no relation %q", name)
	}
	return r
}

// change is a row of bigints with a weight.
type change struct {
	weight int64
	row    []int64
}

func plus(row ...int64) change  { return change{1, row} }
func minus(row ...int64) change { return change{-1, row} }

func (h *harness) write(name string, changes ...change) engine.Write {
	r := h.rel(name)
	b := delta.NewBatch(r.Types(), len(changes))
	for _, c := range changes {
		row := make([]types.Datum, len(c.row))
		for i, v := range c.row {
			row[i] = types.NewInt(v)
		}
		b.AppendRow(row, c.weight)
	}
	return engine.Write{Relation: r, Batch: b}
}

func (h *harness) commit(writes ...engine.Write) error {
	_, err := h.eng.Commit(context.Background(), &engine.Txn{Writes: writes})
	return err
}

func (h *harness) mustCommit(writes ...engine.Write) {
	h.t.Helper()
	if err := h.commit(writes...); err != nil {
		h.t.Fatal(err)
	}
}

// plan plans an ad-hoc query and lists the relations it reads.
func (h *harness) plan(query string) (*physical.Plan, []uint32) {
	h.t.Helper()
	st, err := parser.ParseOne(query)
	if err != nil {
		h.t.Fatal(err)
	}
	q, err := planner.PlanQuery(st.AST, &planner.Env{Catalog: h.eng.Catalog(), SearchPath: []string{"public"}})
	if err != nil {
		h.t.Fatalf("%s: %v", query, err)
	}
	var ids []uint32
	for _, n := range q.Plan.Nodes {
		if s, ok := n.(*physical.Scan); ok {
			ids = append(ids, s.Relation)
		}
	}
	return q.Plan, ids
}

// rows runs a query and gives its rows as sorted text.
func (h *harness) rows(query string) []string {
	h.t.Helper()
	plan, ids := h.plan(query)
	read, err := h.eng.BeginRead(context.Background(), ids, nil)
	if err != nil {
		h.t.Fatalf("%s: %v", query, err)
	}
	defer read.Close()
	return h.runPlan(read, plan, query)
}

func (h *harness) runPlan(read *engine.Read, plan *physical.Plan, query string) []string {
	h.t.Helper()
	var out []string
	env := *types.DefaultEnv
	env.Now = read.Wall
	err := read.Run(context.Background(), &engine.Query{Plan: plan, Context: &expr.Context{Env: &env}, Emit: func(b *delta.Batch) error {
		for i := range b.N {
			var fields []string
			for _, v := range b.Cols[:len(plan.Columns)] {
				if v.IsNull(i) {
					fields = append(fields, "NULL")
				} else {
					fields = append(fields, string(types.AppendText(nil, v.Type, v.Datum(i), types.DefaultEnv)))
				}
			}
			for range b.Weight(i) {
				out = append(out, strings.Join(fields, ","))
			}
		}
		return nil
	}})
	if err != nil {
		h.t.Fatalf("%s: %v", query, err)
	}
	slices.Sort(out)
	return out
}

// same checks that a view's rows are those of its query.
func (h *harness) same(view, query string) {
	h.t.Helper()
	got, want := h.rows("SELECT * FROM "+view), h.rows(query)
	if !slices.Equal(got, want) {
		h.t.Fatalf("view %s differs from its query\n got %v\nwant %v", view, got, want)
	}
}
