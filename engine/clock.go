package engine

import (
	"sync/atomic"
	"time"
)

// Clock gives the time in microseconds from 2000-01-01 UTC. The committer reads it once per group and records
// the result; nothing else in the engine asks for the time of day.
type Clock interface{ Now() int64 }

// pgEpoch is 2000-01-01 UTC in Unix microseconds.
const pgEpoch = 946_684_800_000_000

// SystemClock is the machine's clock.
type SystemClock struct{}

// Now gives the machine's time.
func (SystemClock) Now() int64 { return time.Now().UnixMicro() - pgEpoch }

// ManualClock stands still until it is set: for tests.
type ManualClock struct{ micros atomic.Int64 }

// Now gives the time that was set last.
func (c *ManualClock) Now() int64 { return c.micros.Load() }

// Set moves the clock.
func (c *ManualClock) Set(micros int64) { c.micros.Store(micros) }

// started is when the process began to count time for figures, which nothing else may depend on.
var started = time.Now()

// monotonic is the time since then in nanoseconds.
func monotonic() int64 { return int64(time.Since(started)) }
