package lex

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"millrace/pgerr"
)

// checkEncoding says whether the text is ASCII, and refuses what is not UTF-8 or holds NUL.
func checkEncoding(s string) (ascii bool, err error) {
	ascii = true
	for i := 0; i < len(s); i++ {
		if c := s[i]; c == 0 {
			return false, badBytes(s, i)
		} else if c >= utf8.RuneSelf {
			ascii = false
		}
	}
	if !ascii && !utf8.ValidString(s) {
		for i := 0; i < len(s); {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				return false, badBytes(s, i)
			}
			i += n
		}
	}
	return ascii, nil
}

// badBytes is PostgreSQL's error for the bytes at i, of which it shows as many as the first one announces.
func badBytes(s string, i int) *pgerr.Error {
	n := 1
	switch c := s[i]; {
	case c&0xE0 == 0xC0:
		n = 2
	case c&0xF0 == 0xE0:
		n = 3
	case c&0xF8 == 0xF0:
		n = 4
	}
	var hex []string
	for _, c := range []byte(s[i:min(i+n, len(s))]) {
		hex = append(hex, fmt.Sprintf("0x%02x", c))
	}
	return pgerr.New(pgerr.CharacterNotInRepertoire, `invalid byte sequence for encoding "UTF8": %s`, strings.Join(hex, " "))
}

// prefixedString reads E”, B”, X”, N”, U&” and U&"" where the identifier that begins here is such a prefix.
func (l *lexer) prefixedString(c byte) (Token, bool) {
	start := l.pos
	next := l.at(1)
	switch {
	case next == '\'':
		switch c {
		case 'e', 'E':
			return l.escaped(start), true
		case 'b', 'B':
			return l.quoted(start, 2, BitString), true
		case 'x', 'X':
			return l.quoted(start, 2, HexString), true
		case 'n', 'N':
			// The national character prefix reads as the type NCHAR before an ordinary string.
			l.pos++
			t := l.token(Ident, start, keywords[NCHAR].Word)
			t.Kw = NCHAR
			return t, true
		}
	case next == '&' && (c == 'u' || c == 'U'):
		switch l.at(2) {
		case '\'':
			return l.quoted(start, 3, unicodeString), true
		case '"':
			return l.quotedIdent(start, 3, unicodeIdent), true
		}
	}
	return Token{}, false
}

var unterminated = map[Kind]string{
	String:        "unterminated quoted string",
	unicodeString: "unterminated quoted string",
	BitString:     "unterminated bit string literal",
	HexString:     "unterminated hexadecimal string literal",
	QuotedIdent:   "unterminated quoted identifier",
	unicodeIdent:  "unterminated quoted identifier",
}

// quoted reads a string in which only the quote is special. prefix is the length of what opens it.
func (l *lexer) quoted(start, prefix int, kind Kind) Token {
	l.pos = start + prefix
	var parts []byte
	for from := l.pos; ; {
		n := strings.IndexByte(l.src[l.pos:], '\'')
		if n < 0 {
			l.pos = len(l.src)
			return l.fail(start, unterminated[kind])
		}
		end := l.pos + n
		l.pos = end + 1
		switch {
		case l.at(0) == '\'':
			parts = append(parts, l.src[from:l.pos]...)
			l.pos++
			from = l.pos
		case l.continued():
			parts = append(parts, l.src[from:end]...)
			from = l.pos
		case parts == nil:
			return l.token(kind, start, l.src[from:end])
		default:
			return l.token(kind, start, string(append(parts, l.src[from:end]...)))
		}
	}
}

// continued looks for the quote that continues a string after white space with a newline in it (line comments count
// as white space), and goes past it.
func (l *lexer) continued() bool {
	i, newline := l.pos, false
	for i < len(l.src) {
		switch c := l.src[i]; {
		case c == '\n' || c == '\r':
			newline = true
			i++
		case classes[c]&classSpace != 0:
			i++
		case c == '-' && i+1 < len(l.src) && l.src[i+1] == '-':
			for i < len(l.src) && l.src[i] != '\n' && l.src[i] != '\r' {
				i++
			}
		case c == '\'' && newline:
			l.pos = i + 1
			return true
		default:
			return false
		}
	}
	return false
}

