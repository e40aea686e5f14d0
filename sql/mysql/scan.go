package mysql

import (
	"strings"
	"unicode/utf8"

	"millrace/pgerr"
)

// tokenKind is the kind of a token.
type tokenKind uint8

const (
	endToken    tokenKind = iota
	wordToken             // an identifier or keyword; word is its text in lower case
	quotedToken           // `identifier`; word is its text in lower case
	stringToken           // 'text' or "text"
	numberToken
	paramToken // ? or $1; number is that of $1, else 0
	punctToken // one byte; word is it
)

// token is a piece of the text, as fine as splitting it into statements needs. Numbers and operators of several
// characters may be several tokens.
type token struct {
	kind   tokenKind
	start  int // bytes
	end    int
	word   string
	number int
}

func (t *token) is(word string) bool { return t.kind == wordToken && t.word == word }

func (t *token) isPunct(c string) bool { return t.kind == punctToken && t.word == c }

// span is a range of bytes.
type span struct{ start, end int }

// scanner splits a text by MySQL's lexical rules (MySQL 8.0 Reference Manual, section 9).
type scanner struct {
	text   string
	i      int
	tokens []token
	// ignored are comments, and the marks around the content of /*! ... */, which MySQL executes.
	ignored []span
	bang    bool // inside /*! ... */
}

// scan splits the text. It fails where a quote or a comment does not end.
func scan(text string) (*scanner, error) {
	if i := strings.IndexByte(text, 0); i >= 0 || !utf8.ValidString(text) {
		return nil, pgerr.New(pgerr.CharacterNotInRepertoire, `invalid byte sequence for encoding "UTF8"`)
	}
	s := &scanner{text: text}
	for s.i < len(text) {
		if err := s.next(); err != nil {
			return nil, err
		}
	}
	if s.bang {
		return nil, s.unterminated("/* comment", s.ignored[len(s.ignored)-1].start)
	}
	s.tokens = append(s.tokens, token{kind: endToken, start: len(text), end: len(text)})
	return s, nil
}

func (s *scanner) unterminated(what string, start int) error {
	return pgerr.New(pgerr.SyntaxError, `unterminated %s at or near "%s"`, what, s.text[start:]).At(utf8.RuneCountInString(s.text[:start]) + 1)
}

func (s *scanner) add(kind tokenKind, start int, word string) {
	s.tokens = append(s.tokens, token{kind: kind, start: start, end: s.i, word: word})
}

func (s *scanner) ignore(start int) { s.ignored = append(s.ignored, span{start, s.i}) }

// rest is the text from the present place on.
func (s *scanner) rest() string { return s.text[s.i:] }

func (s *scanner) next() error {
	start, c := s.i, s.text[s.i]
	switch {
	case c == ' ' || c >= '\t' && c <= '\r':
		s.i++
	case c == '#', c == '-' && dashComment(s.rest()):
		if n := strings.IndexByte(s.rest(), '\n'); n >= 0 {
			s.i += n
		} else {
			s.i = len(s.text)
		}
		s.ignore(start)
	case strings.HasPrefix(s.rest(), "/*"):
		return s.comment()
	case s.bang && strings.HasPrefix(s.rest(), "*/"):
		s.i += 2
		s.bang = false
		s.ignore(start)
	case c == '\'' || c == '"' || c == '`':
		return s.quoted(c)
	case c >= '0' && c <= '9':
		s.skipWord()
		s.add(numberToken, start, "")
	case wordByte(c):
		s.skipWord()
		s.wordOrParam(start)
	case c == '?':
		s.i++
		s.add(paramToken, start, "")
	default:
		s.i++
		s.add(punctToken, start, s.text[start:s.i])
	}
	return nil
}

// dashComment says whether -- begins a comment: in MySQL it does so only before a blank.
func dashComment(s string) bool {
	return strings.HasPrefix(s, "--") && (len(s) == 2 || s[2] <= ' ')
}

// comment reads /* ... */, or the beginning of /*! ... */ and its version number.
func (s *scanner) comment() error {
	start := s.i
	if strings.HasPrefix(s.rest(), "/*!") && !s.bang {
		s.i += 3
		for s.i < len(s.text) && s.text[s.i] >= '0' && s.text[s.i] <= '9' {
			s.i++
		}
		s.bang = true
		s.ignore(start)
		return nil
	}
	n := strings.Index(s.rest()[2:], "*/")
	if n < 0 {
		return s.unterminated("/* comment", start)
	}
	s.i += n + 4
	s.ignore(start)
	return nil
}

// quoted reads a string or a quoted identifier. A backslash takes the next character with it, but not in identifiers.
func (s *scanner) quoted(quote byte) error {
	start := s.i
	for s.i++; s.i < len(s.text); s.i++ {
		switch c := s.text[s.i]; {
		case c == '\\' && quote != '`':
			s.i++
		case c == quote && s.i+1 < len(s.text) && s.text[s.i+1] == quote:
			s.i++
		case c == quote:
			s.i++
			if quote == '`' {
				if s.i-start == 2 {
					return pgerr.New(pgerr.SyntaxError, "zero-length delimited identifier at or near \"``\"").At(utf8.RuneCountInString(s.text[:start]) + 1)
				}
				s.add(quotedToken, start, strings.ToLower(strings.ReplaceAll(s.text[start+1:s.i-1], "``", "`")))
			} else {
				s.add(stringToken, start, "")
			}
			return nil
		}
	}
	s.i = len(s.text)
	if quote == '`' {
		return s.unterminated("quoted identifier", start)
	}
	return s.unterminated("quoted string", start)
}

func wordByte(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
}

func (s *scanner) skipWord() {
	for s.i < len(s.text) && wordByte(s.text[s.i]) {
		s.i++
	}
}

// paramMax is the highest number of a parameter, as in the wire protocol.
const paramMax = 65_535

func (s *scanner) wordOrParam(start int) {
	text := s.text[start:s.i]
	n := 0
	for _, c := range text[1:] {
		if c < '0' || c > '9' || n > paramMax {
			n = 0
			break
		}
		n = 10*n + int(c-'0')
	}
	if text[0] == '$' && n > 0 && n <= paramMax {
		s.add(paramToken, start, "")
		s.tokens[len(s.tokens)-1].number = n
		return
	}
	s.add(wordToken, start, strings.ToLower(text))
}
