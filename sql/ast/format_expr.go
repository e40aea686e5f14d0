package ast

import "strings"

// expr writes an expression where one that binds at least as tightly as min is wanted.
func (p *printer) expr(e Expr, min Precedence) {
	if precedence(e) < min || p.restricted && wordy(e) {
		outer := p.restricted
		p.restricted = false
		p.w("(")
		p.expr(e, PrecLowest)
		p.w(")")
		p.restricted = outer
		return
	}
	switch e := e.(type) {
	case *Or:
		p.logical(e.Args, " OR ", PrecOr, min)
	case *And:
		p.logical(e.Args, " AND ", PrecAnd, min)
	case *Not:
		p.w("NOT ")
		p.expr(e.Arg, PrecNot)
	case *BinaryOp:
		level := OperatorPrecedence(e.Op, e.Schema)
		p.left(e.Left, level, level != PrecCompare, min)
		p.w(" ")
		p.operator(e.Op, e.Schema)
		p.w(" ")
		p.expr(e.Right, level+1)
	case *UnaryOp:
		p.unary(e)
	case *Cast:
		if e.Call {
			outer := p.restricted
			p.restricted = false
			p.w("CAST(")
			p.expr(e.Arg, PrecLowest)
			p.w(" AS ")
			p.typeName(e.Type)
			p.w(")")
			p.restricted = outer
			return
		}
		p.left(e.Arg, PrecCast, true, min)
		p.w("::")
		p.unrestricted(func() { p.typeName(e.Type) })
	case *Collate:
		p.left(e.Arg, PrecCollate, true, min)
		p.w(" COLLATE ")
		p.name(e.Collation)
	case *AtTimeZone:
		p.left(e.Arg, PrecAt, true, min)
		p.w(" AT TIME ZONE ")
		p.expr(e.Zone, PrecAt+1)
	default:
		if !p.test(e, min) {
			p.unrestricted(func() { p.primary(e) })
		}
	}
}

// unrestricted writes what stands between brackets of its own, where any expression may stand.
func (p *printer) unrestricted(write func()) {
	outer := p.restricted
	p.restricted = false
	write()
	p.restricted = outer
}

// left writes the left operand of an operator of a level, within an expression that must bind as tightly as min.
//
// Read from the left, the operand is complete when its operator comes, unless its own right end draws the operator in.
// So it needs parentheses if it ends in an operand and binds more loosely than the operator; one that ends in something
// closed needs them only if it binds more loosely than min. Long chains of operators stay flat that way.
func (p *printer) left(e Expr, level Precedence, associative bool, min Precedence) {
	need := level
	switch {
	case closed(e):
		need = min
	case !associative:
		need++
	}
	if precedence(e) < need {
		min = PrecPrimary + 1 // parentheses
	}
	p.expr(e, min)
}

func (p *printer) logical(args []Expr, word string, level, min Precedence) {
	for i, a := range args {
		if i > 0 {
			p.w(word)
			p.expr(a, level+1)
		} else {
			p.left(a, level, false, min)
		}
	}
}

func (p *printer) unary(e *UnaryOp) {
	p.operator(e.Op, e.Schema)
	if e.Schema == "" && (e.Op == "-" || e.Op == "+") {
		if l, ok := e.Arg.(*Literal); !ok || l.Kind != IntLiteral && l.Kind != NumericLiteral {
			p.w(" ") // two minus signs would begin a comment
		}
		p.expr(e.Arg, PrecUnary)
		return
	}
	p.w(" ")
	if inner, ok := e.Arg.(*UnaryOp); ok && precedence(inner) == PrecOp {
		p.expr(inner, PrecOp) // prefix operators in a row have the same operand
		return
	}
	p.expr(e.Arg, PrecOp+1)
}

func not(n bool) string {
	if n {
		return " NOT"
	}
	return ""
}

