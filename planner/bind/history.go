package bind

import (
	"strconv"
	"strings"

	"millrace/catalog"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/planner/physical"
	"millrace/sql/ast"
	"millrace/types"
)

// The columns that CHANGES puts before those of the view, as SUBSCRIBE does.
const (
	positionColumn = "millrace_position"
	diffColumn     = "millrace_diff"
)

// asOfScope binds what reads its relations at a position.
func (b *Binder) asOfScope(at ast.Expr, s *scope, what string, bind func() error) error {
	if b.env.View {
		return pgerr.Unsupported("AS OF in a query that is kept current").At(ast.Start(at))
	}
	x, err := b.position(at, s, what)
	if err != nil {
		return err
	}
	before := b.asOf
	b.asOf = x
	defer func() { b.asOf = before }()
	return bind()
}

// position binds a bound of history: a position, or a time. It must not depend on rows.
func (b *Binder) position(e ast.Expr, s *scope, what string) (expr.Expr, error) {
	c := b.clause(&scope{within: s.within, ctes: s.ctes, level: s.level}, what)
	x, err := c.bind(e)
	if err != nil {
		return nil, err
	}
	pos := ast.Start(e)
	if len(c.pending) > 0 {
		return nil, pgerr.Unsupported("a subquery as a position or time of history").At(pos)
	}
	if expr.VolatilityOf(x) == expr.Volatile {
		return nil, pgerr.New(pgerr.InvalidObjectDefinition, "functions in %s must not be volatile", what).At(pos)
	}
	want := types.Of(types.TimestampTZ)
	switch x.Type().Kind {
	case types.Int2, types.Int4, types.Int8:
		want = types.Of(types.Int8)
	case types.Unknown:
		if k, ok := x.(*expr.Const); !ok || isNumber(k) {
			want = types.Of(types.Int8) // a parameter, or a literal that reads as a position
		}
	case types.Timestamp, types.TimestampTZ, types.Date:
	default:
		return nil, pgerr.New(pgerr.DatatypeMismatch, "argument of %s must be a position or a timestamp, not type %s", what, x.Type().WithoutMod()).At(pos)
	}
	return c.coerce(x, want, assignment, pos)
}

func isNumber(k *expr.Const) bool {
	if k.Value.Null {
		return true
	}
	_, err := strconv.ParseInt(strings.TrimSpace(string(k.Value.B)), 10, 64)
	return err == nil
}

// past gives a relation as one may read it back in time: rows have no order and no key to be found by.
func past(r *catalog.Relation, pos int) (*catalog.Relation, error) {
	if r.Kind != catalog.Stream && r.History == 0 {
		return nil, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "%s %q keeps no history", r.Kind, r.Name).
			WithHint("Streams, and materialized views created WITH (retain_history = '1 hour'), can be read as of an earlier position.").At(pos)
	}
	x := *r
	x.Key, x.AppendOnly = nil, false
	return &x, nil
}

// bindPast reads a relation at the position in force.
func (b *Binder) bindPast(r *catalog.Relation, alias string, pos int) (logical.Node, []scopeCol, error) {
	x, err := past(r, pos)
	if err != nil {
		return nil, nil, err
	}
	b.deps[r.ID] = true
	scan := b.scan(x, alias)
	scan.Indexes = nil
	scan.History = &physical.History{To: b.asOf}
	return scan, b.scanned(scan), nil
}

// isChanges reports whether an item of FROM is CHANGES(view, from, to). A function of the user's with that name goes first.
func (b *Binder) isChanges(t *ast.FuncTable) (*ast.FuncCall, bool) {
	if len(t.Funcs) != 1 || t.Ordinality || len(t.ColDefs) > 0 {
		return nil, false
	}
	call, ok := t.Funcs[0].Call.(*ast.FuncCall)
	if !ok || call.Name.Schema != "" || call.Name.Name != "changes" || len(t.Funcs[0].ColDefs) > 0 || len(b.sqlFunctions(call.Name)) > 0 {
		return nil, false
	}
	return call, true
}

// bindChanges binds CHANGES(view, from, to).
func (b *Binder) bindChanges(t *ast.FuncTable, call *ast.FuncCall, s *scope) (*from, error) {
	const what = "CHANGES"
	if b.env.View {
		return nil, pgerr.Unsupported("CHANGES in a query that is kept current").At(call.Pos)
	}
	if len(call.Args) != 3 || call.Star || call.Distinct || call.Variadic || call.Filter != nil || call.Over != nil || len(call.OrderBy) > 0 {
		return nil, pgerr.New(pgerr.SyntaxError, "CHANGES takes a relation and two bounds").
			WithHint("CHANGES(view, from, to) gives the changes after the position or time from, up to and including to.").At(call.Pos)
	}
	ref, ok := call.Args[0].(*ast.ColumnRef)
	if !ok || len(ref.Parts) > 2 {
		return nil, pgerr.New(pgerr.WrongObjectType, "the first argument of CHANGES must be the name of a relation").At(ast.Start(call.Args[0]))
	}
	name := ast.ObjectName{Pos: ref.Pos, Name: ref.Parts[len(ref.Parts)-1]}
	if len(ref.Parts) == 2 {
		name.Schema = ref.Parts[0]
	}
	r, err := b.Relation(name)
	if err != nil {
		return nil, err
	}
	x, err := past(r, ref.Pos)
	if err != nil {
		return nil, err
	}
	h := &physical.History{Changes: true}
	if h.From, err = b.position(call.Args[1], s, what); err != nil {
		return nil, err
	}
	if h.To, err = b.position(call.Args[2], s, what); err != nil {
		return nil, err
	}
	bigint := types.Of(types.Int8)
	x.Columns = append([]catalog.Column{{Name: positionColumn, T: bigint, NotNull: true}, {Name: diffColumn, T: bigint, NotNull: true}}, r.Columns...)
	x.Watermark, x.Marks = nil, nil
	b.deps[r.ID] = true
	scan := b.scan(x, call.Name.Name)
	scan.Indexes, scan.History = nil, h
	cols := make([]scopeCol, len(scan.Cols))
	for i, id := range scan.Cols {
		cols[i] = scopeCol{name: x.Columns[i].Name, id: id, hidden: x.Columns[i].Hidden || i-2 >= b.width(r)}
	}
	return b.aliased(scan, cols, call.Name.Name, "", t.Alias)
}

// atConstant reports whether FOR SYSTEM_TIME AS OF names one time for all rows, so that it is no temporal join.
func (b *Binder) atConstant(t *ast.TableName) bool {
	constant := !b.env.View
	ast.Walk(t.SystemTimeAsOf, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.ColumnRef, *ast.Subquery, *ast.Select:
			constant = false
		}
		return constant
	})
	return constant
}
