package session

import (
	"maps"
	"slices"
	"strings"

	"millrace/catalog"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner"
	"millrace/planner/physical"
	"millrace/sql/ast"
	"millrace/sql/parser"
	"millrace/types"
)

// idleTimeout is the default of IDLE TIMEOUT, in microseconds.
const idleTimeout = 30 * 1_000_000

// latenessOption is the option of a materialized view that says how long below the watermark it takes rows.
const latenessOption = "allowed_lateness"

// setWatermark takes the WATERMARK clauses that were given.
func (b *columnBuilder) setWatermark() error {
	for _, w := range b.watermarks {
		if err := b.watermark(w); err != nil {
			return err
		}
	}
	return nil
}

// watermark takes a WATERMARK clause, once all columns are there.
func (b *columnBuilder) watermark(w *ast.Watermark) error {
	r := b.r
	if r.Watermark != nil {
		return pgerr.New(pgerr.InvalidTableDefinition, "multiple watermarks for %s %q are not allowed", r.Kind, r.Name).At(w.Pos)
	}
	i := r.ColumnIndex(w.Column)
	if i < 0 {
		err := undefinedColumn(w.Column, r)
		if e, ok := err.(*pgerr.Error); ok {
			return e.At(w.ColumnPos)
		}
		return err
	}
	switch r.Columns[i].T.Kind {
	case types.Timestamp, types.TimestampTZ:
	default:
		return pgerr.New(pgerr.DatatypeMismatch, "a watermark needs a timestamp column, %q is of type %s", w.Column, r.Columns[i].T).
			WithHint("Declare the column as timestamp or timestamptz, or add a generated column that converts it.").At(w.ColumnPos)
	}
	e, err := planner.BindScalar(w.Expr, b.env, scalarColumns(r))
	if err != nil {
		return err
	}
	switch {
	case e.Type() != r.Columns[i].T:
		return pgerr.New(pgerr.DatatypeMismatch, "the watermark is of type %s, the column of type %s", e.Type(), r.Columns[i].T).At(ast.Start(w.Expr))
	case expr.VolatilityOf(e) == expr.Volatile || expr.UsesOf(e)&(expr.UsesNow|expr.UsesSession) != 0:
		// What depends on settings, as times with a zone and days, is evaluated in UTC.
		return pgerr.New(pgerr.InvalidObjectDefinition, "functions in the watermark must be immutable").
			WithHint("A watermark follows from the rows, as in %s - INTERVAL '5 seconds'; what is silent is taken care of by IDLE TIMEOUT.", w.Column).At(ast.Start(w.Expr))
	}
	r.Watermark = &catalog.Watermark{Column: i, Expr: ast.Format(w.Expr), IdleTimeout: idleTimeout}
	if w.IdleTimeout != nil {
		r.Watermark.IdleTimeout, err = b.s.duration(w.IdleTimeout, b.env, "IDLE TIMEOUT")
	}
	return err
}

func scalarColumns(r *catalog.Relation) []physical.Column {
	cols := make([]physical.Column, len(r.Columns))
	for i, c := range r.Columns {
		if !c.Hidden && !c.Dropped {
			cols[i].Name = c.Name
		}
		cols[i].T = c.T
	}
	return cols
}

// duration evaluates a constant interval of fixed length to microseconds; it may be zero.
func (s *Session) duration(e ast.Expr, env *planner.Env, what string) (int64, error) {
	x, err := planner.BindAssignment(e, env, nil, what, types.Of(types.Interval))
	if err != nil {
		return 0, err
	}
	d, err := expr.EvalConst(s.execContext(), x)
	if err != nil {
		return 0, err
	}
	if d.Null {
		return 0, pgerr.New(pgerr.NullValueNotAllowed, "%s must not be null", what).At(ast.Start(e))
	}
	micros, err := fixedLength(types.DecodeInterval(d.B), what)
	if pe, ok := err.(*pgerr.Error); ok {
		return 0, pe.At(ast.Start(e))
	}
	return micros, err
}

