package clocked

import (
	"math"
	"slices"

	"millrace/expr"
	"millrace/expr/scalar"
	"millrace/pgerr"
	"millrace/types"
)

// Turn is a condition within another that changes its outcome for a row (true, false, NULL or a failure) as time goes on.
type Turn struct {
	// Cond changes once, or, where Monthly, once on each of the days 28 to 31 of a month and at the ends of those days, at
	// most, and not again.
	Cond    expr.Expr
	Monthly bool
	// At, where not nil, is of type timestamp or timestamptz and does not read the time: the change is Shift microseconds
	// after it. Where it is NULL or infinite there is none.
	At    expr.Expr
	Shift int64
}

const hint = "Compare it with an expression of the row, as in WHERE ts > now() - interval '1 hour' or " +
	"date_trunc('day', now()) = date_trunc('day', ts), on a side that only grows as time goes on."

// Refused is the error for a use of the current time that a view cannot keep up with.
func Refused(e expr.Expr) error {
	pos := 0
	expr.Walk(e, func(x expr.Expr) bool {
		if c, ok := x.(*expr.Call); ok && c.Func.Uses&expr.UsesNow != 0 && pos == 0 {
			pos = c.Pos
		}
		return true
	})
	return pgerr.Unsupported("this use of the current time in a materialized view").At(pos).WithHint(hint)
}

// Turns lists the conditions by which a predicate changes its outcome as time goes on. It fails for a predicate that reads the time
// in another way.
func Turns(pred expr.Expr) ([]Turn, error) {
	var turns []Turn
	err := find(pred, &turns)
	return turns, err
}

func find(e expr.Expr, to *[]Turn) error {
	if !Reads(e) {
		return nil
	}
	switch x := e.(type) {
	case *expr.Call:
		if x.Func.Operator && len(x.Args) == 2 && isComparison(x.Func.Name) {
			return compare(e, x.Func.Name, x.Args[0], x.Args[1], to)
		}
		if x.Func.Uses&expr.UsesNow != 0 {
			return Refused(e)
		}
	case *expr.DistinctFrom:
		return compare(e, "=", x.Left, x.Right, to)
	case *expr.InList:
		for _, item := range x.List {
			if err := compare(e, "=", x.Left, item, to); err != nil {
				return err
			}
		}
		return nil
	case *expr.AnyAll:
		return Refused(e)
	}
	var err error
	expr.Walk(e, func(x expr.Expr) bool {
		if x == e {
			return true
		}
		if err == nil {
			err = find(x, to)
		}
		return false
	})
	return err
}

func isComparison(op string) bool {
	return slices.Contains([]string{"=", "<>", "<", "<=", ">", ">="}, op)
}

// compare adds the turns of a comparison. One that is equal for a while turns twice.
func compare(whole expr.Expr, op string, left, right expr.Expr, to *[]Turn) error {
	if !Reads(left) && !Reads(right) {
		return nil
	}
	timed := left
	if Reads(right) {
		timed = right
	}
	r, ok := rises(timed)
	if !ok || Reads(left) && Reads(right) {
		return Refused(whole)
	}
	ops := []string{op}
	if op == "=" || op == "<>" {
		ops = []string{">=", ">"}
	}
	for _, op := range ops {
		cond, err := scalar.Operator(op, left, right, 0)
		if err != nil {
			return Refused(whole)
		}
		t := Turn{Cond: cond, Monthly: r.monthly}
		t.direct(op, left, right)
		*to = append(*to, t)
	}
	return nil
}

// direct finds the time of the change where the side with the time is the time itself, shifted by a fixed length.
func (t *Turn) direct(op string, left, right expr.Expr) {
	if Reads(right) {
		left, right = right, left
		op = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<="}[op]
	}
	shift, ok := shifted(left)
	if !ok || !right.Type().Is(types.Timestamp) && !right.Type().Is(types.TimestampTZ) {
		return
	}
	// now + shift >= right, or < right, changes when now is right - shift; the others a microsecond later.
	t.At, t.Shift = right, -shift
	if op == ">" || op == "<=" {
		t.Shift++
	}
}

// shifted reads an expression as the current time plus so many microseconds.
func shifted(e expr.Expr) (micros int64, ok bool) {
	if isNow(e) {
		return 0, true
	}
	switch e := e.(type) {
	case *expr.Cast:
		if (e.To.Is(types.Timestamp) || e.To.Is(types.TimestampTZ)) && e.To.Mod < 0 && (e.Arg.Type().Is(types.Timestamp) || e.Arg.Type().Is(types.TimestampTZ)) {
			return shifted(e.Arg)
		}
	case *expr.Call:
		if e.Func.Name == "timezone" && len(e.Args) == 2 && isUTC(e.Args[0]) {
			return shifted(e.Args[1])
		}
		if !e.Func.Operator || len(e.Args) != 2 || e.Func.Name != "+" && e.Func.Name != "-" {
			return 0, false
		}
		m, x := e.Args[0], e.Args[1]
		if e.Func.Name == "+" && Reads(x) {
			m, x = x, m
		}
		iv, known := interval(x)
		base, ok := shifted(m)
		length, fits := fixedLength(iv)
		if !known || !ok || !fits {
			return 0, false
		}
		if e.Func.Name == "-" {
			length = -length
		}
		if base += length; base > lengthMax || base < -lengthMax {
			return 0, false
		}
		return base, true
	}
	return 0, false
}

// lengthMax bounds fixed lengths, so that sums do not overflow.
const lengthMax = math.MaxInt64 / 4

// fixedLength is the length of an interval without months.
func fixedLength(iv types.IntervalValue) (micros int64, ok bool) {
	const day = 86_400_000_000
	const days = lengthMax / 2 / day
	if iv.Months != 0 || int64(iv.Days) > days || int64(iv.Days) < -days || iv.Micros > lengthMax/2 || iv.Micros < -lengthMax/2 {
		return 0, false
	}
	return int64(iv.Days)*day + iv.Micros, true
}

// Ends reports whether the predicate is false for every row from some time on, and stays so.
func Ends(pred expr.Expr) bool {
	switch e := pred.(type) {
	case *expr.And:
		return slices.ContainsFunc(e.Args, Ends)
	case *expr.Or:
		return !slices.ContainsFunc(e.Args, func(x expr.Expr) bool { return !Ends(x) })
	case *expr.Call:
		if !e.Func.Operator || len(e.Args) != 2 || !isComparison(e.Func.Name) || !Reads(e) {
			return false
		}
		timed, op := e.Args[0], e.Func.Name
		if !Reads(timed) {
			timed, op = e.Args[1], map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "="}[op]
		}
		r, ok := rises(timed)
		return ok && (op == "=" || r.up == (op == "<" || op == "<=")) && op != "<>" && op != ""
	}
	return false
}
