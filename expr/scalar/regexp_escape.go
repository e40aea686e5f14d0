package scalar

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"millrace/pgerr"
)

// escape reads what follows a backslash outside brackets.
func (p *areParser) escape() error {
	if p.pos == len(p.src) {
		return errRegexp("invalid escape \\ sequence")
	}
	c, n := utf8.DecodeRuneInString(p.src[p.pos:])
	p.pos += n
	switch c {
	case 'd', 's', 'w':
		p.atom("[" + classEscapes[c] + "]")
		return nil
	case 'D', 'S', 'W':
		p.atom("[^" + classEscapes[unicode.ToLower(c)] + "]")
		return nil
	case 'A':
		p.constraint(`\A`, never)
		return nil
	case 'Z':
		p.constraint(`\z`, `\z`)
		return nil
	case 'y', 'Y':
		p.t.leftContext = true
		b := `\b`
		if c == 'Y' {
			b = `\B`
		}
		p.constraint(b, b)
		return nil
	case 'm', 'M':
		return p.wordEdge(c == 'm')
	}
	if '1' <= c && c <= '9' {
		return p.backReference(c)
	}
	r, err := p.charEscape(c)
	if err != nil {
		return err
	}
	p.atom(quoteRegexp(string(r)))
	return nil
}

// classEscapes are the shorthand classes.
var classEscapes = map[rune]string{
	'd': regexpClasses["digit"],
	's': regexpClasses["space"],
	'w': regexpClasses["word"],
}

