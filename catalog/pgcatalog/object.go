package pgcatalog

import (
	"slices"

	"millrace/catalog"
	"millrace/types"
)

// visible lists the relations that clients see, by id: all but sinks.
func visible(s *Source) []*catalog.Relation {
	rels := s.Catalog.Relations()
	return slices.DeleteFunc(rels, func(r *catalog.Relation) bool { return r.Kind == catalog.Sink })
}

// kindOf gives relkind.
func kindOf(r *catalog.Relation) string {
	switch r.Kind {
	case catalog.View:
		return "v"
	case catalog.MaterializedView:
		return "m"
	case catalog.Index:
		return "i"
	case catalog.System:
		if r.Schema == catalog.PgCatalog && r.ID < firstViewOID {
			return "r"
		}
		return "v"
	}
	return "r"
}

// columnsOf lists the columns that clients see.
func columnsOf(r *catalog.Relation) []*catalog.Column {
	out := make([]*catalog.Column, 0, len(r.Columns))
	for i := range r.Columns {
		if !r.Columns[i].Hidden {
			out = append(out, &r.Columns[i])
		}
	}
	return out
}

// attributes of a key: positions among the visible columns, from 1; nil when there is no key or it has a hidden column.
func keyAttributes(r *catalog.Relation) []int {
	if len(r.Key) == 0 || r.Kind == catalog.System {
		return nil
	}
	numbers := make([]int, len(r.Columns))
	n := 0
	for i := range r.Columns {
		if !r.Columns[i].Hidden {
			n++
			numbers[i] = n
		}
	}
	out := make([]int, len(r.Key))
	for i, c := range r.Key {
		if numbers[c] == 0 {
			return nil
		}
		out[i] = numbers[c]
	}
	return out
}

// keyName is the name of the key's constraint and index.
func keyName(r *catalog.Relation) string {
	if r.PrimaryKeyName != "" {
		return r.PrimaryKeyName
	}
	return r.Name + "_key"
}

// key is the primary key of a table, or the unique key of a materialized view.
type key struct {
	rel     *catalog.Relation
	name    string
	attrs   []int
	primary bool
}

func (k *key) indexOID() uint32 { return keyIndexOID + k.rel.ID }
func (k *key) oid() uint32      { return keyOID + k.rel.ID }

func (k *key) columns() []string {
	cols := columnsOf(k.rel)
	names := make([]string, len(k.attrs))
	for i, a := range k.attrs {
		names[i] = cols[a-1].Name
	}
	return names
}

// keysOf lists the keys of all relations.
func keysOf(s *Source) []key {
	var out []key
	for _, r := range visible(s) {
		if attrs := keyAttributes(r); attrs != nil && r.Kind != catalog.Index {
			out = append(out, key{rel: r, name: keyName(r), attrs: attrs, primary: r.Kind == catalog.Table})
		}
	}
	return out
}

func schemaOID(s *Source, name string) uint32 {
	if x, ok := s.Catalog.Schema(name); ok {
		return x.ID
	}
	return 0
}

func namespaces(s *Source, t *table) {
	t.defaults("nspowner", roleOID)
	for _, x := range s.Catalog.Schemas() {
		t.add("oid", x.ID, "nspname", x.Name)
	}
	t.add("oid", 99, "nspname", "pg_toast")
}

func classes(s *Source, t *table) {
	t.defaults("reltype", 0, "reloftype", 0, "relowner", roleOID, "relam", 0, "relfilenode", 0, "reltablespace", 0, "relpages", 0, "reltuples", -1,
		"relallvisible", 0, "reltoastrelid", 0, "relhasindex", false, "relisshared", false, "relpersistence", "p", "relnatts", 0, "relchecks", 0,
		"relhasrules", false, "relhastriggers", false, "relhassubclass", false, "relrowsecurity", false, "relforcerowsecurity", false,
		"relispopulated", true, "relreplident", "d", "relispartition", false, "relrewrite", 0, "relfrozenxid", 0, "relminmxid", 0)
	for _, r := range visible(s) {
		kind := kindOf(r)
		am, file := 0, uint32(0)
		switch kind {
		case "r", "m":
			am, file = heapAM, r.ID
		case "i":
			am, file = btreeAM, r.ID
		}
		rowType := uint32(0)
		if r.Kind != catalog.System && kind != "i" {
			rowType = RowTypeOID(r.ID)
		}
		t.add("oid", r.ID, "relname", r.Name, "relnamespace", schemaOID(s, r.Schema), "reltype", rowType, "relam", am, "relfilenode", file,
			"relhasindex", keyAttributes(r) != nil && kind != "i", "relkind", kind, "relnatts", len(columnsOf(r)),
			"relhasrules", kind == "v" || kind == "m", "relreplident", identity(r))
	}
	for _, k := range keysOf(s) {
		t.add("oid", k.indexOID(), "relname", k.name, "relnamespace", schemaOID(s, k.rel.Schema), "relam", btreeAM, "relfilenode", k.indexOID(),
			"relkind", "i", "relnatts", len(k.attrs), "relreplident", "n")
	}
}

// identity is relreplident: by the key, or nothing.
func identity(r *catalog.Relation) string {
	if r.Kind == catalog.System || r.Kind == catalog.View || r.Kind == catalog.Index {
		return "n"
	}
	return "d"
}

