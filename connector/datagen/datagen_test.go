package datagen

import (
	"context"
	"errors"
	"testing"
	"unicode/utf8"

	"millrace/catalog"
	"millrace/connector"
	"millrace/delta"
	"millrace/types"
)

type stopped struct{ now int64 }

func (c *stopped) Now() int64 { return c.now }

func (c *stopped) Sleep(_ context.Context, until int64) error {
	c.now = until
	return nil
}

// generate reads a whole source of the given columns from an offset.
func generate(t *testing.T, rel *catalog.Relation, offset []byte) (*delta.Batch, []byte) {
	t.Helper()
	d := Definition()
	v, err := d.Check(rel.Options)
	if err != nil {
		t.Fatal(err)
	}
	src, err := d.Source(connector.SourceConfig{Relation: rel, Options: v, Offset: offset, Clock: &stopped{}})
	if err != nil {
		t.Fatal(err)
	}
	all := delta.NewBatch(rel.Types(), 0)
	for {
		b, at, err := src.Next(t.Context())
		if errors.Is(err, connector.ErrDone) {
			return all, offset
		}
		if err != nil {
			t.Fatal(err)
		}
		offset = at
		for i := range b.N {
			row := make([]types.Datum, len(b.Cols))
			for c, col := range b.Cols {
				row[c] = col.Datum(i)
			}
			all.AppendRow(row, 1)
		}
	}
}

func relation(rows, rate string, cols ...catalog.Column) *catalog.Relation {
	return &catalog.Relation{Name: "r", Kind: catalog.Stream, Columns: cols,
		Options: []catalog.Option{{Name: "connector", Value: "datagen"}, {Name: "rows", Value: rows}, {Name: "rate", Value: rate}, {Name: "cardinality", Value: "100000"}}}
}

func column(t *testing.T, name, typ string) catalog.Column {
	t.Helper()
	for _, c := range []struct {
		name string
		t    types.T
	}{
		{"varchar(6)", types.T{Kind: types.Varchar, Mod: 6 + 4}}, {"numeric(4,1)", types.T{Kind: types.Numeric, Mod: 4<<16 | 1 + 4}},
		{"smallint", types.Of(types.Int2)}, {"bigint", types.Of(types.Int8)}, {"timestamp(0)", types.T{Kind: types.Timestamp, Mod: 0}},
	} {
		if c.name == typ {
			return catalog.Column{Name: name, T: c.t}
		}
	}
	t.Fatalf("no type %s", typ)
	return catalog.Column{}
}

// TestValuesFitTheirColumns: text is cut to the column's length, numbers have its precision, and none is NULL.
func TestValuesFitTheirColumns(t *testing.T) {
	rel := relation("3000", "0", column(t, "label", "varchar(6)"), column(t, "price", "numeric(4,1)"), column(t, "n", "smallint"), column(t, "at", "timestamp(0)"))
	b, _ := generate(t, rel, nil)
	if b.N != 3000 {
		t.Fatalf("%d rows", b.N)
	}
	for i := range b.N {
		for c, col := range b.Cols {
			d := col.Datum(i)
			if d.Null {
				t.Fatalf("row %d: column %d is NULL", i, c)
			}
			if _, err := types.ApplyMod(rel.Columns[c].T, d, false); err != nil {
				t.Fatalf("row %d, column %s: %v", i, rel.Columns[c].Name, err)
			}
		}
		if label := b.Cols[0].Datum(i).B; utf8.RuneCount(label) > 6 {
			t.Fatalf("row %d: %q", i, label)
		}
		if at := b.Cols[3].Datum(i).I; at%1_000_000 != 0 {
			t.Fatalf("row %d: %d microseconds", i, at)
		}
	}
}

// TestResume: from the stored offset on come the rows that would have come.
func TestResume(t *testing.T) {
	cols := []catalog.Column{column(t, "id", "bigint"), column(t, "label", "varchar(6)")}
	whole, _ := generate(t, relation("2000", "1000", cols...), nil)
	first, offset := generate(t, relation("700", "1000", cols...), nil)
	rest, _ := generate(t, relation("2000", "1000", cols...), offset)
	if first.N+rest.N != whole.N {
		t.Fatalf("%d and %d rows instead of %d", first.N, rest.N, whole.N)
	}
	for i := range whole.N {
		part, at := first, i
		if i >= first.N {
			part, at = rest, i-first.N
		}
		for c := range cols {
			if got, want := part.Cols[c].Datum(at), whole.Cols[c].Datum(i); got.I != want.I || string(got.B) != string(want.B) {
				t.Fatalf("row %d, column %d: %v, want %v", i, c, got, want)
			}
		}
	}
}