// wordEdge is \m, the start of a word, or \M, its end. Go has only \b, either of them, which is the same where the
// neighbouring atom is a word character.
func (p *areParser) wordEdge(start bool) error {
	p.t.leftContext = true
	if start {
		rest := p.src[p.pos:]
		r, _ := utf8.DecodeRuneInString(rest)
		word := rest != "" && (isWord(r) || strings.HasPrefix(rest, `\w`) || strings.HasPrefix(rest, `\d`) ||
			strings.HasPrefix(rest, "[[:alpha:]]") || strings.HasPrefix(rest, "[[:alnum:]]") || strings.HasPrefix(rest, "(") && isWordStart(rest[1:]))
		if !word {
			return pgerr.Unsupported(`\m before anything but a word character in regular expressions`)
		}
	} else {
		before := p.src[:p.pos-2]
		trimmed := strings.TrimRight(before, "+")
		r, _ := utf8.DecodeLastRuneInString(before)
		word := before != "" && (isWord(r) && !strings.HasSuffix(before[:len(before)-1], `\`) ||
			strings.HasSuffix(trimmed, `\w`) || strings.HasSuffix(trimmed, `\d`) ||
			strings.HasSuffix(trimmed, "[[:alpha:]]") || strings.HasSuffix(trimmed, "[[:alnum:]]"))
		if !word {
			return pgerr.Unsupported(`\M after anything but a word character in regular expressions`)
		}
	}
	p.constraint(`\b`, `\b`)
	return nil
}

func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

func isWordStart(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return s != "" && isWord(r) && !strings.Contains(s, "|")
}

// backReference reads \1 and the like, which no automaton can match, or an octal escape.
func (p *areParser) backReference(c rune) error {
	text := string(c)
	for p.pos < len(p.src) && isDigit(p.src[p.pos]) && len(text) < 3 {
		text += p.src[p.pos : p.pos+1]
		p.pos++
	}
	n, err := strconv.Atoi(text)
	if err == nil && (len(text) == 1 || n <= p.groups) {
		if n > p.groups {
			return errRegexp("invalid backreference number")
		}
		return pgerr.Unsupported("back references in regular expressions")
	}
	v, err := strconv.ParseUint(text, 8, 8)
	if err != nil {
		return errRegexp("invalid escape \\ sequence")
	}
	p.atom(quoteRegexp(string(rune(v))))
	return nil
}

// charEscape gives the one character that an escape stands for.
func (p *areParser) charEscape(c rune) (rune, error) {
	switch c {
	case 'a':
		return 7, nil
	case 'b':
		return '\b', nil
	case 'B':
		return '\\', nil
	case 'e':
		return 0x1b, nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'v':
		return '\v', nil
	case 'c':
		r, n := utf8.DecodeRuneInString(p.src[p.pos:])
		if n == 0 {
			return 0, errRegexp("invalid escape \\ sequence")
		}
		p.pos += n
		return r & 0x1f, nil
	case 'u':
		return p.hexEscape(4, 4)
	case 'U':
		return p.hexEscape(8, 8)
	case 'x':
		return p.hexEscape(1, 255)
	case '0':
		v, digits := rune(0), 0
		for digits < 2 && p.pos < len(p.src) && '0' <= p.src[p.pos] && p.src[p.pos] <= '7' {
			v = v*8 + rune(p.src[p.pos]-'0')
			p.pos++
			digits++
		}
		return v, nil
	}
	if c < utf8.RuneSelf && (unicode.IsLetter(c) || unicode.IsDigit(c)) {
		return 0, errRegexp("invalid escape \\ sequence")
	}
	return c, nil
}

// hexEscapeMax is the greatest value that PostgreSQL takes as a character, and noCharacter stands for those that are
// none, which match nothing: it is not assigned and never will be.
const (
	hexEscapeMax = 0x7ffffffe
	noCharacter  = unicode.MaxRune
)

// hexEscape reads between least and most hexadecimal digits.
func (p *areParser) hexEscape(least, most int) (rune, error) {
	v, digits := uint64(0), 0
	for digits < most && p.pos < len(p.src) && hexDigit(p.src[p.pos]) <= 15 {
		if v = v<<4 | uint64(hexDigit(p.src[p.pos])); v > hexEscapeMax {
			return 0, errRegexp("invalid escape \\ sequence")
		}
		p.pos++
		digits++
	}
	if digits < least {
		return 0, errRegexp("invalid escape \\ sequence")
	}
	if !utf8.ValidRune(rune(v)) {
		return noCharacter, nil
	}
	return rune(v), nil
}

// bracket reads a bracket expression after its [.
func (p *areParser) bracket() error {
	rest := p.src[p.pos:]
	switch {
	case strings.HasPrefix(rest, "[:<:]]"):
		p.pos += len("[:<:]]")
		return p.wordEdge(true)
	case strings.HasPrefix(rest, "[:>:]]"):
		// The edge looks back over the bracket as it does over \M, which is shorter.
		return pgerr.Unsupported("[[:>:]] in regular expressions")
	}
	var set strings.Builder
	negate := false
	if strings.HasPrefix(rest, "^") {
		negate = true
		p.pos++
	}
	for first := true; ; first = false {
		if p.pos >= len(p.src) {
			return errRegexp("brackets [] not balanced")
		}
		if p.src[p.pos] == ']' && !first {
			p.pos++
			break
		}
		if err := p.bracketItem(&set); err != nil {
			return err
		}
	}
	s := set.String()
	if negate {
		if p.flags.newlineDot {
			s += `\n`
		}
		s = "^" + s
	}
	p.atom("[" + s + "]")
	return nil
}

// bracketItem reads a class, a character or a range within brackets.
func (p *areParser) bracketItem(set *strings.Builder) error {
	rest := p.src[p.pos:]
	if strings.HasPrefix(rest, "[:") {
		name, _, ok := strings.Cut(rest[2:], ":]")
		class, known := regexpClasses[name]
		if !ok || !known {
			return errRegexp("invalid character class")
		}
		p.pos += len(name) + 4
		set.WriteString(class)
		return nil
	}
	if len(rest) > 1 && rest[0] == '\\' {
		switch c := rune(rest[1]); c {
		case 'd', 's', 'w':
			p.pos += 2
			set.WriteString(classEscapes[c])
			return nil
		case 'D', 'S', 'W':
			return errRegexp("invalid escape \\ sequence")
		}
	}
	low, err := p.bracketChar()
	if err != nil {
		return err
	}
	if !strings.HasPrefix(p.src[p.pos:], "-") || strings.HasPrefix(p.src[p.pos:], "-]") {
		writeRune(set, low)
		return nil
	}
	p.pos++
	if p.pos >= len(p.src) {
		return errRegexp("brackets [] not balanced")
	}
	high, err := p.bracketChar()
	if err != nil {
		return err
	}
	if high < low {
		return errRegexp("invalid character range")
	}
	writeRune(set, low)
	set.WriteByte('-')
	writeRune(set, high)
	return nil
}

// writeRune writes a character for the inside of brackets.
func writeRune(b *strings.Builder, r rune) {
	if r < utf8.RuneSelf && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
		fmt.Fprintf(b, `\x%02x`, r)
		return
	}
	b.WriteRune(r)
}

// bracketChar reads one character of a bracket expression: plain, escaped, or a collating element of one character.
func (p *areParser) bracketChar() (rune, error) {
	rest := p.src[p.pos:]
	for _, delimiter := range []string{".", "="} {
		if !strings.HasPrefix(rest, "["+delimiter) {
			continue
		}
		name, _, ok := strings.Cut(rest[2:], delimiter+"]")
		r, n := utf8.DecodeRuneInString(name)
		if !ok || n == 0 || n != len(name) {
			return 0, errRegexp("invalid collating element")
		}
		p.pos += len(name) + 4
		return r, nil
	}
	r, n := utf8.DecodeRuneInString(rest)
	p.pos += n
	if r != '\\' {
		return r, nil
	}
	if p.pos == len(p.src) {
		return 0, errRegexp("brackets [] not balanced")
	}
	c, n := utf8.DecodeRuneInString(p.src[p.pos:])
	p.pos += n
	return p.charEscape(c)
}
