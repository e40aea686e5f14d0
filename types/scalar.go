package types

import (
	"math"
	"strconv"
	"strings"

	"millrace/pgerr"
)

// parseBool reads a boolean: any unambiguous beginning of true, false, yes, no, on, off, or 1, 0, in any case.
func parseBool(s []byte) (Datum, error) {
	w := trimSpace(s)
	if len(w) == 0 || len(w) > len("false") {
		return Datum{}, errInvalidText("boolean", s)
	}
	word := ""
	switch w[0] | 0x20 {
	case 't':
		word = "true"
	case 'f':
		word = "false"
	case 'y':
		word = "yes"
	case 'n':
		word = "no"
	case 'o':
		if len(w) > 1 {
			if word = "on"; w[1]|0x20 == 'f' {
				word = "off"
			}
		}
	case '1', '0':
		if len(w) == 1 && (w[0] == '1' || w[0] == '0') {
			return NewBool(w[0] == '1'), nil
		}
	}
	if len(w) > len(word) || !asciiEqualFold(w, word[:len(w)]) {
		return Datum{}, errInvalidText("boolean", s)
	}
	return NewBool(word == "true" || word == "yes" || word == "on"), nil
}

// ParseInt reads an integer of the kind [Int2], [Int4] or [Int8]: decimal digits with a sign, blanks around. Errors are
// 22P02 for bad syntax and 22003 out of range.
func ParseInt(s []byte, k Kind) (int64, error) {
	i := 0
	for i < len(s) && asciiSpace(s[i]) {
		i++
	}
	neg := false
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		neg = s[i] == '-'
		i++
	}
	limit := uint64(math.MaxInt64)
	switch k {
	case Int2:
		limit = math.MaxInt16
	case Int4:
		limit = math.MaxInt32
	}
	if neg {
		limit++
	}
	start, v := i, uint64(0)
	for ; i < len(s); i++ {
		d := uint64(s[i] - '0')
		if d > 9 {
			break
		}
		if v > limit/10 || v*10 > limit-d {
			return 0, errIntRange(s, k)
		}
		v = v*10 + d
	}
	digits := i > start
	for i < len(s) && asciiSpace(s[i]) {
		i++
	}
	if !digits || i < len(s) {
		return 0, errInvalidText(kinds[k].sql, s)
	}
	if neg {
		return -int64(v), nil
	}
	return int64(v), nil
}

func errIntRange(s []byte, k Kind) error {
	return pgerr.New(pgerr.NumericValueOutOfRange, "value \"%s\" is out of range for type %s", validText(s), kinds[k].sql)
}

// parseOID reads an object identifier: 0 to 4294967295, or a negative int4 that stands for its unsigned bits.
func parseOID(s []byte) (int64, error) {
	text := trimSpace(s)
	neg := len(text) > 0 && text[0] == '-'
	if neg || len(text) > 0 && text[0] == '+' {
		text = text[1:]
	}
	n := leadingDigits(text)
	if n == 0 || n != len(text) {
		return 0, errInvalidText("oid", s)
	}
	limit := uint64(math.MaxUint32)
	if neg {
		limit = -math.MinInt32
	}
	v, err := strconv.ParseUint(string(text), 10, 64)
	if err != nil || v > limit {
		return 0, errIntRange(s, OID)
	}
	if neg {
		v = -v & math.MaxUint32
	}
	return int64(v), nil
}

// parseReg reads an object alias type. Numbers, "-" for 0, and the names of built-in types are known here, all others by
// the environment's Objects.
func parseReg(k Kind, s []byte, env *Env) (int64, error) {
	switch {
	case string(s) == "-":
		return 0, nil
	case len(s) > 0 && leadingDigits(s) == len(s):
		return parseOID(s)
	}
	name := validText(s)
	if env.Objects != nil {
		oid, err := env.Objects.ObjectID(k, name)
		return int64(oid), err
	}
	switch k {
	case Regtype:
		base, _, _ := strings.Cut(name, "(")
		if t, ok := LookupType(strings.ToLower(strings.TrimSpace(base))); ok {
			return int64(t.OID()), nil
		}
		return 0, pgerr.New(pgerr.UndefinedObject, "type \"%s\" does not exist", name)
	case Regproc:
		return 0, pgerr.New(pgerr.UndefinedFunction, "function \"%s\" does not exist", name)
	case Regnamespace:
		return 0, pgerr.New(pgerr.InvalidSchemaName, "schema \"%s\" does not exist", name)
	case Regrole:
		return 0, pgerr.New(pgerr.UndefinedObject, "role \"%s\" does not exist", name)
	}
	return 0, pgerr.New(pgerr.UndefinedTable, "relation \"%s\" does not exist", name)
}

// appendReg appends an object alias: its name where that is known, else the number.
func appendReg(dst []byte, k Kind, oid int64, env *Env) []byte {
	if oid == 0 {
		return append(dst, '-')
	}
	if k == Regtype {
		if t, ok := ByOID(uint32(oid)); ok {
			return append(dst, t.String()...)
		}
	}
	if env.Objects != nil {
		if name, ok := env.Objects.ObjectName(k, uint32(oid)); ok {
			return append(dst, name...)
		}
	}
	return strconv.AppendUint(dst, uint64(uint32(oid)), 10)
}

