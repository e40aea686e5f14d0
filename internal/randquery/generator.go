package randquery

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// Options say what is generated.
type Options struct {
	// Types are those of columns, by weight; nil is all.
	Types []Type
	// Fallible allows expressions that fail for some values.
	Fallible bool
	// Extremes puts values at the ends of their types into the tables.
	Extremes bool
	// Streams allows tables that are only appended to.
	Streams bool
	// Depth of queries within queries; 0 is 3.
	Depth int
}

// Generator writes random SQL. It is not for use by several goroutines.
type Generator struct {
	r       *rand.Rand
	opts    Options
	schema  Schema
	aliases int
	ctes    []relation
	uses    map[string]bool
}

// New returns a generator. With a nil schema it makes one of its own with Schema, which the caller then passes to Over.
func New(r *rand.Rand, opts Options) *Generator {
	if opts.Types == nil {
		opts.Types = allTypes
	}
	if opts.Depth == 0 {
		opts.Depth = 3
	}
	return &Generator{r: r, opts: opts}
}

// Over sets the relations that queries read and changes write.
func (g *Generator) Over(s Schema) { g.schema = s }

// Query is a random query.
type Query struct {
	*Node
	// Types are those of the result's columns.
	Types []Type
	// Uses names the constructs in the query, sorted.
	Uses []string
}

// Ordered says that the order of the rows is determined, by ORDER BY at the top.
func (q *Query) Ordered() bool { return q.ordered }

// Columns is the list of column names that a view of the query needs, since the query's own may be the same.
func (q *Query) Columns() string {
	names := make([]string, len(q.Types))
	for i := range names {
		names[i] = fmt.Sprintf("c%d", i+1)
	}
	return strings.Join(names, ", ")
}

// Query writes a query of one to four columns.
func (g *Generator) Query() *Query {
	g.aliases, g.ctes, g.uses = 0, nil, map[string]bool{}
	q := &Query{}
	for range 1 + g.pick(4) {
		q.Types = append(q.Types, g.columnType())
	}
	q.Node = g.query(nil, q.Types, g.opts.Depth)
	if g.chance(20) {
		g.use("ORDER BY at the top")
		names := make([]*Node, len(q.Types))
		for i := range names {
			names[i] = word(fmt.Sprintf("c%d%s", i+1, g.direction()))
		}
		limit := word("")
		if g.chance(40) {
			g.use("LIMIT at the top")
			limit = option(" LIMIT $", fmt.Sprint(g.pick(6)))
		}
		q.Node = build(sortOf(q.Types), "SELECT * FROM ($) AS top ($) ORDER BY $$", q.Node, q.Columns(), fixed(names...), limit)
		q.ordered = true
	}
	for use := range g.uses {
		q.Uses = append(q.Uses, use)
	}
	slices.Sort(q.Uses)
	return q
}

func (g *Generator) use(construct string) { g.uses[construct] = true }

func (g *Generator) pick(n int) int { return g.r.IntN(n) }

func (g *Generator) chance(percent int) bool { return g.r.IntN(100) < percent }

func (g *Generator) one(choices ...string) string { return choices[g.pick(len(choices))] }

func (g *Generator) direction() string {
	return g.one("", "", " DESC", " NULLS FIRST", " DESC NULLS LAST")
}

func (g *Generator) alias() string {
	g.aliases++
	return fmt.Sprintf("r%d", g.aliases)
}

// relation is what a name in scope has as columns.
type relation struct {
	alias   string // empty for the columns that USING has merged
	columns []Column
}

// scope is the relations that an expression sees: those of its own query and, through outer, of the queries around it.
type scope struct {
	own   []relation
	outer *scope
}

// inner is the scope of a query within s.
func (s *scope) inner(own []relation) *scope { return &scope{own, s} }

// column is a reference to a column of the type, or nil. The query's own come first.
func (g *Generator) column(s *scope, t Type) *Node {
	for at := s; at != nil; at = at.outer {
		var found []string
		for _, r := range at.own {
			for _, c := range r.columns {
				if c.Type == t {
					found = append(found, qualified(r.alias, c.Name))
				}
			}
		}
		if len(found) == 0 || at.outer != nil && g.chance(25) && hasType(at.outer, t) {
			continue
		}
		if at != s {
			g.use("correlation")
		}
		return build(string(t), found[g.pick(len(found))])
	}
	return nil
}

func hasType(s *scope, t Type) bool {
	for ; s != nil; s = s.outer {
		for _, r := range s.own {
			if slices.ContainsFunc(r.columns, func(c Column) bool { return c.Type == t }) {
				return true
			}
		}
	}
	return false
}

func qualified(alias, name string) string {
	if alias == "" {
		return name
	}
	return alias + "." + name
}

// typeInScope picks the type of a column in scope, so that comparisons are of columns more often than not.
func (g *Generator) typeInScope(s *scope) Type {
	var found []Type
	for at := s; at != nil; at = at.outer {
		for _, r := range at.own {
			for _, c := range r.columns {
				found = append(found, c.Type)
			}
		}
		if len(found) > 0 && g.chance(80) {
			break
		}
	}
	if len(found) == 0 || g.chance(5) {
		return g.columnType()
	}
	return found[g.pick(len(found))]
}
