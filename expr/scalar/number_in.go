package scalar

import (
	"strings"
	"unicode/utf8"

	"millrace/pgerr"
	"millrace/types"
)

// numberReader reads a number by a template.
type numberReader struct {
	f         *numberFormat
	s         string
	minus     bool
	signed    bool
	digits    strings.Builder
	pre, post int
	point     bool
}

// toNumber is to_number(text, template).
func toNumber(x *row, dst []byte) ([]byte, error) {
	if len(x.bytes(1)) == 0 {
		return nil, errNull
	}
	f, err := numberFormatOf(x)
	if err != nil {
		return nil, err
	}
	if f.roman {
		return nil, pgerr.New(pgerr.FeatureNotSupported, `"RN" not supported for input`)
	}
	if f.exponent {
		return nil, pgerr.New(pgerr.FeatureNotSupported, `"EEEE" not supported for input`)
	}
	r := &numberReader{f: f, s: x.str(0)}
	for _, n := range f.nodes {
		if r.s == "" {
			break
		}
		r.node(n)
	}
	text := r.digits.String()
	if text == "" || text == "." {
		return nil, pgerr.New(pgerr.InvalidTextRepresentation, "invalid input syntax for type numeric: \"%s\"", " "+text)
	}
	if r.minus {
		text = "-" + text
	}
	n, err := types.ParseNumeric(nil, []byte(text))
	if err != nil {
		return nil, err
	}
	if f.shift > 0 {
		factor, err := types.NumericPower(nil, numericTen, types.NumericFromInt(nil, int64(-f.shift)))
		if err != nil {
			return nil, err
		}
		return types.NumericMul(dst, n, factor)
	}
	if n, err = types.NumericRound(nil, n, int32(f.post)); err != nil {
		return nil, err
	}
	// Digits that the input does not have are not shown.
	return types.NumericRound(dst, n, min(types.NumericScale(n), int32(r.post)))
}

func (r *numberReader) skip() {
	_, n := utf8.DecodeRuneInString(r.s)
	r.s = r.s[n:]
}

func (r *numberReader) node(n numberNode) {
	switch n.key {
	case keyLiteral:
		r.skip()
	case keyNine, keyZero, keyPoint:
		r.position(n.key)
	case keyComma:
		if r.s[0] == ',' {
			r.skip()
		}
	case keyCurrency:
		if r.s[0] == ' ' || r.s[0] == '$' {
			r.skip()
		}
	case keyMinus, keyPlus, keySign, keyLocaleSign:
		r.sign(n.key)
	case keyOrdinal, keyOrdinalLower:
		if len(r.s) >= 2 && strings.Contains("st nd rd th", strings.ToLower(r.s[:2])) {
			r.s = r.s[2:]
		}
	}
}

func (r *numberReader) sign(key numberKey) {
	switch c := r.s[0]; {
	case c == '-' && key != keyPlus:
		r.minus = true
		r.skip()
	case c == '+' && key != keyMinus:
		r.skip()
	case c == ' ' && key != keySign:
		r.skip()
	}
}

// position reads one digit or the point, with a sign before the first and after the last.
func (r *numberReader) position(key numberKey) {
	if r.digits.Len() == 0 && !r.signed {
		for r.s != "" && r.s[0] == ' ' {
			r.skip()
		}
		if r.s == "" {
			return
		}
		if c := r.s[0]; c == '-' || c == '+' || r.f.bracket && c == '<' {
			r.minus = c != '+'
			r.signed = true
			r.skip()
		}
	}
	if r.s == "" {
		return
	}
	switch c := r.s[0]; {
	case isDigit(c) && key != keyPoint:
		if r.point {
			r.post++
		} else {
			r.pre++
		}
		r.digits.WriteByte(c)
		r.skip()
	case c == '.' && r.f.point && !r.point:
		r.point = true
		r.digits.WriteByte('.')
		r.skip()
	case c == '-' || c == '+':
		if r.f.localeSign && r.f.place == signAfter {
			r.minus = c == '-'
		}
	case c == ',' || c == ' ':
		if key != keyPoint {
			return
		}
	}
}
