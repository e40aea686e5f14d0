package pgcatalog

// Object ids of what a relation brings with it: the relation's id plus one of these. Relations' ids stay far below the
// first, so the ranges do not meet, and each is a positive 32-bit number, which is what most clients keep ids in.
const (
	rowTypeOID    = 0x1000_0000
	rowArrayOID   = 0x1800_0000
	keyIndexOID   = 0x2000_0000 // index of the primary key, or of a materialized view's key
	keyOID        = 0x2800_0000 // the key's constraint
	ruleOID       = 0x3000_0000 // a view's _RETURN rule
	partsOID      = 0x4000_0000 // parts of an object: see partOID
	columnsMax    = 1 << 11
	roleOID       = 10     // the first superuser
	databaseOID   = 16383  // the one database
	firstViewOID  = 12_000 // relations of PostgreSQL without a fixed id: these, in the order of the file
	heapAM        = 2
	btreeAM       = 403
	defaultSpace  = 1663
	globalSpace   = 1664
	defaultCollat = 100
	pgCatalogOID  = 11
)

// The ids of PostgreSQL's catalogs that other rows refer to.
const (
	classClass      = 1259
	classType       = 1247
	classProc       = 1255
	classNamespace  = 2615
	classConstraint = 2606
	classRewrite    = 2618
	classAttrdef    = 2604
)

// RowTypeOID is the id of a relation's row type.
func RowTypeOID(relation uint32) uint32 { return rowTypeOID + relation }

// partOID is the id of part n of an object, below columnsMax: a column's default, a CHECK constraint, an enum's label. Ids of
// objects beyond half a million wrap around, which clients would not notice before they compare parts of two such objects.
func partOID(object uint32, n int) uint32 {
	return partsOID + (object*columnsMax+uint32(n))&(partsOID-1)
}

// objectOf is the object that a part belongs to, as far as ids have not wrapped around.
func objectOf(part uint32) uint32 { return (part - partsOID) / columnsMax }
