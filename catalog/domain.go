package catalog

import (
	"millrace/sql/lex"
	"millrace/types"
)

// Domain is what a domain adds to the type that it is over, which is that of the first of its Type's Columns. Values of a domain are
// values of that type: only where one is made, by a cast or for a column, do the conditions count.
type Domain struct {
	NotNull bool    `json:",omitempty"`
	Default string  `json:",omitempty"` // SQL text
	Checks  []Check `json:",omitempty"` // over a column named value
}

// DomainBase makes the Columns of a domain's Type. over is the id of the domain that it is over, 0 for none.
func DomainBase(t types.T, over uint32) []Column {
	return []Column{{Name: "value", T: t, Domain: over}}
}

// DomainChain lists a domain and those that it is over, itself first; nil where there is none with this id.
func (s *Snapshot) DomainChain(id uint32) []*Type {
	var out []*Type
	for {
		d, ok := s.types[id]
		if !ok || d.Domain == nil {
			return out
		}
		out = append(out, d)
		id = d.Columns[0].Domain
	}
}

// ResolveDomain finds a domain by name: in a schema, or where that is empty in those of a search path, in which another type
// of the name hides it.
func (s *Snapshot) ResolveDomain(path []string, schema, name string) (*Type, bool) {
	if schema != "" {
		path = []string{schema}
	}
	for _, schema := range path {
		if t, ok := s.LookupType(schema, name); ok {
			return t, t.Domain != nil
		}
	}
	return nil, false
}

// Of reports whether a column is of the type, or of the domain, with an id, or of the type's arrays.
func (c *Column) Of(id uint32) bool { return !c.Dropped && (c.TypeID == id || c.Domain == id) }

// DomainName gives the name of a domain as messages have it: with its schema unless that is public.
func (s *Snapshot) DomainName(id uint32) (string, bool) {
	d, ok := s.types[id]
	if !ok || d.Domain == nil {
		return "", false
	}
	name := lex.QuoteIdent(d.Name)
	if d.Schema != PublicSchema {
		name = lex.QuoteIdent(d.Schema) + "." + name
	}
	return name, true
}

// TypeName gives the name of a type or domain by its object identifier.
func (s *Snapshot) TypeName(oid uint32) (string, bool) {
	if name, ok := s.DomainName(oid); ok {
		return name, true
	}
	t, ok := s.TypeByOID(oid)
	return t.String(), ok
}
