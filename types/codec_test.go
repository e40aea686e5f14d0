package types

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"millrace/internal/testseed"
	"millrace/pgerr"
)

// binaryForms lists values whose binary form is compared with that of PostgreSQL's send functions.
var binaryForms = map[string][]string{
	"bool":         {"t", "f"},
	"int2":         {"0", "-1", "32767", "-32768"},
	"int4":         {"0", "-1", "2147483647", "-2147483648"},
	"int8":         {"0", "-1", "9223372036854775807", "-9223372036854775808"},
	"oid":          {"0", "4294967295"},
	"float4":       {"0", "-0", "1.5", "3.4028235e38", "1e-45", "Infinity", "NaN"},
	"float8":       {"0", "-0", "0.1", "1e308", "5e-324", "-Infinity", "NaN"},
	"numeric":      {"0", "0.00", "1", "-1.50", "10000", "0.0001", "100000000", "12345678.87654321", "1e131071", "1e-16383", "NaN", "Infinity", "-Infinity"},
	"text":         {"", "a", "é"},
	"varchar":      {"", "a "},
	"bpchar":       {"a  "},
	"name":         {"pg_class"},
	`"char"`:       {"", "a", `\377`},
	"bytea":        {`\x`, `\x00ff`},
	"uuid":         {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
	"date":         {"2000-01-01", "1999-12-31", "4713-01-01 BC", "5874897-12-31", "infinity", "-infinity"},
	"time":         {"00:00:00", "24:00:00", "12:34:56.789012"},
	"timestamp":    {"2000-01-01 00:00:00", "1970-01-01 00:00:00.000001", "infinity", "-infinity"},
	"timestamptz":  {"2024-02-29 12:00:00+02", "infinity"},
	"interval":     {"0", "1 year 2 mons -3 days 04:05:06.7", "-1 day"},
	"json":         {`{"a": 1}`},
	"jsonb":        {`{"b": [1, 2.50, null], "a": "x"}`},
	"regtype":      {"integer"},
	"int4[]":       {"{}", "{1,NULL}", "[0:1]={1,2}"},
	"text[]":       {`{{a,"b c"},{NULL,""}}`},
	"float8[]":     {"{1,NaN}"},
	"timestamp[]":  {`{"2000-01-01 00:00:00"}`},
	"jsonb[]":      {`{"{\"a\": 1}"}`},
	"regnamespace": {"11"},
}

// TestBinaryForms checks that each value's binary form reads back as the same value.
func TestBinaryForms(t *testing.T) {
	for name, texts := range binaryForms {
		typ := formType(t, name)
		for _, text := range texts {
			d, err := ParseText(typ, []byte(text), nil)
			if err != nil {
				t.Errorf("%s %q: %v", name, text, err)
				continue
			}
			wire := AppendBinary([]byte("x"), typ, d)[1:]
			back, err := ParseBinary(typ, wire)
			if err != nil {
				t.Errorf("%s %q: %x: %v", name, text, wire, err)
				continue
			}
			if !Equal(typ, d, back) || back.Text(typ) != d.Text(typ) {
				t.Errorf("%s %q: %x reads as %s", name, text, wire, back.Text(typ))
			}
			if size := binarySize(typ.Kind); size > 0 {
				for _, bad := range [][]byte{wire[:size-1], append(bytes.Clone(wire), 0)} {
					code := pgerr.InvalidBinaryRepresentation
					if len(bad) < size {
						code = pgerr.ProtocolViolation
					}
					if _, err := ParseBinary(typ, bad); pgerr.CodeOf(err) != code {
						t.Errorf("%s: %d bytes: %v, want %s", name, len(bad), err, code)
					}
				}
			}
		}
	}
}

// TestBinaryFormsMatchPostgres compares the bytes with those of PostgreSQL's send functions.
func TestBinaryFormsMatchPostgres(t *testing.T) {
	p := askPostgres(t)
	var queries, ours []string
	for name, texts := range binaryForms {
		typ := formType(t, name)
		send := typ.Name() + "send"
		switch typ.Kind {
		case Array:
			send = "array_send"
		case Numeric, Date, Time, Timestamp, TimestampTZ, Interval, UUID, JSON, JSONB:
			send = typ.Name() + "_send"
		}
		for _, text := range texts {
			d, err := ParseText(typ, []byte(text), nil)
			if err != nil {
				t.Errorf("%s %q: %v", name, text, err)
				continue
			}
			queries = append(queries, fmt.Sprintf("SELECT encode(%s(%s::%s), 'hex')", send, quote(text), name))
			ours = append(ours, fmt.Sprintf("%x", AppendBinary(nil, typ, d)))
		}
	}
	p.compare(queries, ours)
}

func TestBinaryErrors(t *testing.T) {
	for _, c := range []struct {
		typ  string
		wire string
		want string
	}{ // PostgreSQL's messages
		{"text", "a\x00b", `ERROR 22021: invalid byte sequence for encoding "UTF8": 0x00`},
		{"text", "a\xc3(", `ERROR 22021: invalid byte sequence for encoding "UTF8": 0xc3 0x28`},
		{"text", "\xff", `ERROR 22021: invalid byte sequence for encoding "UTF8": 0xff`},
		{"varchar(2)", "abc", "ERROR 22001: value too long for type character varying(2)"},
		{"numeric", "\x00\x01\x00\x00\x12\x34\x00\x00\x00\x01", `ERROR 22P03: invalid sign in external "numeric" value`},
		{"numeric", "\x00\x01\x00\x00\x00\x00\x40\x00\x00\x01", `ERROR 22P03: invalid scale in external "numeric" value`},
		{"numeric", "\x00\x01\x00\x00\x00\x00\x00\x00\x27\x10", `ERROR 22P03: invalid digit in external "numeric" value`},
		{"numeric", "\x00\x02\x00\x00\x00\x00\x00\x00\x00\x01", `ERROR 22P03: invalid length in external "numeric" value`},
		{"numeric", "\x00\x01\x7f\xff\x00\x00\x00\x00\x27\x0f", ""},
		{"numeric", "\x00\x00", "ERROR 08P01: insufficient data left in message"},
		{"numeric(2,1)", "\x00\x01\x00\x00\x00\x00\x00\x00\x00\x64", "ERROR 22003: numeric field overflow / A field with precision 2, scale 1 must round to an absolute value less than 10^1."},
		{"date", "\x7f\xff\xff\xfe", "ERROR 22008: date out of range"},
		{"time", "\xff\xff\xff\xff\xff\xff\xff\xff", "ERROR 22008: time out of range"},
		{"timestamp", "\x7f\xff\xff\xff\xff\xff\xff\xfe", "ERROR 22008: timestamp out of range"},
		{"record", "\x00\x00\x00\x00", "ERROR 0A000: input of anonymous composite types is not implemented"},
	} {
		_, err := ParseBinary(formType(t, c.typ), []byte(c.wire))
		got := ""
		if err != nil {
			got = asError(err)
		}
		if got != c.want {
			t.Errorf("%s %x: %s, want %s", c.typ, c.wire, got, c.want)
		}
	}
	// Digits that the scale would hide are dropped, as PostgreSQL does.
	d, err := ParseBinary(Of(Numeric), []byte("\x00\x02\x00\x00\x00\x00\x00\x01\x00\x01\x27\x0f"))
	if err != nil || d.Text(Of(Numeric)) != "1.9" {
		t.Errorf("1.9999 at scale 1 reads as %s, %v", d.Text(Of(Numeric)), err)
	}
	if _, err := ParseBinary(T{}, nil); err == nil {
		t.Error("a value of the invalid type")
	}
	if _, err := ParseText(ArrayOf(ArrayOf(Of(Int4))), []byte("{{1}}"), nil); err == nil {
		t.Error("an array of arrays as a type of its own")
	}
}

// TestApplyModMatchesPostgres compares explicit casts of values, and assignments to a column.
func TestApplyModMatchesPostgres(t *testing.T) {
	p := askPostgres(t)
	for name, texts := range map[string][]string{
		"varchar(3)":    {"", "abc", "abcd", "abc  ", "éééé"},
		"character(3)":  {"", "a", "abcd", "abc  ", "éééé"},
		"numeric(4,2)":  {"1", "99.994", "99.995", "NaN", "-1.005"},
		"time(2)":       {"12:34:56.789", "23:59:59.999"},
		"timestamp(0)":  {"2001-02-03 04:05:06.5", "infinity"},
		"interval(1)":   {"1 day 00:00:01.25", "-00:00:01.25"},
		"varchar(2)[]":  {"{abc,NULL,a}", "{}", "[2:3]={xyz,y}"},
		"numeric(3)[]":  {"{1.5,NULL}", "{1000}"},
		"timestamp":     {"2001-02-03 04:05:06.5"},
		"timestamp(3)":  {"2001-02-03 04:05:06.1235"},
		"character(2)":  {"a\u00a0b"},
		"numeric(10,0)": {"0.5"},
	} {
		typ := formType(t, name)
		for _, text := range texts {
			d, err := ParseText(typ.WithoutMod(), []byte(text), nil)
			if err != nil {
				t.Fatalf("%s %q: %v", name, text, err)
			}
			base := typ.WithoutMod().String()
			if typ.Kind == Bpchar {
				base = "bpchar"
			}
			value := fmt.Sprintf("(%s::%s)", quote(text), base)
			p.exec("DROP TABLE IF EXISTS m")
			p.exec(fmt.Sprintf("CREATE TEMP TABLE m (c %s)", typ))
			theirs := p.answers([]string{
				fmt.Sprintf("SELECT format('%%s', %s::%s)", value, typ),
				fmt.Sprintf("INSERT INTO m VALUES (%s) RETURNING format('%%s', c)", value),
			})
			for i, explicit := range []bool{true, false} {
				got, err := ApplyMod(typ, d, explicit)
				ours := got.Text(typ)
				if err != nil {
					ours = asError(err)
				}
				if ours != theirs[i] {
					t.Errorf("%q to %s, explicitly %v: %q, PostgreSQL %q", text, typ, explicit, ours, theirs[i])
				}
			}
		}
	}
}

// TestSettings checks the output that depends on settings: PostgreSQL's answers.
func TestSettings(t *testing.T) {
	env := *DefaultEnv
	env.ByteaOutput = "escape"
	env.ExtraFloatDigits = 0
	for _, c := range []struct{ typ, text, want string }{
		{"bytea", `\x00415c7f80ff20`, `\000A\\\177\200\377 `},
		{"bytea[]", `{"\\x00"}`, `{"\\000"}`},
		{"float8", "0.30000000000000004", "0.3"},
		{"float8", "123456789012345678", "1.23456789012346e+17"},
		{"float4", "1234567", "1.23457e+06"},
		{"float8[]", "{0.30000000000000004}", "{0.3}"},
	} {
		typ := formType(t, c.typ)
		d, err := ParseText(typ, []byte(c.text), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(AppendText(nil, typ, d, &env)); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.typ, c.text, got, c.want)
		}
	}
	if got := Null.Text(Of(Int4)); got != "NULL" {
		t.Errorf("NULL prints as %s", got)
	}
}