func (l *lexer) quotedIdent(start, prefix int, kind Kind) Token {
	l.pos = start + prefix
	from := l.pos
	doubled := false
	for {
		n := strings.IndexByte(l.src[l.pos:], '"')
		if n < 0 {
			l.pos = len(l.src)
			return l.fail(start, unterminated[kind])
		}
		l.pos += n + 1
		if l.at(0) != '"' {
			break
		}
		doubled = true
		l.pos++
	}
	text := l.src[from : l.pos-1]
	if text == "" {
		return l.fail(start, "zero-length delimited identifier")
	}
	if doubled {
		text = strings.ReplaceAll(text, `""`, `"`)
	}
	if kind == QuotedIdent {
		text = cutIdent(text)
	}
	return l.token(kind, start, text)
}

// escaped reads E'...'.
func (l *lexer) escaped(start int) Token {
	l.pos = start + 2
	var out []byte
	var pair rune // the first half of a surrogate pair
	checked := true
	for {
		if l.pos >= len(l.src) {
			return l.fail(start, unterminated[String])
		}
		c := l.src[l.pos]
		if pair != 0 && !(c == '\\' && (l.at(1) == 'u' || l.at(1) == 'U')) {
			return l.failCode(pgerr.SyntaxError, l.pos, "invalid Unicode surrogate pair "+near(l.src[l.pos:l.pos+runeLength(l.src[l.pos:])]))
		}
		switch {
		case c == '\'':
			l.pos++
			if l.at(0) == '\'' {
				out = append(out, '\'')
				l.pos++
			} else if !l.continued() {
				if !checked {
					if _, err := checkEncoding(string(out)); err != nil {
						return l.failCode(pgerr.CharacterNotInRepertoire, start, err.(*pgerr.Error).Message)
					}
				}
				return l.token(String, start, string(out))
			}
		case c != '\\':
			out = append(out, c)
			l.pos++
		case l.at(1) == 'u' || l.at(1) == 'U':
			r, t, ok := l.unicodeEscape(pair)
			if !ok {
				return t
			}
			if pair = 0; r >= 0xD800 && r < 0xDC00 {
				pair = r
			} else {
				out = utf8.AppendRune(out, r)
			}
		case l.pos+1 >= len(l.src):
			l.pos = len(l.src)
			return l.fail(start, unterminated[String])
		default:
			b := l.byteEscape()
			if b == 0 || b >= utf8.RuneSelf {
				checked = false
			}
			out = append(out, b)
		}
	}
}

// byteEscape reads a backslash with what follows it, a single byte.
func (l *lexer) byteEscape() byte {
	c := l.src[l.pos+1]
	l.pos += 2
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'x':
		if _, ok := hexValue(l.at(0)); !ok {
			return 'x'
		}
		var v byte
		for n := 0; n < 2; n++ {
			d, ok := hexValue(l.at(0))
			if !ok {
				break
			}
			v = v<<4 | byte(d)
			l.pos++
		}
		return v
	}
	if c < '0' || c > '7' {
		return c
	}
	v := c - '0'
	for n := 0; n < 2 && l.at(0) >= '0' && l.at(0) <= '7'; n++ {
		v = v<<3 | (l.at(0) - '0')
		l.pos++
	}
	return v
}

// unicodeEscape reads \uXXXX or \UXXXXXXXX; pair is the first half that must be completed, or 0. A first half is
// returned as it is. Not ok: the token is the error.
func (l *lexer) unicodeEscape(pair rune) (rune, Token, bool) {
	start := l.pos
	digits := 4
	if l.src[start+1] == 'U' {
		digits = 8
	}
	var v int64
	for i := 0; i < digits; i++ {
		d, ok := hexValue(l.at(2 + i))
		if !ok {
			t := l.failCode(pgerr.InvalidEscapeSequence, start, "invalid Unicode escape")
			l.err = l.err.WithHint(`Unicode escapes must be \uXXXX or \UXXXXXXXX.`)
			return 0, t, false
		}
		v = v<<4 | int64(d)
	}
	l.pos += 2 + digits
	r := rune(min(v, utf8.MaxRune+1))
	low := r >= 0xDC00 && r < 0xE000
	switch {
	case pair != 0 && low:
		return 0x10000 + (pair-0xD800)<<10 + (r - 0xDC00), Token{}, true
	case pair != 0, low:
		return 0, l.fail(start, "invalid Unicode surrogate pair"), false
	case r == 0 || r > utf8.MaxRune:
		return 0, l.fail(start, "invalid Unicode escape value"), false
	}
	return r, Token{}, true
}

