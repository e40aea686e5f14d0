package types

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"millrace/pgerr"
)

// JSONBuilder builds a stored jsonb from the outside in: BeginObject, Key, a value, EndObject. The zero
// value is ready; Reset allows the next build in the same memory. Objects come out with their keys in order
// and the last of duplicates kept. The caller balances Begin and End, and gives a key before each value of
// an object; [JSONBuilder.Finish] reports where that was not so.
type JSONBuilder struct {
	buf     []byte
	frames  []jsonFrame
	members []jsonMember
	scratch []byte
	depth   int // deepest nesting, containers appended whole included
	roots   int
	err     error
}

// jsonFrame is an open container.
type jsonFrame struct {
	start    int // of its bracket in buf
	members  int // where its members begin
	count    int // of values
	object   bool
	unsorted bool
}

// jsonMember is a member of an open object, by offsets in the buffer: the key's quotes and the value's end.
type jsonMember struct {
	start, keyEnd, end int
}

// Reset empties the builder and keeps its memory.
func (b *JSONBuilder) Reset() {
	*b = JSONBuilder{buf: b.buf[:0], frames: b.frames[:0], members: b.members[:0], scratch: b.scratch[:0]}
}

// Finish gives the finished jsonb in memory of its own. Errors: 54001 where it nests too deeply, the first
// error of a value, and XX000 where calls did not make one whole value.
func (b *JSONBuilder) Finish() ([]byte, error) {
	switch {
	case b.err != nil:
		return nil, b.err
	case b.depth > JSONDepthMax:
		return nil, errJSONDepth()
	case b.roots != 1 || len(b.frames) != 0:
		return nil, pgerr.New(pgerr.InternalError, "unbalanced JSON value")
	}
	return append([]byte(nil), b.buf...), nil
}

// BeginObject opens an object.
func (b *JSONBuilder) BeginObject() { b.open(true) }

// BeginArray opens an array.
func (b *JSONBuilder) BeginArray() { b.open(false) }

// EndObject and EndArray close the innermost container.
func (b *JSONBuilder) EndObject() { b.close() }

// EndArray closes the innermost container.
func (b *JSONBuilder) EndArray() { b.close() }

// Key gives the key of the next value of an object. It must be text without NUL.
func (b *JSONBuilder) Key(key []byte) {
	start := b.beginKey()
	b.buf = AppendJSONString(b.buf, key)
	b.endKey(start)
}

// String adds text as a string.
func (b *JSONBuilder) String(s []byte) {
	b.value()
	b.buf = AppendJSONString(b.buf, s)
}

// Bool adds true or false.
func (b *JSONBuilder) Bool(v bool) {
	b.value()
	b.buf = strconv.AppendBool(b.buf, v)
}

// Null adds null.
func (b *JSONBuilder) Null() {
	b.value()
	b.buf = append(b.buf, "null"...)
}

// Int adds an integer.
func (b *JSONBuilder) Int(v int64) {
	b.value()
	b.buf = strconv.AppendInt(b.buf, v, 10)
}

// Number adds a number, as the text of a numeric or float. What JSON has no number for (NaN, infinities) is
// added as a string, as to_jsonb does.
func (b *JSONBuilder) Number(text []byte) {
	l := jsonLexer{s: text}
	if tok := l.next(); tok != jsonNumber || l.end != len(text) || l.start != 0 {
		b.String(text)
		return
	}
	b.value()
	b.number(text)
}

// Raw adds a stored jsonb.
func (b *JSONBuilder) Raw(jsonb []byte) {
	b.value()
	b.depth = max(b.depth, len(b.frames)+jsonDepth(jsonb))
	b.buf = append(b.buf, jsonb...)
}

func (b *JSONBuilder) open(object bool) {
	b.value()
	b.frames = append(b.frames, jsonFrame{start: len(b.buf), members: len(b.members), object: object})
	b.depth = max(b.depth, len(b.frames))
	if object {
		b.buf = append(b.buf, '{')
	} else {
		b.buf = append(b.buf, '[')
	}
}

// value makes room for a value: in an array it writes the comma.
func (b *JSONBuilder) value() {
	if len(b.frames) == 0 {
		b.roots++
		return
	}
	f := &b.frames[len(b.frames)-1]
	if !f.object && f.count > 0 {
		b.buf = append(b.buf, ", "...)
	}
	f.count++
}

