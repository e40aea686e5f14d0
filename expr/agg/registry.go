package agg

import (
	"slices"

	"millrace/expr"
	"millrace/expr/scalar"
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
	return slices.Concat(
		counts(),
		sums(),
		averages(),
		extremes("min", false, [...]uint32{2133, 2132, 2131, 2146, 2135, 2136, 2145, 2245, 2138, 2139, 2142, 2143, 2144, 2134}),
		extremes("max", true, [...]uint32{2117, 2116, 2115, 2130, 2119, 2120, 2129, 2244, 2122, 2123, 2126, 2127, 2128, 2118}),
		booleans(),
		bitAggregates("bit_and", bitAnd, [...]uint32{2236, 2238, 2240}),
		bitAggregates("bit_or", bitOr, [...]uint32{2237, 2239, 2241}),
		bitAggregates("bit_xor", bitXor, [...]uint32{6164, 6165, 6166}),
		spreads("var_pop", spread{pop: true}, [...]uint32{2720, 2719, 2718, 2723, 2721, 2722}),
		spreads("var_samp", spread{}, [...]uint32{2643, 2642, 2641, 2646, 2644, 2645}),
		spreads("variance", spread{}, [...]uint32{2150, 2149, 2148, 2153, 2151, 2152}),
		spreads("stddev_pop", spread{pop: true, dev: true}, [...]uint32{2726, 2725, 2724, 2729, 2727, 2728}),
		spreads("stddev_samp", spread{dev: true}, [...]uint32{2714, 2713, 2712, 2717, 2715, 2716}),
		spreads("stddev", spread{dev: true}, [...]uint32{2156, 2155, 2154, 2159, 2157, 2158}),
		regressions(),
		byteStrings(),
		arrays(),
		jsons(),
		picks(),
		modes(),
		percentiles(),
		ranks(),
		approximations(),
	)
}

func unary(name string, oid uint32, arg, ret types.Kind, acc func([]types.T) Accumulator) *Function {
	return &Function{Name: name, OID: oid, Args: []types.T{types.Of(arg)}, Ret: types.Of(ret), New: acc}
}

// described gives functions their note.
func described(note string, fs []*Function) []*Function {
	for _, f := range fs {
		f.Note = note
	}
	return fs
}

// Functions lists the registry, overloads of a name side by side. The result must not be changed.
func Functions() []*Function { return functions }

// Lookup lists the overloads of a name, which is in lower case; none when it is not an aggregate's.
func Lookup(name string) []*Function { return byName[name] }

// Resolve chooses the overload of name for arguments of the given types, an untyped literal or parameter being
// types.Unknown, or for a call with * when star. Those of WITHIN GROUP follow the direct ones. It gives the types that the
// arguments must be cast to and the result type. Errors are PostgreSQL's, without a position: 42883 when no overload fits,
// 42725 when several do, 42804 when a literal leaves a type open.
func Resolve(name string, args []types.T, star bool) (f *Function, argTypes []types.T, ret types.T, err error) {
	overloads := byName[name]
	if star || len(args) == 0 {
		for _, c := range overloads {
			switch {
			case c.Star && star:
				return c, []types.T{}, c.Ret, nil
			case c.Star:
				return nil, nil, types.T{}, pgerr.New(pgerr.WrongObjectType,
					"%s(*) must be used to call a parameterless aggregate function", name)
			}
		}
	}
	if len(overloads) == 1 && overloads[0].Form == Hypothetical && len(args) > 0 && !star {
		return overloads[0], args, overloads[0].Ret, nil
	}
	var sigs []*expr.Function
	for _, c := range overloads {
		if !c.Star && !star {
			sigs = append(sigs, &expr.Function{Name: name, Args: c.Args, Ret: c.Ret})
		}
	}
	r, err := scalar.Choose(name, sigs, args)
	if err != nil {
		return nil, nil, types.T{}, err
	}
	for _, c := range overloads {
		if !c.Star && slices.Equal(c.Args, r.Func.Args) {
			f = c
		}
	}
	argTypes = r.Args
	for i, p := range f.Args {
		if p == expr.AnyNonArray {
			argTypes[i] = args[i]
		}
	}
	if ret = f.Ret; f.RetOf != nil {
		ret = f.RetOf(argTypes)
	}
	return f, argTypes, ret, nil
}
