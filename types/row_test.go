package types

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"testing"

	"millrace/internal/testseed"
	"millrace/pgerr"
)

// rowType is a composite type with fields of every representation, an enum, an array and a row among them.
func rowType() T {
	mood := NewEnumDef(30000, 30001, "public", "mood", EnumOrders([]string{"sad", "ok", "it's, \"odd\""})).Of()
	inner := NewRowDef(30002, 30003, "public", "inside", []Attr{{"a", Of(Text)}, {"b", Of(Int4)}}).Of()
	return NewRowDef(30004, 30005, "public", "outer", []Attr{
		{"t", Of(Text)}, {"i", Of(Int8)}, {"f", Of(Float8)}, {"b", Of(Bool)}, {"n", Of(Numeric)}, {"m", mood},
		{"arr", ArrayOf(Of(Text))}, {"row", inner}, {"rows", ArrayOf(inner)}, {"ip", Of(Inet)},
	}).Of()
}

func randomText(r *rand.Rand) []byte {
	const letters = `ab,"\(){} ` + "\n"
	b := make([]byte, r.IntN(5))
	for i := range b {
		b[i] = letters[r.IntN(len(letters))]
	}
	return b
}

// randomValue makes a value of a type, NULL now and then, out of few different ones, so that ties occur.
func randomValue(r *rand.Rand, t T) Datum {
	if r.IntN(5) == 0 {
		return Null
	}
	switch t.Kind {
	case Text:
		return NewBytes(randomText(r))
	case Int4, Int8:
		return NewInt(int64(r.IntN(4) - 2))
	case Float8:
		return NewFloat(float64(r.IntN(4)) / 2)
	case Bool:
		return NewBool(r.IntN(2) == 0)
	case Numeric:
		return NewBytes(NumericFromInt(nil, int64(r.IntN(3))))
	case Enum:
		labels := t.Def.Labels()
		return NewInt(labels[r.IntN(len(labels))].Order)
	case Inet:
		texts := []string{"10.0.0.1", "10.0.0.0/8", "10.0.0.0/9", "::1", "10.128.0.0/9"}
		v, _ := ParseInet([]byte(texts[r.IntN(len(texts))]), false)
		return NewBytes(v.Encode(nil))
	case Array:
		b := NewArrayBuilder(t.ElemType())
		for range r.IntN(3) {
			b.Append(randomValue(r, t.ElemType()))
		}
		return NewBytes(b.Build(nil))
	}
	fields := make([]Datum, len(t.Def.Attrs()))
	for i, a := range t.Def.Attrs() {
		fields[i] = randomValue(r, a.T)
	}
	return NewBytes(AppendRow(nil, t, fields))
}

func TestRowsComeBack(t *testing.T) {
	seed := testseed.Seed()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	typ := rowType()
	for range 2000 {
		d := randomValue(r, typ)
		if d.Null {
			continue
		}
		text := AppendText(nil, typ, d, nil)
		back, err := ParseText(typ, text, nil)
		if err != nil || !bytes.Equal(back.B, d.B) {
			t.Fatalf("text %s comes back as %s, %v", text, AppendText(nil, typ, back, nil), err)
		}
		back, err = ParseBinary(typ, AppendBinary(nil, typ, d))
		if err != nil || !bytes.Equal(back.B, d.B) {
			t.Fatalf("the binary form of %s comes back as %s, %v", text, AppendText(nil, typ, back, nil), err)
		}
		for i, a := range typ.Def.Attrs() {
			if f := RowField(typ, d.B, i); !f.Null && a.T.Is(Text) && !bytes.Contains(text, f.B[:min(len(f.B), 1)]) {
				t.Fatalf("field %d of %s is %q", i, text, f.B)
			}
		}
	}
}

func TestRowOrderAndHash(t *testing.T) {
	seed := testseed.Seed()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	typ := RowOf([]Attr{{"f1", Of(Int4)}, {"f2", ArrayOf(Of(Int4))}, {"f3", Of(Numeric)}})
	var all []Datum
	for len(all) < 120 {
		if d := randomValue(r, typ); !d.Null {
			all = append(all, d)
		}
	}
	for _, a := range all {
		for _, b := range all {
			c := Compare(typ, a, b)
			if c != -Compare(typ, b, a) {
				t.Fatalf("%s and %s compare one way only", a.Text(typ), b.Text(typ))
			}
			if c == 0 && Hash(typ, a, 7) != Hash(typ, b, 7) {
				t.Fatalf("%s and %s are equal and hash apart", a.Text(typ), b.Text(typ))
			}
			for _, m := range all[:20] {
				if c <= 0 && Compare(typ, b, m) <= 0 && Compare(typ, a, m) > 0 {
					t.Fatalf("%s, %s, %s are not in order", a.Text(typ), b.Text(typ), m.Text(typ))
				}
			}
		}
	}
}

