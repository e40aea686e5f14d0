package expr

import (
	"strconv"
	"strings"

	"millrace/types"
)

// String prints e as SQL for EXPLAIN: infix operators in parentheses, columns by name, constants as literals.
// The text is for people; it need not parse.
func String(e Expr) string {
	var p printer
	p.expr(e)
	return p.String()
}

type printer struct{ strings.Builder }

func (p *printer) list(es []Expr, sep string) {
	for i, e := range es {
		if i > 0 {
			p.WriteString(sep)
		}
		p.expr(e)
	}
}

func (p *printer) expr(e Expr) {
	switch e := e.(type) {
	case nil:
		p.WriteString("NULL")
	case *Column:
		if e.Name != "" {
			p.WriteString(e.Name)
		} else {
			p.WriteString("#" + strconv.Itoa(e.Index))
		}
	case *Const:
		p.constant(e)
	case *Param:
		p.WriteString("$" + strconv.Itoa(e.Index+1))
	case *Call:
		p.call(e)
	case *And:
		p.nary(e.Args, " AND ")
	case *Or:
		p.nary(e.Args, " OR ")
	case *Not:
		p.WriteString("(NOT ")
		p.expr(e.Arg)
		p.WriteByte(')')
	case *IsNull:
		p.test(e.Arg, "NULL", e.Negate)
	case *BoolTest:
		want := "UNKNOWN"
		if !e.Want.Null {
			want = strings.ToUpper(strconv.FormatBool(e.Want.Bool()))
		}
		p.test(e.Arg, want, e.Negate)
	case *DistinctFrom:
		p.WriteByte('(')
		p.expr(e.Left)
		p.WriteString(" IS " + not(e.Negate) + "DISTINCT FROM ")
		p.expr(e.Right)
		p.WriteByte(')')
	case *Case:
		p.caseExpr(e)
	case *Coalesce:
		p.funcCall("COALESCE", e.Args)
	case *Extremum:
		name := "GREATEST"
		if e.Least {
			name = "LEAST"
		}
		p.funcCall(name, e.Args)
	case *Cast:
		p.cast(e)
	case *InList:
		p.WriteByte('(')
		p.expr(e.Left)
		p.WriteString(" " + not(e.Negate) + "IN (")
		p.list(e.List, ", ")
		p.WriteString("))")
	case *AnyAll:
		p.WriteByte('(')
		p.expr(e.Left)
		quantifier := "ANY"
		if e.All {
			quantifier = "ALL"
		}
		p.WriteString(" " + e.Op.Name + " " + quantifier + " (")
		p.expr(e.Array)
		p.WriteString("))")
	case *MakeArray:
		p.WriteString("ARRAY[")
		p.list(e.Elems, ", ")
		p.WriteByte(']')
	case *Subscript:
		p.subscript(e)
	default:
		p.WriteString("?")
	}
}

func not(negate bool) string {
	if negate {
		return "NOT "
	}
	return ""
}

func (p *printer) nary(args []Expr, op string) {
	p.WriteByte('(')
	p.list(args, op)
	p.WriteByte(')')
}

func (p *printer) test(arg Expr, what string, negate bool) {
	p.WriteByte('(')
	p.expr(arg)
	p.WriteString(" IS " + not(negate) + what + ")")
}

func (p *printer) funcCall(name string, args []Expr) {
	p.WriteString(name)
	p.WriteByte('(')
	p.list(args, ", ")
	p.WriteByte(')')
}

func (p *printer) call(e *Call) {
	switch {
	case !e.Func.Operator:
		p.funcCall(e.Func.Name, e.Args)
	case len(e.Args) == 1:
		p.WriteString("(" + e.Func.Name + " ")
		p.expr(e.Args[0])
		p.WriteByte(')')
	default:
		p.nary(e.Args, " "+e.Func.Name+" ")
	}
}

func (p *printer) caseExpr(e *Case) {
	p.WriteString("CASE")
	for _, w := range e.Whens {
		p.WriteString(" WHEN ")
		p.expr(w.Cond)
		p.WriteString(" THEN ")
		p.expr(w.Result)
	}
	if e.Else != nil {
		p.WriteString(" ELSE ")
		p.expr(e.Else)
	}
	p.WriteString(" END")
}

func (p *printer) cast(e *Cast) {
	switch e.Arg.(type) {
	case *Const, *Column, *Param:
		p.expr(e.Arg)
	default:
		p.WriteByte('(')
		p.expr(e.Arg)
		p.WriteByte(')')
	}
	p.WriteString("::" + e.To.String())
}

func (p *printer) subscript(e *Subscript) {
	if _, chained := e.Arg.(*Subscript); chained && e.First {
		p.WriteByte('(')
		p.expr(e.Arg)
		p.WriteByte(')')
	} else {
		p.expr(e.Arg)
	}
	p.WriteByte('[')
	if e.Slice {
		if e.Low != nil {
			p.expr(e.Low)
		}
		p.WriteByte(':')
		if e.High != nil {
			p.expr(e.High)
		}
	} else {
		p.expr(e.Index)
	}
	p.WriteByte(']')
}

// constant prints a literal as PostgreSQL's EXPLAIN does: bare where the text alone gives the type, with a
// cast elsewhere.
func (p *printer) constant(e *Const) {
	if e.Value.Null {
		p.WriteString("NULL")
		if e.T.Kind != types.Unknown && e.T.Kind != types.Invalid {
			p.WriteString("::" + e.T.WithoutMod().String())
		}
		return
	}
	text := string(types.AppendText(nil, e.T, e.Value, types.DefaultEnv))
	switch e.T.Kind {
	case types.Bool:
		p.WriteString(strconv.FormatBool(e.Value.Bool()))
		return
	case types.Int2, types.Int4, types.Int8, types.Float4, types.Float8, types.Numeric:
		if isPlainNumber(text) {
			p.WriteString(text)
			return
		}
	}
	p.WriteString("'" + strings.ReplaceAll(text, "'", "''") + "'")
	if e.T.Kind != types.Unknown {
		p.WriteString("::" + e.T.WithoutMod().String())
	}
}

// isPlainNumber tells a number from NaN and the infinities, which need quotes.
func isPlainNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789.eE+-") == ""
}
