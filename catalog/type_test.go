package catalog

import (
	"strings"
	"testing"

	"millrace/pgerr"
	"millrace/types"
)

// withTypes makes an enum, a composite type over its array, and a table with columns of both.
func withTypes(t *testing.T) (e *Edit, mood, person *Type) {
	t.Helper()
	e = Empty(nil).Edit()
	mood = &Type{Schema: PublicSchema, Name: "mood", Enum: true, Labels: types.EnumOrders([]string{"sad", "ok"})}
	if err := e.AddType(mood); err != nil {
		t.Fatal(err)
	}
	person = &Type{Schema: PublicSchema, Name: "person", Columns: []Column{{Name: "n", T: types.Of(types.Int4)}, {Name: "m", T: types.ArrayOf(mood.T())}}}
	if err := e.AddType(person); err != nil {
		t.Fatal(err)
	}
	err := e.AddRelation(&Relation{ID: e.NewID(), Schema: PublicSchema, Name: "t", Kind: Table,
		Columns: []Column{{Name: "m", T: mood.T()}, {Name: "p", T: types.ArrayOf(person.T())}}})
	if err != nil {
		t.Fatal(err)
	}
	return e, mood, person
}

// After a restart the types have the same object identifiers, and columns the identity of the loaded types.
func TestTypesSurviveLoad(t *testing.T) {
	e, mood, person := withTypes(t)
	recs, err := e.Records()
	if err != nil {
		t.Fatal(err)
	}
	s, err := Load(nil, recs)
	if err != nil {
		t.Fatal(err)
	}
	m, ok := s.LookupType(PublicSchema, "mood")
	if !ok || m.ID != mood.ID || m.ArrayID != mood.ArrayID {
		t.Fatalf("mood after load: %+v", m)
	}
	p, _ := s.LookupType(PublicSchema, "person")
	r, _ := s.Lookup(PublicSchema, "t")
	if r.Columns[0].T != m.T() || r.Columns[1].T != types.ArrayOf(p.T()) || p.Def.Attrs()[1].T != types.ArrayOf(m.T()) {
		t.Error("columns lost the identity of their types")
	}
	for oid, want := range map[uint32]types.T{mood.ID: m.T(), mood.ArrayID: types.ArrayOf(m.T()), person.ArrayID: types.ArrayOf(p.T()), 23: types.Of(types.Int4)} {
		if got, ok := s.TypeByOID(oid); !ok || got != want {
			t.Errorf("type %d is %v, want %v", oid, got, want)
		}
	}
	if _, ok := s.TypeByOID(person.ArrayID + 5); ok {
		t.Error("a type has an OID that nobody was given")
	}
	d, err := types.ParseText(r.Columns[1].T, []byte(`{"(1,\"{ok,sad}\")"}`), nil)
	if err != nil || d.Text(r.Columns[1].T) != `{"(1,\"{ok,sad}\")"}` {
		t.Errorf("value is %q, %v", d.Text(r.Columns[1].T), err)
	}
}

// A label may be written only after the edit that adds it is durable.
func TestLabelsAppearWhenPublished(t *testing.T) {
	e, mood, _ := withTypes(t)
	e = e.Snapshot().Edit()
	more, _ := types.EnumInsert(mood.Labels, "fine", 2)
	if err := e.ModifyType(mood.ID, func(t *Type) { t.Labels = more }); err != nil {
		t.Fatal(err)
	}
	if _, err := types.ParseText(mood.T(), []byte("fine"), nil); pgerr.CodeOf(err) != pgerr.InvalidTextRepresentation {
		t.Errorf("before it is published: %v", err)
	}
	e.Publish()
	if _, err := types.ParseText(mood.T(), []byte("fine"), nil); err != nil {
		t.Errorf("after it is published: %v", err)
	}
}

func TestDropTypes(t *testing.T) {
	e, mood, person := withTypes(t)
	_, err := e.Snapshot().Edit().DropTypes([]uint32{mood.ID}, false)
	pe, _ := err.(*pgerr.Error)
	if pe == nil || pe.Code != pgerr.DependentObjectsStillExist ||
		!strings.Contains(pe.Detail, "column m of table t depends on type mood") || !strings.Contains(pe.Detail, "column m of composite type person depends on type mood[]") {
		t.Errorf("drop of a type in use: %+v", pe)
	}
	if _, err := e.Snapshot().Edit().DropTypes([]uint32{mood.ID}, true); pgerr.CodeOf(err) != pgerr.FeatureNotSupported {
		t.Errorf("cascade to a column: %v", err)
	}
	r, _ := e.Snapshot().Lookup(PublicSchema, "t")
	if _, err := e.Drop([]uint32{r.ID}, false); err != nil {
		t.Fatal(err)
	}
	v := &Relation{ID: e.NewID(), Schema: PublicSchema, Name: "v", Kind: View, UsesTypes: []uint32{mood.ID}, Columns: []Column{{Name: "a", T: types.Of(types.Text)}}}
	if err := e.AddRelation(v); err != nil {
		t.Fatal(err)
	}
	removed, err := e.DropTypes([]uint32{mood.ID, person.ID}, true)
	if err != nil || len(removed) != 1 || removed[0].Name != "v" {
		t.Errorf("cascade removed %v, %v", removed, err)
	}
	if len(e.Snapshot().Types()) != 0 {
		t.Error("the types are still there")
	}
	if err := e.AddType(&Type{Schema: PublicSchema, Name: "mood", Enum: true}); err != nil {
		t.Errorf("the name is not free again: %v", err)
	}
}
