package scalar

import (
	"errors"
	"slices"

	"millrace/expr"
	"millrace/types"
)

// errUndetermined says that only untyped literals stand for a polymorphic type; errConflict that the arguments disagree.
var (
	errUndetermined = errors.New("polymorphic type undetermined")
	errConflict     = errors.New("polymorphic types differ")
)

// unify finds the types that polymorphic parameters stand for in a call: elem for anyelement and anyarray, which demand
// one type, and compatible for their anycompatible forms, which take the common type.
func unify(params, args []types.T) (elem, compatible types.T, err error) {
	var known []types.T // of the compatible family
	haveElem, needElem, needCompatible := false, false, false
	for i, p := range params {
		arg, isArray := args[i], false
		switch p {
		case anyArray, anyCompatibleArray:
			isArray = true
		case anyElement, anyCompatible, anyEnum:
		default:
			continue
		}
		strict := p == anyElement || p == anyArray || p == anyEnum
		needElem = needElem || strict
		needCompatible = needCompatible || !strict
		if arg.Is(types.Unknown) {
			continue
		}
		if isArray {
			arg = arg.ElemType()
		}
		arg = arg.WithoutMod()
		if !strict {
			known = append(known, arg)
			continue
		}
		if haveElem && !sameType(elem, arg) {
			return elem, compatible, errConflict
		}
		elem, haveElem = arg, true
	}
	if needElem && !haveElem && slices.Contains(params, anyEnum) {
		return elem, compatible, errConflict // a literal may be any type, and is no enum
	}
	if needElem && !haveElem {
		return elem, compatible, errUndetermined
	}
	if needCompatible {
		if compatible, err = CommonType(known); err != nil {
			return elem, compatible, errConflict
		}
	}
	return elem, compatible, nil
}

// nestedArray finds the element type that a call needs an array of where there is none, since it is an array itself.
func nestedArray(f *expr.Function, params []types.T, elem, compatible types.T) (types.T, bool) {
	uses := func(p types.T) bool { return f.Ret == p || slices.Contains(params, p) }
	switch {
	case elem.Is(types.Array) && uses(anyArray):
		return elem, true
	case compatible.Is(types.Array) && uses(anyCompatibleArray):
		return compatible, true
	}
	return types.T{}, false
}
