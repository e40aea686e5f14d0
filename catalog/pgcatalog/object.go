package pgcatalog

import (
	"slices"
	"strings"

	"millrace/catalog"
	"millrace/sql/lex"
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
	case catalog.Sequence:
		return "S"
	case catalog.System:
		if r.Schema == catalog.PgCatalog && r.ID < firstViewOID {
			return "r"
		}
		return "v"
	}
	return "r"
}

// attribute is a column that clients see. Its number is its place in the relation, from 1: what is hidden or was dropped
// leaves a gap, as in PostgreSQL.
type attribute struct {
	*catalog.Column
	number int
}

func columnsOf(r *catalog.Relation) []attribute {
	out := make([]attribute, 0, len(r.Columns))
	for i := range r.Columns {
		if r.Columns[i].Live() {
			out = append(out, attribute{&r.Columns[i], i + 1})
		}
	}
	return out
}

// notNull reports whether an attribute of a relation cannot be NULL.
func (a attribute) notNull(r *catalog.Relation) bool {
	return a.NotNull || r.Kind == catalog.Table && slices.Contains(r.Key, a.number-1)
}

// index is an index as clients see it: that of a table's primary key or of a materialized view's key, whose rows are
// stored in its order, or one of its own.
type index struct {
	rel     *catalog.Relation // what is indexed
	id      uint32            // in pg_class
	name    string
	columns []int // of rel
	primary bool
	unique  bool
	// constraint is the id of the constraint that it belongs to; 0 when there is none.
	constraint uint32
	nullsEqual bool
}

func (x *index) attrs() []int {
	out := make([]int, len(x.columns))
	for i, c := range x.columns {
		out[i] = c + 1
	}
	return out
}

func (x *index) names() []string {
	out := make([]string, len(x.columns))
	for i, c := range x.columns {
		out[i] = x.rel.Columns[c].Name
	}
	return out
}

// keyOf gives the index of a relation's key. A key that has a hidden column is nobody's business.
func keyOf(r *catalog.Relation) (index, bool) {
	if len(r.Key) == 0 || r.Kind != catalog.Table && r.Kind != catalog.MaterializedView {
		return index{}, false
	}
	for _, c := range r.Key {
		if !r.Columns[c].Live() {
			return index{}, false
		}
	}
	x := index{rel: r, id: keyIndexOID + r.ID, name: r.PrimaryKeyName, columns: r.Key, unique: true}
	if r.Kind == catalog.Table {
		x.primary, x.constraint = true, keyOID+r.ID
	}
	if x.name == "" {
		x.name = r.Name + "_key"
	}
	return x, true
}

// indexOf gives an index of its own.
func indexOf(s *Source, r *catalog.Relation) (index, bool) {
	if r.Kind != catalog.Index {
		return index{}, false
	}
	on, ok := s.Catalog.Relation(r.Index.Table)
	if !ok {
		return index{}, false
	}
	x := index{rel: on, id: r.ID, name: r.Name, columns: r.Index.Columns, unique: r.Index.Unique, nullsEqual: r.Index.NullsEqual}
	if r.Index.Constraint {
		x.constraint = keyOID + r.ID
	}
	return x, true
}

// indexesOf lists all indexes.
func indexesOf(s *Source) []index {
	var out []index
	for _, r := range visible(s) {
		if x, ok := keyOf(r); ok {
			out = append(out, x)
		}
		if x, ok := indexOf(s, r); ok {
			out = append(out, x)
		}
	}
	return out
}

// hasIndex reports whether clients see an index of a relation.
func hasIndex(r *catalog.Relation) bool {
	_, key := keyOf(r)
	return key || len(r.Indexes) > 0
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
		if r.Kind == catalog.Index {
			continue
		}
		kind, am, file := kindOf(r), 0, uint32(0)
		if kind == "r" || kind == "m" {
			am, file = heapAM, r.ID
		}
		rowType := uint32(0)
		if r.Kind != catalog.System {
			rowType = RowTypeOID(r.ID)
		}
		t.add("oid", r.ID, "relname", r.Name, "relnamespace", schemaOID(s, r.Schema), "reltype", rowType, "relam", am, "relfilenode", file,
			"relhasindex", hasIndex(r), "relkind", kind, "relnatts", len(r.Columns), "relchecks", len(r.Checks),
			"relhasrules", kind == "v" || kind == "m", "relreplident", identity(r), "reloptions", storageOptions(r))
	}
	for _, x := range indexesOf(s) {
		t.add("oid", x.id, "relname", x.name, "relnamespace", schemaOID(s, x.rel.Schema), "relam", btreeAM, "relfilenode", x.id,
			"relkind", "i", "relnatts", len(x.columns), "relreplident", "n")
	}
}

