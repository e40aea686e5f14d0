package scalar

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"millrace/pgerr"
)

// regexpPatternMax bounds a pattern's length; the size of what Go compiles it to is bounded by Go.
const regexpPatternMax = 32 << 10

// regexpRepeatMax is PostgreSQL's bound on a repetition count.
const regexpRepeatMax = 255

// translation is a PostgreSQL regular expression ("advanced", ARE) rewritten for Go's package regexp.
type translation struct {
	expr string
	// inner is the expression for a search that starts within the text: there, ^ and \A never match.
	inner string
	// leftContext says that a match may depend on the character before it, by \y or a ^ in newline-sensitive mode, so
	// that the text before the start of a search must be there.
	leftContext bool
	// shortest says that the expression prefers the shortest match: its first quantifier is non-greedy.
	shortest bool
}

// regexpFlags are the options of a regular expression.
type regexpFlags struct {
	fold       bool // i: ignore case
	newlineDot bool // n, p: . and [^ do not match a newline
	newlineEnd bool // n, w: ^ and $ match at newlines
	expanded   bool // x: blanks and comments
	literal    bool // q: no regular expression at all
	global     bool // g: all matches
}

// parse reads option letters. global says whether g is allowed.
func (f *regexpFlags) parse(letters string) error {
	for _, c := range letters {
		switch c {
		case 'g':
			f.global = true
		case 'i':
			f.fold = true
		case 'c':
			f.fold = false
		case 'n', 'm':
			f.newlineDot, f.newlineEnd = true, true
		case 'p':
			f.newlineDot, f.newlineEnd = true, false
		case 'w':
			f.newlineDot, f.newlineEnd = false, true
		case 's':
			f.newlineDot, f.newlineEnd = false, false
		case 'x':
			f.expanded = true
		case 't':
			f.expanded = false
		case 'q':
			f.literal = true
		case 'b', 'e':
			// Basic and extended expressions differ from the advanced ones in their escapes only little.
		default:
			return pgerr.New(pgerr.InvalidParameterValue, "invalid regular expression option: \"%c\"", c)
		}
	}
	return nil
}

func errRegexp(what string) error {
	return pgerr.New(pgerr.InvalidRegularExpression, "invalid regular expression: %s", what)
}

// Character classes by PostgreSQL's names, written for the inside of a Go bracket expression. They are the sets
// of Unicode's categories that come nearest to a UTF-8 locale's.
var regexpClasses = map[string]string{
	"alnum":  `\p{L}\p{M}\p{N}`,
	"alpha":  `\p{L}\p{M}\p{Nl}`,
	"blank":  ` \t\x{1680}\x{2000}-\x{2006}\x{2008}-\x{200a}\x{205f}\x{3000}`,
	"cntrl":  `\x00-\x1f\x7f-\x{9f}\x{2028}\x{2029}`,
	"digit":  `0-9`,
	"graph":  `\p{L}\p{M}\p{N}\p{P}\p{S}\p{Cf}\p{Co}`,
	"lower":  `\p{Ll}`,
	"print":  ` \p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}\p{Cf}\p{Co}`,
	"punct":  `\p{P}\p{S}`,
	"space":  `\t-\r \x{85}\x{1680}\x{2000}-\x{2006}\x{2008}-\x{200a}\x{2028}\x{2029}\x{205f}\x{3000}`,
	"upper":  `\p{Lu}`,
	"xdigit": `0-9A-Fa-f`,
	"word":   `\p{L}\p{M}\p{N}_`,
}

// areParser rewrites one expression. It checks what Go would understand differently and leaves the structure as it is.
type areParser struct {
	src   string
	pos   int
	flags regexpFlags
	out   strings.Builder
	inner strings.Builder
	t     translation

	depth      int
	groups     int
	seenGreed  bool // the first quantifier has been met
	branches   bool // there is a | outside all parentheses, which makes the whole prefer the longest match
	atomBefore bool // there is something for a quantifier to apply to
	quantified bool // that something has a quantifier already
}

