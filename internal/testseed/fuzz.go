package testseed

import (
	"flag"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"testing"
)

// mutations is how many variants of a seed input a fuzz target gets in an ordinary test run; with MILLRACE_LONG it is
// longFactor times as many.
const (
	mutations  = 40
	longFactor = 100
)

// Add gives a fuzz target a seed input and, in a test run that is not fuzzing, variants of it, the same ones for the
// same Seed. Go's fuzzer cannot be seeded: what it finds in a build's short run is found in one build and not in the
// next. Variants change the text, bytes and integers among the arguments.
func Add(f *testing.F, args ...any) {
	f.Helper()
	f.Add(args...)
	if fl := flag.Lookup("test.fuzz"); fl != nil && fl.Value.String() != "" {
		return // the fuzzer has better ones
	}
	n := mutations
	if os.Getenv("MILLRACE_LONG") != "" {
		n *= longFactor
	}
	h := fnv.New64a()
	for _, a := range args {
		switch a := a.(type) {
		case string:
			_, _ = h.Write([]byte(a))
		case []byte:
			_, _ = h.Write(a)
		}
	}
	r := rand.New(rand.NewPCG(Seed(), h.Sum64()))
	for range n {
		variant := make([]any, len(args))
		for i, a := range args {
			variant[i] = vary(r, a)
		}
		f.Add(variant...)
	}
}

func vary(r *rand.Rand, a any) any {
	switch a := a.(type) {
	case string:
		return string(varyBytes(r, []byte(a)))
	case []byte:
		return varyBytes(r, append([]byte(nil), a...))
	case byte:
		return byte(varyInt(r, int64(a)))
	case int32:
		return int32(varyInt(r, int64(a)))
	case int64:
		return varyInt(r, a)
	case uint64:
		return uint64(varyInt(r, int64(a)))
	}
	return a
}

func varyInt(r *rand.Rand, n int64) int64 {
	switch r.IntN(4) {
	case 0:
		return n
	case 1:
		return n + int64(r.IntN(5)) - 2
	case 2:
		return n ^ 1<<r.IntN(64)
	default:
		return int64(r.Uint64())
	}
}

// marks are pieces that mean something to one of the formats: quotes, escapes, brackets, lengths and their ends.
var marks = []string{"'", "\"", "\\", "\n", "\r\n", "\t", "\x00", "\xff", "\x80", "\xed\xa0\x80", "é", "(", ")", "[", "]", "{", "}",
	"U&'", "E'", "$$", "--", "/*", "*/", "::", ":", ";", ",", ".", "-", "+", "e", "0", "9", "00A00", "99999999999999999999", "\x7f\xff\xff\xff",
	"\xff\xff\xff\xff", "\x80\x00\x00\x00", "NaN", "Infinity", "null", " "}

// varyBytes makes between one and four changes: it flips a bit, removes or repeats a stretch, puts in a mark, or cuts
// the end off.
func varyBytes(r *rand.Rand, b []byte) []byte {
	for range 1 + r.IntN(4) {
		at := r.IntN(len(b) + 1)
		n := min(len(b)-at, 1+r.IntN(8))
		switch r.IntN(6) {
		case 0:
			if n > 0 {
				b[at] ^= 1 << r.IntN(8)
			}
		case 1:
			b = append(b[:at], b[at+n:]...)
		case 2:
			b = splice(b, at, append([]byte(nil), b[at:at+n]...))
		case 3, 4:
			b = splice(b, at, []byte(marks[r.IntN(len(marks))]))
		case 5:
			if r.IntN(4) == 0 {
				b = b[:at]
			}
		}
	}
	return b
}

func splice(b []byte, at int, piece []byte) []byte {
	tail := append(piece, b[at:]...)
	return append(b[:at:at], tail...)
}
