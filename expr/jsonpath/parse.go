package jsonpath

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"millrace/pgerr"
	"millrace/types"
)

// depthMax bounds the nesting of a path.
const depthMax = 200

// Path is a parsed path.
type Path struct {
	lax  bool
	expr *node
}

// Regexp compiles the pattern of like_regex with PostgreSQL's flags and gives what tests a text for a match anywhere.
type Regexp func(pattern, flags string) (func(text []byte) (bool, error), error)

// Parse reads a path. Errors: 42601 for the syntax, 54001 for the depth, and those of regexp.
func Parse(text string, regexp Regexp) (*Path, error) {
	p := &parser{lexer: lexer{src: text}, regexp: regexp}
	p.advance()
	path := &Path{lax: true}
	if p.tok.kind == tokWord && (p.tok.text == "strict" || p.tok.text == "lax") {
		path.lax = p.tok.text == "lax"
		p.advance()
	}
	path.expr = p.orExpr()
	if p.err == nil && p.tok.kind != tokEnd {
		p.unexpected()
	}
	if p.err != nil {
		return nil, p.err
	}
	return path, nil
}

type parser struct {
	lexer
	tok    token
	err    error
	depth  int
	inSubs int // inside [ ]: last is allowed
	inCond int // inside ?( ): @ is allowed
	regexp Regexp
}

func (p *parser) advance() {
	if p.err != nil {
		p.tok = token{kind: tokEnd}
		return
	}
	p.tok = p.lexer.next()
	if p.tok.kind == tokBad {
		p.err = pgerr.New(pgerr.SyntaxError, "%s", p.tok.text)
		p.tok = token{kind: tokEnd}
	}
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = pgerr.New(pgerr.SyntaxError, format, args...)
	}
	p.tok = token{kind: tokEnd}
}

func (p *parser) unexpected() {
	if p.tok.kind == tokEnd {
		p.fail("syntax error at end of jsonpath input")
		return
	}
	p.fail("syntax error at or near \"%s\" of jsonpath input", p.tok.raw)
}

// enter counts a level; leave takes it back.
func (p *parser) enter() bool {
	if p.depth++; p.depth > depthMax && p.err == nil {
		p.err = pgerr.New(pgerr.StatementTooComplex, "stack depth limit exceeded").WithHint("A path may be nested at most %d levels deep.", depthMax)
		p.tok = token{kind: tokEnd}
	}
	return p.err == nil
}

func (p *parser) leave() { p.depth-- }

func (p *parser) is(symbol string) bool { return p.tok.kind == tokSymbol && p.tok.text == symbol }

func (p *parser) isWord(word string) bool { return p.tok.kind == tokWord && p.tok.text == word }

// take passes over a symbol if it is next.
func (p *parser) take(symbol string) bool {
	if !p.is(symbol) {
		return false
	}
	p.advance()
	return true
}

func (p *parser) want(symbol string) {
	if !p.take(symbol) {
		p.unexpected()
	}
}

// orExpr reads a || b.
func (p *parser) orExpr() *node {
	return p.logical("||", or, func() *node { return p.logical("&&", and, p.comparison) })
}

func (p *parser) logical(symbol string, k kind, operand func() *node) *node {
	left := operand()
	for n := 0; p.err == nil && p.is(symbol); n++ {
		if n > depthMax { // a chain is a tree as deep as it is long
			p.depth = depthMax
			p.enter()
			return left
		}
		p.advance()
		right := operand()
		if p.err == nil && !(left.kind.isPredicate() && right.kind.isPredicate()) {
			p.unexpected()
		}
		left = &node{kind: k, left: left, right: right}
	}
	return left
}

var comparisons = map[string]kind{"==": equal, "!=": notEqual, "<>": notEqual, "<": less, "<=": lessEqual, ">": greater, ">=": greaterEqual}

// comparison reads a predicate, or an expression.
func (p *parser) comparison() *node {
	if !p.enter() {
		return &node{}
	}
	defer p.leave()
	if p.take("!") {
		n := p.primary() // a condition in parentheses, or exists()
		if p.err == nil && !n.kind.isPredicate() {
			p.unexpected()
		}
		return &node{kind: not, left: n}
	}
	left := p.sum()
	switch {
	case p.tok.kind == tokSymbol && comparisons[p.tok.text] != 0:
		k := comparisons[p.tok.text]
		p.advance()
		return &node{kind: k, left: left, right: p.sum()}
	case p.isWord("starts"):
		p.advance()
		if !p.isWord("with") {
			p.unexpected()
		}
		p.advance()
		if p.tok.kind != tokString && p.tok.kind != tokVariable {
			p.unexpected()
			return left
		}
		return &node{kind: startsWith, left: left, right: p.primary()}
	case p.isWord("like_regex"):
		return p.like(left)
	}
	return left
}

