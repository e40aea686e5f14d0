package types

import (
	"context"
	"fmt"
	"testing"

	"millrace/pgerr"
)

func TestByOIDFindsEveryType(t *testing.T) {
	seen := map[uint32]T{}
	for _, k := range Kinds() {
		for _, typ := range []T{Of(k), ArrayOf(Of(k))} {
			oid := typ.OID()
			if oid == 0 {
				if typ.Kind != Array {
					t.Errorf("%s has no OID", typ)
				}
				continue
			}
			if other, ok := seen[oid]; ok {
				t.Errorf("%s and %s share OID %d", typ, other, oid)
			}
			seen[oid] = typ
			if got, ok := ByOID(oid); !ok || got != typ {
				t.Errorf("ByOID(%d) = %v, %v, want %v", oid, got, ok, typ)
			}
			if typ.Kind == Array {
				if got := typ.ElemType().ArrayOID(); typ.Elem != Invalid && got != oid {
					t.Errorf("%s.ArrayOID() = %d, want %d", typ.ElemType(), got, oid)
				}
			}
		}
	}
	if got, ok := ByOID(0); ok {
		t.Errorf("ByOID(0) = %v", got)
	}
}

// TestKindsMatchPostgres holds names, OIDs, lengths and categories against pg_type.
func TestKindsMatchPostgres(t *testing.T) {
	p := askPostgres(t)
	for _, k := range Kinds() {
		for _, typ := range []T{Of(k), ArrayOf(Of(k))} {
			if typ.OID() == 0 {
				continue
			}
			var name, sql, category string
			var length int16
			var preferred bool
			var array uint32
			err := p.conn.QueryRow(context.Background(), `SELECT typname, format_type(oid, NULL), typlen, typcategory::text,
				typispreferred, typarray FROM pg_type WHERE oid = $1`, typ.OID()).Scan(&name, &sql, &length, &category, &preferred, &array)
			if err != nil {
				t.Errorf("%s: %v", typ, err)
				continue
			}
			got := fmt.Sprint(typ.Name(), typ.String(), typ.Len(), string(typ.Category()), typ.Preferred(), typ.ArrayOID())
			if want := fmt.Sprint(name, sql, length, category, preferred, array); got != want {
				t.Errorf("%s: %s, PostgreSQL has %s", typ, got, want)
			}
		}
	}
}

// TestNamesMatchPostgres makes each type by the spelling of its name and compares what to_regtype finds.
func TestNamesMatchPostgres(t *testing.T) {
	p := askPostgres(t)
	for name, k := range byName {
		if k == Void || k == Unknown || k == Record {
			continue
		}
		typ, ok := LookupType(name)
		if !ok || typ != Of(k) {
			t.Errorf("LookupType(%q) = %v, %v", name, typ, ok)
		}
		if got := p.answers([]string{"SELECT to_regtype(" + quote(name) + ")::oid::text"})[0]; got != fmt.Sprint(typ.OID()) {
			t.Errorf("%q is %d, in PostgreSQL %s", name, typ.OID(), got)
		}
	}
}

func TestLookupType(t *testing.T) {
	for name, want := range map[string]string{
		"int4":              "integer",
		"_int4":             "integer[]",
		"integer[]":         "integer[]",
		"text[][]":          "text[]",
		"pg_catalog._text":  "text[]",
		"char":              "character",
		`"char"`:            `"char"`,
		`"char"[]`:          `"char"[]`,
		"double precision":  "double precision",
		"nope":              "",
		"_nope":             "",
		"":                  "",
		"[]":                "",
		"_":                 "",
		"void[]":            "",
		"INTEGER":           "", // names come folded
		"_int4[]":           "",
		"anyarray":          "",
		"character varying": "character varying",
	} {
		typ, ok := LookupType(name)
		if ok != (want != "") || ok && typ.String() != want {
			t.Errorf("LookupType(%q) = %s, %v, want %q", name, typ, ok, want)
		}
	}
}