// storageOptions is reloptions: the check option of a view, and a table's ON CONFLICT rule; nil is NULL.
func storageOptions(r *catalog.Relation) any {
	switch rule := r.OnConflict; {
	case r.CheckOption != "":
		return []string{"check_option=" + strings.ToLower(r.CheckOption)}
	case rule != nil && rule.Ignore:
		return []string{"on_conflict=ignore"}
	case rule != nil && rule.Versioned:
		return []string{"on_conflict=overwrite", "version_column=" + r.Columns[rule.Version].Name}
	case rule != nil:
		return []string{"on_conflict=overwrite"}
	}
	return nil
}

// identity is relreplident: by the key, or nothing.
func identity(r *catalog.Relation) string {
	if r.Kind == catalog.System || r.Kind == catalog.View || r.Kind == catalog.Index || r.Kind == catalog.Sequence {
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
		typ, mod := attributeType(c)
		t.add("attrelid", rel, "attname", c.Name, "atttypid", typ, "attlen", info.length, "attnum", n, "attndims", dims, "atttypmod", mod,
			"attbyval", info.byValue, "attalign", info.align, "attstorage", info.storage, "attnotnull", notNull, "atthasdef", hasDefault(c),
			"attidentity", identities[c.Generated], "attgenerated", generated[c.Generated], "attcollation", info.collation)
	}
	for _, r := range visible(s) {
		if r.Kind == catalog.Index {
			continue
		}
		for _, a := range columnsOf(r) {
			add(r.ID, a.number, a.Column, a.notNull(r))
		}
	}
	for _, x := range indexesOf(s) {
		for i, c := range x.columns {
			add(x.id, i+1, &catalog.Column{Name: x.rel.Columns[c].Name, T: x.rel.Columns[c].T}, false)
		}
	}
}

// attidentity and attgenerated.
var (
	identities = map[catalog.Generated]string{catalog.IdentityAlways: "a", catalog.IdentityDefault: "d"}
	generated  = map[catalog.Generated]string{catalog.StoredExpr: "s"}
)

// hasDefault reports whether a column has an entry in pg_attrdef, as one with a default or a generated one has.
func hasDefault(c *catalog.Column) bool { return c.Default != "" && identities[c.Generated] == "" }

// defaultText is a column's default as PostgreSQL shows it: a sequence is named there.
func defaultText(s *Source, c *catalog.Column) string {
	text := c.Default
	for _, id := range c.DefaultSequences() {
		if x, ok := s.Catalog.Relation(id); ok {
			name := lex.QuoteIdent(x.Name)
			if x.Schema != catalog.PublicSchema {
				name = lex.QuoteIdent(x.Schema) + "." + name
			}
			text = strings.ReplaceAll(text, catalog.NextValue(id), "nextval("+lex.QuoteString(name)+"::regclass)")
		}
	}
	return text
}

// sequences fills pg_sequence.
func sequences(s *Source, t *table) {
	for _, r := range visible(s) {
		if d := r.Sequence; d != nil {
			t.add("seqrelid", r.ID, "seqtypid", d.T.OID(), "seqstart", d.Start, "seqincrement", d.Increment, "seqmax", d.Max, "seqmin", d.Min,
				"seqcache", d.Cache, "seqcycle", d.Cycle)
		}
	}
}

// ownedSequences adds to pg_depend that sequences go with their columns.
func ownedSequences(s *Source, t *table) {
	for _, r := range visible(s) {
		if r.Sequence == nil || r.Sequence.Table == 0 {
			continue
		}
		if owner, ok := s.Catalog.Relation(r.Sequence.Table); ok {
			kind := "a"
			if identities[owner.Columns[r.Sequence.Column].Generated] != "" {
				kind = "i"
			}
			t.add("classid", classClass, "objid", r.ID, "refclassid", classClass, "refobjid", owner.ID, "refobjsubid", r.Sequence.Column+1, "deptype", kind)
		}
	}
}

func columnDefaults(s *Source, t *table) {
	for _, r := range visible(s) {
		for _, a := range columnsOf(r) {
			if hasDefault(a.Column) {
				t.add("oid", partOID(r.ID, a.number), "adrelid", r.ID, "adnum", a.number, "adbin", defaultText(s, a.Column))
			}
		}
	}
}

