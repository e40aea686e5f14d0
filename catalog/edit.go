package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"millrace/pgerr"
)

// Edit is a change to a Snapshot in the making. Its methods check names and dependencies and answer with
// PostgreSQL's errors; after an error the Edit is thrown away. It is used by one goroutine.
type Edit struct {
	base    *Snapshot
	next    *Snapshot
	changed map[string]bool // keys to write or delete
	given   []uint32        // by NewID
	reuse   []uint32        // to be given next
	altered map[uint32]bool // types whose Def has yet to learn what it is; see Publish
}

// Record is one durable catalog entry: a nil Value deletes the key.
type Record struct {
	Key   string
	Value []byte
}

// Edit begins a change.
func (s *Snapshot) Edit() *Edit {
	next := &Snapshot{
		Version:   s.Version + 1,
		nextID:    s.nextID,
		ids:       s.ids,
		schemas:   maps.Clone(s.schemas),
		relations: maps.Clone(s.relations),
		byName:    maps.Clone(s.byName),
		functions: maps.Clone(s.functions),
		types:     maps.Clone(s.types),
		typeNames: maps.Clone(s.typeNames),
	}
	return &Edit{base: s, next: next, changed: map[string]bool{}, altered: map[uint32]bool{}}
}

// Snapshot gives the catalog as the edit has made it so far.
func (e *Edit) Snapshot() *Snapshot { return e.next }

// NewID reserves an object id.
func (e *Edit) NewID() uint32 {
	var id uint32
	if len(e.reuse) > 0 {
		id, e.reuse = e.reuse[0], e.reuse[1:]
	} else {
		id = e.next.ids.take(e.next.nextID)
	}
	e.next.nextID = max(e.next.nextID, id+1)
	e.given = append(e.given, id)
	e.changed[metaKey] = true
	return id
}

// IDs lists the ids that NewID has given, in order.
func (e *Edit) IDs() []uint32 { return e.given }

// Reuse makes NewID give these ids first: those of an edit that is made once more.
func (e *Edit) Reuse(ids []uint32) { e.reuse = ids }

// AddSchema creates a schema.
func (e *Edit) AddSchema(name, owner string) error {
	if _, ok := e.next.schemas[name]; ok {
		return pgerr.New(pgerr.DuplicateSchema, "schema %q already exists", name)
	}
	if strings.HasPrefix(name, "pg_") {
		return pgerr.New(pgerr.ReservedName, "unacceptable schema name %q", name).
			WithDetail("The prefix \"pg_\" is reserved for system schemas.")
	}
	e.next.schemas[name] = &Schema{ID: e.NewID(), Name: name, Owner: owner}
	e.changed[schemaKey(name)] = true
	return nil
}

// AddRelation creates r, whose ID must come from NewID.
func (e *Edit) AddRelation(r *Relation) error {
	if err := e.checkWritable(r.Schema); err != nil {
		return err
	}
	if old, ok := e.next.Lookup(r.Schema, r.Name); ok {
		return pgerr.New(pgerr.DuplicateTable, "relation %q already exists", old.Name)
	}
	if _, ok := e.next.LookupType(r.Schema, r.Name); ok {
		return pgerr.New(pgerr.DuplicateObject, "type %q already exists", r.Name).
			WithHint("A relation has an associated type of the same name, so you must use a name that doesn't conflict with any existing type.")
	}
	seen := map[string]bool{}
	for _, c := range r.Columns {
		if seen[c.Name] {
			return pgerr.New(pgerr.DuplicateColumn, "column %q specified more than once", c.Name)
		}
		seen[c.Name] = true
	}
	e.put(r)
	return nil
}

func (e *Edit) checkWritable(schema string) error {
	if _, ok := e.next.schemas[schema]; !ok {
		return pgerr.New(pgerr.InvalidSchemaName, "schema %q does not exist", schema)
	}
	switch schema {
	case PgCatalog, InfoSchema, MillraceSchema:
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied for schema %s", schema).
			WithHint("System schemas cannot be changed; choose another schema, such as public.")
	}
	return nil
}

func (e *Edit) put(r *Relation) {
	if old, ok := e.next.relations[r.ID]; ok {
		delete(e.next.byName, qualified{old.Schema, old.Name})
	}
	setTypeIDs(r.Columns)
	e.next.relations[r.ID] = r
	e.next.byName[qualified{r.Schema, r.Name}] = r
	e.changed[relationKey(r.ID)] = true
}

