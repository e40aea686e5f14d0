package codec

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"math/rand"
	"slices"
	"testing"

	"millrace/delta"
	"millrace/internal/testseed"
	"millrace/types"
)

func newRand(t testing.TB) *rand.Rand {
	seed := int64(testseed.Seed())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewSource(seed))
}

func pick[E any](r *rand.Rand, s ...E) E { return s[r.Intn(len(s))] }

var testTypes = []types.T{
	types.Of(types.Bool), types.Of(types.Int4), types.Of(types.Int8), types.Of(types.Float8), types.Of(types.Numeric),
	types.Of(types.Text), types.Of(types.Bytea), types.Of(types.Timestamp), types.Of(types.UUID), types.Of(types.JSONB),
}

// generator makes the values of one column in one of the shapes that the encodings look for.
func generator(r *rand.Rand, t types.T) func(i int) types.Datum {
	switch t.Rep() {
	case types.RepBool:
		return func(int) types.Datum { return types.NewBool(r.Intn(3) == 0) }
	case types.RepInt:
		base, step, width := r.Int63()-r.Int63(), int64(r.Intn(1000)), r.Intn(64)
		shapes := []func(i int) int64{
			func(int) int64 { return base },
			func(i int) int64 { return base + int64(i)*step },
			func(int) int64 { return r.Int63() >> width },
			func(int) int64 { return pick[int64](r, math.MinInt64, math.MaxInt64, 0, -1) },
			func(i int) int64 { return base + int64(i)*step + int64(r.Intn(50)) },
		}
		f := shapes[r.Intn(len(shapes))]
		return func(i int) types.Datum { return types.NewInt(f(i)) }
	case types.RepFloat:
		shape := r.Intn(3)
		return func(int) types.Datum {
			switch shape {
			case 0:
				return types.NewFloat(float64(r.Intn(100000)) / 100)
			case 1:
				return types.NewFloat(pick(r, 0, math.Copysign(0, -1), math.NaN(), math.Inf(1), 1e300, 0.1, 1e15))
			}
			return types.NewFloat(math.Float64frombits(r.Uint64()))
		}
	}
	if t.Kind == types.Numeric {
		scale, mixed := int32(r.Intn(4)), r.Intn(2) == 0
		return func(int) types.Datum {
			if mixed && r.Intn(4) == 0 {
				return types.NewBytes(pick(r, types.AppendNumericNaN(nil), types.AppendNumeric(nil, 7, 1000), types.AppendNumeric(nil, 5, 9)))
			}
			return types.NewBytes(types.AppendNumeric(nil, r.Int63n(1e6)-5e5, scale))
		}
	}
	distinct, size := 1+r.Intn(300), r.Intn(60)
	text := r.Intn(2) == 0
	return func(int) types.Datum {
		n := r.Intn(distinct)
		if text {
			return types.NewString(fmt.Sprintf("value %d %s", n, "a long common tail of words, words, words"[:size%40]))
		}
		b := make([]byte, r.Intn(size+1))
		r.Read(b)
		return types.NewBytes(b)
	}
}

func randBatch(r *rand.Rand) (*delta.Batch, []types.T) {
	ts := make([]types.T, r.Intn(5))
	gens := make([]func(int) types.Datum, len(ts))
	nulls := make([]int, len(ts))
	for i := range ts {
		ts[i] = pick(r, testTypes...)
		gens[i] = generator(r, ts[i])
		nulls[i] = pick(r, 0, 0, 10, 50, 100)
	}
	b := delta.NewBatch(ts, 0)
	weights := r.Intn(3)
	row := make([]types.Datum, len(ts))
	for i := range pick(r, 0, 1, 2, 7, 64, 65, 127, 128, 129, 300, 1000) {
		for c := range row {
			if row[c] = gens[c](i); r.Intn(100) < nulls[c] {
				row[c] = types.Null
			}
		}
		w := int64(1)
		if weights > 0 {
			w = pick[int64](r, 1, -1, int64(weights)*int64(r.Intn(100))-50)
		}
		b.AppendRow(row, w)
	}
	return b, ts
}

func sameDatum(a, b types.Datum) bool {
	return a.Null == b.Null && (a.Null || a.I == b.I && bytes.Equal(a.B, b.B))
}

