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
			t.add("schemaname", r.Schema, "tablename", r.Name, "hasindexes", keyAttributes(r) != nil)
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
			t.add("schemaname", r.Schema, "matviewname", r.Name, "hasindexes", keyAttributes(r) != nil, "definition", Definition(r))
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
	for _, k := range keysOf(s) {
		t.add("schemaname", k.rel.Schema, "tablename", k.rel.Name, "indexname", k.name, "indexdef", k.indexDefinition())
	}
}

// indexDefinition is the statement that would create the key's index.
func (k *key) indexDefinition() string {
	return "CREATE UNIQUE INDEX " + lex.QuoteIdent(k.name) + " ON " + lex.QuoteIdent(k.rel.Schema) + "." + lex.QuoteIdent(k.rel.Name) +
		" USING btree (" + quoteAll(k.columns()) + ")"
}

// definition is the key as a constraint.
func (k *key) definition() string {
	return "PRIMARY KEY (" + quoteAll(k.columns()) + ")"
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
