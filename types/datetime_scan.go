package types

import "strings"

// This file cuts date, time and interval literals into fields, as PostgreSQL's documentation describes in
// appendix B.1 ("Date/Time Input Interpretation"); datetime_decode.go and interval_parse.go interpret them.

type dtTokenKind uint8

const (
	dtNumber  dtTokenKind = iota // digits, perhaps with a fraction
	dtString                     // letters
	dtDate                       // digits and letters with -, / or . between them; also zone names with punctuation
	dtTime                       // digits with a colon
	dtZone                       // a sign and digits: a zone's offset, or a signed number in an interval
	dtSpecial                    // a sign and letters
)

type dtToken struct {
	kind dtTokenKind
	text string
}

// dtFieldsMax bounds the fields of one literal, dtTextMax the bytes in them, both as in PostgreSQL.
const (
	dtFieldsMax = 25
	dtTextMax   = 153
)

// dtFields is a literal cut into fields. It is made to live on the stack.
type dtFields struct {
	tok [dtFieldsMax]dtToken
	n   int
}

// scan cuts s, which it reads in lower case. It reports false where s holds what no literal can.
func (f *dtFields) scan(s string) bool {
	s = strings.ToLower(s)
	f.n = 0
	total := 0
	for i := 0; i < len(s); {
		c := s[i]
		if isSpace(c) {
			i++
			continue
		}
		var tok dtToken
		switch {
		case isDigit(c):
			tok, i = scanDateDigits(s, i)
		case c == '.':
			end := skipDigits(s, i+1)
			tok, i = dtToken{dtNumber, s[i:end]}, end
		case isAlpha(c):
			tok, i = scanDateLetters(s, i)
		case c == '+' || c == '-':
			var ok bool
			if tok, i, ok = scanDateSigned(s, i); !ok {
				return false
			}
		case isPunct(c):
			i++ // other punctuation only separates
			continue
		default:
			return false
		}
		if f.n == dtFieldsMax {
			return false
		}
		if total += len(tok.text) + 1; total > dtTextMax {
			return false
		}
		f.tok[f.n] = tok
		f.n++
	}
	return true
}

// scanDateDigits reads a field that starts with a digit: a time, a date or a number.
func scanDateDigits(s string, start int) (dtToken, int) {
	i := skipDigits(s, start)
	if i == len(s) {
		return dtToken{dtNumber, s[start:i]}, i
	}
	delim := s[i]
	switch delim {
	case ':':
		for i < len(s) && (isDigit(s[i]) || s[i] == ':' || s[i] == '.') {
			i++
		}
		return dtToken{dtTime, s[start:i]}, i
	case '-', '/', '.':
		i++
		if i == len(s) || !isDigit(s[i]) {
			for i < len(s) && (isDigit(s[i]) || isAlpha(s[i]) || s[i] == delim) {
				i++
			}
			return dtToken{dtDate, s[start:i]}, i
		}
		kind := dtDate
		if delim == '.' {
			kind = dtNumber
		}
		i = skipDigits(s, i)
		if i < len(s) && s[i] == delim {
			kind = dtDate
			for i < len(s) && (isDigit(s[i]) || s[i] == delim) {
				i++
			}
		}
		return dtToken{kind, s[start:i]}, i
	}
	return dtToken{dtNumber, s[start:i]}, i
}

// scanDateLetters reads a word, or a date or zone name that starts with one.
func scanDateLetters(s string, start int) (dtToken, int) {
	i := start
	for i < len(s) && isAlpha(s[i]) {
		i++
	}
	joined := false
	if i < len(s) {
		switch c := s[i]; {
		case c == '-' || c == '/' || c == '.':
			joined = true
		case c == '+' || isDigit(c):
			// "t120000" is a word and a number, "etc/gmt+3" and "utc+3" are zones.
			_, known := lookupDateWord(s[start:i])
			joined = !known
		}
	}
	if !joined {
		return dtToken{dtString, s[start:i]}, i
	}
	for i < len(s) && (isAlpha(s[i]) || isDigit(s[i]) || strings.IndexByte("+-/_.:", s[i]) >= 0) {
		i++
	}
	return dtToken{dtDate, s[start:i]}, i
}

// scanDateSigned reads what follows a sign, which blanks may separate from it.
func scanDateSigned(s string, start int) (tok dtToken, next int, ok bool) {
	i := start + 1
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	body := i
	switch {
	case i == len(s):
		return tok, i, false
	case isDigit(s[i]):
		tok.kind = dtZone
		for i < len(s) && (isDigit(s[i]) || s[i] == ':' || s[i] == '.' || s[i] == '-') {
			i++
		}
	case isAlpha(s[i]):
		tok.kind = dtSpecial
		for i < len(s) && isAlpha(s[i]) {
			i++
		}
	default:
		return tok, i, false
	}
	if body == start+1 {
		tok.text = s[start:i]
	} else {
		tok.text = s[start:start+1] + s[body:i]
	}
	return tok, i, true
}

func skipDigits(s string, i int) int {
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return i
}

func isSpace(c byte) bool { return c == ' ' || c-'\t' <= '\r'-'\t' }

func isPunct(c byte) bool { return c > ' ' && c < 0x7f && !isDigit(c) && !isAlpha(c) }
