package pgcatalog

import (
	"bytes"
	"context"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"millrace/catalog"
	"millrace/internal/oracle"
	"millrace/types"
)

var update = flag.Bool("update", false, "write the files in data from the live PostgreSQL")

// TestData holds the files in data against PostgreSQL 15.
func TestData(t *testing.T) {
	c, err := pgconn.Connect(t.Context(), oracle.Require(t).NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.WithoutCancel(t.Context()))
	for file, query := range dataQueries {
		var b bytes.Buffer
		if _, err := c.CopyTo(t.Context(), &b, "COPY ("+query+") TO STDOUT"); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if *update {
			if err := os.WriteFile("data/"+file, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		// Later minor versions may add to the views.
		if got := strings.Join(lines(file), "\n") + "\n"; got != b.String() {
			t.Errorf("%s is not what PostgreSQL says; go test ./catalog/pgcatalog -update", file)
		}
	}
}

func source(rels ...*catalog.Relation) *Source {
	c := catalog.Empty(nil).Edit()
	for _, r := range rels {
		r.ID = c.NewID()
		if err := c.AddRelation(r); err != nil {
			panic(err)
		}
	}
	return &Source{Catalog: c.Snapshot(), Owner: "millrace", Database: "millrace", Known: func(string) bool { return true }}
}

// sample has a relation of each kind.
func sample() *Source {
	return source(
		&catalog.Relation{Schema: "public", Name: "t", Kind: catalog.Table, Key: []int{0}, PrimaryKeyName: "t_pkey", Comment: "a table",
			Columns: []catalog.Column{{Name: "id", T: types.Of(types.Int4), NotNull: true}, {Name: "b", T: types.T{Kind: types.Varchar, Mod: 14}, Default: "'x'", Comment: "a column"}}},
		&catalog.Relation{Schema: "public", Name: "bag", Kind: catalog.Table, Key: []int{1},
			Columns: []catalog.Column{{Name: "n", T: types.Of(types.Numeric)}, {Name: "rowid", T: types.Of(types.Int8), Hidden: true}}},
		&catalog.Relation{Schema: "public", Name: "checked", Kind: catalog.Table, Key: []int{0}, PrimaryKeyName: "checked_pkey",
			Checks:  []catalog.Check{{Name: "positive", Expr: "a > 0"}, {Name: "small", Expr: "a < 9"}},
			Columns: []catalog.Column{{Name: "a", T: types.Of(types.Int4)}, {Name: "twice", T: types.Of(types.Int4), Default: "a * 2", Generated: catalog.StoredExpr}}},
		&catalog.Relation{Schema: "public", Name: "s", Kind: catalog.Stream, Columns: []catalog.Column{{Name: "ts", T: types.Of(types.TimestampTZ)}}},
		&catalog.Relation{Schema: "public", Name: "v", Kind: catalog.View, Query: "SELECT id FROM t", DependsOn: []uint32{16384},
			Columns: []catalog.Column{{Name: "id", T: types.Of(types.Int4)}}},
		&catalog.Relation{Schema: "public", Name: "mv", Kind: catalog.MaterializedView, Query: "SELECT b, count(*) AS n FROM t GROUP BY b", Key: []int{0}, DependsOn: []uint32{16384},
			Columns: []catalog.Column{{Name: "b", T: types.Of(types.Text)}, {Name: "n", T: types.Of(types.Int8)}}},
		&catalog.Relation{Schema: "public", Name: "out", Kind: catalog.Sink, Query: "SELECT id FROM t", DependsOn: []uint32{16384}},
	)
}

// TestEveryRelationFills: whoever fills a relation names columns that it has and values of their types, and no NOT NULL
// column of PostgreSQL's catalogs is left NULL.
func TestEveryRelationFills(t *testing.T) {
	s := sample()
	filled := 0
	for _, r := range All() {
		b := r.Rows(s)
		name := r.Relation.Schema + "." + r.Relation.Name
		if r.fill == nil && b.N > 0 || b.N > 0 && len(b.Cols) != len(r.Relation.Columns) {
			t.Errorf("%s: %d rows, %d columns", name, b.N, len(b.Cols))
		}
		if r.fill != nil {
			filled++
		}
		for c, col := range b.Cols {
			if col.Len() != b.N {
				t.Fatalf("%s.%s: %d values in %d rows", name, r.Relation.Columns[c].Name, col.Len(), b.N)
			}
			for i := range b.N {
				if d := col.Datum(i); !d.Null { // whatever cannot be written is of another type
					types.AppendText(nil, col.Type, d, types.DefaultEnv)
				}
			}
		}
		if again := r.Rows(s); !r.session && r.fill != nil && again != b {
			t.Errorf("%s is computed again for the same catalog", name)
		}
	}
	if filled != len(contents) {
		t.Errorf("%d of %d relations with contents are relations of PostgreSQL", filled, len(contents))
	}
}

// TestObjectIDs: ids of different objects in one catalog differ.
func TestObjectIDs(t *testing.T) {
	s := sample()
	for _, r := range All() {
		if len(r.Relation.Columns) == 0 || r.Relation.Columns[0].Name != "oid" || r.fill == nil {
			continue
		}
		seen := map[int64]bool{}
		b := r.Rows(s)
		for i := range b.N {
			id := b.Cols[0].Datum(i).I
			if seen[id] || id <= 0 || id > 1<<31-1 {
				t.Errorf("%s: id %d", r.Relation.Name, id)
			}
			seen[id] = true
		}
	}
}

func TestCall(t *testing.T) {
	s := sample()
	path := []string{"pg_catalog", "public"}
	id := func(n int64) types.Datum { return types.NewInt(n) }
	for _, c := range []struct {
		name string
		args []types.Datum
		want string
	}{
		{"pg_table_is_visible", []types.Datum{id(16384)}, "1"},
		{"pg_table_is_visible", []types.Datum{id(99999)}, "0"},
		{"pg_get_userbyid", []types.Datum{id(10)}, "millrace"},
		{"pg_get_userbyid", []types.Datum{id(11)}, "unknown (OID=11)"},
		{"obj_description", []types.Datum{id(16384), types.NewString("pg_class")}, "a table"},
		{"obj_description", []types.Datum{id(16384), types.NewString("pg_type")}, "NULL"},
		{"col_description", []types.Datum{id(16384), id(2)}, "a column"},
		{"col_description", []types.Datum{id(16384), id(3)}, "NULL"},
		{"pg_get_viewdef", []types.Datum{id(16388)}, " SELECT id FROM t;"},
		{"pg_get_viewdef", []types.Datum{types.NewString("public.v")}, " SELECT id FROM t;"},
		{"pg_get_viewdef", []types.Datum{id(16384)}, "NULL"},
		{"pg_get_indexdef", []types.Datum{id(keyIndexOID + 16384)}, "CREATE UNIQUE INDEX t_pkey ON public.t USING btree (id)"},
		{"pg_get_indexdef", []types.Datum{id(keyIndexOID + 16384), id(1), types.NewBool(true)}, "id"},
		{"pg_get_constraintdef", []types.Datum{id(keyOID + 16384)}, "PRIMARY KEY (id)"},
		{"pg_get_constraintdef", []types.Datum{id(int64(partOID(16386, columnsMax-2)))}, "CHECK ((a < 9))"},
		{"pg_get_constraintdef", []types.Datum{id(int64(partOID(16386, columnsMax-2))), types.NewBool(true)}, "CHECK (a < 9)"},
		{"pg_get_constraintdef", []types.Datum{id(keyOID + 16388)}, "NULL"},
		{"pg_get_constraintdef", []types.Datum{id(1)}, "NULL"},
		{"pg_get_indexdef", []types.Datum{id(16384)}, "NULL"},
		{"pg_get_function_result", []types.Datum{id(1299)}, "timestamp with time zone"},
		{"pg_encoding_to_char", []types.Datum{id(6)}, "UTF8"},
	} {
		d, ok := Call(s, path, c.name, c.args)
		got := "NULL"
		switch {
		case !ok:
			got = "unknown function"
		case d.Null:
		case d.B != nil:
			got = string(d.B)
		case d.I == 1:
			got = "1"
		default:
			got = "0"
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if _, ok := Call(s, path, "no_such_function", nil); ok {
		t.Error("a function that does not exist was answered")
	}
}
