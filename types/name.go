package types

import (
	"strconv"
	"strings"
)

// Name gives the bare pg_type name: int4, _text, bpchar.
func (t T) Name() string {
	switch {
	case t.Kind == Array && t.Elem != Invalid:
		return "_" + t.ElemType().Name()
	case t.Def != nil:
		return t.Def.Name()
	}
	return t.Kind.info().name
}

// String gives the name as PostgreSQL's format_type does and its messages show it: integer,
// character varying(10), numeric(12,2), timestamp(3) without time zone, text[].
func (t T) String() string {
	if t.Kind == Array && t.Elem != Invalid {
		return t.ElemType().String() + "[]"
	}
	if t.Def != nil {
		return t.Def.sql()
	}
	sql := t.Kind.info().sql
	if t.Mod < 0 {
		return sql
	}
	switch t.Kind {
	case Varchar, Bpchar:
		if n, ok := t.MaxChars(); ok {
			return sql + "(" + strconv.Itoa(n) + ")"
		}
	case Numeric:
		if p, s, ok := t.PrecisionScale(); ok {
			return sql + "(" + strconv.Itoa(p) + "," + strconv.Itoa(s) + ")"
		}
	case Time, Timestamp, TimestampTZ:
		head, tail, _ := strings.Cut(sql, " ")
		return head + "(" + strconv.Itoa(int(t.Mod)) + ") " + tail
	case Interval:
		return sql + intervalModText(t.Mod)
	}
	return sql
}

// spellings are the names of a kind in SQL besides its pg_type name: the keywords of the grammar.
var spellings = map[string]Kind{
	"boolean":                     Bool,
	"smallint":                    Int2,
	"int":                         Int4,
	"integer":                     Int4,
	"bigint":                      Int8,
	"real":                        Float4,
	"float":                       Float8,
	"double precision":            Float8,
	"decimal":                     Numeric,
	"dec":                         Numeric,
	"character varying":           Varchar,
	"char varying":                Varchar,
	"national character varying":  Varchar,
	"national char varying":       Varchar,
	"nchar varying":               Varchar,
	"character":                   Bpchar,
	"char":                        Bpchar,
	"national character":          Bpchar,
	"national char":               Bpchar,
	"nchar":                       Bpchar,
	`"char"`:                      Char1,
	"time without time zone":      Time,
	"timestamp without time zone": Timestamp,
	"timestamp with time zone":    TimestampTZ,
}

// byName finds kinds by every spelling. It is filled once and never changes.
var byName = func() map[string]Kind {
	m := make(map[string]Kind, len(spellings)+len(kinds))
	for k := Unknown; k < kindCount; k++ {
		if k != Array && k != Char1 && k != Enum {
			m[kinds[k].name] = k
		}
	}
	for name, k := range spellings {
		m[name] = k
	}
	return m
}()

// Lookup finds a kind by a name as the grammar leaves it: lower case, one blank between words. It knows the pg_type
// names and SQL's keywords for them. As in SQL, char is character(n); PostgreSQL's one-byte type is `"char"`, with
// its quotes.
func Lookup(name string) (Kind, bool) {
	k, ok := byName[name]
	return k, ok
}

// LookupType finds a type by name as [Lookup] does, and arrays by both their spellings, _int4 and integer[]. The
// prefix "pg_catalog." is allowed.
func LookupType(name string) (T, bool) {
	name = strings.TrimPrefix(name, "pg_catalog.")
	base, brackets := name, false
	for strings.HasSuffix(base, "[]") {
		base, brackets = strings.TrimRight(strings.TrimSuffix(base, "[]"), " "), true
	}
	k, ok := Lookup(base)
	if !ok && !brackets && strings.HasPrefix(base, "_") {
		for k := Unknown; k < kindCount; k++ {
			if kinds[k].arrayOID != 0 && kinds[k].name == base[1:] {
				return ArrayOf(Of(k)), true
			}
		}
	}
	if !ok || brackets && kinds[k].arrayOID == 0 {
		return T{Mod: -1}, false
	}
	if brackets {
		return ArrayOf(Of(k)), true
	}
	return Of(k), true
}
