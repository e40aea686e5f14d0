package types

import (
	"bytes"
	"strconv"

	"millrace/pgerr"
)

// The readers below work on valid JSON: on the stored form of jsonb, and where they say so on text of type
// json, which may hold blanks, any order of keys, and duplicates. Results alias their input. Broken input
// gives a wrong answer, never a panic.

// jsonIter walks the values of one container without going into them.
type jsonIter struct {
	b      []byte
	i      int
	object bool
}

// jsonOpen starts a walk over a container; ok is false for a scalar.
func jsonOpen(b []byte) (it jsonIter, ok bool) {
	i := skipJSONSpace(b, 0)
	if i == len(b) || b[i] != '{' && b[i] != '[' {
		return it, false
	}
	return jsonIter{b: b, i: i + 1, object: b[i] == '{'}, true
}

// next gives the next value and, in an object, the inside of its key's quotes.
func (it *jsonIter) next() (key, value []byte, ok bool) {
	b := it.b
	i := skipJSONSpace(b, it.i)
	if i < len(b) && b[i] == ',' {
		i = skipJSONSpace(b, i+1)
	}
	if i >= len(b) || b[i] == '}' || b[i] == ']' {
		it.i = len(b)
		return nil, nil, false
	}
	if it.object {
		end := skipJSONValue(b, i)
		if b[i] != '"' || end < i+2 {
			it.i = len(b)
			return nil, nil, false
		}
		key = b[i+1 : end-1]
		i = skipJSONSpace(b, end)
		if i < len(b) && b[i] == ':' {
			i = skipJSONSpace(b, i+1)
		}
	}
	end := skipJSONValue(b, i)
	if end == i {
		it.i = len(b)
		return nil, nil, false
	}
	it.i = end
	return key, b[i:end], true
}

func skipJSONSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// skipJSONValue gives the end of the value that starts at b[i:].
func skipJSONValue(b []byte, i int) int {
	if i >= len(b) {
		return i
	}
	switch b[i] {
	case '"':
		return skipJSONString(b, i)
	case '{', '[':
	default:
		for i < len(b) && jsonScalarBytes[b[i]] {
			i++
		}
		return i
	}
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			i = skipJSONString(b, i)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return i
}

// jsonScalarBytes are those of numbers and words.
var jsonScalarBytes = func() (set [256]bool) {
	for c := range set {
		set[c] = isJSONWordByte(byte(c)) || c == '-' || c == '+' || c == '.'
	}
	return set
}()

// jsonShortString is up to where a plain loop is faster than bytes.IndexByte.
const jsonShortString = 24

func skipJSONString(b []byte, i int) int {
	i++
	for end := min(i+jsonShortString, len(b)); i < end; i++ {
		switch b[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
	for quote := i - 1; i < len(b); {
		if quote < i { // else it is still the next one
			n := bytes.IndexByte(b[i:], '"')
			if n < 0 {
				break
			}
			quote = i + n
		}
		slash := bytes.IndexByte(b[i:quote], '\\')
		if slash < 0 {
			return quote + 1
		}
		i += slash + 2
	}
	return len(b)
}

// jsonDepth gives how deeply containers nest in a value: 0 for a scalar.
func jsonDepth(b []byte) int {
	depth, deepest := 0, 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			i = skipJSONString(b, i) - 1
		case '{', '[':
			depth++
			deepest = max(deepest, depth)
		case '}', ']':
			depth--
		}
	}
	return deepest
}

// jsonKind gives the first byte of a value: one of { [ " t f n, a digit or a minus; 0 if there is none.
func jsonKind(b []byte) byte {
	if i := skipJSONSpace(b, 0); i < len(b) {
		return b[i]
	}
	return 0
}

// trimJSON cuts off the blanks around a value.
func trimJSON(b []byte) []byte { return bytes.Trim(b, " \n\r\t") }

