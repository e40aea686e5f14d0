package parser

import (
	"fmt"
	"reflect"
	"strings"

	"millrace/sql/ast"
)

// dump writes a tree as a Lisp would, without positions and empty fields. Names and constants stand for themselves.
func dump(n any) string {
	var b strings.Builder
	dumpValue(&b, reflect.ValueOf(n))
	return b.String()
}

func dumpValue(b *strings.Builder, v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if n, ok := v.Interface().(*ast.ColumnRef); ok {
			b.WriteString(strings.Join(n.Parts, "."))
			return
		}
		if n, ok := v.Interface().(*ast.Literal); ok {
			switch n.Kind {
			case ast.StringLiteral:
				fmt.Fprintf(b, "%q", n.Text)
			case ast.NullLiteral:
				b.WriteString("NULL")
			default:
				b.WriteString(n.Text)
			}
			return
		}
		dumpValue(b, v.Elem())
	case reflect.Slice:
		b.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				b.WriteByte(' ')
			}
			dumpValue(b, v.Index(i))
		}
		b.WriteByte(']')
	case reflect.Struct:
		if n, ok := v.Interface().(ast.ObjectName); ok {
			if n.Schema != "" {
				b.WriteString(n.Schema + ".")
			}
			b.WriteString(n.Name)
			return
		}
		b.WriteString("(" + v.Type().Name())
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if strings.HasSuffix(f.Name, "Pos") || v.Field(i).IsZero() {
				continue
			}
			switch f.Name {
			case "Left", "Right", "Arg", "Args", "Op", "Body", "Query", "ObjectName":
				b.WriteByte(' ')
			default:
				b.WriteString(" " + f.Name + ":")
			}
			dumpValue(b, v.Field(i))
		}
		b.WriteByte(')')
	case reflect.String:
		b.WriteString(v.String())
	default:
		fmt.Fprint(b, v.Interface())
	}
}