// TestModifiersMatchPostgres compares encoded modifiers and their printed form with those of real columns.
func TestModifiersMatchPostgres(t *testing.T) {
	p := askPostgres(t)
	mod := func(m int32, err error) int32 {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	types := []T{
		{Kind: Numeric, Mod: mod(NumericMod(12, 2))},
		{Kind: Numeric, Mod: mod(NumericMod(1000, 1000))},
		{Kind: Numeric, Mod: mod(NumericMod(3, -1000))},
		{Kind: Numeric, Mod: mod(Modifier(Numeric, 7))},
		{Kind: Varchar, Mod: mod(VarcharMod(1))},
		{Kind: Varchar, Mod: mod(VarcharMod(CharsMax))},
		{Kind: Bpchar, Mod: mod(BpcharMod(10))},
		{Kind: Time, Mod: mod(TimeMod(0))},
		{Kind: Timestamp, Mod: mod(TimeMod(3))},
		{Kind: TimestampTZ, Mod: mod(TimeMod(6))},
		{Kind: Interval, Mod: mod(IntervalMod("", 2))},
		{Kind: Interval, Mod: mod(IntervalMod("day to second", 4))},
	}
	for _, r := range intervalRanges {
		types = append(types, T{Kind: Interval, Mod: mod(IntervalMod(r.text, -1))})
	}
	for _, typ := range types {
		p.exec(fmt.Sprintf("CREATE TEMP TABLE m (c %s, a %s)", typ, ArrayOf(typ)))
		got := p.answers([]string{
			"SELECT string_agg(atttypmod::text, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'm'::regclass AND attnum > 0",
			"SELECT string_agg(format_type(atttypid, atttypmod), ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'm'::regclass AND attnum > 0",
		})
		if want := fmt.Sprint(typ.Mod, ArrayOf(typ).Mod); got[0] != want {
			t.Errorf("%s: modifiers %s, PostgreSQL %s", typ, want, got[0])
		}
		if want := typ.String() + " " + ArrayOf(typ).String(); got[1] != want {
			t.Errorf("%s: prints as %s, PostgreSQL %s", typ, want, got[1])
		}
		p.exec("DROP TABLE m")
	}
}

func TestModifierErrors(t *testing.T) {
	for _, c := range []struct {
		kind Kind
		args []int
		want string
	}{ // PostgreSQL's answers
		{Numeric, []int{0}, "NUMERIC precision 0 must be between 1 and 1000"},
		{Numeric, []int{1001, 2}, "NUMERIC precision 1001 must be between 1 and 1000"},
		{Numeric, []int{10, 1001}, "NUMERIC scale 1001 must be between -1000 and 1000"},
		{Numeric, []int{10, -1001}, "NUMERIC scale -1001 must be between -1000 and 1000"},
		{Numeric, []int{1, 2, 3}, "invalid NUMERIC type modifier"},
		{Varchar, []int{0}, "length for type varchar must be at least 1"},
		{Varchar, []int{10485761}, "length for type varchar cannot exceed 10485760"},
		{Bpchar, []int{-1}, "length for type char must be at least 1"},
		{Bpchar, []int{1, 2}, "invalid type modifier"},
	} {
		mod, err := Modifier(c.kind, c.args...)
		if err == nil || mod != -1 || asError(err) != "ERROR 22023: "+c.want {
			t.Errorf("%s%v: %d, %v, want %s", kinds[c.kind].name, c.args, mod, err, c.want)
		}
	}
	if _, err := Modifier(Int4, 3); pgerr.CodeOf(err) != pgerr.SyntaxError {
		t.Errorf("int4(3): %v", err)
	}
	if _, err := IntervalMod("day to year", -1); pgerr.CodeOf(err) != pgerr.InvalidParameterValue {
		t.Errorf("interval day to year: %v", err)
	}
	if m, err := TimeMod(9); m != 6 || err != nil {
		t.Errorf("TimeMod(9) = %d, %v, want 6", m, err)
	}
}

func TestNumericModRoundTrip(t *testing.T) {
	for _, p := range []int{1, 2, 38, 1000} {
		for _, s := range []int{-1000, -1, 0, 1, 2, 999, 1000} {
			mod, err := NumericMod(p, s)
			if err != nil {
				t.Fatal(err)
			}
			typ := T{Kind: Numeric, Mod: mod}
			if gp, gs, ok := typ.PrecisionScale(); !ok || gp != p || gs != s {
				t.Errorf("numeric(%d,%d) reads as (%d,%d), %v", p, s, gp, gs, ok)
			}
		}
	}
}
