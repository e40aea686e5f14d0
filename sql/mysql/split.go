package mysql

import (
	"slices"

	"millrace/pgerr"
)

// heightMax bounds an estimate of the height of the tree that TiDB's parser makes of a statement: it visits the tree
// recursively, at less than a kilobyte a level, and Go ends the process when a stack exceeds a gigabyte.
const heightMax = 100_000

// piece is one statement of a text: tokens from first to last, the latter not included.
type piece struct{ first, last int }

// split finds the statements of a text; empty ones are left out.
func (s *scanner) split() ([]piece, error) {
	var pieces []piece
	first := 0
	h := newHeights()
	for i := range s.tokens {
		t := &s.tokens[i]
		if t.kind != endToken && !t.isPunct(";") {
			if h.see(t); h.total > heightMax {
				return nil, tooDeep()
			}
			continue
		}
		if i > first {
			pieces = append(pieces, piece{first, i})
		}
		first = i + 1
		h = newHeights()
	}
	return pieces, nil
}

func tooDeep() *pgerr.Error {
	return pgerr.New(pgerr.StatementTooComplex, "stack depth limit exceeded").
		WithHint("The statement nests its parts too deeply; break it up, or use IN and VALUES lists.")
}

// heights estimates the height of a statement's tree from above: no token adds more than one level, and of the
// items of a list in parentheses or of a select list only one lies on a path down the tree. Tables in a FROM clause
// are no such list: each comma is a join on top of the one before.
type heights struct {
	levels []level
	total  int // of all levels
}

type level struct {
	tokens int  // since the last comma
	from   bool // commas may be joins
}

func newHeights() *heights { return &heights{levels: make([]level, 1, 16)} }

func (h *heights) see(t *token) {
	top := &h.levels[len(h.levels)-1]
	top.tokens++
	h.total++
	switch {
	case t.isPunct("("):
		h.levels = append(h.levels, level{})
	case t.isPunct(")") && len(h.levels) > 1:
		h.total -= top.tokens
		h.levels = h.levels[:len(h.levels)-1]
	case t.isPunct(",") && !top.from:
		h.total -= top.tokens
		top.tokens = 0
	case t.is("values"), t.is("value"):
		top.from = false
	case t.is("from"), t.is("update"), t.is("join"), t.is("using"):
		top.from = true
	}
}

// queryWords begin a query.
var queryWords = []string{"select", "with", "values", "table"}

// changeWords begin a statement that changes rows.
var changeWords = []string{"insert", "replace", "update", "delete"}

// cursor goes over the tokens of one statement.
type cursor struct {
	tokens []token
	i      int
}

func (c *cursor) tok() *token {
	if c.i < len(c.tokens) {
		return &c.tokens[c.i]
	}
	return &token{}
}

func (c *cursor) at(n int) *token {
	if c.i+n < len(c.tokens) {
		return &c.tokens[c.i+n]
	}
	return &token{}
}

func (c *cursor) isAny(words []string) bool {
	return c.tok().kind == wordToken && slices.Contains(words, c.tok().word)
}

// words says whether the statement begins with these words.
func (c *cursor) words(words ...string) bool {
	for n, w := range words {
		if !c.at(n).is(w) {
			return false
		}
	}
	return true
}

// seek goes to the next token outside of parentheses for which found is true, or to the end.
func (c *cursor) seek(found func(*token) bool) bool {
	for depth := 0; c.i < len(c.tokens); c.i++ {
		t := c.tok()
		if depth == 0 && found(t) {
			return true
		}
		switch {
		case t.isPunct("("):
			depth++
		case t.isPunct(")"):
			depth--
		}
	}
	return false
}

