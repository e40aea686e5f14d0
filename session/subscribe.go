package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"millrace/catalog"
	"millrace/delta"
	"millrace/engine"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner"
	"millrace/planner/physical"
	"millrace/sql/ast"
	"millrace/types"
)

// progressIdle is how often a subscription that shows progress tells that nothing has changed.
const progressIdle = time.Second

// followPlan is a planned SUBSCRIBE: of a relation's changelog, or of a query.
type followPlan struct {
	rel      *catalog.Relation
	cols     []int // of rel
	query    *planner.Query
	snapshot bool
	asOf     ast.Expr
	upTo     ast.Expr
	envelope envelope
	selected bool // written as SELECT ... EMIT CHANGES
}

// isFollow reports whether a statement is a subscription, and gives it as such.
func isFollow(st ast.Statement) (*ast.Subscribe, bool) {
	switch st := st.(type) {
	case *ast.Subscribe:
		return st, true
	case *ast.Select:
		if st.Emit == ast.EmitChanges && st.Into == nil {
			q := *st
			q.Emit = ast.EmitDefault
			return &ast.Subscribe{Pos: st.Pos, Query: &q}, true
		}
	}
	return nil, false
}

// planFollow plans a subscription.
func (s *Session) planFollow(p *prepared, st *ast.Subscribe) error {
	f := &followPlan{snapshot: true, asOf: st.AsOf, upTo: st.UpTo}
	_, f.selected = p.stmt.AST.(*ast.Select)
	progress, kind, err := f.options(st)
	if err != nil {
		return err
	}
	query := st.Query
	if st.Table != nil {
		if query, err = s.followed(f, st.Table); err != nil {
			return err
		}
	}
	var key []int
	var columns []physical.Column
	if f.rel != nil {
		for i := range f.rel.Columns {
			if c := &f.rel.Columns[i]; !c.Hidden {
				if k := slices.Index(f.rel.Key, i); k >= 0 {
					key = append(key, len(f.cols))
				}
				f.cols = append(f.cols, i)
				columns = append(columns, physical.Column{Name: c.Name, T: c.T, Table: f.rel.ID, Attr: int16(i + 1)})
			}
		}
		if len(key) != len(f.rel.Key) || f.rel.Key == nil {
			key = nil
		}
		p.params = p.declared
	} else {
		env := s.planEnv(p)
		env.View, env.Transient = true, true
		if f.query, err = planner.PlanQuery(query, env); err != nil {
			return err
		}
		if err := s.followable(f.query.DependsOn, st.Pos); err != nil {
			return err
		}
		columns, p.params = f.query.Columns, f.query.Params
		if k := f.query.Plan.Key; k != nil && !slices.ContainsFunc(k, func(i int) bool { return i >= len(columns) }) {
			key = k
		}
	}
	p.params = positionParams(p.params, st.AsOf, st.UpTo)
	if f.envelope, err = newEnvelope(kind, progress, columns, key, st); err != nil {
		return err
	}
	p.follow, p.columns = f, f.envelope.columns()
	return nil
}

// followed finds the relation that is named. A plain view is followed as its query, which is given.
func (s *Session) followed(f *followPlan, name *ast.TableName) (*ast.Select, error) {
	r, err := s.relation(name.ObjectName)
	if err != nil {
		return nil, err
	}
	switch r.Kind {
	case catalog.Table, catalog.Stream, catalog.MaterializedView:
		f.rel = r
		return nil, s.followable([]uint32{r.ID}, name.Pos)
	case catalog.View:
		return &ast.Select{Pos: name.Pos, Body: &ast.SelectCore{
			Pos: name.Pos, Targets: []*ast.Target{{Pos: name.Pos, Expr: &ast.Star{Pos: name.Pos}}}, From: []ast.TableExpr{name},
		}}, nil
	}
	return nil, pgerr.New(pgerr.WrongObjectType, "cannot subscribe to %s %q", r.Kind, r.Name).At(name.Pos)
}

// followable refuses what the open transaction has made: there is nothing to follow before it commits.
func (s *Session) followable(ids []uint32, pos int) error {
	if unbuilt := s.unbuilt(); unbuilt != nil && slices.ContainsFunc(ids, unbuilt) {
		return pgerr.Unsupported("SUBSCRIBE to what the same transaction creates").At(pos)
	}
	return nil
}

