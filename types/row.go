package types

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"weak"

	"millrace/pgerr"
)

// A row value is a byte string; its type says how many fields it has and of which types:
//
//	null bitmap, one bit a field, lowest bit first
//	fields, NULLs taking no space: booleans 1 byte, integers and floats 8 bytes little endian, all others uvarint length
//	and the value's own bytes
//
// The empty string, which stands in the slots of NULL rows, reads as a row of NULLs.

// RowFieldsMax is the greatest number of a row's fields, PostgreSQL's MaxTupleAttributeNumber.
const RowFieldsMax = 1664

// shapes has the one Def of each row type without a name that is in use, by its description. An entry holds nothing alive;
// it is removed when its Def is gone.
var shapes = struct {
	sync.Mutex
	defs map[string]weak.Pointer[Def]
}{defs: map[string]weak.Pointer[Def]{}}

// RowOf gives the row type without a name that has the given fields. The same fields always give the same type.
func RowOf(fields []Attr) T {
	key := shapeKey(fields)
	shapes.Lock()
	defer shapes.Unlock()
	if d := shapes.defs[key].Value(); d != nil {
		return d.Of()
	}
	d := NewRowDef(0, 0, "", "", fields)
	w := weak.Make(d)
	shapes.defs[key] = w
	runtime.AddCleanup(d, func(key string) {
		shapes.Lock()
		defer shapes.Unlock()
		if shapes.defs[key] == w {
			delete(shapes.defs, key)
		}
	}, key)
	return d.Of()
}

// shapeKey describes fields; a user's type is told by where its Def is, which the fields keep from being reused.
func shapeKey(fields []Attr) string {
	var b []byte
	for _, f := range fields {
		b = strconv.AppendQuote(b, f.Name)
		b = append(b, byte(f.T.Kind), byte(f.T.Elem))
		b = binary.LittleEndian.AppendUint32(b, uint32(f.T.Mod))
		b = fmt.Appendf(b, "%p", f.T.Def)
	}
	return string(b)
}

// RowReader reads a row value field by field. It aliases the value and does not allocate.
type RowReader struct {
	fields []Attr
	nulls  []byte
	data   []byte
	i      int
}

// ReadRow begins to read the row b of type t. Where bytes are missing it gives NULLs.
func ReadRow(t T, b []byte) RowReader {
	if t.Def == nil {
		return RowReader{}
	}
	r := RowReader{fields: t.Def.Attrs()}
	if n := (len(r.fields) + 7) / 8; len(b) >= n {
		r.nulls, r.data = b[:n], b[n:]
	}
	return r
}

// Len is the number of fields.
func (r *RowReader) Len() int { return len(r.fields) }

// Next gives the fields one after the other with their types, and ok false at the end. Bytes alias the row.
func (r *RowReader) Next() (t T, d Datum, ok bool) {
	if r.i >= len(r.fields) {
		return T{}, Datum{}, false
	}
	i := r.i
	r.i++
	t = r.fields[i].T
	if i>>3 >= len(r.nulls) || r.nulls[i>>3]>>(i&7)&1 != 0 {
		return t, Null, true
	}
	a := ArrayReader{rep: t.Rep(), data: r.data}
	if d, ok = a.read(); !ok {
		r.nulls = nil // damaged: the rest is NULL
		return t, Null, true
	}
	r.data = r.data[a.off:]
	return t, d, true
}

// RowField gives field i, from 0, of a row of type t; NULL where there is none. It takes time in proportion to i.
func RowField(t T, b []byte, i int) Datum {
	r := ReadRow(t, b)
	for ; i > 0; i-- {
		r.Next()
	}
	_, d, ok := r.Next()
	if !ok {
		return Null
	}
	return d
}

// AppendRow appends a row value of the given fields, one for each of t's.
func AppendRow(dst []byte, t T, fields []Datum) []byte {
	at := len(dst)
	dst = append(dst, make([]byte, (len(fields)+7)/8)...)
	b := ArrayBuilder{data: dst}
	for i, f := range t.Def.Attrs() {
		if fields[i].Null {
			b.data[at+i>>3] |= 1 << (i & 7)
			continue
		}
		b.rep = f.T.Rep()
		b.appendValue(fields[i])
	}
	return b.data
}

// compareRows orders as PostgreSQL's record_cmp: field by field, NULLs equal to each other and after everything else.
func compareRows(t T, a, b []byte) int {
	x, y := ReadRow(t, a), ReadRow(t, b)
	for {
		ft, p, ok := x.Next()
		_, q, _ := y.Next()
		if !ok {
			return 0
		}
		if c := compareElements(ft, p, q); c != 0 {
			return c
		}
	}
}

// hashRow is consistent with compareRows.
func hashRow(t T, b []byte, seed uint64) uint64 {
	r, h := ReadRow(t, b), seed
	for {
		ft, d, ok := r.Next()
		switch {
		case !ok:
			return h
		case d.Null:
			h = HashInt(hashNullElement, h)
		default:
			h = Hash(ft, d, h)
		}
	}
}

