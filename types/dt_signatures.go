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

// json.go, jsonb.go ...
func ParseJSON(s []byte) ([]byte, error)                                           { panic("todo") }
func ParseJSONB(s []byte) ([]byte, error)                                          { panic("todo") }
func AppendJSONB(dst, b []byte) []byte                                             { panic("todo") }
func CompareJSONB(a, b []byte) int                                                 { panic("todo") }
func HashJSONB(b []byte, seed uint64) uint64                                       { panic("todo") }
func AppendBinaryJSONB(dst, b []byte) []byte                                       { panic("todo") } // version byte 1 and the text
func ParseBinaryJSONB(b []byte) ([]byte, error)                                    { panic("todo") }
func JSONGetField(b []byte, key string) ([]byte, bool)                             { panic("todo") } // jsonb's ->
func JSONGetIndex(b []byte, i int64) ([]byte, bool)                                { panic("todo") }
func JSONPathGet(b []byte, path []string) ([]byte, bool)                           { panic("todo") } // #>
func JSONTypeof(b []byte) string                                                   { panic("todo") }
func JSONText(b []byte) (text []byte, null bool)                                   { panic("todo") } // what ->> gives for a value
func JSONArrayLength(b []byte) (int64, error)                                      { panic("todo") }
func JSONEach(b []byte, f func(key, value []byte) error) error                     { panic("todo") } // key unquoted
func JSONElements(b []byte, f func(value []byte) error) error                      { panic("todo") }
func JSONContains(a, b []byte) bool                                                { panic("todo") } // a @> b
func JSONExists(b []byte, key string) bool                                         { panic("todo") } // ?
func JSONConcat(a, b []byte) ([]byte, error)                                       { panic("todo") } // ||
func JSONDeleteKey(b []byte, key string) ([]byte, error)                           { panic("todo") }
func JSONDeleteKeys(b []byte, keys []string) ([]byte, error)                       { panic("todo") }
func JSONDeleteIndex(b []byte, i int64) ([]byte, error)                            { panic("todo") }
func JSONDeletePath(b []byte, path []string) ([]byte, error)                       { panic("todo") }
func JSONSet(b []byte, path []string, value []byte, create bool) ([]byte, error)   { panic("todo") }
func JSONInsert(b []byte, path []string, value []byte, after bool) ([]byte, error) { panic("todo") }
func JSONStripNulls(b []byte) []byte                                               { panic("todo") }
func JSONPretty(b []byte) []byte                                                   { panic("todo") }