func (b *JSONBuilder) beginKey() int {
	if len(b.frames) == 0 || !b.frames[len(b.frames)-1].object {
		b.err = pgerr.New(pgerr.InternalError, "JSON key outside an object")
		return -1
	}
	f := &b.frames[len(b.frames)-1]
	if n := len(b.members); n > f.members {
		b.members[n-1].end = len(b.buf)
		b.buf = append(b.buf, ", "...)
	}
	return len(b.buf)
}

// endKey records the key that was written from start on, and whether it still comes in order.
func (b *JSONBuilder) endKey(start int) {
	if start < 0 {
		return
	}
	m := jsonMember{start: start, keyEnd: len(b.buf)}
	b.buf = append(b.buf, ": "...)
	f := &b.frames[len(b.frames)-1]
	if n := len(b.members); n > f.members && !f.unsorted {
		f.unsorted = compareJSONKeys(b.key(b.members[n-1]), b.key(m)) >= 0
	}
	b.members = append(b.members, m)
}

// key gives a member's key as it stands between its quotes.
func (b *JSONBuilder) key(m jsonMember) []byte { return b.buf[m.start+1 : m.keyEnd-1] }

func (b *JSONBuilder) close() {
	if len(b.frames) == 0 {
		b.err = pgerr.New(pgerr.InternalError, "unbalanced JSON value")
		return
	}
	f := b.frames[len(b.frames)-1]
	b.frames = b.frames[:len(b.frames)-1]
	if !f.object {
		b.buf = append(b.buf, ']')
		return
	}
	if n := len(b.members); n > f.members {
		b.members[n-1].end = len(b.buf)
	}
	if f.count != len(b.members)-f.members {
		b.err = pgerr.New(pgerr.InternalError, "JSON object with a key or value too many")
	}
	if f.unsorted {
		b.sortMembers(f)
	}
	b.members = b.members[:f.members]
	b.buf = append(b.buf, '}')
}

// sortMembers puts the members of an object in order and drops all but the last of equal keys.
func (b *JSONBuilder) sortMembers(f jsonFrame) {
	ms := b.members[f.members:]
	slices.SortStableFunc(ms, func(x, y jsonMember) int { return compareJSONKeys(b.key(x), b.key(y)) })
	b.scratch = b.scratch[:0]
	for i, m := range ms {
		if i+1 < len(ms) && compareJSONKeys(b.key(m), b.key(ms[i+1])) == 0 {
			continue
		}
		if len(b.scratch) > 0 {
			b.scratch = append(b.scratch, ", "...)
		}
		b.scratch = append(b.scratch, b.buf[m.start:m.end]...)
	}
	b.buf = append(b.buf[:f.start+1], b.scratch...)
}

// compareJSONKeys orders keys, given as they stand between quotes, by the length and then the bytes of what
// they mean.
func compareJSONKeys(x, y []byte) int {
	if bytes.IndexByte(x, '\\') >= 0 || bytes.IndexByte(y, '\\') >= 0 {
		x, y = jsonUnescape(nil, x), jsonUnescape(nil, y)
	}
	if c := cmp.Compare(len(x), len(y)); c != 0 {
		return c
	}
	return bytes.Compare(x, y)
}

// keyToken adds a key that the lexer found, quotes included.
func (b *JSONBuilder) keyToken(text []byte, escaped bool) {
	start := b.beginKey()
	b.stringToken(text, escaped)
	b.endKey(start)
}

// stringToken writes a string that the lexer found, with only the escapes that it needs.
func (b *JSONBuilder) stringToken(text []byte, escaped bool) {
	if !escaped {
		b.buf = append(b.buf, text...)
		return
	}
	b.scratch = jsonUnescape(b.scratch[:0], text[1:len(text)-1])
	b.buf = AppendJSONString(b.buf, b.scratch)
}

// token adds a scalar that the lexer found.
func (b *JSONBuilder) token(l *jsonLexer, tok jsonToken) error {
	b.value()
	switch tok {
	case jsonString:
		b.stringToken(l.text(), l.escaped)
	case jsonNumber:
		b.number(l.text())
		return b.err
	default:
		b.buf = append(b.buf, l.text()...)
	}
	return nil
}

// jsonPlainNumberMax is the length up to which a number without exponent is surely within numeric's range.
const jsonPlainNumberMax = 1000

// jsonBytesMax bounds a value, as in PostgreSQL. It is checked where a few bytes of text can become many: at numbers with
// an exponent.
const jsonBytesMax = 1<<28 - 1