// options reads WITH (SNAPSHOT, PROGRESS, ENVELOPE).
func (f *followPlan) options(st *ast.Subscribe) (progress bool, kind string, err error) {
	kind = "diff"
	seen := map[string]bool{}
	for i := range st.Options {
		o := &st.Options[i]
		if seen[o.Name] {
			return false, "", pgerr.New(pgerr.SyntaxError, "conflicting or redundant options").At(o.Pos)
		}
		seen[o.Name] = true
		switch text, _ := o.Text(); o.Name {
		case "snapshot", "progress":
			on, err := optionBool(o)
			if err != nil {
				return false, "", err
			}
			if o.Name == "snapshot" {
				f.snapshot = on
			} else {
				progress = on
			}
		case "envelope":
			if kind = strings.ToLower(text); kind != "diff" && kind != "upsert" && kind != "debezium" {
				return false, "", pgerr.New(pgerr.InvalidParameterValue, "ENVELOPE %q not recognized", text).At(o.Pos).
					WithHint("Available values: diff, upsert, debezium.")
			}
		default:
			return false, "", pgerr.New(pgerr.SyntaxError, "option %q not recognized", o.Name).At(o.Pos).
				WithHint("SUBSCRIBE has the options snapshot, progress and envelope.")
		}
	}
	return progress, kind, nil
}

// optionBool reads a Boolean option; its bare name is true.
func optionBool(o *ast.Option) (bool, error) {
	if o.Value == nil {
		return true, nil
	}
	text, _ := o.Text()
	v, err := checkBool(text)
	if err != nil {
		return false, pgerr.New(pgerr.SyntaxError, "%s requires a Boolean value", o.Name).At(o.Pos)
	}
	return v == "on", nil
}

// positionParams types the parameters that stand for positions.
func positionParams(ts []types.T, es ...ast.Expr) []types.T {
	ts = slices.Clone(ts)
	for _, e := range es {
		if p, ok := e.(*ast.Param); ok {
			for len(ts) < p.Number {
				ts = append(ts, types.Of(types.Int8))
			}
			if t := &ts[p.Number-1]; t.Is(types.Unknown) || t.Is(types.Invalid) {
				*t = types.Of(types.Int8)
			}
		}
	}
	return ts
}

// position evaluates AS OF or UP TO; nil is without one.
func (s *Session) position(e ast.Expr, params []types.Datum, ts []types.T) (*uint64, error) {
	if e == nil {
		return nil, nil
	}
	var d types.Datum
	var t types.T
	if p, ok := e.(*ast.Param); ok && p.Number <= len(params) {
		d, t = params[p.Number-1], ts[p.Number-1]
	} else {
		x, err := planner.BindScalar(e, s.planEnv(&prepared{catalog: s.catalog()}), nil)
		if err != nil {
			return nil, err
		}
		if d, err = expr.EvalConst(s.execContext(), x); err != nil {
			return nil, err
		}
		t = x.Type()
	}
	if d.Null {
		return nil, pgerr.New(pgerr.NullValueNotAllowed, "a position must not be null").At(e.Position())
	}
	switch t.Kind {
	case types.Int2, types.Int4, types.Int8:
		if d.I < 0 {
			return nil, invalidPosition(strconv.FormatInt(d.I, 10)).At(e.Position())
		}
		n := uint64(d.I)
		return &n, nil
	}
	text := string(types.AppendText(nil, t, d, s.Env()))
	if n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 63); err == nil {
		return &n, nil
	}
	return nil, invalidPosition(text).At(e.Position())
}

func invalidPosition(text string) *pgerr.Error {
	return pgerr.New(pgerr.InvalidParameterValue, "invalid position: %q", text).
		WithHint("A position is a number as in the column millrace_position.")
}

// followed is a subscription at work, with what was taken from it and not sent yet.
type followed struct {
	plan   *followPlan
	sub    *engine.Subscription
	first  *engine.Changes // taken when it began
	rest   *delta.Batch    // in the envelope
	ended  bool
	warned int64 // rows of a query that are missing, as the client was told
}

// follow begins a subscription.
func (s *Session) follow(p *prepared, params []types.Datum, c Client) (*followed, error) {
	f := p.follow
	o := engine.Following{Relation: f.rel, Cols: f.cols, Snapshot: f.snapshot, Notify: s.behind(c)}
	var err error
	if o.AsOf, err = s.position(f.asOf, params, p.params); err != nil {
		return nil, err
	}
	if o.UpTo, err = s.position(f.upTo, params, p.params); err != nil {
		return nil, err
	}
	if f.envelope.progress {
		o.Idle = progressIdle
	}
	if f.query != nil {
		for _, text := range f.query.Notices {
			if err := s.notice(c, "NOTICE", pgerr.New(pgerr.SuccessfulCompletion, "%s", text)); err != nil {
				return nil, err
			}
		}
		o.Context = s.execContext()
		if o.Plan, err = f.query.Plan.Bind(o.Context, params); err != nil {
			return nil, err
		}
		err = s.checkOpenErrors(scanned(o.Plan), c)
	} else {
		err = s.checkOpenErrors([]uint32{f.rel.ID}, c)
	}
	if err != nil {
		return nil, err
	}
	sub, err := s.srv.Engine.Subscribe(o)
	if err != nil {
		return nil, err
	}
	return &followed{plan: f, sub: sub}, nil
}

