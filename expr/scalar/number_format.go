package scalar

import (
	"strings"
	"unicode/utf8"

	"millrace/pgerr"
)

// numberKey is a pattern of a number template.
type numberKey uint8

const (
	keyLiteral numberKey = iota
	keyNine
	keyZero
	keyPoint    // . and D, which are the same in the C locale
	keyComma    // , and G
	keyCurrency // L
	keyBlank    // B
	keyFill     // FM
	keyMinus    // MI
	keyPlus     // PL
	keySign     // SG
	keyLocaleSign
	keyBracket
	keyRoman
	keyRomanLower
	keyOrdinal // TH
	keyOrdinalLower
	keyShift    // V
	keyExponent // EEEE
	keyIgnored  // C, SP: recognised and without effect
)

// numberPatterns are the patterns by their spelling, longer ones first. Where both cases are listed they differ;
// all others are spelled in either.
var numberPatterns = []struct {
	text  string
	key   numberKey
	exact bool
}{
	{"EEEE", keyExponent, false}, {"FM", keyFill, false}, {"MI", keyMinus, false}, {"PL", keyPlus, false},
	{"PR", keyBracket, false}, {"RN", keyRoman, true}, {"rn", keyRomanLower, true}, {"SG", keySign, false},
	{"SP", keyIgnored, false}, {"TH", keyOrdinal, true}, {"th", keyOrdinalLower, true},
	{",", keyComma, false}, {".", keyPoint, false}, {"0", keyZero, false}, {"9", keyNine, false}, {"B", keyBlank, false},
	{"C", keyIgnored, false}, {"D", keyPoint, false}, {"G", keyComma, false}, {"L", keyCurrency, false},
	{"S", keyLocaleSign, false}, {"V", keyShift, false},
}

type numberNode struct {
	key  numberKey
	text string // of a literal
}

// signPlace says where the S pattern puts the sign.
type signPlace uint8

const (
	signNone signPlace = iota
	signBefore
	signAfter
)

// numberFormat is a compiled number template: PostgreSQL's documentation, table 9.30, and for what that leaves open
// the behaviour of its formatting.c.
type numberFormat struct {
	nodes []numberNode

	pre, post, shift   int // digits before and after the point, and of V
	zeroFrom, zeroTo   int // digit positions that 0 patterns cover
	place              signPlace
	preAtSign          int // digits before the S
	point, fill, multi bool
	zero, blank        bool
	minus, plus        bool
	bracket, roman     bool
	localeSign         bool
	exponent           bool
}

func errNumberFormat(message string) error { return pgerr.New(pgerr.SyntaxError, "%s", message) }

// compileNumberFormat parses a template.
func compileNumberFormat(template string) (*numberFormat, error) {
	f := &numberFormat{}
	for rest := template; rest != ""; {
		if rest[0] == '"' || rest[0] == '\\' {
			rest = f.quoted(rest)
			continue
		}
		key, n := matchNumberPattern(rest)
		if n == 0 {
			_, n = utf8.DecodeRuneInString(rest)
			f.nodes = append(f.nodes, numberNode{keyLiteral, rest[:n]})
			rest = rest[n:]
			continue
		}
		if err := f.note(key); err != nil {
			return nil, err
		}
		f.nodes = append(f.nodes, numberNode{key: key})
		rest = rest[n:]
	}
	return f, nil
}

func matchNumberPattern(s string) (numberKey, int) {
	for _, p := range numberPatterns {
		n := len(p.text)
		if len(s) >= n && (s[:n] == p.text || !p.exact && strings.EqualFold(s[:n], p.text)) {
			return p.key, n
		}
	}
	return 0, 0
}

// quoted reads literal text in double quotes, or a character after a backslash where that is a quote.
func (f *numberFormat) quoted(s string) (rest string) {
	if s[0] == '\\' {
		if len(s) > 1 && s[1] == '"' {
			s = s[1:]
		}
		_, n := utf8.DecodeRuneInString(s)
		f.nodes = append(f.nodes, numberNode{keyLiteral, s[:n]})
		return s[n:]
	}
	s = s[1:]
	for s != "" && s[0] != '"' {
		if s[0] == '\\' && len(s) > 1 {
			s = s[1:]
		}
		_, n := utf8.DecodeRuneInString(s)
		f.nodes = append(f.nodes, numberNode{keyLiteral, s[:n]})
		s = s[n:]
	}
	return strings.TrimPrefix(s, `"`)
}

// note counts a pattern in and refuses combinations that make no sense.
func (f *numberFormat) note(key numberKey) error {
	if f.exponent && key != keyExponent {
		return errNumberFormat(`"EEEE" must be the last pattern used`)
	}
	switch key {
	case keyNine:
		return f.noteNine()
	case keyZero:
		return f.noteZero()
	case keyBlank:
		f.blank = f.blank || f.pre == 0 && f.post == 0 && !f.zero
	case keyPoint:
		switch {
		case f.point:
			return errNumberFormat("multiple decimal points")
		case f.multi:
			return errNumberFormat(`cannot use "V" and decimal point together`)
		}
		f.point = true
	case keyFill:
		f.fill = true
	case keyRoman, keyRomanLower:
		f.roman = true
	case keyShift:
		if f.point {
			return errNumberFormat(`cannot use "V" and decimal point together`)
		}
		f.multi = true
	case keyExponent:
		if f.exponent {
			return errNumberFormat(`cannot use "EEEE" twice`)
		}
		if f.blank || f.fill || f.localeSign || f.bracket || f.minus || f.plus || f.roman || f.multi {
			return pgerr.New(pgerr.SyntaxError, `"EEEE" is incompatible with other formats`).
				WithDetail(`"EEEE" may only be used together with digit and decimal point patterns.`)
		}
		f.exponent = true
	default:
		return f.noteSign(key)
	}
	return nil
}

func (f *numberFormat) noteNine() error {
	switch {
	case f.bracket:
		return errNumberFormat(`"9" must be ahead of "PR"`)
	case f.multi:
		f.shift++
	case f.point:
		f.post++
	default:
		f.pre++
	}
	return nil
}

func (f *numberFormat) noteZero() error {
	if f.bracket {
		return errNumberFormat(`"0" must be ahead of "PR"`)
	}
	if !f.zero && !f.point {
		f.zero = true
		f.zeroFrom = f.pre
	}
	if f.point {
		f.post++
	} else {
		f.pre++
	}
	f.zeroTo = f.pre + f.post
	return nil
}

func (f *numberFormat) noteSign(key numberKey) error {
	switch key {
	case keyLocaleSign:
		switch {
		case f.localeSign:
			return errNumberFormat(`cannot use "S" twice`)
		case f.plus || f.minus || f.bracket:
			return errNumberFormat(`cannot use "S" and "PL"/"MI"/"SG"/"PR" together`)
		case !f.point:
			f.place, f.preAtSign = signBefore, f.pre
		case f.place == signNone:
			f.place = signAfter
		}
		f.localeSign = true
	case keyMinus, keyPlus, keySign:
		if f.localeSign {
			name := map[numberKey]string{keyMinus: "MI", keyPlus: "PL", keySign: "SG"}[key]
			return errNumberFormat(`cannot use "S" and "` + name + `" together`)
		}
		f.minus = f.minus || key != keyPlus
		f.plus = f.plus || key != keyMinus
	case keyBracket:
		if f.localeSign || f.plus || f.minus {
			return errNumberFormat(`cannot use "PR" and "S"/"PL"/"MI"/"SG" together`)
		}
		f.bracket = true
	}
	return nil
}
