package bind

import (
	"slices"

	"millrace/expr"
	"millrace/expr/scalar"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/sql/ast"
	"millrace/types"
)

// setSignature is one overload of a set-returning function. Its name goes into the plan, with arguments of exactly these
// types; anyArray stands for any array and elem in the result for its elements.
type setSignature struct {
	name string
	args []types.T
	ret  []types.T
	cols []string // names of the result's columns; nil: one, of the function's name
	// record: the call says which columns there are, in a column definition list.
	record bool
	// reads is a function whose value the plan's call gets as its last argument; "" for none. By that, the rules for
	// what changes by itself hold for the set-returning function, too.
	reads string
}

var elem = types.T{Kind: types.Void, Elem: 1, Mod: -1}

// setSignatures lists the set-returning functions.
var setSignatures = func() []setSignature {
	of := types.Of
	int4, int8, num, text := of(types.Int4), of(types.Int8), of(types.Numeric), of(types.Text)
	ts, tz, iv := of(types.Timestamp), of(types.TimestampTZ), of(types.Interval)
	var out []setSignature
	for _, t := range []types.T{int4, int8, num} {
		out = append(out,
			setSignature{name: "generate_series", args: []types.T{t, t}, ret: []types.T{t}},
			setSignature{name: "generate_series", args: []types.T{t, t, t}, ret: []types.T{t}})
	}
	for _, t := range []types.T{tz, ts} { // a date is taken for the preferred type
		out = append(out, setSignature{name: "generate_series", args: []types.T{t, t, iv}, ret: []types.T{t}})
	}
	out = append(out,
		setSignature{name: "unnest", args: []types.T{expr.AnyArray}, ret: []types.T{elem}},
		setSignature{name: "generate_subscripts", args: []types.T{expr.AnyArray, int4}, ret: []types.T{int4}},
		setSignature{name: "generate_subscripts", args: []types.T{expr.AnyArray, int4, of(types.Bool)}, ret: []types.T{int4}},
		setSignature{name: "regexp_split_to_table", args: []types.T{text, text}, ret: []types.T{text}},
		setSignature{name: "regexp_split_to_table", args: []types.T{text, text, text}, ret: []types.T{text}},
		setSignature{name: "regexp_matches", args: []types.T{text, text}, ret: []types.T{types.ArrayOf(text)}},
		setSignature{name: "regexp_matches", args: []types.T{text, text, text}, ret: []types.T{types.ArrayOf(text)}},
		setSignature{name: "string_to_table", args: []types.T{text, text}, ret: []types.T{text}},
		setSignature{name: "string_to_table", args: []types.T{text, text, text}, ret: []types.T{text}},
	)
	jsonb := of(types.JSONB)
	for _, args := range [][]types.T{{jsonb, text}, {jsonb, text, jsonb}, {jsonb, text, jsonb, of(types.Bool)}} {
		out = append(out, setSignature{name: "jsonb_path_query", args: args, ret: []types.T{jsonb}})
	}
	boolean := of(types.Bool)
	out = append(out,
		setSignature{name: "pg_get_keywords", ret: []types.T{text, of(types.Char1), boolean, text, text},
			cols: []string{"word", "catcode", "barelabel", "catdesc", "baredesc"}},
		setSignature{name: "pg_timezone_names", ret: []types.T{text, text, iv, boolean}, reads: "now",
			cols: []string{"name", "abbrev", "utc_offset", "is_dst"}},
		setSignature{name: "pg_listening_channels", ret: []types.T{text}, reads: "millrace_listening_channels"},
	)
	for _, k := range []types.Kind{types.JSON, types.JSONB} {
		t, p := of(k), k2name[k]
		out = append(out,
			setSignature{name: p + "_array_elements", args: []types.T{t}, ret: []types.T{t}, cols: []string{"value"}},
			setSignature{name: p + "_array_elements_text", args: []types.T{t}, ret: []types.T{text}, cols: []string{"value"}},
			setSignature{name: p + "_object_keys", args: []types.T{t}, ret: []types.T{text}},
			setSignature{name: p + "_each", args: []types.T{t}, ret: []types.T{text, t}, cols: []string{"key", "value"}},
			setSignature{name: p + "_each_text", args: []types.T{t}, ret: []types.T{text, text}, cols: []string{"key", "value"}},
			setSignature{name: p + "_to_record", args: []types.T{t}, record: true},
			setSignature{name: p + "_to_recordset", args: []types.T{t}, record: true})
	}
	return out
}()

// SetFunctions lists the names of the set-returning functions; overloads repeat them.
func SetFunctions() []string {
	names := make([]string, len(setSignatures))
	for i := range setSignatures {
		names[i] = setSignatures[i].name
	}
	return names
}

var k2name = map[types.Kind]string{types.JSON: "json", types.JSONB: "jsonb"}

func isSetFunc(name string) bool {
	return slices.ContainsFunc(setSignatures, func(s setSignature) bool { return s.name == name })
}

