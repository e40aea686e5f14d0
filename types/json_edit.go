package types

import (
	"bytes"

	"millrace/pgerr"
)

// The functions below make a new stored jsonb out of stored ones. They write in memory of their own.

// finishJSON checks an edited value's depth, which edits can increase.
func finishJSON(b []byte) ([]byte, error) {
	if len(b) > 2*JSONDepthMax && jsonDepth(b) > JSONDepthMax {
		return nil, errJSONDepth()
	}
	return b, nil
}

// JSONConcat is jsonb || jsonb: two objects merge, where b's values win; otherwise both become arrays, what
// is no array as an array of itself, and follow each other.
func JSONConcat(a, b []byte) ([]byte, error) {
	if jsonKind(a) == '{' && jsonKind(b) == '{' {
		return finishJSON(mergeJSON(a, b))
	}
	inA, inB := jsonArrayInside(a), jsonArrayInside(b)
	out := make([]byte, 0, len(inA)+len(inB)+4)
	out = append(append(out, '['), inA...)
	if len(inA) > 0 && len(inB) > 0 {
		out = append(out, ", "...)
	}
	return finishJSON(append(append(out, inB...), ']'))
}

// jsonArrayInside gives what stands between an array's brackets, or would for a value made an array.
func jsonArrayInside(b []byte) []byte {
	if len(b) >= 2 && b[0] == '[' {
		return b[1 : len(b)-1]
	}
	return b
}

// mergeJSON merges the ordered members of two objects.
func mergeJSON(a, b []byte) []byte {
	out := make([]byte, 0, len(a)+len(b))
	out = append(out, '{')
	ia, _ := jsonOpen(a)
	ib, _ := jsonOpen(b)
	ka, va, moreA := ia.next()
	kb, vb, moreB := ib.next()
	for moreA || moreB {
		c := 0
		switch {
		case !moreB:
			c = -1
		case !moreA:
			c = 1
		default:
			c = compareJSONKeys(ka, kb)
		}
		if c < 0 {
			out = appendJSONMember(out, ka, va)
		} else {
			out = appendJSONMember(out, kb, vb)
		}
		if c <= 0 {
			ka, va, moreA = ia.next()
		}
		if c >= 0 {
			kb, vb, moreB = ib.next()
		}
	}
	return append(out, '}')
}

// appendJSONMember appends a member, whose key is given as between its quotes, to an open object.
func appendJSONMember(dst, key, value []byte) []byte {
	dst = appendJSONComma(dst)
	dst = append(append(dst, '"'), key...)
	return append(append(dst, "\": "...), value...)
}

func appendJSONElement(dst, value []byte) []byte { return append(appendJSONComma(dst), value...) }

// appendJSONComma separates a value from the one before it; a bracket just opened needs nothing.
func appendJSONComma(dst []byte) []byte {
	if c := dst[len(dst)-1]; c == '{' || c == '[' {
		// A value never ends in an opening bracket, except within a string, and that ends in a quote.
		return dst
	}
	return append(dst, ", "...)
}

// JSONDeleteKey is jsonb - text: without the member of that key, or without the strings equal to it in an array.
func JSONDeleteKey(b []byte, key string) ([]byte, error) { return JSONDeleteKeys(b, []string{key}) }

// JSONDeleteKeys is jsonb - text[].
func JSONDeleteKeys(b []byte, keys []string) ([]byte, error) {
	it, ok := jsonOpen(b)
	if !ok {
		return nil, pgerr.New(pgerr.InvalidParameterValue, "cannot delete from scalar")
	}
	out := append(make([]byte, 0, len(b)), b[0])
	for {
		k, v, ok := it.next()
		if !ok {
			return append(out, b[len(b)-1]), nil
		}
		drop := false
		for _, key := range keys {
			if it.object && jsonKeyIs(k, key) || !it.object && jsonIsString(v, key) {
				drop = true
			}
		}
		switch {
		case drop:
		case it.object:
			out = appendJSONMember(out, k, v)
		default:
			out = appendJSONElement(out, v)
		}
	}
}

// JSONDeleteIndex is jsonb - integer: without the element at a position, negative ones counted from the end.
func JSONDeleteIndex(b []byte, i int64) ([]byte, error) {
	it, ok := jsonOpen(b)
	switch {
	case !ok:
		return nil, pgerr.New(pgerr.InvalidParameterValue, "cannot delete from scalar")
	case it.object:
		return nil, pgerr.New(pgerr.InvalidParameterValue, "cannot delete from object using integer index")
	}
	if i < 0 {
		i += jsonCount(it)
	}
	out := append(make([]byte, 0, len(b)), '[')
	for ; ; i-- {
		_, v, ok := it.next()
		if !ok {
			return append(out, ']'), nil
		}
		if i != 0 {
			out = appendJSONElement(out, v)
		}
	}
}