// requireSame compares two batches value by value, exactly.
func requireSame(t *testing.T, got, want *delta.Batch, cols []int) {
	t.Helper()
	if got.N != want.N || len(got.Cols) != len(cols) || (got.Weights == nil) != (want.Weights == nil) ||
		!slices.Equal(got.Weights, want.Weights) {
		t.Fatalf("got %d rows, %d columns, weights %v; want %d, %d, %v", got.N, len(got.Cols), got.Weights, want.N, len(cols), want.Weights)
	}
	for i, c := range cols {
		if got.Cols[i].Len() != want.N {
			t.Fatalf("column %d has %d rows, want %d", c, got.Cols[i].Len(), want.N)
		}
		for row := range want.N {
			if g, w := got.Cols[i].Datum(row), want.Cols[c].Datum(row); !sameDatum(g, w) {
				t.Fatalf("column %d (%v) row %d: %+v, want %+v", c, want.Cols[c].Type.Kind, row, g, w)
			}
		}
	}
}

func allCols(n int) []int {
	cols := make([]int, n)
	for i := range cols {
		cols[i] = i
	}
	return cols
}

func TestBatchRoundTrip(t *testing.T) {
	r := newRand(t)
	for range 400 {
		b, ts := randBatch(r)
		if b.N > 3 && r.Intn(2) == 0 { // offsets that do not begin at 0
			b = b.Slice(1, b.N-1)
		}
		enc := Encode([]byte("before"), b)
		src := enc[len("before"):]
		if n, err := Rows(src); err != nil || n != b.N {
			t.Fatalf("Rows: %d, %v, want %d", n, err, b.N)
		}
		got, err := Decode(src, ts, nil)
		if err != nil {
			t.Fatal(err)
		}
		requireSame(t, got, b, allCols(len(ts)))
		cols := r.Perm(len(ts))[:r.Intn(len(ts)+1)]
		if cols == nil {
			cols = []int{}
		}
		if got, err = Decode(src, ts, cols); err != nil {
			t.Fatal(err)
		}
		requireSame(t, got, b, cols)
	}
}

func TestEveryDamageIsNoticed(t *testing.T) {
	r := newRand(t)
	for range 30 {
		b, ts := randBatch(r)
		enc := Encode(nil, b)
		for range 50 {
			bad := slices.Clone(enc)
			bad[r.Intn(len(bad))] ^= 1 << r.Intn(8)
			if _, err := Decode(bad, ts, nil); !errors.Is(err, ErrCorrupt) {
				t.Fatalf("a flipped bit gave %v", err)
			}
		}
		if _, err := Decode(enc[:r.Intn(len(enc))], ts, nil); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("a cut batch gave %v", err)
		}
		if _, err := Decode(enc, append(ts, types.Of(types.Int4)), nil); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("a wrong number of columns gave %v", err)
		}
	}
}

// TestOtherColumnsAreNotTouched decodes one column of a batch whose other columns are damaged beneath a valid checksum.
func TestOtherColumnsAreNotTouched(t *testing.T) {
	ts := []types.T{types.Of(types.Text), types.Of(types.Int8)}
	b := delta.NewBatch(ts, 0)
	for i := range 10 {
		b.AppendRow([]types.Datum{types.NewString("abc"), types.NewInt(int64(i))}, 1)
	}
	enc := Encode(nil, b)
	h, err := parseHeader(enc)
	if err != nil {
		t.Fatal(err)
	}
	h.body[0] = 0x7E // no such encoding
	binary.LittleEndian.PutUint32(enc[len(enc)-4:], crc32.Checksum(enc[:len(enc)-4], castagnoli))
	if _, err := Decode(enc, ts, []int{0}); !errors.Is(err, ErrCorrupt) {
		t.Fatalf("the damaged column gave %v", err)
	}
	got, err := Decode(enc, ts, []int{1})
	if err != nil {
		t.Fatal(err)
	}
	requireSame(t, got, b, []int{1})
}

// TestEncodingsPay holds the sizes of typical columns against what their shapes should need.
func TestEncodingsPay(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	const n = 4096
	for _, c := range []struct {
		name string
		t    types.T
		f    func(i int) types.Datum
		max  float64 // bytes a row
	}{
		{"constant", types.Of(types.Int8), func(int) types.Datum { return types.NewInt(12345) }, 0.1},
		{"serial", types.Of(types.Int8), func(i int) types.Datum { return types.NewInt(int64(i) + 1e12) }, 0.1},
		{"small", types.Of(types.Int4), func(int) types.Datum { return types.NewInt(r.Int63n(1000)) }, 1.35},
		{"prices", types.Of(types.Float8), func(int) types.Datum { return types.NewFloat(float64(r.Intn(10000)) / 100) }, 1.9},
		{"money", types.Of(types.Numeric), func(int) types.Datum { return types.NewBytes(types.AppendNumeric(nil, r.Int63n(10000), 2)) }, 1.9},
		{"channel", types.Of(types.Text), func(int) types.Datum { return types.NewString(fmt.Sprintf("channel-%d", r.Intn(16))) }, 0.7},
		{"url", types.Of(types.Text), func(i int) types.Datum {
			return types.NewString(fmt.Sprintf("https://www.nexmark.com/item.htm?query=1&channel_id=%d", r.Int31()))
		}, 25},
		{"random", types.Of(types.Bytea), func(int) types.Datum { b := make([]byte, 20); r.Read(b); return types.NewBytes(b) }, 20.2},
	} {
		b := delta.NewBatch([]types.T{c.t}, n)
		for i := range n {
			b.AppendRow([]types.Datum{c.f(i)}, 1)
		}
		if got := float64(len(Encode(nil, b))) / n; got > c.max {
			t.Errorf("%s: %.2f bytes a row, want at most %.2f", c.name, got, c.max)
		}
	}
}

