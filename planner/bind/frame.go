package bind

import (
	"millrace/expr"
	"millrace/expr/scalar"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/planner/physical"
	"millrace/sql/ast"
	"millrace/types"
)

var (
	frameModes  = map[ast.FrameMode]physical.FrameMode{ast.FrameRange: physical.Range, ast.FrameRows: physical.Rows, ast.FrameGroups: physical.Groups}
	frameBounds = map[ast.BoundKind]physical.BoundKind{
		ast.UnboundedPreceding: physical.UnboundedPreceding, ast.OffsetPreceding: physical.OffsetPreceding, ast.CurrentRow: physical.CurrentRow,
		ast.OffsetFollowing: physical.OffsetFollowing, ast.UnboundedFollowing: physical.UnboundedFollowing,
	}
	frameExcludes = map[ast.FrameExclude]physical.FrameExclude{
		ast.ExcludeNoOthers: physical.ExcludeNone, ast.ExcludeCurrentRow: physical.ExcludeCurrentRow,
		ast.ExcludeGroup: physical.ExcludeGroup, ast.ExcludeTies: physical.ExcludeTies,
	}
)

// frame binds the frame of a window; without one it is from the partition's start to the current row's peers.
func (c *clause) frame(d *ast.WindowDef, order []sortExpr) (physical.Frame, error) {
	if d.Frame == nil {
		return physical.Frame{End: physical.Bound{Kind: physical.CurrentRow}}, nil
	}
	f := d.Frame
	out := physical.Frame{
		Mode: frameModes[f.Mode], Exclude: frameExcludes[f.Exclude],
		Start: physical.Bound{Kind: frameBounds[f.Start.Kind]}, End: physical.Bound{Kind: frameBounds[f.End.Kind]},
	}
	keys := distinctKeys(order)
	offsets := f.Start.Offset != nil || f.End.Offset != nil
	switch {
	case out.Mode == physical.Range && offsets && len(keys) != 1:
		return out, pgerr.New(pgerr.WindowingError, "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column").At(d.Pos)
	case out.Mode == physical.Groups && len(keys) == 0:
		return out, pgerr.New(pgerr.WindowingError, "GROUPS mode requires an ORDER BY clause").At(d.Pos)
	}
	for _, b := range []struct {
		from *ast.FrameBound
		to   *physical.Bound
		what string
	}{{&f.Start, &out.Start, "starting"}, {&f.End, &out.End, "ending"}} {
		if b.from.Offset == nil {
			continue
		}
		var key types.T
		if out.Mode == physical.Range {
			key = keys[0].expr.Type()
		}
		x, err := c.frameOffset(b.from.Offset, out.Mode, key, b.what)
		if err != nil {
			return out, err
		}
		b.to.Offset = x
	}
	return out, nil
}

// distinctKeys leaves out what is ordered by already.
func distinctKeys(order []sortExpr) []sortExpr {
	var out []sortExpr
next:
	for _, s := range order {
		for _, o := range out {
			if expr.Equal(o.expr, s.expr) {
				continue next
			}
		}
		out = append(out, s)
	}
	return out
}

// frameOffset binds an offset: of rows and groups a bigint, of a range what can be added to the key.
func (c *clause) frameOffset(e ast.Expr, mode physical.FrameMode, key types.T, which string) (expr.Expr, error) {
	name := [...]string{physical.Range: "RANGE", physical.Rows: "ROWS", physical.Groups: "GROUPS"}[mode]
	in := c.b.clause(c.scope, "window "+name)
	in.noSubqueries = "a subquery in " + name
	in.inWindow, in.windowPart = true, "window functions are not allowed in window definitions"
	x, err := in.bind(e)
	if err != nil {
		return nil, err
	}
	pos := ast.Start(e)
	if !logical.ExprCols(x).Empty() {
		return nil, pgerr.New(pgerr.InvalidColumnReference, "argument of %s must not contain variables", name).At(pos)
	}
	if mode == physical.Range {
		return in.rangeOffset(x, key, pos)
	}
	t := types.Of(types.Int8)
	if !x.Type().Is(types.Unknown) && !scalar.CanCast(x.Type(), t, implicit) {
		return nil, pgerr.New(pgerr.DatatypeMismatch, "argument of %s must be type bigint, not type %s", name, x.Type().WithoutMod()).At(pos)
	}
	if x, err = in.coerce(x, t, implicit, pos); err != nil {
		return nil, err
	}
	x = c.b.fold(x)
	if k, ok := x.(*expr.Const); ok {
		switch {
		case k.Value.Null:
			return nil, pgerr.New(pgerr.NullValueNotAllowed, "frame %s offset must not be null", which)
		case k.Value.I < 0:
			return nil, pgerr.New(pgerr.InvalidPrecedingOrFollowing, "frame %s offset must not be negative", which)
		}
	}
	return x, nil
}

// rangeOffset converts the offset of a range to the type that goes with the key's.
func (c *clause) rangeOffset(x expr.Expr, key types.T, pos int) (expr.Expr, error) {
	kind, ok := types.RangeOffset(key.Kind)
	if !ok {
		return nil, pgerr.New(pgerr.FeatureNotSupported, "RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s", key.WithoutMod()).At(pos)
	}
	t := types.Of(kind)
	if !x.Type().Is(types.Unknown) && !scalar.CanCast(x.Type(), t, implicit) {
		return nil, pgerr.New(pgerr.FeatureNotSupported, "RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s and offset type %s",
			key.WithoutMod(), x.Type().WithoutMod()).WithHint("Cast the offset value to an appropriate type.").At(pos)
	}
	x, err := c.coerce(x, t, implicit, pos)
	if err != nil {
		return nil, err
	}
	return c.b.fold(x), nil
}
