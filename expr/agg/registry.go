package agg

import (
	"strings"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/types"
)

// functions is the registry: every aggregate, overloads side by side. OIDs are PostgreSQL 15's.
var functions = buildFunctions()

// byName finds the overloads of a name.
var byName = func() map[string][]*Function {
	m := map[string][]*Function{}
	for _, f := range functions {
		m[f.Name] = append(m[f.Name], f)
	}
	return m
}()

func buildFunctions() []*Function {
	fs := []*Function{
		{Name: "count", OID: 2803, Star: true, Ret: types.Of(types.Int8), New: newCountStar},
		{Name: "count", OID: 2147, Args: []types.T{expr.AnyType}, Ret: types.Of(types.Int8), New: newCount},
		unary("sum", 2109, types.Int2, types.Int8, newSumInt),
		unary("sum", 2108, types.Int4, types.Int8, newSumInt),
		unary("sum", 2107, types.Int8, types.Numeric, newSumBigint),
		unary("sum", 2114, types.Numeric, types.Numeric, newSumNumeric),
		unary("sum", 2110, types.Float4, types.Float4, newSumFloat4),
		unary("sum", 2111, types.Float8, types.Float8, newSumFloat8),
		unary("sum", 2113, types.Interval, types.Interval, newSumInterval),
		unary("avg", 2102, types.Int2, types.Numeric, newAvgInt),
		unary("avg", 2101, types.Int4, types.Numeric, newAvgInt),
		unary("avg", 2100, types.Int8, types.Numeric, newAvgInt),
		unary("avg", 2103, types.Numeric, types.Numeric, newAvgNumeric),
		unary("avg", 2104, types.Float4, types.Float8, newAvgFloat),
		unary("avg", 2105, types.Float8, types.Float8, newAvgFloat),
		unary("avg", 2106, types.Interval, types.Interval, newAvgInterval),
		unary("bool_and", 2517, types.Bool, types.Bool, newBoolAnd),
		unary("every", 2519, types.Bool, types.Bool, newBoolAnd),
		unary("bool_or", 2518, types.Bool, types.Bool, newBoolOr),
	}
	fs = append(fs, extremes("min", false, [...]uint32{2133, 2132, 2131, 2146, 2135, 2136, 2145, 2245, 2138, 2139, 2142, 2143, 2144, 2134})...)
	fs = append(fs, extremes("max", true, [...]uint32{2117, 2116, 2115, 2130, 2119, 2120, 2129, 2244, 2122, 2123, 2126, 2127, 2128, 2118})...)
	fs = append(fs, spreads("var_pop", spread{pop: true}, [...]uint32{2720, 2719, 2718, 2723, 2721, 2722})...)
	fs = append(fs, spreads("var_samp", spread{}, [...]uint32{2643, 2642, 2641, 2646, 2644, 2645})...)
	fs = append(fs, spreads("variance", spread{}, [...]uint32{2150, 2149, 2148, 2153, 2151, 2152})...)
	fs = append(fs, spreads("stddev_pop", spread{pop: true, dev: true}, [...]uint32{2726, 2725, 2724, 2729, 2727, 2728})...)
	fs = append(fs, spreads("stddev_samp", spread{dev: true}, [...]uint32{2714, 2713, 2712, 2717, 2715, 2716})...)
	fs = append(fs, spreads("stddev", spread{dev: true}, [...]uint32{2156, 2155, 2154, 2159, 2157, 2158})...)
	return fs
}

func unary(name string, oid uint32, arg, ret types.Kind, acc func([]types.T) Accumulator) *Function {
	return &Function{Name: name, OID: oid, Args: []types.T{types.Of(arg)}, Ret: types.Of(ret), New: acc}
}

// extremes is min or max over every ordered type that PostgreSQL has it for, and over bytea and uuid, for which
// PostgreSQL 18 has it. oids are those of the kinds in the order below.
func extremes(name string, desc bool, oids [14]uint32) []*Function {
	kinds := [...]types.Kind{types.Int2, types.Int4, types.Int8, types.Numeric, types.Float4, types.Float8, types.Text,
		types.Bpchar, types.Date, types.Time, types.Timestamp, types.TimestampTZ, types.Interval, types.OID}
	acc, arrays := newMin, uint32(2051)
	if desc {
		acc, arrays = newMax, 2050
	}
	var fs []*Function
	for i, k := range kinds {
		fs = append(fs, unary(name, oids[i], k, k, acc))
	}
	fs = append(fs, unary(name, 0, types.Bytea, types.Bytea, acc), unary(name, 0, types.UUID, types.UUID, acc))
	fs = append(fs, &Function{Name: name, OID: arrays, Args: []types.T{expr.AnyArray},
		RetOf: func(args []types.T) types.T { return args[0].WithoutMod() }, New: acc})
	for _, f := range fs {
		f.Ordered, f.Desc = true, desc
	}
	return fs
}

