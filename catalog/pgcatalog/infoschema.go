package pgcatalog

import (
	"slices"

	"millrace/catalog"
	"millrace/types"
)

func catalogName(s *Source, t *table) { t.add("catalog_name", s.Database) }

func schemata(s *Source, t *table) {
	t.defaults("catalog_name", s.Database, "schema_owner", s.Owner)
	for _, x := range s.Catalog.Schemas() {
		t.add("schema_name", x.Name)
	}
}

// tableType is the information schema's name of a relation's kind; empty for what it does not list.
func tableType(r *catalog.Relation) string {
	switch kindOf(r) {
	case "r":
		return "BASE TABLE"
	case "v":
		return "VIEW"
	case "m":
		return "MATERIALIZED VIEW"
	}
	return ""
}

func infoTables(s *Source, t *table) {
	t.defaults("table_catalog", s.Database, "is_typed", false)
	for _, r := range visible(s) {
		if typ := tableType(r); typ != "" {
			t.add("table_schema", r.Schema, "table_name", r.Name, "table_type", typ, "is_insertable_into", r.Kind == catalog.Table || r.Kind == catalog.Stream || r.Updatable)
		}
	}
}

func infoColumns(s *Source, t *table) {
	t.defaults("table_catalog", s.Database, "udt_catalog", s.Database, "udt_schema", catalog.PgCatalog, "is_self_referencing", false,
		"identity_cycle", false)
	for _, r := range visible(s) {
		if tableType(r) == "" {
			continue
		}
		for _, c := range columnsOf(r) {
			n := numbersOf(c.T)
			var fallback, expression any
			always := "NEVER"
			switch {
			case c.Generated == catalog.StoredExpr:
				always, expression = "ALWAYS", c.Default
			case hasDefault(c.Column):
				fallback = defaultText(s, c.Column)
			}
			var identity any
			if c.Generated == catalog.IdentityAlways {
				identity = "ALWAYS"
			} else if c.Generated == catalog.IdentityDefault {
				identity = "BY DEFAULT"
			}
			var domainCatalog, domainSchema, domainName any
			base, nullable := c.Column, !c.notNull(r)
			typ := dataType(c.T)
			if chain := s.Catalog.DomainChain(c.Domain); len(chain) > 0 {
				domainCatalog, domainSchema, domainName = s.Database, chain[0].Schema, chain[0].Name
				if base = &chain[0].Columns[0]; base.Domain != 0 {
					typ = "USER-DEFINED"
				}
				nullable = nullable && !slices.ContainsFunc(chain, func(d *catalog.Type) bool { return d.Domain.NotNull })
			}
			udtSchema, udt := udtOf(s, base)
			t.add("table_schema", r.Schema, "table_name", r.Name, "column_name", c.Name, "ordinal_position", c.number, "column_default", fallback,
				"is_nullable", nullable, "is_identity", identity != nil, "identity_generation", identity, "is_generated", always,
				"generation_expression", expression, "data_type", typ, "domain_catalog", domainCatalog, "domain_schema", domainSchema, "domain_name", domainName, "udt_schema", udtSchema, "character_maximum_length", n.chars, "character_octet_length", n.octets,
				"numeric_precision", n.precision, "numeric_precision_radix", n.radix, "numeric_scale", n.scale, "datetime_precision", n.time,
				"udt_name", udt, "dtd_identifier", c.number, "is_updatable", r.Kind == catalog.Table)
		}
	}
}

// dataType is a type's name without its modifier; ARRAY for any array.
func dataType(t types.T) string {
	if t.Kind == types.Array {
		return "ARRAY"
	}
	t.Mod = -1
	return t.String()
}

// numbers are a type's lengths and precisions; nil is NULL.
type numbers struct{ chars, octets, precision, radix, scale, time any }

// maxCharBytes is the most bytes that a character takes.
const maxCharBytes = 4

func numbersOf(t types.T) (n numbers) {
	switch t.Kind {
	case types.Text:
		n.octets = 1 << 30
	case types.Varchar, types.Bpchar:
		n.octets = 1 << 30
		if chars, ok := t.MaxChars(); ok {
			n.chars, n.octets = chars, min(chars*maxCharBytes, 1<<30)
		}
	case types.Int2:
		n.precision, n.radix, n.scale = 16, 2, 0
	case types.Int4:
		n.precision, n.radix, n.scale = 32, 2, 0
	case types.Int8:
		n.precision, n.radix, n.scale = 64, 2, 0
	case types.Float4:
		n.precision, n.radix = 24, 2
	case types.Float8:
		n.precision, n.radix = 53, 2
	case types.Numeric:
		n.radix = 10
		if p, scale, ok := t.PrecisionScale(); ok {
			n.precision, n.scale = p, scale
		}
	case types.Date:
		n.time = 0
	case types.Time, types.Timestamp, types.TimestampTZ, types.Interval:
		n.time = 6
		if t.Mod >= 0 && t.Kind != types.Interval {
			n.time = int(t.Mod)
		}
	}
	return n
}

