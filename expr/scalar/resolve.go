package scalar

import (
	"slices"
	"strings"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/types"
)

// Resolution is an overload that was chosen for a call.
type Resolution struct {
	Func *expr.Function
	// Args are the types that the call's arguments are to be converted to, one for each argument.
	Args []types.T
	Ret  types.T
	// Gather is the number of leading arguments that stay as they are while the rest becomes one array, of a
	// variadic function that was called with separate arguments; -1 where nothing is gathered.
	Gather int
	// Defaults are to be added to the arguments.
	Defaults []*expr.Const
}

// candidate is an overload laid out for a number of arguments.
type candidate struct {
	fn       *expr.Function
	args     []types.T // by argument of the call; may be polymorphic
	gather   int
	defaults []*expr.Const
}

// Resolve chooses the function for a call with arguments of the given types; an untyped literal has types.Unknown.
// variadic says that the last argument is written VARIADIC. Errors are 42883 and 42725 in PostgreSQL's words.
func Resolve(name string, args []types.T, variadic bool) (Resolution, error) {
	return chooseNamed(name, layOut(Lookup(name), len(args), variadic), args)
}

// Choose is Resolve among given overloads, which need have nothing but their arguments.
func Choose(name string, overloads []*expr.Function, args []types.T) (Resolution, error) {
	return chooseNamed(name, layOut(overloads, len(args), false), args)
}

func chooseNamed(name string, candidates []candidate, args []types.T) (Resolution, error) {
	return choose(candidates, args, func(problem pgerr.Code) *pgerr.Error {
		call := "function " + name + "(" + typeList(args) + ")"
		if problem == pgerr.AmbiguousFunction {
			return pgerr.New(problem, "%s is not unique", call).
				WithHint("Could not choose a best candidate function. You might need to add explicit type casts.")
		}
		return pgerr.New(problem, "%s does not exist", call).
			WithHint("No function matches the given name and argument types. You might need to add explicit type casts.")
	})
}

// ResolveOperator chooses a binary operator.
func ResolveOperator(symbol string, left, right types.T) (Resolution, error) {
	args := []types.T{left, right}
	fail := operatorError(symbol, args)
	candidates := layOut(Operators(symbol, false), 2, false)
	// An untyped literal beside a typed operand first tries that operand's type.
	if left.Is(types.Unknown) != right.Is(types.Unknown) {
		same := left
		if left.Is(types.Unknown) {
			same = right
		}
		for _, c := range candidates {
			if sameType(c.args[0], same) && sameType(c.args[1], same) {
				return c.finish(args, fail)
			}
		}
	}
	return choose(candidates, args, fail)
}

// ResolvePrefix chooses a prefix operator.
func ResolvePrefix(symbol string, arg types.T) (Resolution, error) {
	args := []types.T{arg}
	return choose(layOut(Operators(symbol, true), 1, false), args, operatorError(symbol, args))
}

func operatorError(symbol string, args []types.T) func(pgerr.Code) *pgerr.Error {
	return func(problem pgerr.Code) *pgerr.Error {
		call, plural, an := "", "s", "s"
		if len(args) == 1 {
			call, plural, an = symbol+" "+args[0].WithoutMod().String(), "", ""
		} else {
			call = args[0].WithoutMod().String() + " " + symbol + " " + args[1].WithoutMod().String()
		}
		if problem == pgerr.AmbiguousFunction {
			return pgerr.New(problem, "operator is not unique: %s", call).
				WithHint("Could not choose a best candidate operator. You might need to add explicit type casts.")
		}
		cast := "explicit type casts"
		if an == "" {
			cast = "an explicit type cast"
		}
		return pgerr.New(problem, "operator does not exist: %s", call).
			WithHint("No operator matches the given name and argument type%s. You might need to add %s.", plural, cast)
	}
}

func typeList(ts []types.T) string {
	names := make([]string, len(ts))
	for i, t := range ts {
		names[i] = t.WithoutMod().String()
	}
	return strings.Join(names, ", ")
}

