package session

import (
	"sync"

	"millrace/catalog"
	"millrace/catalog/pgcatalog"
	"millrace/delta"
	"millrace/engine"
	"millrace/expr"
	"millrace/expr/agg"
	"millrace/expr/scalar"
	"millrace/planner/bind"
	"millrace/types"
)

// SystemCatalog lists PostgreSQL's system catalogs as relations of an engine: what belongs to nobody else belongs to
// owner.
func SystemCatalog(owner, database string) []engine.SystemRelation {
	var out []engine.SystemRelation
	for _, r := range pgcatalog.All() {
		rows := func(e *engine.Engine, c *catalog.Snapshot, session expr.SessionInfo) (*delta.Batch, error) {
			return r.Rows(&pgcatalog.Source{Catalog: c, Owner: owner, Database: database, Known: knownFunction, Session: session, Now: e.Now()}), nil
		}
		out = append(out, engine.SystemRelation{Relation: r.Relation, Rows: rows})
	}
	return out
}

// knownNames are the names of all functions and operators.
var knownNames = sync.OnceValue(func() map[string]bool {
	names := map[string]bool{}
	for _, f := range scalar.Functions() {
		names[f.Name] = true
	}
	for _, f := range agg.Functions() {
		names[f.Name] = true
	}
	for _, name := range bind.SetFunctions() {
		names[name] = true
	}
	return names
})

func knownFunction(name string) bool { return knownNames()[name] }

// source is what catalog functions read.
func (s *Session) source() *pgcatalog.Source {
	return &pgcatalog.Source{Catalog: s.catalog(), Owner: s.srv.Superuser, Database: s.database, Known: knownFunction, Session: s, Now: s.srv.Engine.Now()}
}

// catalogFunction answers a function of PostgreSQL's system catalogs.
func (s *Session) catalogFunction(name string, args []types.Datum) (types.Datum, bool) {
	return pgcatalog.Call(s.source(), s.SearchPath(true), name, args)
}

// Settings lists all settings, for pg_settings.
func (s *Session) Settings() []pgcatalog.Setting {
	out := make([]pgcatalog.Setting, 0, len(settingList))
	for _, d := range settingList {
		v := s.settings.get(d.name)
		out = append(out, pgcatalog.Setting{Name: d.name, Value: v, Initial: d.initial, Doc: d.doc, ReadOnly: d.readOnly, Changed: v != d.initial})
	}
	return out
}

// sizeFunction answers the functions that ask the store for sizes.
func (s *Session) sizeFunction(name string, args []types.Datum) (d types.Datum, ok bool, err error) {
	switch name {
	case "pg_relation_size", "pg_total_relation_size", "pg_table_size":
		if _, found := s.catalog().Relation(uint32(args[0].I)); !found {
			return types.Null, true, nil
		}
		n, total, err := s.srv.Engine.RelationSize(uint32(args[0].I))
		if name == "pg_total_relation_size" {
			n = total
		}
		return types.NewInt(n), true, err
	case "pg_indexes_size": // rows are kept in the key's order: there is no index beside them
		return types.NewInt(0), true, nil
	case "pg_database_size", "pg_tablespace_size":
		return types.NewInt(s.srv.Engine.DiskSize()), true, nil
	}
	return types.Null, false, nil
}
