package types

import (
	"bytes"
	"unicode/utf8"

	"millrace/pgerr"
)

// jsonToken is the kind of a JSON token.
type jsonToken uint8

const (
	jsonInvalid jsonToken = iota // the lexer's err says why
	jsonEnd
	jsonBeginObject
	jsonEndObject
	jsonBeginArray
	jsonEndArray
	jsonComma
	jsonColon
	jsonString
	jsonNumber
	jsonTrue
	jsonFalse
	jsonNull
)

// jsonLexer cuts JSON text (RFC 8259) into tokens.
type jsonLexer struct {
	s          []byte
	start, end int  // of the token
	decodes    bool // escapes must stand for text, as in jsonb; the type json keeps what has no meaning
	escaped    bool // the string has escapes
	err        error
}

// next reads the next token.
func (l *jsonLexer) next() jsonToken {
	i := l.end
	for i < len(l.s) && (l.s[i] == ' ' || l.s[i] == '\n' || l.s[i] == '\r' || l.s[i] == '\t') {
		i++
	}
	l.start = i
	if i == len(l.s) {
		l.end = i
		return jsonEnd
	}
	l.end = i + 1
	switch c := l.s[i]; c {
	case '{':
		return jsonBeginObject
	case '}':
		return jsonEndObject
	case '[':
		return jsonBeginArray
	case ']':
		return jsonEndArray
	case ',':
		return jsonComma
	case ':':
		return jsonColon
	case '"':
		return l.str()
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return l.number()
	}
	return l.word()
}

// text is the token as it stands.
func (l *jsonLexer) text() []byte { return l.s[l.start:l.end] }

func isJSONWordByte(c byte) bool { return isDigit(c) || isAlpha(c) || c == '_' || c >= utf8.RuneSelf }

func (l *jsonLexer) word() jsonToken {
	i := l.start
	for i < len(l.s) && isJSONWordByte(l.s[i]) {
		i++
	}
	if i > l.start {
		l.end = i
	}
	switch string(l.text()) {
	case "true":
		return jsonTrue
	case "false":
		return jsonFalse
	case "null":
		return jsonNull
	}
	return l.invalid()
}

// invalid reports the token itself as wrong.
func (l *jsonLexer) invalid() jsonToken {
	return l.fail("Token \"%s\" is invalid.", l.text())
}

func (l *jsonLexer) fail(detail string, args ...any) jsonToken {
	l.err = l.syntaxError(detail, args...)
	return jsonInvalid
}

func (l *jsonLexer) number() jsonToken {
	s, i := l.s, l.start
	if s[i] == '-' {
		i++
	}
	ok := i < len(s) && isDigit(s[i])
	switch {
	case !ok:
	case s[i] == '0':
		i++
	default:
		i = skipByteDigits(s, i)
	}
	if ok && i < len(s) && s[i] == '.' {
		end := skipByteDigits(s, i+1)
		ok = end > i+1
		i = end
	}
	if ok && i < len(s) && s[i]|0x20 == 'e' {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		end := skipByteDigits(s, i)
		ok = end > i
		i = end
	}
	// What runs into the number belongs to the mistake.
	for i < len(s) && isJSONWordByte(s[i]) {
		ok = false
		i++
	}
	l.end = i
	if !ok {
		return l.invalid()
	}
	return jsonNumber
}

func skipByteDigits(s []byte, i int) int {
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return i
}

// str reads a string up to its closing quote.
func (l *jsonLexer) str() jsonToken {
	s := l.s
	l.escaped = false
	for i := l.start + 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			l.end = i + 1
			return jsonString
		case c < ' ':
			l.end = i
			return l.fail("Character with value 0x%02x must be escaped.", c)
		case c == '\\':
			l.escaped = true
			return l.strEscaped(i)
		}
	}
	l.end = len(s)
	return l.invalid()
}

