package scalar

import (
	"math"
	"strconv"
	"strings"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/types"
)

func numberFormatFunctions() []*expr.Function {
	toChar := func(t types.T, f func(x *row, dst []byte) ([]byte, error)) *expr.Function {
		return stable(&expr.Function{Name: "to_char", Args: with(t, tText), Ret: tText, Eval: toBytes(f)}, expr.UsesSettings)
	}
	return []*expr.Function{
		toChar(tInt4, intToChar),
		toChar(tInt8, intToChar),
		toChar(tNumeric, numericToChar),
		toChar(tFloat4, floatToChar(6)),
		toChar(tFloat8, floatToChar(15)),
		stable(&expr.Function{Name: "to_number", Args: with(tText, tText), Ret: tNumeric, Eval: toBytes(toNumber)}, expr.UsesSettings),
	}
}

// numberFormatOf gives the template in argument 1.
func numberFormatOf(x *row) (*numberFormat, error) {
	return remember(x, x.bytes(1), compileNumberFormat)
}

func intToChar(x *row, dst []byte) ([]byte, error) {
	f, err := numberFormatOf(x)
	if err != nil {
		return nil, err
	}
	v := x.int(0)
	switch {
	case f.roman:
		return f.appendRoman(dst, v), nil
	case f.exponent:
		return appendScientific(dst, strconv.FormatFloat(float64(v), 'e', f.post, 64)), nil
	}
	return f.appendNumeric(dst, types.NumericFromInt(nil, v))
}

func numericToChar(x *row, dst []byte) ([]byte, error) {
	f, err := numberFormatOf(x)
	if err != nil {
		return nil, err
	}
	n := x.bytes(0)
	switch {
	case f.roman:
		v, err := types.NumericToInt(n, types.Int4)
		if err != nil {
			return nil, err
		}
		return f.appendRoman(dst, v), nil
	case f.exponent && isSpecial(n):
		return f.appendHashes(dst), nil
	case f.exponent:
		return appendScientific(dst, numericScientific(n, f.post)), nil
	}
	return f.appendNumeric(dst, n)
}

// numericScientific writes a finite numeric as 1.23e+45, rounded half away from zero. As in PostgreSQL, the exponent
// is that of the number before rounding, so that 9.99 rounds to 10e+00.
func numericScientific(n []byte, post int) string {
	digits, exp := types.NumericDigits(nil, n)
	sign := ""
	if types.NumericSign(n) < 0 {
		sign = "-"
	}
	d := make([]byte, len(digits))
	for i, c := range digits {
		d[i] = c
		if c < '0' {
			d[i] += '0'
		}
	}
	if len(d) == 0 {
		exp = 1
	}
	for len(d) < post+1 {
		d = append(d, '0')
	}
	if len(d) > post+1 {
		up := d[post+1] >= '5'
		d = d[:post+1]
		for i := post; up && i >= 0; i-- {
			if up = d[i] == '9'; up {
				d[i] = '0'
			} else {
				d[i]++
			}
		}
		if up {
			d = append([]byte{'1'}, d...)
		}
	}
	text := sign + string(d[:len(d)-post])
	if post > 0 {
		text += "." + string(d[len(d)-post:])
	}
	e := int(exp) - 1
	mark := "+"
	if e < 0 {
		mark, e = "-", -e
	}
	if e < 10 {
		mark += "0"
	}
	return text + "e" + mark + strconv.Itoa(e)
}

// appendScientific puts a blank where a minus would stand.
func appendScientific(dst []byte, text string) []byte {
	if !strings.HasPrefix(text, "-") {
		dst = append(dst, ' ')
	}
	return append(dst, text...)
}

// appendHashes stands for what has no scientific form.
func (f *numberFormat) appendHashes(dst []byte) []byte {
	dst = append(dst, ' ')
	for i := range f.pre + f.post + 5 {
		switch i {
		case f.pre:
			dst = append(dst, '.')
		default:
			dst = append(dst, '#')
		}
	}
	return dst
}

// floatToChar formats a float, of which only the given number of digits is shown.
func floatToChar(precision int) func(x *row, dst []byte) ([]byte, error) {
	return func(x *row, dst []byte) ([]byte, error) {
		f, err := numberFormatOf(x)
		if err != nil {
			return nil, err
		}
		v := x.float(0)
		special := math.IsNaN(v) || math.IsInf(v, 0)
		switch {
		case f.roman:
			r := math.RoundToEven(v)
			if special || r < math.MinInt32 || r > math.MaxInt32 {
				return nil, expr.ErrOutOfRange(types.Int4)
			}
			return f.appendRoman(dst, int64(r)), nil
		case f.exponent && special:
			return f.appendHashes(dst), nil
		case f.exponent:
			return appendScientific(dst, strconv.FormatFloat(v, 'e', f.post, 64)), nil
		}
		if f.multi {
			v *= math.Pow(10, float64(f.shift))
		}
		text, pre, post := "", f.pre+f.shift, f.post
		switch {
		case math.IsNaN(v):
			text = "NaN"
		case special:
			text = "Infinity"
		default:
			text = strconv.FormatFloat(math.Abs(v), 'f', 0, 64)
		}
		if whole := len(text); whole >= precision {
			post = 0
		} else if whole+post > precision {
			post = precision - whole
		}
		if !special {
			text = strconv.FormatFloat(math.Abs(v), 'f', post, 64)
		}
		return f.appendDigits(dst, text, math.Signbit(v) && !math.IsNaN(v), pre, post)
	}
}