// test writes the operators that are made of words and give a boolean; false if it is none of them.
func (p *printer) test(e Expr, min Precedence) bool {
	switch e := e.(type) {
	case *IsNull:
		p.left(e.Arg, PrecIs, false, min)
		p.w(" IS", not(e.Not), " NULL")
	case *IsBool:
		p.left(e.Arg, PrecIs, false, min)
		p.w(" IS", not(e.Not), [...]string{" TRUE", " FALSE", " UNKNOWN"}[e.Value])
	case *IsDocument:
		p.left(e.Arg, PrecIs, false, min)
		p.w(" IS", not(e.Not), " DOCUMENT")
	case *IsDistinct:
		p.left(e.Left, PrecIs, false, min)
		p.w(" IS", not(e.Not), " DISTINCT FROM ")
		p.expr(e.Right, PrecIs+1)
	case *Between:
		p.left(e.Arg, PrecLike, false, min)
		p.w(not(e.Not), " BETWEEN ")
		p.when(e.Symmetric, "SYMMETRIC ")
		outer := p.restricted
		p.restricted = true
		p.expr(e.Low, PrecLowest)
		p.restricted = outer
		p.w(" AND ")
		p.expr(e.High, PrecLike+1)
	case *Like:
		p.left(e.Left, PrecLike, false, min)
		p.w(not(e.Not), [...]string{" LIKE ", " ILIKE ", " SIMILAR TO "}[e.Kind])
		p.expr(e.Pattern, PrecLike+1)
		if e.Escape != nil {
			p.w(" ESCAPE ")
			p.expr(e.Escape, PrecLike+1)
		}
	case *In:
		p.left(e.Left, PrecLike, false, min)
		p.w(not(e.Not), " IN ")
		p.parenExprs(e.List)
	case *InSubquery:
		p.left(e.Left, PrecLike, false, min)
		p.w(not(e.Not), " IN ")
		p.parenQuery(e.Query)
	case *AnyAll:
		level := OperatorPrecedence(e.Op, e.Schema)
		p.left(e.Left, level, level != PrecCompare, min)
		p.w(" ")
		p.operator(e.Op, e.Schema)
		if e.All {
			p.w(" ALL ")
		} else {
			p.w(" ANY ")
		}
		if e.Query != nil {
			p.parenQuery(e.Query)
		} else {
			p.parenExprs([]Expr{e.Array})
		}
	case *FuncCall:
		switch e.Form {
		case IsNormalizedForm:
			p.left(e.Args[0], PrecIs, false, min)
			p.w(" IS ")
			if len(e.Args) > 1 {
				p.w(e.Args[1].(*Literal).Text, " ")
			}
			p.w("NORMALIZED")
		case OverlapsForm:
			p.parenExprs(e.Args[:2])
			p.w(" OVERLAPS ")
			p.parenExprs(e.Args[2:])
		default:
			return false
		}
	default:
		return false
	}
	return true
}

func (p *printer) primary(e Expr) {
	switch e := e.(type) {
	case *ColumnRef:
		for i, part := range e.Parts {
			p.when(i > 0, ".")
			p.ident(part)
		}
	case *Star:
		p.star(e)
	case *Literal:
		p.literal(e)
	case *TypedLiteral:
		p.typedLiteral(e)
	case *Param:
		p.w("$")
		p.int(int64(e.Number))
	case *Default:
		p.w("DEFAULT")
	case *SecretRef:
		p.w("SECRET ")
		p.name(e.Name)
	case *Exists:
		p.w("EXISTS ")
		p.parenQuery(e.Query)
	case *ScalarSubquery:
		p.parenQuery(e.Query)
	case *ArraySubquery:
		p.w("ARRAY")
		p.parenQuery(e.Query)
	case *Case:
		p.caseExpr(e)
	case *Array:
		p.w("ARRAY")
		p.arrayElems(e)
	case *Row:
		p.when(e.Explicit, "ROW")
		p.parenExprs(e.Args)
	case *Subscript:
		p.base(e.Base, false)
		p.subscript(e)
	case *FieldSelect:
		p.base(e.Base, true)
		p.w(".")
		p.ident(e.Field)
	case *NamedArg:
		p.ident(e.Name)
		p.w(" => ")
		p.expr(e.Value, PrecLowest)
	case *FuncCall:
		p.call(e)
	case *Coalesce:
		p.w("COALESCE")
		p.parenExprs(e.Args)
	case *NullIf:
		p.w("NULLIF")
		p.parenExprs([]Expr{e.Left, e.Right})
	case *MinMax:
		if e.Least {
			p.w("LEAST")
		} else {
			p.w("GREATEST")
		}
		p.parenExprs(e.Args)
	case *Grouping:
		p.w("GROUPING")
		p.parenExprs(e.Args)
	case *SQLValue:
		p.w(sqlValueNames[e.Kind])
		if e.Precision >= 0 {
			p.w("(")
			p.int(int64(e.Precision))
			p.w(")")
		}
	case *CurrentOf:
		p.w("CURRENT OF ")
		p.ident(e.Cursor)
	}
}

var sqlValueNames = [...]string{
	CurrentDate: "CURRENT_DATE", CurrentTime: "CURRENT_TIME", CurrentTimestamp: "CURRENT_TIMESTAMP", LocalTime: "LOCALTIME",
	LocalTimestamp: "LOCALTIMESTAMP", CurrentRole: "CURRENT_ROLE", CurrentUser: "CURRENT_USER", SessionUser: "SESSION_USER",
	User: "USER", CurrentCatalog: "CURRENT_CATALOG",
}

func (p *printer) literal(e *Literal) {
	switch e.Kind {
	case NullLiteral:
		p.w("NULL")
	case StringLiteral:
		p.str(e.Text)
	case BitLiteral:
		p.w("B'", e.Text, "'")
	case HexLiteral:
		p.w("X'", e.Text, "'")
	default:
		p.w(e.Text)
	}
}

func (p *printer) typedLiteral(e *TypedLiteral) {
	if t := e.Type; t.Name.Schema == "pg_catalog" && t.Name.Name == "interval" && t.Fields != "" {
		p.w("INTERVAL ")
		p.str(e.Value)
		p.w(" ", t.Fields)
		if len(t.Mods) > 0 {
			p.parenExprs(t.Mods)
		}
		return
	}
	p.typeName(e.Type)
	p.w(" ")
	p.str(e.Value)
}

