package slt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// includeDepthMax bounds includes within includes, and so ends a cycle.
const includeDepthMax = 16

// runner runs one file and what it includes.
type runner struct {
	opts   Options
	labels map[string]bool
	conns  *connections
	res    *Result
	report io.Writer

	// Settings, changed by control and hash-threshold records.
	sort           SortMode
	classic        bool
	floatTolerance float64
	hashThreshold  int
	mayRestart     bool
	mayView        bool

	labelled map[string]labelledResult
	edits    []edit

	failures  int
	rewritten int // records with edits
	pending   int // records executed since the last restart

	views *viewSet // nil without Options.AsViews
	at    Position // of the record executed last

	followed []*followed // views whose changes are asked for
}

// labelledResult is what the queries with one label must all return.
type labelledResult struct {
	hash string
	pos  Position
}

func newRunner(opts Options, connect func(context.Context) (*pgconn.PgConn, error), res *Result, report io.Writer) *runner {
	return &runner{
		opts:       opts,
		labels:     opts.labelSet(),
		conns:      &connections{open: connect, byName: map[string]*pgconn.PgConn{}},
		res:        res,
		report:     report,
		mayRestart: true,
		mayView:    true,
		labelled:   map[string]labelledResult{},
	}
}

// fail counts and prints a failure.
func (r *runner) fail(rec *Record, format string, args ...any) {
	f := Failure{Pos: rec.Pos, SQL: rec.SQL, Reason: fmt.Sprintf(format, args...)}
	r.res.Failures = append(r.res.Failures, f)
	r.failures++
	fmt.Fprintln(r.report, f.Error())
}

// script runs records until the end, a halt, or too many failures; stop tells that the including file ends too.
func (r *runner) script(ctx context.Context, s *Script, depth int) (stop bool, err error) {
	r.follow(s)
	for _, rec := range s.Records {
		if err := ctx.Err(); err != nil {
			return true, err
		}
		if !rec.applies(r.labels) {
			r.res.Skipped++
			continue
		}
		stop, err := r.record(ctx, rec, depth)
		if err != nil || stop {
			return true, err
		}
		if r.failures >= r.opts.FailuresPerFile {
			fmt.Fprintf(r.report, "%s: given up after %d failures\n", s.Name, r.failures)
			return true, nil
		}
		if err := r.maybeRestart(ctx); err != nil {
			return true, err
		}
	}
	return false, nil
}

func (r *runner) record(ctx context.Context, rec *Record, depth int) (stop bool, err error) {
	switch rec.Kind {
	case Halt:
		return true, nil
	case Subtest:
		return false, nil
	case Include:
		return r.include(ctx, rec, depth)
	case Restart:
		return false, r.restart()
	case HashThreshold:
		r.hashThreshold = rec.Threshold
		return false, nil
	case Control:
		r.control(rec)
		return false, nil
	case Clock:
		return false, r.moveClock(ctx, rec)
	case Changes, State:
		switch {
		case r.opts.Scenario == nil:
			r.fail(rec, "the record needs a clock of its own: run the file with millrace test")
		case rec.Kind == Changes:
			r.judgeChanges(rec, depth)
		default:
			r.judgeState(ctx, rec, depth)
		}
		return false, nil
	}
	if err := r.execute(ctx, rec, depth); err != nil {
		return false, err
	}
	return false, r.settle(ctx)
}

func (r *runner) include(ctx context.Context, rec *Record, depth int) (stop bool, err error) {
	if depth == includeDepthMax {
		r.fail(rec, "more than %d includes inside each other", includeDepthMax)
		return true, nil
	}
	files := included(rec)
	if len(files) == 0 {
		r.fail(rec, "no file matches %s", rec.Arg)
	}
	for _, file := range files {
		if stop, err := r.includeFile(ctx, rec, file, depth); stop || err != nil {
			return stop, err
		}
	}
	return false, nil
}

func (r *runner) includeFile(ctx context.Context, rec *Record, file string, depth int) (stop bool, err error) {
	inner, err := load(file)
	var syntax *SyntaxError
	if errors.As(err, &syntax) {
		r.fail(&Record{Pos: syntax.Pos}, "%s", syntax.Msg)
		return true, nil
	}
	if err != nil {
		r.fail(rec, "%v", err)
		return true, nil
	}
	// halt ends the included file only, as if its text ended there.
	_, err = r.script(ctx, inner, depth+1)
	return r.failures >= r.opts.FailuresPerFile, err
}

