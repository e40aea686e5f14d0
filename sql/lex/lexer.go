package lex

import (
	"strings"
	"unicode/utf8"

	"millrace/pgerr"
)

// IdentLengthMax is the length in bytes to which identifiers are cut.
const IdentLengthMax = 63

// ParamMax is the highest number of a parameter: the protocol counts them in 16 bits.
const ParamMax = 65535

// Scan reads the tokens of a text, appending to buf[:0]. It returns an error only for a text that is not characters
// (22021); an error of SQL's rules is the last token.
func Scan(sql string, buf []Token) (Tokens, error) {
	ascii, err := checkEncoding(sql)
	if err != nil {
		return Tokens{}, err
	}
	l := lexer{src: sql, ascii: ascii}
	out := buf[:0]
	for t := l.next(); ; t = l.next() {
		for t.Kind == unicodeString || t.Kind == unicodeIdent {
			following := l.next()
			if following.Kw == UESCAPE {
				t = l.unescape(t, l.next(), true)
				break
			}
			// l.err may be that of the following token already, which is then in the list too.
			t = l.unescape(t, Token{}, false)
			out = append(out, t)
			if t.Kind == Error {
				return Tokens{List: out, Err: l.err}, nil
			}
			t = following
		}
		out = append(out, t)
		if t.Kind == EOF || t.Kind == Error {
			return Tokens{List: out, Err: l.err}, nil
		}
	}
}

// Internal kinds: U& constants before their escapes are decoded.
const (
	unicodeString Kind = 250
	unicodeIdent  Kind = 251
)

type lexer struct {
	src   string
	pos   int // next byte
	ascii bool
	// countedTo and extra turn byte offsets into characters: extra is the number of bytes before countedTo that do not
	// begin a character.
	countedTo int
	extra     int
	err       *pgerr.Error
}

// Byte classes of PostgreSQL's scanner.
const (
	classSpace = 1 << iota
	classIdentStart
	classDigit
	classOp     // may be part of an operator's name
	classSelf   // is a token by itself
	classStrong // lets an operator's name end in + or -
	classUpper
)

var classes = func() (t [256]uint8) {
	for c := range 256 {
		b := byte(c)
		switch {
		case b >= 'a' && b <= 'z' || b == '_' || b >= 0x80:
			t[c] |= classIdentStart
		case b >= 'A' && b <= 'Z':
			t[c] |= classIdentStart | classUpper
		case b >= '0' && b <= '9':
			t[c] |= classDigit
		}
	}
	set := func(chars string, class uint8) {
		for i := 0; i < len(chars); i++ {
			t[chars[i]] |= class
		}
	}
	set(" \t\n\r\f", classSpace)
	set("~!@#^&|`?+-*/%<>=", classOp)
	set(",()[].;:+-*/%^<>=", classSelf)
	set("~!@#^&|`?%", classStrong)
	return t
}()

