package types

import "time"

// Env is what the text form of a value depends on besides its type: the session's settings. The zero
// value is not usable; see [DefaultEnv]. An Env is immutable once it is in use.
type Env struct {
	TimeZone         *time.Location
	DateStyle        string // output style and field order, as in "ISO, MDY"
	IntervalStyle    string // "postgres", "postgres_verbose", "iso_8601", "sql_standard"
	ByteaOutput      string // "hex" or "escape"
	ExtraFloatDigits int    // > 0 means the shortest text that reads back exactly
	Now              int64  // the statement's time, microseconds from 2000-01-01 UTC, for 'now', 'today' in literals
}

// DefaultEnv is the environment of plans and stored expressions: UTC, ISO, shortest floats.
var DefaultEnv = &Env{TimeZone: time.UTC, DateStyle: "ISO, MDY", IntervalStyle: "postgres", ByteaOutput: "hex", ExtraFloatDigits: 1}
