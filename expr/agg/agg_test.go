package agg

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"millrace/delta"
	"millrace/expr"
	"millrace/internal/testseed"
	"millrace/pgerr"
	"millrace/types"
)

func seeded(t testing.TB) *rand.Rand {
	seed := testseed.Seed()
	if s := os.Getenv("MILLRACE_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed = n
	}
	t.Logf("MILLRACE_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

// vecOf makes a column.
func vecOf(k types.Kind, ds ...types.Datum) *delta.Vec {
	v := delta.NewVec(types.Of(k), len(ds))
	for _, d := range ds {
		v.Append(d)
	}
	return v
}

func newAcc(t testing.TB, name string, k types.Kind) (Accumulator, types.T) {
	t.Helper()
	f, args, ret, err := Resolve(name, []types.T{types.Of(k)}, false)
	if err != nil {
		t.Fatal(err)
	}
	return f.New(args), ret
}

// merged adds values with weights to a state through one slot.
func merged(acc Accumulator, state []byte, v *delta.Vec, weights []int64) []byte {
	return mergedAll(acc, state, []*delta.Vec{v}, weights)
}

func mergedAll(acc Accumulator, state []byte, vs []*delta.Vec, weights []int64) []byte {
	acc.Reset()
	acc.Grow(1)
	acc.Add(make([]uint32, vs[0].Len()), nil, vs, weights)
	return acc.Merge(nil, state, 0)
}

// rows are columns of random values, for a function of several arguments.
type rows [][]types.Datum

func randomRows(rng *rand.Rand, n int, ks []types.Kind) rows {
	rs := make(rows, n)
	for i := range rs {
		for _, k := range ks {
			rs[i] = append(rs[i], sample(rng, k))
		}
	}
	return rs
}

func (rs rows) vecs(ks []types.Kind) []*delta.Vec {
	vs := make([]*delta.Vec, len(ks))
	for c, k := range ks {
		vs[c] = delta.NewVec(types.Of(k), len(rs))
		for _, r := range rs {
			vs[c].Append(r[c])
		}
	}
	return vs
}

// accumulated is a function with an accumulator, for arguments of given kinds.
type accumulated struct {
	f     *Function
	kinds []types.Kind
	ret   types.T
}

func (a *accumulated) acc() Accumulator { return a.f.New(a.types()) }

func (a *accumulated) types() []types.T {
	ts := make([]types.T, len(a.kinds))
	for i, k := range a.kinds {
		ts[i] = types.Of(k)
	}
	return ts
}

// accumulatedFunctions lists them with all kinds under test that they take.
func accumulatedFunctions() (list []accumulated) {
	for _, f := range Functions() {
		if f.Star || f.New == nil {
			continue
		}
		for _, k := range kindsUnderTest {
			a := accumulated{f: f}
			for _, p := range f.Args {
				if p == expr.AnyType || p.Kind == k {
					a.kinds = append(a.kinds, k)
				}
			}
			if len(a.kinds) == len(f.Args) {
				if a.ret = f.Ret; f.RetOf != nil {
					a.ret = f.RetOf(a.types())
				}
				list = append(list, a)
			}
		}
	}
	return list
}

func result(t testing.TB, acc Accumulator, ret types.T, state []byte) (types.Datum, error) {
	t.Helper()
	out := delta.NewVec(ret, 1)
	err := acc.Result(state, out)
	if out.Len() != 1 {
		t.Fatalf("%d results", out.Len())
	}
	return out.Datum(0), err
}

// sample gives values of a kind, NULL, ties and extremes among them.
func sample(rng *rand.Rand, k types.Kind) types.Datum {
	if rng.IntN(6) == 0 {
		return types.Null
	}
	parse := func(ss ...string) types.Datum {
		d, err := types.ParseText(types.Of(k), []byte(ss[rng.IntN(len(ss))]), types.DefaultEnv)
		if err != nil {
			panic(err)
		}
		return d
	}
	switch k {
	case types.Int2:
		return parse("1", "-1", "32767", "-32768", "7")
	case types.Int4:
		return parse("1", "-1", "2147483647", "-2147483648", "12")
	case types.Int8:
		return parse("1", "-1", "9223372036854775807", "-9223372036854775808", "100")
	case types.Numeric:
		return parse("1", "1.0", "-2.50", "123456789012345678901234567890.123", "0.000000001", "NaN", "Infinity", "-Infinity", "0")
	case types.Float4:
		return types.NewFloat(float64(math.Float32frombits(rng.Uint32())))
	case types.Float8:
		return types.NewFloat(anyFloat(rng))
	case types.Interval:
		return parse("1 day", "24 hours", "-1 month 3 days", "1 us", "100 years", "0")
	case types.Bool:
		return types.NewBool(rng.IntN(2) == 0)
	case types.Text:
		return parse("", "a", "ab", "zzzzzzzzzzzzzzzzzzzz", "ä")
	case types.Bytea:
		return parse("", "\\x00", "\\x61", "\\x6162ff")
	case types.Date:
		return parse("2020-01-01", "infinity", "-infinity", "1999-12-31")
	}
	return types.NewInt(int64(rng.IntN(5)))
}

// anyFloat gives a finite float64 of any exponent, or one of a narrow range.
func anyFloat(rng *rand.Rand) float64 {
	switch rng.IntN(4) {
	case 0:
		return []float64{math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 1, -1, 0, math.Copysign(0, -1), 1e16, 0x1p-1022}[rng.IntN(9)]
	case 1:
		return float64(rng.IntN(2000)-1000) / 100
	}
	for {
		if f := math.Float64frombits(rng.Uint64()); f-f == 0 {
			return f
		}
	}
}

var kindsUnderTest = []types.Kind{types.Int2, types.Int4, types.Int8, types.Numeric, types.Float4, types.Float8, types.Interval,
	types.Bool, types.Text, types.Date}

// TestMerge checks, for every linear aggregate, that neither the division into steps nor the order of rows matters,
// and that a retraction of everything leaves the empty state.
func TestMerge(t *testing.T) {
	rng := seeded(t)
	for _, a := range accumulatedFunctions() {
		if a.f.Ordered {
			continue
		}
		acc, name := a.acc(), a.f.Name+fmt.Sprint(a.types())
		for range 30 {
			n := 1 + rng.IntN(12)
			rs, ws := randomRows(rng, n, a.kinds), make([]int64, n)
			for i := range ws {
				ws[i] = 1 + int64(rng.IntN(3))
			}
			whole := mergedAll(acc, nil, rs.vecs(a.kinds), ws)
			want, wantErr := result(t, acc, a.ret, whole)
			var state []byte
			for _, i := range rng.Perm(n) {
				one := rs[i : i+1]
				if ws[i] > 1 && rng.IntN(2) == 0 { // the weight in two parts, with a detour
					state = mergedAll(acc, state, rows{rs[i], rs[i]}.vecs(a.kinds), []int64{-1, ws[i] + 1})
					continue
				}
				state = mergedAll(acc, state, one.vecs(a.kinds), ws[i:i+1])
			}
			got, gotErr := result(t, acc, a.ret, state)
			if (gotErr == nil) != (wantErr == nil) || got.Null != want.Null || !got.Null && types.Compare(a.ret, got, want) != 0 {
				t.Fatalf("%s: %v %v, want %v %v", name, got, gotErr, want, wantErr)
			}
			for _, i := range rng.Perm(n) {
				state = mergedAll(acc, state, rs[i:i+1].vecs(a.kinds), []int64{-ws[i]})
			}
			if len(state) != 0 {
				t.Fatalf("%s: %d bytes are left of nothing", name, len(state))
			}
		}
	}
}

// TestSlots adds rows of many groups at once, with and without selections, and compares with one group at a time.
func TestSlots(t *testing.T) {
	rng := seeded(t)
	for _, a := range accumulatedFunctions() {
		acc, one := a.acc(), a.acc()
		for range 3 {
			const groups = 5
			rs := randomRows(rng, 60, a.kinds)
			var slots, sel []uint32
			var weights []int64
			for i := range rs {
				slots = append(slots, uint32(rng.IntN(groups)))
				weights = append(weights, 1+int64(rng.IntN(2)))
				if rng.IntN(3) > 0 {
					sel = append(sel, uint32(i))
				}
			}
			use := [][]uint32{nil, sel}[rng.IntN(2)]
			if rng.IntN(2) == 0 {
				weights = nil
			}
			acc.Reset()
			acc.Grow(groups)
			acc.Add(slots, use, rs.vecs(a.kinds), weights)
			for g := range groups {
				var own rows
				var ws []int64
				in := use
				if in == nil {
					for i := range slots {
						in = append(in, uint32(i))
					}
				}
				for _, i := range in {
					if int(slots[i]) == g {
						own = append(own, rs[i])
						if ws = append(ws, 1); weights != nil {
							ws[len(ws)-1] = weights[i]
						}
					}
				}
				got, err := result(t, acc, a.ret, acc.Merge(nil, nil, g))
				want, wantErr := result(t, one, a.ret, mergedAll(one, nil, own.vecs(a.kinds), ws))
				if (err == nil) != (wantErr == nil) || got.Null != want.Null || !got.Null && types.Compare(a.ret, got, want) != 0 {
					t.Fatalf("%s%v group %d: %v %v, want %v %v", a.f.Name, a.types(), g, got, err, want, wantErr)
				}
			}
		}
	}
}

// TestFloatSum compares sums of floats of all magnitudes with big floats that lose nothing.
func TestFloatSum(t *testing.T) {
	rng := seeded(t)
	for _, k := range []types.Kind{types.Float8, types.Float4} {
		acc, ret := newAcc(t, "sum", k)
		avg, avgRet := newAcc(t, "avg", k)
		for range 2000 {
			exact := new(big.Float).SetPrec(2300)
			var state, avgState []byte
			var n int64
			for range 1 + rng.IntN(6) {
				v := delta.NewVec(types.Of(k), 0)
				var weights []int64
				for range 1 + rng.IntN(5) {
					x := sampleFloat(rng, k)
					w := int64(rng.IntN(5)) - 1
					if rng.IntN(20) == 0 {
						w = []int64{math.MaxInt64, math.MinInt64, 1 << 40}[rng.IntN(3)]
					}
					v.Append(types.NewFloat(x))
					weights = append(weights, w)
					n += w
					exact.Add(exact, new(big.Float).SetPrec(2300).Mul(new(big.Float).SetFloat64(x), new(big.Float).SetInt64(w)))
				}
				state = merged(acc, state, v, weights)
				avgState = merged(avg, avgState, v, weights)
			}
			if n == 0 {
				continue
			}
			want, _ := exact.Float64()
			if k == types.Float4 {
				f, _ := exact.Float32()
				want = float64(f)
			}
			got, err := result(t, acc, ret, state)
			if math.IsInf(want, 0) {
				if pgerr.CodeOf(err) != pgerr.NumericValueOutOfRange || !got.Null {
					t.Fatalf("sum(%s) out of range gives %v, %v", types.Of(k), got.Float(), err)
				}
			} else if err != nil || got.Float() != want {
				t.Fatalf("sum(%s) = %v, %v, want %v", types.Of(k), got.Float(), err, want)
			}
			gotAvg, err := result(t, avg, avgRet, avgState)
			q, _ := new(big.Float).Quo(exact, new(big.Float).SetPrec(2300).SetInt64(n)).Float64()
			if !math.IsInf(q, 0) && (err != nil || math.Abs(gotAvg.Float()-q) > 4*math.Abs(q)*0x1p-53+2*math.SmallestNonzeroFloat64) {
				t.Fatalf("avg(%s) = %v, %v, want %v", types.Of(k), gotAvg.Float(), err, q)
			}
		}
	}
}

func sampleFloat(rng *rand.Rand, k types.Kind) float64 {
	if k == types.Float8 {
		return anyFloat(rng)
	}
	for {
		if f := float64(math.Float32frombits(rng.Uint32())); f-f == 0 {
			return f
		}
	}
}

// TestFloatSpecials: what is not finite is counted, and its retraction brings the exact sum back.
func TestFloatSpecials(t *testing.T) {
	acc, ret := newAcc(t, "sum", types.Float8)
	f := func(vs ...float64) *delta.Vec {
		v := delta.NewVec(types.Of(types.Float8), 0)
		for _, x := range vs {
			v.Append(types.NewFloat(x))
		}
		return v
	}
	inf := math.Inf(1)
	small := []float64{0.1, 0.2}
	state := merged(acc, nil, f(small[0], small[1], 1e308, 1e308), nil)
	for _, c := range []struct {
		v       *delta.Vec
		weights []int64
		want    float64 // NaN stands for an error here when overflow
		isErr   bool
	}{
		{f(inf), nil, inf, false},
		{f(-inf), nil, math.NaN(), false},
		{f(inf), []int64{-1}, -inf, false},
		{f(-inf, math.NaN()), []int64{-1, 1}, math.NaN(), false},
		{f(math.NaN()), []int64{-1}, 0, true},
		{f(1e308), []int64{-2}, small[0] + small[1], false},
	} {
		state = merged(acc, state, c.v, c.weights)
		got, err := result(t, acc, ret, state)
		if (err != nil) != c.isErr {
			t.Fatalf("error %v", err)
		}
		if g := got.Float(); !c.isErr && g != c.want && !(math.IsNaN(g) && math.IsNaN(c.want)) {
			t.Fatalf("sum = %v, want %v", g, c.want)
		}
	}
}

// TestLongNumbers writes and reads long numbers of every length and sign.
func TestLongNumbers(t *testing.T) {
	rng := seeded(t)
	for range 20000 {
		words := []int{sumWords, squareWords}[rng.IntN(2)]
		w := make([]uint64, words)
		x := new(big.Int).SetUint64(rng.Uint64() >> rng.IntN(64))
		x.Lsh(x, uint(rng.IntN(64*words-70)))
		if rng.IntN(2) == 0 {
			x.Neg(x)
		}
		if rng.IntN(3) == 0 {
			x.Add(x, new(big.Int).Lsh(big.NewInt(int64(rng.IntN(3)-1)), uint(rng.IntN(64*words-70))))
		}
		setLong(w, x)
		enc := appendLong(nil, w)
		back := make([]uint64, words)
		if rest := readLong(back, append(enc, 7)); len(rest) != 1 {
			t.Fatalf("%v: %d bytes left", x, len(rest))
		}
		if got := bigLong(back); got.Cmp(x) != 0 {
			t.Fatalf("%x reads as %x", x, got)
		}
		if limit := (x.BitLen()+1+7)/8 + 5; len(enc) > limit {
			t.Fatalf("%x takes %d bytes", x, len(enc))
		}
	}
}

func setLong(w []uint64, x *big.Int) {
	m := new(big.Int).Set(x)
	if x.Sign() < 0 {
		m.Add(m, new(big.Int).Lsh(big.NewInt(1), uint(64*len(w))))
	}
	mask := new(big.Int).SetUint64(math.MaxUint64)
	for i := range w {
		w[i] = new(big.Int).And(m, mask).Uint64()
		m.Rsh(m, 64)
	}
}

func TestReadLongOfDamage(t *testing.T) {
	rng := seeded(t)
	w := make([]uint64, sumWords)
	for range 20000 {
		b := make([]byte, rng.IntN(12))
		for i := range b {
			b[i] = byte(rng.IntN(256))
		}
		clear(w)
		readLong(w, b) // must not panic
		readIntSum(b)
		readFloatCounts(b)
		readIntervalSum(b)
		readBoolCounts(b)
	}
}

func TestInt128(t *testing.T) {
	rng := seeded(t)
	ints := []int64{0, 1, -1, math.MaxInt64, math.MinInt64, 1 << 32}
	pick := func() int64 {
		if rng.IntN(2) == 0 {
			return ints[rng.IntN(len(ints))]
		}
		return int64(rng.Uint64()) >> rng.IntN(64)
	}
	for range 50000 {
		a, b, c := pick(), pick(), pick()
		x := product(a, b).addInt(c).add(int128{lo: uint64(c), hi: c >> 63})
		want := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
		want.Add(want, new(big.Int).Lsh(big.NewInt(c), 1))
		if x.big().Cmp(want) != 0 {
			t.Fatalf("%d*%d+2*%d = %v, want %v", a, b, c, x.big(), want)
		}
		if got, rest := read128(append(append128(nil, x), 1)); got != x || len(rest) != 1 {
			t.Fatalf("%v reads as %v, %d left", x, got, len(rest))
		}
		if v, ok := x.int64(); ok != want.IsInt64() || ok && v != want.Int64() {
			t.Fatalf("int64 of %v: %d %t", want, v, ok)
		}
	}
}

// TestExtremeTies: of values that are equal in SQL, min keeps the first by bytes and max the last, in any order.
func TestExtremeTies(t *testing.T) {
	parse := func(s string) types.Datum {
		d, err := types.ParseText(types.Of(types.Numeric), []byte(s), types.DefaultEnv)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	ds := []types.Datum{parse("1.00"), parse("1"), parse("1.0")}
	for _, name := range []string{"min", "max"} {
		acc, ret := newAcc(t, name, types.Numeric)
		var first string
		for i, perm := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 0, 2}, {2, 0, 1}} {
			var state []byte
			for _, p := range perm {
				state = merged(acc, state, vecOf(types.Numeric, ds[p]), nil)
			}
			got, _ := result(t, acc, ret, state)
			if s := fmt.Sprint(got.B); i == 0 {
				first = s
			} else if s != first {
				t.Fatalf("%s depends on the order of rows: %s, %s", name, s, first)
			}
		}
	}
}

func typeList(ts []types.T) string {
	names := make([]string, len(ts))
	for i, t := range ts {
		names[i] = t.WithoutMod().String()
	}
	return "(" + strings.Join(names, ", ") + ")"
}

func TestResolve(t *testing.T) {
	of := types.Of
	for _, c := range []struct {
		name string
		args []types.T
		star bool
		want string // argument types -> result, or the error
	}{
		{"count", nil, true, "() -> bigint"},
		{"count", nil, false, "42809: count(*) must be used to call a parameterless aggregate function"},
		{"sum", nil, true, "42883: function sum() does not exist"},
		{"sum", nil, false, "42883: function sum() does not exist"},
		{"sum", []types.T{of(types.Int2)}, false, "(smallint) -> bigint"},
		{"sum", []types.T{of(types.Int8)}, false, "(bigint) -> numeric"},
		{"sum", []types.T{{Kind: types.Numeric, Mod: 655366}}, false, "(numeric) -> numeric"},
		{"sum", []types.T{of(types.Text)}, false, "42883: function sum(text) does not exist"},
		{"sum", []types.T{of(types.Unknown)}, false, "42725: function sum(unknown) is not unique"},
		{"max", []types.T{of(types.Unknown)}, false, "(text) -> text"},
		{"max", []types.T{{Kind: types.Varchar, Mod: 14}}, false, "(text) -> text"},
		{"min", []types.T{types.ArrayOf(of(types.Int4))}, false, "(integer[]) -> integer[]"},
		{"min", []types.T{of(types.Bool)}, false, "42883: function min(boolean) does not exist"},
		{"min", []types.T{of(types.JSONB)}, false, "42883: function min(jsonb) does not exist"},
		{"count", []types.T{of(types.JSONB)}, false, "(jsonb) -> bigint"},
		{"count", []types.T{of(types.Unknown)}, false, "(text) -> bigint"},
		{"corr", []types.T{of(types.Int4), of(types.Numeric)}, false, "(double precision, double precision) -> double precision"},
		{"bit_and", []types.T{of(types.Numeric)}, false, "42883: function bit_and(numeric) does not exist"},
		{"string_agg", []types.T{{Kind: types.Varchar, Mod: 14}, of(types.Unknown)}, false, "(text, text) -> text"},
		{"string_agg", []types.T{of(types.Bytea), of(types.Unknown)}, false, "(bytea, bytea) -> bytea"},
		{"string_agg", []types.T{of(types.Int4), of(types.Unknown)}, false, "42883: function string_agg(integer, unknown) does not exist"},
		{"array_agg", []types.T{{Kind: types.Numeric, Mod: 655366}}, false, "(numeric) -> numeric[]"},
		{"array_agg", []types.T{types.ArrayOf(of(types.Int4))}, false, "(integer[]) -> integer[]"},
		{"array_agg", []types.T{of(types.Unknown)}, false, "42725: function array_agg(unknown) is not unique"},
		{"jsonb_agg", []types.T{of(types.Unknown)}, false, "42804: could not determine polymorphic type because input has type unknown"},
		{"jsonb_object_agg", []types.T{of(types.Unknown), of(types.Date)}, false, "(text, date) -> jsonb"},
		{"mode", []types.T{of(types.Date)}, false, "(date) -> date"},
		{"mode", nil, false, "42883: function mode() does not exist"},
		{"percentile_cont", []types.T{of(types.Numeric), of(types.Int4)}, false, "(double precision, double precision) -> double precision"},
		{"percentile_cont", []types.T{of(types.Numeric), of(types.Text)}, false, "42883: function percentile_cont(numeric, text) does not exist"},
		{"percentile_disc", []types.T{types.ArrayOf(of(types.Numeric)), of(types.Text)}, false, "(double precision[], text) -> text[]"},
		{"rank", []types.T{of(types.Int4), of(types.Int8)}, false, "(integer, bigint) -> bigint"},
		{"arg_max", []types.T{of(types.Text), of(types.Date)}, false, "(text, date) -> text"},
		{"count", []types.T{of(types.Int4), of(types.Int4)}, false, "42883: function count(integer, integer) does not exist"},
		{"every", []types.T{of(types.Bool)}, false, "(boolean) -> boolean"},
		{"avg", []types.T{of(types.Float4)}, false, "(real) -> double precision"},
		{"stddev", []types.T{of(types.Int4)}, false, "(integer) -> numeric"},
	} {
		f, args, ret, err := Resolve(c.name, c.args, c.star)
		var got string
		if err != nil {
			e := err.(*pgerr.Error)
			got = string(e.Code) + ": " + e.Message
		} else {
			got = typeList(args) + " -> " + ret.String()
			if f.Name != c.name {
				t.Errorf("%s resolves to %s", c.name, f.Name)
			}
		}
		if got != c.want {
			t.Errorf("%s%s: %s, want %s", c.name, typeList(c.args), got, c.want)
		}
	}
}
