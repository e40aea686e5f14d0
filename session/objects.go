package session

import (
	"errors"
	"slices"
	"strings"

	"millrace/catalog"
	"millrace/expr"
	"millrace/expr/agg"
	"millrace/expr/scalar"
	"millrace/pgerr"
	"millrace/planner"
	"millrace/sql/ast"
	"millrace/sql/lex"
	"millrace/sql/parser"
	"millrace/types"
)

// roleOID is the object identifier of the one role, that of PostgreSQL's first.
const roleOID = 10

// objects answers for the object alias types (regclass and its like) by the catalog and the session's search path:
// types.Objects.
type objects struct{ s *Session }

// ObjectID implements types.Objects.
func (o objects) ObjectID(k types.Kind, text string) (uint32, error) {
	if k == types.Regtype {
		return o.typeID(text)
	}
	parts, ok := splitName(text)
	if !ok {
		return 0, pgerr.New(pgerr.InvalidName, "invalid name syntax")
	}
	switch k {
	case types.Regclass:
		return o.relationID(parts)
	case types.Regproc:
		return functionID(parts, text)
	}
	if len(parts) != 1 {
		return 0, pgerr.New(pgerr.InvalidName, "invalid name syntax")
	}
	if k == types.Regrole {
		if parts[0] != o.s.user {
			return 0, pgerr.New(pgerr.UndefinedObject, "role \"%s\" does not exist", parts[0])
		}
		return roleOID, nil
	}
	schema, ok := o.s.catalog().Schema(parts[0])
	if !ok {
		return 0, pgerr.New(pgerr.InvalidSchemaName, "schema \"%s\" does not exist", parts[0])
	}
	return schema.ID, nil
}

// relationID finds [database.][schema.]relation.
func (o objects) relationID(parts []string) (uint32, error) {
	cat := o.s.catalog()
	name := parts[len(parts)-1]
	if len(parts) == 1 {
		if r, ok := cat.Resolve(o.s.searchPath(), name); ok {
			return r.ID, nil
		}
		return 0, pgerr.New(pgerr.UndefinedTable, "relation \"%s\" does not exist", name)
	}
	if len(parts) > 3 {
		return 0, pgerr.New(pgerr.SyntaxError, "improper relation name (too many dotted names): %s", strings.Join(parts, "."))
	}
	if len(parts) == 3 && parts[0] != o.s.database {
		return 0, pgerr.New(pgerr.FeatureNotSupported, "cross-database references are not implemented: \"%s\"", strings.Join(parts, "."))
	}
	schema := parts[len(parts)-2]
	if _, ok := cat.Schema(schema); !ok {
		return 0, pgerr.New(pgerr.InvalidSchemaName, "schema \"%s\" does not exist", schema)
	}
	if r, ok := cat.Lookup(schema, name); ok {
		return r.ID, nil
	}
	return 0, pgerr.New(pgerr.UndefinedTable, "relation \"%s.%s\" does not exist", schema, name)
}

// functionID finds a built-in function by a name that only one has.
func functionID(parts []string, text string) (uint32, error) {
	name := parts[len(parts)-1]
	if len(parts) == 2 && parts[0] != catalog.PgCatalog || len(parts) > 2 {
		return 0, pgerr.New(pgerr.UndefinedFunction, "function \"%s\" does not exist", text)
	}
	var found []uint32
	for _, f := range scalar.Lookup(name) {
		found = append(found, f.OID)
	}
	for _, f := range agg.Lookup(name) {
		found = append(found, f.OID)
	}
	switch {
	case len(found) == 0:
		return 0, pgerr.New(pgerr.UndefinedFunction, "function \"%s\" does not exist", text)
	case len(found) > 1:
		return 0, pgerr.New(pgerr.AmbiguousFunction, "more than one function named \"%s\"", text)
	}
	return found[0], nil
}