func identCont(b byte) bool {
	return classes[b]&(classIdentStart|classDigit) != 0 || b == '$'
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// charPos is the 1-based character position of a byte offset; offsets must not decrease by more than a token.
func (l *lexer) charPos(off int) int {
	if l.ascii {
		return off + 1
	}
	if off < l.countedTo {
		l.countedTo, l.extra = 0, 0
	}
	for ; l.countedTo < off; l.countedTo++ {
		if l.src[l.countedTo]&0xC0 == 0x80 {
			l.extra++
		}
	}
	return off - l.extra + 1
}

func (l *lexer) token(kind Kind, start int, text string) Token {
	return Token{Kind: kind, Start: int32(start), End: int32(l.pos), Pos: int32(l.charPos(start)), Text: text}
}

// at gives the byte at an offset from the current one, 0 beyond the end (the text holds no NUL).
func (l *lexer) at(off int) byte {
	if i := l.pos + off; i < len(l.src) {
		return l.src[i]
	}
	return 0
}

// fail makes the error token: message, and the text from start to the current place.
func (l *lexer) fail(start int, message string) Token {
	return l.failCode(pgerr.SyntaxError, start, message+" "+near(l.src[start:l.pos]))
}

func (l *lexer) failCode(code pgerr.Code, start int, message string) Token {
	if l.err == nil {
		l.err = pgerr.New(code, "%s", message).At(l.charPos(start))
	}
	l.pos = max(l.pos, start)
	return l.token(Error, start, "")
}

func near(text string) string {
	if text == "" {
		return "at end of input"
	}
	return `at or near "` + text + `"`
}

// next reads one token.
func (l *lexer) next() Token {
	if start, ok := l.skipBlank(); !ok {
		l.pos = len(l.src)
		return l.fail(start, "unterminated /* comment")
	}
	start := l.pos
	if start >= len(l.src) {
		return l.token(EOF, start, "")
	}
	c := l.src[start]
	class := classes[c]
	switch {
	case class&classIdentStart != 0:
		if t, ok := l.prefixedString(c); ok {
			return t
		}
		return l.ident()
	case class&classDigit != 0, c == '.' && isDigit(l.at(1)):
		return l.number()
	case c == '\'':
		return l.quoted(start, 1, String)
	case c == '"':
		return l.quotedIdent(start, 1, QuotedIdent)
	case c == '$':
		return l.dollar()
	case c == ':' && l.at(1) == ':':
		l.pos += 2
		return l.token(Cast, start, "::")
	case c == ':' && l.at(1) == '=':
		l.pos += 2
		return l.token(Assign, start, ":=")
	case c == '.' && l.at(1) == '.':
		l.pos += 2
		return l.token(DotDot, start, "..")
	case class&classOp != 0:
		return l.operator()
	}
	l.pos++
	return l.token(Kind(c), start, l.src[start:l.pos])
}

// skipBlank goes past spaces and comments. For a comment that does not end it gives its start and false.
func (l *lexer) skipBlank() (int, bool) {
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; {
		case classes[c]&classSpace != 0:
			l.pos++
		case c == '-' && l.at(1) == '-':
			l.skipLine()
		case c == '/' && l.at(1) == '*':
			start := l.pos
			if !l.skipBlockComment() {
				return start, false
			}
		default:
			return 0, true
		}
	}
	return 0, true
}

func (l *lexer) skipLine() {
	for l.pos < len(l.src) && l.src[l.pos] != '\n' && l.src[l.pos] != '\r' {
		l.pos++
	}
}

func (l *lexer) skipBlockComment() bool {
	depth := 0
	for l.pos < len(l.src) {
		switch {
		case l.src[l.pos] == '/' && l.at(1) == '*':
			depth++
			l.pos += 2
		case l.src[l.pos] == '*' && l.at(1) == '/':
			depth--
			l.pos += 2
			if depth == 0 {
				return true
			}
		default:
			l.pos++
		}
	}
	return false
}

// ident reads an unquoted identifier or keyword.
func (l *lexer) ident() Token {
	start := l.pos
	var seen uint8
	for l.pos < len(l.src) && identCont(l.src[l.pos]) {
		seen |= classes[l.src[l.pos]]
		l.pos++
	}
	text := l.src[start:l.pos]
	var k Keyword
	if len(text) <= keywordLengthMax {
		if seen&classUpper == 0 {
			k = keywordByWord[text]
		} else {
			var folded [32]byte
			k = keywordByWord[string(foldInto(folded[:len(text)], text))]
		}
	}
	switch {
	case k != NoKeyword:
		text = keywords[k].Word
	case seen&classUpper != 0:
		text = string(foldInto(make([]byte, len(text)), text))
	}
	t := l.token(Ident, start, cutIdent(text))
	t.Kw = k
	return t
}

func foldInto(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst[i] = c
	}
	return dst
}

