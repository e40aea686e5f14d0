package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"millrace/pgerr"
	"millrace/types"
)

// Type is a type that a user has defined: an enum, a composite type or a domain. It is immutable once in a Snapshot; its Def is the
// identity that values and columns carry, one for as long as the type exists. A domain has none.
type Type struct {
	ID      uint32 // the type's object identifier
	ArrayID uint32 // that of its arrays
	Schema  string
	Name    string
	Owner   string
	Comment string `json:",omitempty"`
	// Labels are an enum's, in order; nil for a composite type, whose fields Columns has.
	Labels  []types.Label `json:",omitempty"`
	Enum    bool
	Columns []Column   `json:",omitempty"`
	Domain  *Domain    `json:",omitempty"` // nil but for a domain
	Def     *types.Def `json:"-"`
}

// T gives the type; of a domain the one that it is over.
func (t *Type) T() types.T {
	if t.Domain != nil {
		return t.Columns[0].T
	}
	return t.Def.Of()
}

// typeID gives the id of the user's type that t is, or is an array of.
func typeID(t types.T) uint32 {
	if t.Def == nil || !t.Def.Named() {
		return 0
	}
	return t.Def.OID()
}

// setTypeIDs notes the users' types of columns, which are stored with it.
func setTypeIDs(cols []Column) {
	for i := range cols {
		if id := typeID(cols[i].T); cols[i].TypeID != id {
			cols[i].TypeID = id
		}
	}
}

// Type finds a user's type by id.
func (s *Snapshot) Type(id uint32) (*Type, bool) {
	t, ok := s.types[id]
	return t, ok
}

// TypeByOID finds a type by its object identifier, or that of its arrays: a built-in one or a user's.
func (s *Snapshot) TypeByOID(oid uint32) (types.T, bool) {
	if t, ok := types.ByOID(oid); ok {
		return t, true
	}
	if t, ok := s.types[oid]; ok {
		return t.T(), true
	}
	if t, ok := s.types[oid-1]; ok && t.ArrayID == oid && t.Domain == nil {
		return types.ArrayOf(t.T()), true
	}
	return types.T{}, false
}

// LookupType finds a user's type by schema and name.
func (s *Snapshot) LookupType(schema, name string) (*Type, bool) {
	t, ok := s.typeNames[qualified{schema, name}]
	return t, ok
}

// ResolveType finds a user's type by an unqualified name in the schemas of a search path, in order. Arrays have their
// elements' name after an underscore.
func (s *Snapshot) ResolveType(path []string, name string) (types.T, bool) {
	for _, schema := range path {
		if t, ok := s.TypeNamed(schema, name); ok {
			return t, true
		}
	}
	return types.T{}, false
}

// TypeNamed is [Snapshot.ResolveType] in one schema.
func (s *Snapshot) TypeNamed(schema, name string) (types.T, bool) {
	if t, ok := s.LookupType(schema, name); ok {
		return t.T(), true
	}
	if elem, array := strings.CutPrefix(name, "_"); array {
		if t, ok := s.LookupType(schema, elem); ok && t.Domain == nil {
			return types.ArrayOf(t.T()), true
		}
	}
	return types.T{}, false
}

