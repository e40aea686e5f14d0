package types

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"millrace/internal/testseed"
)

func (x uint128) toBig() *big.Int {
	v := new(big.Int).SetUint64(x.hi)
	v.Lsh(v, 64)
	return v.Or(v, new(big.Int).SetUint64(x.lo))
}

// TestUint128 checks every operation against math/big.
func TestUint128(t *testing.T) {
	seed := testseed.Seed()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	word := func() uint64 { return rng.Uint64() >> rng.IntN(64) * uint64(rng.IntN(2)+rng.IntN(2)) / 2 }
	for range 20000 {
		x, y, w := uint128{word(), word()}, uint128{word(), word()}, word()|1
		bx, by, bw := x.toBig(), y.toBig(), new(big.Int).SetUint64(w)
		if got := x.cmp(y); got != bx.Cmp(by) {
			t.Fatalf("%v cmp %v = %d", x, y, got)
		}
		if x.cmp(y) >= 0 && x.sub(y).toBig().Cmp(new(big.Int).Sub(bx, by)) != 0 {
			t.Fatalf("%v - %v", x, y)
		}
		if sum := new(big.Int).Add(bx, by); sum.BitLen() <= 128 && x.add(y).toBig().Cmp(sum) != 0 {
			t.Fatalf("%v + %v", x, y)
		}
		product := new(big.Int).Mul(bx, bw)
		if got, ok := x.mul64(w); ok != (product.BitLen() <= 128) || ok && got.toBig().Cmp(product) != 0 {
			t.Fatalf("%v * %d = %v, %v", x, w, got, ok)
		}
		n := rng.Int32N(45)
		product.Mul(bx, bigPow10(int(n)))
		if got, ok := x.mulPow10(n); ok != (product.BitLen() <= 128) || ok && got.toBig().Cmp(product) != 0 {
			t.Fatalf("%v * 10^%d = %v, %v, want %v", x, n, got, ok, product)
		}
		q, r := new(big.Int).QuoRem(bx, bw, new(big.Int))
		if gq, gr := x.divRem64(w); gq.toBig().Cmp(q) != 0 || gr != r.Uint64() {
			t.Fatalf("%v / %d = %v, %d", x, w, gq, gr)
		}
		if got := string(x.appendDecimal(nil)); got != bx.String() {
			t.Fatalf("%v prints as %s, want %s", x, got, bx)
		}
		want := len(bw.String())
		if got := digits64(w); got != want {
			t.Fatalf("%d has %d digits, want %d", w, got, want)
		}
		if got, want := bigDigits(bx), len(bx.String()); bx.Sign() != 0 && got != want {
			t.Fatalf("%s has %d digits, want %d", bx, got, want)
		}
	}
}
