package types

import "time"

// Signatures whose bodies follow; see the files named beside them.

// format.go

// DateFormat is a compiled to_char/to_timestamp template.
type DateFormat struct{ todo int }

func CompileDateFormat(format string) *DateFormat                          { panic("todo") }
func (f *DateFormat) AppendTimestamp(dst []byte, ts int64) ([]byte, error) { panic("todo") }
func (f *DateFormat) AppendTimestampTZ(dst []byte, ts int64, loc *time.Location) ([]byte, error) {
	panic("todo")
}
func (f *DateFormat) AppendInterval(dst []byte, iv IntervalValue) ([]byte, error) { panic("todo") }
func (f *DateFormat) ParseTimestampTZ(s string, env *Env) (int64, error)          { panic("todo") } // to_timestamp(text, format)
func (f *DateFormat) ParseDate(s string) (int64, error)                           { panic("todo") } // to_date
