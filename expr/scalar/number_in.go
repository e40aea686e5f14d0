package scalar

import (
	"strings"

	"millrace/pgerr"
	"millrace/types"
)

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
	r := &numberReader{f: f, s: x.bytes(0), sign: ' '}
	for _, n := range f.nodes {
		if r.at >= len(r.s) {
			break
		}
		r.node(n)
	}
	text := string(r.sign) + strings.TrimSuffix(string(r.digits), ".")
	n, err := types.ParseNumeric(nil, []byte(text))
	if err != nil {
		return nil, err
	}
	if f.multi {
		factor, err := types.NumericPower(nil, numericTen, types.NumericFromInt(nil, int64(-f.shift)))
		if err != nil {
			return nil, err
		}
		return types.NumericMul(dst, n, factor)
	}
	// The template's digits bound the value as a declared type does.
	return types.ApplyNumericMod(dst, n, int32((f.pre+f.shift+r.post)<<16|r.post)+numericModBase)
}

// numericModBase is what PostgreSQL adds to the precision and scale in a numeric's modifier. Templates may have no digit,
// which types.NumericMod refuses.
const numericModBase = 4

// numberReader reads a number by a template. As PostgreSQL does, each digit position of the template uses up a
// character of the input, a digit or not.
type numberReader struct {
	f         *numberFormat
	s         []byte
	at        int
	sign      byte
	digits    []byte
	pre, post int // digits read
	point     bool
}

func (r *numberReader) node(n numberNode) {
	switch n.key {
	case keyLiteral:
		r.at += skipChars(r.s[r.at:], 1)
	case keyNine, keyZero, keyPoint:
		r.position(n.key)
		r.at++
	case keyComma:
		if !r.f.fill && r.s[r.at] == ',' {
			r.at++
		}
	case keyCurrency:
		r.skipOther(1)
	case keyOrdinal, keyOrdinalLower:
		if !r.f.point {
			r.skipOther(2)
		}
	case keyMinus, keyPlus, keySign:
		c := r.s[r.at]
		if c == '-' && n.key != keyPlus || c == '+' && n.key != keyMinus {
			r.sign = c
			r.at++
		} else {
			r.skipOther(1)
		}
	}
}

// skipOther skips up to n characters that cannot be part of a number.
func (r *numberReader) skipOther(n int) {
	for ; n > 0 && r.at < len(r.s) && strings.IndexByte("0123456789.,+-", r.s[r.at]) < 0; n-- {
		r.at += skipChars(r.s[r.at:], 1)
	}
}

// position reads a digit or the point, with a sign before the first digit or after the last.
func (r *numberReader) position(key numberKey) {
	if r.s[r.at] == ' ' {
		r.at++
	}
	if r.at >= len(r.s) {
		return
	}
	if r.sign == ' ' && key != keyPoint && r.pre+r.post == 0 {
		r.leadingSign()
	}
	if r.at >= len(r.s) {
		return
	}
	read := false
	switch c := r.s[r.at]; {
	case isDigit(c):
		if r.point && r.post == r.f.post {
			return
		}
		r.digits = append(r.digits, c)
		read = true
		if r.point {
			r.post++
		} else {
			r.pre++
		}
	case c == '.' && r.f.point && !r.point:
		r.digits = append(r.digits, c)
		r.point, read = true, true
	}
	if r.sign == ' ' && r.pre+r.post > 0 {
		r.trailingSign(read)
	}
}

func (r *numberReader) leadingSign() {
	c := r.s[r.at]
	if r.f.localeSign && r.f.place == signBefore {
		if c == '-' || c == '+' {
			r.sign = c
			r.at++
		}
		return
	}
	switch {
	case c == '-' || r.f.bracket && c == '<':
		r.sign = '-'
		r.at++
	case c == '+':
		r.sign = '+'
		r.at++
	}
}

// trailingSign reads a sign right after the last digit, where the template has one somewhere.
func (r *numberReader) trailingSign(read bool) {
	switch {
	case r.f.localeSign && read && r.at+1 < len(r.s) && !isDigit(r.s[r.at+1]):
		if c := r.s[r.at+1]; c == '-' || c == '+' {
			r.sign = c
			r.at++
		}
	case !read && (r.f.plus || r.f.minus):
		if c := r.s[r.at]; c == '-' || c == '+' {
			r.sign = c
		}
	}
}
