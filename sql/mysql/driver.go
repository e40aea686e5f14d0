package mysql

import (
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	tidb "github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/format"
)

// TiDB's parser leaves constants to a driver, which it finds in variables of its ast package. Ours keeps them as they
// are written: its own drivers convert decimals to a type of 81 digits and bring the types of the whole database.

// decimal is a decimal constant as written.
type decimal string

// binary is the value of a hexadecimal or a bit constant: a binary string, and in arithmetic a number.
type binary []byte

// value is a constant.
type value struct {
	ast.TexprNode
	v any // nil, bool, int, int64, uint64, float64, string, decimal, binary
}

// marker is a parameter.
type marker struct {
	value
	offset int // of the question mark, in bytes
}

var installOnce sync.Once

// newParser gives a parser of TiDB's. One parser serves one goroutine at a time.
func newParser() *tidb.Parser {
	installOnce.Do(func() {
		ast.NewValueExpr = func(v any, _, _ string) ast.ValueExpr {
			if old, ok := v.(*value); ok {
				return old
			}
			return &value{v: v}
		}
		ast.NewParamMarkerExpr = func(offset int) ast.ParamMarkerExpr { return &marker{offset: offset} }
		ast.NewDecimal = func(s string) (any, error) { return decimal(s), nil }
		ast.NewHexLiteral = newHex
		ast.NewBitLiteral = newBits
	})
	return tidb.New()
}

// newHex reads x'4D' or 0x4D.
func newHex(s string) (any, error) {
	digits := s[2:]
	if s[0] != '0' {
		if digits = digits[:len(digits)-1]; len(digits)%2 != 0 {
			return nil, fmt.Errorf("a hexadecimal constant in quotes needs an even number of digits")
		}
	}
	if len(digits)%2 != 0 {
		digits = "0" + digits
	}
	b, err := hex.DecodeString(digits)
	return binary(b), err
}

// newBits reads b'101' or 0b101.
func newBits(s string) (any, error) {
	digits := strings.TrimSuffix(s[2:], "'")
	b := make(binary, (len(digits)+7)/8)
	for i := range len(digits) {
		switch digits[len(digits)-1-i] {
		case '1':
			b[len(b)-1-i/8] |= 1 << (i % 8)
		case '0':
		default:
			return nil, fmt.Errorf("a bit constant holds digits 0 and 1")
		}
	}
	return b, nil
}

// text is the constant in MySQL's notation, without quotes.
func (n *value) text() string {
	switch v := n.v.(type) {
	case nil:
		return "NULL"
	case string:
		return v
	case binary:
		return "x'" + hex.EncodeToString(v) + "'"
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return fmt.Sprint(n.v)
}

// The rest makes value and marker expressions of TiDB's.

func (n *value) SetValue(v any)           { n.v = v }
func (n *value) GetValue() any            { return n.v }
func (n *value) GetString() string        { s, _ := n.v.(string); return s }
func (n *value) GetDatumString() string   { return n.GetString() }
func (n *value) GetProjectionOffset() int { return -1 }
func (n *value) SetProjectionOffset(int)  {}
func (n *value) Format(w io.Writer)       { _, _ = io.WriteString(w, n.text()) }
func (n *marker) SetOrder(int)            {}
func (n *marker) Format(w io.Writer)      { _, _ = io.WriteString(w, "?") }

func (n *value) Restore(ctx *format.RestoreCtx) error {
	ctx.WritePlain(n.text())
	return nil
}

func (n *marker) Restore(ctx *format.RestoreCtx) error {
	ctx.WritePlain("?")
	return nil
}

func (n *value) Accept(v ast.Visitor) (ast.Node, bool) {
	node, _ := v.Enter(n)
	return v.Leave(node)
}

func (n *marker) Accept(v ast.Visitor) (ast.Node, bool) {
	node, _ := v.Enter(n)
	return v.Leave(node)
}
