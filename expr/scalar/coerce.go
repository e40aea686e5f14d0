package scalar

import (
	"millrace/expr"
	"millrace/pgerr"
	"millrace/types"
)

// CastContext says where a conversion is wanted, which decides whether it is allowed.
type CastContext uint8

// The contexts, each allowing what those before it allow.
const (
	Implicit   CastContext = iota // an operand of a function or operator
	Assignment                    // a value stored in a column
	Explicit                      // CAST and ::
)

// castRules is PostgreSQL's pg_cast, by source kind: the least context for each target. Casts through text that
// every type has are not in it.
var castRules = map[types.Kind]map[CastContext][]types.Kind{
	types.Bool:         {Assignment: {types.Text, types.Varchar, types.Bpchar}, Explicit: {types.Int4}},
	types.Int2:         {Implicit: {types.Int4, types.Int8, types.Float4, types.Float8, types.Numeric, types.OID, types.Regclass, types.Regtype, types.Regproc, types.Regnamespace, types.Regrole}},
	types.Int4:         {Implicit: {types.Int8, types.Float4, types.Float8, types.Numeric, types.OID, types.Regclass, types.Regtype, types.Regproc, types.Regnamespace, types.Regrole}, Assignment: {types.Int2}, Explicit: {types.Bool, types.Char1}},
	types.Int8:         {Implicit: {types.Float4, types.Float8, types.Numeric, types.OID, types.Regclass, types.Regtype, types.Regproc, types.Regnamespace, types.Regrole}, Assignment: {types.Int2, types.Int4}},
	types.Float4:       {Implicit: {types.Float8}, Assignment: {types.Int2, types.Int4, types.Int8, types.Numeric}},
	types.Float8:       {Assignment: {types.Float4, types.Int2, types.Int4, types.Int8, types.Numeric}},
	types.Numeric:      {Implicit: {types.Float4, types.Float8}, Assignment: {types.Int2, types.Int4, types.Int8}},
	types.Text:         {Implicit: {types.Varchar, types.Bpchar, types.Name, types.Regclass}, Assignment: {types.Char1}},
	types.Varchar:      {Implicit: {types.Text, types.Bpchar, types.Name, types.Regclass}, Assignment: {types.Char1}},
	types.Bpchar:       {Implicit: {types.Text, types.Varchar, types.Name}, Assignment: {types.Char1}},
	types.Name:         {Implicit: {types.Text}, Assignment: {types.Varchar, types.Bpchar}},
	types.Char1:        {Implicit: {types.Text}, Assignment: {types.Varchar, types.Bpchar}, Explicit: {types.Int4}},
	types.Date:         {Implicit: {types.Timestamp, types.TimestampTZ}},
	types.Time:         {Implicit: {types.Interval}},
	types.Timestamp:    {Implicit: {types.TimestampTZ}, Assignment: {types.Date, types.Time}},
	types.TimestampTZ:  {Assignment: {types.Date, types.Time, types.Timestamp}},
	types.Interval:     {Assignment: {types.Time}},
	types.JSON:         {Assignment: {types.JSONB}},
	types.JSONB:        {Assignment: {types.JSON}, Explicit: {types.Bool, types.Int2, types.Int4, types.Int8, types.Float4, types.Float8, types.Numeric}},
	types.CIDR:         {Implicit: {types.Inet}, Assignment: {types.Text, types.Varchar, types.Bpchar}},
	types.Inet:         {Assignment: {types.CIDR, types.Text, types.Varchar, types.Bpchar}},
	types.OID:          {Implicit: {types.Regclass, types.Regtype, types.Regproc, types.Regnamespace, types.Regrole}, Assignment: {types.Int4, types.Int8}},
	types.Regclass:     {Implicit: {types.OID}, Assignment: {types.Int4, types.Int8}},
	types.Regtype:      {Implicit: {types.OID}, Assignment: {types.Int4, types.Int8}},
	types.Regproc:      {Implicit: {types.OID}, Assignment: {types.Int4, types.Int8}},
	types.Regnamespace: {Implicit: {types.OID}, Assignment: {types.Int4, types.Int8}},
	types.Regrole:      {Implicit: {types.OID}, Assignment: {types.Int4, types.Int8}},
}

// castPair identifies a cast.
type castPair struct{ from, to types.Kind }

