package pgcatalog

import (
	"millrace/catalog"
)

const domainIn, domainReceive = 2597, 2598

// domainsOf lists the domains.
func domainsOf(s *Source) []*catalog.Type {
	var out []*catalog.Type
	for _, t := range s.Catalog.Types() {
		if t.Domain != nil {
			out = append(out, t)
		}
	}
	return out
}

// attributeType is the id of a column's type, or of its domain, and its modifier.
func attributeType(c *catalog.Column) (oid uint32, mod int32) {
	if c.Domain != 0 {
		return c.Domain, -1
	}
	return c.T.OID(), c.T.Mod
}

// domainType adds a domain to pg_type.
func domainType(s *Source, t *table, d *catalog.Type) {
	base, mod := attributeType(&d.Columns[0])
	info := infoOf(d.T())
	var fallback any
	if d.Domain.Default != "" {
		fallback = d.Domain.Default
	}
	t.add("oid", d.ID, "typname", d.Name, "typnamespace", schemaOID(s, d.Schema), "typtype", "d", "typcategory", string(d.T().Category()), "typlen", info.length,
		"typbyval", info.byValue, "typalign", info.align, "typstorage", info.storage, "typcollation", info.collation, "typbasetype", base, "typtypmod", mod,
		"typnotnull", d.Domain.NotNull, "typdefault", fallback, "typdefaultbin", fallback, "typinput", domainIn, "typreceive", domainReceive,
		"typoutput", 0, "typsend", 0)
}

// domainConstraint is a CHECK constraint of a domain.
type domainConstraint struct {
	domain *catalog.Type
	id     uint32
	check  catalog.Check
}

func domainConstraints(s *Source) []domainConstraint {
	var out []domainConstraint
	for _, d := range domainsOf(s) {
		for i, k := range d.Domain.Checks {
			out = append(out, domainConstraint{d, partOID(d.ID, columnsMax-1-i), k})
		}
	}
	return out
}

// definition is what pg_get_constraintdef says.
func (c *domainConstraint) definition(pretty bool) string {
	k := constraint{kind: "c", check: c.check.Expr}
	return k.definition(pretty)
}

func infoDomains(s *Source, t *table) {
	t.defaults("domain_catalog", s.Database, "udt_catalog", s.Database)
	for _, d := range domainsOf(s) {
		n := numbersOf(d.T())
		var fallback any
		if d.Domain.Default != "" {
			fallback = d.Domain.Default
		}
		schema, name := udtOf(s, &d.Columns[0])
		typ := dataType(d.T())
		if d.Columns[0].Domain != 0 {
			typ = "USER-DEFINED"
		}
		t.add("domain_schema", d.Schema, "domain_name", d.Name, "data_type", typ, "character_maximum_length", n.chars,
			"character_octet_length", n.octets, "numeric_precision", n.precision, "numeric_precision_radix", n.radix, "numeric_scale", n.scale,
			"datetime_precision", n.time, "domain_default", fallback, "udt_schema", schema, "udt_name", name, "dtd_identifier", "1")
	}
}

// udtOf is the type, or domain, that a column or domain is directly of.
func udtOf(s *Source, c *catalog.Column) (schema, name string) {
	if chain := s.Catalog.DomainChain(c.Domain); len(chain) > 0 {
		return chain[0].Schema, chain[0].Name
	}
	return catalog.PgCatalog, c.T.Name()
}

func infoDomainConstraints(s *Source, t *table) {
	t.defaults("constraint_catalog", s.Database, "domain_catalog", s.Database, "is_deferrable", false, "initially_deferred", false)
	for _, c := range domainConstraints(s) {
		t.add("constraint_schema", c.domain.Schema, "constraint_name", c.check.Name, "domain_schema", c.domain.Schema, "domain_name", c.domain.Name)
	}
}