func attributes(s *Source, t *table) {
	t.defaults("attstattarget", -1, "attndims", 0, "attcacheoff", -1, "attcompression", "", "attnotnull", false, "atthasdef", false,
		"atthasmissing", false, "attidentity", "", "attgenerated", "", "attisdropped", false, "attislocal", true, "attinhcount", 0, "attcollation", 0)
	add := func(rel uint32, n int, c *catalog.Column, notNull bool) {
		info := infoOf(c.T)
		dims := 0
		if c.T.Kind == types.Array {
			dims = 1
		}
		t.add("attrelid", rel, "attname", c.Name, "atttypid", c.T.OID(), "attlen", info.length, "attnum", n, "attndims", dims, "atttypmod", c.T.Mod,
			"attbyval", info.byValue, "attalign", info.align, "attstorage", info.storage, "attnotnull", notNull, "atthasdef", c.Default != "",
			"attcollation", info.collation)
	}
	for _, r := range visible(s) {
		key := keyAttributes(r)
		for i, c := range columnsOf(r) {
			add(r.ID, i+1, c, c.NotNull || r.Kind == catalog.Table && slices.Contains(key, i+1))
		}
	}
	for _, k := range keysOf(s) {
		cols := columnsOf(k.rel)
		for i, a := range k.attrs {
			add(k.indexOID(), i+1, &catalog.Column{Name: cols[a-1].Name, T: cols[a-1].T}, false)
		}
	}
}

func defaultOID(r *catalog.Relation, attr int) uint32 {
	return columnOID + (r.ID*columnsMax+uint32(attr))&(columnOID-1)
}

func columnDefaults(s *Source, t *table) {
	for _, r := range visible(s) {
		for i, c := range columnsOf(r) {
			if c.Default != "" {
				t.add("oid", defaultOID(r, i+1), "adrelid", r.ID, "adnum", i+1, "adbin", c.Default)
			}
		}
	}
}

func indexRows(s *Source, t *table) {
	t.defaults("indnullsnotdistinct", false, "indisexclusion", false, "indimmediate", true, "indisclustered", false, "indisvalid", true,
		"indcheckxmin", false, "indisready", true, "indislive", true, "indisreplident", false)
	for _, k := range keysOf(s) {
		cols := columnsOf(k.rel)
		var collations, classes []uint32
		for _, a := range k.attrs {
			collations = append(collations, infoOf(cols[a-1].T).collation)
			classes = append(classes, btreeClass(cols[a-1].T))
		}
		t.add("indexrelid", k.indexOID(), "indrelid", k.rel.ID, "indnatts", len(k.attrs), "indnkeyatts", len(k.attrs), "indisunique", true,
			"indisprimary", k.primary, "indkey", k.attrs, "indcollation", collations, "indclass", classes, "indoption", make([]int, len(k.attrs)))
	}
}

func constraintRows(s *Source, t *table) {
	t.defaults("condeferrable", false, "condeferred", false, "convalidated", true, "contypid", 0, "conparentid", 0, "confrelid", 0, "confupdtype", " ",
		"confdeltype", " ", "confmatchtype", " ", "conislocal", true, "coninhcount", 0, "connoinherit", true, "conperiod", false, "conenforced", true)
	for _, k := range keysOf(s) {
		if k.primary {
			t.add("oid", k.oid(), "conname", k.name, "connamespace", schemaOID(s, k.rel.Schema), "contype", "p", "conrelid", k.rel.ID,
				"conindid", k.indexOID(), "conkey", k.attrs)
		}
	}
}

func descriptions(s *Source, t *table) {
	t.defaults("objsubid", 0)
	for _, x := range s.Catalog.Schemas() {
		if x.Comment != "" {
			t.add("objoid", x.ID, "classoid", classNamespace, "description", x.Comment)
		}
	}
	for _, r := range visible(s) {
		if r.Comment != "" {
			t.add("objoid", r.ID, "classoid", classClass, "description", r.Comment)
		}
		for i, c := range columnsOf(r) {
			if c.Comment != "" {
				t.add("objoid", r.ID, "classoid", classClass, "objsubid", i+1, "description", c.Comment)
			}
		}
	}
}

// isView reports whether a relation has a rule that makes its rows.
func isView(r *catalog.Relation) bool {
	return r.Kind == catalog.View || r.Kind == catalog.MaterializedView
}

func rules(s *Source, t *table) {
	t.defaults("rulename", "_RETURN", "ev_type", "1", "ev_enabled", "O", "is_instead", true)
	for _, r := range visible(s) {
		if isView(r) {
			t.add("oid", ruleOID+r.ID, "ev_class", r.ID, "ev_action", r.Query)
		}
	}
}

// dependencies says, as PostgreSQL does: a view's rule needs what the view reads, and belongs to the view; a key's index
// belongs to its constraint, and that to the table.
func dependencies(s *Source, t *table) {
	t.defaults("objsubid", 0, "refobjsubid", 0)
	for _, r := range visible(s) {
		if !isView(r) {
			continue
		}
		t.add("classid", classRewrite, "objid", ruleOID+r.ID, "refclassid", classClass, "refobjid", r.ID, "deptype", "i")
		for _, id := range r.DependsOn {
			if in, ok := s.Catalog.Relation(id); ok {
				t.add("classid", classRewrite, "objid", ruleOID+r.ID, "refclassid", classClass, "refobjid", id, "deptype", "n")
				for i := range columnsOf(in) {
					t.add("classid", classRewrite, "objid", ruleOID+r.ID, "refclassid", classClass, "refobjid", id, "refobjsubid", i+1, "deptype", "n")
				}
			}
		}
	}
	for _, k := range keysOf(s) {
		if !k.primary {
			t.add("classid", classClass, "objid", k.indexOID(), "refclassid", classClass, "refobjid", k.rel.ID, "deptype", "i")
			continue
		}
		t.add("classid", classClass, "objid", k.indexOID(), "refclassid", classConstraint, "refobjid", k.oid(), "deptype", "i")
		for _, a := range k.attrs {
			t.add("classid", classConstraint, "objid", k.oid(), "refclassid", classClass, "refobjid", k.rel.ID, "refobjsubid", a, "deptype", "a")
		}
	}
}