// jsonPathOp is what happens at the end of a path.
type jsonPathOp uint8

const (
	jsonReplace jsonPathOp = iota // replace what is there
	jsonCreate                    // replace, or add
	jsonInsertBefore
	jsonInsertAfter
	jsonDelete
)

func (op jsonPathOp) adds() bool {
	return op == jsonCreate || op == jsonInsertBefore || op == jsonInsertAfter
}

// JSONDeletePath is jsonb #- text[]. A path that leads nowhere changes nothing.
func JSONDeletePath(b []byte, path []string) ([]byte, error) {
	if _, ok := jsonOpen(b); !ok {
		return nil, pgerr.New(pgerr.InvalidParameterValue, "cannot delete path in scalar")
	}
	return editJSON(b, path, nil, jsonDelete)
}

// JSONSet is jsonb_set: the value at the path replaced; where create is set, also added if only the last step
// is missing. Errors: 22023 for a scalar, 22P02 for a step in an array that is no number.
func JSONSet(b []byte, path []string, value []byte, create bool) ([]byte, error) {
	op := jsonReplace
	if create {
		op = jsonCreate
	}
	return setJSON(b, path, value, op)
}

// JSONInsert is jsonb_insert: the value put into an array before or after the element at the path, or into
// an object under a new key. Errors as of [JSONSet], and 22023 for a key that exists.
func JSONInsert(b []byte, path []string, value []byte, after bool) ([]byte, error) {
	op := jsonInsertBefore
	if after {
		op = jsonInsertAfter
	}
	return setJSON(b, path, value, op)
}

func setJSON(b []byte, path []string, value []byte, op jsonPathOp) ([]byte, error) {
	if _, ok := jsonOpen(b); !ok {
		return nil, pgerr.New(pgerr.InvalidParameterValue, "cannot set path in scalar")
	}
	return editJSON(b, path, value, op)
}

func editJSON(b []byte, path []string, value []byte, op jsonPathOp) ([]byte, error) {
	if len(path) == 0 || !op.adds() && jsonIsEmpty(b) {
		return append([]byte(nil), b...), nil
	}
	e := jsonEdit{path: path, value: value, op: op}
	out, err := e.apply(make([]byte, 0, len(b)+len(value)+16), b, 0)
	if err != nil {
		return nil, err
	}
	return finishJSON(out)
}

// jsonEdit is one change at the end of a path.
type jsonEdit struct {
	path  []string
	value []byte
	op    jsonPathOp
}

// apply appends b, which the path's first level steps led to, with the change made. It goes down the path only, so
// the depth of its recursion is bounded by that of b.
func (e *jsonEdit) apply(dst, b []byte, level int) ([]byte, error) {
	it, ok := jsonOpen(b)
	switch {
	case !ok:
		return append(dst, b...), nil
	case it.object:
		return e.applyObject(dst, it, level)
	}
	return e.applyArray(dst, it, level)
}

func (e *jsonEdit) applyObject(dst []byte, it jsonIter, level int) ([]byte, error) {
	last := level == len(e.path)-1
	newKey := AppendJSONString(nil, []byte(e.path[level]))
	newKey = newKey[1 : len(newKey)-1]
	pending := last && e.op.adds() // the new member has yet to find its place
	dst = append(dst, '{')
	for {
		k, v, ok := it.next()
		if !ok {
			break
		}
		c := compareJSONKeys(k, newKey)
		if pending && c > 0 {
			dst, pending = appendJSONMember(dst, newKey, e.value), false
		}
		switch {
		case c != 0:
			dst = appendJSONMember(dst, k, v)
		case !last:
			var err error
			if dst, err = e.apply(appendJSONMember(dst, k, nil), v, level+1); err != nil {
				return nil, err
			}
		case e.op == jsonInsertBefore || e.op == jsonInsertAfter:
			return nil, pgerr.New(pgerr.InvalidParameterValue, "cannot replace existing key").
				WithHint("Try using the function jsonb_set to replace key value.")
		case e.op != jsonDelete:
			dst, pending = appendJSONMember(dst, k, e.value), false
		}
	}
	if pending {
		dst = appendJSONMember(dst, newKey, e.value)
	}
	return append(dst, '}'), nil
}