// TestCloneDatum: the clone does not change with what it was made of.
func TestCloneDatum(t *testing.T) {
	raw := []byte("abc")
	d := CloneDatum(NewBytes(raw))
	raw[0] = 'x'
	if string(d.B) != "abc" {
		t.Errorf("the clone is %s", d.B)
	}
}

// allTypes lists every kind that has values, bare, and some with modifiers and as elements of arrays.
func allTypes() []T {
	var types []T
	for _, k := range Kinds() {
		if k == Array || k == Void || k == Record {
			continue
		}
		types = append(types, Of(k))
		if k.info().arrayOID != 0 {
			types = append(types, ArrayOf(Of(k)))
		}
	}
	types = append(types, T{Kind: Numeric, Mod: 10<<16 | 3 + modHeader}, T{Kind: Varchar, Mod: 3 + modHeader},
		T{Kind: Bpchar, Mod: 3 + modHeader}, T{Kind: Timestamp, Mod: 2}, T{Kind: Interval, Mod: IntervalFullRange<<16 | 1})
	return types
}

// FuzzParseText reads arbitrary text as every type: no panic, and what was read prints as a text that reads as the same.
func FuzzParseText(f *testing.F) {
	for _, s := range []string{"", "1", "-1.5e3", "t", "NaN", "{1,NULL}", `{"a b",c}`, "[0:1]={1,2}", `\x00ff`, "2024-02-29 12:00:00+02",
		"1 year -2 mons 3 days 04:05:06", `{"a":[1,{"b":null}]}`, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "infinity", "1e131071", "\\377"} {
		testseed.Add(f, []byte(s))
	}
	types := allTypes()
	f.Fuzz(func(t *testing.T, s []byte) {
		if len(s) > 200 {
			return
		}
		for _, typ := range types {
			d, err := ParseText(typ, s, DefaultEnv)
			if err != nil {
				if e := new(pgerr.Error); !errors.As(err, &e) {
					t.Fatalf("%s: %q: an error without SQLSTATE: %v", typ, s, err)
				}
				continue
			}
			d = CloneDatum(d)
			text := AppendText(nil, typ, d, DefaultEnv)
			back, err := ParseText(typ, text, DefaultEnv)
			if err != nil {
				t.Fatalf("%s: %q prints as %q: %v", typ, s, text, err)
			}
			if !Equal(typ, d, back) || Hash(typ, d, 1) != Hash(typ, back, 1) {
				t.Fatalf("%s: %q prints as %q, which reads as %q", typ, s, text, AppendText(nil, typ, back, DefaultEnv))
			}
			wire := AppendBinary(nil, typ, d)
			back, err = ParseBinary(typ, wire)
			if err != nil {
				t.Fatalf("%s: %q is %x: %v", typ, s, wire, err)
			}
			if !Equal(typ, d, back) {
				t.Fatalf("%s: %q is %x, which reads as %q", typ, s, wire, AppendText(nil, typ, back, DefaultEnv))
			}
		}
	})
}

// FuzzParseBinary reads arbitrary bytes as every type: no panic, and what was read has a binary form that reads as the same.
func FuzzParseBinary(f *testing.F) {
	for name, texts := range binaryForms {
		typ := formType(f, name)
		for _, text := range texts {
			if d, err := ParseText(typ, []byte(text), nil); err == nil {
				testseed.Add(f, AppendBinary(nil, typ, d))
			}
		}
	}
	types := allTypes()
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, typ := range types {
			d, err := ParseBinary(typ, b)
			if err != nil {
				if e := new(pgerr.Error); !errors.As(err, &e) {
					t.Fatalf("%s: %x: an error without SQLSTATE: %v", typ, b, err)
				}
				continue
			}
			d = CloneDatum(d)
			wire := AppendBinary(nil, typ, d)
			back, err := ParseBinary(typ, wire)
			if err != nil || !Equal(typ, d, back) {
				t.Fatalf("%s: %x is written as %x, which does not read as the same: %v", typ, b, wire, err)
			}
			AppendText(nil, typ, d, DefaultEnv)
			Hash(typ, d, 1)
		}
	})
}