// Update replaces the relation with r's ID by r, as CREATE OR REPLACE VIEW, COMMENT and the like do.
func (e *Edit) Update(r *Relation) error {
	if err := e.checkWritable(r.Schema); err != nil {
		return err
	}
	if other, ok := e.next.Lookup(r.Schema, r.Name); ok && other.ID != r.ID {
		return pgerr.New(pgerr.DuplicateTable, "relation %q already exists", r.Name)
	}
	e.put(r)
	return nil
}

// Modify replaces a relation by a copy that f has changed.
func (e *Edit) Modify(id uint32, f func(*Relation)) error {
	old, ok := e.next.relations[id]
	if !ok {
		return fmt.Errorf("catalog: no relation %d", id)
	}
	c := *old
	c.Columns = slices.Clone(old.Columns)
	f(&c)
	return e.Update(&c)
}

// Swap exchanges the names of two relations.
func (e *Edit) Swap(a, b uint32) error {
	x, y := *e.next.relations[a], *e.next.relations[b]
	if err := errors.Join(e.checkWritable(x.Schema), e.checkWritable(y.Schema)); err != nil {
		return err
	}
	x.Schema, x.Name, y.Schema, y.Name = y.Schema, y.Name, x.Schema, x.Name
	e.put(&x)
	e.put(&y) // which takes its old name, by now x's, out
	e.next.byName[qualified{x.Schema, x.Name}] = &x
	return nil
}

// CommentSchema sets a schema's comment.
func (e *Edit) CommentSchema(name, text string) error {
	s, ok := e.next.schemas[name]
	if !ok {
		return pgerr.New(pgerr.InvalidSchemaName, "schema %q does not exist", name)
	}
	c := *s
	c.Comment = text
	e.next.schemas[name] = &c
	e.changed[schemaKey(name)] = true
	return nil
}

// DependedOn is the error 2BP01 that refuses to drop what, since other objects depend on it in the ways that details say.
func DependedOn(what string, details []string) *pgerr.Error {
	return pgerr.New(pgerr.DependentObjectsStillExist, "cannot drop %s because other objects depend on it", what).
		WithDetail("%s", strings.Join(details, "\n")).
		WithHint("Use DROP ... CASCADE to drop the dependent objects too.")
}

// Drop removes relations and, with cascade, everything that depends on them. It returns the removed relations,
// dependants first. Without cascade, dependants outside ids are an error 2BP01 that lists them.
func (e *Edit) Drop(ids []uint32, cascade bool) ([]*Relation, error) {
	doomed := map[uint32]bool{}
	for _, id := range ids {
		r, ok := e.next.relations[id]
		if !ok {
			return nil, fmt.Errorf("catalog: no relation %d", id)
		}
		if err := e.checkWritable(r.Schema); err != nil {
			return nil, err
		}
		doomed[id] = true
		for _, k := range e.next.Sinks(id) {
			if k.Owned {
				doomed[k.ID] = true
			}
		}
	}
	var order []*Relation
	var details []string
	visited := map[uint32]bool{}
	var visit func(r *Relation)
	visit = func(r *Relation) {
		if visited[r.ID] {
			return
		}
		visited[r.ID] = true
		for _, d := range e.next.Dependants(r.ID) {
			if !doomed[d.ID] {
				details = append(details, fmt.Sprintf("%s %s depends on %s %s", d.Kind, d.Name, r.Kind, r.Name))
			}
			visit(d)
		}
		order = append(order, r)
	}
	for _, id := range ids {
		visit(e.next.relations[id])
	}
	if len(details) > 0 && !cascade {
		r := e.next.relations[ids[0]]
		return nil, DependedOn(fmt.Sprintf("%s %s", r.Kind, r.Name), details)
	}
	for _, r := range order {
		e.remove(r)
	}
	return order, nil
}

// remove takes a relation out, a table with its indexes and sequences, those out of their table's lists.
func (e *Edit) remove(r *Relation) {
	for _, x := range e.next.Indexes(r) {
		e.remove(x)
	}
	for _, x := range e.next.OwnedSequences(r) {
		e.remove(x)
	}
	if r.Sequence != nil {
		e.disown(r)
	}
	delete(e.next.relations, r.ID)
	delete(e.next.byName, qualified{r.Schema, r.Name})
	e.changed[relationKey(r.ID)] = true
	if r.Index == nil {
		return
	}
	if t, ok := e.next.relations[r.Index.Table]; ok {
		c := *t
		c.Indexes = slices.DeleteFunc(slices.Clone(t.Indexes), func(id uint32) bool { return id == r.ID })
		e.put(&c)
	}
}