func indexRows(s *Source, t *table) {
	t.defaults("indisexclusion", false, "indimmediate", true, "indisclustered", false, "indisvalid", true, "indcheckxmin", false, "indisready", true,
		"indislive", true, "indisreplident", false)
	for _, x := range indexesOf(s) {
		var collations, classes []uint32
		for _, c := range x.columns {
			typ := x.rel.Columns[c].T
			collations = append(collations, infoOf(typ).collation)
			classes = append(classes, btreeClass(typ))
		}
		n := len(x.columns)
		t.add("indexrelid", x.id, "indrelid", x.rel.ID, "indnatts", n, "indnkeyatts", n, "indisunique", x.unique, "indnullsnotdistinct", x.nullsEqual,
			"indisprimary", x.primary, "indkey", x.attrs(), "indcollation", collations, "indclass", classes, "indoption", make([]int, n))
	}
}

// constraint is a constraint of a table: a key, or a CHECK.
type constraint struct {
	rel   *catalog.Relation
	id    uint32
	name  string
	kind  string // contype
	index *index
	check string
}

// constraintOf gives the constraint that an index belongs to.
func constraintOf(x index) (constraint, bool) {
	kind := "u"
	if x.primary {
		kind = "p"
	}
	return constraint{rel: x.rel, id: x.constraint, name: x.name, kind: kind, index: &x}, x.constraint != 0
}

// checksOf lists the CHECK constraints of a relation. Their ids count down from where those of columns end.
func checksOf(r *catalog.Relation) []constraint {
	out := make([]constraint, len(r.Checks))
	for i, c := range r.Checks {
		out[i] = constraint{rel: r, id: partOID(r.ID, columnsMax-1-i), name: c.Name, kind: "c", check: c.Expr}
	}
	return out
}

// constraintsOf lists all constraints.
func constraintsOf(s *Source) []constraint {
	var out []constraint
	for _, x := range indexesOf(s) {
		if c, ok := constraintOf(x); ok {
			out = append(out, c)
		}
	}
	for _, r := range visible(s) {
		out = append(out, checksOf(r)...)
	}
	return out
}

func constraintRows(s *Source, t *table) {
	t.defaults("condeferrable", false, "condeferred", false, "convalidated", true, "contypid", 0, "conindid", 0, "conparentid", 0, "confrelid", 0,
		"confupdtype", " ", "confdeltype", " ", "confmatchtype", " ", "conislocal", true, "coninhcount", 0, "connoinherit", true, "conperiod", false,
		"conenforced", true)
	for _, c := range constraintsOf(s) {
		common := []any{"oid", c.id, "conname", c.name, "connamespace", schemaOID(s, c.rel.Schema), "contype", c.kind, "conrelid", c.rel.ID}
		if c.index != nil {
			t.add(append(common, "conindid", c.index.id, "conkey", c.index.attrs())...)
			continue
		}
		t.add(append(common, "conbin", c.check, "connoinherit", false)...)
	}
	for _, c := range domainConstraints(s) {
		t.add("oid", c.id, "conname", c.check.Name, "connamespace", schemaOID(s, c.domain.Schema), "contype", "c", "conrelid", 0, "contypid", c.domain.ID,
			"conbin", c.check.Expr, "connoinherit", false)
	}
}

func descriptions(s *Source, t *table) {
	t.defaults("objsubid", 0)
	for _, x := range s.Catalog.Schemas() {
		if x.Comment != "" {
			t.add("objoid", x.ID, "classoid", classNamespace, "description", x.Comment)
		}
	}
	for _, u := range s.Catalog.Types() {
		if u.Comment != "" {
			t.add("objoid", u.ID, "classoid", classType, "description", u.Comment)
		}
	}
	for _, r := range visible(s) {
		if r.Comment != "" {
			t.add("objoid", r.ID, "classoid", classClass, "description", r.Comment)
		}
		for _, a := range columnsOf(r) {
			if a.Comment != "" {
				t.add("objoid", r.ID, "classoid", classClass, "objsubid", a.number, "description", a.Comment)
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
				for _, a := range columnsOf(in) {
					t.add("classid", classRewrite, "objid", ruleOID+r.ID, "refclassid", classClass, "refobjid", id, "refobjsubid", a.number, "deptype", "n")
				}
			}
		}
	}
	ownedSequences(s, t)
	for _, x := range indexesOf(s) {
		if x.constraint == 0 {
			t.add("classid", classClass, "objid", x.id, "refclassid", classClass, "refobjid", x.rel.ID, "deptype", "a")
			continue
		}
		t.add("classid", classClass, "objid", x.id, "refclassid", classConstraint, "refobjid", x.constraint, "deptype", "i")
		for _, n := range x.attrs() {
			t.add("classid", classConstraint, "objid", x.constraint, "refclassid", classClass, "refobjid", x.rel.ID, "refobjsubid", n, "deptype", "a")
		}
	}
}
