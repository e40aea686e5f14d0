package scalar

import (
	"strings"

	"millrace/expr"
	"millrace/types"
)

func quoteFunctions() []*expr.Function {
	stable := func(name string, null bool, f func(x *row, dst []byte) ([]byte, error)) *expr.Function {
		return &expr.Function{Name: name, Args: with(anyElement), Ret: tText, NullCall: null, Volatility: expr.Stable, Uses: expr.UsesSettings, Eval: toBytes(f)}
	}
	return []*expr.Function{
		{Name: "quote_ident", Args: with(tText), Ret: tText, Total: true, Eval: toBytes(quoteIdent)},
		{Name: "quote_literal", Args: with(tText), Ret: tText, Total: true, Eval: toBytes(quoteLiteral)},
		stable("quote_literal", false, quoteLiteral),
		{Name: "quote_nullable", Args: with(tText), Ret: tText, NullCall: true, Total: true, Eval: toBytes(quoteNullable)},
		stable("quote_nullable", true, quoteNullable),
		{Name: "format", Args: with(tText), Ret: tText, NullCall: true, Volatility: expr.Stable, Uses: expr.UsesSettings, Eval: toBytes(format)},
		{Name: "format", Args: with(tText, anyType), Variadic: true, Ret: tText, NullCall: true, Volatility: expr.Stable, Uses: expr.UsesSettings, Eval: toBytes(format)},
	}
}

// text gives argument i as a client would see it.
func (x *row) text(i int) []byte {
	if x.typ(i).Is(types.Text) {
		return x.bytes(i)
	}
	return types.AppendText(nil, x.typ(i), x.datum(i), x.ctx.Env)
}

// keywords are the words that cannot stand as an identifier everywhere without quotes: all of PostgreSQL 15's that
// are not "unreserved" (pg_get_keywords).
var keywords = func() map[string]bool {
	const words = `all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both
		case cast char character check coalesce collate collation column concurrently constraint create cross
		current_catalog current_date current_role current_schema current_time current_timestamp current_user dec decimal
		default deferrable desc distinct do else end except exists extract false fetch float for foreign freeze from full
		grant greatest group grouping having ilike in initially inner inout int integer intersect interval into is isnull
		join lateral leading least left like limit localtime localtimestamp national natural nchar none normalize not
		notnull null nullif numeric offset on only or order out outer overlaps overlay placing position precision primary
		real references returning right row select session_user setof similar smallint some substring symmetric table
		tablesample then time timestamp to trailing treat trim true union unique user using values varchar variadic verbose
		when where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot
		xmlserialize xmltable`
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}()

// QuoteIdent appends an identifier as it must be written in SQL: in double quotes unless it is safe without.
func QuoteIdent(dst []byte, name []byte) []byte {
	safe := len(name) > 0 && !isDigit(name[0])
	for _, c := range name {
		safe = safe && ('a' <= c && c <= 'z' || isDigit(c) || c == '_')
	}
	if safe && !keywords[string(name)] {
		return append(dst, name...)
	}
	dst = append(dst, '"')
	for _, c := range name {
		if c == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}

func quoteIdent(x *row, dst []byte) ([]byte, error) { return QuoteIdent(dst, x.bytes(0)), nil }

// appendLiteral appends a string as a literal, with E where it holds a backslash.
func appendLiteral(dst, s []byte) []byte {
	if strings.IndexByte(string(s), '\\') >= 0 {
		dst = append(dst, 'E')
	}
	dst = append(dst, '\'')
	for _, c := range s {
		if c == '\'' || c == '\\' {
			dst = append(dst, c)
		}
		dst = append(dst, c)
	}
	return append(dst, '\'')
}

func quoteLiteral(x *row, dst []byte) ([]byte, error) { return appendLiteral(dst, x.text(0)), nil }

func quoteNullable(x *row, dst []byte) ([]byte, error) {
	if x.null(0) {
		return append(dst, "NULL"...), nil
	}
	return quoteLiteral(x, dst)
}