// layOut lists the overloads that take n arguments, variadic parameters spread out and defaults left out.
func layOut(fns []*expr.Function, n int, variadic bool) []candidate {
	var list []candidate
	for _, f := range fns {
		c := candidate{fn: f, gather: -1}
		switch last := len(f.Args) - 1; {
		case len(f.Args) == n && (!f.Variadic || variadic):
			if variadic && !f.Variadic {
				continue
			}
			c.args = f.Args
			if variadic && f.Args[last] == anyType {
				continue
			}
		case f.Variadic && !variadic && n > last:
			c.args = slices.Clone(f.Args[:last])
			elem := f.Args[last]
			switch elem {
			case anyType:
			case anyArray:
				elem, c.gather = anyElement, last
			case anyCompatibleArray:
				elem, c.gather = anyCompatible, last
			default:
				elem, c.gather = elem.ElemType(), last
			}
			for len(c.args) < n {
				c.args = append(c.args, elem)
			}
		case !f.Variadic && !variadic && n < len(f.Args) && n+len(f.Defaults) >= len(f.Args):
			c.args = f.Args[:n]
			c.defaults = f.Defaults[len(f.Defaults)-(len(f.Args)-n):]
		default:
			continue
		}
		list = append(list, c)
	}
	return list
}

func isPolymorphic(t types.T) bool { return t.Kind == types.Void && t.Elem != types.Invalid }

// accepts reports whether a parameter takes an argument, as far as one alone can tell.
func accepts(param, arg types.T) bool {
	switch param {
	case anyElement, anyType, anyCompatible:
		return true
	case anyArray, anyCompatibleArray:
		return arg.Is(types.Array) || arg.Is(types.Unknown)
	case anyNonArray:
		return !arg.Is(types.Array)
	case anyEnum:
		return arg.Is(types.Enum) || arg.Is(types.Unknown)
	case tRecord:
		return arg.Is(types.Record) || arg.Is(types.Unknown)
	}
	return CanCast(arg, param, Implicit)
}

// choose applies PostgreSQL's rules: exact match, candidates by implicit casts, then selectCandidate.
func choose(candidates []candidate, args []types.T, fail func(pgerr.Code) *pgerr.Error) (Resolution, error) {
	for _, spread := range []bool{false, true} {
		for _, c := range candidates {
			if (c.gather >= 0 || c.fn.Variadic) == spread && slices.EqualFunc(c.args, args, sameType) && len(c.defaults) == 0 {
				return c.finish(args, fail)
			}
		}
	}
	var fit []candidate
	for _, c := range candidates {
		if c.fits(args) {
			fit = append(fit, c)
		}
	}
	// What differs only in being variadic or by defaults yields to what takes the arguments as they are.
	fit = slices.DeleteFunc(fit, func(c candidate) bool {
		return (c.gather >= 0 || len(c.defaults) > 0) && slices.ContainsFunc(fit, func(o candidate) bool {
			return o.gather < 0 && len(o.defaults) == 0 && slices.EqualFunc(o.args, c.args, sameType)
		})
	})
	switch len(fit) {
	case 0:
		return Resolution{}, fail(pgerr.UndefinedFunction)
	case 1:
		return fit[0].finish(args, fail)
	}
	c, ok := selectCandidate(fit, args)
	if !ok {
		return Resolution{}, fail(pgerr.AmbiguousFunction)
	}
	return c.finish(args, fail)
}

func (c *candidate) fits(args []types.T) bool {
	for i, p := range c.args {
		if !accepts(p, args[i]) {
			return false
		}
	}
	_, _, err := unify(c.args, args)
	return err == nil || err == errUndetermined
}

// finish turns the choice into a resolution.
func (c *candidate) finish(args []types.T, fail func(pgerr.Code) *pgerr.Error) (Resolution, error) {
	elem, compatible, err := unify(c.args, args)
	switch err {
	case nil:
	case errUndetermined:
		return Resolution{}, pgerr.New(pgerr.DatatypeMismatch, "could not determine polymorphic type because input has type unknown")
	default:
		return Resolution{}, fail(pgerr.UndefinedFunction)
	}
	if t, ok := nestedArray(c.fn, c.args, elem, compatible); ok {
		return Resolution{}, pgerr.New(pgerr.UndefinedObject, "could not find array type for data type %s", t)
	}
	r := Resolution{Func: c.fn, Args: make([]types.T, len(args)), Gather: c.gather, Defaults: c.defaults}
	for i, p := range c.args {
		switch p {
		case anyType:
			r.Args[i] = args[i]
			if args[i].Is(types.Unknown) {
				r.Args[i] = tText
			}
		case anyNonArray:
			r.Args[i] = tText
		case tRecord:
			if r.Args[i] = p; args[i].Is(types.Record) {
				r.Args[i] = args[i]
			}
		default:
			r.Args[i] = instantiate(p, elem, compatible)
		}
	}
	if c.fn.Operator && len(args) == 2 && args[0].Is(types.Record) && args[1].Is(types.Record) {
		if err := rowsComparable(c.fn.Name, args[0], args[1]); err != nil {
			return Resolution{}, err
		}
	}
	if c.fn.Ret == anyArray && elem.Is(types.Array) {
		return Resolution{}, pgerr.New(pgerr.UndefinedObject, "could not find array type for data type %s", elem)
	}
	r.Ret = instantiate(c.fn.Ret, elem, compatible)
	if c.fn.RetOf != nil {
		r.Ret = c.fn.RetOf(r.Args)
	}
	return r, nil
}

