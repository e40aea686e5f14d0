package pgcatalog

import (
	"strings"

	"millrace/catalog"
	"millrace/sql/lex"
)

func tableRows(s *Source, t *table) {
	t.defaults("tableowner", s.Owner, "hasindexes", false, "hasrules", false, "hastriggers", false, "rowsecurity", false)
	for _, r := range visible(s) {
		if kindOf(r) == "r" {
			t.add("schemaname", r.Schema, "tablename", r.Name, "hasindexes", hasIndex(r))
		}
	}
}

func viewRows(s *Source, t *table) {
	t.defaults("viewowner", s.Owner)
	for _, r := range visible(s) {
		if kindOf(r) == "v" {
			t.add("schemaname", r.Schema, "viewname", r.Name, "definition", Definition(r))
		}
	}
}

func matviewRows(s *Source, t *table) {
	t.defaults("matviewowner", s.Owner, "ispopulated", true)
	for _, r := range visible(s) {
		if r.Kind == catalog.MaterializedView {
			t.add("schemaname", r.Schema, "matviewname", r.Name, "hasindexes", hasIndex(r), "definition", Definition(r))
		}
	}
}

// Definition is a view's query as pg_get_viewdef gives it; empty for what is computed by the system.
func Definition(r *catalog.Relation) string {
	if r.Query == "" {
		return ""
	}
	return " " + strings.TrimSuffix(strings.TrimSpace(r.Query), ";") + ";"
}

func indexDefinitions(s *Source, t *table) {
	for _, x := range indexesOf(s) {
		t.add("schemaname", x.rel.Schema, "tablename", x.rel.Name, "indexname", x.name, "indexdef", x.definition())
	}
}

// definition is the statement that would create the index.
func (x *index) definition() string {
	unique, nulls := "", ""
	if x.unique {
		unique = "UNIQUE "
	}
	if x.nullsEqual {
		nulls = " NULLS NOT DISTINCT"
	}
	return "CREATE " + unique + "INDEX " + lex.QuoteIdent(x.name) + " ON " + lex.QuoteIdent(x.rel.Schema) + "." + lex.QuoteIdent(x.rel.Name) +
		" USING btree (" + quoteAll(x.names()) + ")" + nulls
}

// definition is the constraint as CREATE TABLE has it; plain leaves the parentheses out that it can do without.
func (c *constraint) definition(plain bool) string {
	switch {
	case c.index == nil && plain:
		return "CHECK (" + c.check + ")"
	case c.index == nil:
		return "CHECK ((" + c.check + "))"
	case c.kind == "p":
		return "PRIMARY KEY (" + quoteAll(c.index.names()) + ")"
	case c.index.nullsEqual:
		return "UNIQUE NULLS NOT DISTINCT (" + quoteAll(c.index.names()) + ")"
	}
	return "UNIQUE (" + quoteAll(c.index.names()) + ")"
}

func quoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = lex.QuoteIdent(n)
	}
	return strings.Join(quoted, ", ")
}

// tableStatistics says which tables there are; nothing is counted by table yet.
func tableStatistics(s *Source, t *table) {
	all := strings.Contains(t.rel.Name, "_all_")
	for _, c := range t.rel.Columns {
		if c.T.OID() == 20 { // counters
			t.defaults(c.Name, 0)
		}
	}
	for _, r := range visible(s) {
		if k := kindOf(r); (k == "r" || k == "m") && (all || r.Kind != catalog.System) {
			t.add("relid", r.ID, "schemaname", r.Schema, "relname", r.Name)
		}
	}
}
