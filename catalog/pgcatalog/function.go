package pgcatalog

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"millrace/catalog"
	"millrace/sql/lex"
	"millrace/types"
)

// Call answers a catalog function, as the planner's registry names it, in lower case; ok is false for one that is not
// known here. Arguments are never NULL, except format_type's second. A result that does not exist is NULL, as in
// PostgreSQL. path is the search path with its implicit schemas.
func Call(s *Source, path []string, name string, args []types.Datum) (d types.Datum, ok bool) {
	if strings.HasSuffix(name, "_is_visible") {
		return types.NewBool(s.isVisible(path, name, oidArg(args, 0))), true
	}
	if strings.HasPrefix(name, "has_") || name == "pg_has_role" {
		return types.NewBool(true), true // there is one role so far, the superuser
	}
	if name == "pg_get_viewdef" && args[0].B != nil { // by name instead of id
		r, ok := s.byName(path, string(args[0].B))
		if !ok {
			return types.Null, true
		}
		args = append([]types.Datum{types.NewInt(int64(r.ID))}, args[1:]...)
	}
	if f, ok := functionTable[name]; ok {
		return f(s, args), true
	}
	return types.Null, false
}

// functionTable are the functions that need nothing but the catalog.
var functionTable = map[string]func(*Source, []types.Datum) types.Datum{
	"pg_get_userbyid":                    userByID,
	"obj_description":                    objectDescription,
	"col_description":                    columnDescription,
	"shobj_description":                  nothing,
	"pg_get_expr":                        func(_ *Source, args []types.Datum) types.Datum { return args[0] }, // expressions are kept as text
	"pg_get_viewdef":                     viewDefinition,
	"pg_get_indexdef":                    indexDefinition,
	"pg_get_constraintdef":               constraintDefinition,
	"pg_get_ruledef":                     ruleDefinition,
	"pg_get_triggerdef":                  nothing,
	"pg_get_partkeydef":                  nothing,
	"pg_get_functiondef":                 nothing,
	"pg_get_function_sqlbody":            nothing,
	"pg_get_function_result":             functionResult,
	"pg_get_function_arguments":          functionArguments,
	"pg_get_function_identity_arguments": functionArguments,
	"pg_get_statisticsobjdef_columns":    nothing,
	"pg_get_serial_sequence":             serialSequence,
	"pg_relation_is_publishable":         func(*Source, []types.Datum) types.Datum { return types.NewBool(false) },
	"pg_relation_filenode":               func(_ *Source, args []types.Datum) types.Datum { return args[0] },
	"pg_tablespace_location":             func(*Source, []types.Datum) types.Datum { return types.NewString("") },
	"pg_encoding_to_char":                encodingName,
	"pg_char_to_encoding":                encodingNumber,
	"getdatabaseencoding":                func(*Source, []types.Datum) types.Datum { return types.NewString("UTF8") },
	"pg_client_encoding":                 func(*Source, []types.Datum) types.Datum { return types.NewString("UTF8") },
	"pg_is_in_recovery":                  func(*Source, []types.Datum) types.Datum { return types.NewBool(false) },
	"pg_my_temp_schema":                  func(*Source, []types.Datum) types.Datum { return types.NewInt(0) },
	"pg_is_other_temp_schema":            func(*Source, []types.Datum) types.Datum { return types.NewBool(false) },
	"pg_collation_actual_version":        nothing,
	"pg_index_column_has_property":       indexProperty,
}

func nothing(*Source, []types.Datum) types.Datum { return types.Null }

func oidArg(args []types.Datum, i int) uint32 { return uint32(args[i].I) }

func userByID(s *Source, args []types.Datum) types.Datum {
	if oidArg(args, 0) == roleOID {
		return types.NewString(s.Owner)
	}
	return types.NewString("unknown (OID=" + strconv.FormatInt(args[0].I, 10) + ")")
}

// byName finds a relation by a name as SQL writes it.
func (s *Source) byName(path []string, name string) (*catalog.Relation, bool) {
	tokens, err := lex.Scan(name, nil)
	if err != nil || tokens.Err != nil {
		return nil, false
	}
	var parts []string
	for _, t := range tokens.List {
		if t.Kind == lex.Ident || t.Kind == lex.QuotedIdent {
			parts = append(parts, t.Text)
		}
	}
	switch len(parts) {
	case 1:
		return s.Catalog.Resolve(path, parts[0])
	case 2:
		return s.Catalog.Lookup(parts[0], parts[1])
	}
	return nil, false
}

