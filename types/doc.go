// Package types holds the SQL types: their identity (kind, modifier, OID), the physical representation of
// their values, comparison and hashing, and their text and binary forms.
//
// A type is the small comparable struct [T]. A value has one of four physical representations ([Rep]), so
// that columns, codecs and operator state handle four cases rather than twenty:
//
//	RepBool   boolean
//	RepInt    smallint, integer, bigint, date (days), time, timestamp, timestamptz (microseconds), oid,
//	          enums
//	RepFloat  real, double precision
//	RepBytes  text types, bytea, numeric, interval, uuid, jsonb, arrays, rows, inet, cidr: a byte string in the type's own
//	          encoding (see numeric.go, interval.go, json.go, array.go, row.go)
//
// Days and microseconds count from 2000-01-01, as in PostgreSQL's binary format; the extreme values of
// int64 (int32 range for dates) stand for the infinities.
//
// Two values that SQL calls equal may have different bytes (numeric 1.0 and 1.00, interval '1 day' and
// '24 hours', -0.0 and 0.0): equality is [Compare], never bytes.Equal. Order-preserving keys live in
// package storage/keys and normalise such values.
//
// The package has no clock and no locale. Time zones come from the embedded IANA database, whatever the machine has;
// each is read once and kept, the only state there is.
package types
