package testseed

import (
	"os"
	"strconv"
	"time"
)

// fixed is the seed when nothing else is asked for.
const fixed = 20260101

// Seed gives the seed of this run. Tests print it when they fail.
func Seed() uint64 {
	switch s := os.Getenv("MILLRACE_SEED"); s {
	case "":
		return fixed
	case "random":
		return uint64(time.Now().UnixNano())
	default:
		if n, err := strconv.ParseUint(s, 10, 64); err == nil {
			return n
		}
		return fixed
	}
}
