package keys

import (
	"bytes"
	"fmt"
	"math"
	"math/rand"
	"net/netip"
	"testing"

	"millrace/delta"
	"millrace/internal/testseed"
	"millrace/types"
)

// newRand gives a source with a fresh seed, and prints the seed.
func newRand(t testing.TB) *rand.Rand {
	seed := int64(testseed.Seed())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewSource(seed))
}

func pick[E any](r *rand.Rand, s ...E) E { return s[r.Intn(len(s))] }

func randInt(r *rand.Rand) int64 {
	switch r.Intn(4) {
	case 0:
		return pick[int64](r, math.MinInt64, math.MaxInt64, 0, 1, -1, math.MinInt32, math.MaxInt32)
	case 1:
		return int64(r.Intn(7)) - 3
	case 2:
		return int64(1) << r.Intn(63)
	}
	return int64(r.Uint64())
}

func randFloat(r *rand.Rand) float64 {
	switch r.Intn(3) {
	case 0:
		return pick(r, 0, math.Copysign(0, -1), math.NaN(), math.Float64frombits(0xfff8000000000123),
			math.Inf(1), math.Inf(-1), math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64, math.MaxFloat64)
	case 1:
		return float64(r.Intn(9)-4) / 2
	}
	return math.Float64frombits(r.Uint64())
}

// randBytes gives short strings over a small alphabet that holds the bytes the encoding treats specially.
func randBytes(r *rand.Rand) []byte {
	b := make([]byte, r.Intn(5))
	for i := range b {
		b[i] = pick[byte](r, 0, 1, 2, 0xFE, 0xFF, 'a', 'b', ' ')
	}
	return b
}

func randNumeric(r *rand.Rand) []byte {
	switch r.Intn(8) {
	case 0:
		return types.AppendNumericNaN(nil)
	case 1:
		return types.AppendNumericInf(nil, pick(r, 1, -1))
	case 2:
		return types.AppendNumeric(nil, 0, int32(r.Intn(20)))
	case 3: // one value at many scales
		scale := int32(r.Intn(15))
		v := int64(pick(r, 1, -1, 12, -12, 10, 100, 5))
		for range scale {
			v *= 10
		}
		return types.AppendNumeric(nil, v, scale)
	case 4:
		return types.AppendNumeric(nil, randInt(r), int32(pick(r, 0, 1, 2, 18, 100, 300, 16000)))
	}
	var text []byte
	if r.Intn(2) == 0 {
		text = append(text, '-')
	}
	for range 1 + r.Intn(45) {
		text = append(text, pick[byte](r, '0', '0', '1', '9', '5'))
	}
	text = append(text, '.')
	for range r.Intn(30) {
		text = append(text, pick[byte](r, '0', '0', '1', '9'))
	}
	text = fmt.Appendf(text, "e%d", pick(r, 0, 0, 1, -1, 90, 110, -95, -120, 1000, -1000))
	b, err := types.ParseNumeric(nil, text)
	if err != nil {
		panic(err)
	}
	return b
}

func randInterval(r *rand.Rand) []byte {
	small := func() int32 { return int32(r.Intn(5) - 2) }
	iv := types.IntervalValue{Months: small(), Days: small() * pick[int32](r, 1, 30), Micros: int64(small()) * types.MicrosPerDay * pick[int64](r, 1, 30)}
	if r.Intn(3) == 0 {
		iv = types.IntervalValue{Months: int32(randInt(r)), Days: int32(randInt(r)), Micros: randInt(r)}
	}
	return iv.Encode(nil)
}

func randArray(r *rand.Rand, elem types.T) []byte {
	b := types.NewArrayBuilder(elem)
	dims := pick(r, nil, []types.ArrayDim{}, []types.ArrayDim{{Len: 2, Lower: 1}, {Len: 2, Lower: 1}},
		[]types.ArrayDim{{Len: 4, Lower: pick[int32](r, 1, 0, -3, math.MaxInt32)}}, []types.ArrayDim{{Len: 1, Lower: 1}, {Len: 4, Lower: 1}})
	n := r.Intn(4)
	if len(dims) > 0 {
		n = 4
	}
	for range n {
		if r.Intn(4) == 0 {
			b.Append(types.Null)
		} else {
			b.Append(randDatum(r, elem))
		}
	}
	if len(dims) > 0 {
		return b.BuildDims(nil, dims)
	}
	return b.Build(nil)
}

