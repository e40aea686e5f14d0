package catalog

import (
	"cmp"
	"slices"
	"sync/atomic"
)

// Snapshot is the set of all objects at one moment. It is immutable; the zero value is not usable, see Empty.
type Snapshot struct {
	Version   uint64
	nextID    uint32
	ids       *idSource
	schemas   map[string]*Schema
	relations map[uint32]*Relation
	byName    map[qualified]*Relation
	functions map[uint32]*Function
	types     map[uint32]*Type
	typeNames map[qualified]*Type
}

// idSource gives out ids for all edits that come from one first snapshot, so that two of them at the same time never have
// the same.
type idSource struct{ last atomic.Uint32 }

// take gives an id that is not below floor.
func (s *idSource) take(floor uint32) uint32 {
	for {
		last := s.last.Load()
		id := max(last+1, floor)
		if s.last.CompareAndSwap(last, id) {
			return id
		}
	}
}

type qualified struct{ schema, name string }

// The schemas that always exist.
const (
	PublicSchema   = "public"
	PgCatalog      = "pg_catalog"
	InfoSchema     = "information_schema"
	MillraceSchema = "millrace"
)

// Empty is a catalog with the built-in schemas and the given system relations.
func Empty(system []*Relation) *Snapshot {
	s := &Snapshot{
		nextID:    FirstUserID,
		ids:       &idSource{},
		schemas:   map[string]*Schema{},
		relations: map[uint32]*Relation{},
		byName:    map[qualified]*Relation{},
		functions: map[uint32]*Function{},
		types:     map[uint32]*Type{},
		typeNames: map[qualified]*Type{},
	}
	for _, b := range []Schema{{ID: 11, Name: PgCatalog}, {ID: 2200, Name: PublicSchema}, {ID: 13000, Name: InfoSchema}, {ID: 13001, Name: MillraceSchema}} {
		s.schemas[b.Name] = &b
	}
	for _, r := range system {
		s.relations[r.ID] = r
		s.byName[qualified{r.Schema, r.Name}] = r
	}
	return s
}

// Relation finds a relation by id.
func (s *Snapshot) Relation(id uint32) (*Relation, bool) {
	r, ok := s.relations[id]
	return r, ok
}

// Lookup finds a relation by schema and name.
func (s *Snapshot) Lookup(schema, name string) (*Relation, bool) {
	r, ok := s.byName[qualified{schema, name}]
	return r, ok
}

// Resolve finds a relation by an unqualified name in the schemas of a search path, in order; pg_catalog comes
// first unless the path names it.
func (s *Snapshot) Resolve(path []string, name string) (*Relation, bool) {
	if !slices.Contains(path, PgCatalog) {
		if r, ok := s.Lookup(PgCatalog, name); ok {
			return r, true
		}
	}
	for _, schema := range path {
		if r, ok := s.Lookup(schema, name); ok {
			return r, true
		}
	}
	return nil, false
}

// Schema finds a schema.
func (s *Snapshot) Schema(name string) (*Schema, bool) {
	x, ok := s.schemas[name]
	return x, ok
}

// Relations lists all relations, system relations included, by id.
func (s *Snapshot) Relations() []*Relation {
	out := make([]*Relation, 0, len(s.relations))
	for _, r := range s.relations {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b *Relation) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// Schemas lists all schemas by name.
func (s *Snapshot) Schemas() []*Schema {
	out := make([]*Schema, 0, len(s.schemas))
	for _, x := range s.schemas {
		out = append(out, x)
	}
	slices.SortFunc(out, func(a, b *Schema) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Sinks lists the sinks that write to a relation.
func (s *Snapshot) Sinks(id uint32) []*Relation {
	return slices.DeleteFunc(s.Dependants(id), func(r *Relation) bool { return r.Into != id })
}

// Dependants lists the relations that read id directly and the sinks that write to it, by id.
func (s *Snapshot) Dependants(id uint32) []*Relation {
	var out []*Relation
	for _, r := range s.Relations() {
		if r.Into == id || slices.Contains(r.DependsOn, id) {
			out = append(out, r)
		}
	}
	return out
}