func (e *jsonEdit) applyArray(dst []byte, it jsonIter, level int) ([]byte, error) {
	last := level == len(e.path)-1
	at, ok := jsonPathIndex(e.path[level])
	if !ok {
		return nil, pgerr.New(pgerr.InvalidTextRepresentation, "path element at position %d is not an integer: \"%s\"",
			level+1, e.path[level])
	}
	n := jsonCount(it)
	pending := last && e.op.adds()
	dst = append(dst, '[')
	if at < 0 {
		if at += n; at < 0 && pending { // before the first element
			dst, pending = appendJSONElement(dst, e.value), false
		}
	}
	for i := int64(0); i < n; i++ {
		_, v, _ := it.next()
		switch {
		case i != at:
			dst = appendJSONElement(dst, v)
		case !last:
			var err error
			if dst, err = e.apply(appendJSONComma(dst), v, level+1); err != nil {
				return nil, err
			}
		case e.op == jsonDelete:
		case e.op == jsonInsertBefore:
			dst = appendJSONElement(appendJSONElement(dst, e.value), v)
		case e.op == jsonInsertAfter:
			dst = appendJSONElement(appendJSONElement(dst, v), e.value)
		default:
			dst = appendJSONElement(dst, e.value)
		}
		if i == at {
			pending = false
		}
	}
	if pending { // beyond the end means at the end
		dst = appendJSONElement(dst, e.value)
	}
	return append(dst, ']'), nil
}

// JSONStripNulls is jsonb_strip_nulls: without the members that are null, at every depth. Array elements stay.
func JSONStripNulls(b []byte) []byte { return stripJSONNulls(make([]byte, 0, len(b)), b) }

func stripJSONNulls(dst, b []byte) []byte {
	it, ok := jsonOpen(b)
	if !ok {
		return append(dst, b...)
	}
	dst = append(dst, b[0])
	for {
		k, v, ok := it.next()
		switch {
		case !ok:
			return append(dst, b[len(b)-1])
		case !it.object:
			dst = stripJSONNulls(appendJSONComma(dst), v)
		case jsonKind(v) != 'n':
			dst = stripJSONNulls(appendJSONMember(dst, k, nil), v)
		}
	}
}

// RawJSONStripNulls is json_strip_nulls: valid text of type json without the members that are null, in its order and
// without blanks. The error is 22P05 for a string that text cannot hold.
func RawJSONStripNulls(b []byte) ([]byte, error) {
	return stripRawJSONNulls(make([]byte, 0, len(b)), trimJSON(b))
}

func stripRawJSONNulls(dst, b []byte) ([]byte, error) {
	it, ok := jsonOpen(b)
	if !ok {
		return appendRawJSONScalar(dst, b)
	}
	dst = append(dst, b[0])
	start := len(dst)
	for {
		k, v, ok := it.next()
		if !ok {
			return append(dst, b[len(b)-1]), nil
		}
		if it.object && jsonKind(v) == 'n' {
			continue
		}
		if len(dst) > start {
			dst = append(dst, ',')
		}
		var err error
		if it.object {
			quoted := append(append([]byte{'"'}, k...), '"')
			if dst, err = appendRawJSONScalar(dst, quoted); err != nil {
				return nil, err
			}
			dst = append(dst, ':')
		}
		if dst, err = stripRawJSONNulls(dst, v); err != nil {
			return nil, err
		}
	}
}

// appendRawJSONScalar appends a scalar, a string with its escapes in the one form that PostgreSQL writes.
func appendRawJSONScalar(dst, b []byte) ([]byte, error) {
	if jsonKind(b) != '"' {
		return append(dst, b...), nil
	}
	text, _, err := RawJSONText(b)
	if err != nil {
		return nil, err
	}
	return AppendJSONString(dst, text), nil
}

// JSONPretty is jsonb_pretty: one value a line, indented by four blanks a level.
func JSONPretty(b []byte) []byte { return prettyJSON(nil, b, 0) }

func prettyJSON(dst, b []byte, level int) []byte {
	it, ok := jsonOpen(b)
	if !ok {
		return append(dst, b...)
	}
	dst = append(dst, b[0])
	for first := true; ; first = false {
		k, v, ok := it.next()
		if !ok {
			break
		}
		if !first {
			dst = append(dst, ',')
		}
		dst = appendJSONIndent(dst, level+1)
		if it.object {
			dst = append(append(append(dst, '"'), k...), "\": "...)
		}
		dst = prettyJSON(dst, v, level+1)
	}
	return append(appendJSONIndent(dst, level), b[len(b)-1])
}

func appendJSONIndent(dst []byte, level int) []byte {
	return append(append(dst, '\n'), bytes.Repeat([]byte("    "), level)...)
}
