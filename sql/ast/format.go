package ast

import (
	"fmt"
	"strconv"
	"strings"

	"millrace/sql/lex"
)

// Format prints a node as SQL, on one line, that parses back to an equal tree. It prints statements, expressions, items
// of FROM, query bodies and type names; a node that exists only as part of another is printed as it stands there.
func Format(n Node) string {
	var p printer
	p.node(n)
	return p.String()
}

// printer gathers the text.
type printer struct {
	strings.Builder
	// restricted is set where PostgreSQL's grammar wants a b_expr.
	restricted bool
	// into is to be printed with the first SELECT.
	into *Into
}

func (p *printer) node(n Node) {
	switch n := n.(type) {
	case *Select:
		p.query(n)
	case Statement:
		p.statement(n)
	case Expr:
		p.expr(n, PrecLowest)
	case TableExpr:
		p.table(n)
	case QueryBody:
		p.body(n)
	case TableElement:
		p.element(n)
	case *TypeName:
		p.typeName(n)
	case ObjectName:
		p.name(n)
	case *Target:
		p.target(n)
	case *OrderItem:
		p.orderItem(n)
	case *WindowDef:
		p.window(n)
	case GroupItem:
		p.groupItem(n)
	case *Option:
		p.option(*n)
	default:
		panic(fmt.Sprintf("ast.Format: %T is not printed by itself", n))
	}
}

// w writes pieces of text.
func (p *printer) w(parts ...string) {
	for _, s := range parts {
		p.WriteString(s)
	}
}

// when writes text if a condition holds.
func (p *printer) when(cond bool, text string) {
	if cond {
		p.WriteString(text)
	}
}

func (p *printer) ident(s string) { p.WriteString(lex.QuoteIdent(s)) }

func (p *printer) str(s string) { p.WriteString(lex.QuoteString(s)) }

func (p *printer) int(n int64) { p.WriteString(strconv.FormatInt(n, 10)) }

// list writes items with commas between them.
func list[T any](p *printer, items []T, write func(T)) {
	for i, x := range items {
		if i > 0 {
			p.WriteString(", ")
		}
		write(x)
	}
}

// parens writes items with commas, in parentheses.
func parens[T any](p *printer, items []T, write func(T)) {
	p.WriteByte('(')
	list(p, items, write)
	p.WriteByte(')')
}

// optParens writes a space and items in parentheses where there are any.
func optParens[T any](p *printer, items []T, write func(T)) {
	if len(items) > 0 {
		p.WriteByte(' ')
		parens(p, items, write)
	}
}

func (p *printer) idents(names []string) { list(p, names, p.ident) }

func (p *printer) exprs(es []Expr) { list(p, es, func(e Expr) { p.expr(e, PrecLowest) }) }

func (p *printer) parenExprs(es []Expr) { parens(p, es, func(e Expr) { p.expr(e, PrecLowest) }) }

// clause writes a word and an expression where there is one.
func (p *printer) clause(word string, e Expr) {
	if e != nil {
		p.w(word)
		p.expr(e, PrecLowest)
	}
}

// named writes a word and a name where there is one.
func (p *printer) named(word, name string) {
	if name != "" {
		p.w(word)
		p.ident(name)
	}
}

func (p *printer) name(n ObjectName) {
	if n.Catalog != "" {
		p.ident(n.Catalog)
		p.w(".")
	}
	if n.Schema != "" || n.Catalog != "" {
		p.ident(n.Schema)
		p.w(".")
	}
	p.ident(n.Name)
}

func (p *printer) names(ns []ObjectName) { list(p, ns, p.name) }

// operator writes the name of an operator.
func (p *printer) operator(op, schema string) {
	if schema == "" {
		p.w(op)
		return
	}
	p.w("OPERATOR(")
	p.ident(schema)
	p.w(".", op, ")")
}

// options writes options in parentheses.
func (p *printer) options(os []Option) { parens(p, os, p.option) }

// with writes WITH and options where there are any.
func (p *printer) with(os []Option) {
	if len(os) > 0 {
		p.w(" WITH ")
		p.options(os)
	}
}

func (p *printer) option(o Option) {
	p.optionName(o.Name)
	if o.Value != nil {
		p.w(" = ")
		p.optionValue(o.Value)
	}
}

// optionName writes a name that may have dots in it.
func (p *printer) optionName(name string) {
	parts := strings.Split(name, ".")
	for _, part := range parts {
		if part == "" {
			parts = []string{name}
			break
		}
	}
	for i, part := range parts {
		if i > 0 {
			p.w(".")
		}
		p.label(part)
	}
}

// label writes a name where any keyword can stand.
func (p *printer) label(s string) {
	if lex.Lookup(s) != lex.NoKeyword {
		p.w(s)
		return
	}
	p.ident(s)
}

