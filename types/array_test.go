package types

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"millrace/internal/testseed"
	"millrace/pgerr"
)

// randomArray builds an array of texts, integers or booleans with some NULLs and up to three dimensions.
func randomArray(rng *rand.Rand, elem T) (b []byte, elements []Datum, dims []ArrayDim) {
	n := 1
	for range rng.IntN(4) {
		d := ArrayDim{Len: 1 + rng.Int32N(4), Lower: 1}
		if rng.IntN(4) == 0 {
			d.Lower = rng.Int32N(20) - 10
		}
		dims = append(dims, d)
		n *= int(d.Len)
	}
	if len(dims) == 0 {
		n = 0
	}
	builder := NewArrayBuilder(elem)
	withNulls := rng.IntN(2) == 0
	for range n {
		var d Datum
		switch {
		case withNulls && rng.IntN(3) == 0:
			d = Null
		case elem.Kind == Text:
			d = NewString([]string{"", "a", "null", `q"\`, "two words", "{,}", "é\t", "NULL "}[rng.IntN(8)])
		case elem.Kind == Bool:
			d = NewBool(rng.IntN(2) == 0)
		case elem.Kind == Numeric:
			d = NewBytes(AppendNumeric(nil, rng.Int64()>>rng.IntN(60), rng.Int32N(5)))
		default:
			d = NewInt(int64(int32(rng.Uint32())) >> rng.IntN(32))
		}
		elements = append(elements, d)
		builder.Append(d)
	}
	return builder.BuildDims(nil, dims), elements, dims
}

var arrayElems = []T{Of(Text), Of(Int4), Of(Bool), Of(Numeric)}

// TestArrayForms checks that what was built is read, by Next, At and Index, and that text and binary forms carry all of it.
func TestArrayForms(t *testing.T) {
	seed := testseed.Seed()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	for range 4000 {
		elem := arrayElems[rng.IntN(len(arrayElems))]
		typ := ArrayOf(elem)
		b, elements, dims := randomArray(rng, elem)
		r := ReadArray(elem, b)
		if r.Len() != len(elements) || fmt.Sprint(r.Dims()) != fmt.Sprint(dims) {
			t.Fatalf("%x has %d elements in %v, want %d in %v", b, r.Len(), r.Dims(), len(elements), dims)
		}
		same := func(a, b Datum) bool { return a.Null == b.Null && a.I == b.I && bytes.Equal(a.B, b.B) }
		for i, want := range elements {
			if got := r.At(i); !same(got, want) {
				t.Fatalf("element %d of %x is %v, want %v", i, b, got, want)
			}
			if got, ok := r.Next(); !ok || !same(got, want) {
				t.Fatalf("element %d of %x is %v, want %v", i, b, got, want)
			}
			subscripts := make([]int64, len(dims))
			rest := i
			for k := len(dims) - 1; k >= 0; k-- {
				subscripts[k] = int64(dims[k].Lower) + int64(rest)%int64(dims[k].Len)
				rest /= int(dims[k].Len)
			}
			if got, ok := r.Index(subscripts...); !ok || got != i {
				t.Fatalf("element %v of %v has index %d, %v, want %d", subscripts, dims, got, ok, i)
			}
			subscripts[0] += int64(dims[0].Len)
			if _, ok := r.Index(subscripts...); ok {
				t.Fatalf("%v is within %v", subscripts, dims)
			}
		}
		if _, ok := r.Next(); ok {
			t.Fatalf("%x has more than %d elements", b, len(elements))
		}
		d := NewBytes(b)
		text := AppendText(nil, typ, d, nil)
		if back, err := ParseText(typ, text, nil); err != nil || !bytes.Equal(back.B, b) {
			t.Fatalf("%s reads as %x, %v, want %x", text, back.B, err, b)
		}
		wire := AppendBinary(nil, typ, d)
		if back, err := ParseBinary(typ, wire); err != nil || !bytes.Equal(back.B, b) {
			t.Fatalf("%x reads as %x, %v, want %x", wire, back.B, err, b)
		}
	}
}

// TestArraysMatchPostgres compares text, binary form and order of random arrays.
func TestArraysMatchPostgres(t *testing.T) {
	p := askPostgres(t)
	seed := testseed.Seed()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	var queries, ours []string
	ask := func(query, want string) {
		queries = append(queries, query)
		ours = append(ours, want)
	}
	for range 600 {
		elem := arrayElems[rng.IntN(len(arrayElems))]
		typ := ArrayOf(elem)
		a, _, _ := randomArray(rng, elem)
		b, _, _ := randomArray(rng, elem)
		if rng.IntN(3) == 0 {
			b = a
		}
		x := string(AppendText(nil, typ, NewBytes(a), nil))
		y := string(AppendText(nil, typ, NewBytes(b), nil))
		xs, ys := quote(x)+"::"+typ.String(), quote(y)+"::"+typ.String()
		ask("SELECT "+xs+"::text", x)
		ask("SELECT encode(array_send("+xs+"), 'hex')", fmt.Sprintf("%x", AppendBinary(nil, typ, NewBytes(a))))
		ask(fmt.Sprintf("SELECT btarraycmp(%s, %s)::text", xs, ys), fmt.Sprint(Compare(typ, NewBytes(a), NewBytes(b))))
	}
	p.compare(queries, ours)
}

func TestArrayBuild(t *testing.T) {
	b := NewArrayBuilder(Of(Int4))
	if got := NewBytes(b.Build(nil)).Text(ArrayOf(Of(Int4))); got != "{}" {
		t.Errorf("nothing builds %s", got)
	}
	b.Append(NewInt(1))
	b.Append(Null)
	if got := NewBytes(b.Build(nil)).Text(ArrayOf(Of(Int4))); got != "{1,NULL}" || b.Len() != 2 {
		t.Errorf("two elements build %s", got)
	}
	b.Reset(Of(Text))
	b.Append(NewString("a"))
	a := b.Build(nil)
	if got := NewBytes(a).Text(ArrayOf(Of(Text))); got != "{a}" {
		t.Errorf("after Reset one element builds %s", got)
	}
	r := ReadArray(Of(Text), a)
	if r.NumDims() != 1 || r.Dim(0) != (ArrayDim{1, 1}) || r.HasNulls() {
		t.Errorf("%d dimensions, first %v, NULLs %v", r.NumDims(), r.Dim(0), r.HasNulls())
	}
	if d := r.At(1); !d.Null {
		t.Errorf("beyond the end there is %v", d)
	}
	if _, ok := r.Index(1, 1); ok {
		t.Error("two subscripts find something in one dimension")
	}
}

func TestCheckArrayDims(t *testing.T) {
	for _, c := range []struct {
		dims []ArrayDim
		n    int
		code pgerr.Code
	}{
		{nil, 0, ""},
		{[]ArrayDim{{2, 1}, {3, -5}}, 6, ""},
		{[]ArrayDim{{arrayElementMax, 1}}, arrayElementMax, ""},
		{[]ArrayDim{{arrayElementMax, 1}, {2, 1}}, 0, pgerr.ProgramLimitExceeded},
		{[]ArrayDim{{1, 2147483647}}, 0, pgerr.ProgramLimitExceeded},
		{make([]ArrayDim, 7), 0, pgerr.ProgramLimitExceeded},
	} {
		n, err := CheckArrayDims(c.dims)
		if n != c.n || (err != nil) != (c.code != "") || err != nil && pgerr.CodeOf(err) != c.code {
			t.Errorf("%v: %d, %v", c.dims, n, err)
		}
	}
}

func TestArrayBinaryErrors(t *testing.T) {
	const head = "\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x17" // one dimension, no NULLs, int4
	for name, c := range map[string]struct {
		wire string
		code pgerr.Code
	}{
		"empty":              {"", pgerr.ProtocolViolation},
		"no element":         {head + "\x00\x00\x00\x01\x00\x00\x00\x01", pgerr.ProtocolViolation},
		"short element":      {head + "\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x04\x00", pgerr.ProtocolViolation},
		"negative length":    {head + "\x00\x00\x00\x01\x00\x00\x00\x01\xff\xff\xff\xfe", pgerr.ProtocolViolation},
		"junk":               {head + "\x00\x00\x00\x01\x00\x00\x00\x01\xff\xff\xff\xff!", pgerr.InvalidBinaryRepresentation},
		"huge":               {head + "\x07\xff\xff\xff\x00\x00\x00\x01\xff\xff\xff\xff", pgerr.ProtocolViolation},
		"too large":          {head + "\x7f\xff\xff\xff\x00\x00\x00\x01", pgerr.ProgramLimitExceeded},
		"negative dimension": {head + "\xff\xff\xff\xff\x00\x00\x00\x01", pgerr.ProgramLimitExceeded},
		"seven dimensions":   {"\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00\x17", pgerr.ProgramLimitExceeded},
		"minus one":          {"\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x17", pgerr.InvalidBinaryRepresentation},
		"flags":              {"\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x17", pgerr.InvalidBinaryRepresentation},
		"element type":       {"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x19", pgerr.DatatypeMismatch},
		"wrong element":      {head + "\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x02\x00\x01", pgerr.ProtocolViolation},
	} {
		if d, err := ParseBinary(ArrayOf(Of(Int4)), []byte(c.wire)); pgerr.CodeOf(err) != c.code {
			t.Errorf("%s: %x, %v, want %s", name, d.B, err, c.code)
		}
	}
}

// FuzzArrayBytes: bytes that are no array read as some array of bounded size.
func FuzzArrayBytes(f *testing.F) {
	testseed.Add(f, []byte{})
	testseed.Add(f, []byte{7})
	testseed.Add(f, []byte{0x09, 0xff, 0xff, 0xff, 0x3f})
	testseed.Add(f, []byte{0x12, 2, 1, 2, 5, 1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, elem := range arrayElems {
			r := ReadArray(elem, b)
			n := 0
			for {
				if _, ok := r.Next(); !ok {
					break
				}
				n++
			}
			if n > r.Len() {
				t.Fatalf("%d elements of %d", n, r.Len())
			}
			r.At(r.Len() / 2)
			if r.Len() < 1000 {
				AppendText(nil, ArrayOf(elem), NewBytes(b), nil)
				AppendBinary(nil, ArrayOf(elem), NewBytes(b))
				Hash(ArrayOf(elem), NewBytes(b), 0)
				Compare(ArrayOf(elem), NewBytes(b), NewBytes(nil))
			}
		}
	})
}