// JSONTypeof is json_typeof and jsonb_typeof: object, array, string, number, boolean or null.
func JSONTypeof(b []byte) string {
	switch jsonKind(b) {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number"
}

// jsonKeyIs reports whether the inside of a key's quotes means key.
func jsonKeyIs(inside []byte, key string) bool {
	if bytes.IndexByte(inside, '\\') < 0 {
		return string(inside) == key
	}
	return string(jsonUnescape(nil, inside)) == key
}

// JSONGetField is jsonb -> text: the member's value; ok is false where b is no object or has no such key.
func JSONGetField(b []byte, key string) (value []byte, ok bool) {
	it, ok := jsonOpen(b)
	if !ok || !it.object {
		return nil, false
	}
	for {
		k, v, ok := it.next()
		if !ok {
			return nil, false
		}
		if bytes.IndexByte(k, '\\') >= 0 {
			k = jsonUnescape(nil, k)
		}
		if len(k) > len(key) { // keys are ordered by length
			return nil, false
		}
		if string(k) == key {
			return v, true
		}
	}
}

// RawJSONGetField is json -> text: as [JSONGetField], for text of type json, where the last of equal keys counts.
func RawJSONGetField(b []byte, key string) (value []byte, ok bool) {
	it, ok := jsonOpen(b)
	if !ok || !it.object {
		return nil, false
	}
	ok = false
	for {
		k, v, more := it.next()
		if !more {
			return value, ok
		}
		if jsonKeyIs(k, key) {
			value, ok = v, true
		}
	}
}

// JSONGetIndex is jsonb -> integer: the array's element, counted from 0, or from the end if negative. A
// scalar counts as an array of itself, as in PostgreSQL.
func JSONGetIndex(b []byte, i int64) (value []byte, ok bool) {
	if k := jsonKind(b); k != '[' && k != '{' {
		return b, i == 0 || i == -1
	}
	return RawJSONGetIndex(b, i)
}

// RawJSONGetIndex is json -> integer: as [JSONGetIndex], but a scalar has no elements. It works for jsonb as well.
func RawJSONGetIndex(b []byte, i int64) (value []byte, ok bool) {
	it, ok := jsonOpen(b)
	if !ok || it.object {
		return nil, false
	}
	if i < 0 {
		if i += jsonCount(it); i < 0 {
			return nil, false
		}
	}
	for {
		_, v, ok := it.next()
		if !ok {
			return nil, false
		}
		if i == 0 {
			return v, true
		}
		i--
	}
}

// jsonCount counts the values that a walk has still to come.
func jsonCount(it jsonIter) (n int64) {
	for {
		if _, _, ok := it.next(); !ok {
			return n
		}
		n++
	}
}

// JSONPathGet is jsonb #> text[]: it follows keys and array positions; ok is false where one leads nowhere.
func JSONPathGet(b []byte, path []string) (value []byte, ok bool) {
	for _, step := range path {
		switch jsonKind(b) {
		case '{':
			b, ok = JSONGetField(b, step)
		case '[':
			b, ok = jsonElement(b, step)
		default:
			ok = false
		}
		if !ok {
			return nil, false
		}
	}
	return b, true
}

func jsonElement(b []byte, step string) (value []byte, ok bool) {
	i, ok := jsonPathIndex(step)
	if !ok {
		return nil, false
	}
	return RawJSONGetIndex(b, i)
}

// RawJSONPathGet is json #> text[]. Of equal keys, the last counts from which the path leads somewhere. The
// recursion is as deep as the path and the value both are.
func RawJSONPathGet(b []byte, path []string) (value []byte, ok bool) {
	b = trimJSON(b)
	if len(path) == 0 {
		return b, true
	}
	it, ok := jsonOpen(b)
	if !ok {
		return nil, false
	}
	if !it.object {
		if b, ok = jsonElement(b, path[0]); !ok {
			return nil, false
		}
		return RawJSONPathGet(b, path[1:])
	}
	ok = false
	for {
		k, v, more := it.next()
		if !more {
			return value, ok
		}
		if !jsonKeyIs(k, path[0]) {
			continue
		}
		if v, found := RawJSONPathGet(v, path[1:]); found {
			value, ok = v, true
		}
	}
}

// jsonPathIndex reads an array position in a path. Blanks before it and a plus are allowed, as in C's strtol.
func jsonPathIndex(s string) (int64, bool) {
	for s != "" && isSpace(s[0]) {
		s = s[1:]
	}
	i, err := strconv.ParseInt(s, 10, 32)
	return i, err == nil
}

// JSONText gives what jsonb ->> makes of a value: a string's text, null as NULL, and anything else as it is.
func JSONText(b []byte) (text []byte, null bool) {
	b = trimJSON(b)
	switch jsonKind(b) {
	case 'n':
		return nil, true
	case '"':
		inside := b[1:max(len(b)-1, 1)]
		if bytes.IndexByte(inside, '\\') < 0 {
			return inside, false
		}
		return jsonUnescape(nil, inside), false
	}
	return b, false
}

// RawJSONText is [JSONText] for text of type json, whose strings may hold escapes that mean no text: 22P05, 22P02.
func RawJSONText(b []byte) (text []byte, null bool, err error) {
	b = trimJSON(b)
	if jsonKind(b) == '"' && bytes.IndexByte(b, '\\') >= 0 {
		l := jsonLexer{s: b, decodes: true}
		if tok := l.next(); tok == jsonInvalid {
			return nil, false, l.err
		}
	}
	text, null = JSONText(b)
	return text, null, nil
}

// JSONArrayLength is json_array_length and jsonb_array_length. The error is 22023.
func JSONArrayLength(b []byte) (int64, error) {
	it, ok := jsonOpen(b)
	switch {
	case !ok:
		return 0, pgerr.New(pgerr.InvalidParameterValue, "cannot get array length of a scalar")
	case it.object:
		return 0, pgerr.New(pgerr.InvalidParameterValue, "cannot get array length of a non-array")
	}
	return jsonCount(it), nil
}

// JSONEach calls f for each member of an object, in order, with its key as text and its value. The key is valid
// during the call only. An error of f ends the walk and is returned. What is no object has no members.
func JSONEach(b []byte, f func(key, value []byte) error) error {
	it, ok := jsonOpen(b)
	if !ok || !it.object {
		return nil
	}
	var scratch []byte
	for {
		k, v, ok := it.next()
		if !ok {
			return nil
		}
		if bytes.IndexByte(k, '\\') >= 0 {
			scratch = jsonUnescape(scratch[:0], k)
			k = scratch
		}
		if err := f(k, v); err != nil {
			return err
		}
	}
}

// JSONElements calls f for each element of an array, in order. An error of f ends the walk and is returned.
// What is no array has no elements.
func JSONElements(b []byte, f func(value []byte) error) error {
	it, ok := jsonOpen(b)
	if !ok || it.object {
		return nil
	}
	for {
		_, v, ok := it.next()
		if !ok {
			return nil
		}
		if err := f(v); err != nil {
			return err
		}
	}
}

// JSONExists is jsonb ? text: whether key is a member's key, or a string among an array's elements, or the
// string itself.
func JSONExists(b []byte, key string) bool {
	it, ok := jsonOpen(b)
	if !ok {
		return jsonIsString(b, key)
	}
	if it.object {
		_, ok := JSONGetField(b, key)
		return ok
	}
	for {
		_, v, ok := it.next()
		if !ok {
			return false
		}
		if jsonIsString(v, key) {
			return true
		}
	}
}

// jsonIsString reports whether a value without blanks around it is the string s.
func jsonIsString(v []byte, s string) bool {
	return len(v) >= 2 && v[0] == '"' && jsonKeyIs(v[1:len(v)-1], s)
}
