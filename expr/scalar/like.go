package scalar

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"millrace/delta"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/types"
)

func likeFunctions() []*expr.Function {
	var list []*expr.Function
	for _, t := range []struct{ left, right types.T }{{tText, tText}, {tBpchar, tText}, {tName, tText}, {tBytea, tBytea}} {
		args := with(t.left, t.right)
		list = append(list,
			&expr.Function{Name: "~~", Operator: true, Args: args, Ret: tBool, Negator: "!~~", Eval: like(false, false)},
			&expr.Function{Name: "!~~", Operator: true, Args: args, Ret: tBool, Negator: "~~", Eval: like(false, true)},
		)
		if t.left != tBpchar {
			list = append(list,
				&expr.Function{Name: "like", Args: args, Ret: tBool, Eval: like(false, false)},
				&expr.Function{Name: "notlike", Args: args, Ret: tBool, Eval: like(false, true)},
			)
		}
		if t.left == tBytea {
			continue
		}
		list = append(list,
			&expr.Function{Name: "~~*", Operator: true, Args: args, Ret: tBool, Negator: "!~~*", Eval: like(true, false)},
			&expr.Function{Name: "!~~*", Operator: true, Args: args, Ret: tBool, Negator: "~~*", Eval: like(true, true)},
		)
	}
	return append(list,
		&expr.Function{Name: "like_escape", Args: with(tText, tText), Ret: tText, Eval: toBytes(likeEscape)},
		&expr.Function{Name: "like_escape", Args: with(tBytea, tBytea), Ret: tBytea, Eval: toBytes(likeEscape)},
	)
}

// likePattern is a compiled LIKE pattern: literal runs and single wildcards between the %.
type likePattern struct {
	fold bool // compare without case
	// whole says that the pattern has no wildcard, and prefix, suffix and infix that % stands at its one, other or
	// both ends around the literal text: most patterns in use.
	simple likeShape
	text   []byte
	// segments are the parts between the %, each a sequence of tokens.
	segments [][]likeToken
	// dangling says that the pattern ends in an escape character, an error once matching gets there.
	dangling bool
}

type likeShape int

const (
	likeGeneral likeShape = iota
	likeWhole
	likePrefix
	likeSuffix
	likeInfix
)

// likeToken is a literal text, or any one character where text is nil.
type likeToken struct{ text []byte }

func errLikeEscape() error {
	return pgerr.New(pgerr.InvalidEscapeSequence, "LIKE pattern must not end with escape character")
}

// compileLike parses a pattern whose escape character is the backslash.
func compileLike(pattern string, fold bool) *likePattern {
	if fold {
		pattern = foldCase(pattern)
	}
	p := &likePattern{fold: fold}
	var segment []likeToken
	var text []byte
	wild := false
	flush := func() {
		if len(text) > 0 {
			segment = append(segment, likeToken{text})
			text = nil
		}
	}
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; c {
		case '%':
			flush()
			p.segments = append(p.segments, segment)
			segment = nil
		case '_':
			flush()
			segment = append(segment, likeToken{})
			wild = true
		case '\\':
			if i++; i == len(pattern) {
				p.dangling = true
				break
			}
			text = append(text, pattern[i])
		default:
			text = append(text, c)
		}
	}
	flush()
	p.segments = append(p.segments, segment)
	if !wild && !p.dangling {
		p.simplify()
	}
	return p
}

// simplify recognises the common shapes; no segment has a single wildcard.
func (p *likePattern) simplify() {
	literal := func(i int) []byte {
		if len(p.segments[i]) == 0 {
			return []byte{}
		}
		return p.segments[i][0].text
	}
	last := len(p.segments) - 1
	empty := func(i int) bool { return len(p.segments[i]) == 0 }
	switch {
	case last == 0:
		p.simple, p.text = likeWhole, literal(0)
	case last == 1 && empty(1):
		p.simple, p.text = likePrefix, literal(0)
	case last == 1 && empty(0):
		p.simple, p.text = likeSuffix, literal(1)
	case last == 2 && empty(0) && empty(2):
		p.simple, p.text = likeInfix, literal(1)
	}
}

// foldCase maps a text to lower case, character by character, as ILIKE compares.
func foldCase(s string) string {
	return strings.Map(unicode.ToLower, s)
}

