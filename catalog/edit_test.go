package catalog

import (
	"errors"
	"strings"
	"testing"

	"millrace/pgerr"
	"millrace/types"
)

func addRelation(t *testing.T, e *Edit, name string, kind Kind, dependsOn ...uint32) uint32 {
	t.Helper()
	id := e.NewID()
	r := &Relation{ID: id, Schema: PublicSchema, Name: name, Kind: kind, DependsOn: dependsOn,
		Columns: []Column{{Name: "a", T: types.Of(types.Int4)}}}
	if err := e.AddRelation(r); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestDropListsDependants(t *testing.T) {
	e := Empty(nil).Edit()
	base := addRelation(t, e, "t", Table)
	v := addRelation(t, e, "v", View, base)
	addRelation(t, e, "w", MaterializedView, v, base)

	_, err := e.Snapshot().Edit().Drop([]uint32{base}, false)
	var pe *pgerr.Error
	if !errors.As(err, &pe) || pe.Code != pgerr.DependentObjectsStillExist {
		t.Fatalf("drop with dependants: %v", err)
	}
	for _, want := range []string{"view v depends on table t", "materialized view w depends on view v"} {
		if !strings.Contains(pe.Detail, want) {
			t.Errorf("detail %q lacks %q", pe.Detail, want)
		}
	}

	removed, err := e.Drop([]uint32{base}, true)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range removed {
		names = append(names, r.Name)
	}
	if got := strings.Join(names, " "); got != "w v t" {
		t.Errorf("removed %q, want dependants first", got)
	}
}

func TestSnapshotsAreImmutable(t *testing.T) {
	e := Empty(nil).Edit()
	id := addRelation(t, e, "t", Table)
	before := e.Snapshot()
	e2 := before.Edit()
	if err := e2.Modify(id, func(r *Relation) { r.Name = "u"; r.Columns[0].Name = "b" }); err != nil {
		t.Fatal(err)
	}
	if r, ok := before.Lookup(PublicSchema, "t"); !ok || r.Columns[0].Name != "a" {
		t.Error("an edit changed the snapshot that it began from")
	}
	if _, ok := e2.Snapshot().Lookup(PublicSchema, "t"); ok {
		t.Error("the old name still resolves after a rename")
	}
}

func TestRecordsRoundTrip(t *testing.T) {
	e := Empty(nil).Edit()
	if err := e.AddSchema("s", "millrace"); err != nil {
		t.Fatal(err)
	}
	id := addRelation(t, e, "t", Table)
	recs, err := e.Records()
	if err != nil {
		t.Fatal(err)
	}
	s, err := Load(nil, recs)
	if err != nil {
		t.Fatal(err)
	}
	if r, ok := s.Relation(id); !ok || r.Columns[0].T != types.Of(types.Int4) {
		t.Errorf("relation after load: %+v", r)
	}
	if _, ok := s.Schema("s"); !ok {
		t.Error("schema lost")
	}
	if s.Edit().NewID() <= id {
		t.Error("an id would be used again")
	}
}

func TestNamesAreChecked(t *testing.T) {
	e := Empty(nil).Edit()
	addRelation(t, e, "t", Table)
	for _, c := range []struct {
		r    Relation
		code pgerr.Code
	}{
		{Relation{Schema: PublicSchema, Name: "t"}, pgerr.DuplicateTable},
		{Relation{Schema: "nowhere", Name: "t"}, pgerr.InvalidSchemaName},
		{Relation{Schema: PgCatalog, Name: "t"}, pgerr.InsufficientPrivilege},
		{Relation{Schema: PublicSchema, Name: "x", Columns: []Column{{Name: "a"}, {Name: "a"}}}, pgerr.DuplicateColumn},
	} {
		c.r.ID = e.NewID()
		if err := e.AddRelation(&c.r); pgerr.CodeOf(err) != c.code {
			t.Errorf("%s.%s: %v, want %s", c.r.Schema, c.r.Name, err, c.code)
		}
	}
}
