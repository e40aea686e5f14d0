package mysql

import (
	"fmt"
	"strings"

	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/sql/parser"
)

// windowWords name the window functions that stand in FROM.
var windowWords = map[string]bool{"tumble": true, "hop": true, "cumulate": true, "session": true}

// windowTables takes the window functions out of a query for TiDB's parser, whose grammar has none: TUMBLE(...) in FROM
// is read by package parser, in Millrace's own dialect, and a name stands in its place in b.
func (s *source) windowTables(b []byte, part span) {
	s.windows = map[string]*ast.WindowTable{}
	own, prefix := "", "w$"
	for i := 1; i+1 < len(s.tokens); i++ {
		t, before := &s.tokens[i], &s.tokens[i-1]
		if t.start < part.start || t.end > part.end || t.kind != wordToken || !windowWords[t.word] || !s.tokens[i+1].isPunct("(") ||
			!before.is("from") && !before.is("join") && !before.is("straight_join") {
			continue
		}
		c := &cursor{tokens: s.tokens[:len(s.tokens):len(s.tokens)], i: i + 2}
		if !c.seek(func(t *token) bool { return t.isPunct(")") }) {
			return // the parser will say so
		}
		call := span{t.start, c.tok().end}
		if own == "" {
			own = s.ownText(span{}, false)
			for strings.Contains(own, prefix) {
				prefix += "$"
			}
		}
		placeholder := fmt.Sprintf("%s%d", prefix, len(s.windows))
		if len(placeholder) > call.end-call.start {
			fail(pgerr.Unsupported("this window function in MySQL's dialect").At(s.position(call.start - s.start)))
		}
		s.windows[placeholder] = s.windowTable(own, call)
		s.blank(b, call)
		copy(b[call.start-s.start:], placeholder)
		i = c.i
	}
}

// windowTable reads one window function. own is the statement as package parser can read it.
func (s *source) windowTable(own string, call span) *ast.WindowTable {
	const query = "SELECT*FROM "
	text := own[call.start-s.start : call.end-s.start]
	st, err := parser.ParseOneAt(query+text, s.position(call.start-s.start)-1-len(query))
	if err != nil {
		fail(err.(*pgerr.Error))
	}
	w, ok := st.AST.(*ast.Select).Body.(*ast.SelectCore).From[0].(*ast.WindowTable)
	if !ok {
		fail(pgerr.New(pgerr.SyntaxError, "syntax error at or near \"%s\"", strings.TrimSpace(text)).At(s.position(call.start - s.start)))
	}
	return w
}
