package ast

import (
	"reflect"
	"strings"
)

// Equal says whether two trees are the same but for positions. An empty list differs from an absent one.
func Equal(a, b Node) bool { return equal(reflect.ValueOf(a), reflect.ValueOf(b)) }

func equal(a, b reflect.Value) bool {
	if a.IsValid() != b.IsValid() {
		return false
	}
	if !a.IsValid() {
		return true
	}
	if a.Type() != b.Type() {
		return false
	}
	switch a.Kind() {
	case reflect.Interface, reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		return equal(a.Elem(), b.Elem())
	case reflect.Slice:
		if a.IsNil() != b.IsNil() || a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !equal(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Struct:
		for i := range a.NumField() {
			if name := a.Type().Field(i).Name; !strings.HasSuffix(name, "Pos") && !equal(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	}
	return a.Interface() == b.Interface()
}

// Start gives the leftmost position of an expression, where Position points at an operator.
func Start(e Expr) int {
	for {
		var left Expr
		switch n := e.(type) {
		case *BinaryOp:
			left = n.Left
		case *And:
			left = n.Args[0]
		case *Or:
			left = n.Args[0]
		case *IsNull:
			left = n.Arg
		case *IsBool:
			left = n.Arg
		case *IsDocument:
			left = n.Arg
		case *IsDistinct:
			left = n.Left
		case *Between:
			left = n.Arg
		case *Like:
			left = n.Left
		case *In:
			left = n.Left
		case *InSubquery:
			left = n.Left
		case *AnyAll:
			left = n.Left
		case *Collate:
			left = n.Arg
		case *AtTimeZone:
			left = n.Arg
		case *Subscript:
			left = n.Base
		case *FieldSelect:
			left = n.Base
		case *Star:
			left = n.Base
		case *Cast:
			if !n.Call {
				left = n.Arg
			}
		case *FuncCall:
			if n.Form == IsNormalizedForm || n.Form == OverlapsForm {
				left = n.Args[0]
			}
		}
		if left == nil {
			return e.Position()
		}
		e = left
	}
}