func (p *parser) like(left *node) *node {
	p.advance()
	n := &node{kind: likeRegex, left: left, text: p.tok.text}
	if p.tok.kind != tokString {
		p.unexpected()
		return n
	}
	p.advance()
	if p.isWord("flag") {
		p.advance()
		if p.tok.kind != tokString {
			p.unexpected()
			return n
		}
		n.flags = p.tok.text
		p.advance()
	}
	flags, err := regexFlags(n.flags)
	if err == nil {
		n.match, err = p.regexp(n.text, flags)
	}
	if err != nil && p.err == nil {
		p.err = err
		p.tok = token{kind: tokEnd}
	}
	return n
}

// regexFlags turns XQuery's flags into those of PostgreSQL's regular expressions: s lets . match a newline, m lets ^ and $ match
// at them, and without s or m neither does.
func regexFlags(flags string) (string, error) {
	var icase, dotAll, multi, quote bool
	for _, c := range flags {
		switch c {
		case 'i':
			icase = true
		case 's':
			dotAll = true
		case 'm':
			multi = true
		case 'q':
			quote = true
		case 'x':
			return "", pgerr.Unsupported("the XQuery \"x\" flag (expanded regular expressions)")
		default:
			return "", pgerr.New(pgerr.SyntaxError, "invalid input syntax for type jsonpath").WithDetail("Unrecognized flag character \"%c\" in LIKE_REGEX predicate.", c)
		}
	}
	out := ""
	if icase {
		out += "i"
	}
	switch {
	case quote && icase:
		return "", pgerr.Unsupported("the flags i and q of like_regex together")
	case quote:
		return "q", nil
	case dotAll && multi:
		return out + "w", nil
	case multi:
		return out + "n", nil
	case !dotAll:
		return out + "p", nil
	}
	return out, nil
}

func (p *parser) sum() *node {
	return p.binary(map[string]kind{"+": add, "-": subtract}, func() *node {
		return p.binary(map[string]kind{"*": multiply, "/": divide, "%": modulo}, p.unary)
	})
}

func (p *parser) binary(ops map[string]kind, operand func() *node) *node {
	left := operand()
	for n := 0; p.err == nil && p.tok.kind == tokSymbol && ops[p.tok.text] != 0; n++ {
		if n > depthMax {
			p.depth = depthMax
			p.enter()
			return left
		}
		if left.kind.isPredicate() {
			p.unexpected()
			return left
		}
		k := ops[p.tok.text]
		p.advance()
		left = &node{kind: k, left: left, right: operand()}
	}
	return left
}

func (p *parser) unary() *node {
	if !p.enter() {
		return &node{}
	}
	defer p.leave()
	switch {
	case p.take("+"):
		return &node{kind: plus, left: p.unary()}
	case p.take("-"):
		return &node{kind: minus, left: p.unary()}
	}
	return p.accessors(p.primary())
}

// primary reads a value without accessors.
func (p *parser) primary() *node {
	t := p.tok
	switch t.kind {
	case tokString:
		p.advance()
		return &node{kind: literal, value: types.AppendJSONString(nil, []byte(t.text))}
	case tokNumber:
		p.advance()
		value, err := types.ParseJSONB([]byte(t.text))
		if err != nil {
			p.fail("trailing junk after numeric literal at or near \"%s\" of jsonpath input", t.raw)
		}
		return &node{kind: literal, value: value}
	case tokVariable:
		p.advance()
		return &node{kind: variable, text: t.text}
	case tokWord:
		return p.word(t)
	}
	switch {
	case p.take("$"):
		return &node{kind: root}
	case p.is("@"):
		if p.inCond == 0 {
			p.fail("@ is not allowed in root expressions")
		}
		p.advance()
		return &node{kind: current}
	case p.take("("):
		return p.parenthesised()
	}
	p.unexpected()
	return &node{}
}

// word reads a value that a keyword begins.
func (p *parser) word(t token) *node {
	switch t.text {
	case "true", "false", "null":
		p.advance()
		return &node{kind: literal, value: []byte(t.text)}
	case "last":
		if p.inSubs == 0 {
			p.fail("LAST is allowed only in array subscripts")
		}
		p.advance()
		return &node{kind: last}
	case "exists":
		p.advance()
		p.want("(")
		n := &node{kind: exists, left: p.sum()}
		p.want(")")
		return n
	}
	p.unexpected()
	return &node{}
}

func (p *parser) parenthesised() *node {
	if !p.enter() {
		return &node{}
	}
	defer p.leave()
	n := p.orExpr()
	p.want(")")
	if p.isWord("is") {
		p.advance()
		if !p.isWord("unknown") || !n.kind.isPredicate() {
			p.unexpected()
		}
		p.advance()
		return &node{kind: isUnknown, left: n}
	}
	return n
}