// translateRegexp rewrites a PostgreSQL regular expression.
//
// PostgreSQL prefers the longest match, or the shortest where the first quantifier is non-greedy; the quantifiers
// inside only divide that among themselves. Go knows a longest match, in which its non-greedy quantifiers do not
// count, and Perl's rule. The shortest match is approached by Perl's rule with every quantifier non-greedy.
func translateRegexp(pattern string, flags regexpFlags) (translation, error) {
	t, branches, err := translateAs(pattern, flags, false)
	if err == nil && t.shortest && branches {
		t, _, err = translateAs(pattern, flags, true)
	}
	return t, err
}

func translateAs(pattern string, flags regexpFlags, longest bool) (translation, bool, error) {
	if len(pattern) > regexpPatternMax {
		return translation{}, false, errRegexp("regular expression is too complex")
	}
	p := &areParser{src: pattern, flags: flags, seenGreed: longest}
	if err := p.prefix(); err != nil {
		return translation{}, false, err
	}
	if p.flags.literal {
		p.emit(quoteRegexp(p.src[p.pos:]))
	} else if err := p.body(); err != nil {
		return translation{}, false, err
	}
	options := "s"
	if p.flags.newlineDot {
		options = ""
	}
	if p.flags.fold {
		options += "i"
	}
	head := ""
	if options != "" {
		head = "(?" + options + ")"
	}
	p.t.expr, p.t.inner = head+p.out.String(), head+p.inner.String()
	return p.t, p.branches, nil
}

