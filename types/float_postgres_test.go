package types

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"millrace/internal/testseed"
)

// TestFloatTextMatchesPostgres prints random floats of all magnitudes, whole numbers and neighbours of powers of two and
// ten among them, under several settings of extra_float_digits.
func TestFloatTextMatchesPostgres(t *testing.T) {
	p := askPostgres(t)
	seed := testseed.Seed()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	for _, extra := range []int{1, 3, 0, -2, -15} {
		p.exec(fmt.Sprintf("SET extra_float_digits = %d", extra))
		var queries, ours []string
		for range 2000 {
			v := randomFloat(rng)
			text := strconv.FormatFloat(v, 'g', 17, 64)
			if f := float32(v); rng.IntN(2) == 0 && !math.IsInf(float64(f), 0) && f != 0 {
				queries = append(queries, "SELECT '"+text+"'::float4")
				ours = append(ours, string(AppendFloat32(nil, f, extra)))
			} else {
				queries = append(queries, "SELECT '"+text+"'::float8")
				ours = append(ours, string(AppendFloat64(nil, v, extra)))
			}
		}
		p.compare(queries, ours)
	}
}

func randomFloat(rng *rand.Rand) float64 {
	v := math.NaN()
	for math.IsNaN(v) || v == 0 || math.IsInf(v, 0) {
		switch rng.IntN(5) {
		case 0:
			v = math.Float64frombits(rng.Uint64())
		case 1:
			v = float64(math.Float32frombits(rng.Uint32()))
		case 2:
			v = float64(rng.Int64() >> rng.IntN(60))
		case 3:
			v = math.Ldexp(1, rng.IntN(140)-70) * (1 + float64(rng.IntN(3)-1)*0x1p-52)
		case 4:
			v = math.Nextafter(math.Pow(10, float64(rng.IntN(60)-30)), math.Inf(rng.IntN(3)-1))
		}
	}
	return v
}
