package engine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"millrace/catalog"
	"millrace/delta"
	"millrace/engine"
	"millrace/storage"
	"millrace/types"
)

// index adds a unique index to a table.
func (h *harness) index(table, name string, cols ...int) error {
	return h.eng.DDL(context.Background(), func(e *catalog.Edit) error {
		t, _ := e.Snapshot().Lookup("public", table)
		return e.AddIndex(&catalog.Relation{ID: e.NewID(), Name: name, Index: &catalog.IndexDef{Table: t.ID, Columns: cols, Unique: true}})
	})
}

// widen writes a table anew with one more column.
func (h *harness) widen(table, column string, value int64) {
	h.t.Helper()
	txn := &engine.Txn{}
	err := h.eng.CommitDDL(context.Background(), txn, func(e *catalog.Edit) error {
		from, _ := e.Snapshot().Lookup("public", table)
		storageID := e.NewID()
		err := e.Modify(from.ID, func(t *catalog.Relation) {
			t.Columns, t.Storage = append(t.Columns, catalog.Column{Name: column, T: types.Of(types.Int8)}), storageID
		})
		to, _ := e.Snapshot().Relation(from.ID)
		txn.Rewrites = []engine.Rewrite{{From: from, To: to, Rows: func(b *delta.Batch) (*delta.Batch, error) {
			v := delta.NewVec(types.Of(types.Int8), b.N)
			for range b.N {
				v.Append(types.NewInt(value))
			}
			return &delta.Batch{Cols: append(slices.Clone(b.Cols), v), N: b.N}, nil
		}}}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// checkIndexes holds the entries of a table's indexes against its rows: as many, and one for each.
func (h *harness) checkIndexes(table string, rows int) {
	h.t.Helper()
	t := h.rel(table)
	snap := h.eng.Store().Snapshot()
	defer snap.Close()
	for _, x := range h.eng.Catalog().Indexes(t) {
		n := 0
		it := snap.ScanRows(x.StorageID(), nil, nil, false)
		for it.Next() {
			n++
			if _, found, err := snap.GetRow(t.StorageID(), it.Row(), nil); err != nil || !found {
				h.t.Fatalf("index %s has an entry for a row that is not there (%v)", x.Name, err)
			}
		}
		if err := it.Close(); err != nil {
			h.t.Fatal(err)
		}
		if n != rows {
			h.t.Fatalf("index %s has %d entries for %d rows", x.Name, n, rows)
		}
	}
}

// TestIndexesSurviveCrashes takes what a crash would leave after each of many commits, among them some that fill indexes
// and write the table anew, and checks that rows and index entries agree.
func TestIndexesSurviveCrashes(t *testing.T) {
	fs := storage.NewCrashFS()
	h := open(t, engine.Options{FS: fs, NoBackground: true})
	h.table("t", "id", "u")
	if err := h.index("t", "by_u", 1); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(7, 9))
	model := map[int64][]int64{}
	width, indexes := 2, 1
	for i := range 60 {
		switch {
		case i%13 == 12:
			h.widen("t", fmt.Sprintf("c%d", i), int64(i))
			width++
			for id := range model {
				model[id] = append(model[id], int64(i))
			}
		case i%13 == 6:
			indexes++
			if err := h.index("t", fmt.Sprintf("more_%d", i), 1, 0); err != nil {
				t.Fatal(err)
			}
		default:
			h.randomWrite(r, model, width)
		}
		crashed := open(t, engine.Options{FS: fs.Crash(r.IntN(101), r), NoBackground: true})
		var want []string
		for _, row := range model {
			want = append(want, commaJoined(row))
		}
		slices.Sort(want)
		if got := crashed.rows("SELECT * FROM t"); !slices.Equal(got, want) {
			t.Fatalf("after a crash at step %d: rows %v, want %v", i, got, want)
		}
		if n := len(crashed.eng.Catalog().Indexes(crashed.rel("t"))); n != indexes {
			t.Fatalf("after a crash at step %d: %d indexes, want %d", i, n, indexes)
		}
		crashed.checkIndexes("t", len(model))
		crashed.close()
	}
}

func commaJoined(row []int64) string {
	s := ""
	for i, v := range row {
		if i > 0 {
			s += ","
		}
		s += fmt.Sprint(v)
	}
	return s
}

// randomWrite changes one row; the model says whether another has its value.
func (h *harness) randomWrite(r *rand.Rand, model map[int64][]int64, width int) {
	h.t.Helper()
	id := r.Int64N(10)
	var cs []change
	old := model[id]
	if old != nil {
		cs = append(cs, minus(old...))
	}
	row := make([]int64, width)
	for i := range row {
		row[i] = r.Int64N(12)
	}
	row[0] = id
	cs = append(cs, plus(row...))
	taken := false
	for other, have := range model {
		taken = taken || other != id && have[1] == row[1]
	}
	err := h.commit(h.write("t", cs...))
	var con *engine.ConstraintError
	switch {
	case taken && !errors.As(err, &con):
		h.t.Fatalf("a second row with u = %d: %v", row[1], err)
	case !taken && err != nil:
		h.t.Fatal(err)
	case !taken:
		model[id] = row
	}
}

// TestIndexOverRows fills an index with rows that are there, and refuses one that they do not allow.
func TestIndexOverRows(t *testing.T) {
	h := open(t, engine.Options{})
	h.table("t", "id", "u")
	for i := range int64(100) {
		h.mustCommit(h.write("t", plus(i, i%50)))
	}
	var con *engine.ConstraintError
	if err := h.index("t", "bad", 1); !errors.As(err, &con) || con.Violated != engine.NotUnique {
		t.Fatalf("an index over equal values: %v", err)
	}
	if n := len(h.eng.Catalog().Indexes(h.rel("t"))); n != 0 {
		t.Fatalf("%d indexes after a failure", n)
	}
	if err := h.index("t", "good", 1, 0); err != nil {
		t.Fatal(err)
	}
	h.checkIndexes("t", 100)
	h.reopen()
	h.checkIndexes("t", 100)
}

// TestSequenceBlocks takes numbers across a planned stop, which loses none, and a crash, which may lose some but gives none
// twice.
func TestSequenceBlocks(t *testing.T) {
	fs := storage.NewCrashFS()
	h := open(t, engine.Options{FS: fs, NoBackground: true})
	h.ddl(func(e *catalog.Edit) error {
		return e.AddSequence(&catalog.Relation{ID: e.NewID(), Schema: "public", Name: "s",
			Sequence: &catalog.SequenceDef{T: types.Of(types.Int8), Start: 1, Increment: 1, Min: 1, Max: 1000, Cache: 1}})
	})
	take := func(h *harness) int64 {
		t.Helper()
		v, err := h.eng.NextValue(context.Background(), h.rel("s"))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	before, _ := h.eng.Epoch()
	for want := int64(1); want <= 20; want++ {
		if v := take(h); v != want {
			t.Fatalf("got %d, want %d", v, want)
		}
	}
	if after, _ := h.eng.Epoch(); after != before+1 {
		t.Fatalf("20 numbers took %d commits, want 1", after-before)
	}
	crashed := open(t, engine.Options{FS: fs.Crash(0, rand.New(rand.NewPCG(1, 2))), NoBackground: true})
	if v := take(crashed); v <= 20 || v > 20+32 {
		t.Fatalf("after a crash: %d", v)
	}
	crashed.close()
	h.reopen()
	if v := take(h); v != 21 {
		t.Fatalf("after a planned stop: %d, want 21", v)
	}
	for v := int64(0); v < 1000; {
		v = take(h)
	}
	if _, err := h.eng.NextValue(context.Background(), h.rel("s")); !errors.Is(err, engine.ErrSequenceEnd) {
		t.Fatalf("past the end: %v", err)
	}
}
