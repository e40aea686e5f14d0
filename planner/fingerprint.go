package planner

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"millrace/expr"
	"millrace/expr/agg"
	"millrace/planner/physical"
	"millrace/watermark"
)

// fingerprintVersion changes when operators store their state differently for the same plan.
const fingerprintVersion = 1

// Fingerprint identifies a plan with its operators' numbers and decisions: plans with equal fingerprints can take over
// each other's stored state. Names, which are for EXPLAIN, do not count.
func Fingerprint(p *physical.Plan) string {
	h := sha256.New()
	fmt.Fprintf(h, "v%d key %v append %v\n", fingerprintVersion, p.Key, p.AppendOnly)
	if len(p.Watermarks) > 0 {
		fmt.Fprintf(h, "watermarks %v lateness %d\n", p.Watermarks, p.Lateness)
	}
	for i, n := range p.Nodes {
		o := n.Out()
		fmt.Fprintf(h, "%d %T %v %v key %v append %v", i, n, n.Inputs(), o.Types, o.Key, o.AppendOnly)
		fmt.Fprint(h, decisions(n))
		if e := physical.ExpireOf(n); e != nil {
			fmt.Fprintf(h, " expire %d %s", e.Col, exactMark(e.Mark))
		}
		fmt.Fprintln(h)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// decisions writes everything of a node that its state or its output depends on.
func decisions(n physical.Node) string {
	switch n := n.(type) {
	case *physical.Scan:
		return fmt.Sprint(n.Relation, n.System, n.Cols, exact(n.Filter))
	case *physical.Values:
		rows := make([]string, len(n.Rows))
		for i, r := range n.Rows {
			rows[i] = exact(r...)
		}
		return strings.Join(rows, ";")
	case *physical.Series:
		s := fmt.Sprint(n.Ordinality, n.Outer)
		for _, f := range n.Funcs {
			s += fmt.Sprint(f.Name, exact(f.Args...), f.Ret)
		}
		return s
	case *physical.Filter:
		return exact(n.Pred)
	case *physical.TemporalFilter:
		s := exact(n.Pred)
		for _, t := range n.Turns {
			s += fmt.Sprint(exact(t.Cond, t.At), t.Monthly, t.Shift)
		}
		return s
	case *physical.Project:
		return exact(n.Exprs...)
	case *physical.Window:
		s := fmt.Sprint(n.Time, n.Size, n.Slide, n.Shift, n.Cumulate)
		if n.Calendar != nil {
			s += fmt.Sprint(*n.Calendar)
		}
		return s
	case *physical.Session:
		return fmt.Sprint(n.Time, n.Gap, n.Partition)
	case *physical.Join:
		return fmt.Sprint(n.Kind, n.LeftKeys, n.RightKeys, n.NullSafe, exact(n.On), n.NotIn, n.LeftCols == nil, n.LeftCols,
			n.RightCols == nil, n.RightCols, n.LeftStatic, n.RightStatic)
	case *physical.Buckets:
		return fmt.Sprint(n.Time, n.Size, n.Lo, n.Hi)
	case *physical.Versions:
		return fmt.Sprint(n.Key, n.Time)
	case *physical.Lookup:
		return fmt.Sprint(n.Outer, n.LeftKeys, n.RightKeys, n.NullSafe, n.Row, n.LeftCols == nil, n.LeftCols, n.RightCols == nil, n.RightCols)
	case *physical.DeltaJoin:
		return fmt.Sprint(n.Arrangements, n.Paths, exact(n.On), n.Cols)
	case *physical.AsOf:
		return fmt.Sprint(n.Outer, n.LeftKeys, n.RightKeys, n.NullSafe, n.LeftTime, n.RightTime, n.After, n.Strict, n.Ties,
			n.LeftCols == nil, n.LeftCols, n.RightCols == nil, n.RightCols)
	case *physical.Aggregate:
		s := fmt.Sprint(n.Group, n.Grouped)
		for _, c := range n.Aggs {
			s += decidedCall(c)
		}
		return s
	case *physical.SetOp:
		return fmt.Sprint(n.Except, n.All)
	case *physical.TopN:
		return fmt.Sprint(n.Group, n.Order, n.Limit, n.Offset, exact(n.LimitExpr, n.OffsetExpr), n.RowNumber, n.WithTies, n.Rank)
	case *physical.Over:
		s := fmt.Sprint(n.Partition, n.Order, n.TiesReversed)
		for _, f := range n.Funcs {
			s += fmt.Sprint(f.Kind, f.Args, exact(f.N), f.T, f.Frame.Mode, f.Frame.Exclude, f.Frame.Start.Kind, f.Frame.End.Kind,
				exact(f.Frame.Start.Offset, f.Frame.End.Offset))
			if f.Kind == physical.OverAggregate {
				s += decidedCall(f.Agg)
			}
		}
		return s
	case *physical.SingleRow:
		return fmt.Sprint(n.Group)
	case *physical.Recurse:
		return fmt.Sprint(n.Work, n.All, n.Limit)
	case *physical.Late:
		return fmt.Sprint(n.Col, n.ByStep, n.Insertions, exactMark(n.Mark))
	case *physical.Hold:
		return fmt.Sprint(n.Col, n.Flag, exactMark(n.Mark))
	}
	return ""
}

// exactMark prints a mark with relations by number.
func exactMark(m *watermark.Mark) string {
	switch {
	case m == nil:
		return "-"
	case m.Relation != 0:
		return fmt.Sprint(m.Relation)
	case m.Window != nil:
		return fmt.Sprint("window(", exactMark(m.Of), *m.Window, ")")
	case m.Of != nil:
		return fmt.Sprint("shift(", exactMark(m.Of), " ", m.Shift, ")")
	}
	parts := make([]string, len(m.Least))
	for i, l := range m.Least {
		parts[i] = exactMark(l)
	}
	return "least(" + strings.Join(parts, " ") + ")"
}

func decidedCall(c agg.Call) string {
	return fmt.Sprint(c.Func.Name, c.Func.Args, c.Func.Star, c.Args, c.Filter, c.Distinct, c.T, c.AppendOnly, exact(c.Params...), c.Order)
}

// exact prints expressions with columns by number and with the types of constants and calls, which [expr.String]
// leaves to the reader.
func exact(es ...expr.Expr) string {
	var b strings.Builder
	for _, e := range es {
		if e == nil {
			b.WriteString("-,")
			continue
		}
		nameless := expr.Rewrite(e, func(x expr.Expr) expr.Expr {
			if c, ok := x.(*expr.Column); ok && c.Name != "" {
				return &expr.Column{Index: c.Index, T: c.T}
			}
			return x
		})
		b.WriteString(expr.String(nameless))
		expr.Walk(e, func(x expr.Expr) bool {
			switch x := x.(type) {
			case *expr.Const:
				fmt.Fprint(&b, x.T)
			case *expr.Call:
				fmt.Fprint(&b, x.Func.Args)
			case *expr.Cast:
				fmt.Fprint(&b, x.Explicit)
			}
			return true
		})
		b.WriteByte(',')
	}
	return b.String()
}
