package scalar

import (
	"slices"

	"millrace/expr"
	"millrace/types"
)

// families are the lists of entries. The order has no meaning beyond that of listings.
func families() [][]*expr.Function {
	return [][]*expr.Function{
		comparisonOperators(),
		integerOperators(),
		floatOperators(),
		numericOperators(),
		mathFunctions(),
		stringFunctions(),
		likeFunctions(),
		regexpFunctions(),
		quoteFunctions(),
		identFunctions(),
		unicodeFunctions(),
		byteaFunctions(),
		datetimeOperators(),
		datetimeFunctions(),
		numberFormatFunctions(),
		jsonFunctions(),
		jsonPathFunctions(),
		arrayFunctions(),
		enumFunctions(),
		recordFunctions(),
		inetFunctions(),
		sessionFunctions(),
		sizeFunctions(),
	}
}

// index finds entries by name. It is built once and never changes.
type index struct {
	functions []*expr.Function
	byName    map[string][]*expr.Function
	operators map[operatorKey][]*expr.Function
}

type operatorKey struct {
	symbol string
	unary  bool
}

var registry = newIndex(slices.Concat(families()...))

func newIndex(fns []*expr.Function) *index {
	identify(fns)
	ix := &index{
		functions: fns,
		byName:    map[string][]*expr.Function{},
		operators: map[operatorKey][]*expr.Function{},
	}
	for _, f := range fns {
		if f.Operator {
			key := operatorKey{f.Name, len(f.Args) == 1}
			ix.operators[key] = append(ix.operators[key], f)
		} else {
			ix.byName[f.Name] = append(ix.byName[f.Name], f)
		}
	}
	return ix
}

// Functions lists all entries, operators included. The slice is shared: don't change it.
func Functions() []*expr.Function { return registry.functions }

// Lookup lists the overloads of a function by its name without schema; nil when there is none.
func Lookup(name string) []*expr.Function { return registry.byName[name] }

// Operators lists the overloads of a prefix or a binary operator.
func Operators(symbol string, unary bool) []*expr.Function {
	return registry.operators[operatorKey{symbol, unary}]
}

// Equality gives the = of a type, as equality keys, IN and IS DISTINCT FROM need it; nil for a type without one (json).
func Equality(t types.T) *expr.Function { return Compare("=", t) }

// Compare gives a comparison operator (=, <>, <, <=, >, >=) of a type with itself; nil for a type that has none.
// Its arguments have the type t or, for varchar, arrays and object aliases, the type that PostgreSQL compares
// them as; the representation is the same.
func Compare(op string, t types.T) *expr.Function {
	switch t.Kind {
	case types.Varchar, types.Unknown:
		t = tText
	case types.CIDR:
		t = tInet
	case types.Regclass, types.Regtype, types.Regproc, types.Regnamespace, types.Regrole:
		t = tOID
	case types.Array:
		if Compare(op, t.ElemType()) == nil {
			return nil
		}
		t = expr.AnyArray
	case types.Enum:
		t = expr.AnyEnum
	case types.Record:
		if rowsComparable(op, t, t) != nil {
			return nil
		}
		t = tRecord
	}
	want := t.WithoutMod()
	for _, f := range Operators(op, false) {
		if f.Args[0] == want && f.Args[1] == want {
			return f
		}
	}
	return nil
}

// The types that entries are written with.
var (
	tBool        = types.Of(types.Bool)
	tInt2        = types.Of(types.Int2)
	tInt4        = types.Of(types.Int4)
	tInt8        = types.Of(types.Int8)
	tFloat4      = types.Of(types.Float4)
	tFloat8      = types.Of(types.Float8)
	tNumeric     = types.Of(types.Numeric)
	tText        = types.Of(types.Text)
	tBpchar      = types.Of(types.Bpchar)
	tName        = types.Of(types.Name)
	tChar1       = types.Of(types.Char1)
	tBytea       = types.Of(types.Bytea)
	tDate        = types.Of(types.Date)
	tTime        = types.Of(types.Time)
	tTimestamp   = types.Of(types.Timestamp)
	tTimestampTZ = types.Of(types.TimestampTZ)
	tInterval    = types.Of(types.Interval)
	tUUID        = types.Of(types.UUID)
	tJSON        = types.Of(types.JSON)
	tJSONB       = types.Of(types.JSONB)
	tInet        = types.Of(types.Inet)
	tCIDR        = types.Of(types.CIDR)
	tOID         = types.Of(types.OID)
	tRegclass    = types.Of(types.Regclass)
	tRegtype     = types.Of(types.Regtype)
	tVoid        = types.Of(types.Void)
	tTextArray   = types.ArrayOf(tText)

	anyElement         = expr.AnyElement
	anyArray           = expr.AnyArray
	anyType            = expr.AnyType
	anyCompatible      = expr.AnyCompatible
	anyCompatibleArray = expr.AnyCompatibleArray
	anyNonArray        = expr.AnyNonArray
	anyEnum            = expr.AnyEnum
	anyEnumArray       = types.ArrayOf(types.Of(types.Enum)) // of the enum that anyEnum is
	tRecord            = types.Of(types.Record)
)

// with makes an entry's argument list.
func with(ts ...types.T) []types.T { return ts }
