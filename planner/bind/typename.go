package bind

import (
	"strconv"
	"strings"

	"millrace/catalog"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/types"
)

// Type gives the type that a type name stands for: 42704 where there is none.
func (b *Binder) Type(n *ast.TypeName) (types.T, error) {
	if n.SetOf {
		return types.T{}, pgerr.Unsupported("SETOF types").At(n.Pos)
	}
	if b.domain(n) != nil {
		return types.T{}, pgerr.Unsupported("a domain in this place").At(n.Pos)
	}
	if n.PercentType {
		return types.T{}, pgerr.Unsupported("%TYPE").At(n.Pos)
	}
	t, err := b.lookupType(n)
	if err != nil {
		return t, err
	}
	if t.Mod, err = typeModifier(t, n); err != nil {
		return t, at(err, n.Pos)
	}
	if len(n.Bounds) > 0 {
		if t.ArrayOID() == 0 {
			return t, pgerr.New(pgerr.UndefinedObject, "type \"%s\" does not exist", n.Name.Name+"[]").At(n.Pos)
		}
		t = types.ArrayOf(t)
	}
	return t, nil
}

func (b *Binder) lookupType(n *ast.TypeName) (types.T, error) {
	name := n.Name.Name
	full := name
	if n.Name.Schema != "" {
		full = n.Name.Schema + "." + name
	}
	if n.Name.Schema == "" || n.Name.Schema == catalog.PgCatalog {
		lookup := name
		if name == "char" {
			lookup = `"char"` // only the quoted name reaches here: the keyword is pg_catalog.bpchar
		}
		if what, ok := types.Unsupported(name); ok {
			return types.T{}, pgerr.Unsupported("the type " + what).At(n.Pos)
		}
		if t, ok := types.LookupType(lookup); ok && t.Kind != types.Unknown && t.Kind != types.Array || ok && t.Is(types.Array) && t.Elem != types.Invalid {
			return t, nil
		}
	}
	if t, ok := b.userType(n.Name.Schema, name); ok {
		return t, nil
	}
	if _, ok := b.env.Catalog.Schema(n.Name.Schema); !ok && n.Name.Schema != "" {
		return types.T{}, pgerr.New(pgerr.InvalidSchemaName, "schema \"%s\" does not exist", n.Name.Schema).At(n.Pos)
	}
	e := pgerr.New(pgerr.UndefinedObject, "type \"%s\" does not exist", full).At(n.Pos)
	var names []string
	for _, k := range types.Kinds() {
		if k != types.Unknown && k != types.Void && k != types.Record && k != types.Array {
			names = append(names, types.Of(k).Name(), types.Of(k).String())
		}
	}
	names = append(names, "int", "decimal", "string")
	switch near := nearest(name, names); {
	case name == "string" || name == "tinytext" || name == "longtext" || name == "clob":
		e.WithHint("Perhaps you meant the type \"text\".")
	case name == "datetime":
		e.WithHint("Perhaps you meant the type \"timestamp\".")
	case name == "double" || name == "float64":
		e.WithHint("Perhaps you meant the type \"double precision\".")
	case near != "":
		e.WithHint("Perhaps you meant the type \"%s\".", near)
	}
	return types.T{}, e
}

// userType finds a type that a user has defined, by the search path where schema is "", and notes that the statement uses it.
func (b *Binder) userType(schema, name string) (types.T, bool) {
	t, ok := types.T{}, false
	if schema != "" {
		t, ok = b.env.Catalog.TypeNamed(schema, name)
	} else {
		t, ok = b.env.Catalog.ResolveType(b.path, name)
	}
	if ok {
		b.types[t.Def.OID()] = true
	}
	return t, ok
}

// typeModifier encodes what stands in parentheses after a type's name, or an interval's fields.
func typeModifier(t types.T, n *ast.TypeName) (int32, error) {
	mods := make([]int, len(n.Mods))
	for i, m := range n.Mods {
		v, ok := modifierConst(m)
		if !ok {
			return -1, pgerr.New(pgerr.SyntaxError, "type modifiers must be simple constants or identifiers").At(ast.Start(m))
		}
		mods[i] = v
	}
	if t.Is(types.Interval) && n.Fields != "" {
		precision := -1
		if len(mods) > 0 {
			precision = mods[len(mods)-1]
		}
		return types.IntervalMod(strings.ToLower(n.Fields), precision)
	}
	if len(mods) == 0 {
		return -1, nil
	}
	k := t.Kind
	if k == types.Array {
		k = t.Elem
	}
	return types.Modifier(k, mods...)
}

func modifierConst(e ast.Expr) (int, bool) {
	sign := ""
	if u, ok := e.(*ast.UnaryOp); ok && u.Op == "-" {
		sign, e = "-", u.Arg
	}
	lit, ok := e.(*ast.Literal)
	if !ok || lit.Kind != ast.IntLiteral && lit.Kind != ast.StringLiteral {
		return 0, false
	}
	v, err := strconv.ParseInt(sign+lit.Text, 10, 32)
	return int(v), err == nil
}

func (c *clause) cast(e *ast.Cast) (expr.Expr, error) {
	t, domain, err := c.b.TypeOrDomain(e.Type)
	if err != nil {
		return nil, err
	}
	var x expr.Expr
	if arr, ok := e.Arg.(*ast.Array); ok && t.Is(types.Array) {
		x, err = c.arrayAs(arr, t, 1)
	} else if x, err = c.bind(e.Arg); err == nil {
		x, err = c.coerce(x, t, explicit, e.Pos)
	}
	if err != nil {
		return nil, err
	}
	return c.toDomain(x, domain, e.Pos)
}

// collations are those under which text compares by code point, as it always does here.
var collations = map[string]bool{"default": true, "C": true, "POSIX": true, "ucs_basic": true, "C.UTF-8": true, "C.utf8": true}

func (c *clause) collate(e *ast.Collate) (expr.Expr, error) {
	x, err := c.bind(e.Arg)
	if err != nil {
		return nil, err
	}
	if x, err = c.typed(x, ast.Start(e.Arg)); err != nil {
		return nil, err
	}
	t := x.Type()
	if t.Is(types.Array) {
		t = t.ElemType()
	}
	if t.Category() != 'S' {
		return nil, pgerr.New(pgerr.DatatypeMismatch, "collations are not supported by type %s", x.Type()).At(e.Pos)
	}
	if !collations[e.Collation.Name] {
		return nil, pgerr.New(pgerr.UndefinedObject, "collation \"%s\" for encoding \"UTF8\" does not exist", e.Collation.Name).
			WithHint("Text is compared by code point, as by the collation \"C\".").At(e.Pos)
	}
	return x, nil
}