// TestStoredForm pins the bytes of a small batch and a row: both are in stored data.
func TestStoredForm(t *testing.T) {
	ts := []types.T{types.Of(types.Int4), types.Of(types.Text), types.Of(types.Bool), types.Of(types.Numeric)}
	b := delta.NewBatch(ts, 0)
	num := types.NewBytes(types.AppendNumeric(nil, -150, 2))
	b.AppendRow([]types.Datum{types.NewInt(7), types.NewString("hi"), types.NewBool(true), num}, 1)
	b.AppendRow([]types.Datum{types.NewInt(-3), types.Null, types.NewBool(false), num}, -1)
	for _, c := range []struct {
		what, want string
		got        []byte
	}{
		{"batch", goldenBatch, Encode(nil, b)},
		{"row", "000e02686901" + "04ab02", AppendRow(nil, b, nil, 0)},
		{"row with NULL", "02050004ab02", AppendRow(nil, b, nil, 1)},
	} {
		if got := hex.EncodeToString(c.got); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
	old, err := hex.DecodeString(goldenBatch)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(old, ts, nil)
	if err != nil {
		t.Fatal(err)
	}
	requireSame(t, got, b, allCols(len(ts)))
}

func TestRowRoundTrip(t *testing.T) {
	r := newRand(t)
	for range 200 {
		b, ts := randBatch(r)
		out := delta.NewBatch(ts, 0)
		for i := range b.N {
			row := AppendRow(nil, b, nil, i)
			if !bytes.Equal(row, AppendVecs(nil, b.Cols, i)) || !bytes.Equal(row, AppendRow(nil, b, allCols(len(ts)), i)) {
				t.Fatal("the forms of AppendRow differ")
			}
			if len(row) > 0 { // a damaged row may be another row, but must leave the batch whole
				bad := slices.Clone(row)
				bad[r.Intn(len(bad))] ^= byte(1 + r.Intn(255))
				if r.Intn(2) == 0 {
					bad = bad[:r.Intn(len(bad))]
				}
				n := out.N
				if err := DecodeRow(bad, out, 1); err == nil {
					out = out.Slice(0, n)
					out = out.Gather(seq(n))
				} else if !errors.Is(err, ErrCorrupt) {
					t.Fatal(err)
				}
			}
			if err := DecodeRow(row, out, b.Weight(i)); err != nil {
				t.Fatal(err)
			}
		}
		for i, c := range out.Cols {
			if c.Len() != b.N {
				t.Fatalf("column %d has %d rows, want %d", i, c.Len(), b.N)
			}
			for row := range b.N {
				if !sameDatum(c.Datum(row), b.Cols[i].Datum(row)) || out.Weight(row) != b.Weight(row) {
					t.Fatalf("column %d row %d: %+v, want %+v", i, row, c.Datum(row), b.Cols[i].Datum(row))
				}
			}
		}
	}
}

func seq(n int) []uint32 {
	s := make([]uint32, n)
	for i := range s {
		s[i] = uint32(i)
	}
	return s
}

// TestRowsAreEqualWhenTheirBytesAre checks that different rows never share their bytes.
func TestRowsAreEqualWhenTheirBytesAre(t *testing.T) {
	r := newRand(t)
	ts := []types.T{types.Of(types.Text), types.Of(types.Numeric), types.Of(types.Int4)}
	b := delta.NewBatch(ts, 0)
	for range 400 {
		row := []types.Datum{types.NewString(pick(r, "", "a", "ab", "\x00")), types.NewBytes(types.AppendNumeric(nil, int64(r.Intn(3)), int32(r.Intn(3)))),
			types.NewInt(int64(r.Intn(3) - 1))}
		for i := range row {
			if r.Intn(5) == 0 {
				row[i] = types.Null
			}
		}
		b.AppendRow(row, 1)
	}
	for i := range b.N {
		for j := range i {
			same := true
			for _, c := range b.Cols {
				same = same && sameDatum(c.Datum(i), c.Datum(j))
			}
			if same != bytes.Equal(AppendRow(nil, b, nil, i), AppendRow(nil, b, nil, j)) {
				t.Fatalf("rows %v and %v", b.Row(i, nil), b.Row(j, nil))
			}
		}
	}
}

// FuzzDecode feeds arbitrary bytes beneath a valid checksum: an error or a whole batch, within the memory limit.
func FuzzDecode(f *testing.F) {
	r := rand.New(rand.NewSource(1))
	for range 20 {
		b, _ := randBatch(r)
		testseed.Add(f, Encode(nil, b))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) < crcLen {
			return
		}
		src = slices.Clone(src)
		sum := len(src) - crcLen
		binary.LittleEndian.PutUint32(src[sum:], crc32.Checksum(src[:sum], castagnoli))
		h, err := parseHeader(src)
		if err != nil {
			return
		}
		for shift := range testTypes {
			ts := make([]types.T, min(h.cols, 64))
			for i := range ts {
				ts[i] = testTypes[(i+shift)%len(testTypes)]
			}
			const limit = 8 << 20
			b, err := decode(src, ts, nil, limit)
			if err != nil {
				continue
			}
			if b.Bytes() > limit+limit/2 {
				t.Fatalf("%d bytes decoded", b.Bytes())
			}
			for _, c := range b.Cols {
				for i := range b.N {
					c.Datum(i)
				}
			}
			requireSameDecoding(t, b, ts)
		}
	})
}