// DropSchema removes a schema; with cascade, its relations and their dependants, which are returned.
func (e *Edit) DropSchema(name string, cascade bool) ([]*Relation, error) {
	if _, ok := e.next.schemas[name]; !ok {
		return nil, pgerr.New(pgerr.InvalidSchemaName, "schema %q does not exist", name)
	}
	if err := e.checkWritable(name); err != nil {
		return nil, err
	}
	var ids []uint32
	var details []string
	for _, r := range e.next.Relations() {
		if r.Schema == name {
			ids = append(ids, r.ID)
			details = append(details, fmt.Sprintf("%s %s.%s depends on schema %s", r.Kind, r.Schema, r.Name, name))
		}
	}
	var functions []uint32
	for _, f := range e.next.Functions() {
		if f.Schema == name {
			functions = append(functions, f.ID)
			details = append(details, fmt.Sprintf("function %s.%s depends on schema %s", f.Schema, f.Signature(), name))
		}
	}
	var typeIDs []uint32
	for _, t := range e.next.Types() {
		if t.Schema == name {
			typeIDs = append(typeIDs, t.ID)
			details = append(details, fmt.Sprintf("type %s.%s depends on schema %s", t.Schema, t.Name, name))
		}
	}
	if len(details) > 0 && !cascade {
		return nil, DependedOn("schema "+name, details)
	}
	removed, err := e.Drop(ids, true)
	if err != nil {
		return nil, err
	}
	more, err := e.DropFunctions(functions, true)
	if err != nil {
		return nil, err
	}
	removed = append(removed, more...)
	more, err = e.DropTypes(typeIDs, true)
	if err != nil {
		return nil, err
	}
	removed = append(removed, more...)
	delete(e.next.schemas, name)
	e.changed[schemaKey(name)] = true
	return removed, nil
}

const metaKey = "meta"

func schemaKey(name string) string { return "schema/" + name }

func relationKey(id uint32) string { return fmt.Sprintf("relation/%010d", id) }

type meta struct {
	Version uint64
	NextID  uint32
}

// Records gives the edit as durable entries, in order of key.
func (e *Edit) Records() ([]Record, error) {
	e.changed[metaKey] = true
	byKey := map[string]any{metaKey: meta{e.next.Version, e.next.nextID}}
	for name, s := range e.next.schemas {
		byKey[schemaKey(name)] = s
	}
	for id, r := range e.next.relations {
		byKey[relationKey(id)] = r
	}
	for id, f := range e.next.functions {
		byKey[functionKey(id)] = f
	}
	for id, t := range e.next.types {
		byKey[typeKey(id)] = t
	}
	keys := slices.Collect(maps.Keys(e.changed))
	sort.Strings(keys)
	out := make([]Record, 0, len(keys))
	for _, k := range keys {
		v, ok := byKey[k]
		if !ok {
			out = append(out, Record{Key: k})
			continue
		}
		b, err := json.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("catalog: encode %s: %w", k, err)
		}
		out = append(out, Record{Key: k, Value: b})
	}
	return out, nil
}

// Load makes a snapshot from durable entries over the built-in objects of Empty(system).
func Load(system []*Relation, records []Record) (*Snapshot, error) {
	s := Empty(system)
	for _, rec := range records {
		kind, _, _ := strings.Cut(rec.Key, "/")
		var err error
		switch kind {
		case metaKey:
			var m meta
			err = json.Unmarshal(rec.Value, &m)
			s.Version, s.nextID = m.Version, m.NextID
		case "schema":
			x := new(Schema)
			err = json.Unmarshal(rec.Value, x)
			s.schemas[x.Name] = x
		case "relation":
			r := new(Relation)
			err = json.Unmarshal(rec.Value, r)
			s.relations[r.ID] = r
			s.byName[qualified{r.Schema, r.Name}] = r
		case "function":
			f := new(Function)
			err = json.Unmarshal(rec.Value, f)
			s.functions[f.ID] = f
		case "type":
			t := new(Type)
			err = json.Unmarshal(rec.Value, t)
			s.types[t.ID] = t
			s.typeNames[qualified{t.Schema, t.Name}] = t
		default:
			err = fmt.Errorf("unknown kind of entry")
		}
		if err != nil {
			return nil, fmt.Errorf("catalog: entry %q: %w", rec.Key, err)
		}
	}
	return s, s.resolveTypes()
}
