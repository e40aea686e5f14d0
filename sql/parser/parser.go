package parser

import (
	"strings"
	"sync"
	"unicode/utf8"

	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/sql/lex"
)

const (
	// MaxNesting bounds how deep constructs may be nested in each other: parentheses, calls, subqueries.
	MaxNesting = 2_000
	// MaxHeight bounds the height of a tree, which chains such as a || b || c make without nesting. Consumers may
	// recurse over a tree of this height.
	MaxHeight = 20_000
)

// Stmt is one statement of a text.
type Stmt struct {
	AST ast.Statement
	// Text is the statement without the semicolon and surrounding blanks: the bytes from Start to End of the input.
	// The positions in AST count from the beginning of the whole input.
	Text  string
	Start int
	End   int
	// Params is the highest number of a $n in the statement, 0 for none.
	Params int
	// Notices tell the client, when the statement runs, what of it has no effect. Only other dialects have them.
	Notices []string
}

// Parse reads all statements of a text. Empty statements are left out, so a text of blanks, comments and semicolons
// gives none. An error in any statement fails the whole, as in PostgreSQL.
func Parse(sql string) ([]Stmt, error) { return parse(sql, 0) }

func parse(sql string, before int) (stmts []Stmt, err error) {
	err = run(sql, before, func(p *parser) {
		for {
			for p.acceptKind(';') {
			}
			if p.tok.Kind == lex.EOF {
				return
			}
			start := p.i
			p.params = 0
			node := p.statement()
			if p.tok.Kind != ';' && p.tok.Kind != lex.EOF {
				p.syntaxError()
			}
			s := Stmt{AST: node, Start: int(p.toks[start].Start), End: int(p.toks[p.i-1].End), Params: p.params}
			s.Text = sql[s.Start:s.End]
			stmts = append(stmts, s)
		}
	})
	if err != nil {
		return nil, err
	}
	return stmts, nil
}

// ParseOne reads a text that holds exactly one statement.
func ParseOne(sql string) (Stmt, error) { return ParseOneAt(sql, 0) }

// ParseOneAt is ParseOne for a piece of a larger text: positions, in the tree and of an error, count from the beginning
// of that text, of which so many characters come before the piece.
func ParseOneAt(sql string, before int) (Stmt, error) {
	stmts, err := parse(sql, before)
	switch {
	case err != nil:
		return Stmt{}, err
	case len(stmts) == 0:
		return Stmt{}, pgerr.New(pgerr.SyntaxError, "syntax error at end of input").At(before + utf8.RuneCountInString(sql) + 1)
	case len(stmts) > 1:
		return Stmt{}, pgerr.New(pgerr.SyntaxError, "expected one statement, found %d", len(stmts)).At(stmts[1].AST.Position())
	}
	return stmts[0], nil
}

// ParseExpr reads a text that is one expression.
func ParseExpr(sql string) (e ast.Expr, err error) {
	err = run(sql, 0, func(p *parser) {
		e = p.expr()
		p.expectKind(lex.EOF)
	})
	if err != nil {
		return nil, err
	}
	return e, nil
}