// casts is castRules by pair. It is filled once and never changes.
var casts = func() map[castPair]CastContext {
	m := map[castPair]CastContext{}
	for from, rules := range castRules {
		for context, targets := range rules {
			for _, to := range targets {
				m[castPair{from, to}] = context
			}
		}
	}
	return m
}()

// CanCast reports whether a value of one type may be converted to another in a context. Modifiers do not matter. An
// untyped literal (types.Unknown) may become anything.
func CanCast(from, to types.T, context CastContext) bool {
	if from.Is(types.Unknown) || from.Same(to) {
		return to.Kind != types.Invalid
	}
	if from.Is(types.Array) && to.Is(types.Array) {
		return CanCast(from.ElemType(), to.ElemType(), context)
	}
	if least, ok := casts[castPair{from.Kind, to.Kind}]; ok {
		return context >= least
	}
	if from.Is(types.Record) && to == tRecord {
		return true
	}
	if from.Kind == types.Void || to.Kind == types.Void {
		return false
	}
	// Through text: to a string in an assignment, from a string only explicitly.
	switch {
	case to.Is(types.Unknown):
		return false
	case to.Category() == 'S':
		return context >= Assignment
	case from.Category() == 'S':
		return context >= Explicit
	}
	return false
}

// sameType compares types without modifiers.
func sameType(a, b types.T) bool { return a.Same(b) }

// Coerce converts e to a type in a context: e itself where its type is right. what describes e for the message and
// may be empty. The error is 42846 for an explicit cast, else 42804.
func Coerce(e expr.Expr, to types.T, context CastContext, pos int) (expr.Expr, error) {
	from := e.Type()
	if !CanCast(from, to, context) {
		if context == Explicit {
			return nil, pgerr.New(pgerr.CannotCoerce, "cannot cast type %s to %s", from.WithoutMod(), to.WithoutMod()).At(pos)
		}
		return nil, pgerr.New(pgerr.DatatypeMismatch, "cannot convert type %s to %s", from.WithoutMod(), to.WithoutMod()).At(pos)
	}
	return convert(e, to, context, pos), nil
}

// convert wraps e in a cast unless its type is right already. A target without modifier takes any.
func convert(e expr.Expr, to types.T, context CastContext, pos int) expr.Expr {
	from := e.Type()
	if sameType(from, to) && (to.Mod < 0 || to.Mod == from.Mod) || from.Is(types.Record) && to == tRecord {
		return e
	}
	if c, ok := e.(*expr.Const); ok && c.Value.Null {
		return &expr.Const{Value: types.Null, T: to}
	}
	return &expr.Cast{Arg: e, To: to, Explicit: context == Explicit, Pos: pos}
}

// CommonType is the type that the branches of a CASE, a UNION, an ARRAY, a VALUES column and the like take together
// (PostgreSQL's documentation, 10.5). Untyped literals follow the others, and are text among themselves. The modifier
// stays where all agree. The error is 42804.
func CommonType(ts []types.T) (types.T, error) { return CommonTypeFor("CASE/UNION", ts) }

// CommonTypeFor is [CommonType] with the construct that the message names: "CASE", "UNION", "COALESCE", "ARRAY", "VALUES",
// "GREATEST", "IN", "JOIN/USING".
func CommonTypeFor(construct string, ts []types.T) (types.T, error) {
	common, ok := types.T{}, false
	for _, t := range ts {
		switch {
		case t.Is(types.Unknown):
			continue
		case !ok:
			common, ok = t, true
			continue
		case sameType(t, common):
			if t.Mod != common.Mod {
				common.Mod = -1
			}
			continue
		case t.Category() != common.Category():
			return types.T{}, pgerr.New(pgerr.DatatypeMismatch, "%s types %s and %s cannot be matched", construct, common.WithoutMod(), t.WithoutMod())
		}
		if !common.Preferred() && CanCast(common, t, Implicit) && !CanCast(t, common, Implicit) {
			common = t
		}
		common.Mod = -1
	}
	if !ok {
		return tText, nil
	}
	for _, t := range ts {
		if !CanCast(t, common, Implicit) {
			return types.T{}, pgerr.New(pgerr.CannotCoerce, "%s could not convert type %s to %s", construct, t.WithoutMod(), common.WithoutMod())
		}
		if t.Is(types.Unknown) && len(ts) > 1 {
			common.Mod = -1
		}
	}
	return common, nil
}