// randJSON gives the text of a JSON value.
func randJSON(r *rand.Rand, depth int) string {
	kinds := 8
	if depth == 0 {
		kinds = 6
	}
	switch r.Intn(kinds) {
	case 0:
		return "null"
	case 1:
		return pick(r, "true", "false")
	case 2:
		return pick(r, "0", "-0", "1", "1.0", "1e2", "100", "-5.25", "12345678901234567890123", "1e-30")
	case 3, 4, 5:
		return pick(r, `""`, `"a"`, `"ab"`, `"b"`, `"\u0001"`, `"é"`, `"\""`)
	case 6:
		s := "["
		for i := range r.Intn(4) {
			if i > 0 {
				s += ","
			}
			s += randJSON(r, depth-1)
		}
		return s + "]"
	}
	s := "{"
	for i := range r.Intn(4) {
		if i > 0 {
			s += ","
		}
		s += pick(r, `"a"`, `"b"`, `"aa"`, `""`) + ":" + randJSON(r, depth-1)
	}
	return s + "}"
}

// randDatum gives a value that is not NULL.
func randDatum(r *rand.Rand, t types.T) types.Datum {
	switch t.Rep() {
	case types.RepBool:
		return types.NewBool(r.Intn(2) == 0)
	case types.RepInt:
		return types.NewInt(randInt(r))
	case types.RepFloat:
		return types.NewFloat(randFloat(r))
	}
	switch t.Kind {
	case types.Numeric:
		return types.NewBytes(randNumeric(r))
	case types.Interval:
		return types.NewBytes(randInterval(r))
	case types.Array:
		return types.NewBytes(randArray(r, t.ElemType()))
	case types.JSONB:
		b, err := types.ParseJSONB([]byte(randJSON(r, 3)))
		if err != nil {
			panic(err)
		}
		return types.NewBytes(b)
	case types.UUID:
		u := make([]byte, 16)
		for i := range u {
			u[i] = pick[byte](r, 0, 0xFF, 0, 7)
		}
		return types.NewBytes(u)
	case types.Inet, types.CIDR:
		return types.NewBytes(randInet(r).Encode(nil))
	case types.Record:
		fields := make([]types.Datum, len(t.Def.Attrs()))
		for i, a := range t.Def.Attrs() {
			if fields[i] = types.Null; r.Intn(4) > 0 {
				fields[i] = randDatum(r, a.T)
			}
		}
		return types.NewBytes(types.AppendRow(nil, t, fields))
	}
	return types.NewBytes(randBytes(r))
}

// randInet gives addresses that often share their first bits.
func randInet(r *rand.Rand) types.InetValue {
	b := make([]byte, pick(r, 4, 16))
	for i := range b {
		b[i] = pick[byte](r, 0, 0, 0x80, 0xC0, 1, 10)
	}
	a, _ := netip.AddrFromSlice(b)
	return types.InetValue{Addr: a, Bits: r.Intn(8*len(b) + 1)}
}

// row is a type of rows with fields of several representations.
var row = types.RowOf([]types.Attr{{Name: "a", T: types.Of(types.Text)}, {Name: "b", T: types.Of(types.Numeric)}, {Name: "c", T: types.ArrayOf(types.Of(types.Int4))}})

var testTypes = []types.T{
	types.Of(types.Bool), types.Of(types.Int2), types.Of(types.Int8), types.Of(types.Float4), types.Of(types.Float8),
	types.Of(types.Numeric), types.Of(types.Text), types.Of(types.Bpchar), types.Of(types.Bytea), types.Of(types.Date),
	types.Of(types.Time), types.Of(types.TimestampTZ), types.Of(types.Interval), types.Of(types.UUID), types.Of(types.Name),
	types.ArrayOf(types.Of(types.Int4)), types.ArrayOf(types.Of(types.Text)), types.ArrayOf(types.Of(types.Numeric)),
	types.ArrayOf(types.Of(types.Bool)), types.Of(types.JSONB), types.ArrayOf(types.Of(types.JSONB)),
	types.Of(types.Enum), types.Of(types.Inet), types.Of(types.CIDR), row, types.ArrayOf(row),
	types.RowOf([]types.Attr{{Name: "a", T: row}, {Name: "b", T: types.Of(types.Inet)}}),
}

// wantOrder is the order that a key must have.
func wantOrder(t types.T, a, b types.Datum, desc, nullsFirst bool) int {
	switch {
	case a.Null && b.Null:
		return 0
	case a.Null || b.Null:
		if a.Null == nullsFirst {
			return -1
		}
		return 1
	}
	c := types.Compare(t, a, b)
	if desc {
		return -c
	}
	return c
}

func TestOrderIsThatOfValues(t *testing.T) {
	r := newRand(t)
	for _, typ := range testTypes {
		for range 3000 {
			a, b := randDatum(r, typ), randDatum(r, typ)
			if r.Intn(10) == 0 {
				a = types.Null
			}
			desc, nullsFirst := r.Intn(2) == 0, r.Intn(2) == 0
			checkOrder(t, typ, a, b, desc, nullsFirst)
		}
	}
}

