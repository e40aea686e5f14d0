package types

import (
	"bytes"
	"cmp"
)

// jsonRank orders the types of values: null < string < number < boolean < array < object.
func jsonRank(b []byte) int {
	switch jsonKind(b) {
	case 'n':
		return 0
	case '"':
		return 1
	case 't', 'f':
		return 3
	case '[':
		return 4
	case '{':
		return 5
	}
	return 2
}

// CompareJSONB orders stored jsonb as PostgreSQL's btree operators do under the C collation: first by type
// (null < string < number < boolean < array < object), containers then by their number of values, then by
// the values (in an object key, value, key, value ...). An empty array at the top sorts below scalars: PostgreSQL keeps
// a scalar as an array of one.
func CompareJSONB(a, b []byte) int {
	ra, rb := jsonRank(a), jsonRank(b)
	if ra == rb {
		return compareJSONValue(a, b)
	}
	const array = 4
	if ra == array && rb < array && jsonIsEmpty(a) {
		return -1
	}
	if rb == array && ra < array && jsonIsEmpty(b) {
		return 1
	}
	return cmp.Compare(ra, rb)
}

func jsonIsEmpty(b []byte) bool {
	it, ok := jsonOpen(b)
	if !ok {
		return false
	}
	_, _, ok = it.next()
	return !ok
}

func compareJSONValue(a, b []byte) int {
	if c := cmp.Compare(jsonRank(a), jsonRank(b)); c != 0 {
		return c
	}
	ia, ok := jsonOpen(a)
	if !ok {
		return compareJSONScalar(a, b)
	}
	ib, _ := jsonOpen(b)
	if bytes.Equal(a, b) {
		return 0
	}
	if c := cmp.Compare(jsonCount(ia), jsonCount(ib)); c != 0 {
		return c
	}
	for {
		ka, va, ok := ia.next()
		kb, vb, _ := ib.next()
		if !ok {
			return 0
		}
		if c := compareJSONStrings(ka, kb); c != 0 {
			return c
		}
		if c := compareJSONValue(va, vb); c != 0 {
			return c
		}
	}
}

// compareJSONScalar orders two scalars of one type.
func compareJSONScalar(a, b []byte) int {
	switch jsonKind(a) {
	case 'n':
		return 0
	case '"':
		return compareJSONStrings(a[1:max(len(a)-1, 1)], b[1:max(len(b)-1, 1)])
	case 't', 'f': // false < true, as their letters
		return bytes.Compare(a, b)
	}
	return compareJSONNumbers(a, b)
}

// compareJSONStrings orders strings, given as they stand between quotes, by the bytes that they mean.
func compareJSONStrings(a, b []byte) int {
	if bytes.Equal(a, b) {
		return 0
	}
	if bytes.IndexByte(a, '\\') >= 0 || bytes.IndexByte(b, '\\') >= 0 {
		a, b = jsonUnescape(nil, a), jsonUnescape(nil, b)
	}
	return bytes.Compare(a, b)
}

// compareJSONNumbers orders numbers in the stored form: decimals without exponent or leading zeros.
func compareJSONNumbers(a, b []byte) int {
	sa, sb := jsonNumberSign(a), jsonNumberSign(b)
	if c := cmp.Compare(sa, sb); c != 0 || sa == 0 {
		return c
	}
	if sa < 0 {
		a, b = b[1:], a[1:]
	}
	wholeA, fracA, _ := bytes.Cut(a, []byte{'.'})
	wholeB, fracB, _ := bytes.Cut(b, []byte{'.'})
	if c := cmp.Compare(len(wholeA), len(wholeB)); c != 0 {
		return c
	}
	if c := bytes.Compare(wholeA, wholeB); c != 0 {
		return c
	}
	return bytes.Compare(bytes.TrimRight(fracA, "0"), bytes.TrimRight(fracB, "0"))
}

func jsonNumberSign(b []byte) int {
	for _, c := range b {
		if c >= '1' && c <= '9' {
			if b[0] == '-' {
				return -1
			}
			return 1
		}
	}
	return 0
}

// HashJSONB hashes a stored jsonb so that equal values, in the sense of [CompareJSONB], agree. Only numbers
// have several stored forms for one value (1.0 and 1.00), so zeros at their end are left out.
func HashJSONB(b []byte, seed uint64) uint64 {
	if bytes.IndexByte(b, '.') < 0 {
		return HashBytes(b, seed)
	}
	var space [256]byte
	normal := space[:0]
	for i := 0; i < len(b); {
		end := i + 1
		switch c := b[i]; {
		case c == '"':
			end = skipJSONString(b, i)
			normal = append(normal, b[i:end]...)
		case c == '-' || isDigit(c):
			end = skipJSONValue(b, i)
			normal = append(normal, trimJSONNumber(b[i:end])...)
		default:
			normal = append(normal, c)
		}
		i = end
	}
	return HashBytes(normal, seed)
}

// trimJSONNumber drops the zeros at the end of a fraction, and the point after which nothing is left.
func trimJSONNumber(n []byte) []byte {
	if bytes.IndexByte(n, '.') < 0 {
		return n
	}
	return bytes.TrimSuffix(bytes.TrimRight(n, "0"), []byte{'.'})
}

// JSONContains is a @> b for stored jsonb: every member of b is in a with a value that contains b's, every
// element of b is in a, in any order and number; scalars must be equal. An array may contain a bare scalar.
func JSONContains(a, b []byte) bool {
	ka, kb := jsonKind(a), jsonKind(b)
	if ka == '[' && kb != '[' && kb != '{' {
		it, _ := jsonOpen(a)
		return jsonHasScalar(it, b)
	}
	return jsonContains(a, b)
}

func jsonContains(a, b []byte) bool {
	if jsonRank(a) != jsonRank(b) {
		return false
	}
	ia, ok := jsonOpen(a)
	if !ok {
		return compareJSONScalar(a, b) == 0
	}
	ib, _ := jsonOpen(b)
	if ib.object {
		return jsonContainsMembers(ia, ib)
	}
	for {
		_, v, ok := ib.next()
		if !ok {
			return true
		}
		if !jsonHasElement(ia, v) {
			return false
		}
	}
}

// jsonContainsMembers walks both objects side by side, since their keys are in one order.
func jsonContainsMembers(ia, ib jsonIter) bool {
	ka, va, moreA := ia.next()
	for {
		kb, vb, moreB := ib.next()
		if !moreB {
			return true
		}
		for moreA && compareJSONKeys(ka, kb) < 0 {
			ka, va, moreA = ia.next()
		}
		if !moreA || !bytes.Equal(ka, kb) || !jsonContains(va, vb) {
			return false
		}
	}
}

// jsonHasElement reports whether an array, from where its walk stands, has an element that contains v.
func jsonHasElement(it jsonIter, v []byte) bool {
	if k := jsonKind(v); k != '{' && k != '[' {
		return jsonHasScalar(it, v)
	}
	for {
		_, e, ok := it.next()
		if !ok {
			return false
		}
		if jsonContains(e, v) {
			return true
		}
	}
}

func jsonHasScalar(it jsonIter, v []byte) bool {
	rank := jsonRank(v)
	for {
		_, e, ok := it.next()
		if !ok {
			return false
		}
		if jsonRank(e) == rank && compareJSONScalar(e, v) == 0 {
			return true
		}
	}
}