// parseChar1 reads PostgreSQL's "char": the first byte, or a byte above 127 as \ooo, or nothing for 0.
func parseChar1(s []byte) int64 {
	switch {
	case len(s) == 0:
		return 0
	case len(s) == 4 && s[0] == '\\' && s[1]-'0' <= 7:
		// Like PostgreSQL, and unlike bytea, this takes \400 and above and keeps the low byte.
		if v, ok := octalByte([]byte{'0' + s[1]&3, s[2], s[3]}); ok {
			return int64(v)
		}
	}
	return int64(s[0])
}

func appendChar1(dst []byte, v int64) []byte {
	c := byte(v)
	switch {
	case c == 0:
		return dst
	case c < 0x80:
		return append(dst, c)
	}
	return appendOctal(dst, c)
}

// octalByte reads three octal digits at the start of s, the first at most 3.
func octalByte(s []byte) (byte, bool) {
	if len(s) < 3 || s[0]-'0' > 3 || s[1]-'0' > 7 || s[2]-'0' > 7 {
		return 0, false
	}
	return (s[0]-'0')<<6 | (s[1]-'0')<<3 | (s[2] - '0'), true
}

func appendOctal(dst []byte, c byte) []byte {
	return append(dst, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
}

const hexDigits = "0123456789abcdef"

// hexValue gives the value of a hexadecimal digit, or 0xff.
func hexValue(c byte) byte {
	switch {
	case c-'0' <= 9:
		return c - '0'
	case c-'a' <= 5:
		return c - 'a' + 10
	case c-'A' <= 5:
		return c - 'A' + 10
	}
	return 0xff
}

// uuidLen is the size of a UUID.
const uuidLen = 16

// parseUUID reads 32 hexadecimal digits, with braces around and a hyphen after every fourth digit allowed.
func parseUUID(s []byte) ([]byte, error) {
	in := s
	braces := len(in) > 0 && in[0] == '{'
	if braces {
		in = in[1:]
	}
	out := make([]byte, uuidLen)
	for i := range out {
		if len(in) < 2 || hexValue(in[0]) > 15 || hexValue(in[1]) > 15 {
			return nil, errInvalidText("uuid", s)
		}
		out[i] = hexValue(in[0])<<4 | hexValue(in[1])
		in = in[2:]
		if len(in) > 0 && in[0] == '-' && i%2 == 1 && i < uuidLen-1 {
			in = in[1:]
		}
	}
	if braces {
		if len(in) == 0 || in[0] != '}' {
			return nil, errInvalidText("uuid", s)
		}
		in = in[1:]
	}
	if len(in) > 0 {
		return nil, errInvalidText("uuid", s)
	}
	return out, nil
}

// appendUUID appends the 8-4-4-4-12 form.
func appendUUID(dst, b []byte) []byte {
	for i, c := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
	}
	return dst
}

// parseBytea reads both formats of bytea: \x and hexadecimal digits, with blanks between pairs, or text with \\ and \ooo.
func parseBytea(s []byte) ([]byte, error) {
	if len(s) >= 2 && s[0] == '\\' && s[1] == 'x' {
		return parseByteaHex(s[2:])
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			out = append(out, s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == '\\' {
			out = append(out, '\\')
			i++
		} else if v, ok := octalByte(s[i+1:]); ok {
			out = append(out, v)
			i += 3
		} else {
			return nil, pgerr.New(pgerr.InvalidTextRepresentation, "invalid input syntax for type bytea")
		}
	}
	return out, nil
}

func parseByteaHex(s []byte) ([]byte, error) {
	out := make([]byte, 0, len(s)/2)
	for i := 0; i < len(s); {
		if c := s[i]; c == ' ' || c == '\n' || c == '\t' || c == '\r' {
			i++
			continue
		}
		hi := hexValue(s[i])
		if hi > 15 {
			return nil, errHexDigit(s[i:])
		}
		if i+1 == len(s) {
			return nil, pgerr.New(pgerr.InvalidParameterValue, "invalid hexadecimal data: odd number of digits")
		}
		lo := hexValue(s[i+1])
		if lo > 15 {
			return nil, errHexDigit(s[i+1:])
		}
		out = append(out, hi<<4|lo)
		i += 2
	}
	return out, nil
}

// errHexDigit names the character at the start of s.
func errHexDigit(s []byte) error {
	for _, r := range string(s[:min(len(s), 4)]) {
		return pgerr.New(pgerr.InvalidParameterValue, "invalid hexadecimal digit: \"%c\"", r)
	}
	return nil
}

// appendBytea appends bytes in the format that bytea_output names.
func appendBytea(dst, b []byte, format string) []byte {
	if format == "escape" {
		for _, c := range b {
			switch {
			case c == '\\':
				dst = append(dst, '\\', '\\')
			case c < 0x20 || c > 0x7e:
				dst = appendOctal(dst, c)
			default:
				dst = append(dst, c)
			}
		}
		return dst
	}
	dst = append(dst, '\\', 'x')
	for _, c := range b {
		dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
	}
	return dst
}