// cutIdent cuts an identifier to IdentLengthMax bytes, at a character's end.
func cutIdent(s string) string {
	if len(s) <= IdentLengthMax {
		return s
	}
	n := IdentLengthMax
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// number reads an integer or a decimal. A letter right behind it is an error, since PostgreSQL 15.
func (l *lexer) number() Token {
	start := l.pos
	kind := Integer
	l.digits()
	// "1..10" is an integer and a range, not "1." and ".10".
	if l.at(0) == '.' && !(l.at(1) == '.' && l.pos > start) {
		kind = Numeric
		l.pos++
		l.digits()
	}
	if c := l.at(0); c == 'e' || c == 'E' {
		sign := 0
		if d := l.at(1); d == '+' || d == '-' {
			sign = 1
		}
		switch {
		case isDigit(l.at(1 + sign)):
			kind = Numeric
			l.pos += 1 + sign
			l.digits()
		case sign == 1:
			l.pos += 2
			return l.fail(start, "trailing junk after numeric literal")
		}
	}
	if l.junk() {
		return l.fail(start, "trailing junk after numeric literal")
	}
	return l.token(kind, start, l.src[start:l.pos])
}

func (l *lexer) digits() {
	for isDigit(l.at(0)) {
		l.pos++
	}
}

// junk says whether an identifier begins here, and goes past it.
func (l *lexer) junk() bool {
	if classes[l.at(0)]&classIdentStart == 0 {
		return false
	}
	for l.pos < len(l.src) && identCont(l.src[l.pos]) {
		l.pos++
	}
	return true
}

// dollar reads a parameter or a dollar-quoted string.
func (l *lexer) dollar() Token {
	start := l.pos
	l.pos++
	if isDigit(l.at(0)) {
		l.digits()
		digits := l.src[start+1 : l.pos]
		if l.junk() {
			return l.fail(start, "trailing junk after parameter")
		}
		if n := strings.TrimLeft(digits, "0"); len(n) > 5 || len(n) == 5 && n > "65535" {
			return l.fail(start, "parameter number too large")
		}
		return l.token(Param, start, digits)
	}
	end := l.pos
	if end < len(l.src) && classes[l.src[end]]&classIdentStart != 0 {
		for end < len(l.src) && classes[l.src[end]]&(classIdentStart|classDigit) != 0 {
			end++
		}
	}
	if end >= len(l.src) || l.src[end] != '$' {
		return l.token('$', start, "$")
	}
	tag := l.src[start : end+1]
	body := l.src[end+1:]
	n := strings.Index(body, tag)
	if n < 0 {
		l.pos = len(l.src)
		return l.fail(start, "unterminated dollar-quoted string")
	}
	l.pos = end + 1 + n + len(tag)
	return l.token(String, start, body[:n])
}

// operator reads an operator by PostgreSQL's rules: a comment ends it, and it may end in + or - only if it holds one of
// the characters of classStrong.
func (l *lexer) operator() Token {
	start := l.pos
	n := 0
	strong := false
	for ; start+n < len(l.src) && classes[l.src[start+n]]&classOp != 0; n++ {
		c := l.src[start+n]
		if next := l.at(n + 1); n > 0 && (c == '-' && next == '-' || c == '/' && next == '*') {
			break
		}
		strong = strong || classes[c]&classStrong != 0
	}
	for !strong && n > 1 && (l.src[start+n-1] == '+' || l.src[start+n-1] == '-') {
		n--
	}
	l.pos = start + n
	text := l.src[start:l.pos]
	switch {
	case n == 1 && classes[text[0]]&classSelf != 0:
		return l.token(Kind(text[0]), start, text)
	case n > IdentLengthMax:
		return l.fail(start, "operator too long")
	}
	switch text {
	case "=>":
		return l.token(Arrow, start, text)
	case "<=":
		return l.token(LessEqual, start, text)
	case ">=":
		return l.token(GreaterEqual, start, text)
	case "<>", "!=":
		return l.token(NotEqual, start, "<>")
	}
	return l.token(Op, start, text)
}