// ParseType reads a text that is the name of a type, as in 'numeric(10,2)[]'.
func ParseType(sql string) (t *ast.TypeName, err error) {
	err = run(sql, 0, func(p *parser) {
		t = p.typeName()
		p.expectKind(lex.EOF)
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// parsers keeps token slices from one text to the next.
var parsers = sync.Pool{New: func() any { return new(parser) }}

// pooledTokensMax bounds the slice that is kept, so that one huge text does not hold its memory for ever.
const pooledTokensMax = 1 << 17

// bailout carries an error from the place where it is found to run. Nothing else panics on purpose.
type bailout struct{ err *pgerr.Error }

// run reads a text, of which before is added to all positions.
func run(sql string, before int, parse func(*parser)) (err error) {
	p := parsers.Get().(*parser)
	buf := p.toks
	tokens, err := lex.Scan(sql, buf)
	if err != nil {
		parsers.Put(p)
		return err
	}
	if before != 0 {
		for i := range tokens.List {
			tokens.List[i].Pos += int32(before)
		}
		if tokens.Err != nil {
			tokens.Err.Position += before
		}
	}
	*p = parser{src: sql, toks: tokens.List, lexErr: tokens.Err, scratch: p.scratch[:0]}
	p.tok = &p.toks[0]
	defer func() {
		if r := recover(); r != nil {
			b, ok := r.(bailout)
			if !ok {
				panic(r)
			}
			err = b.err
		}
		clear(p.toks) // they point into the text
		clear(p.scratch[:cap(p.scratch)])
		toks, scratch := p.toks[:0], p.scratch[:0]
		*p = parser{}
		if cap(toks) <= pooledTokensMax {
			p.toks, p.scratch = toks, scratch
		}
		parsers.Put(p)
	}()
	parse(p)
	if p.deferred != nil {
		return p.deferred
	}
	return nil
}

// parser is the state of one text's parsing.
type parser struct {
	src    string
	toks   []lex.Token
	lexErr *pgerr.Error
	i      int
	tok    *lex.Token // toks[i]

	// nesting is the number of open push calls; height is the greatest height of the trees made since the last push.
	nesting int
	height  int
	params  int

	// inAsOf is true in the right side of an ASOF JOIN, where MATCH_CONDITION (...) is no alias.
	inAsOf bool

	// missedAt and missedLength: see missed.
	missedAt     int
	missedLength int

	// intoAllowed is true up to the first SELECT of a top-level query, the only one that may have INTO; into is what
	// was found there.
	intoAllowed bool
	into        *ast.Into
	// defaultAllowed is true up to the VALUES or SELECT that is the source of an INSERT: DEFAULT may stand in VALUES.
	defaultAllowed bool

	// deferred is the first mistake that is not one of grammar: PostgreSQL finds it only when the whole text has been
	// parsed, so a syntax error further on is reported before it.
	deferred *pgerr.Error

	scratch  []ast.Expr // a stack on which lists are gathered before they are copied at their exact length
	literals []ast.Literal
}

// push opens one more level of nesting. The result is for pop.
func (p *parser) push() (outer int) {
	if p.nesting++; p.nesting > MaxNesting {
		p.tooDeep()
	}
	outer, p.height = p.height, 0
	return outer
}

// pop closes a level: what was made in it is one node higher than its parts.
func (p *parser) pop(outer int) {
	p.nesting--
	p.grow()
	p.height = max(p.height, outer)
}

// grow counts a node put on top of what was made since the last push.
func (p *parser) grow() {
	if p.height++; p.height > MaxHeight {
		p.tooDeep()
	}
}

func (p *parser) tooDeep() {
	p.fail(pgerr.New(pgerr.StatementTooComplex, "stack depth limit exceeded").
		WithHint("The statement nests its parts too deeply; break it up, or use IN and VALUES lists."))
}

func (p *parser) fail(err *pgerr.Error) {
	panic(bailout{err})
}

// later notes a mistake that does not keep the text from being parsed.
func (p *parser) later(err *pgerr.Error) {
	if p.deferred == nil {
		p.deferred = err
	}
}

// errorAt fails with a syntax error that has a message of its own.
func (p *parser) errorAt(pos int32, format string, args ...any) {
	p.fail(pgerr.New(pgerr.SyntaxError, format, args...).At(int(pos)))
}

func (p *parser) unsupported(pos int32, feature string) {
	p.fail(pgerr.Unsupported(feature).At(int(pos)))
}

// syntaxError fails at the current token.
func (p *parser) syntaxError() {
	if p.missedLength > 0 && p.missedAt == p.i {
		p.i += p.missedLength
		p.tok = &p.toks[p.i]
	}
	t := p.tok
	var err *pgerr.Error
	switch t.Kind {
	case lex.Error:
		err = p.lexErr
	case lex.EOF:
		err = pgerr.New(pgerr.SyntaxError, "syntax error at end of input").At(int(t.Pos))
	default:
		err = pgerr.New(pgerr.SyntaxError, `syntax error at or near "%s"`, p.src[t.Start:t.End]).At(int(t.Pos))
	}
	if t.Kind != lex.Error && err.Hint == "" {
		if hint := p.hint(); hint != "" {
			err.Hint = hint
		}
	}
	p.fail(err)
}

// syntaxErrorAt fails at token number i.
func (p *parser) syntaxErrorAt(i int) {
	p.i, p.tok, p.missedLength = i, &p.toks[i], 0
	p.syntaxError()
}

// next goes to the next token.
func (p *parser) next() {
	if p.i+1 < len(p.toks) {
		p.i++
		p.tok = &p.toks[p.i]
	}
}

func (p *parser) pos() int { return int(p.tok.Pos) }

// peek gives the token n places ahead.
func (p *parser) peek(n int) *lex.Token {
	return &p.toks[min(p.i+n, len(p.toks)-1)]
}

func (p *parser) is(k lex.Keyword) bool { return p.tok.Kw == k }

func (p *parser) isKind(k lex.Kind) bool { return p.tok.Kind == k }

// ahead says whether the next tokens are these keywords.
func (p *parser) ahead(words ...lex.Keyword) bool {
	for n, k := range words {
		if p.peek(n).Kw != k {
			return false
		}
	}
	return true
}

func (p *parser) accept(k lex.Keyword) bool {
	if p.tok.Kw != k {
		return false
	}
	p.next()
	return true
}

// acceptAll goes past these keywords where all of them come next.
//
// Where only the first ones come, PostgreSQL's parser has gone past them too when it stops: should the current token
// turn out to be wrong, the error is at the first of these words that is missing.
func (p *parser) acceptAll(words ...lex.Keyword) bool {
	for n, k := range words {
		if p.peek(n).Kw != k {
			p.missed(n)
			return false
		}
	}
	for range words {
		p.next()
	}
	return true
}

// missed notes that something was begun here by n tokens but did not go on.
func (p *parser) missed(n int) {
	if n > 0 && (p.missedAt != p.i || n > p.missedLength) {
		p.missedAt, p.missedLength = p.i, n
	}
}

func (p *parser) acceptKind(k lex.Kind) bool {
	if p.tok.Kind != k {
		return false
	}
	p.next()
	return true
}

func (p *parser) expect(words ...lex.Keyword) {
	for _, k := range words {
		if p.tok.Kw != k {
			p.syntaxError()
		}
		p.next()
	}
}

func (p *parser) expectKind(k lex.Kind) {
	if p.tok.Kind != k {
		p.syntaxError()
	}
	if k != lex.EOF {
		p.next()
	}
}

// isWord says whether the current token is this word, unquoted, whether or not it is a keyword.
func (p *parser) isWord(word string) bool { return wordIs(p.tok, word) }

func wordIs(t *lex.Token, word string) bool { return t.Kind == lex.Ident && t.Text == word }

func (p *parser) acceptWord(word string) bool {
	if !p.isWord(word) {
		return false
	}
	p.next()
	return true
}

func (p *parser) expectWord(word string) {
	if !p.acceptWord(word) {
		p.syntaxError()
	}
}

// str reads a string constant.
func (p *parser) str() string {
	if p.tok.Kind != lex.String {
		p.syntaxError()
	}
	s := p.tok.Text
	p.next()
	return s
}

// commaList calls item for each item of a list with commas.
func (p *parser) commaList(item func()) {
	item()
	for p.acceptKind(',') {
		item()
	}
}

// parenList calls item for each item of a list in parentheses.
func (p *parser) parenList(item func()) {
	p.expectKind('(')
	p.commaList(item)
	p.expectKind(')')
}

// gather copies what was put on the scratch stack since base, and takes it off.
func (p *parser) gather(base int) []ast.Expr {
	out := make([]ast.Expr, len(p.scratch)-base)
	copy(out, p.scratch[base:])
	p.scratch = p.scratch[:base]
	return out
}

// literal makes a literal of the current token; literals are allocated in blocks, since bulk inserts hold thousands.
func (p *parser) literal(kind ast.LiteralKind, text string) *ast.Literal {
	if len(p.literals) == cap(p.literals) {
		p.literals = make([]ast.Literal, 0, min(256, max(4, 2*cap(p.literals))))
	}
	p.literals = append(p.literals, ast.Literal{Pos: p.pos(), Kind: kind, Text: text})
	return &p.literals[len(p.literals)-1]
}

// sourceWords gives the text between two tokens, the second not included, with single spaces.
func (p *parser) sourceWords(from, to int) string {
	var words []string
	for _, t := range p.toks[from:to] {
		words = append(words, p.src[t.Start:t.End])
	}
	return strings.ToUpper(strings.Join(words, " "))
}