// spreads is one of the variance family.
func spreads(name string, s spread, oids [6]uint32) []*Function {
	return []*Function{
		unary(name, oids[0], types.Int2, types.Numeric, newSpreadNumeric(s)),
		unary(name, oids[1], types.Int4, types.Numeric, newSpreadNumeric(s)),
		unary(name, oids[2], types.Int8, types.Numeric, newSpreadNumeric(s)),
		unary(name, oids[3], types.Numeric, types.Numeric, newSpreadNumeric(s)),
		unary(name, oids[4], types.Float4, types.Float8, newSpreadFloat(s)),
		unary(name, oids[5], types.Float8, types.Float8, newSpreadFloat(s)),
	}
}

// Functions lists the registry, overloads of a name side by side. The result must not be changed.
func Functions() []*Function { return functions }

// Lookup lists the overloads of a name, which is in lower case; none when it is not an aggregate's.
func Lookup(name string) []*Function { return byName[name] }

// Resolve chooses the overload of name for arguments of the given types, an untyped literal or parameter being
// types.Unknown, or for a call with * when star. It gives the types that the arguments must be cast to and the
// result type. Errors are PostgreSQL's, without a position: 42883 when no overload fits, 42725 when several do.
func Resolve(name string, args []types.T, star bool) (f *Function, argTypes []types.T, ret types.T, err error) {
	if !star && len(args) == 0 {
		for _, c := range byName[name] {
			if c.Star {
				return nil, nil, types.T{}, pgerr.New(pgerr.WrongObjectType,
					"%s(*) must be used to call a parameterless aggregate function", name)
			}
		}
	}
	var best []*Function
	bestScore := 0
	for _, c := range byName[name] {
		score := c.match(args, star)
		switch {
		case score == 0 || score < bestScore:
		case score == bestScore:
			best = append(best, c)
		default:
			best, bestScore = append(best[:0], c), score
		}
	}
	switch {
	case len(best) == 0:
		return nil, nil, types.T{}, pgerr.New(pgerr.UndefinedFunction, "function %s does not exist", signature(name, args)).
			WithHint("No function matches the given name and argument types. You might need to add explicit type casts.")
	case len(best) > 1:
		return nil, nil, types.T{}, pgerr.New(pgerr.AmbiguousFunction, "function %s is not unique", signature(name, args)).
			WithHint("Could not choose a best candidate function. You might need to add explicit type casts.")
	}
	f = best[0]
	argTypes = make([]types.T, len(args))
	for i, a := range args {
		if argTypes[i] = a; !polymorphic(f.Args[i]) && f.Args[i].Kind != a.Kind {
			argTypes[i] = f.Args[i]
		}
	}
	if ret = f.Ret; f.RetOf != nil {
		ret = f.RetOf(argTypes)
	}
	return f, argTypes, ret, nil
}

// How well an overload fits, 0 being not at all. An unknown literal is taken for text where text is possible.
const (
	fitsUnknown = iota + 1
	fitsUnknownText
	fitsCast
	fitsExactly
)

// match rates c for a call: the rating of its worst argument.
func (c *Function) match(args []types.T, star bool) int {
	if c.Star != star || len(c.Args) != len(args) {
		return 0
	}
	worst := fitsExactly
	for i, a := range args {
		worst = min(worst, fit(a, c.Args[i]))
	}
	return worst
}

func fit(from, to types.T) int {
	switch {
	case to == expr.AnyType:
		return fitsExactly
	case to == expr.AnyArray:
		if from.Kind == types.Array {
			return fitsExactly
		}
		return 0
	case from.Kind == to.Kind:
		return fitsExactly
	case from.Kind == types.Unknown && to.Kind == types.Text:
		return fitsUnknownText
	case from.Kind == types.Unknown:
		return fitsUnknown
	}
	switch from.Kind {
	case types.Varchar, types.Name, types.Char1:
		if to.Kind == types.Text {
			return fitsCast
		}
	case types.Regclass, types.Regtype, types.Regproc, types.Regnamespace:
		if to.Kind == types.OID {
			return fitsCast
		}
	}
	return 0
}

func polymorphic(t types.T) bool {
	return t == expr.AnyType || t == expr.AnyArray || t == expr.AnyElement
}

// signature writes a call as PostgreSQL's messages do.
func signature(name string, args []types.T) string {
	names := make([]string, len(args))
	for i, a := range args {
		names[i] = a.WithoutMod().String()
	}
	return name + "(" + strings.Join(names, ", ") + ")"
}