func (r *runner) control(rec *Record) {
	switch rec.Arg {
	case "sortmode":
		r.sort = SortMode(rec.Value)
	case "resultmode":
		r.classic = rec.Value == "valuewise"
	case "floattolerance":
		r.floatTolerance, _ = strconv.ParseFloat(rec.Value, 64) // the parser has checked it
	case "restart":
		r.mayRestart = rec.Value == "on"
	case "asviews":
		r.mayView = rec.Value == "on"
	}
}

func (r *runner) restart() error {
	r.conns.closeAll()
	r.pending = 0
	if r.opts.Restart == nil {
		return nil
	}
	if err := r.opts.Restart(); err != nil {
		return fmt.Errorf("restart: %w", err)
	}
	return nil
}

// maybeRestart restarts if RestartEvery records have run. A transaction that is open would be lost, so it waits.
func (r *runner) maybeRestart(ctx context.Context) error {
	if r.opts.RestartEvery == 0 || r.pending < r.opts.RestartEvery || !r.mayRestart || !r.conns.idle() {
		return ctx.Err()
	}
	return r.restart()
}

// execute runs a statement or query and judges the outcome. Its error is a reason to end the whole run.
func (r *runner) execute(ctx context.Context, rec *Record, depth int) error {
	conn, err := r.conns.get(ctx, rec.Connection)
	if err != nil {
		return fmt.Errorf("connection for %s: %w", rec.Pos, err)
	}
	r.at = rec.Pos
	if err := r.beforeStatement(ctx, conn, rec); err != nil {
		return err
	}
	timed, cancel := context.WithTimeout(ctx, r.opts.Timeout)
	defer cancel()
	ans, execErr := send(timed, conn, r.opts.Protocol, rec.SQL)
	r.pending++
	lost := conn.IsClosed()
	if lost {
		r.conns.forget(conn)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	failures, edits := r.failures, len(r.edits)
	switch {
	case execErr != nil && ans.serverError == nil:
		switch {
		case timed.Err() != nil:
			r.fail(rec, "no answer in %v: %v", r.opts.Timeout, execErr)
		case lost:
			r.fail(rec, "connection lost: %v", execErr)
		default:
			r.fail(rec, "%v", execErr)
		}
	case rec.Expect.Outcome == Error:
		r.judgeError(rec, ans.serverError, depth)
	case execErr != nil:
		r.fail(rec, "unexpected error: %s", describe(ans.serverError))
	case rec.Kind == Query:
		r.judgeQuery(rec, ans, depth)
	case rec.Expect.Outcome == Count:
		r.judgeCount(rec, ans.tag.RowsAffected(), depth)
	}
	if r.failures == failures && rec.Kind == Query && execErr == nil {
		r.judgeView(ctx, conn, rec, ans)
	}
	if r.failures == failures {
		r.res.Passed++
	}
	if len(r.edits) > edits {
		r.rewritten++
	}
	return r.afterStatement(ctx, conn, rec)
}

func (r *runner) judgeError(rec *Record, got *pgconn.PgError, depth int) {
	if got == nil {
		r.fail(rec, "expected an error, but the statement succeeded")
		return
	}
	want := rec.Expect
	right := (want.State == "" || want.State == got.Code) && (want.Message == nil || want.Message.MatchString(got.Message))
	bare := want.State == "" && want.Message == nil
	switch {
	case r.recording(depth) && (bare || !right):
		r.edit(rec.span.header, rec.span.header+1, "statement error "+got.Code)
	case !right:
		r.fail(rec, "wrong error\n- %s\n+ %s", describeExpected(want), describe(got))
	}
}

func (r *runner) judgeCount(rec *Record, got int64, depth int) {
	switch {
	case got == rec.Expect.Count:
	case r.recording(depth):
		r.edit(rec.span.header, rec.span.header+1, fmt.Sprintf("statement count %d", got))
	default:
		r.fail(rec, "wrong count of rows\n- %d\n+ %d", rec.Expect.Count, got)
	}
}

// recording tells whether a record may be rewritten: those of included files are not.
func (r *runner) recording(depth int) bool { return r.opts.Record && depth == 0 }

func describe(e *pgconn.PgError) string {
	s := fmt.Sprintf("(%s) %s", e.Code, e.Message)
	if e.Detail != "" {
		s += "; detail: " + e.Detail
	}
	if e.Hint != "" {
		s += "; hint: " + e.Hint
	}
	if e.Position != 0 {
		s += fmt.Sprintf("; at character %d", e.Position)
	}
	return s
}

func describeExpected(e Expectation) string {
	var parts []string
	if e.State != "" {
		parts = append(parts, "("+e.State+")")
	}
	if e.Message != nil {
		parts = append(parts, "message matching /"+e.Message.String()+"/")
	}
	return strings.Join(parts, " ")
}