func (p *printer) star(e *Star) {
	if e.Base != nil {
		p.base(e.Base, true)
		p.w(".")
	}
	for _, q := range e.Qualifier {
		p.ident(q)
		p.w(".")
	}
	p.w("*")
	if len(e.Except) > 0 {
		p.w(" EXCEPT ")
		parens(p, e.Except, p.ident)
	}
}

// base writes what a subscript or a field is taken of. A column before a field needs parentheses, or the field would
// read as part of its name.
func (p *printer) base(e Expr, field bool) {
	switch e := e.(type) {
	case nil:
		return
	case *Subscript:
		if !e.Grouped || field {
			p.primary(e)
			return
		}
	case *FieldSelect, *Param, *ScalarSubquery:
		p.primary(e)
		return
	case *ColumnRef:
		if !field {
			p.primary(e)
			return
		}
	}
	p.w("(")
	p.expr(e, PrecLowest)
	p.w(")")
}

func (p *printer) subscript(e *Subscript) {
	p.w("[")
	p.clause("", e.Index)
	if e.Slice {
		p.w(":")
		p.clause("", e.Upper)
	}
	p.w("]")
}

func (p *printer) caseExpr(e *Case) {
	p.w("CASE")
	p.clause(" ", e.Operand)
	for _, w := range e.Whens {
		p.clause(" WHEN ", w.Cond)
		p.clause(" THEN ", w.Then)
	}
	p.clause(" ELSE ", e.Else)
	p.w(" END")
}

// arrayElems writes the brackets of an array; elements that are all arrays need no word before them.
func (p *printer) arrayElems(e *Array) {
	nested := true
	for _, x := range e.Elems {
		if _, ok := x.(*Array); !ok {
			nested = false
		}
	}
	p.w("[")
	list(p, e.Elems, func(x Expr) {
		if nested {
			p.arrayElems(x.(*Array))
		} else {
			p.expr(x, PrecLowest)
		}
	})
	p.w("]")
}

func (p *printer) call(e *FuncCall) {
	if e.Form != PlainCall {
		p.specialCall(e)
		return
	}
	p.name(e.Name)
	p.w("(")
	p.when(e.Star, "*")
	p.when(e.Distinct, "DISTINCT ")
	for i, a := range e.Args {
		p.when(i > 0, ", ")
		p.when(e.Variadic && i == len(e.Args)-1, "VARIADIC ")
		p.expr(a, PrecLowest)
	}
	if !e.WithinGroup {
		p.orderBy(e.OrderBy)
	}
	p.w(")")
	if e.WithinGroup {
		p.w(" WITHIN GROUP (")
		p.orderBy(e.OrderBy)
		p.w(")")
	}
	if e.Filter != nil {
		p.clause(" FILTER (WHERE ", e.Filter)
		p.w(")")
	}
	if e.Over != nil {
		p.w(" OVER ")
		p.window(e.Over)
	}
	p.named(" OVER ", e.OverName)
}

// specialCall writes a function in the syntax that it has of its own.
func (p *printer) specialCall(e *FuncCall) {
	// parts writes the arguments with the words before them; an empty word is a comma.
	parts := func(name string, words ...string) {
		p.w(name, "(")
		for i, a := range e.Args {
			if i > 0 {
				p.w(" ", words[i-1], " ")
			}
			p.expr(a, PrecLowest)
		}
		p.w(")")
	}
	switch e.Form {
	case ExtractForm:
		parts("EXTRACT", "FROM")
	case SubstringForm:
		parts("SUBSTRING", "FROM", "FOR")
	case SubstringSimilar:
		parts("SUBSTRING", "SIMILAR", "ESCAPE")
	case OverlayForm:
		parts("OVERLAY", "PLACING", "FROM", "FOR")
	case PositionForm:
		p.w("POSITION(")
		p.restricted = true
		p.expr(e.Args[1], PrecLowest)
		p.w(" IN ")
		p.expr(e.Args[0], PrecLowest)
		p.restricted = false
		p.w(")")
	case TrimForm:
		p.w("TRIM(", map[string]string{"btrim": "BOTH", "ltrim": "LEADING", "rtrim": "TRAILING"}[e.Name.Name])
		args := e.Args
		if len(args) == 2 {
			p.clause(" ", args[1])
			args = args[:1]
		}
		p.w(" FROM ")
		p.exprs(args)
		p.w(")")
	case NormalizeForm:
		p.w("NORMALIZE(")
		p.expr(e.Args[0], PrecLowest)
		if len(e.Args) > 1 {
			p.w(", ", e.Args[1].(*Literal).Text)
		}
		p.w(")")
	case CollationForForm:
		p.w("COLLATION FOR ")
		p.parenExprs(e.Args)
	case TreatForm:
		p.clause("TREAT(", e.Args[0])
		p.w(" AS ")
		p.ident(e.Name.Name)
		p.w(")")
	case CurrentSchemaForm:
		p.w(strings.ToUpper(e.Name.Name))
	}
}