func (p *likePattern) match(s []byte) (bool, error) {
	if p.fold {
		s = mapCase(make([]byte, 0, len(s)), s, &lowerTable, unicode.ToLower)
	}
	switch p.simple {
	case likeWhole:
		return bytes.Equal(s, p.text), nil
	case likePrefix:
		return bytes.HasPrefix(s, p.text), nil
	case likeSuffix:
		return bytes.HasSuffix(s, p.text), nil
	case likeInfix:
		return bytes.Contains(s, p.text), nil
	}
	last := len(p.segments) - 1
	rest, ok := matchTokens(s, p.segments[0])
	if !ok {
		return false, nil
	}
	if last == 0 {
		return p.atEnd(rest)
	}
	// Between two %, the first place where a segment fits is as good as any later one.
	for _, segment := range p.segments[1:last] {
		if rest, ok = findTokens(rest, segment); !ok {
			return false, nil
		}
	}
	if p.dangling {
		if rest, ok := findTokens(rest, p.segments[last]); ok && len(rest) > 0 {
			return false, errLikeEscape()
		}
		return false, nil
	}
	return matchTail(rest, p.segments[last]), nil
}

// atEnd decides a pattern without %: all of the text must be used up.
func (p *likePattern) atEnd(rest []byte) (bool, error) {
	if len(rest) > 0 && p.dangling {
		return false, errLikeEscape()
	}
	return len(rest) == 0 && !p.dangling, nil
}

// matchTokens matches tokens at the start of s and gives what follows.
func matchTokens(s []byte, tokens []likeToken) (rest []byte, ok bool) {
	for _, t := range tokens {
		if t.text != nil {
			if !bytes.HasPrefix(s, t.text) {
				return nil, false
			}
			s = s[len(t.text):]
			continue
		}
		if len(s) == 0 {
			return nil, false
		}
		_, n := utf8.DecodeRune(s)
		s = s[n:]
	}
	return s, true
}

// findTokens matches tokens at the first place of s where they fit.
func findTokens(s []byte, tokens []likeToken) (rest []byte, ok bool) {
	for {
		if len(tokens) > 0 && tokens[0].text != nil {
			i := bytes.Index(s, tokens[0].text)
			if i < 0 {
				return nil, false
			}
			s = s[i:]
		}
		if rest, ok := matchTokens(s, tokens); ok {
			return rest, true
		}
		if len(s) == 0 {
			return nil, false
		}
		_, n := utf8.DecodeRune(s)
		s = s[n:]
	}
}

// matchTail matches tokens at the end of s.
func matchTail(s []byte, tokens []likeToken) bool {
	for i := len(tokens) - 1; i >= 0; i-- {
		if text := tokens[i].text; text != nil {
			if !bytes.HasSuffix(s, text) {
				return false
			}
			s = s[:len(s)-len(text)]
			continue
		}
		if len(s) == 0 {
			return false
		}
		_, n := utf8.DecodeLastRune(s)
		s = s[:len(s)-n]
	}
	return true
}

// like is the kernel of [NOT] LIKE and ILIKE.
func like(fold, negate bool) expr.EvalFunc {
	return func(ctx *expr.Context, args expr.Args, out *delta.Vec, errs *expr.Errors) {
		x, dst := newRow(ctx, &args, out.Type), expr.GrowBools(out, args.N)
		args.Each(func(r int) {
			x.r = r
			p, _ := remember(x, x.bytes(1), func(key string) (*likePattern, error) { return compileLike(key, fold), nil })
			ok, err := p.match(x.bytes(0))
			if err != nil {
				errs.Add(r, err)
			}
			dst[r] = ok != negate
		})
	}
}

// likeEscape rewrites a pattern with another escape character into one with the backslash.
func likeEscape(x *row, dst []byte) ([]byte, error) {
	pattern, escape := x.bytes(0), x.bytes(1)
	switch {
	case len(escape) == 0: // none: backslashes are literal
		for _, c := range pattern {
			if c == '\\' {
				dst = append(dst, '\\')
			}
			dst = append(dst, c)
		}
		return dst, nil
	case skipChars(escape, 1) != len(escape):
		return nil, errEscapeString()
	case escape[0] == '\\':
		return append(dst, pattern...), nil
	}
	afterEscape := false
	for len(pattern) > 0 {
		n := skipChars(pattern, 1)
		c := pattern[:n]
		switch {
		case bytes.Equal(c, escape) && !afterEscape:
			dst = append(dst, '\\')
			afterEscape = true
		case c[0] == '\\':
			dst = append(dst, '\\')
			if !afterEscape {
				dst = append(dst, '\\')
			}
			afterEscape = false
		default:
			dst = append(dst, c...)
			afterEscape = false
		}
		pattern = pattern[n:]
	}
	return dst, nil
}

func errEscapeString() error {
	return pgerr.New(pgerr.InvalidEscapeSequence, "invalid escape string").
		WithHint("Escape string must be empty or one character.")
}
