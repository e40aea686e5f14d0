package keys

import (
	"encoding/binary"

	"millrace/types"
)

// appendArray appends the elements, each with its tag (NULL elements sort last), and an end byte below every tag, so
// that an array sorts below its extensions; then what tells apart arrays with the same elements in PostgreSQL's
// order: the number of dimensions, their lengths, their lower bounds.
func appendArray(dst []byte, elem types.T, b []byte) []byte {
	r := types.ReadArray(elem, b)
	for {
		d, ok := r.Next()
		if !ok {
			break
		}
		dst = AppendDatum(dst, elem, d, false, false)
	}
	dst = append(dst, 0)
	dims := r.Dims()
	dst = append(dst, byte(len(dims)))
	for _, d := range dims {
		dst = binary.BigEndian.AppendUint32(dst, uint32(d.Len))
	}
	for _, d := range dims {
		dst = binary.BigEndian.AppendUint32(dst, uint32(d.Lower)^1<<31)
	}
	return dst
}

// appendRow appends the fields, each with its tag; NULL fields sort last. All rows of a type have the same number of fields.
func appendRow(dst []byte, t types.T, b []byte) []byte {
	r := types.ReadRow(t, b)
	for {
		ft, d, ok := r.Next()
		if !ok {
			return dst
		}
		dst = AppendDatum(dst, ft, d, false, false)
	}
}

// The first byte of a jsonb value's payload, in PostgreSQL's order of kinds. The empty array sorts below everything
// at the top level, and where it belongs below it: a quirk of PostgreSQL's that its indexes have frozen.
const (
	jsonEmptyTop byte = 0x10 + iota
	jsonNull
	jsonString
	jsonNumber
	jsonBool
	jsonArray
	jsonObject
)

// appendJSONB appends a jsonb value: containers by their number of members first, then member by member.
func appendJSONB(dst, b []byte, top bool) []byte {
	switch types.JSONTypeof(b) {
	case "object":
		at := len(dst)
		dst = append(dst, jsonObject, 0, 0, 0, 0)
		n := uint32(0)
		_ = types.JSONEach(b, func(key, value []byte) error {
			n++
			dst = appendEscaped(dst, key)
			dst = appendJSONB(dst, value, false)
			return nil
		})
		binary.BigEndian.PutUint32(dst[at+1:], n)
		return dst
	case "array":
		at := len(dst)
		dst = append(dst, jsonArray, 0, 0, 0, 0)
		n := uint32(0)
		_ = types.JSONElements(b, func(value []byte) error {
			n++
			dst = appendJSONB(dst, value, false)
			return nil
		})
		binary.BigEndian.PutUint32(dst[at+1:], n)
		if n == 0 && top {
			return append(dst[:at], jsonEmptyTop)
		}
		return dst
	case "string":
		text, _ := types.JSONText(b)
		return appendEscaped(append(dst, jsonString), text)
	case "number":
		text, _ := types.JSONText(b)
		num, err := types.ParseNumeric(nil, text)
		if err != nil {
			return append(dst, jsonNull)
		}
		return appendNumeric(append(dst, jsonNumber), num)
	case "boolean":
		text, _ := types.JSONText(b)
		if len(text) > 0 && text[0] == 't' {
			return append(dst, jsonBool, 1)
		}
		return append(dst, jsonBool, 0)
	}
	return append(dst, jsonNull)
}