// strEscaped reads on from the first backslash of a string.
func (l *jsonLexer) strEscaped(i int) jsonToken {
	s := l.s
	high := false // a high surrogate waits for its low one
	for ; i < len(s); i++ {
		c := s[i]
		if c == '\\' {
			n, code, token := l.escape(i)
			if token != jsonString {
				return token
			}
			i += n
			if !l.decodes {
				continue
			}
			l.end = i + 1
			switch {
			case code >= 0xD800 && code < 0xDC00:
				if high {
					return l.fail("Unicode high surrogate must not follow a high surrogate.")
				}
				high = true
				continue
			case (code >= 0xDC00 && code < 0xE000) != high:
				return l.fail("Unicode low surrogate must follow a high surrogate.")
			case code == 0:
				l.err = l.withContext(pgerr.New(pgerr.UntranslatableCharacter, "unsupported Unicode escape sequence").
					WithDetail("\\u0000 cannot be converted to text."))
				return jsonInvalid
			}
			high = false
			continue
		}
		if c < ' ' {
			l.end = i
			return l.fail("Character with value 0x%02x must be escaped.", c)
		}
		if high {
			l.end = i + runeLen(s[i:])
			return l.fail("Unicode low surrogate must follow a high surrogate.")
		}
		if c == '"' {
			l.end = i + 1
			return jsonString
		}
	}
	l.end = len(s)
	return l.invalid()
}

// escape checks the escape sequence at s[i:]. It gives the bytes that follow the backslash and, for \uXXXX,
// the code unit, else -1.
func (l *jsonLexer) escape(i int) (n int, code rune, token jsonToken) {
	if i+1 >= len(l.s) {
		l.end = len(l.s)
		return 0, 0, l.invalid()
	}
	switch l.s[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 1, -1, jsonString
	case 'u':
	default:
		l.end = i + 1 + runeLen(l.s[i+1:])
		return 0, 0, l.fail("Escape sequence \"\\%s\" is invalid.", l.s[i+1:l.end])
	}
	for k := i + 2; k < i+6; k++ {
		if k >= len(l.s) {
			l.end = len(l.s)
			return 0, 0, l.invalid()
		}
		d, ok := hexDigit(l.s[k])
		if !ok {
			l.end = k + runeLen(l.s[k:])
			return 0, 0, l.fail("\"\\u\" must be followed by four hexadecimal digits.")
		}
		code = code<<4 | rune(d)
	}
	return 5, code, jsonString
}

// runeLen is the length of the character at the start of s, for excerpts.
func runeLen(s []byte) int {
	_, n := utf8.DecodeRune(s)
	return n
}

func hexDigit(c byte) (v byte, ok bool) {
	switch {
	case c-'0' <= 9:
		return c - '0', true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

// syntaxError makes PostgreSQL's error for malformed JSON, with its excerpt of the text.
func (l *jsonLexer) syntaxError(detail string, args ...any) error {
	return l.withContext(pgerr.New(pgerr.InvalidTextRepresentation, "invalid input syntax for type json").WithDetail(detail, args...))
}

// jsonExcerptMax bounds the excerpt of the text in an error, in bytes.
const jsonExcerptMax = 50

// withContext adds where in the text the error is: the line, up to the end of the wrong token.
func (l *jsonLexer) withContext(e *pgerr.Error) error {
	line := bytes.Count(l.s[:l.start], []byte{'\n'}) + 1
	lineStart := bytes.LastIndexByte(l.s[:l.start], '\n') + 1
	from := lineStart
	for l.end-from >= jsonExcerptMax {
		from += runeLen(l.s[from:])
	}
	before, after := "...", "..."
	if from-lineStart <= 3 {
		from, before = lineStart, ""
	}
	if l.end >= len(l.s) || l.s[l.end] == '\n' || l.s[l.end] == '\r' {
		after = ""
	}
	e.Where = "JSON data, line " + string(appendDecimal(nil, line)) + ": " + before + string(l.s[from:l.end]) + after
	return e
}
