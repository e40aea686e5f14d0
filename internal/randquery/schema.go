package randquery

import (
	"fmt"
	"slices"
	"strings"
)

// Column of a table.
type Column struct {
	Name    string
	Type    Type
	NotNull bool
}

// Table is a relation that queries read and, unless Query is set, changes write.
type Table struct {
	Name    string
	Columns []Column
	Key     []string // names of the primary key's columns; nil is none
	// Stream is a table that is only appended to. PostgreSQL has no such thing; there it is a table.
	Stream bool
	// Query makes it a materialized view.
	Query string
}

// Create is the statement that makes the table, for Millrace or, with postgres set, for PostgreSQL, where a materialized view is a
// plain one.
func (t *Table) Create(postgres bool) string {
	if t.Query != "" {
		kind := "MATERIALIZED VIEW"
		if postgres {
			kind = "VIEW"
		}
		names := make([]string, len(t.Columns))
		for i, c := range t.Columns {
			names[i] = c.Name
		}
		return fmt.Sprintf("CREATE %s %s (%s) AS %s", kind, t.Name, strings.Join(names, ", "), t.Query)
	}
	kind := "TABLE"
	if t.Stream && !postgres {
		kind = "STREAM"
	}
	var parts []string
	for _, c := range t.Columns {
		part := c.Name + " " + c.Type.declared()
		if c.NotNull {
			part += " NOT NULL"
		}
		parts = append(parts, part)
	}
	if len(t.Key) > 0 {
		parts = append(parts, "PRIMARY KEY ("+strings.Join(t.Key, ", ")+")")
	}
	return fmt.Sprintf("CREATE %s %s (%s)", kind, t.Name, strings.Join(parts, ", "))
}

func (t *Table) isKey(column string) bool { return slices.Contains(t.Key, column) }

// Schema is the relations, in an order in which they can be created.
type Schema []*Table

// clone is a copy whose tables may be changed.
func (s Schema) clone() Schema {
	out := make(Schema, len(s))
	for i, t := range s {
		c := *t
		c.Columns = slices.Clone(t.Columns)
		out[i] = &c
	}
	return out
}

// Schema makes two to four tables: with a key of one or two columns, without, and a stream. Each has a column k, so that USING and
// NATURAL have something to join by.
func (g *Generator) Schema() Schema {
	var s Schema
	for i := range 2 + g.pick(3) {
		t := &Table{Name: "t" + fmt.Sprint(i+1)}
		prefix := string(rune('a' + i))
		switch kind := g.pick(10); {
		case kind < 4 || i == 0:
			t.Columns = append(t.Columns, Column{"id", Int, true})
			t.Key = []string{"id"}
		case kind < 6:
			p, q := prefix+"p", prefix+"q"
			t.Columns = append(t.Columns, Column{p, Int, true}, Column{q, g.keyType(), true})
			t.Key = []string{p, q}
		case kind < 7 && g.opts.Streams:
			t.Stream = true
		}
		t.Columns = append(t.Columns, Column{"k", Int, g.chance(15)})
		for j := range 1 + g.pick(4) {
			t.Columns = append(t.Columns, Column{fmt.Sprintf("%s%d", prefix, j+1), g.columnType(), g.chance(12)})
		}
		s = append(s, t)
	}
	return s
}

func (g *Generator) keyType() Type {
	for _, t := range []Type{Text, Date} {
		if slices.Contains(g.opts.Types, t) && g.chance(40) {
			return t
		}
	}
	return Int
}

func (g *Generator) columnType() Type { return g.opts.Types[g.pick(len(g.opts.Types))] }