// The same fields are one type; what nobody uses any more goes.
func TestRowTypesAreInterned(t *testing.T) {
	fields := []Attr{{"only here", Of(Int4)}, {"b", ArrayOf(Of(Text))}}
	a, b := RowOf(fields), RowOf([]Attr{{"only here", Of(Int4)}, {"b", ArrayOf(Of(Text))}})
	if a != b {
		t.Error("rows with the same fields are of different types")
	}
	if c := RowOf([]Attr{{"only here", Of(Int8)}, {"b", ArrayOf(Of(Text))}}); c == a {
		t.Error("rows with different fields are of one type")
	}
	runtime.KeepAlive(a.Def)
	if shapes.defs[shapeKey(fields)].Value() != a.Def {
		t.Error("the type is not kept while it is in use")
	}
}

func TestRowTypeNestsBounded(t *testing.T) {
	typ := Of(Int4)
	for level := 1; ; level++ {
		typ = RowOf([]Attr{{"f1", typ}})
		if err := typ.Def.CheckDepth(); err != nil {
			if level != rowDepthMax+1 || pgerr.CodeOf(err) != pgerr.StatementTooComplex {
				t.Errorf("level %d: %v", level, err)
			}
			return
		}
	}
}

// Damaged rows read as something, and never beyond their bytes.
func TestDamagedRows(t *testing.T) {
	seed := testseed.Seed()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 2))
	typ := rowType()
	for range 5000 {
		d := randomValue(r, typ)
		b := bytes.Clone(d.B)
		for range 1 + r.IntN(3) {
			if len(b) > 0 {
				b[r.IntN(len(b))] = byte(r.Uint32())
			}
		}
		if len(b) > 0 {
			b = b[:r.IntN(len(b)+1)]
		}
		bad := NewBytes(b)
		AppendText(nil, typ, bad, nil)
		AppendBinary(nil, typ, bad)
		Compare(typ, bad, bad)
		Hash(typ, bad, 0)
	}
}

func FuzzParseRow(f *testing.F) {
	typ := rowType()
	testseed.Add(f, []byte(`(a,1,1.5,t,2,ok,"{x,""y z""}","(b,2)","{""(c,3)""}",10.0.0.0/8)`), false)
	testseed.Add(f, []byte(`(,,,,,,,,,)`), false)
	testseed.Add(f, AppendBinary(nil, typ, NewBytes(AppendRow(nil, typ, make([]Datum, 10)))), true)
	f.Fuzz(func(t *testing.T, b []byte, binary bool) {
		parse := ParseBinary
		if !binary {
			parse = func(t T, b []byte) (Datum, error) { return ParseText(t, b, nil) }
		}
		d, err := parse(typ, b)
		if err != nil {
			return
		}
		back, err := ParseText(typ, AppendText(nil, typ, d, nil), nil)
		if err != nil || Compare(typ, back, d) != 0 {
			t.Fatalf("%s comes back as %s, %v", d.Text(typ), back.Text(typ), err)
		}
	})
}

func FuzzParseInet(f *testing.F) {
	for _, s := range []string{"10.0.0.1/8", "::1", "::ffff:1.2.3.4/120", "1:0:0:2::", "224", "10.1/16"} {
		testseed.Add(f, []byte(s), false)
		testseed.Add(f, []byte(s), true)
	}
	f.Fuzz(func(t *testing.T, b []byte, cidr bool) {
		typ := Of(Inet)
		if cidr {
			typ = Of(CIDR)
		}
		d, err := ParseText(typ, b, nil)
		if err != nil {
			return
		}
		back, err := ParseText(typ, AppendText(nil, typ, d, nil), nil)
		if err != nil || !bytes.Equal(back.B, d.B) {
			t.Fatalf("%s comes back as %s, %v", d.Text(typ), back.Text(typ), err)
		}
		if back, err = ParseBinary(typ, AppendBinary(nil, typ, d)); err != nil || !bytes.Equal(back.B, d.B) {
			t.Fatalf("the binary form of %s comes back as %s, %v", d.Text(typ), back.Text(typ), err)
		}
		AppendCIDRAbbrev(nil, DecodeInet(d.B))
	})
}
