package types

import (
	"math/rand/v2"
	"slices"
	"testing"

	"millrace/internal/testseed"
	"millrace/pgerr"
)

// Labels put in at random places keep the sequence in which a list would have them, and the values of old ones.
func TestEnumInsertKeepsOrderAndValues(t *testing.T) {
	r := rand.New(rand.NewPCG(testseed.Seed(), 0))
	labels := EnumOrders([]string{"a", "b"})
	def := NewEnumDef(20000, 20001, "public", "letters", labels)
	want := []string{"a", "b"}
	values := map[string]int64{}
	for i := range 500 {
		text := string(rune('A'+i%26)) + string(rune('0'+i/26))
		at := r.IntN(len(labels) + 1)
		next, ok := EnumInsert(labels, text, at)
		if !ok {
			continue
		}
		labels = next
		want = slices.Insert(want, at, text)
		def.Redefine("public", "letters", labels)
		for j, l := range def.Labels() {
			if l.Text != want[j] {
				t.Fatalf("label %d is %q, want %q", j, l.Text, want[j])
			}
			if old, ok := values[l.Text]; ok && old != l.Order {
				t.Fatalf("the value of %q changed from %d to %d", l.Text, old, l.Order)
			}
			values[l.Text] = l.Order
		}
	}
	if len(labels) < 400 {
		t.Errorf("only %d labels found room", len(labels))
	}
	typ := def.Of()
	for i, text := range want {
		d, err := ParseText(typ, []byte(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(AppendText(nil, typ, d, nil)); got != text {
			t.Errorf("%q comes back as %q", text, got)
		}
		b, err := ParseBinary(typ, AppendBinary(nil, typ, d))
		if err != nil || b.I != d.I {
			t.Errorf("binary form of %q: %v, %v", text, b, err)
		}
		if i > 0 {
			if before, _ := ParseText(typ, []byte(want[i-1]), nil); Compare(typ, before, d) != -1 {
				t.Errorf("%q is not above %q", text, want[i-1])
			}
		}
	}
}

func TestEnumInsertRunsOutOfRoom(t *testing.T) {
	labels := EnumOrders([]string{"a", "b"})
	n := 0
	for {
		next, ok := EnumInsert(labels, "x", 1)
		if !ok {
			break
		}
		labels = next
		n++
	}
	if n < 30 || n > 33 {
		t.Errorf("%d labels fit between two", n)
	}
}

func TestEnumErrors(t *testing.T) {
	typ := NewEnumDef(20000, 20001, "shop", "mood", EnumOrders([]string{"ok"})).Of()
	_, err := ParseText(typ, []byte("bad"), nil)
	if pgerr.CodeOf(err) != pgerr.InvalidTextRepresentation || err.Error() != `invalid input value for enum shop.mood: "bad" (SQLSTATE 22P02)` {
		t.Errorf("error is %v", err)
	}
	if got := typ.String() + " " + ArrayOf(typ).String() + " " + ArrayOf(typ).Name(); got != "shop.mood shop.mood[] _mood" {
		t.Errorf("names are %s", got)
	}
	if typ.OID() != 20000 || ArrayOf(typ).OID() != 20001 || typ.ArrayOID() != 20001 || ArrayOf(typ).ElemType() != typ {
		t.Error("identity is lost in the array type")
	}
}