// requireSameDecoding encodes what was decoded and decodes it again.
func requireSameDecoding(t *testing.T, b *delta.Batch, ts []types.T) {
	again, err := Decode(Encode(nil, b), ts, nil)
	if err != nil {
		t.Fatal(err)
	}
	requireSame(t, again, b, allCols(len(ts)))
}

func FuzzDecodeRow(f *testing.F) {
	testseed.Add(f, []byte{0, 0, 1, 2, 3})
	f.Fuzz(func(t *testing.T, src []byte) {
		b := delta.NewBatch(testTypes, 0)
		err := DecodeRow(src, b, 1)
		for _, c := range b.Cols {
			if c.Len() != b.N || (err == nil) != (b.N == 1) {
				t.Fatalf("%d rows after %v", c.Len(), err)
			}
		}
		if err == nil {
			again := delta.NewBatch(testTypes, 0)
			if err := DecodeRow(AppendRow(nil, b, nil, 0), again, 1); err != nil {
				t.Fatal(err)
			}
			requireSame(t, again, b, allCols(len(testTypes)))
		}
	})
}

// bids makes a batch like the Nexmark bid stream.
func bids(n int) (*delta.Batch, []types.T) {
	r := rand.New(rand.NewSource(1))
	ts := []types.T{types.Of(types.Int8), types.Of(types.Int8), types.Of(types.Int8), types.Of(types.Text), types.Of(types.Text),
		types.Of(types.Timestamp), types.Of(types.Text)}
	b := delta.NewBatch(ts, n)
	extra := make([]byte, 100)
	for i := range n {
		for j := range extra {
			extra[j] = "abcdefghijklmnopqrstuvwxyz"[r.Intn(26)]
		}
		channel := fmt.Sprintf("channel-%d", r.Intn(10000))
		b.AppendRow([]types.Datum{types.NewInt(1000 + int64(i)/13), types.NewInt(1000 + r.Int63n(5000)), types.NewInt(100 + r.Int63n(1e7)),
			types.NewString(channel), types.NewString(pick(r, "Google", "Apple", "Facebook", "Baidu")),
			types.NewInt(7e14 + int64(i)*100), types.NewBytes(extra[:50+r.Intn(50)])}, 1)
	}
	return b, ts
}

func BenchmarkBids(b *testing.B) {
	const n = 8192
	batch, ts := bids(n)
	enc := Encode(nil, batch)
	b.Run("encode", func(b *testing.B) {
		b.SetBytes(int64(len(enc)))
		for b.Loop() {
			enc = Encode(enc[:0], batch)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
		b.ReportMetric(float64(len(enc))/n, "B/row")
	})
	for _, c := range []struct {
		name string
		cols []int
	}{{"decode", nil}, {"decode 2 of 7", []int{0, 2}}} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(enc)))
			for b.Loop() {
				if _, err := Decode(enc, ts, c.cols); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
		})
	}
}

func BenchmarkRow(b *testing.B) {
	batch, ts := bids(1024)
	var row []byte
	b.Run("append", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			row = AppendRow(row[:0], batch, nil, i%1024)
		}
	})
	b.Run("decode", func(b *testing.B) {
		out := delta.NewBatch(ts, 1024)
		for i := 0; b.Loop(); i++ {
			if i%1024 == 0 {
				out.Reset()
			}
			if err := DecodeRow(row, out, 1); err != nil {
				b.Fatal(err)
			}
		}
	})
}
