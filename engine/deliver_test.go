package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"millrace/catalog"
	"millrace/engine"
	"millrace/planner"
	"millrace/sql/parser"
	"millrace/storage"
)

// sinkInto creates a sink that writes a query's rows, whose columns are those of the target, to it.
func (h *harness) sinkInto(name, target, query string) {
	h.t.Helper()
	h.ddl(func(e *catalog.Edit) error {
		st, err := parser.ParseOne(query)
		if err != nil {
			return err
		}
		q, err := planner.PlanQuery(st.AST, &planner.Env{Catalog: e.Snapshot(), SearchPath: []string{"public"}, View: true})
		if err != nil {
			return err
		}
		into, _ := e.Snapshot().Lookup("public", target)
		r := &catalog.Relation{ID: e.NewID(), Storage: e.NewID(), Schema: "public", Name: name, Kind: catalog.Sink, Into: into.ID, Query: query,
			AppendOnly: q.Plan.AppendOnly, DependsOn: q.DependsOn}
		for i, t := range q.Plan.Nodes[q.Plan.Root()].Out().Types {
			r.Columns = append(r.Columns, catalog.Column{Name: fmt.Sprint("c", i), T: t})
		}
		return e.AddRelation(r)
	})
}

// comesTo waits until two queries give the same rows.
func (h *harness) comesTo(query, want string) {
	h.t.Helper()
	end := time.Now().Add(20 * time.Second)
	for {
		a, b := h.rows(query), h.rows(want)
		if slices.Equal(a, b) {
			return
		}
		if time.Now().After(end) {
			h.t.Fatalf("%s: %v, want %v", query, a, b)
		}
	}
}

// TestDeliveryCrash takes what a crash would leave at many moments while sinks write to a stream and a table: after each
// the targets come to hold each row exactly once.
func TestDeliveryCrash(t *testing.T) {
	const copied, keyed = "SELECT g, v FROM s WHERE v >= 0", "SELECT g, count(*) AS n FROM t GROUP BY g"
	fs := storage.NewCrashFS()
	h := open(t, engine.Options{FS: fs, NoBackground: true})
	h.stream("s", "g", "v")
	h.table("t", "id", "g")
	h.stream("copy", "g", "v")
	h.table("counts", "g", "n")
	h.sinkInto("k", "copy", copied)
	h.sinkInto("l", "counts", keyed)
	r := rand.New(rand.NewPCG(5, 6))
	has := map[int64]int64{}
	for i := range int64(60) {
		h.mustCommit(h.write("s", plus(i, r.Int64N(9)-3), plus(i, r.Int64N(9)-3)))
		id := r.Int64N(20)
		var cs []change
		if g, ok := has[id]; ok {
			cs = append(cs, minus(id, g))
		}
		has[id] = r.Int64N(4)
		h.mustCommit(h.write("t", append(cs, plus(id, has[id]))...))
		switch {
		case i%11 == 0:
			h.comesTo("SELECT * FROM copy", copied)
		case i%7 == 0:
			if err := h.eng.Maintain(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		crashed := open(t, engine.Options{FS: fs.Crash(r.IntN(101), r)})
		crashed.comesTo("SELECT * FROM copy", copied)
		crashed.comesTo("SELECT * FROM counts", keyed)
		crashed.close()
	}
}