// relationOf finds the relation of an id of pg_class: a relation, or the one whose key's index it is.
func (s *Source) relationOf(id uint32) (r *catalog.Relation, index bool) {
	if id >= keyIndexOID && id < keyOID {
		id, index = id-keyIndexOID, true
	}
	if r, ok := s.Catalog.Relation(id); ok {
		return r, index
	}
	return nil, false
}

// isVisible reports whether an object is the one that its bare name means. Only relations and row types can be hidden:
// everything else is in pg_catalog.
func (s *Source) isVisible(path []string, function string, id uint32) bool {
	switch function {
	case "pg_table_is_visible":
	case "pg_type_is_visible":
		switch {
		case id >= rowTypeOID && id < rowArrayOID:
			id -= rowTypeOID
		case id >= rowArrayOID && id < keyIndexOID:
			id -= rowArrayOID
		default:
			return true
		}
	default:
		return true
	}
	r, index := s.relationOf(id)
	if r == nil || !slices.Contains(path, r.Schema) {
		return false
	}
	if index {
		return true
	}
	first, ok := s.Catalog.Resolve(path, r.Name)
	return ok && first.ID == r.ID
}

func objectDescription(s *Source, args []types.Datum) types.Datum {
	class := ""
	if len(args) > 1 {
		class = string(args[1].B)
	}
	id := oidArg(args, 0)
	if r, _ := s.relationOf(id); r != nil && r.ID == id && (class == "" || class == "pg_class") {
		return orNull(r.Comment)
	}
	if u, ok := s.Catalog.Type(id); ok && (class == "" || class == "pg_type") {
		return orNull(u.Comment)
	}
	if class == "" || class == "pg_namespace" {
		for _, x := range s.Catalog.Schemas() {
			if x.ID == id {
				return orNull(x.Comment)
			}
		}
	}
	return types.Null
}

func columnDescription(s *Source, args []types.Datum) types.Datum {
	r, ok := s.Catalog.Relation(oidArg(args, 0))
	if !ok {
		return types.Null
	}
	if n := args[1].I; n >= 1 && n <= int64(len(r.Columns)) && r.Columns[n-1].Live() {
		return orNull(r.Columns[n-1].Comment)
	}
	return types.Null
}

func orNull(s string) types.Datum {
	if s == "" {
		return types.Null
	}
	return types.NewString(s)
}

func viewDefinition(s *Source, args []types.Datum) types.Datum {
	if r, ok := s.Catalog.Relation(oidArg(args, 0)); ok && isView(r) {
		return types.NewString(Definition(r))
	}
	return types.Null
}

func ruleDefinition(s *Source, args []types.Datum) types.Datum {
	r, ok := s.Catalog.Relation(oidArg(args, 0) - ruleOID)
	if !ok || !isView(r) {
		return types.Null
	}
	return types.NewString("CREATE RULE \"_RETURN\" AS\n    ON SELECT TO " + lex.QuoteIdent(r.Schema) + "." + lex.QuoteIdent(r.Name) + " DO INSTEAD" + Definition(r))
}

// indexBy finds an index by its id.
func (s *Source) indexBy(id uint32) *index {
	r, key := s.relationOf(id)
	switch {
	case r == nil:
	case key:
		if x, ok := keyOf(r); ok {
			return &x
		}
	default:
		if x, ok := indexOf(s, r); ok {
			return &x
		}
	}
	return nil
}

// constraintBy finds a constraint by its id.
func (s *Source) constraintBy(id uint32) (constraint, bool) {
	if id >= partsOID {
		if r, ok := s.Catalog.Relation(objectOf(id)); ok {
			for _, c := range checksOf(r) {
				if c.id == id {
					return c, true
				}
			}
		}
		return constraint{}, false
	}
	x := s.indexBy(id - keyOID)
	if x == nil {
		x = s.indexBy(id - keyOID + keyIndexOID)
	}
	if x == nil || x.constraint != id {
		return constraint{}, false
	}
	return constraintOf(*x)
}