func hexValue(b byte) (int, bool) {
	switch {
	case isDigit(b):
		return int(b - '0'), true
	case b >= 'a' && b <= 'f':
		return int(b-'a') + 10, true
	case b >= 'A' && b <= 'F':
		return int(b-'A') + 10, true
	}
	return 0, false
}

func runeLength(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}

// unescape decodes a U& constant with the escape character of a UESCAPE clause (its token, where given) or a backslash.
func (l *lexer) unescape(t, clause Token, given bool) Token {
	esc := byte('\\')
	if given {
		if clause.Kind != String {
			if clause.Kind == Error {
				return clause
			}
			l.pos = int(clause.End)
			return l.fail(int(clause.Start), "UESCAPE must be followed by a simple string literal")
		}
		if len(clause.Text) != 1 || badEscape(clause.Text[0]) {
			l.pos = int(clause.End)
			return l.fail(int(clause.Start), "invalid Unicode escape character")
		}
		esc = clause.Text[0]
		t.End = clause.End
	}
	text, problem, off := decodeUnicode(t.Text, esc)
	if problem != "" {
		// Behind the three characters that open the constant, as far as doubled quotes do not shift it.
		bad := l.failCode(pgerr.SyntaxError, min(int(t.Start)+3+off, len(l.src)), problem)
		if problem == "invalid Unicode escape" {
			l.err = l.err.WithHint(`Unicode escapes must be \XXXX or \+XXXXXX.`)
		}
		return bad
	}
	t.Text, t.Kind = text, String
	if l.src[t.Start+2] == '"' {
		t.Text, t.Kind = cutIdent(text), QuotedIdent
	}
	return t
}

func badEscape(c byte) bool {
	_, hex := hexValue(c)
	return hex || c == '+' || c == '\'' || c == '"' || c >= utf8.RuneSelf || classes[c]&classSpace != 0
}

// decodeUnicode decodes the escapes \XXXX and \+XXXXXX. problem is the message of an error, off its place.
func decodeUnicode(s string, esc byte) (text, problem string, off int) {
	if strings.IndexByte(s, esc) < 0 {
		return s, "", 0
	}
	out := make([]byte, 0, len(s))
	var pair rune
	for i := 0; i < len(s); {
		if s[i] != esc || i+1 < len(s) && s[i+1] == esc {
			if pair != 0 {
				return "", "invalid Unicode surrogate pair", i
			}
			out = append(out, s[i])
			if s[i] == esc {
				i++
			}
			i++
			continue
		}
		from, digits := i+1, 4
		if from < len(s) && s[from] == '+' {
			from, digits = i+2, 6
		}
		if from+digits > len(s) {
			return "", "invalid Unicode escape", i
		}
		var r rune
		for _, c := range []byte(s[from : from+digits]) {
			d, ok := hexValue(c)
			if !ok {
				return "", "invalid Unicode escape", i
			}
			r = r<<4 | rune(d)
		}
		start := i
		i = from + digits
		low := r >= 0xDC00 && r < 0xE000
		switch {
		case pair != 0 && low:
			out = utf8.AppendRune(out, 0x10000+(pair-0xD800)<<10+(r-0xDC00))
			pair = 0
		case pair != 0 || low:
			return "", "invalid Unicode surrogate pair", start
		case r == 0 || r > utf8.MaxRune:
			return "", "invalid Unicode escape value", start
		case r >= 0xD800 && r < 0xDC00:
			pair = r
		default:
			out = utf8.AppendRune(out, r)
		}
	}
	if pair != 0 {
		return "", "invalid Unicode surrogate pair", len(s)
	}
	return string(out), "", 0
}