// number writes a number as numeric prints it.
func (b *JSONBuilder) number(text []byte) {
	if len(text) <= jsonPlainNumberMax && (text[0] != '-' || text[1] != '0') && bytes.IndexByte(text, 'e') < 0 && bytes.IndexByte(text, 'E') < 0 {
		b.buf = append(b.buf, text...)
		return
	}
	out, ok := appendJSONDecimal(b.buf, text)
	switch {
	case b.err != nil:
	case !ok:
		b.err = pgerr.New(pgerr.NumericValueOutOfRange, "value overflows numeric format")
	case len(out) > jsonBytesMax:
		b.err = pgerr.New(pgerr.ProgramLimitExceeded, "total size of jsonb value exceeds the maximum of %d bytes", jsonBytesMax)
	}
	b.buf = out
}

// The bounds of numeric: digits before and after the point, and the exponent that it reads.
const (
	numericWholeDigitsMax = 131072
	numericFractionMax    = 16383
	numericExponentMax    = math.MaxInt32 / 2
)

// appendJSONDecimal appends a JSON number without exponent, as numeric prints it: 1.10e1 is 11.0. It moves digits
// and computes nothing, since a few bytes can ask for many thousands of digits. It reports false for a number
// beyond the range of numeric.
func appendJSONDecimal(dst, text []byte) ([]byte, bool) {
	negative := text[0] == '-'
	if negative {
		text = text[1:]
	}
	exponent := 0
	if i := bytes.IndexAny(text, "eE"); i >= 0 {
		var err error
		exponent, err = strconv.Atoi(string(text[i+1:]))
		if err != nil || exponent >= numericExponentMax || exponent <= -numericExponentMax {
			return dst, false
		}
		text = text[:i]
	}
	whole, fraction, _ := bytes.Cut(text, []byte{'.'})
	scale := len(fraction) - exponent // digits after the point, if positive
	if scale > numericFractionMax {
		return dst, false
	}
	if whole[0] == '0' {
		whole = nil
		if len(bytes.TrimLeft(fraction, "0")) == 0 {
			dst = append(dst, '0')
			if scale > 0 {
				dst = appendZeros(append(dst, '.'), scale)
			}
			return dst, true
		}
		fraction = bytes.TrimLeft(fraction, "0")
	}
	digits := len(whole) + len(fraction)
	if digits-scale > numericWholeDigitsMax {
		return dst, false
	}
	if negative {
		dst = append(dst, '-')
	}
	switch start := len(dst); {
	case scale <= 0:
		dst = appendZeros(append(append(dst, whole...), fraction...), -scale)
	case digits > scale:
		dst = append(append(dst, whole...), fraction...)
		dst = slices.Insert(dst, start+digits-scale, '.')
	default:
		dst = appendZeros(append(dst, "0."...), scale-digits)
		dst = append(append(dst, whole...), fraction...)
	}
	return dst, true
}

func appendZeros(dst []byte, n int) []byte {
	dst = slices.Grow(dst, n)
	for ; n > 0; n-- {
		dst = append(dst, '0')
	}
	return dst
}

// AppendJSONString appends s as a JSON string: quoted, with only the escapes that JSON requires. Bytes are
// taken as they are, so s should be valid UTF-8.
func AppendJSONString(dst, s []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	from := 0
	for i, c := range s {
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(dst, s[from:]...), '"')
}

// jsonUnescape appends what the inside of a valid JSON string means.
func jsonUnescape(dst, s []byte) []byte {
	for len(s) > 0 {
		i := bytes.IndexByte(s, '\\')
		if i < 0 || i+1 >= len(s) {
			return append(dst, s...)
		}
		dst = append(dst, s[:i]...)
		c := s[i+1]
		s = s[i+2:]
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			var r rune
			r, s = jsonUnescapeUnit(s)
			if r >= 0xD800 && r < 0xDC00 && len(s) >= 6 && s[0] == '\\' && s[1] == 'u' {
				low, rest := jsonUnescapeUnit(s[2:])
				if low >= 0xDC00 && low < 0xE000 {
					r, s = (r-0xD800)<<10+(low-0xDC00)+0x10000, rest
				}
			}
			dst = utf8.AppendRune(dst, r)
			continue
		}
		dst = append(dst, c)
	}
	return dst
}

// jsonUnescapeUnit reads the four digits of a \u escape.
func jsonUnescapeUnit(s []byte) (code rune, rest []byte) {
	n := min(4, len(s))
	for _, c := range s[:n] {
		d, _ := hexDigit(c)
		code = code<<4 | rune(d)
	}
	return code, s[n:]
}
