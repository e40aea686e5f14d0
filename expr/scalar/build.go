package scalar

import (
	"errors"
	"slices"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/types"
)

// Argument is an argument of a call as written.
type Argument struct {
	Expr expr.Expr
	Name string // of name => value; else ""
}

// Call builds the call of a function: it chooses the overload, converts the arguments and gathers variadic ones. A
// function that does not exist but is named like a type, with one argument, is a cast. pos is the call's position in
// the text, for errors and the node.
func Call(name string, args []Argument, variadic bool, pos int) (expr.Expr, error) {
	exprs, err := positional(name, args, pos)
	if err != nil {
		return nil, err
	}
	ts := typesOf(exprs)
	r, err := Resolve(name, ts, variadic)
	if err != nil {
		if len(exprs) == 1 && !variadic {
			if to, ok := types.LookupType(name); ok && castByCall(ts[0], to) {
				return convert(exprs[0], to, Explicit, pos), nil
			}
		}
		return nil, at(err, pos)
	}
	return r.Build(exprs, pos), nil
}

// castByCall reports whether PostgreSQL reads type(x) as a cast of x: where that changes nothing but the type, or goes
// through text, or the argument is a literal.
func castByCall(from, to types.T) bool {
	if from.Is(types.Unknown) {
		return true
	}
	// PostgreSQL has functions named like types for most entries of pg_cast; together with its rule that comes to this.
	return CanCast(from, to, Explicit) && !to.Is(types.Array)
}

// positional orders arguments by the names of parameters and fills in defaults between them.
func positional(name string, args []Argument, pos int) ([]expr.Expr, error) {
	exprs := make([]expr.Expr, 0, len(args))
	named := -1
	for i, a := range args {
		if a.Name != "" && named < 0 {
			named = i
		}
		if a.Name == "" && named >= 0 {
			return nil, pgerr.New(pgerr.SyntaxError, "positional argument cannot follow named argument").At(pos)
		}
		exprs = append(exprs, a.Expr)
	}
	if named < 0 {
		return exprs, nil
	}
	for _, f := range Lookup(name) {
		if out, ok := byName(f, args, named); ok {
			return out, nil
		}
	}
	call := ""
	for i, a := range args {
		if i > 0 {
			call += ", "
		}
		if a.Name != "" {
			call += a.Name + " => "
		}
		call += a.Expr.Type().WithoutMod().String()
	}
	return nil, pgerr.New(pgerr.UndefinedFunction, "function %s(%s) does not exist", name, call).At(pos).
		WithHint("No function matches the given name and argument types. You might need to add explicit type casts.")
}

// byName lays the arguments out for f, the first named one at index named.
func byName(f *expr.Function, args []Argument, named int) ([]expr.Expr, bool) {
	if len(f.ArgNames) != len(f.Args) || len(args) > len(f.Args) {
		return nil, false
	}
	out := make([]expr.Expr, len(f.Args))
	for i, a := range args {
		at := i
		if i >= named {
			at = slices.Index(f.ArgNames, a.Name)
		}
		if at < 0 || out[at] != nil {
			return nil, false
		}
		out[at] = a.Expr
	}
	required := len(f.Args) - len(f.Defaults)
	for i := range out {
		if out[i] != nil {
			continue
		}
		if i < required {
			return nil, false
		}
		out[i] = f.Defaults[i-required]
	}
	return out, true
}

// Operator builds a binary operator's call, or a prefix operator's where left is nil.
func Operator(symbol string, left, right expr.Expr, pos int) (expr.Expr, error) {
	if left == nil {
		r, err := ResolvePrefix(symbol, right.Type())
		if err != nil {
			return nil, at(err, pos)
		}
		return r.Build([]expr.Expr{right}, pos), nil
	}
	r, err := ResolveOperator(symbol, left.Type(), right.Type())
	if err != nil {
		return nil, at(err, pos)
	}
	return r.Build([]expr.Expr{left, right}, pos), nil
}

// Build makes the call that was resolved, of arguments of the types that it was resolved for.
func (r *Resolution) Build(args []expr.Expr, pos int) expr.Expr {
	list := make([]expr.Expr, 0, len(args)+len(r.Defaults))
	for i, a := range args {
		list = append(list, convert(a, r.Args[i], Implicit, 0))
	}
	if r.Gather >= 0 {
		elems := slices.Clone(list[r.Gather:])
		elem := r.Args[len(r.Args)-1]
		list = append(list[:r.Gather], &expr.MakeArray{Elems: elems, T: types.ArrayOf(elem)})
	}
	for _, d := range r.Defaults {
		list = append(list, d)
	}
	return &expr.Call{Func: r.Func, Args: list, T: r.Ret, Pos: pos}
}

func typesOf(es []expr.Expr) []types.T {
	ts := make([]types.T, len(es))
	for i, e := range es {
		ts[i] = e.Type()
	}
	return ts
}

// at gives an error the position.
func at(err error, pos int) error {
	var pe *pgerr.Error
	if errors.As(err, &pe) {
		pe.At(pos)
	}
	return err
}
