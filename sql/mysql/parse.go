package mysql

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	tidb "github.com/pingcap/tidb/pkg/parser"
	mast "github.com/pingcap/tidb/pkg/parser/ast"

	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/sql/parser"
)

// Parse reads all statements of a text in MySQL's dialect; empty ones are left out. An error in any statement fails
// the whole. Positions, in the trees and of errors, are those of package parser: characters from the beginning of the
// text, from 1.
func Parse(sql string) ([]parser.Stmt, error) {
	s, err := scan(sql)
	if err != nil {
		return nil, err
	}
	pieces, err := s.split()
	if err != nil {
		return nil, err
	}
	var stmts []parser.Stmt
	chars, counted := 0, 0
	for _, p := range pieces {
		tokens := s.tokens[p.first:p.last]
		start, end := tokens[0].start, tokens[len(tokens)-1].end
		chars += utf8.RuneCountInString(sql[counted:start])
		counted = start
		src := &source{text: sql[start:end], start: start, before: chars, tokens: tokens, ignored: s.ignoredIn(start, end)}
		st, err := src.statement()
		if err != nil {
			return nil, err
		}
		st.Text, st.Start, st.End = sql[start:end], start, end
		stmts = append(stmts, st)
	}
	return stmts, nil
}

// ignoredIn takes the ignored spans up to end, and gives those from start on.
func (s *scanner) ignoredIn(start, end int) []span {
	from := 0
	for from < len(s.ignored) && s.ignored[from].start < start {
		from++
	}
	to := from
	for to < len(s.ignored) && s.ignored[to].start < end {
		to++
	}
	in := s.ignored[from:to]
	s.ignored = s.ignored[to:]
	return in
}

// source is the text of one statement, with what its positions are counted from. Offsets of tokens and spans are those
// of the whole text.
type source struct {
	text    string
	start   int // bytes before it
	before  int // characters before it
	tokens  []token
	ignored []span

	windows map[string]*ast.WindowTable // by the name that stands for each

	marks  []int            // characters before each markEvery bytes
	names  map[string][]int // see namePosition
	params map[int]int      // numbers of $n by offset in text
}

const markEvery = 512

// position is the position of a byte of the statement.
func (s *source) position(offset int) int {
	if s.marks == nil {
		s.marks = []int{0}
		n := 0
		for i := range len(s.text) {
			if i > 0 && i%markEvery == 0 {
				s.marks = append(s.marks, n)
			}
			if utf8.RuneStart(s.text[i]) {
				n++
			}
		}
	}
	offset = min(max(offset, 0), len(s.text))
	m := min(offset/markEvery, len(s.marks)-1)
	n := s.marks[m]
	for i := m * markEvery; i < offset; i++ {
		if utf8.RuneStart(s.text[i]) {
			n++
		}
	}
	return s.before + n + 1
}

// statement reads the statement. What goes wrong inside TiDB's parser is an error of this statement alone.
func (s *source) statement() (st parser.Stmt, err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case bailout:
			err = r.err
		default:
			err = pgerr.New(pgerr.InternalError, "the MySQL dialect cannot read this statement: %v", r).WithDetail("%s", s.text)
		}
	}()
	if native(s.tokens) {
		l := &lowerer{src: s}
		ast := l.statement(s.nativeTree(span{s.start, s.start + len(s.text)}))
		return parser.Stmt{AST: ast, Params: l.params, Notices: l.notices}, nil
	}
	if st := s.ownStatement(); st != nil {
		return parser.Stmt{AST: st}, nil
	}
	return s.outer()
}

// bailout carries an error from the place where it is found to statement.
type bailout struct{ err *pgerr.Error }

func fail(err *pgerr.Error) { panic(bailout{err}) }

// outer reads a statement of Millrace's own and puts the query that it holds into it.
func (s *source) outer() (parser.Stmt, error) {
	query, found := innerQuery(s.tokens)
	if found && query.end-query.start < len(placeholder) {
		found = false
	}
	text := s.ownText(query, found)
	st, err := parser.ParseOneAt(text, s.before)
	if err != nil || !found {
		return st, err
	}
	target := hole(&st.AST)
	if target == nil {
		return parser.Stmt{}, pgerr.Unsupported("a query in this statement in MySQL's dialect").At(st.AST.Position())
	}
	l := &lowerer{src: s, stored: true}
	switch st.AST.(type) {
	case *ast.Explain, *ast.Prepare, *ast.Declare, *ast.Subscribe, *ast.Copy:
		l.stored = false
	}
	inner := l.statement(s.nativeTree(query))
	if err := target(inner); err != nil {
		return parser.Stmt{}, err
	}
	st.Params = max(st.Params, l.params)
	st.Notices = l.notices
	return st, nil
}

// placeholder stands for the query while the outer statement is read.
const placeholder = "SELECT*"

// ownText is the statement as package parser can read it: comments and the query blanked, `names` in double quotes.
// Each character stays at its place.
func (s *source) ownText(query span, found bool) string {
	b := []byte(s.text)
	for _, t := range s.tokens {
		if t.kind == quotedToken && t.end-t.start == len(t.word)+2 && !strings.ContainsAny(t.word, "\"`") {
			b[t.start-s.start], b[t.end-1-s.start] = '"', '"'
			copy(b[t.start+1-s.start:], t.word) // names do not depend on case in MySQL
		}
	}
	for _, g := range s.ignored {
		s.blank(b, g)
	}
	if !found {
		return string(b)
	}
	from, to := query.start-s.start, query.end-s.start
	chars := utf8.RuneCount(b[from:to])
	pad := strings.Repeat(" ", max(chars-len(placeholder), 0))
	return string(b[:from]) + placeholder + pad + string(b[to:])
}