// typeID reads a type's name as the grammar does, as PostgreSQL's regtypein: modifiers are allowed and mean nothing.
func (o objects) typeID(text string) (uint32, error) {
	e, err := parser.ParseExpr("NULL::" + text)
	if err != nil {
		return 0, pgerr.New(pgerr.SyntaxError, "syntax error at or near \"%s\"", text)
	}
	cast, ok := e.(*ast.Cast)
	if ok {
		_, ok = cast.Arg.(*ast.Literal)
	}
	if !ok {
		return 0, pgerr.New(pgerr.SyntaxError, "invalid type name \"%s\"", text)
	}
	t, domain, err := planner.ResolveColumnType(cast.Type, o.s.ddlEnv(o.s.catalog()))
	if err != nil {
		var pe *pgerr.Error
		if errors.As(err, &pe) {
			pe.Position = 0 // it is one in the name
		}
		return 0, err
	}
	if domain != 0 {
		return domain, nil
	}
	return t.OID(), nil
}

// ObjectName implements types.Objects.
func (o objects) ObjectName(k types.Kind, oid uint32) (string, bool) {
	cat := o.s.catalog()
	switch k {
	case types.Regclass:
		r, ok := cat.Relation(oid)
		if !ok {
			return "", false
		}
		if visible, ok := cat.Resolve(o.s.searchPath(), r.Name); ok && visible.ID == oid {
			return lex.QuoteIdent(r.Name), true
		}
		return lex.QuoteIdent(r.Schema) + "." + lex.QuoteIdent(r.Name), true
	case types.Regtype:
		return cat.TypeName(oid)
	case types.Regproc:
		return functionName(oid)
	case types.Regrole:
		return lex.QuoteIdent(o.s.user), oid == roleOID
	}
	for _, s := range cat.Schemas() {
		if s.ID == oid {
			return lex.QuoteIdent(s.Name), true
		}
	}
	return "", false
}

func functionName(oid uint32) (string, bool) {
	fns := scalar.Functions()
	if i := slices.IndexFunc(fns, func(f *expr.Function) bool { return f.OID == oid && !f.Operator }); i >= 0 {
		return fns[i].Name, true
	}
	aggs := agg.Functions()
	if i := slices.IndexFunc(aggs, func(f *agg.Function) bool { return f.OID == oid }); i >= 0 {
		return aggs[i].Name, true
	}
	return "", false
}

// splitName splits a dotted name into its parts: lower case but for what is in double quotes.
func splitName(text string) (parts []string, ok bool) {
	rest := strings.TrimSpace(text)
	for {
		var part string
		if part, rest, ok = namePart(rest); !ok {
			return nil, false
		}
		parts = append(parts, part)
		rest = strings.TrimSpace(rest)
		if rest == "" {
			return parts, true
		}
		if rest[0] != '.' {
			return nil, false
		}
		rest = strings.TrimSpace(rest[1:])
	}
}

// namePart reads one part of a dotted name.
func namePart(s string) (part, rest string, ok bool) {
	if s == "" || s[0] != '"' {
		end := strings.IndexAny(s, ". \t\n\r\f\v")
		if end < 0 {
			end = len(s)
		}
		return strings.ToLower(s[:end]), s[end:], end > 0
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] != '"':
			b.WriteByte(s[i])
		case i+1 < len(s) && s[i+1] == '"':
			b.WriteByte('"')
			i++
		default:
			return b.String(), s[i+1:], b.Len() > 0
		}
	}
	return "", "", false
}

// toObject is to_regclass and its like: NULL where the input function would fail for want of the object.
func (s *Session) toObject(k types.Kind, text []byte) (types.Datum, bool, error) {
	oid, err := objects{s}.ObjectID(k, string(text))
	if err == nil {
		return types.NewInt(int64(oid)), true, nil
	}
	switch pgerr.CodeOf(err) {
	case pgerr.UndefinedTable, pgerr.UndefinedObject, pgerr.UndefinedFunction, pgerr.AmbiguousFunction, pgerr.InvalidSchemaName:
		return types.Null, true, nil
	}
	return types.Null, true, err
}