// begin takes the first of the contents, so that their epoch is that of now.
func (f *followed) begin(ctx context.Context) error {
	ch, err := f.sub.Next(ctx, nil)
	f.first = &ch
	return err
}

func (f *followed) close() { f.sub.Close() }

// fired is a time that is up.
var fired = func() <-chan time.Time {
	c := make(chan time.Time)
	close(c)
	return c
}()

// next gives the next rows, nil at a position through which all is given, and io.EOF at the end.
func (f *followed) next(ctx context.Context, s *Session, c Client, until <-chan time.Time) (*delta.Batch, error) {
	if f.ended {
		return nil, io.EOF
	}
	var ch engine.Changes
	var err error
	if f.first != nil {
		ch, f.first = *f.first, nil
	} else if ch, err = f.sub.Next(ctx, until); err != nil {
		f.ended = errors.Is(err, io.EOF)
		return nil, err
	}
	if ch.Batch != nil {
		return f.plan.envelope.rows(ch), nil
	}
	if err := f.warn(s, c); err != nil {
		return nil, err
	}
	return f.plan.envelope.complete(ch), nil
}

// warn tells the client when the rows of a query that could not be computed have become more.
func (f *followed) warn(s *Session, c Client) error {
	n, err := f.sub.Errors()
	if n <= f.warned {
		f.warned = n
		return nil
	}
	f.warned = n
	e := pgerr.New(pgerr.Warning, "the result lacks %d rows that could not be computed", n).WithDetail("%v", err)
	if s.settings.isOn("strict_errors") {
		return err
	}
	return s.notice(c, "WARNING", e)
}

// runFollow sends changes as they come, until the end that was asked for.
func (s *Session) runFollow(ctx context.Context, p *prepared, params []types.Datum, c Client) error {
	if err := c.Columns(p.columns); err != nil {
		return err
	}
	f, err := s.follow(p, params, c)
	if err != nil {
		return err
	}
	defer f.close()
	n, err := s.sendFollowed(ctx, f, c, func(b *delta.Batch) error { return c.Rows(b, len(p.columns)) })
	if err != nil {
		return err
	}
	return c.Complete(f.plan.tag(n))
}

func (f *followPlan) tag(n int64) string {
	if f.selected {
		return fmt.Sprintf("SELECT %d", n)
	}
	return fmt.Sprintf("SUBSCRIBE %d", n)
}

// sendFollowed sends a subscription to its end.
func (s *Session) sendFollowed(ctx context.Context, f *followed, c Client, send func(*delta.Batch) error) (rows int64, err error) {
	defer c.Streaming()()
	until := fired // what is ready is sent together
	for {
		b := f.rest
		f.rest = nil
		if b == nil {
			b, err = f.next(ctx, s, c, until)
		}
		switch {
		case errors.Is(err, engine.ErrWaited):
			if err := c.Flush(); err != nil {
				return rows, err
			}
			until = nil
			continue
		case errors.Is(err, io.EOF):
			return rows, nil
		case err != nil:
			return rows, err
		}
		until = fired
		if b != nil {
			n, err := rowCount(b)
			if err != nil {
				return rows, err
			}
			rows += n
			if err := send(b); err != nil {
				return rows, err
			}
		}
	}
}

// fetchFollowed sends at most most rows. Without a time it waits for the first and sends what is ready; with one it goes on until
// the time is up. ended says that there will be no more.
func (s *Session) fetchFollowed(ctx context.Context, f *followed, c Client, most int64, timeout *time.Duration, cols int) (rows int64, ended bool, err error) {
	defer c.Streaming()()
	var until <-chan time.Time
	if timeout != nil {
		t := time.NewTimer(*timeout)
		defer t.Stop()
		until = t.C
	}
	for rows < most {
		if f.rest == nil {
			b, err := f.next(ctx, s, c, until)
			switch {
			case errors.Is(err, engine.ErrWaited):
				return rows, false, nil
			case errors.Is(err, io.EOF):
				return rows, true, nil
			case err != nil:
				return rows, false, err
			}
			f.rest = b
		}
		if f.rest == nil {
			continue
		}
		b := f.rest
		f.rest = nil
		n, err := rowCount(b)
		if err != nil {
			return rows, false, err
		}
		if left := most - rows; n > left {
			f.rest = window(b, left, n)
			b, n = window(b, 0, left), left
		}
		rows += n
		if err := c.Rows(b, cols); err != nil {
			return rows, false, err
		}
		if timeout == nil {
			until = fired
		}
	}
	return rows, false, nil
}

