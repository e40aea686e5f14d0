package server_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"millrace/internal/testseed"
)

// long asks for the long forms of the random tests.
var long = os.Getenv("MILLRACE_LONG") == "1"

var (
	seedFlag    = flag.Uint64("seed", 0, "seed of the random tests; 0 is what MILLRACE_SEED says, or always the same")
	cyclesFlag  = flag.Int("cycles", 0, "kill cycles of TestCrash; 0 is 30, or 1,000 with MILLRACE_LONG=1")
	changesFlag = flag.Int("changes", 0, "commits of TestRandomChanges; 0 is 60, or 5,000 with MILLRACE_LONG=1")
)

// either picks the size of a test: what its flag says, else the short or the long one.
func either(given, short, longer int) int {
	switch {
	case given > 0:
		return given
	case long:
		return longer
	}
	return short
}

// newRandom makes a test's source of randomness. The seed is printed, and -seed gives it again.
func newRandom(t testing.TB) *rand.Rand {
	t.Helper()
	seed := *seedFlag
	if seed == 0 {
		seed = testseed.Seed()
	}
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

// TestMain is also the entry of the servers that TestCrash kills: they are this binary, started with an environment
// variable.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		if err := runChild(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}