// appendRowText writes a row as record_out does: (1,"a b",), with quotes where a field could be misread.
func appendRowText(dst []byte, t T, b []byte, env *Env) []byte {
	dst = append(dst, '(')
	r := ReadRow(t, b)
	var text []byte
	for first := true; ; first = false {
		ft, d, ok := r.Next()
		if !ok {
			return append(dst, ')')
		}
		if !first {
			dst = append(dst, ',')
		}
		if d.Null {
			continue
		}
		text = AppendText(text[:0], ft, d, env)
		dst = appendRowField(dst, text)
	}
}

func appendRowField(dst, text []byte) []byte {
	quote := len(text) == 0
	for _, c := range text {
		quote = quote || c == '"' || c == '\\' || c == '(' || c == ')' || c == ',' || asciiSpace(c)
	}
	if !quote {
		return append(dst, text...)
	}
	dst = append(dst, '"')
	for _, c := range text {
		if c == '"' || c == '\\' {
			dst = append(dst, c)
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}

func errRowInput() error {
	return pgerr.New(pgerr.FeatureNotSupported, "input of anonymous composite types is not implemented")
}

// parseRow reads a row of a type with a name from its text, as record_in does.
func parseRow(t T, s []byte, env *Env) ([]byte, error) {
	if t.Def == nil || !t.Def.Named() {
		return nil, errRowInput()
	}
	malformed := func(detail string) error {
		return pgerr.New(pgerr.InvalidTextRepresentation, "malformed record literal: \"%s\"", validText(s)).WithDetail("%s", detail)
	}
	i := 0
	for i < len(s) && asciiSpace(s[i]) {
		i++
	}
	if i == len(s) || s[i] != '(' {
		return nil, malformed("Missing left parenthesis.")
	}
	i++
	fields := t.Def.Attrs()
	values := make([]Datum, len(fields))
	for n, f := range fields {
		if n > 0 {
			if i == len(s) || s[i] != ',' {
				return nil, malformed("Too few columns.")
			}
			i++
		}
		if i < len(s) && (s[i] == ',' || s[i] == ')') {
			values[n] = Null
			continue
		}
		text, end, ok := rowFieldText(s, i)
		if !ok {
			return nil, malformed("Unexpected end of input.")
		}
		i = end
		d, err := ParseText(f.T, text, env)
		if err != nil {
			return nil, err
		}
		values[n] = d
	}
	if i == len(s) || s[i] != ')' {
		return nil, malformed("Too many columns.")
	}
	for i++; i < len(s); i++ {
		if !asciiSpace(s[i]) {
			return nil, malformed("Junk after right parenthesis.")
		}
	}
	return AppendRow(nil, t, values), nil
}

// rowFieldText reads a field's text up to the comma or parenthesis that ends it.
func rowFieldText(s []byte, i int) (text []byte, end int, ok bool) {
	quoted := false
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case !quoted && (c == ',' || c == ')'):
			return text, i, true
		case c == '\\':
			if i++; i == len(s) {
				return nil, 0, false
			}
			text = append(text, s[i])
		case c == '"' && quoted && i+1 < len(s) && s[i+1] == '"':
			text = append(text, c)
			i++
		case c == '"':
			quoted = !quoted
		default:
			text = append(text, c)
		}
	}
	return nil, 0, false
}

// appendRowBinary appends the binary form: the number of fields, and each with its type and length.
func appendRowBinary(dst []byte, t T, b []byte) []byte {
	be := binary.BigEndian
	r := ReadRow(t, b)
	dst = be.AppendUint32(dst, uint32(r.Len()))
	for {
		ft, d, ok := r.Next()
		if !ok {
			return dst
		}
		dst = be.AppendUint32(dst, ft.OID())
		if d.Null {
			dst = be.AppendUint32(dst, rowNullSize)
			continue
		}
		at := len(dst)
		dst = AppendBinary(append(dst, 0, 0, 0, 0), ft, d)
		be.PutUint32(dst[at:], uint32(len(dst)-at-4))
	}
}

// rowNullSize is the length that says NULL.
const rowNullSize = 1<<32 - 1

// parseRowBinary reads the binary form of a row of a type with a name.
func parseRowBinary(t T, b []byte) ([]byte, error) {
	if t.Def == nil || !t.Def.Named() {
		return nil, errRowInput()
	}
	fields := t.Def.Attrs()
	m := binaryMessage{rest: b}
	if n := int32(m.uint32()); m.short {
		return nil, errShortBinary()
	} else if int(n) != len(fields) {
		return nil, pgerr.New(pgerr.DatatypeMismatch, "wrong number of columns: %d, expected %d", n, len(fields))
	}
	values := make([]Datum, len(fields))
	for i, f := range fields {
		oid, size := m.uint32(), int32(m.uint32())
		if m.short {
			return nil, errShortBinary()
		}
		if oid != f.T.OID() {
			return nil, pgerr.New(pgerr.DatatypeMismatch, "binary data has type %d instead of expected %d (%s) in record column %d", oid, f.T.OID(), f.T.WithoutMod(), i+1)
		}
		if size == -1 {
			values[i] = Null
			continue
		}
		raw := m.bytes(int(size))
		if m.short {
			return nil, errShortBinary()
		}
		d, err := ParseBinary(f.T, raw)
		if err != nil {
			return nil, err
		}
		values[i] = d
	}
	if len(m.rest) > 0 {
		return nil, errBinary("incorrect binary data format")
	}
	return AppendRow(nil, t, values), nil
}