// appendNumeric formats a numeric rounded to the template's digits.
func (f *numberFormat) appendNumeric(dst, n []byte) ([]byte, error) {
	pre := f.pre
	if f.multi {
		factor, err := types.NumericPower(nil, numericTen, types.NumericFromInt(nil, int64(f.shift)))
		if err != nil {
			return nil, err
		}
		if n, err = types.NumericMul(nil, n, factor); err != nil {
			return nil, err
		}
		pre += f.shift
	}
	n, err := types.NumericRound(nil, n, int32(f.post))
	if err != nil {
		return nil, err
	}
	text := string(types.AppendNumericText(nil, n))
	digits := strings.TrimPrefix(text, "-")
	return f.appendDigits(dst, digits, digits != text, pre, f.post)
}

// numberWriter fills digits into a template. digits is the number's text without sign.
type numberWriter struct {
	f      *numberFormat
	dst    []byte
	digits string
	at     int // in digits
	minus  bool

	pre, post int
	blanks    int // positions before the first digit
	current   int // position in the template's digits and point
	count     int
	started   bool // the last position showed a digit, so that separators show
	signDone  bool
	place     signPlace
	bracket   bool
	// lastShown is the index in digits of the last one that FM leaves, -1 where all are shown.
	lastShown int
	// end is where the text ends, once a position has come for which there is no digit left; -1 before that. PostgreSQL
	// writes a zero byte there, which ends its string.
	end int
	err error
}

// appendDigits lays out the digits of a number in pre positions before the point and post after it.
func (f *numberFormat) appendDigits(dst []byte, digits string, minus bool, pre, post int) ([]byte, error) {
	whole := strings.IndexByte(digits, '.')
	if whole < 0 {
		whole = len(digits)
	}
	w := &numberWriter{f: f, dst: dst, digits: digits, minus: minus, pre: pre, post: post, place: f.place, bracket: f.bracket, lastShown: -1, end: -1}
	if whole < pre {
		w.blanks = pre - whole
	} else if whole > pre {
		w.digits = strings.Repeat("#", pre) + "." + strings.Repeat("#", post)
	}
	w.prepareSign()
	w.count = post + pre - 1
	if f.fill && f.point {
		w.findLastShown()
	}
	if !w.signDone && w.blanks == 0 {
		w.count++
	}
	for _, n := range f.nodes {
		w.node(n)
	}
	if w.end >= 0 {
		w.dst = w.dst[:w.end]
	}
	return w.dst, w.err
}

// prepareSign decides whether the sign goes with the digits, and at which end.
func (w *numberWriter) prepareSign() {
	f := w.f
	if f.plus || f.minus {
		w.signDone = f.minus
		return
	}
	if !w.minus && f.fill {
		w.bracket = false
	}
	w.signDone = !w.minus && f.fill && !f.localeSign
	if w.place == signBefore && w.pre == f.preAtSign {
		w.place = signAfter
	}
}

// findLastShown finds the last digit after the point that is not an idle zero; 0 patterns keep theirs.
func (w *numberWriter) findLastShown() {
	point := strings.IndexByte(w.digits, '.')
	if point < 0 {
		return
	}
	w.lastShown = point
	for i := point + 1; i < len(w.digits); i++ {
		if w.digits[i] != '0' {
			w.lastShown = i
		}
	}
	if w.f.zeroTo > w.blanks {
		w.lastShown = max(w.lastShown, min(len(w.digits)-1, w.f.zeroTo-w.blanks))
	}
}

func (w *numberWriter) node(n numberNode) {
	f := w.f
	switch n.key {
	case keyLiteral:
		w.dst = append(w.dst, n.text...)
	case keyNine, keyZero, keyPoint:
		w.position(n.key)
	case keyComma:
		w.either(w.started, ',')
	case keyCurrency:
		w.dst = append(w.dst, ' ')
	case keyMinus:
		w.either(w.minus, '-')
	case keyPlus:
		w.either(!w.minus, '+')
	case keySign:
		w.dst = append(w.dst, w.sign('-', '+'))
	case keyOrdinal, keyOrdinalLower:
		if w.digits[0] == '#' || w.minus || f.point {
			return
		}
		if !isDigit(w.digits[len(w.digits)-1]) {
			w.err = pgerr.New(pgerr.InvalidTextRepresentation, "\"%s\" is not a number", w.digits)
			return
		}
		suffix := ordinalSuffix(w.digits)
		if n.key == keyOrdinal {
			suffix = strings.ToUpper(suffix)
		}
		w.dst = append(w.dst, suffix...)
	}
}

