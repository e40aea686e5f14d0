package scalar

import (
	"errors"

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
		case anyElement, anyCompatible:
		default:
			continue
		}
		strict := p == anyElement || p == anyArray
		needElem = needElem || strict
		needCompatible = needCompatible || !strict
		if arg.Is(types.Unknown) {
			continue
		}
		if isArray {
			arg = arg.ElemType()
		} else if arg.Is(types.Array) && usesArrayOf(params, strict) {
			return elem, compatible, errConflict // there are no arrays of arrays
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

// usesArrayOf reports whether the family has an array parameter as well, whose elements the plain ones must be.
func usesArrayOf(params []types.T, strict bool) bool {
	for _, p := range params {
		if strict && p == anyArray || !strict && p == anyCompatibleArray {
			return true
		}
	}
	return false
}