// fixedLength gives an interval's length in microseconds.
func fixedLength(iv types.IntervalValue, what string) (int64, error) {
	const day = 24 * 60 * 60 * 1_000_000
	switch {
	case iv.Months != 0:
		return 0, pgerr.New(pgerr.InvalidParameterValue, "%s must have a fixed length", what).
			WithHint("Months and years differ in length; give days or smaller units.")
	case iv.Sign() < 0:
		return 0, pgerr.New(pgerr.InvalidParameterValue, "%s must not be negative", what)
	case int64(iv.Days) > 36500 || iv.Micros > 36500*day:
		return 0, pgerr.New(pgerr.IntervalFieldOverflow, "%s is out of range", what)
	}
	return int64(iv.Days)*day + iv.Micros, nil
}

// viewOptions are the options of a materialized view, each with its check.
var viewOptions = map[string]func(r *catalog.Relation) error{
	latenessOption: func(r *catalog.Relation) error { _, err := lateness(r); return err },
	historyOption:  setHistory,
}

// setViewOptions stores the WITH options of a materialized view.
func setViewOptions(r *catalog.Relation, options []ast.Option) error {
	for i := range options {
		o := &options[i]
		name := strings.ToLower(o.Name)
		check, known := viewOptions[name]
		if !known {
			return pgerr.New(pgerr.InvalidParameterValue, "unrecognized parameter %q", o.Name).At(o.Pos).
				WithHint("The options of a materialized view are: %s.", strings.Join(slices.Sorted(maps.Keys(viewOptions)), ", "))
		}
		if _, twice := r.Option(name); twice {
			return pgerr.New(pgerr.SyntaxError, "parameter %q specified more than once", name).At(o.Pos)
		}
		v, ok := o.Text()
		if !ok {
			return pgerr.New(pgerr.InvalidParameterValue, "invalid value for parameter %q", name).At(o.Pos)
		}
		r.Options = append(r.Options, catalog.Option{Name: name, Value: v})
		if err := check(r); err != nil {
			if pe, ok := err.(*pgerr.Error); ok {
				return pe.At(o.Pos)
			}
			return err
		}
	}
	return nil
}

// historyOption is the option of a materialized view that says for how long its changes are kept.
const historyOption = "retain_history"

// setHistory takes the option of a materialized view.
func setHistory(r *catalog.Relation) error {
	text, _ := r.Option(historyOption)
	iv, err := types.ParseInterval(text, -1, types.DefaultEnv)
	if err != nil {
		return err
	}
	if r.History, err = fixedLength(iv, historyOption); err == nil && r.History == 0 {
		return pgerr.New(pgerr.InvalidParameterValue, "%s must be greater than zero", historyOption)
	}
	return err
}

// lateness reads the option of a materialized view.
func lateness(r *catalog.Relation) (int64, error) {
	text, ok := r.Option(latenessOption)
	if !ok {
		return 0, nil
	}
	iv, err := types.ParseInterval(text, -1, types.DefaultEnv)
	if err != nil {
		return 0, err
	}
	return fixedLength(iv, latenessOption)
}

// routeLate takes LATE DATA TO: the late rows of the one stream that the view reads go to another with the same columns.
func (s *Session) routeLate(r *catalog.Relation, late *ast.LateData, plan *physical.Plan) error {
	var filter *physical.Late
	filters := 0
	for _, n := range plan.Nodes {
		if l, ok := n.(*physical.Late); ok {
			filter = l
			filters++
		}
	}
	switch {
	case filters == 0:
		return pgerr.New(pgerr.InvalidObjectDefinition, "no row comes too late for the view").
			WithHint("Rows are late for views that drop state below a watermark: group by a window of a stream with WATERMARK FOR.").At(late.Pos)
	case filters > 1:
		return pgerr.Unsupported("LATE DATA TO in a view over several relations with a watermark").At(late.Pos)
	}
	from, ok := s.catalog().Relation(filter.Relation)
	if !ok || from.Kind != catalog.Stream || from.Watermark == nil {
		return pgerr.Unsupported("LATE DATA TO in a view over anything but a stream").At(late.Pos)
	}
	to, err := s.relation(*late.To)
	if err != nil {
		return err
	}
	if to.Kind != catalog.Stream {
		return pgerr.New(pgerr.WrongObjectType, "%q is not a stream", to.Name).At(late.To.Pos)
	}
	if to.ID == from.ID || len(to.Columns) != len(from.Columns) {
		return lateColumns(to, from, late)
	}
	for i, c := range from.Columns {
		if to.Columns[i].T != c.T || to.Columns[i].NotNull && !c.NotNull {
			return lateColumns(to, from, late)
		}
	}
	allowed, err := lateness(r)
	r.Late = &catalog.LateTo{From: from.ID, To: to.ID, Lateness: allowed}
	return err
}