// either writes c, or a blank where it does not apply; fill mode leaves the blank out.
func (w *numberWriter) either(applies bool, c byte) {
	if applies {
		w.dst = append(w.dst, c)
	} else if !w.f.fill {
		w.dst = append(w.dst, ' ')
	}
}

func (w *numberWriter) sign(minus, plus byte) byte {
	if w.minus {
		return minus
	}
	return plus
}

// leadingZero reports whether the next digit is the 0 before the point, which 9 patterns do not show.
func (w *numberWriter) leadingZero() bool {
	return !w.f.zero && w.at == 0 && w.digits[0] == '0' && w.post != 0
}

// bare reports whether fill mode leaves no digit after the point.
func (w *numberWriter) bare() bool { return w.lastShown >= 0 && w.digits[w.lastShown] == '.' }

// position writes one digit position or the point.
func (w *numberWriter) position(key numberKey) {
	w.started = false
	if !w.signDone && (w.current >= w.blanks || w.f.zero && w.f.zeroFrom == w.current) &&
		(!w.leadingZero() || w.bare()) {
		w.leadingSign()
	}
	switch {
	case w.current < w.blanks && (!w.f.zero || w.f.zeroFrom > w.current):
		if !w.f.fill {
			w.dst = append(w.dst, ' ')
		}
	case w.current < w.blanks:
		w.dst = append(w.dst, '0')
		w.started = true
	default:
		w.digit(key)
	}
	w.trailingSign()
	w.current++
}

// leadingSign writes the sign before the first digit.
func (w *numberWriter) leadingSign() {
	switch {
	case w.f.localeSign:
		if w.place != signBefore {
			return
		}
		w.dst = append(w.dst, w.sign('-', '+'))
	case w.bracket:
		w.dst = append(w.dst, w.sign('<', ' '))
	case w.minus:
		w.dst = append(w.dst, '-')
	case !w.f.fill:
		w.dst = append(w.dst, ' ')
	}
	w.signDone = true
}

func (w *numberWriter) digit(key numberKey) {
	c := byte(0)
	if w.at < len(w.digits) {
		c = w.digits[w.at]
	}
	switch {
	case c == '.':
		w.dst = append(w.dst, '.')
	case w.lastShown >= 0 && w.at > w.lastShown && key != keyZero:
	case c == 0:
		if w.end < 0 {
			w.end = len(w.dst)
		}
		w.started = true
	case w.leadingZero():
		if !w.f.fill {
			w.dst = append(w.dst, ' ')
		} else if w.bare() {
			w.dst = append(w.dst, '0')
		}
	default:
		w.dst = append(w.dst, c)
		w.started = true
	}
	if c != 0 {
		w.at++
	}
}

// trailingSign writes a closing bracket or an S after the last position.
func (w *numberWriter) trailingSign() {
	end := w.count
	if w.blanks > 0 {
		end++
	}
	if w.f.point {
		end++
	}
	if w.lastShown >= 0 && w.lastShown == w.at {
		end = w.current
	}
	if w.current+1 != end {
		return
	}
	switch {
	case w.signDone && w.bracket:
		w.dst = append(w.dst, w.sign('>', ' '))
	case w.f.localeSign && w.place == signAfter:
		w.dst = append(w.dst, w.sign('-', '+'))
	}
}

// ordinalSuffix gives st, nd, rd or th for a whole number's digits.
func ordinalSuffix(digits string) string {
	last := digits[len(digits)-1]
	if len(digits) > 1 && digits[len(digits)-2] == '1' {
		last = '0'
	}
	switch last {
	case '1':
		return "st"
	case '2':
		return "nd"
	case '3':
		return "rd"
	}
	return "th"
}

// romanWidth is the width of a Roman numeral: that of the longest, MMMDCCCLXXXVIII.
const romanWidth = 15

func (f *numberFormat) appendRoman(dst []byte, v int64) []byte {
	text := strings.Repeat("#", romanWidth)
	if v >= 1 && v <= 3999 {
		text = roman(int(v))
	}
	for _, n := range f.nodes {
		t := text
		switch n.key {
		case keyLiteral:
			dst = append(dst, n.text...)
			continue
		case keyRomanLower:
			t = strings.ToLower(text)
		case keyRoman:
		default:
			continue
		}
		if !f.fill {
			dst = append(dst, strings.Repeat(" ", romanWidth-len(t))...)
		}
		dst = append(dst, t...)
	}
	return dst
}

func roman(v int) string {
	var b strings.Builder
	for _, r := range []struct {
		value int
		text  string
	}{
		{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"},
		{10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"},
	} {
		for ; v >= r.value; v -= r.value {
			b.WriteString(r.text)
		}
	}
	return b.String()
}
