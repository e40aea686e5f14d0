package mysql

import (
	"strings"

	mast "github.com/pingcap/tidb/pkg/parser/ast"
	mysqltype "github.com/pingcap/tidb/pkg/parser/mysql"
	"github.com/pingcap/tidb/pkg/parser/types"

	"millrace/sql/ast"
)

// castExpr lowers CAST, CONVERT and BINARY.
func (l *lowerer) castExpr(e *mast.FuncCastExpr) ast.Expr {
	pos := l.at(e)
	t := e.Tp
	if t.IsArray() {
		l.unsupported(pos, "CAST to an ARRAY")
	}
	switch t.GetType() {
	case mysqltype.TypeVarString, mysqltype.TypeString, mysqltype.TypeVarchar:
		text := l.text(e.Expr)
		if t.GetCharset() == "binary" {
			return call(pos, "convert_to", text, str(pos, "UTF8"))
		}
		if t.GetFlen() > 0 {
			return castTo(text, "varchar", t.GetFlen())
		}
		if c, ok := text.(*ast.Cast); ok && isText(c) {
			return c
		}
		return castTo(text, "text")
	case mysqltype.TypeYear:
		return castTo(l.operand(e.Expr), "int4")
	case mysqltype.TypeLonglong:
		if t.GetFlag()&mysqltype.UnsignedFlag != 0 {
			return castTo(l.operand(e.Expr), "numeric", 20, 0)
		}
		return castTo(l.operand(e.Expr), "int8")
	case mysqltype.TypeNewDecimal, mysqltype.TypeFloat, mysqltype.TypeDouble:
		x := castTo(l.operand(e.Expr), "text").(*ast.Cast)
		x.Type = l.typeName(t, pos)
		return x
	}
	x := castTo(l.value(e.Expr), "text").(*ast.Cast)
	x.Type = l.typeName(t, pos)
	return x
}

// typeName lowers a type.
func (l *lowerer) typeName(t *types.FieldType, pos int) *ast.TypeName {
	unsigned := t.GetFlag()&mysqltype.UnsignedFlag != 0
	integer := func(signed, wider string) *ast.TypeName {
		if unsigned {
			return typeNamed(pos, wider)
		}
		return typeNamed(pos, signed)
	}
	binary := t.GetCharset() == "binary"
	switch t.GetType() {
	case mysqltype.TypeTiny:
		return typeNamed(pos, "int2")
	case mysqltype.TypeShort:
		return integer("int2", "int4")
	case mysqltype.TypeInt24:
		return typeNamed(pos, "int4")
	case mysqltype.TypeLong:
		return integer("int4", "int8")
	case mysqltype.TypeLonglong:
		if unsigned {
			return typeNamed(pos, "numeric", 20, 0)
		}
		return typeNamed(pos, "int8")
	case mysqltype.TypeYear:
		return typeNamed(pos, "int2")
	case mysqltype.TypeFloat:
		return typeNamed(pos, "float4")
	case mysqltype.TypeDouble:
		return typeNamed(pos, "float8")
	case mysqltype.TypeNewDecimal:
		digits, scale := t.GetFlen(), t.GetDecimal()
		if digits <= 0 {
			digits = 10
		}
		return typeNamed(pos, "numeric", digits, max(scale, 0))
	case mysqltype.TypeDate, mysqltype.TypeNewDate:
		return typeNamed(pos, "date")
	case mysqltype.TypeDatetime:
		return typeNamed(pos, "timestamp", max(t.GetDecimal(), 0))
	case mysqltype.TypeTimestamp:
		return typeNamed(pos, "timestamptz", max(t.GetDecimal(), 0))
	case mysqltype.TypeDuration:
		return typeNamed(pos, "time", max(t.GetDecimal(), 0))
	case mysqltype.TypeJSON:
		return typeNamed(pos, "jsonb")
	case mysqltype.TypeVarchar, mysqltype.TypeVarString, mysqltype.TypeString:
		if binary {
			return typeNamed(pos, "bytea")
		}
		return typeNamed(pos, "varchar", max(t.GetFlen(), 1))
	case mysqltype.TypeTinyBlob, mysqltype.TypeBlob, mysqltype.TypeMediumBlob, mysqltype.TypeLongBlob:
		if binary {
			return typeNamed(pos, "bytea")
		}
		return typeNamed(pos, "text")
	case mysqltype.TypeEnum:
		return typeNamed(pos, "text")
	}
	l.unsupported(pos, "the type "+strings.ToUpper(t.CompactStr()))
	return nil
}