// fetchTimeout reads FETCH ... WITH (timeout = ...); nil is without.
func fetchTimeout(st *ast.Fetch) (*time.Duration, error) {
	var out *time.Duration
	for i := range st.Options {
		o := &st.Options[i]
		if o.Name != "timeout" {
			return nil, pgerr.New(pgerr.SyntaxError, "option %q not recognized", o.Name).At(o.Pos).WithHint("FETCH has the option timeout.")
		}
		text, _ := o.Text()
		d, err := parseDuration(text)
		if err != nil || d < 0 {
			return nil, pgerr.New(pgerr.InvalidParameterValue, "invalid value for option \"timeout\": %q", text).At(o.Pos).
				WithHint("It is an interval, as '1s' or '500 milliseconds', or a number of seconds.")
		}
		out = &d
	}
	return out, nil
}

// parseDuration reads an interval without months, or a number of seconds.
func parseDuration(text string) (time.Duration, error) {
	if f, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err == nil {
		if !(f >= 0 && f < math.MaxInt64/1e9) {
			return 0, errInvalid
		}
		return time.Duration(f * 1e9), nil
	}
	d, err := types.ParseText(types.Of(types.Interval), []byte(text), types.DefaultEnv)
	if err != nil {
		return 0, err
	}
	iv := types.DecodeInterval(d.B)
	if iv.Months != 0 {
		return 0, errInvalid
	}
	const most = math.MaxInt64 / 1000
	days := float64(iv.Days) * 86_400e6
	if total := days + float64(iv.Micros); total > most || total < 0 {
		return 0, errInvalid
	}
	return time.Duration(int64(days)+iv.Micros) * time.Microsecond, nil
}

// followFetch runs FETCH on the cursor of a subscription.
func (s *Session) followFetch(ctx context.Context, p *portal, st *ast.Fetch, c Client) error {
	timeout, err := fetchTimeout(st)
	if err != nil {
		return err
	}
	if st.Move || st.Direction != ast.FetchForward || st.Count < 0 {
		return pgerr.New(pgerr.ObjectNotInPrerequisiteState, "cursor can only scan forward").
			WithDetail("It is the cursor of a subscription, whose rows are not kept.")
	}
	if err := c.Columns(p.prepared.columns); err != nil {
		return err
	}
	n, _, err := s.fetchFollowed(ctx, p.followed, c, st.Count, timeout, len(p.prepared.columns))
	if err != nil {
		return err
	}
	return c.Complete(fmt.Sprintf("FETCH %d", n))
}

// declareFollow begins the subscription of a cursor.
func (s *Session) declareFollow(ctx context.Context, p *portal, c Client) error {
	if len(p.prepared.params) > 0 {
		return noParameter(p.prepared.stmt.AST)
	}
	f, err := s.follow(p.prepared, nil, c)
	if err != nil {
		return err
	}
	if err := f.begin(ctx); err != nil {
		f.close()
		return err
	}
	p.followed, p.started = f, true
	return nil
}

// startFollow plans a portal's subscription again where that is needed, and runs it.
func (s *Session) startFollow(ctx context.Context, p *portal, maxRows int64, c Client) (suspended bool, err error) {
	if !p.started {
		if err := s.current(p.prepared); err != nil {
			return false, err
		}
	}
	return s.executeFollow(ctx, p, maxRows, c)
}

// executeFollow runs a portal of a subscription: to its end, or, with a limit, as far as rows are ready.
func (s *Session) executeFollow(ctx context.Context, p *portal, maxRows int64, c Client) (suspended bool, err error) {
	if p.done {
		return false, c.Complete(p.prepared.follow.tag(0))
	}
	if !p.started {
		p.started = true
		if p.followed, err = s.follow(p.prepared, p.params, c); err != nil {
			return false, err
		}
	}
	if p.followed == nil {
		return false, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "portal %q cannot be run anymore", p.name)
	}
	var n int64
	cols := len(p.prepared.columns)
	if maxRows <= 0 {
		n, err = s.sendFollowed(ctx, p.followed, c, func(b *delta.Batch) error { return c.Rows(b, cols) })
		p.done = true
	} else {
		n, p.done, err = s.fetchFollowed(ctx, p.followed, c, maxRows, nil, cols)
	}
	if err != nil {
		return false, err
	}
	if !p.done {
		return true, nil
	}
	p.close()
	return false, c.Complete(p.prepared.follow.tag(n))
}
