package types

import "time"

// Env is what the text form of a value depends on besides its type: the session's settings. The zero
// value is not usable; see [DefaultEnv]. An Env is immutable once it is in use.
type Env struct {
	TimeZone         *time.Location
	DateStyle        string  // output style and field order, as in "ISO, MDY"
	IntervalStyle    string  // "postgres", "postgres_verbose", "iso_8601", "sql_standard"
	ByteaOutput      string  // "hex" or "escape"
	ExtraFloatDigits int     // > 0 means the shortest text that reads back exactly
	Objects          Objects // finds the objects that regclass and its like name; nil knows none but the built-in types
	Now              int64   // the statement's time, microseconds from 2000-01-01 UTC, for 'now', 'today' in literals
}

// Objects finds catalog objects for the types regclass, regtype, regproc, regnamespace and regrole, which the kind tells
// apart, by a catalog that is seen as the session sees it.
type Objects interface {
	// ObjectID finds the object that text names, as PostgreSQL's input function of the type does, with its errors.
	ObjectID(k Kind, text string) (uint32, error)
	// ObjectName gives an object's name, with its schema where it is needed to find it; ok is false where there is none.
	ObjectName(k Kind, oid uint32) (name string, ok bool)
}

// DefaultEnv is the environment of plans and stored expressions: UTC, ISO, shortest floats.
var DefaultEnv = &Env{TimeZone: time.UTC, DateStyle: "ISO, MDY", IntervalStyle: "postgres", ByteaOutput: "hex", ExtraFloatDigits: 1}
