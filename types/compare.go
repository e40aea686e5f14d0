package types

import "bytes"

// Compare orders two values of type t that are not NULL, as PostgreSQL's btree operator classes do, and gives -1, 0 or 1:
//
//   - NaN equals itself and is greater than every other number; -0 equals 0; numerics compare by value, whatever their scale;
//   - text, varchar and name compare by their bytes, which for UTF-8 is the order of code points: the collation "C".
//     There is no other collation;
//   - a character ignores the blanks at its end;
//   - an interval compares by its length with months of 30 days and days of 24 hours;
//   - arrays compare element by element, NULLs last, then the shorter first;
//   - inet and cidr compare by family, network, length of the prefix, address;
//   - enums compare in the order of their labels;
//   - rows compare field by field, NULLs last;
//   - json, which PostgreSQL does not order, compares by its bytes.
func Compare(t T, a, b Datum) int {
	switch t.Kind {
	case Bool, Int2, Int4, Int8, Date, Time, Timestamp, TimestampTZ, OID, Char1, Regclass, Regtype, Regproc, Regnamespace, Regrole, Enum:
		return compareInts(a.I, b.I)
	case Float4, Float8:
		return CompareFloat(a.Float(), b.Float())
	case Numeric:
		return NumericCmp(a.B, b.B)
	case Bpchar:
		return bytes.Compare(TrimBpchar(a.B), TrimBpchar(b.B))
	case Interval:
		return CompareInterval(a.B, b.B)
	case JSONB:
		return CompareJSONB(a.B, b.B)
	case Array:
		return compareArrays(t.ElemType(), a.B, b.B)
	case Record:
		return compareRows(t, a.B, b.B)
	}
	return bytes.Compare(a.B, b.B)
}

// CompareFloat orders floats as SQL does: NaN equals itself and comes last, and -0 equals 0.
func CompareFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case a == b:
		return 0
	case a == a: // only b is NaN
		return -1
	case b == b:
		return 1
	}
	return 0
}

// Equal reports whether two values of type t that are not NULL are equal in SQL: [Compare] gives 0.
func Equal(t T, a, b Datum) bool {
	switch t.Kind {
	case Text, Varchar, Name, Bytea, UUID, Unknown, JSON, Inet, CIDR:
		return bytes.Equal(a.B, b.B)
	}
	return Compare(t, a, b) == 0
}