func checkOrder(t *testing.T, typ types.T, a, b types.Datum, desc, nullsFirst bool) {
	t.Helper()
	ka := AppendDatum(nil, typ, a, desc, nullsFirst)
	kb := AppendDatum(nil, typ, b, desc, nullsFirst)
	if got, want := bytes.Compare(ka, kb), wantOrder(typ, a, b, desc, nullsFirst); got != want {
		t.Fatalf("type %v desc %v nulls first %v: keys of %+v and %+v compare as %d, values as %d\n%x\n%x",
			typ.Kind, desc, nullsFirst, a, b, got, want, ka, kb)
	}
	if len(ka) != len(kb) && (bytes.HasPrefix(ka, kb) || bytes.HasPrefix(kb, ka)) {
		t.Fatalf("type %v: one of the keys %x, %x is a prefix of the other", typ.Kind, ka, kb)
	}
}

// TestRowsOrderColumnByColumn checks that concatenated keys order rows lexicographically.
func TestRowsOrderColumnByColumn(t *testing.T) {
	r := newRand(t)
	for range 3000 {
		n := 1 + r.Intn(3)
		var ts []types.T
		var order []Order
		for i := range n {
			ts = append(ts, pick(r, testTypes...))
			order = append(order, Order{Col: i, Desc: r.Intn(2) == 0, NullsFirst: r.Intn(2) == 0})
		}
		b := delta.NewBatch(ts, 2)
		row := make([]types.Datum, n)
		for range 2 {
			for i := range row {
				if row[i] = randDatum(r, ts[i]); r.Intn(5) == 0 {
					row[i] = types.Null
				}
				if b.N == 1 && r.Intn(2) == 0 {
					row[i] = b.Cols[i].Datum(0)
				}
			}
			b.AppendRow(row, 1)
		}
		want := 0
		for i := 0; i < n && want == 0; i++ {
			want = wantOrder(ts[i], b.Cols[i].Datum(0), b.Cols[i].Datum(1), order[i].Desc, order[i].NullsFirst)
		}
		ka := AppendRowOrder(nil, b.Cols, order, 0)
		kb := AppendRowOrder(nil, b.Cols, order, 1)
		if got := bytes.Compare(ka, kb); got != want {
			t.Fatalf("types %v order %v: rows compare as %d, keys as %d", ts, order, want, got)
		}
		var kc KeyColumn
		AppendAllOrder(&kc, b, order)
		if !bytes.Equal(kc.Key(0), ka) || !bytes.Equal(kc.Key(1), kb) {
			t.Fatalf("types %v order %v: AppendAllOrder and AppendRowOrder differ", ts, order)
		}
	}
}

func TestAppendAllAgreesWithAppendRow(t *testing.T) {
	r := newRand(t)
	var kc KeyColumn
	for range 300 {
		n := r.Intn(4)
		ts := make([]types.T, n)
		cols := make([]int, n)
		for i := range ts {
			ts[i], cols[i] = pick(r, types.Of(types.Int4), types.Of(types.Int8), types.Of(types.Text), pick(r, testTypes...)), i
		}
		b := delta.NewBatch(ts, 0)
		withNulls := r.Intn(2) == 0
		for range r.Intn(70) {
			row := make([]types.Datum, n)
			for i := range row {
				if row[i] = randDatum(r, ts[i]); withNulls && r.Intn(5) == 0 {
					row[i] = types.Null
				}
			}
			b.AppendRow(row, 1)
		}
		kc.Reset()
		kc.Append([]byte("before")) // a column may already hold keys
		AppendAll(&kc, b, cols)
		if kc.Len() != b.N+1 || string(kc.Key(0)) != "before" {
			t.Fatalf("%d keys for %d rows", kc.Len()-1, b.N)
		}
		for i := range b.N {
			want := AppendRow(nil, b.Cols, i)
			if !bytes.Equal(kc.Key(i+1), want) || kc.Hash[i+1] != Hash(want) {
				t.Fatalf("types %v row %d: key %x, want %x", ts, i, kc.Key(i+1), want)
			}
		}
	}
}

