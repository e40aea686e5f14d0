package ast

import (
	"strings"

	"millrace/sql/lex"
)

func (p *printer) createFunction(s *CreateFunction) {
	p.w("CREATE ")
	p.when(s.OrReplace, "OR REPLACE ")
	if s.Procedure {
		p.w("PROCEDURE ")
	} else {
		p.w("FUNCTION ")
	}
	p.name(s.Name)
	parens(p, s.Params, p.funcParam)
	if s.Returns != nil {
		p.w(" RETURNS ")
		p.typeName(s.Returns)
	}
	if s.ReturnsTable != nil {
		p.w(" RETURNS TABLE ")
		parens(p, s.ReturnsTable, p.funcParam)
	}
	if s.Language != "" {
		p.w(" LANGUAGE ", lex.QuoteString(s.Language))
	}
	for _, o := range s.Options {
		p.w(" ", functionOption(o))
		if o.Value != nil && (o.Name == "cost" || o.Name == "rows" || o.Name == "support") {
			p.w(" ")
			p.optionValue(o.Value)
		}
	}
	if s.As != nil {
		p.w(" AS ")
		list(p, s.As, p.str)
	}
	p.clause(" RETURN ", s.Return)
	if s.Atomic != nil {
		p.w(" BEGIN ATOMIC")
		for _, a := range s.Atomic {
			p.w(" ")
			p.node(a)
			p.w(";")
		}
		p.w(" END")
	}
}

// functionOption gives the words of an option, without the value of those that have one of their own.
func functionOption(o Option) string {
	text, _ := o.Text()
	switch o.Name {
	case "volatility":
		return strings.ToUpper(text)
	case "strict":
		if text == "true" {
			return "STRICT"
		}
		return "CALLED ON NULL INPUT"
	case "security":
		return "SECURITY " + strings.ToUpper(text)
	case "leakproof":
		if text == "true" {
			return "LEAKPROOF"
		}
		return "NOT LEAKPROOF"
	case "parallel":
		return "PARALLEL " + lex.QuoteIdent(text)
	case "set", "reset":
		return text
	}
	return strings.ToUpper(o.Name)
}

func (p *printer) funcParam(a *FuncParam) {
	if a.Mode != "" {
		p.w(strings.ToUpper(a.Mode), " ")
	}
	if a.Name != "" {
		p.ident(a.Name)
		p.w(" ")
	}
	p.typeName(a.Type)
	p.clause(" DEFAULT ", a.Default)
}

func (p *printer) createType(s *CreateType) {
	p.w("CREATE TYPE ")
	p.name(s.Name)
	switch s.Kind {
	case TypeEnum:
		p.w(" AS ENUM ")
		parens(p, s.Labels, p.str)
	case TypeComposite:
		p.w(" AS ")
		parens(p, s.Columns, p.columnDef)
	case TypeRange:
		p.w(" AS RANGE ")
		p.options(s.Options)
	case TypeBase:
		p.w(" ")
		p.options(s.Options)
	}
}

func (p *printer) sequenceOptions(os []Option) {
	for i, o := range os {
		p.when(i > 0, " ")
		word := strings.ToUpper(o.Name)
		switch o.Name {
		case "owned_by":
			word = "OWNED BY"
		case "sequence_name":
			word = "SEQUENCE NAME"
		}
		p.w(word)
		if o.Value != nil {
			p.w(" ")
			p.expr(o.Value, PrecLowest)
		}
	}
}

func (p *printer) roleOptions(os []Option) {
	names := func(v Expr) {
		list(p, v.(*Row).Args, func(e Expr) { p.expr(e, PrecLowest) })
	}
	for i, o := range os {
		p.when(i > 0, " ")
		text, ok := o.Text()
		switch o.Name {
		case "password":
			p.w("PASSWORD ")
			if ok {
				p.str(text)
			} else {
				p.w("NULL")
			}
		case "connection_limit":
			p.w("CONNECTION LIMIT ", text)
		case "valid_until":
			p.w("VALID UNTIL ")
			p.str(text)
		case "sysid":
			p.w("SYSID ", text)
		case "role", "admin":
			p.w(strings.ToUpper(o.Name), " ")
			names(o.Value)
		case "in_role":
			p.w("IN ROLE ")
			names(o.Value)
		default:
			p.when(text == "false", "NO")
			p.w(strings.ToUpper(o.Name))
		}
	}
}
