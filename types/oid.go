package types

// kindInfo is what pg_type records of a kind: PostgreSQL 15's src/include/catalog/pg_type.dat is the source of
// the numbers, which clients have compiled in.
type kindInfo struct {
	name      string // pg_type.typname
	sql       string // format_type's spelling, without modifier
	oid       uint32
	arrayOID  uint32 // pg_type.typarray; 0 where there is no array type
	length    int16  // pg_type.typlen
	category  byte   // pg_type.typcategory
	preferred bool   // pg_type.typispreferred
}

var kinds = [kindCount]kindInfo{
	Invalid:      {name: "-", sql: "-", length: -1, category: 'X'},
	Unknown:      {name: "unknown", sql: "unknown", oid: 705, length: -2, category: 'X'},
	Bool:         {name: "bool", sql: "boolean", oid: 16, arrayOID: 1000, length: 1, category: 'B', preferred: true},
	Int2:         {name: "int2", sql: "smallint", oid: 21, arrayOID: 1005, length: 2, category: 'N'},
	Int4:         {name: "int4", sql: "integer", oid: 23, arrayOID: 1007, length: 4, category: 'N'},
	Int8:         {name: "int8", sql: "bigint", oid: 20, arrayOID: 1016, length: 8, category: 'N'},
	Float4:       {name: "float4", sql: "real", oid: 700, arrayOID: 1021, length: 4, category: 'N'},
	Float8:       {name: "float8", sql: "double precision", oid: 701, arrayOID: 1022, length: 8, category: 'N', preferred: true},
	Numeric:      {name: "numeric", sql: "numeric", oid: 1700, arrayOID: 1231, length: -1, category: 'N'},
	Text:         {name: "text", sql: "text", oid: 25, arrayOID: 1009, length: -1, category: 'S', preferred: true},
	Varchar:      {name: "varchar", sql: "character varying", oid: 1043, arrayOID: 1015, length: -1, category: 'S'},
	Bpchar:       {name: "bpchar", sql: "character", oid: 1042, arrayOID: 1014, length: -1, category: 'S'},
	Bytea:        {name: "bytea", sql: "bytea", oid: 17, arrayOID: 1001, length: -1, category: 'U'},
	Date:         {name: "date", sql: "date", oid: 1082, arrayOID: 1182, length: 4, category: 'D'},
	Time:         {name: "time", sql: "time without time zone", oid: 1083, arrayOID: 1183, length: 8, category: 'D'},
	Timestamp:    {name: "timestamp", sql: "timestamp without time zone", oid: 1114, arrayOID: 1115, length: 8, category: 'D'},
	TimestampTZ:  {name: "timestamptz", sql: "timestamp with time zone", oid: 1184, arrayOID: 1185, length: 8, category: 'D', preferred: true},
	Interval:     {name: "interval", sql: "interval", oid: 1186, arrayOID: 1187, length: 16, category: 'T', preferred: true},
	UUID:         {name: "uuid", sql: "uuid", oid: 2950, arrayOID: 2951, length: 16, category: 'U'},
	JSONB:        {name: "jsonb", sql: "jsonb", oid: 3802, arrayOID: 3807, length: -1, category: 'U'},
	Array:        {name: "anyarray", sql: "anyarray", oid: 2277, length: -1, category: 'P'},
	Name:         {name: "name", sql: "name", oid: 19, arrayOID: 1003, length: 64, category: 'S'},
	OID:          {name: "oid", sql: "oid", oid: 26, arrayOID: 1028, length: 4, category: 'N', preferred: true},
	Char1:        {name: "char", sql: `"char"`, oid: 18, arrayOID: 1002, length: 1, category: 'Z'},
	JSON:         {name: "json", sql: "json", oid: 114, arrayOID: 199, length: -1, category: 'U'},
	Regclass:     {name: "regclass", sql: "regclass", oid: 2205, arrayOID: 2210, length: 4, category: 'N'},
	Regtype:      {name: "regtype", sql: "regtype", oid: 2206, arrayOID: 2211, length: 4, category: 'N'},
	Regproc:      {name: "regproc", sql: "regproc", oid: 24, arrayOID: 1008, length: 4, category: 'N'},
	Regnamespace: {name: "regnamespace", sql: "regnamespace", oid: 4089, arrayOID: 4090, length: 4, category: 'N'},
	Void:         {name: "void", sql: "void", oid: 2278, length: 4, category: 'P'},
	Record:       {name: "record", sql: "record", oid: 2249, arrayOID: 2287, length: -1, category: 'P'},
	Regrole:      {name: "regrole", sql: "regrole", oid: 4096, arrayOID: 4097, length: 4, category: 'N'},
	Inet:         {name: "inet", sql: "inet", oid: 869, arrayOID: 1041, length: -1, category: 'I', preferred: true},
	CIDR:         {name: "cidr", sql: "cidr", oid: 650, arrayOID: 651, length: -1, category: 'I'},
	Enum:         {name: "anyenum", sql: "anyenum", oid: 3500, length: 4, category: 'P'},
}