// TestStoredForms pins keys and hashes: they are in stored data and must never change.
func TestStoredForms(t *testing.T) {
	num := func(s string) types.Datum {
		b, err := types.ParseNumeric(nil, []byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return types.NewBytes(b)
	}
	for _, c := range []struct {
		t    types.T
		d    types.Datum
		desc bool
		want string
	}{
		{types.Of(types.Int4), types.NewInt(5), false, "018000000000000005"},
		{types.Of(types.Int8), types.NewInt(-1), true, "018000000000000000"},
		{types.Of(types.Bool), types.NewBool(true), false, "0101"},
		{types.Of(types.Float8), types.NewFloat(1), false, "01bff0000000000000"},
		{types.Of(types.Text), types.NewString("a\x00b"), false, "016100ff620001"},
		{types.Of(types.Text), types.NewString("a"), true, "019efffe"},
		{types.Of(types.Bpchar), types.NewString("a  "), false, "01610001"},
		{types.Of(types.Numeric), num("123.4500"), false, "0140830d233300"},
		{types.Of(types.Numeric), num("-0.05"), false, "0120" + "80ccff"},
		{types.Of(types.Interval), types.NewBytes(types.IntervalValue{Days: 1}.Encode(nil)), false, "0180000000000000000000" + "00141dd76000"},
		{types.Of(types.Text), types.Null, false, "fe"},
	} {
		if got := fmt.Sprintf("%x", AppendDatum(nil, c.t, c.d, c.desc, false)); got != c.want {
			t.Errorf("key of %v %+v: %s, want %s", c.t.Kind, c.d, got, c.want)
		}
	}
	for _, c := range []struct {
		key  string
		want uint64
	}{
		{"", hashGolden0}, {"a", hashGolden1}, {"hello", hashGolden5}, {"\x01\x80\x00\x00\x00\x00\x00\x00\x05", hashGolden9},
		{"0123456789abcdef0123456789abcdef!", hashGolden33},
	} {
		if got := Hash([]byte(c.key)); got != c.want {
			t.Errorf("hash of %q: %#x, want %#x", c.key, got, c.want)
		}
	}
}

// TestHashSpreads checks that partitions and table positions of consecutive numbers are even: chi-squared with 255
// degrees of freedom stays below 400 for a good hash (its mean is 255, its deviation 23).
func TestHashSpreads(t *testing.T) {
	const n = 1 << 16
	for _, shift := range []int{56, 40, 20, 0} {
		var count [256]int
		for i := range n {
			count[byte(Hash(AppendDatum(nil, types.Of(types.Int8), types.NewInt(int64(i)), false, false))>>shift)]++
		}
		chi := 0.0
		for _, c := range count {
			d := float64(c) - n/256
			chi += d * d / (n / 256)
		}
		if chi > 400 {
			t.Errorf("bits from %d: chi-squared %.0f", shift, chi)
		}
	}
	seen := map[uint64]string{}
	for i := range n {
		for _, s := range []string{fmt.Sprint(i), fmt.Sprintf("key-%d-%d", i%7, i)} {
			h := Hash([]byte(s))
			if other, ok := seen[h]; ok && other != s {
				t.Fatalf("%q and %q collide", s, other)
			}
			seen[h] = s
		}
	}
}

func TestPrefixEnd(t *testing.T) {
	for _, c := range []struct{ in, want string }{{"a", "b"}, {"a\xff", "b"}, {"\xff\xff", ""}, {"", ""}, {"a\x00", "a\x01"}} {
		if got := PrefixEnd(nil, []byte(c.in)); string(got) != c.want {
			t.Errorf("PrefixEnd(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

// FuzzAppendDatum feeds bytes that need not be values: no panic, and the key still ends itself.
func FuzzAppendDatum(f *testing.F) {
	testseed.Add(f, []byte{0xF0, 0, 0}, []byte("x"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		for _, typ := range testTypes {
			if typ.Rep() == types.RepBytes {
				AppendDatum(nil, typ, types.NewBytes(a), false, false)
			}
		}
		ka := AppendDatum(nil, types.Of(types.Bytea), types.NewBytes(a), false, false)
		kb := AppendDatum(nil, types.Of(types.Bytea), types.NewBytes(b), false, false)
		if bytes.Compare(ka, kb) != bytes.Compare(a, b) {
			t.Fatalf("%x and %x", a, b)
		}
	})
}

func BenchmarkAppendAll(b *testing.B) {
	const n = 4096
	batch := delta.NewBatch([]types.T{types.Of(types.Int8), types.Of(types.Text), types.Of(types.Int8)}, n)
	for i := range n {
		batch.AppendRow([]types.Datum{types.NewInt(int64(i)), types.NewString(fmt.Sprintf("channel-%04d", i%1000)), types.NewInt(3)}, 1)
	}
	for _, c := range []struct {
		name string
		cols []int
	}{{"int", []int{0}}, {"int,int", []int{0, 2}}, {"int,text", []int{0, 1}}} {
		b.Run(c.name, func(b *testing.B) {
			var kc KeyColumn
			for b.Loop() {
				kc.Reset()
				AppendAll(&kc, batch, c.cols)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
		})
	}
}