func infoViews(s *Source, t *table) {
	t.defaults("table_catalog", s.Database, "check_option", "NONE", "is_updatable", false, "is_insertable_into", false, "is_trigger_updatable", false,
		"is_trigger_deletable", false, "is_trigger_insertable_into", false)
	for _, r := range visible(s) {
		if kindOf(r) == "v" {
			check := r.CheckOption
			if check == "" {
				check = "NONE"
			}
			t.add("table_schema", r.Schema, "table_name", r.Name, "view_definition", Definition(r), "check_option", check,
				"is_updatable", r.Updatable, "is_insertable_into", r.Updatable)
		}
	}
}

func viewTableUsage(s *Source, t *table) {
	t.defaults("view_catalog", s.Database, "table_catalog", s.Database)
	for _, r := range visible(s) {
		if !isView(r) {
			continue
		}
		for _, id := range r.DependsOn {
			if in, ok := s.Catalog.Relation(id); ok {
				t.add("view_schema", r.Schema, "view_name", r.Name, "table_schema", in.Schema, "table_name", in.Name)
			}
		}
	}
}

// constraintTypes are the information schema's names.
var constraintTypes = map[string]string{"p": "PRIMARY KEY", "u": "UNIQUE", "c": "CHECK"}

func tableConstraints(s *Source, t *table) {
	t.defaults("constraint_catalog", s.Database, "table_catalog", s.Database, "is_deferrable", false, "initially_deferred", false, "enforced", true)
	for _, c := range constraintsOf(s) {
		t.add("constraint_schema", c.rel.Schema, "constraint_name", c.name, "table_schema", c.rel.Schema, "table_name", c.rel.Name,
			"constraint_type", constraintTypes[c.kind])
	}
}

func checkConstraints(s *Source, t *table) {
	t.defaults("constraint_catalog", s.Database)
	for _, c := range constraintsOf(s) {
		if c.kind == "c" {
			t.add("constraint_schema", c.rel.Schema, "constraint_name", c.name, "check_clause", "("+c.check+")")
		}
	}
}

// keyConstraints are the constraints that have columns of their own.
func keyConstraints(s *Source) []constraint {
	return slices.DeleteFunc(constraintsOf(s), func(c constraint) bool { return c.index == nil })
}

func keyColumns(s *Source, t *table) {
	t.defaults("constraint_catalog", s.Database, "table_catalog", s.Database)
	for _, c := range keyConstraints(s) {
		for i, name := range c.index.names() {
			t.add("constraint_schema", c.rel.Schema, "constraint_name", c.name, "table_schema", c.rel.Schema, "table_name", c.rel.Name,
				"column_name", name, "ordinal_position", i+1)
		}
	}
}

func constraintColumns(s *Source, t *table) {
	t.defaults("constraint_catalog", s.Database, "table_catalog", s.Database)
	for _, c := range keyConstraints(s) {
		for _, name := range c.index.names() {
			t.add("table_schema", c.rel.Schema, "table_name", c.rel.Name, "column_name", name, "constraint_schema", c.rel.Schema, "constraint_name", c.name)
		}
	}
}

func constraintTables(s *Source, t *table) {
	t.defaults("constraint_catalog", s.Database, "table_catalog", s.Database)
	for _, c := range keyConstraints(s) {
		t.add("table_schema", c.rel.Schema, "table_name", c.rel.Name, "constraint_schema", c.rel.Schema, "constraint_name", c.name)
	}
}

func tablePrivileges(s *Source, t *table) {
	t.defaults("grantor", s.Owner, "grantee", s.Owner, "table_catalog", s.Database, "is_grantable", true, "with_hierarchy", false)
	for _, r := range visible(s) {
		if tableType(r) == "" {
			continue
		}
		privileges := []string{"INSERT", "SELECT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"}
		for _, p := range privileges {
			t.add("table_schema", r.Schema, "table_name", r.Name, "privilege_type", p, "with_hierarchy", p == "SELECT")
		}
	}
}

func enabledRoles(s *Source, t *table) { t.add("role_name", s.Owner) }

func characterSets(s *Source, t *table) {
	t.add("character_set_name", "UTF8", "character_repertoire", "UCS", "form_of_use", "UTF8", "default_collate_catalog", s.Database,
		"default_collate_schema", catalog.PgCatalog, "default_collate_name", "default")
}