func hasSeveralColumns(name string) bool {
	return slices.ContainsFunc(setSignatures, func(s setSignature) bool { return s.name == name && (len(s.ret) > 1 || s.record) })
}

func setFuncNames() []string {
	var names []string
	for _, s := range setSignatures {
		if len(names) == 0 || names[len(names)-1] != s.name {
			names = append(names, s.name)
		}
	}
	return names
}

// setFunc resolves a set-returning function for bound arguments, by the rules for scalar functions, and numbers its
// columns. defs are the columns that the call defines, where it does.
func (c *clause) setFunc(name string, args []expr.Expr, argPos []int, defs []*ast.ColumnDef, pos int) (logical.SetFunc, []scopeCol, error) {
	// The registry's rules choose among entries made of the signatures.
	var sigs []setSignature
	for _, s := range setSignatures {
		if s.name == name {
			sigs = append(sigs, s)
		}
	}
	chosen, argTypes, err := chooseSet(sigs, args, pos)
	if err != nil {
		return logical.SetFunc{}, nil, err
	}
	f := logical.SetFunc{Name: name}
	for i, a := range args {
		p := pos
		if i < len(argPos) {
			p = argPos[i]
		}
		x, err := c.coerce(a, argTypes[i], implicit, p)
		if err != nil {
			return f, nil, err
		}
		f.Args = append(f.Args, x)
	}
	if chosen.reads != "" {
		x, err := scalar.Call(chosen.reads, nil, false, pos)
		if err != nil {
			return f, nil, err
		}
		if err := c.check(expr.VolatilityOf(x), expr.UsesOf(x), name+"()", pos); err != nil {
			return f, nil, err
		}
		f.Args = append(f.Args, x)
	}
	if chosen.record {
		cols, err := c.recordColumns(&f, defs, pos)
		return f, cols, err
	}
	if len(defs) > 0 {
		return f, nil, needlessColumns(len(chosen.ret) > 1, defs)
	}
	var cols []scopeCol
	for i, t := range chosen.ret {
		if t == elem {
			t = argTypes[0].ElemType()
		}
		n := name
		if chosen.cols != nil {
			n = chosen.cols[i]
		}
		id := c.b.cols.Add(logical.Column{Name: n, T: t})
		f.Cols, f.Ret = append(f.Cols, id), append(f.Ret, t)
		cols = append(cols, scopeCol{name: n, id: id})
	}
	return f, cols, nil
}

// chooseSet picks the signature that fits with the fewest conversions of arguments, all implicit; of equal ones the first,
// numbers being in the order integer, bigint, numeric.
func chooseSet(sigs []setSignature, args []expr.Expr, pos int) (*setSignature, []types.T, error) {
	match := func(s *setSignature) (ts []types.T, exact int) {
		if len(s.args) != len(args) {
			return nil, -1
		}
		ts = make([]types.T, len(args))
		for i, p := range s.args {
			t := args[i].Type()
			switch {
			case p == expr.AnyArray:
				if !t.Is(types.Array) {
					return nil, -1
				}
				ts[i] = t.WithoutMod()
			case t.WithoutMod() == p:
				ts[i] = p
				exact++
			case scalar.CanCast(t, p, implicit):
				ts[i] = p
			default:
				return nil, -1
			}
		}
		return ts, exact
	}
	unknown := len(args) > 0 && !slices.ContainsFunc(args, func(a expr.Expr) bool { return !a.Type().Is(types.Unknown) })
	fit := 0
	for i := range sigs {
		if len(sigs[i].args) == len(args) {
			fit++
		}
	}
	if unknown && (fit > 1 || fit == 1 && sigs[0].args[0] == expr.AnyArray) {
		return nil, nil, pgerr.New(pgerr.AmbiguousFunction, "function %s is not unique", signature(sigs[0].name, typesOf(args))).At(pos).
			WithHint("Could not choose a best candidate function. You might need to add explicit type casts.")
	}
	var best *setSignature
	var bestTypes []types.T
	bestScore := -1
	for i := range sigs {
		ts, score := match(&sigs[i])
		if score > bestScore {
			best, bestTypes, bestScore = &sigs[i], ts, score
		}
	}
	if best != nil {
		return best, bestTypes, nil
	}
	return nil, nil, pgerr.New(pgerr.UndefinedFunction, "function %s does not exist", signature(sigs[0].name, typesOf(args))).At(pos).
		WithHint("No function matches the given name and argument types. You might need to add explicit type casts.")
}

func typesOf(es []expr.Expr) []types.T {
	ts := make([]types.T, len(es))
	for i, e := range es {
		ts[i] = e.Type()
	}
	return ts
}

func signature(name string, ts []types.T) string {
	s := name + "("
	for i, t := range ts {
		if i > 0 {
			s += ", "
		}
		s += t.WithoutMod().String()
	}
	return s + ")"
}