func indexDefinition(s *Source, args []types.Datum) types.Datum {
	x := s.indexBy(oidArg(args, 0))
	switch {
	case x == nil:
		return types.Null
	case len(args) < 2 || args[1].I == 0:
		return types.NewString(x.definition())
	}
	if n := args[1].I; n >= 1 && n <= int64(len(x.columns)) {
		return types.NewString(lex.QuoteIdent(x.names()[n-1]))
	}
	return types.NewString("")
}

func constraintDefinition(s *Source, args []types.Datum) types.Datum {
	pretty := len(args) > 1 && args[1].I != 0
	for _, c := range domainConstraints(s) {
		if c.id == oidArg(args, 0) {
			return types.NewString(c.definition(pretty))
		}
	}
	c, ok := s.constraintBy(oidArg(args, 0))
	if !ok {
		return types.Null
	}
	return types.NewString(c.definition(pretty))
}

// serialSequence is pg_get_serial_sequence: the sequence that a column of a table owns.
func serialSequence(s *Source, args []types.Datum) types.Datum {
	parts := strings.Split(strings.ReplaceAll(string(args[0].B), `"`, ""), ".")
	for _, x := range visible(s) {
		if x.Sequence == nil || x.Sequence.Table == 0 {
			continue
		}
		r, ok := s.Catalog.Relation(x.Sequence.Table)
		if !ok || r.Name != parts[len(parts)-1] || len(parts) > 1 && r.Schema != parts[0] || r.Columns[x.Sequence.Column].Name != string(args[1].B) {
			continue
		}
		return types.NewString(lex.QuoteIdent(x.Schema) + "." + lex.QuoteIdent(x.Name))
	}
	return types.Null
}

func indexProperty(s *Source, args []types.Datum) types.Datum {
	x := s.indexBy(oidArg(args, 0))
	if x == nil || args[1].I < 1 || args[1].I > int64(len(x.columns)) {
		return types.Null
	}
	switch strings.ToLower(string(args[2].B)) {
	case "asc", "nulls_last", "orderable", "search_array", "search_nulls", "returnable":
		return types.NewBool(true)
	case "desc", "nulls_first", "distance_orderable":
		return types.NewBool(false)
	}
	return types.Null
}

// encodings are PostgreSQL's numbers of the encodings that clients ask for.
var encodings = map[int64]string{0: "SQL_ASCII", 6: "UTF8", 8: "LATIN1"}

func encodingName(_ *Source, args []types.Datum) types.Datum {
	return types.NewString(encodings[args[0].I])
}

func encodingNumber(_ *Source, args []types.Datum) types.Datum {
	name := strings.ToUpper(strings.ReplaceAll(string(args[0].B), "-", ""))
	for _, n := range []int64{0, 6, 8} {
		if encodings[n] == name {
			return types.NewInt(n)
		}
	}
	return types.NewInt(-1)
}

// builtinFunctions are the fields of the functions in the data, by the text of their ids.
var builtinFunctions = sync.OnceValue(func() map[string][]string {
	out := map[string][]string{}
	for _, line := range lines("pg_proc.tsv") {
		f := strings.Split(line, "\t")
		out[f[0]] = f
	}
	return out
})

func builtinFunction(id types.Datum) []string { return builtinFunctions()[strconv.FormatInt(id.I, 10)] }

// typeNames are the names of the types in the data, by the text of their ids.
var typeNames = sync.OnceValue(func() map[string]string {
	out := map[string]string{}
	for _, line := range lines("pg_type.tsv") {
		f := strings.SplitN(line, "\t", 3)
		out[f[0]] = f[1]
	}
	return out
})

// typeText is a type's name by the text of its id.
func typeText(id string) string {
	if n, err := strconv.ParseUint(id, 10, 32); err == nil {
		if t, ok := types.ByOID(uint32(n)); ok {
			return t.String()
		}
	}
	if name, ok := typeNames()[id]; ok {
		return name
	}
	return "???"
}

func functionResult(_ *Source, args []types.Datum) types.Datum {
	f := builtinFunction(args[0])
	if f == nil {
		return types.Null
	}
	if f[3] == "t" {
		return types.NewString("SETOF " + typeText(f[10]))
	}
	return types.NewString(typeText(f[10]))
}

func functionArguments(_ *Source, args []types.Datum) types.Datum {
	f := builtinFunction(args[0])
	if f == nil {
		return types.Null
	}
	var names []string
	for _, id := range strings.Fields(f[11]) {
		names = append(names, typeText(id))
	}
	return types.NewString(strings.Join(names, ", "))
}
