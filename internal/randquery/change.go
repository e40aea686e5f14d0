package randquery

import (
	"fmt"
	"slices"
	"strings"
)

// Change is one statement that changes a table.
type Change struct {
	// Table and Rows are set for INSERT ... VALUES, with a literal for each of Columns.
	Table   string
	Columns []string
	Rows    [][]string
	Suffix  string // ON CONFLICT
	// Other is any other statement.
	Other *Node
	// Uses names what of SQL beyond the plainest it needs.
	Uses string
}

// String is the SQL.
func (c *Change) String() string {
	if c.Other != nil {
		return c.Other.String()
	}
	rows := make([]string, len(c.Rows))
	for i, r := range c.Rows {
		rows[i] = "(" + strings.Join(r, ", ") + ")"
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES %s%s", c.Table, strings.Join(c.Columns, ", "), strings.Join(rows, ", "), c.Suffix)
}

// Transaction is the statements of one commit.
type Transaction struct {
	Changes []*Change
	// Rollback ends it without effect.
	Rollback bool
}

// Statements are the transaction's SQL, with BEGIN and its end where there are several statements.
func (t *Transaction) Statements() []string {
	var out []string
	for _, c := range t.Changes {
		out = append(out, c.String())
	}
	if len(out) == 1 && !t.Rollback {
		return out
	}
	end := "COMMIT"
	if t.Rollback {
		end = "ROLLBACK"
	}
	return append(append([]string{"BEGIN"}, out...), end)
}

// Load makes a transaction that fills the tables.
func (g *Generator) Load() *Transaction {
	t := &Transaction{}
	for _, table := range g.schema {
		if table.Query == "" {
			t.Changes = append(t.Changes, g.insert(table, 6+g.pick(6), true))
		}
	}
	return t
}

// Transaction makes one to four changes, of which each may fail on a constraint.
func (g *Generator) Transaction() *Transaction {
	t := &Transaction{}
	n := 1
	if g.chance(40) {
		n += 1 + g.pick(3)
	}
	for range n {
		t.Changes = append(t.Changes, g.Change())
	}
	t.Rollback = n > 1 && g.chance(8)
	return t
}

// Change makes one change.
func (g *Generator) Change() *Change {
	g.uses = map[string]bool{}
	var t *Table
	for t == nil || t.Query != "" {
		t = g.schema[g.pick(len(g.schema))]
	}
	if t.Stream {
		return g.insert(t, 1+g.pick(3), false)
	}
	switch k := g.pick(20); {
	case k < 8:
		return g.insert(t, 1+g.pick(4), false)
	case k < 9 && len(t.Key) > 0:
		return g.upsert(t)
	case k < 15:
		return g.update(t)
	case k < 16:
		return g.insertSelect(t)
	case k < 17 && len(t.Key) > 0:
		return g.merge(t)
	}
	return g.delete(t)
}

// columns are the table's column names.
func (t *Table) columns() []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

// insert makes rows of literals. Fresh rows have keys that do not meet.
func (g *Generator) insert(t *Table, n int, fresh bool) *Change {
	c := &Change{Table: t.Name, Columns: t.columns()}
	seen := map[string]bool{}
	for range n {
		row, key := g.row(t)
		if fresh && len(t.Key) > 0 {
			if seen[key] {
				continue
			}
			seen[key] = true
		}
		c.Rows = append(c.Rows, row)
		if len(t.Key) == 0 && g.chance(15) {
			c.Rows = append(c.Rows, row)
		}
	}
	return c
}

// row is one row of literals, and its key.
func (g *Generator) row(t *Table) (row []string, key string) {
	for _, col := range t.Columns {
		v := g.value(col.Type, !col.NotNull)
		if t.isKey(col.Name) {
			if col.Type == Int {
				v = fmt.Sprint(g.pick(keySpace(len(t.Key))))
			}
			key += v + ","
		}
		row = append(row, v)
	}
	return row, key
}

// keySpace is the number of values of a key column: so many that most inserts succeed.
func keySpace(columns int) int {
	if columns > 1 {
		return 8
	}
	return 40
}

func (g *Generator) upsert(t *Table) *Change {
	c := g.insert(t, 1+g.pick(4), true)
	if g.chance(40) {
		c.Suffix, c.Uses = " ON CONFLICT DO NOTHING", "ON CONFLICT DO NOTHING"
		return c
	}
	col := g.settable(t)
	if col == nil {
		c.Suffix, c.Uses = " ON CONFLICT DO NOTHING", "ON CONFLICT DO NOTHING"
		return c
	}
	set := "EXCLUDED." + col.Name
	if g.chance(40) {
		set = fmt.Sprintf("greatest(EXCLUDED.%s, %s.%s)", col.Name, t.Name, col.Name)
	}
	c.Uses = "ON CONFLICT DO UPDATE"
	c.Suffix = fmt.Sprintf(" ON CONFLICT (%s) DO UPDATE SET %s = %s", strings.Join(t.Key, ", "), col.Name, set)
	if g.chance(30) {
		c.Suffix += fmt.Sprintf(" WHERE %s.%s IS DISTINCT FROM EXCLUDED.%s", t.Name, col.Name, col.Name)
	}
	return c
}

// settable is a column outside the key, or nil.
func (g *Generator) settable(t *Table) *Column {
	var cols []*Column
	for i := range t.Columns {
		if !t.isKey(t.Columns[i].Name) {
			cols = append(cols, &t.Columns[i])
		}
	}
	if len(cols) == 0 {
		return nil
	}
	return cols[g.pick(len(cols))]
}

// target is the scope of a statement that changes a table.
func target(t *Table) *scope { return &scope{own: []relation{{t.Name, t.Columns}}} }

func (g *Generator) update(t *Table) *Change {
	s := target(t)
	if len(t.Key) == 1 && g.chance(20) {
		// A key moves. More than one row at once could meet or not, as PostgreSQL comes across them.
		return &Change{Uses: "UPDATE of a key", Other: build("", "UPDATE $ SET $ = $ WHERE $ = $", t.Name, t.Key[0], fmt.Sprint(g.pick(keySpace(1))), t.Key[0], fmt.Sprint(g.pick(keySpace(1))))}
	}
	var sets []*Node
	var names []string
	for range 1 + g.pick(2) {
		col := g.settable(t)
		if col == nil || slices.Contains(names, col.Name) {
			continue
		}
		names = append(names, col.Name)
		sets = append(sets, build("", "$ = $", col.Name, g.assigned(s, t, *col)))
	}
	if len(sets) == 0 {
		return g.delete(t)
	}
	return &Change{Other: build("", "UPDATE $ SET $$", t.Name, list(", ", sets...), g.where(s, 2, 92))}
}

// assigned is the new value of a column: mostly one that cannot violate a constraint, so that not all rows or none change.
func (g *Generator) assigned(s *scope, t *Table, c Column) *Node {
	if c.NotNull || g.chance(40) {
		return word(g.value(c.Type, !c.NotNull))
	}
	if c.Type == Numeric {
		// Its scale and precision are the column's.
		return build("numeric", "$ % 1000", g.expr(s, c.Type, 1))
	}
	return g.expr(s, c.Type, 1)
}

func (g *Generator) delete(t *Table) *Change {
	s := target(t)
	if g.chance(2) {
		return &Change{Other: build("", "TRUNCATE $", t.Name), Uses: "TRUNCATE"}
	}
	if g.chance(15) {
		from := g.tableItem()
		both := s.inner([]relation{from.relation})
		return &Change{Uses: "DELETE USING", Other: build("", "DELETE FROM $ USING $ WHERE $ AND $", t.Name, from.Node, g.pred(both, 1), g.pred(s, 1))}
	}
	return &Change{Other: build("", "DELETE FROM $ WHERE $ AND $", t.Name, g.pred(s, 1), g.pred(s, 2))}
}

// insertSelect adds rows that a query makes. Into a table with a key it may fail.
func (g *Generator) insertSelect(t *Table) *Change {
	if len(t.Key) > 0 || slices.ContainsFunc(t.Columns, func(c Column) bool { return c.NotNull || c.Type == Numeric }) {
		return g.insert(t, 1+g.pick(4), false)
	}
	types := make([]Type, len(t.Columns))
	order := make([]*Node, len(t.Columns))
	for i, c := range t.Columns {
		types[i] = c.Type
		order[i] = word(fmt.Sprint(i + 1))
	}
	return &Change{Uses: "INSERT of a query", Other: build("", "INSERT INTO $ $ ORDER BY $ LIMIT 3", t.Name, g.plain(nil, types, 1), fixed(order...))}
}

// merge is a MERGE whose source has each key once.
func (g *Generator) merge(t *Table) *Change {
	col := g.settable(t)
	if col == nil {
		return g.delete(t)
	}
	source := g.insert(t, 1+g.pick(4), true)
	rows := make([]*Node, len(source.Rows))
	for i, r := range source.Rows {
		cells := make([]string, len(r))
		for j, v := range r {
			cells[j] = v + "::" + t.Columns[j].Type.declared()
			if v != "NULL" && v[0] == '-' {
				cells[j] = "(" + v + ")::" + t.Columns[j].Type.declared()
			}
		}
		rows[i] = word("(" + strings.Join(cells, ", ") + ")")
	}
	names := strings.Join(t.columns(), ", ")
	on := make([]string, len(t.Key))
	for i, k := range t.Key {
		on[i] = fmt.Sprintf("%s.%s = s.%s", t.Name, k, k)
	}
	matched := g.one("DELETE", "DO NOTHING", fmt.Sprintf("UPDATE SET %s = s.%s", col.Name, col.Name))
	insert := make([]string, len(t.Columns))
	for i, c := range t.columns() {
		insert[i] = "s." + c
	}
	return &Change{Uses: "MERGE", Other: build("", "MERGE INTO $ USING (VALUES $) AS s ($) ON $ WHEN MATCHED $THEN $ WHEN NOT MATCHED THEN INSERT ($) VALUES ($)",
		t.Name, list(", ", rows...), names, strings.Join(on, " AND "), option(g.one("AND s."+col.Name+" IS NOT NULL ", "")), matched, names, strings.Join(insert, ", "))}
}