// accessors reads what follows a value.
func (p *parser) accessors(n *node) *node {
	end := n
	for end.next != nil {
		end = end.next
	}
	for count := 0; p.err == nil; count++ {
		if count > 10*depthMax {
			p.depth = depthMax
			p.enter()
			return n
		}
		var a *node
		switch {
		case p.take("."):
			a = p.dot()
		case p.take("["):
			a = p.brackets()
		case p.take("?"):
			p.want("(")
			p.inCond++
			a = &node{kind: filter, left: p.orExpr()}
			p.inCond--
			if p.err == nil && !a.left.kind.isPredicate() {
				p.unexpected()
			}
			p.want(")")
		default:
			return n
		}
		end.next, end = a, a
	}
	return n
}

// methods are those that take no argument.
var methods = map[string]bool{"type": true, "size": true, "abs": true, "floor": true, "ceiling": true, "double": true, "keyvalue": true}

// dot reads a member, a method or all levels.
func (p *parser) dot() *node {
	t := p.tok
	switch {
	case p.take("*"):
		return &node{kind: anyMember}
	case p.take("**"):
		return p.levels()
	case t.kind == tokString:
		p.advance()
		return &node{kind: member, text: t.text}
	case t.kind == tokWord:
		p.advance()
		if !p.is("(") {
			return &node{kind: member, text: t.text}
		}
		switch {
		case t.text == "datetime":
			if p.err == nil {
				p.err = pgerr.Unsupported("the jsonpath method datetime()")
				p.tok = token{kind: tokEnd}
			}
		case !methods[t.text]:
			p.unexpected()
		}
		p.want("(")
		p.want(")")
		return &node{kind: method, text: t.text}
	}
	p.unexpected()
	return &node{}
}

// levels reads what may follow **: {n}, {n to m}.
func (p *parser) levels() *node {
	n := &node{kind: anyLevel, to: lastLevel}
	if !p.take("{") {
		return n
	}
	n.from = p.level()
	n.to = n.from
	if p.isWord("to") {
		p.advance()
		n.to = p.level()
	}
	p.want("}")
	return n
}

func (p *parser) level() int {
	t := p.tok
	if p.isWord("last") {
		p.advance()
		return lastLevel
	}
	v, err := strconv.Atoi(t.text)
	if t.kind != tokNumber || err != nil {
		p.unexpected()
	}
	p.advance()
	return v
}

func (p *parser) brackets() *node {
	if p.take("*") {
		p.want("]")
		return &node{kind: anyElement}
	}
	n := &node{kind: elements}
	p.inSubs++
	defer func() { p.inSubs-- }()
	for {
		s := subscript{from: p.sum()}
		if p.isWord("to") {
			p.advance()
			s.to = p.sum()
		}
		n.subs = append(n.subs, s)
		if !p.take(",") {
			break
		}
	}
	p.want("]")
	return n
}

// token is a word, a value or a symbol.
type token struct {
	kind tokenKind
	text string
	raw  string
}

type tokenKind uint8

const (
	tokEnd tokenKind = iota
	tokBad           // text is the message
	tokWord
	tokString
	tokNumber
	tokVariable
	tokSymbol
)

type lexer struct {
	src string
	pos int
}

// symbols of two or more characters, the longer first.
var longSymbols = []string{"**", "||", "&&", "==", "!=", "<>", "<=", ">="}

func (l *lexer) next() token {
	l.blank()
	start := l.pos
	if start >= len(l.src) {
		return token{kind: tokEnd}
	}
	c := l.src[start]
	switch {
	case strings.HasPrefix(l.src[start:], "/*"):
		return token{kind: tokBad, text: "unexpected end of comment at end of jsonpath input"}
	case c == '"':
		return l.str(start, tokString)
	case c == '$' && start+1 < len(l.src) && l.src[start+1] == '"':
		l.pos++
		return l.str(start, tokVariable)
	case c == '$' && start+1 < len(l.src) && isWord(l.src[start+1]):
		l.pos++
		t := l.word(start)
		t.kind = tokVariable
		return t
	case c >= '0' && c <= '9' || c == '.' && start+1 < len(l.src) && l.src[start+1] >= '0' && l.src[start+1] <= '9':
		return l.number(start)
	case isWord(c) || c == '\\':
		return l.word(start)
	}
	for _, s := range longSymbols {
		if strings.HasPrefix(l.src[start:], s) {
			l.pos += len(s)
			return token{kind: tokSymbol, text: s, raw: s}
		}
	}
	_, n := utf8.DecodeRuneInString(l.src[start:])
	l.pos += n
	s := l.src[start:l.pos]
	return token{kind: tokSymbol, text: s, raw: s}
}

// blank passes over blanks and comments.
func (l *lexer) blank() {
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f':
			l.pos++
		case strings.HasPrefix(l.src[l.pos:], "/*"):
			end := strings.Index(l.src[l.pos+2:], "*/")
			if end < 0 {
				return
			}
			l.pos += end + 4
		default:
			return
		}
	}
}

