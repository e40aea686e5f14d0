package scalar

import (
	"strings"

	"millrace/expr"
	"millrace/types"
)

// signature is an entry's key in the table of object identifiers: its name and its arguments' names in pg_type, as
// "lower(text)"; an operator's is "+(int4,int4)", a prefix operator's "-(int4)".
func signature(f *expr.Function) string {
	names := make([]string, len(f.Args))
	for i, t := range f.Args {
		names[i] = typeName(t)
	}
	return f.Name + "(" + strings.Join(names, ",") + ")"
}

func typeName(t types.T) string {
	switch t {
	case anyElement:
		return "anyelement"
	case anyArray:
		return "anyarray"
	case anyType:
		return "any"
	case anyCompatible:
		return "anycompatible"
	case anyCompatibleArray:
		return "anycompatiblearray"
	case anyNonArray:
		return "anynonarray"
	case anyEnum:
		return "anyenum"
	}
	return t.Name()
}

// identify gives the entries their object identifiers.
func identify(fns []*expr.Function) {
	for _, f := range fns {
		table := functionOIDs
		if f.Operator {
			table = operatorOIDs
		}
		f.OID = table[signature(f)]
	}
}