// Types lists the users' types by id.
func (s *Snapshot) Types() []*Type {
	out := make([]*Type, 0, len(s.types))
	for _, t := range s.types {
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b *Type) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

func typeKey(id uint32) string { return fmt.Sprintf("type/%010d", id) }

// AddType creates t. It gives the type its ids, of which the array's follows the type's own, and its Def.
func (e *Edit) AddType(t *Type) error {
	if err := e.checkTypeName(t.Schema, t.Name); err != nil {
		return err
	}
	t.ID, t.ArrayID = e.NewID(), e.NewID()
	if err := t.define(); err != nil {
		return err
	}
	e.putType(t)
	return nil
}

func (e *Edit) checkTypeName(schema, name string) error {
	if err := e.checkWritable(schema); err != nil {
		return err
	}
	_, isType := e.next.LookupType(schema, name)
	_, isRelation := e.next.Lookup(schema, name)
	if isType || isRelation {
		return pgerr.New(pgerr.DuplicateObject, "type %q already exists", name)
	}
	return nil
}

// define makes t's Def. The Defs of its columns' types must be there.
func (t *Type) define() error {
	if t.Domain != nil {
		return nil
	}
	if t.Enum {
		t.Def = types.NewEnumDef(t.ID, t.ArrayID, t.Schema, t.Name, t.Labels)
		return nil
	}
	attrs := make([]types.Attr, len(t.Columns))
	for i, c := range t.Columns {
		attrs[i] = types.Attr{Name: c.Name, T: c.T}
	}
	t.Def = types.NewRowDef(t.ID, t.ArrayID, t.Schema, t.Name, attrs)
	return t.Def.CheckDepth()
}

func (e *Edit) putType(t *Type) {
	if old, ok := e.next.types[t.ID]; ok {
		delete(e.next.typeNames, qualified{old.Schema, old.Name})
	}
	setTypeIDs(t.Columns)
	e.next.types[t.ID] = t
	e.next.typeNames[qualified{t.Schema, t.Name}] = t
	e.changed[typeKey(t.ID)] = true
}

// ModifyType replaces a type by a copy that f has changed: its name, schema, comment, or labels, of which none may go. What
// the type's values look like changes with [Edit.Publish].
func (e *Edit) ModifyType(id uint32, f func(*Type)) error {
	old, ok := e.next.types[id]
	if !ok {
		return fmt.Errorf("catalog: no type %d", id)
	}
	c := *old
	c.Columns = slices.Clone(old.Columns)
	f(&c)
	if c.Schema != old.Schema || c.Name != old.Name {
		if err := e.checkTypeName(c.Schema, c.Name); err != nil {
			return err
		}
	}
	e.putType(&c)
	e.altered[id] = true
	return nil
}

// Publish lets the Defs of altered types know. The engine calls it once the edit is durable, before anyone sees its
// snapshot: a label that a lost commit would have added must not get into rows.
func (e *Edit) Publish() {
	for id := range e.altered {
		if t, ok := e.next.types[id]; ok && t.Def != nil {
			t.Def.Redefine(t.Schema, t.Name, t.Labels)
		}
	}
}

// TypeUser is an object that depends on a type.
type TypeUser struct {
	Relation *Relation // nil for a composite type or a function
	Column   string    // of the relation or the type; "" for a view that names the type in its query
	Type     *Type
	Function *Function
	array    bool // the column is of the type's arrays
}

// String names it as messages do: "column m of table t".
func (u TypeUser) String() string {
	switch {
	case u.Function != nil:
		return fmt.Sprintf("function %s", u.Function.Signature())
	case u.Type != nil && u.Type.Domain != nil:
		return "type " + u.Type.Name
	case u.Type != nil:
		return fmt.Sprintf("column %s of composite type %s", u.Column, u.Type.Name)
	case u.Column != "":
		return fmt.Sprintf("column %s of %s %s", u.Column, u.Relation.Kind, u.Relation.Name)
	}
	return fmt.Sprintf("%s %s", u.Relation.Kind, u.Relation.Name)
}

// TypeUsers lists what depends directly on a type, by id: columns of tables and streams, views that name the type or show
// values of it, composite types, functions that take or give it.
func (s *Snapshot) TypeUsers(id uint32) []TypeUser {
	var out []TypeUser
	for _, r := range s.Relations() {
		if r.Kind != Table && r.Kind != Stream {
			if slices.Contains(r.UsesTypes, id) || slices.ContainsFunc(r.Columns, func(c Column) bool { return c.Of(id) }) {
				out = append(out, TypeUser{Relation: r})
			}
			continue
		}
		for _, c := range r.Columns {
			if c.Of(id) {
				out = append(out, TypeUser{Relation: r, Column: c.Name, array: c.T.Is(types.Array)})
			}
		}
	}
	for _, t := range s.Types() {
		for _, c := range t.Columns {
			if c.Of(id) {
				out = append(out, TypeUser{Type: t, Column: c.Name, array: c.T.Is(types.Array)})
			}
		}
	}
	for _, f := range s.Functions() {
		if slices.ContainsFunc(slices.Concat(f.Params, f.Result), func(c Column) bool { return c.Of(id) }) {
			out = append(out, TypeUser{Function: f})
		}
	}
	return out
}

// DropTypes removes types and, with cascade, the views that depend on them, which it returns, dependants first. Columns and
// functions do not go with their type: without cascade they are an error 2BP01, as are views, and with cascade 0A000.
func (e *Edit) DropTypes(ids []uint32, cascade bool) ([]*Relation, error) {
	var views []uint32
	var details []string
	for _, id := range ids {
		t, ok := e.next.types[id]
		if !ok {
			return nil, fmt.Errorf("catalog: no type %d", id)
		}
		if err := e.checkWritable(t.Schema); err != nil {
			return nil, err
		}
		for _, u := range e.next.TypeUsers(id) {
			switch {
			case u.Type != nil && slices.Contains(ids, u.Type.ID):
				continue
			case cascade && (u.Column != "" || u.Function != nil):
				return nil, pgerr.Unsupported("DROP ... CASCADE of a type that columns of streams, composite types or other schemas have").
					WithDetail("%s depends on type %s.", u, t.Name).WithHint("Drop them first.")
			}
			suffix := ""
			if u.array {
				suffix = "[]"
			}
			details = append(details, fmt.Sprintf("%s depends on type %s%s", u, t.Name, suffix))
			if u.Relation != nil {
				views = append(views, u.Relation.ID)
			}
		}
	}
	if len(details) > 0 && !cascade {
		return nil, DependedOn("type "+e.next.types[ids[0]].Name, details)
	}
	slices.Sort(views)
	removed, err := e.Drop(slices.Compact(views), true)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		t := e.next.types[id]
		delete(e.next.types, id)
		delete(e.next.typeNames, qualified{t.Schema, t.Name})
		e.changed[typeKey(id)] = true
	}
	return removed, nil
}

// resolveTypes gives the columns of a loaded snapshot the identities of their types. A composite type's fields are of types
// that are older than it.
func (s *Snapshot) resolveTypes() error {
	resolve := func(cols []Column, of string) error {
		for i := range cols {
			c := &cols[i]
			if c.TypeID == 0 {
				continue
			}
			t, ok := s.types[c.TypeID]
			if !ok && c.Dropped {
				c.TypeID = 0 // the type went after the column; its values are read by their representation only
				continue
			}
			if !ok || t.Def == nil || t.Domain != nil {
				return fmt.Errorf("catalog: column %q of %q is of type %d, which is not there", c.Name, of, c.TypeID)
			}
			c.T.Def = t.Def
		}
		return nil
	}
	for _, t := range s.Types() {
		if err := resolve(t.Columns, t.Name); err != nil {
			return err
		}
		if err := t.define(); err != nil {
			return err
		}
	}
	for _, r := range s.relations {
		if err := resolve(r.Columns, r.Name); err != nil {
			return err
		}
	}
	for _, f := range s.functions {
		for _, cols := range [][]Column{f.Params, f.Result} {
			if err := resolve(cols, f.Name); err != nil {
				return err
			}
		}
	}
	return nil
}