// native says whether MySQL's grammar reads the statement as a whole.
func native(tokens []token) bool {
	c := &cursor{tokens: tokens}
	if c.isAny(queryWords) || c.isAny(changeWords) || c.tok().isPunct("(") {
		return true
	}
	for _, words := range [][]string{
		{"create", "table"}, {"create", "temporary", "table"}, {"create", "index"}, {"create", "unique", "index"},
		{"alter", "table"}, {"rename", "table"}, {"drop", "table"}, {"drop", "view"}, {"truncate"},
		{"create", "database"}, {"drop", "database"},
	} {
		if c.words(words...) {
			return true
		}
	}
	return false
}

// innerQuery finds the query inside a statement of Millrace's own.
func innerQuery(tokens []token) (span, bool) {
	c := &cursor{tokens: tokens}
	for c.tok().is("explain") {
		c.i++
		if c.tok().isPunct("(") && !slices.Contains(queryWords, c.at(1).word) && !c.at(1).isPunct("(") {
			c.i++
			c.seek(func(t *token) bool { return t.isPunct(")") })
			c.i++
		}
		for c.tok().is("analyze") || c.tok().is("verbose") {
			c.i++
		}
		if c.isAny(queryWords) || c.isAny(changeWords) || c.tok().isPunct("(") {
			return c.toEnd()
		}
	}
	switch t := c.tok(); {
	case t.is("create"):
		if c.seek(func(t *token) bool { return t.is("view") || t.is("stream") || t.is("sink") }) {
			if c.tok().is("sink") {
				return c.sinkQuery()
			}
			return c.queryAfter("as")
		}
	case t.is("prepare"):
		return c.queryAfter("as")
	case t.is("declare"):
		if c.seek(func(t *token) bool { return t.is("for") }) {
			if c.i++; c.tok().is("subscribe") {
				return c.parenthesised()
			}
			c.i--
		}
		return c.queryAfter("for")
	case t.is("subscribe"), t.is("copy"):
		return c.parenthesised()
	}
	return span{}, false
}

// queryAfter finds the query that follows a word.
func (c *cursor) queryAfter(word string) (span, bool) {
	for c.seek(func(t *token) bool { return t.is(word) }) {
		c.i++
		if c.isAny(queryWords) || c.isAny(changeWords) || c.tok().isPunct("(") {
			return c.toEnd()
		}
	}
	return span{}, false
}

// sinkQuery finds the query of CREATE SINK: AS query, or FROM (query).
func (c *cursor) sinkQuery() (span, bool) {
	from := *c
	if s, ok := c.queryAfter("as"); ok {
		return s, true
	}
	if from.seek(func(t *token) bool { return t.is("from") }) {
		from.i++
		if from.tok().isPunct("(") {
			return from.parenthesised()
		}
	}
	return span{}, false
}

// parenthesised finds the query in the first parentheses that hold one.
func (c *cursor) parenthesised() (span, bool) {
	for ; c.i < len(c.tokens); c.i++ {
		if !c.tok().isPunct("(") {
			continue
		}
		c.i++
		if !c.isAny(queryWords) && !c.isAny(changeWords) && !c.tok().isPunct("(") {
			return span{}, false
		}
		start := c.tok().start
		if !c.seek(func(t *token) bool { return t.isPunct(")") }) {
			return span{}, false
		}
		return span{start, c.tokens[c.i-1].end}, true
	}
	return span{}, false
}

// toEnd takes the query from here to the clauses of the outer statement that may follow a query.
func (c *cursor) toEnd() (span, bool) {
	start, first := c.tok().start, c.i
	c.seek(func(*token) bool {
		if c.i == first {
			return false
		}
		switch next := c.at(1); {
		case c.tok().is("emit"):
			return next.is("on") || next.is("changes") || next.is("final")
		case c.tok().is("with"):
			return next.isPunct("(") || next.is("no") || next.is("data") || next.is("check") || next.is("local") || next.is("cascaded")
		case c.tok().is("format"):
			return next.kind == wordToken && c.at(2).is("encode")
		}
		return false
	})
	return span{start, c.tokens[c.i-1].end}, true
}
