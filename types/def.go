package types

import (
	"slices"
	"sync/atomic"

	"millrace/pgerr"
)

// Def is the identity of a type that is more than its kind: an enum, or a row type. Two types are the same if they have
// the same Def, so that [T] stays comparable; a catalog makes one Def for each type that users define and keeps it as long
// as the type exists.
//
// What the type's values look like is reached through the Def and may grow: [Def.Redefine] adds an enum's labels or gives
// the type another name. A value that was written before means the same after. Other than that a Def is immutable, and safe
// for use by several goroutines.
type Def struct {
	oid, arrayOID uint32 // 0 for a row type without a name
	body          atomic.Pointer[defBody]
}

// defBody is a Def's contents at one moment; immutable.
type defBody struct {
	schema, name string
	labels       []Label
	byText       map[string]int64
	byOrder      map[int64]string
	fields       []Attr
	depth        int // of row types within row types; 1 for one of plain fields
}

// Label is a value of an enum. Order places it among the others and is what is stored.
type Label struct {
	Text  string
	Order int64
}

// Attr is a field of a row type.
type Attr struct {
	Name string
	T    T
}

// NewEnumDef makes the identity of an enum. Labels may come in any order.
func NewEnumDef(oid, arrayOID uint32, schema, name string, labels []Label) *Def {
	d := &Def{oid: oid, arrayOID: arrayOID}
	d.Redefine(schema, name, labels)
	return d
}

// NewRowDef makes the identity of a composite type with a name.
func NewRowDef(oid, arrayOID uint32, schema, name string, fields []Attr) *Def {
	d := &Def{oid: oid, arrayOID: arrayOID}
	b := &defBody{schema: schema, name: name, fields: slices.Clone(fields), depth: 1}
	for _, f := range fields {
		if f.T.Def != nil {
			b.depth = max(b.depth, 1+f.T.Def.body.Load().depth)
		}
	}
	d.body.Store(b)
	return d
}

// Redefine gives the type a name and, if it is an enum, labels. Labels that values may have must stay, with their Order.
func (d *Def) Redefine(schema, name string, labels []Label) {
	if old := d.body.Load(); old != nil && old.byText == nil {
		d.body.Store(&defBody{schema: schema, name: name, fields: old.fields, depth: old.depth})
		return
	}
	b := &defBody{schema: schema, name: name, byText: make(map[string]int64, len(labels)), byOrder: make(map[int64]string, len(labels))}
	b.labels = slices.Clone(labels)
	slices.SortFunc(b.labels, func(x, y Label) int { return compareInts(x.Order, y.Order) })
	for _, l := range b.labels {
		b.byText[l.Text], b.byOrder[l.Order] = l.Order, l.Text
	}
	d.body.Store(b)
}

// Of gives the type that d identifies.
func (d *Def) Of() T {
	k := Enum
	if d.IsRow() {
		k = Record
	}
	return T{Kind: k, Mod: -1, Def: d}
}

// OID gives the type's object identifier; that of record for a row type without a name.
func (d *Def) OID() uint32 {
	if d.oid == 0 {
		return kinds[Record].oid
	}
	return d.oid
}

// ArrayOID gives the object identifier of the arrays of the type.
func (d *Def) ArrayOID() uint32 {
	if d.oid == 0 {
		return kinds[Record].arrayOID
	}
	return d.arrayOID
}

// Named reports whether the type has a name: a row type made by ROW(...) has none.
func (d *Def) Named() bool { return d.oid != 0 }

// IsRow reports whether it is a row type, else an enum.
func (d *Def) IsRow() bool { return d.body.Load().byText == nil }

// Name gives the type's name without schema; "record" for a row type without a name.
func (d *Def) Name() string {
	if d.oid == 0 {
		return kinds[Record].name
	}
	return d.body.Load().name
}

// sql is the name in messages: with its schema unless that is public, where most look.
func (d *Def) sql() string {
	b := d.body.Load()
	if d.oid == 0 {
		return kinds[Record].sql
	}
	if b.schema != "" && b.schema != "public" {
		return quoteName(b.schema) + "." + quoteName(b.name)
	}
	return quoteName(b.name)
}

// rowDepthMax bounds the nesting of row types: a quote in the text of a row doubles at each level.
const rowDepthMax = 8

// CheckDepth refuses (54001) a row type that nests too deeply.
func (d *Def) CheckDepth() error {
	if d.body.Load().depth > rowDepthMax {
		return pgerr.New(pgerr.StatementTooComplex, "row types are nested too deeply").
			WithHint("Rows may be nested at most %d levels deep.", rowDepthMax)
	}
	return nil
}

// Labels lists an enum's labels in order; the slice is shared: don't change it.
func (d *Def) Labels() []Label { return d.body.Load().labels }

// Attrs lists a row type's fields; the slice is shared: don't change it.
func (d *Def) Attrs() []Attr { return d.body.Load().fields }

// Attr finds a field of a row type by name; -1 where there is none.
func (d *Def) Attr(name string) int {
	return slices.IndexFunc(d.Attrs(), func(f Attr) bool { return f.Name == name })
}

// quoteName writes a name as SQL does: in quotes unless it is a plain lower-case word.
func quoteName(s string) string {
	plain := s != "" && !isDigit(s[0])
	for i := range len(s) {
		c := s[i]
		plain = plain && (c >= 'a' && c <= 'z' || c == '_' || isDigit(c))
	}
	if plain {
		return s
	}
	b := []byte{'"'}
	for i := range len(s) {
		if s[i] == '"' {
			b = append(b, '"')
		}
		b = append(b, s[i])
	}
	return string(append(b, '"'))
}