// blank overwrites a span of the statement with blanks, one for each byte.
func (s *source) blank(b []byte, g span) {
	for i := g.start - s.start; i < g.end-s.start; i++ {
		if b[i] != '\n' {
			b[i] = ' '
		}
	}
}

// hole finds the place of the placeholder in an outer statement: a function that fills it, or nil.
func hole(st *ast.Statement) func(ast.Statement) error {
	query := func(q **ast.Select) func(ast.Statement) error {
		if *q == nil {
			return nil
		}
		return func(inner ast.Statement) error {
			sel, ok := inner.(*ast.Select)
			if !ok {
				return pgerr.New(pgerr.SyntaxError, "a query is expected here").At(inner.Position())
			}
			sel.Emit = (*q).Emit
			*q = sel
			return nil
		}
	}
	any := func(q *ast.Statement) func(ast.Statement) error {
		old, ok := (*q).(*ast.Select)
		if !ok {
			return nil
		}
		return func(inner ast.Statement) error {
			if sel, ok := inner.(*ast.Select); ok {
				sel.Emit = old.Emit
			}
			*q = inner
			return nil
		}
	}
	switch st := (*st).(type) {
	case *ast.CreateView:
		return query(&st.Query)
	case *ast.CreateStream:
		return query(&st.As)
	case *ast.CreateSink:
		return query(&st.Query)
	case *ast.Subscribe:
		return query(&st.Query)
	case *ast.CreateMaterializedView:
		return any(&st.Query)
	case *ast.Prepare:
		return any(&st.Query)
	case *ast.Copy:
		return any(&st.Query)
	case *ast.Declare:
		if _, ok := st.Query.(*ast.Subscribe); ok {
			return hole(&st.Query)
		}
		return any(&st.Query)
	case *ast.Explain:
		if _, ok := st.Query.(*ast.Select); ok {
			return any(&st.Query)
		}
		return hole(&st.Query)
	}
	return nil
}

// parsers keeps parsers of TiDB's, which are large and serve one statement at a time.
var parsers = sync.Pool{New: func() any { return newParser() }}

// nativeTree reads a part of the statement with TiDB's parser.
func (s *source) nativeTree(part span) mast.StmtNode {
	text := s.nativeText(part)
	p := parsers.Get().(*tidb.Parser)
	trees, _, err := p.ParseSQL(text)
	if err == nil {
		p.Reset()
		parsers.Put(p)
	}
	switch {
	case err != nil:
		fail(s.syntaxError(err, text, part))
	case len(trees) != 1:
		fail(pgerr.New(pgerr.SyntaxError, "syntax error at end of input").At(s.position(part.end - s.start)))
	}
	return trees[0]
}

// nativeText is the text up to the end of a part of the statement as TiDB's parser is to read it: what stands before
// the part and comments are blanked, and $n is written ?. Each byte stays at its place.
func (s *source) nativeText(part span) string {
	b := []byte(s.text[:part.end-s.start])
	s.blank(b, span{s.start, part.start})
	for _, g := range s.ignored {
		if g.end <= part.end {
			s.blank(b, g)
		}
	}
	s.windowTables(b, part)
	s.params = map[int]int{}
	numbered, marks := false, false
	for _, t := range s.tokens {
		if t.kind != paramToken || t.start < part.start || t.start >= part.end {
			continue
		}
		if t.number > 0 {
			numbered = true
			s.blank(b, span{t.start, t.end})
			b[t.start-s.start] = '?'
			s.params[t.start-s.start] = t.number
		} else {
			marks = true
			s.params[t.start-s.start] = len(s.params) + 1
		}
		if len(s.params) > paramMax {
			fail(pgerr.New(pgerr.ProgramLimitExceeded, "a statement may have at most %d parameters", paramMax))
		}
		if numbered && marks {
			fail(pgerr.New(pgerr.SyntaxError, "a statement may not mix parameters ? and $1").At(s.position(t.start - s.start)))
		}
	}
	return string(b)
}

// syntaxError makes an error of one of TiDB's parser, which tells its place only by quoting the rest of the text.
func (s *source) syntaxError(err error, text string, part span) *pgerr.Error {
	_, rest, found := strings.Cut(err.Error(), `near "`)
	if !found {
		return pgerr.New(pgerr.SyntaxError, "%s", firstLine(errors.Unwrap(err), err)).At(s.position(part.start - s.start))
	}
	total := 0
	if i := strings.LastIndex(rest, "(total length "); i >= 0 {
		_, _ = fmt.Sscanf(rest[i:], "(total length %d)", &total)
	}
	for _, t := range s.tokens {
		from := t.start - s.start
		if t.start < part.start || t.end > part.end || total == 0 && len(text)-from > len(rest) {
			continue
		}
		if total > 0 && from < len(text)-total || total == 0 && !strings.HasPrefix(rest, text[from:]+`"`) {
			continue
		}
		e := pgerr.New(pgerr.SyntaxError, `syntax error at or near "%s"`, s.text[from:t.end-s.start]).At(s.position(from))
		if hint := hintFor(&t); hint != "" {
			e.Hint = hint
		}
		return e
	}
	return pgerr.New(pgerr.SyntaxError, "syntax error at end of input").At(s.position(part.end - s.start))
}

func firstLine(errs ...error) string {
	for _, err := range errs {
		if err != nil {
			text, _, _ := strings.Cut(err.Error(), "\n")
			return text
		}
	}
	return "syntax error"
}

// hintFor gives a hint for words that MySQL's grammar does not have.
func hintFor(t *token) string {
	switch t.word {
	case "returning", "conflict", "qualify", "full", ":":
		return `MySQL's dialect does not have this; SET sql_dialect = 'postgresql' has.`
	}
	return ""
}
