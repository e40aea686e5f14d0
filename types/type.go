package types

// Kind is a type's family.
type Kind uint8

// The kinds. The order is part of stored formats: append only.
const (
	Invalid Kind = iota
	Unknown      // an untyped literal or NULL, before resolution
	Bool
	Int2
	Int4
	Int8
	Float4
	Float8
	Numeric
	Text
	Varchar
	Bpchar // character(n), blank-padded
	Bytea
	Date
	Time
	Timestamp
	TimestampTZ
	Interval
	UUID
	JSONB
	Array // of T.Elem
	Name
	OID
	Char1 // PostgreSQL's internal one-byte "char"
	JSON
	Regclass
	Regtype
	Regproc
	Regnamespace
	Void
	Record // a row: of a type without a name, or of the composite type that T.Def names
	Enum   // of the type that T.Def names
	Regrole
	Inet
	CIDR
	kindCount
)

// Rep is the physical representation of a type's values.
type Rep uint8

// The representations.
const (
	RepBytes Rep = iota
	RepBool
	RepInt
	RepFloat
)

// T is a type: comparable with ==, cheap to copy.
type T struct {
	Kind Kind
	Elem Kind  // element kind of an Array, else Invalid
	Mod  int32 // type modifier in PostgreSQL's encoding (atttypmod); -1 is none. For an Array, its element's.
	// Def tells types of one kind apart: which enum, which row type. For an Array, its element's; else nil. It is not
	// encoded with the type: a catalog stores the object identifier beside it.
	Def *Def `json:"-"`
}

// Of gives the type of a kind without modifier.
func Of(k Kind) T { return T{Kind: k, Mod: -1} }

// ArrayOf gives the array type whose elements have type elem.
func ArrayOf(elem T) T { return T{Kind: Array, Elem: elem.Kind, Mod: elem.Mod, Def: elem.Def} }

// ElemType gives an array's element type; for other types Invalid.
func (t T) ElemType() T { return T{Kind: t.Elem, Mod: t.Mod, Def: t.Def} }

// WithoutMod gives t without its modifier.
func (t T) WithoutMod() T { t.Mod = -1; return t }

// Is reports whether t is of kind k.
func (t T) Is(k Kind) bool { return t.Kind == k }

// Same reports whether t and u are one type, whatever their modifiers.
func (t T) Same(u T) bool { return t.Kind == u.Kind && t.Elem == u.Elem && t.Def == u.Def }

// Rep gives the physical representation of t's values.
func (t T) Rep() Rep {
	switch t.Kind {
	case Bool:
		return RepBool
	case Int2, Int4, Int8, Date, Time, Timestamp, TimestampTZ, OID, Char1, Regclass, Regtype, Regproc, Regnamespace, Regrole, Enum:
		return RepInt
	case Float4, Float8:
		return RepFloat
	}
	return RepBytes
}