// quoteRegexp makes s literal.
func quoteRegexp(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < utf8.RuneSelf && strings.ContainsRune(`\.+*?()|[]{}^$`, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// prefix reads the directors ***: and ***= and embedded options (?...) at the start.
func (p *areParser) prefix() error {
	rest := p.src
	switch {
	case strings.HasPrefix(rest, "***="):
		p.flags.literal = true
		p.pos = 4
		return nil
	case strings.HasPrefix(rest, "***:"):
		p.pos = 4
	case strings.HasPrefix(rest, "***"):
		return errRegexp("invalid regexp (reg version 0.8)")
	}
	rest = p.src[p.pos:]
	if p.flags.literal || len(rest) < 3 || rest[:2] != "(?" || !('a' <= rest[2] && rest[2] <= 'z') {
		return nil
	}
	end := strings.IndexByte(rest, ')')
	if end < 0 {
		return errRegexp("invalid embedded option")
	}
	letters := rest[2:end]
	if strings.Trim(letters, "bceimnpqstwx") != "" || p.flags.parse(letters) != nil {
		return errRegexp("invalid embedded option")
	}
	p.pos += end + 1
	return nil
}

func (p *areParser) emit(s string) {
	p.out.WriteString(s)
	p.inner.WriteString(s)
}

// atom writes something that a quantifier may follow.
func (p *areParser) atom(s string) {
	p.emit(s)
	p.atomBefore, p.quantified = true, false
}

// constraint writes something that matches the empty string and takes no quantifier.
func (p *areParser) constraint(s, inner string) {
	p.out.WriteString(s)
	p.inner.WriteString(inner)
	p.atomBefore = false
}

// never is an expression that matches nothing.
const never = `[^\x00-\x{10FFFF}]`

func (p *areParser) body() error {
	for p.pos < len(p.src) {
		r, n := utf8.DecodeRuneInString(p.src[p.pos:])
		p.pos += n
		if err := p.char(r); err != nil {
			return err
		}
	}
	if p.depth > 0 {
		return errRegexp("parentheses () not balanced")
	}
	return nil
}

func (p *areParser) char(r rune) error {
	switch r {
	case '\\':
		return p.escape()
	case '[':
		return p.bracket()
	case '(':
		return p.open()
	case ')':
		if p.depth == 0 {
			return errRegexp("parentheses () not balanced")
		}
		p.depth--
		p.atom(")")
	case '|':
		p.emit("|")
		p.atomBefore, p.quantified = false, false
		p.branches = p.branches || p.depth == 0
	case '*', '+', '?':
		return p.quantifier(string(r))
	case '{':
		if p.pos < len(p.src) && isDigit(p.src[p.pos]) {
			return p.bound()
		}
		p.atom(`\{`)
	case '^':
		if p.flags.newlineEnd {
			p.t.leftContext = true
			p.constraint(`(?m:^)`, `(?m:^)`)
		} else {
			p.constraint(`\A`, never)
		}
	case '$':
		if p.flags.newlineEnd {
			p.constraint(`(?m:$)`, `(?m:$)`)
		} else {
			p.constraint(`\z`, `\z`)
		}
	case '.':
		p.atom(".")
	case ']', '}':
		p.atom(`\` + string(r))
	default:
		if p.flags.expanded {
			if strings.ContainsRune(" \t\n\v\f\r", r) {
				return nil
			}
			if r == '#' {
				if i := strings.IndexByte(p.src[p.pos:], '\n'); i >= 0 {
					p.pos += i
				} else {
					p.pos = len(p.src)
				}
				return nil
			}
		}
		p.atom(quoteRegexp(string(r)))
	}
	return nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// open reads what follows an opening parenthesis.
func (p *areParser) open() error {
	rest := p.src[p.pos:]
	if !strings.HasPrefix(rest, "?#") {
		p.atomBefore, p.quantified = false, false
	}
	switch {
	case strings.HasPrefix(rest, "?:"):
		p.pos += 2
		p.emit("(?:")
	case strings.HasPrefix(rest, "?#"):
		end := strings.IndexByte(rest, ')')
		if end < 0 {
			return errRegexp("parentheses () not balanced")
		}
		p.pos += end + 1
		return nil
	case strings.HasPrefix(rest, "?=") || strings.HasPrefix(rest, "?!") || strings.HasPrefix(rest, "?<"):
		return pgerr.Unsupported("lookaround in regular expressions")
	case strings.HasPrefix(rest, "?"):
		return errRegexp("quantifier operand invalid")
	default:
		p.groups++
		p.emit("(")
	}
	p.depth++
	return nil
}

// quantifier writes *, + or ?, or a bound, with the ? after it that makes it non-greedy.
func (p *areParser) quantifier(q string) error {
	if !p.atomBefore || p.quantified {
		return errRegexp("quantifier operand invalid")
	}
	lazy := p.pos < len(p.src) && p.src[p.pos] == '?'
	if lazy {
		p.pos++
		q += "?"
	}
	// A fixed count m has no preference of its own.
	if fixed := q[0] == '{' && !strings.Contains(q, ","); !fixed && !p.seenGreed {
		p.seenGreed = true
		p.t.shortest = lazy
	}
	if p.t.shortest && !lazy {
		q += "?"
	}
	p.emit(q)
	p.quantified = true
	return nil
}

// bound reads {m}, {m,} or {m,n} after the brace.
func (p *areParser) bound() error {
	end := strings.IndexByte(p.src[p.pos:], '}')
	if end < 0 {
		return errRegexp("braces {} not balanced")
	}
	text := p.src[p.pos : p.pos+end]
	p.pos += end + 1
	low, high, open := 0, 0, false
	lowText, highText, comma := strings.Cut(text, ",")
	if !number(lowText, &low) {
		return errRegexp("invalid repetition count(s)")
	}
	high = low
	if comma {
		if highText == "" {
			open = true
		} else if !number(highText, &high) {
			return errRegexp("invalid repetition count(s)")
		}
	}
	if low > regexpRepeatMax || high > regexpRepeatMax || high < low {
		return errRegexp("invalid repetition count(s)")
	}
	switch {
	case open:
		return p.quantifier(fmt.Sprintf("{%d,}", low))
	case comma:
		return p.quantifier(fmt.Sprintf("{%d,%d}", low, high))
	}
	return p.quantifier(fmt.Sprintf("{%d}", low))
}

func number(s string, v *int) bool {
	if s == "" || len(s) > 4 {
		return false
	}
	*v = 0
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
		*v = *v*10 + int(s[i]-'0')
	}
	return true
}
