package pgcatalog

import (
	"embed"
	"strconv"
	"strings"
	"sync"

	"millrace/catalog"
	"millrace/delta"
	"millrace/expr"
	"millrace/types"
)

//go:embed data/*.tsv
var data embed.FS

// Source is what contents are computed from.
type Source struct {
	Catalog *catalog.Snapshot
	// Owner is the role that owns what has no other owner.
	Owner, Database string
	// Known reports whether a function or operator of a name exists in Millrace.
	Known func(name string) bool
	// Settings gives the settings of the session that asks; nil where none does.
	Session expr.SessionInfo
	// Now is the time, in microseconds from 2000-01-01 UTC.
	Now int64
}

// Relation is a system relation.
type Relation struct {
	Relation *catalog.Relation
	fill     func(*Source, *table)
	// session says that the rows depend on who asks.
	session bool

	mu      sync.Mutex
	version *catalog.Snapshot
	rows    *delta.Batch
}

// Rows gives the contents: all columns. The batch is shared and must not be changed.
func (r *Relation) Rows(s *Source) *delta.Batch {
	if r.fill == nil {
		return delta.NewBatch(r.Relation.Types(), 0)
	}
	if r.session {
		return r.compute(s)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.version != s.Catalog {
		r.rows, r.version = r.compute(s), s.Catalog
	}
	return r.rows
}

func (r *Relation) compute(s *Source) *delta.Batch {
	t := newTable(r.Relation)
	r.fill(s, t)
	return t.rows
}

// All lists the relations, in the order of their ids.
func All() []*Relation {
	var out []*Relation
	views := uint32(firstViewOID)
	for _, line := range lines("relations.tsv") {
		f := strings.Split(line, "\t")
		id, err := strconv.ParseUint(f[2], 10, 32)
		if err != nil {
			panic("pgcatalog: relations.tsv: " + err.Error())
		}
		if id == 0 {
			views++
			id = uint64(views)
		}
		rel := &catalog.Relation{ID: uint32(id), Schema: f[0], Name: f[1], Kind: catalog.System}
		for _, c := range strings.Split(f[4], "|") {
			name, typ, _ := strings.Cut(c, " ")
			rel.Columns = append(rel.Columns, catalog.Column{Name: name, T: columnType(typ)})
		}
		for _, c := range laterColumns[rel.Schema+"."+rel.Name] {
			rel.Columns = append(rel.Columns, catalog.Column{Name: c.name, T: c.t})
		}
		rel.Columns = append(rel.Columns, catalog.Column{Name: tableOID, T: types.Of(types.OID), Hidden: true})
		r := &Relation{Relation: rel}
		if c, ok := contents[rel.Schema+"."+rel.Name]; ok {
			r.fill, r.session = c.fill, c.session
		}
		out = append(out, r)
	}
	return out
}

// tableOID is the system column that says which catalog a row is of.
const tableOID = "tableoid"

// content says how a relation is filled.
type content struct {
	fill    func(*Source, *table)
	session bool
}

// lines gives the lines of a data file.
func lines(file string) []string {
	b, err := data.ReadFile("data/" + file)
	if err != nil {
		panic("pgcatalog: " + err.Error()) // it is embedded
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

// columnTypes are PostgreSQL's column types under other names than types has, or as the nearest that Millrace has.
var columnTypes = map[string]types.T{
	`"char"`: types.Of(types.Char1), "oid": types.Of(types.OID), "name": types.Of(types.Name), "text": types.Of(types.Text),
	"bigint": types.Of(types.Int8), "integer": types.Of(types.Int4), "smallint": types.Of(types.Int2), "boolean": types.Of(types.Bool),
	"double precision": types.Of(types.Float8), "real": types.Of(types.Float4), "numeric": types.Of(types.Numeric), "bytea": types.Of(types.Bytea),
	"interval": types.Of(types.Interval), "timestamp with time zone": types.Of(types.TimestampTZ),
	"regproc": types.Of(types.Regproc), "regtype": types.Of(types.Regtype), "xid": types.Of(types.OID), "inet": types.Of(types.Text),
	"int2vector": types.ArrayOf(types.Of(types.Int2)), "oidvector": types.ArrayOf(types.Of(types.OID)),
	"pg_node_tree": types.Of(types.Text), "pg_lsn": types.Of(types.Text), "aclitem": types.Of(types.Text), "anyarray": types.ArrayOf(types.Of(types.Text)),
	"information_schema.sql_identifier": types.Of(types.Name), "information_schema.character_data": types.Of(types.Varchar),
	"information_schema.yes_or_no": types.Of(types.Varchar), "information_schema.cardinal_number": types.Of(types.Int4),
	"information_schema.time_stamp": types.Of(types.TimestampTZ),
}

func columnType(name string) types.T {
	if elem, ok := strings.CutSuffix(name, "[]"); ok {
		return types.ArrayOf(columnType(elem))
	}
	if t, ok := columnTypes[name]; ok {
		return t
	}
	return types.Of(types.Text) // statistics' own types, of relations that are empty
}

type later struct {
	name string
	t    types.T
}

// laterColumns are columns of PostgreSQL 16 to 18 that psql 18 and other clients ask for when they are told of such a
// version, or without asking.
var laterColumns = map[string][]later{
	"pg_catalog.pg_collation":  {{"colllocale", types.Of(types.Text)}, {"collicurules", types.Of(types.Text)}},
	"pg_catalog.pg_constraint": {{"conperiod", types.Of(types.Bool)}, {"conenforced", types.Of(types.Bool)}},
	"pg_catalog.pg_database":   {{"datlocale", types.Of(types.Text)}, {"daticurules", types.Of(types.Text)}},
}

// table collects rows. Columns that are not set have the column's default: NULL, or what is almost always right.
type table struct {
	rel  *catalog.Relation
	at   map[string]int
	base []types.Datum
	row  []types.Datum
	rows *delta.Batch
}

func newTable(rel *catalog.Relation) *table {
	t := &table{rel: rel, at: make(map[string]int, len(rel.Columns)), rows: delta.NewBatch(rel.Types(), 64)}
	for i, c := range rel.Columns {
		t.at[c.Name] = i
	}
	t.base = make([]types.Datum, len(rel.Columns))
	for i := range t.base {
		t.base[i] = types.Null
	}
	t.base[t.at[tableOID]] = types.NewInt(int64(rel.ID))
	t.row = make([]types.Datum, len(rel.Columns))
	return t
}

// defaults sets what columns have in every row that does not say otherwise, in pairs of name and value.
func (t *table) defaults(pairs ...any) {
	for i := 0; i < len(pairs); i += 2 {
		c := t.column(pairs[i].(string))
		t.base[c] = t.value(c, pairs[i+1])
	}
}

// add appends a row, in pairs of name and value.
func (t *table) add(pairs ...any) {
	copy(t.row, t.base)
	for i := 0; i < len(pairs); i += 2 {
		c := t.column(pairs[i].(string))
		t.row[c] = t.value(c, pairs[i+1])
	}
	t.rows.AppendRow(t.row, 1)
}

func (t *table) column(name string) int {
	i, ok := t.at[name]
	if !ok {
		panic("pgcatalog: " + t.rel.Name + " has no column " + name)
	}
	return i
}

// value turns a Go value into one of column c.
func (t *table) value(c int, v any) types.Datum {
	switch v := v.(type) {
	case nil:
		return types.Null
	case types.Datum:
		return v
	case bool:
		if t.rel.Columns[c].T.Rep() == types.RepBytes { // yes_or_no
			if v {
				return types.NewString("YES")
			}
			return types.NewString("NO")
		}
		return types.NewBool(v)
	case int:
		return t.number(c, int64(v))
	case int16:
		return t.number(c, int64(v))
	case int32:
		return t.number(c, int64(v))
	case int64:
		return t.number(c, v)
	case uint32:
		return t.number(c, int64(v))
	case byte:
		return types.NewInt(int64(v))
	case string:
		if t.rel.Columns[c].T.Kind == types.Char1 {
			if v == "" {
				return types.NewInt(0)
			}
			return types.NewInt(int64(v[0]))
		}
		return types.NewString(v)
	case []int:
		return list(t.rel.Columns[c].T, v, func(i int) types.Datum { return types.NewInt(int64(i)) })
	case []uint32:
		return list(t.rel.Columns[c].T, v, func(i uint32) types.Datum { return types.NewInt(int64(i)) })
	case []string:
		return list(t.rel.Columns[c].T, v, types.NewString)
	}
	panic("pgcatalog: a value of another type for " + t.rel.Name + "." + t.rel.Columns[c].Name)
}

func (t *table) number(c int, n int64) types.Datum {
	switch t.rel.Columns[c].T.Rep() {
	case types.RepFloat:
		return types.NewFloat(float64(n))
	case types.RepBytes:
		return types.NewString(strconv.FormatInt(n, 10))
	}
	return types.NewInt(n)
}

// list makes an array.
func list[E any](t types.T, elems []E, datum func(E) types.Datum) types.Datum {
	b := types.NewArrayBuilder(t.ElemType())
	for _, e := range elems {
		b.Append(datum(e))
	}
	return types.Datum{B: b.Build(nil)}
}

// copyRows appends the rows of a data file whose columns are named, in order; "column=n" takes field n instead. keep may be
// nil.
func (t *table) copyRows(file string, columns []string, keep func(fields []string) bool) {
	at, from := make([]int, len(columns)), make([]int, len(columns))
	for i, c := range columns {
		name, field, other := strings.Cut(c, "=")
		at[i], from[i] = t.column(name), i
		if other {
			n, err := strconv.Atoi(field)
			if err != nil {
				panic("pgcatalog: " + c)
			}
			from[i] = n
		}
	}
	for _, line := range lines(file) {
		f := strings.Split(line, "\t")
		if keep != nil && !keep(f) {
			continue
		}
		copy(t.row, t.base)
		for i, c := range at {
			t.row[c] = t.parse(c, f[from[i]])
		}
		t.rows.AppendRow(t.row, 1)
	}
}

// parse reads a field of a data file.
func (t *table) parse(c int, field string) types.Datum {
	typ := t.rel.Columns[c].T
	switch {
	case field == `\N`:
		return types.Null
	case typ.Kind == types.Array && !strings.HasPrefix(field, "{"): // a vector: numbers between blanks
		field = "{" + strings.ReplaceAll(field, " ", ",") + "}"
	case typ.Kind == types.Regproc || typ.Kind == types.Regtype || typ.Kind == types.OID:
		n, err := strconv.ParseUint(field, 10, 32)
		if err != nil {
			panic("pgcatalog: " + t.rel.Name + ": " + err.Error())
		}
		return types.NewInt(int64(n))
	}
	d, err := types.ParseText(typ, []byte(strings.ReplaceAll(field, `\\`, `\`)), types.DefaultEnv)
	if err != nil {
		panic("pgcatalog: " + t.rel.Name + ": " + err.Error())
	}
	return d
}