func instantiate(t, elem, compatible types.T) types.T {
	switch t {
	case anyElement, anyEnum:
		return elem
	case anyArray, anyEnumArray:
		return types.ArrayOf(elem)
	case anyCompatible:
		return compatible
	case anyCompatibleArray:
		return types.ArrayOf(compatible)
	}
	return t
}

// selectCandidate is func_select_candidate of PostgreSQL's parse_func.c: each rule drops candidates unless it would
// drop all.
func selectCandidate(fit []candidate, args []types.T) (candidate, bool) {
	fit = best(fit, func(c candidate) int {
		n := 0
		for i, t := range args {
			if !t.Is(types.Unknown) && sameType(t, c.args[i]) {
				n++
			}
		}
		return n
	})
	if len(fit) == 1 {
		return fit[0], true
	}
	fit = best(fit, func(c candidate) int {
		n := 0
		for i, t := range args {
			if !t.Is(types.Unknown) && (sameType(t, c.args[i]) || preferredIn(c.args[i], t.Category())) {
				n++
			}
		}
		return n
	})
	if len(fit) == 1 {
		return fit[0], true
	}
	if !slices.ContainsFunc(args, func(t types.T) bool { return t.Is(types.Unknown) }) {
		return candidate{}, false
	}
	if c, ok := byLiteralCategory(fit, args); ok {
		return c, true
	}
	return byCommonKnown(fit, args)
}

func preferredIn(t types.T, category byte) bool {
	return !isPolymorphic(t) && t.Category() == category && t.Preferred()
}

// best keeps the candidates with the highest score.
func best(list []candidate, score func(candidate) int) []candidate {
	top := 0
	for _, c := range list {
		top = max(top, score(c))
	}
	var keep []candidate
	for _, c := range list {
		if score(c) == top {
			keep = append(keep, c)
		}
	}
	return keep
}

// byLiteralCategory gives each untyped literal a type category: string if any candidate takes a string there, else the one
// on which the candidates agree.
func byLiteralCategory(fit []candidate, args []types.T) (candidate, bool) {
	keep := fit
	for i, t := range args {
		if !t.Is(types.Unknown) {
			continue
		}
		category, agreed := paramCategory(fit[0].args[i]), true
		for _, c := range fit {
			got := paramCategory(c.args[i])
			if got == 'S' {
				category, agreed = 'S', true
				break
			}
			agreed = agreed && got == category
		}
		if !agreed {
			return candidate{}, false
		}
		preferred := slices.ContainsFunc(fit, func(c candidate) bool { return preferredIn(c.args[i], category) })
		var next []candidate
		for _, c := range keep {
			if paramCategory(c.args[i]) == category && (!preferred || preferredIn(c.args[i], category)) {
				next = append(next, c)
			}
		}
		keep = next
	}
	if len(keep) == 1 {
		return keep[0], true
	}
	return candidate{}, false
}

func paramCategory(t types.T) byte {
	if isPolymorphic(t) {
		return 'P'
	}
	return t.Category()
}

// byCommonKnown takes the untyped literals to have the type that all other arguments have.
func byCommonKnown(fit []candidate, args []types.T) (candidate, bool) {
	known, ok := types.T{}, false
	for _, t := range args {
		if t.Is(types.Unknown) {
			continue
		}
		if ok && !sameType(t, known) {
			return candidate{}, false
		}
		known, ok = t, true
	}
	if !ok {
		return candidate{}, false
	}
	same := make([]types.T, len(args))
	for i := range same {
		same[i] = known
	}
	var keep []candidate
	for _, c := range fit {
		if c.fits(same) {
			keep = append(keep, c)
		}
	}
	if len(keep) == 1 {
		return keep[0], true
	}
	return candidate{}, false
}
