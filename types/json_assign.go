package types

import "millrace/pgerr"

// jsonAssignBytesMax bounds what an assignment fills an array up with.
const jsonAssignBytesMax = 64 << 20

// JSONAssign is a value after an assignment to the part of it that a path leads to, as in SET j['a'][1] = v: what is not there yet is
// made, objects for keys and arrays, filled up with null, for numbers. A nil b is NULL, which becomes an empty array or
// object. Errors: 22023 where a scalar stands in the way or a negative number leads before an array's begin, 22P02 for a
// key in an array, 54000 for arrays that are filled up beyond 64 MiB.
func JSONAssign(b []byte, path []string, value []byte, array bool) ([]byte, error) {
	switch {
	case b != nil:
	case array:
		b = []byte("[]")
	default:
		b = []byte("{}")
	}
	a := jsonAssign{path: path, value: value}
	out, err := a.set(make([]byte, 0, len(b)+len(value)+16), b, 0)
	if err != nil {
		return nil, err
	}
	return finishJSON(out)
}

// jsonAssign is one assignment.
type jsonAssign struct {
	path   []string
	value  []byte
	filled int64 // bytes of null so far
}

// set appends b, which the path's first level steps led to, as it is afterwards. Its recursion is bounded by b's depth.
func (a *jsonAssign) set(dst, b []byte, level int) ([]byte, error) {
	if level == len(a.path) {
		return append(dst, a.value...), nil
	}
	it, ok := jsonOpen(b)
	switch {
	case !ok:
		return nil, pgerr.New(pgerr.InvalidParameterValue, "cannot replace existing key").
			WithDetail("The path assumes key is a composite object, but it is a scalar value.")
	case it.object:
		return a.setMember(dst, it, level)
	}
	return a.setElement(dst, it, level)
}

func (a *jsonAssign) setMember(dst []byte, it jsonIter, level int) (_ []byte, err error) {
	key := AppendJSONString(nil, []byte(a.path[level]))
	key = key[1 : len(key)-1]
	dst = append(dst, '{')
	found := false
	for {
		k, v, ok := it.next()
		if !ok {
			break
		}
		c := compareJSONKeys(k, key)
		if c > 0 && !found {
			found = true
			if dst, err = a.make(appendJSONMember(dst, key, nil), level+1); err != nil {
				return nil, err
			}
		}
		if c != 0 {
			dst = appendJSONMember(dst, k, v)
			continue
		}
		found = true
		if dst, err = a.set(appendJSONMember(dst, k, nil), v, level+1); err != nil {
			return nil, err
		}
	}
	if !found {
		if dst, err = a.make(appendJSONMember(dst, key, nil), level+1); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

func (a *jsonAssign) setElement(dst []byte, it jsonIter, level int) (_ []byte, err error) {
	at, ok := jsonPathIndex(a.path[level])
	if !ok {
		return nil, pgerr.New(pgerr.InvalidTextRepresentation, "path element at position %d is not an integer: \"%s\"", level+1, a.path[level])
	}
	n := jsonCount(it)
	if at < 0 {
		if at+n < 0 {
			return nil, pgerr.New(pgerr.InvalidParameterValue, "path element at position %d is out of range: %d", level+1, at)
		}
		at += n
	}
	dst = append(dst, '[')
	for i := int64(0); i < n; i++ {
		_, v, _ := it.next()
		if i != at {
			dst = appendJSONElement(dst, v)
			continue
		}
		if dst, err = a.set(appendJSONComma(dst), v, level+1); err != nil {
			return nil, err
		}
	}
	if at >= n {
		if dst, err = a.fill(dst, at-n); err != nil {
			return nil, err
		}
		if dst, err = a.make(appendJSONComma(dst), level+1); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

// make appends what the path's steps from level on lead to where nothing is there.
func (a *jsonAssign) make(dst []byte, level int) (_ []byte, err error) {
	var closing []byte
	for ; level < len(a.path); level++ {
		if at, ok := jsonPathIndex(a.path[level]); ok {
			if dst, err = a.fill(append(dst, '['), at); err != nil {
				return nil, err
			}
			dst, closing = appendJSONComma(dst), append(closing, ']')
			continue
		}
		dst = append(AppendJSONString(append(dst, '{'), []byte(a.path[level])), ": "...)
		closing = append(closing, '}')
	}
	dst = append(dst, a.value...)
	for i := len(closing) - 1; i >= 0; i-- {
		dst = append(dst, closing[i])
	}
	return dst, nil
}

// fill appends n times null to an open array.
func (a *jsonAssign) fill(dst []byte, n int64) ([]byte, error) {
	const size = int64(len(", null"))
	if n > 0 && (n > jsonAssignBytesMax/size || a.filled+n*size > jsonAssignBytesMax) {
		return nil, pgerr.New(pgerr.ProgramLimitExceeded, "total size of jsonb array elements exceeds the maximum of %d bytes", jsonAssignBytesMax)
	}
	for range n {
		dst = appendJSONElement(dst, []byte("null"))
	}
	a.filled += max(n, 0) * size
	return dst, nil
}