func lateColumns(to, from *catalog.Relation, late *ast.LateData) error {
	return pgerr.New(pgerr.InvalidObjectDefinition, "stream %q cannot take the late rows of stream %q", to.Name, from.Name).
		WithHint("It must be another stream with the same types of columns: CREATE STREAM ... (LIKE %s).", from.Name).At(late.To.Pos)
}

// showWatermarks is the query that SHOW WATERMARKS stands for.
func showWatermarks(st *ast.Show) (ast.Statement, error) {
	if st.From != nil || st.Like != nil || st.Where != nil {
		return nil, pgerr.Unsupported("a filter of SHOW").WithHint("Query millrace.watermarks.").At(st.Pos)
	}
	q, err := parser.ParseOne("SELECT relation, partition, watermark, lag, idle, holds_back FROM millrace.watermarks ORDER BY relation, partition")
	if err != nil {
		return nil, err
	}
	return q.AST, nil
}

// PlanWatermark gives the expression of a relation's WATERMARK clause: the engine asks for it with the first rows.
func PlanWatermark(r *catalog.Relation, cat *catalog.Snapshot) (expr.Expr, error) {
	e, err := parser.ParseExpr(r.Watermark.Expr)
	if err != nil {
		return nil, err
	}
	return planner.BindScalar(e, &planner.Env{Catalog: cat, SearchPath: r.SearchPath, TypeEnv: types.DefaultEnv}, scalarColumns(r))
}

// readByWatermark reports whether the watermark depends on a column.
func readByWatermark(r *catalog.Relation, i int, cat *catalog.Snapshot) (bool, error) {
	if r.Watermark == nil {
		return false, nil
	}
	if r.Watermark.Column == i {
		return true, nil
	}
	e, err := PlanWatermark(r, cat)
	if err != nil {
		return false, err
	}
	return slices.Contains(expr.Columns(e), i), nil
}

// alterWatermark is ADD WATERMARK and DROP WATERMARK of a stream or table. A new watermark knows nothing of rows that are there.
func (s *Session) alterWatermark(e *catalog.Edit, id uint32, a *ast.AlterAction) error {
	r, ok := e.Snapshot().Relation(id)
	if !ok || r.Kind != catalog.Stream && r.Kind != catalog.Table {
		return pgerr.New(pgerr.WrongObjectType, "only streams and tables have a watermark").At(a.Pos)
	}
	to := *r
	if a.Kind == ast.AlterAddWatermark {
		b := &columnBuilder{s: s, env: s.ddlEnv(e.Snapshot()), r: &to}
		if err := b.watermark(a.Watermark); err != nil {
			return err
		}
		return e.Update(&to)
	}
	if r.Watermark == nil {
		return pgerr.New(pgerr.UndefinedObject, "relation %q has no watermark", r.Name).At(a.Pos)
	}
	var details []string
	for _, d := range dependants(e.Snapshot(), id, map[uint32]bool{}) {
		if d.Kind == catalog.MaterializedView || d.Kind == catalog.Sink {
			details = append(details, d.Kind.String()+" "+d.Name+" may depend on the watermark of "+r.Kind.String()+" "+r.Name)
		}
	}
	if len(details) > 0 {
		return catalog.DependedOn("the watermark of "+r.Kind.String()+" "+r.Name, details).WithHint("Drop the dependent objects first.")
	}
	to.Watermark = nil
	return e.Update(&to)
}
