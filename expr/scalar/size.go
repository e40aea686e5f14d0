package scalar

import (
	"strings"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/types"
)

func sizeFunctions() []*expr.Function {
	return []*expr.Function{
		{Name: "pg_size_bytes", Args: with(tText), Ret: tInt8, Eval: toInt(sizeBytes)},
		{Name: "pg_column_size", Args: with(anyType), Ret: tInt4, Total: true, Eval: toInt(columnSize)},
	}
}

// sizeBytes reads a size as pg_size_pretty writes it: a number and perhaps a unit.
func sizeBytes(x *row) (int64, error) {
	whole := x.str(0)
	invalid := func() *pgerr.Error {
		return pgerr.New(pgerr.InvalidParameterValue, "invalid size: \"%s\"", whole)
	}
	s := strings.TrimLeft(whole, cSpace)
	n, ok := sizeNumber(s)
	if !ok {
		return 0, invalid()
	}
	num, err := types.ParseNumeric(nil, []byte(s[:n]))
	if err != nil {
		return 0, err
	}
	if name := strings.Trim(s[n:], cSpace); name != "" {
		unit := 0
		for unit < len(sizeUnits) && !strings.EqualFold(sizeUnits[unit], name) {
			unit++
		}
		if unit == len(sizeUnits) {
			return 0, invalid().WithDetail("Invalid size unit: \"%s\".", name).
				WithHint(`Valid units are "bytes", "kB", "MB", "GB", "TB", and "PB".`)
		}
		if unit > 0 {
			if num, err = types.NumericMul(nil, num, types.NumericFromInt(nil, 1<<(10*unit))); err != nil {
				return 0, err
			}
		}
	}
	return types.NumericToInt64(num)
}

// cSpace are the characters that C's isspace knows.
const cSpace = " \t\n\v\f\r"

// sizeNumber gives the length of the number that s begins with. An exponent may have blanks before it, which the
// number's own rules then refuse.
func sizeNumber(s string) (n int, ok bool) {
	digits := func() bool {
		from := n
		for n < len(s) && isDigit(s[n]) {
			n++
		}
		return n > from
	}
	sign := func() {
		if n < len(s) && (s[n] == '-' || s[n] == '+') {
			n++
		}
	}
	sign()
	ok = digits()
	if n < len(s) && s[n] == '.' {
		n++
		ok = digits() || ok
	}
	if ok && n < len(s) && s[n]|0x20 == 'e' {
		before := n
		n++
		n += len(s[n:]) - len(strings.TrimLeft(s[n:], cSpace))
		sign()
		if !digits() {
			n = before
		}
	}
	return n, ok
}

// columnSize gives the bytes that a value takes: for types of one width PostgreSQL's, for the others those of the
// value as Millrace keeps it, without a header for its length, which PostgreSQL counts.
func columnSize(x *row) (int64, error) {
	if n := x.typ(0).Len(); n > 0 {
		return int64(n), nil
	}
	return int64(len(x.bytes(0))), nil
}