func isWord(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= utf8.RuneSelf
}

func (l *lexer) word(start int) token {
	from := l.pos
	for l.pos < len(l.src) && (isWord(l.src[l.pos]) || l.src[l.pos] == '\\') {
		if l.src[l.pos] == '\\' {
			l.pos++
		}
		l.pos++
	}
	l.pos = min(l.pos, len(l.src))
	text, ok := unescape(l.src[from:l.pos])
	if !ok {
		return token{kind: tokBad, text: fmt.Sprintf("invalid escape sequence at or near \"%s\" of jsonpath input", l.src[from:l.pos])}
	}
	return token{kind: tokWord, text: text, raw: l.src[start:l.pos]}
}

func (l *lexer) str(start int, k tokenKind) token {
	i := l.pos + 1
	for i < len(l.src) && l.src[i] != '"' {
		if l.src[i] == '\\' {
			i++
		}
		i++
	}
	if i >= len(l.src) {
		l.pos = len(l.src)
		return token{kind: tokBad, text: "unterminated quoted string at end of jsonpath input"}
	}
	text, ok := unescape(l.src[l.pos+1 : i])
	l.pos = i + 1
	if !ok {
		return token{kind: tokBad, text: fmt.Sprintf("invalid escape sequence at or near \"%s\" of jsonpath input", l.src[start:l.pos])}
	}
	return token{kind: k, text: text, raw: l.src[start:l.pos]}
}

func (l *lexer) number(start int) token {
	digits := func() {
		for l.pos < len(l.src) && l.src[l.pos] >= '0' && l.src[l.pos] <= '9' {
			l.pos++
		}
	}
	digits()
	if l.pos < len(l.src) && l.src[l.pos] == '.' {
		l.pos++
		digits()
	}
	if l.pos < len(l.src) && (l.src[l.pos] == 'e' || l.src[l.pos] == 'E') {
		l.pos++
		if l.pos < len(l.src) && (l.src[l.pos] == '+' || l.src[l.pos] == '-') {
			l.pos++
		}
		digits()
	}
	raw := l.src[start:l.pos]
	if l.pos < len(l.src) && isWord(l.src[l.pos]) {
		return token{kind: tokBad, text: fmt.Sprintf("trailing junk after numeric literal at or near \"%s\" of jsonpath input", l.src[start:l.pos+1])}
	}
	text := raw
	if strings.HasPrefix(text, ".") {
		text = "0" + text
	}
	text = strings.Replace(text, ".e", ".0e", 1)
	text = strings.Replace(text, ".E", ".0E", 1)
	text = strings.TrimSuffix(text, ".")
	return token{kind: tokNumber, text: text, raw: raw}
}

// unescape resolves the escapes of strings and words: those of JavaScript.
func unescape(s string) (string, bool) {
	if strings.IndexByte(s, '\\') < 0 {
		return s, utf8.ValidString(s)
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		if i++; i >= len(s) {
			return "", false
		}
		switch c := s[i]; c {
		case 'b':
			b.WriteByte('\b')
		case 'f':
			b.WriteByte('\f')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'v':
			b.WriteByte('\v')
		case 'x', 'u':
			r, n := codePoint(s[i:])
			if n == 0 {
				return "", false
			}
			b.WriteRune(r)
			i += n - 1
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), utf8.ValidString(b.String())
}

// codePoint reads xHH, uHHHH (a pair of them for characters beyond) or u{H...}; n is 0 where it is none of them, or a zero.
func codePoint(s string) (r rune, n int) {
	hex := func(digits string) (rune, bool) {
		v, err := strconv.ParseUint(digits, 16, 32)
		return rune(v), err == nil && v > 0 && v <= utf8.MaxRune
	}
	switch {
	case s[0] == 'x' && len(s) >= 3:
		if r, ok := hex(s[1:3]); ok {
			return r, 3
		}
	case strings.HasPrefix(s, "u{"):
		end := strings.IndexByte(s, '}')
		if end > 2 && end <= 8 {
			if r, ok := hex(s[2:end]); ok && utf8.ValidRune(r) {
				return r, end + 1
			}
		}
	case s[0] == 'u' && len(s) >= 5:
		r, ok := hex(s[1:5])
		switch {
		case !ok:
		case r >= 0xD800 && r < 0xDC00:
			if len(s) >= 11 && s[5] == '\\' && s[6] == 'u' {
				if low, ok := hex(s[7:11]); ok && low >= 0xDC00 && low < 0xE000 {
					return 0x10000 + (r-0xD800)<<10 + (low - 0xDC00), 11
				}
			}
		case utf8.ValidRune(r):
			return r, 5
		}
	}
	return 0, 0
}
