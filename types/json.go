package types

import (
	"strconv"
	"sync"

	"millrace/pgerr"
)

// JSONDepthMax bounds the nesting of a JSON value, so that every walk over one is bounded too.
const JSONDepthMax = 512

func errJSONDepth() error {
	return pgerr.New(pgerr.StatementTooComplex, "stack depth limit exceeded").
		WithHint("JSON values may be nested at most %d levels deep.", JSONDepthMax)
}

// ParseJSON checks text of type json and gives it back as it is: the type keeps blanks, the order of keys and
// duplicates. Errors: 22P02 for the syntax, 54001 for the depth.
func ParseJSON(s []byte) ([]byte, error) {
	if err := parseJSON(s, nil); err != nil {
		return nil, err
	}
	return s, nil
}

// ParseJSONB reads JSON text and gives the stored form of jsonb, in memory of its own. The stored form is the text
// that PostgreSQL prints: one blank after commas and colons; keys ordered by length, then by bytes, the last
// of duplicates kept; numbers as numeric prints them; characters unescaped where JSON allows. Errors as of
// [ParseJSON], 22P05 for \u0000, and 22003 for a number beyond numeric's range.
func ParseJSONB(s []byte) ([]byte, error) {
	b := jsonBuilders.Get().(*JSONBuilder)
	defer b.release()
	if err := parseJSON(s, b); err != nil {
		return nil, err
	}
	return append([]byte(nil), b.buf...), nil
}

// jsonBuilders recycles what ParseJSONB works with.
var jsonBuilders = sync.Pool{New: func() any { return new(JSONBuilder) }}

// jsonBuilderKeep bounds the memory that a recycled builder may hold on to.
const jsonBuilderKeep = 1 << 20

func (b *JSONBuilder) release() {
	if cap(b.buf) > jsonBuilderKeep || cap(b.scratch) > jsonBuilderKeep || cap(b.members) > jsonBuilderKeep/32 {
		return
	}
	b.Reset()
	jsonBuilders.Put(b)
}

// parseJSON checks s and, unless b is nil, builds its jsonb. It keeps its own stack of open containers.
func parseJSON(s []byte, b *JSONBuilder) error {
	l := jsonLexer{s: s, decodes: b != nil}
	var objects [JSONDepthMax]bool // which of the open containers are objects
	depth := 0
	tok := l.next()
	for {
		// A value begins with tok.
		switch tok {
		case jsonBeginObject, jsonBeginArray:
			if depth == JSONDepthMax {
				return errJSONDepth()
			}
			object := tok == jsonBeginObject
			objects[depth] = object
			depth++
			if b != nil {
				b.open(object)
			}
			tok = l.next()
			if object && tok != jsonEndObject {
				var err error
				if tok, err = parseJSONKey(&l, tok, b, "Expected string or \"}\", but found \"%s\"."); err != nil {
					return err
				}
				continue
			}
			if !object && tok != jsonEndArray {
				continue
			}
		case jsonString, jsonNumber, jsonTrue, jsonFalse, jsonNull:
			if b != nil {
				if err := b.token(&l, tok); err != nil {
					return err
				}
			}
			tok = l.next()
		default:
			return l.expected(tok, "Expected JSON value, but found \"%s\".")
		}
		// A value, or the inside of a container, has ended before tok.
		next, more, err := parseJSONAfter(&l, tok, b, objects[:], &depth)
		if err != nil || !more {
			return err
		}
		tok = next
	}
}

// parseJSONAfter handles what follows a value: closing brackets, then a comma and the start of the next
// value, whose token it gives, or the end of the text.
func parseJSONAfter(l *jsonLexer, tok jsonToken, b *JSONBuilder, objects []bool, depth *int) (next jsonToken, more bool, err error) {
	for {
		if *depth == 0 {
			if tok != jsonEnd {
				return tok, false, l.expected(tok, "Expected end of input, but found \"%s\".")
			}
			return tok, false, nil
		}
		object := objects[*depth-1]
		switch {
		case object && tok == jsonEndObject, !object && tok == jsonEndArray:
			*depth--
			if b != nil {
				b.close()
			}
			tok = l.next()
			continue
		case tok == jsonComma && object:
			next, err = parseJSONKey(l, l.next(), b, "Expected string, but found \"%s\".")
			return next, true, err
		case tok == jsonComma:
			return l.next(), true, nil
		case object:
			return tok, false, l.expected(tok, "Expected \",\" or \"}\", but found \"%s\".")
		}
		return tok, false, l.expected(tok, "Expected \",\" or \"]\", but found \"%s\".")
	}
}

// parseJSONKey reads a member's key, which is tok, and the colon, and gives the token after.
func parseJSONKey(l *jsonLexer, tok jsonToken, b *JSONBuilder, otherwise string) (jsonToken, error) {
	if tok != jsonString {
		return tok, l.expected(tok, otherwise)
	}
	if b != nil {
		b.keyToken(l.text(), l.escaped)
	}
	if tok = l.next(); tok != jsonColon {
		return tok, l.expected(tok, "Expected \":\", but found \"%s\".")
	}
	return l.next(), nil
}

// expected is the error for a token that cannot stand where it does.
func (l *jsonLexer) expected(tok jsonToken, detail string) error {
	switch tok {
	case jsonInvalid:
		return l.err
	case jsonEnd:
		return l.syntaxError("The input string ended unexpectedly.")
	}
	return l.syntaxError(detail, l.text())
}

// AppendJSONB appends the text of a stored jsonb, which is the stored form itself.
func AppendJSONB(dst, b []byte) []byte { return append(dst, b...) }

// jsonbVersion is the one version of jsonb's network form: the text after a byte that says 1.
const jsonbVersion = 1

// AppendBinaryJSONB appends the network form of a stored jsonb.
func AppendBinaryJSONB(dst, b []byte) []byte { return append(append(dst, jsonbVersion), b...) }

// ParseBinaryJSONB reads the network form and gives the stored form.
func ParseBinaryJSONB(b []byte) ([]byte, error) {
	if len(b) == 0 {
		return nil, pgerr.New(pgerr.ProtocolViolation, "no data left in message")
	}
	if b[0] != jsonbVersion {
		return nil, pgerr.New(pgerr.InternalError, "unsupported jsonb version number %d", b[0])
	}
	return ParseJSONB(b[1:])
}

func appendDecimal(dst []byte, v int) []byte { return strconv.AppendInt(dst, int64(v), 10) }