func (p *printer) optionValue(v Expr) {
	c, ok := v.(*ColumnRef)
	if !ok {
		p.expr(v, PrecLowest)
		return
	}
	if last := c.Parts[len(c.Parts)-1]; len(c.Parts) <= 2 && isOperatorName(last) {
		schema := ""
		if len(c.Parts) == 2 {
			schema = c.Parts[0]
		}
		p.operator(last, schema)
		return
	}
	for i, part := range c.Parts {
		switch {
		case i > 0:
			p.w(".")
			p.label(part)
		case part == "true" || part == "false" || part == "secret" || part == "interval" || part == "operator":
			p.w(`"`, part, `"`)
		default:
			p.label(part)
		}
	}
}

func isOperatorName(s string) bool { return s != "" && strings.Trim(s, "~!@#^&|`?+-*/%<>=") == "" }

// wordOption writes an option of EXPLAIN and its like: without an equals sign.
func (p *printer) wordOption(o Option) {
	if lex.Lookup(o.Name).Info().Class == lex.Reserved && o.Name != "analyze" {
		p.ident(o.Name)
	} else {
		p.label(o.Name)
	}
	switch v := o.Value.(type) {
	case nil:
	case *Row:
		p.w(" ")
		parens(p, v.Args, p.optionValue)
	default:
		p.w(" ")
		p.expr(o.Value, PrecLowest)
	}
}

func (p *printer) alias(a *Alias) {
	if a == nil {
		return
	}
	p.w(" AS ")
	p.ident(a.Name)
	optParens(p, a.Columns, p.ident)
}

func (p *printer) role(r RoleSpec) {
	switch r.Kind {
	case RolePublic:
		p.w("public")
	case RoleCurrentRole:
		p.w("CURRENT_ROLE")
	case RoleCurrentUser:
		p.w("CURRENT_USER")
	case RoleSessionUser:
		p.w("SESSION_USER")
	default:
		p.ident(r.Name)
	}
}

func (p *printer) roles(rs []RoleSpec) { list(p, rs, p.role) }

// typeName writes a type; PostgreSQL's own under their SQL names, where those mean the same.
func (p *printer) typeName(t *TypeName) {
	p.when(t.SetOf, "SETOF ")
	p.baseType(t)
	p.when(t.PercentType, "%TYPE")
	for _, b := range t.Bounds {
		p.w("[")
		if b >= 0 {
			p.int(int64(b))
		}
		p.w("]")
	}
}

// sqlTypes are the types whose names are keywords, and whether these may have modifiers: none, any expressions, or one
// integer constant.
var sqlTypes = map[string]struct {
	before, after string
	mods          byte
}{
	"int2": {"smallint", "", '0'}, "int4": {"integer", "", '0'}, "int8": {"bigint", "", '0'}, "bool": {"boolean", "", '0'},
	"float4": {"real", "", '0'}, "float8": {"double precision", "", '0'}, "numeric": {"numeric", "", '*'},
	"varbit": {"bit varying", "", '*'}, "bit": {"bit", "", '+'}, "bpchar": {"character", "", '!'},
	"varchar": {"character varying", "", '1'}, "time": {"time", "", '1'}, "timestamp": {"timestamp", "", '1'},
	"timetz": {"time", " with time zone", '1'}, "timestamptz": {"timestamp", " with time zone", '1'},
}

func (p *printer) baseType(t *TypeName) {
	if t.Name.Schema == "pg_catalog" && t.Name.Catalog == "" && !t.PercentType {
		if t.Name.Name == "interval" {
			if p.interval(t) {
				return
			}
		} else if s, ok := sqlTypes[t.Name.Name]; ok {
			n := len(t.Mods)
			one := n == 1 && isSmallInt(t.Mods[0])
			switch {
			case n == 0 && s.mods != '+' && s.mods != '!', n > 0 && (s.mods == '*' || s.mods == '+'),
				one && (s.mods == '1' || s.mods == '!'):
				p.w(s.before)
				if n > 0 {
					p.parenExprs(t.Mods)
				}
				p.w(s.after)
				return
			}
		}
	}
	p.name(t.Name)
	if len(t.Mods) > 0 {
		p.parenExprs(t.Mods)
	}
}

// interval writes an interval type where its parts fit the SQL syntax.
func (p *printer) interval(t *TypeName) bool {
	if len(t.Mods) > 1 || len(t.Mods) == 1 && !isSmallInt(t.Mods[0]) {
		return false
	}
	p.w("interval")
	p.when(t.Fields != "", " "+t.Fields)
	if len(t.Mods) == 1 {
		p.parenExprs(t.Mods)
	}
	return true
}

// isSmallInt says whether an expression is an integer constant that SQL's own types can have as a length.
func isSmallInt(e Expr) bool {
	l, ok := e.(*Literal)
	if !ok || l.Kind != IntLiteral {
		return false
	}
	_, err := strconv.ParseInt(l.Text, 10, 32)
	return err == nil
}