// byOID finds types by their object identifier. It is filled once from kinds and never changes.
var byOID = func() map[uint32]T {
	m := make(map[uint32]T, 2*len(kinds))
	for k := Unknown; k < kindCount; k++ {
		m[kinds[k].oid] = Of(k)
		if a := kinds[k].arrayOID; a != 0 {
			m[a] = ArrayOf(Of(k))
		}
	}
	return m
}()

// info gives the record of t's kind, and that of Invalid for a kind out of range.
func (k Kind) info() *kindInfo {
	if k >= kindCount {
		k = Invalid
	}
	return &kinds[k]
}

// Kinds lists all kinds except Invalid, in declaration order, for pg_type and for tests over every type.
func Kinds() []Kind {
	ks := make([]Kind, 0, kindCount)
	for k := Unknown; k < kindCount; k++ {
		ks = append(ks, k)
	}
	return ks
}

// ByOID finds the type, without modifier, that has PostgreSQL's object identifier oid.
func ByOID(oid uint32) (T, bool) {
	t, ok := byOID[oid]
	return t, ok
}

// OID gives the type's PostgreSQL object identifier; 0 for Invalid and for arrays of a kind that has no array type.
func (t T) OID() uint32 {
	switch {
	case t.Kind == Array && t.Def != nil:
		return t.Def.ArrayOID()
	case t.Kind == Array && t.Elem != Invalid:
		return t.Elem.info().arrayOID
	case t.Def != nil:
		return t.Def.OID()
	}
	return t.Kind.info().oid
}

// ArrayOID gives the object identifier of the type's array type, and 0 where there is none: an array of arrays is
// the array type itself with more dimensions.
func (t T) ArrayOID() uint32 {
	if t.Def != nil && t.Kind != Array {
		return t.Def.ArrayOID()
	}
	return t.Kind.info().arrayOID
}

// Len gives pg_type.typlen: the size in bytes of PostgreSQL's own storage form, -1 for variable length. It goes to
// clients in row descriptions and says nothing of Millrace's representation.
func (t T) Len() int16 {
	if t.Kind == Array {
		return -1
	}
	return t.Kind.info().length
}

// Category gives pg_type.typcategory, which type resolution goes by.
func (t T) Category() byte {
	named := t.Def != nil && t.Def.Named()
	switch {
	case t.Kind == Array && t.Elem == Record && !named:
		return 'P'
	case t.Kind == Record && named:
		return 'C'
	case t.Kind == Enum && named:
		return 'E'
	}
	if t.Kind == Array && t.Elem != Invalid {
		return 'A'
	}
	return t.Kind.info().category
}

// Preferred gives pg_type.typispreferred: whether type resolution favours t in its category.
func (t T) Preferred() bool { return t.Kind.info().preferred }
