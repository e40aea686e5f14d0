package pgcopy

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"millrace/delta"
	"millrace/internal/testseed"
	"millrace/pgerr"
	"millrace/types"
)

var testTypes = []types.T{types.Of(types.Int8), types.Of(types.Text), types.Of(types.Float8), types.Of(types.Timestamp), types.Of(types.Bool), types.Of(types.Numeric)}

var testColumns = []Column{{0, "id"}, {1, "name"}, {2, "ratio"}, {3, "at"}, {4, "ok"}, {5, "amount"}}

func newTestDecoder(opt Options) *Decoder {
	return NewDecoder("t", testTypes, testColumns, make([]types.Datum, len(testTypes)), types.DefaultEnv, opt)
}

// decode gives data to a decoder in pieces of random sizes.
func decode(d *Decoder, data []byte, r *rand.Rand) (*delta.Batch, error) {
	for len(data) > 0 {
		n := min(1+r.IntN(40), len(data))
		if err := d.Write(data[:n]); err != nil {
			return nil, err
		}
		data = data[n:]
	}
	if err := d.Finish(); err != nil {
		return nil, err
	}
	return d.Take(), nil
}

func randomText(r *rand.Rand) string {
	alphabet := []string{"a", "B", " ", "\t", "\n", "\r", `\`, `"`, ",", "'", "é", `\N`, `\.`, "NULL", "", "\b", "x41", "\x7f"}
	var s strings.Builder
	for range r.IntN(6) {
		s.WriteString(alphabet[r.IntN(len(alphabet))])
	}
	return s.String()
}

func randomBatch(r *rand.Rand, rows int) *delta.Batch {
	b := delta.NewBatch(testTypes, rows)
	for range rows {
		amount, err := types.ParseText(testTypes[5], []byte([]string{"1.50", "-0.001", "NaN", "123456789012345678901234567890.5"}[r.IntN(4)]), nil)
		if err != nil {
			panic(err)
		}
		row := []types.Datum{
			types.NewInt(int64(r.Uint64()) >> r.IntN(60)), types.NewString(randomText(r)), types.NewFloat(r.NormFloat64()),
			types.NewInt(r.Int64N(1e15)), types.NewBool(r.IntN(2) == 0), amount,
		}
		for i := range row {
			if r.IntN(6) == 0 {
				row[i] = types.Null
			}
		}
		b.AppendRow(row, 1)
	}
	return b
}

func TestRoundTrip(t *testing.T) {
	semicolon := Default(CSV)
	semicolon.Delimiter, semicolon.Quote, semicolon.Escape, semicolon.Header = ';', '\'', '\\', true
	pipe := Default(Text)
	pipe.Delimiter, pipe.Null = '|', "<null>"
	for name, opt := range map[string]Options{"text": Default(Text), "csv": Default(CSV), "binary": Default(Binary), "semicolon": semicolon, "pipe": pipe} {
		t.Run(name, func(t *testing.T) {
			const seed = 11
			t.Logf("seed %d", seed)
			r := rand.New(rand.NewPCG(seed, 1))
			for range 200 {
				b := randomBatch(r, r.IntN(20))
				enc := NewEncoder([]string{"id", "name", "ratio", "at", "ok", "amount"}, types.DefaultEnv, opt)
				data := enc.AppendHeader(nil)
				for i := range b.N {
					data = enc.AppendRow(data, b, len(testTypes), i)
				}
				data = enc.AppendTrailer(data)
				got, err := decode(newTestDecoder(opt), data, r)
				if err != nil {
					t.Fatalf("%v\n%q", err, data)
				}
				if got.N != b.N {
					t.Fatalf("%d rows of %d\n%q", got.N, b.N, data)
				}
				for i := range b.N {
					for c := range testTypes {
						x, y := b.Cols[c].Datum(i), got.Cols[c].Datum(i)
						if x.Null != y.Null || x.I != y.I || !bytes.Equal(x.B, y.B) {
							t.Fatalf("row %d, column %d: %+v became %+v\n%q", i, c, x, y, data)
						}
					}
				}
			}
		})
	}
}

// TestErrors holds codes and places of errors; the texts are PostgreSQL's.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		opt   Options
		data  string
		code  pgerr.Code
		where string
	}{
		{Default(Text), "1\ta\t1\t2026-01-01\tt\t1\nx\ta\t1\t2026-01-01\tt\t1\n", pgerr.InvalidTextRepresentation, `COPY t, line 2, column id: "x"`},
		{Default(Text), "1\ta\n", pgerr.BadCopyFileFormat, `COPY t, line 1: "1\ta"`},
		{Default(Text), "1\ta\t1\t2026-01-01\tt\t1\textra\n", pgerr.BadCopyFileFormat, `COPY t, line 1: "1\ta\t1\t2026-01-01\tt\t1\textra"`},
		{Default(CSV), "1,\"a\n\",1,2026-01-01,t,1\n2,a,b,2026-01-01,t,1\n", pgerr.InvalidTextRepresentation, `COPY t, line 3, column ratio: "b"`},
		{Default(CSV), "1,\"a", pgerr.BadCopyFileFormat, "COPY t, line 1"},
		{Default(Binary), "not the signature of binary copy", pgerr.BadCopyFileFormat, ""},
		{Default(Binary), signature + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01", pgerr.BadCopyFileFormat, "COPY t, row 1"},
		{Default(Binary), signature + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x06\x00\x00\x00\x03abc", pgerr.BadCopyFileFormat, "COPY t, row 0"},
	} {
		_, err := decode(newTestDecoder(c.opt), []byte(c.data), rand.New(rand.NewPCG(1, 1)))
		var pe *pgerr.Error
		if !errors.As(err, &pe) || pe.Code != c.code || pe.Where != c.where {
			t.Errorf("%q: %v (where %q), want %s at %q", c.data, err, pe.Where, c.code, c.where)
		}
	}
}

func TestTextEndMarker(t *testing.T) {
	b, err := decode(newTestDecoder(Default(Text)), []byte("1\ta\t1\t2026-01-01\tt\t1\n\\.\nanything"), rand.New(rand.NewPCG(1, 1)))
	if err != nil || b.N != 1 {
		t.Fatalf("%v, %v", b, err)
	}
}

// FuzzDecode: no input panics, and pieces do not matter.
func FuzzDecode(f *testing.F) {
	testseed.Add(f, byte(0), []byte("1\ta\\\\b\t1\t2026-01-01\tt\t1\n"), uint64(1))
	testseed.Add(f, byte(1), []byte("1,\"a\"\"b\",1,2026-01-01,t,1\n"), uint64(2))
	testseed.Add(f, byte(2), []byte(signature+"\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff"), uint64(3))
	f.Fuzz(func(t *testing.T, format byte, data []byte, seed uint64) {
		opt := Default(Format(format % 3))
		whole := newTestDecoder(opt)
		err := whole.Write(data)
		if err == nil {
			err = whole.Finish()
		}
		parts, perr := decode(newTestDecoder(opt), data, rand.New(rand.NewPCG(seed, 1)))
		if (err == nil) != (perr == nil) {
			t.Fatalf("whole: %v, in pieces: %v", err, perr)
		}
		if err == nil && whole.Take().N != parts.N {
			t.Fatalf("pieces give another number of rows")
		}
	})
}

func BenchmarkTextBid(b *testing.B) {
	ts := []types.T{types.Of(types.Int8), types.Of(types.Int8), types.Of(types.Int8), types.Of(types.Text), types.Of(types.Text), types.Of(types.Timestamp), types.Of(types.Text)}
	cols := []Column{{0, "a"}, {1, "b"}, {2, "p"}, {3, "c"}, {4, "u"}, {5, "d"}, {6, "e"}}
	line := []byte("1234\t5678\t99999\tchannel-17\thttps://www.nexmark.com/abcde/fghij/klmno/item.htm?query=1\t2026-01-01 10:20:30.456\t" + strings.Repeat("x", 70) + "\n")
	data := bytes.Repeat(line, 500)
	d := NewDecoder("bid", ts, cols, make([]types.Datum, len(ts)), types.DefaultEnv, Default(Text))
	b.SetBytes(int64(len(line)))
	for i := 0; i < b.N; i += 500 {
		if err := d.Write(data); err != nil {
			b.Fatal(err)
		}
		if d.Rows() > 60_000 {
			d.Take()
		}
	}
}
