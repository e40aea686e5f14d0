package slt

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Scenario gives a run a clock of its own, which moves only as the files say. Times are text, as the files have it.
type Scenario struct {
	// Now is the time of the last commit, as text.
	Now func() string
	// Set moves the clock without a commit.
	Set func(to string) error
	// AdvanceTo and AdvanceBy move the clock as if the time passed: they stop wherever something is due, and at the end, let
	// the server notice the time, and call stop.
	AdvanceTo func(ctx context.Context, to string, stop func() error) error
	AdvanceBy func(ctx context.Context, by string, stop func() error) error
	// Settle waits until all views have followed the last commit.
	Settle func(ctx context.Context) error
	// State is the state that the operators of a view keep.
	State func(ctx context.Context, view string) (rows, bytes int64, err error)
}

// observer is the name of the connection that reads the views of `changes` records.
const observer = "(changes)"

// followed is a view whose changes some record asks for.
type followed struct {
	name  string
	rows  map[string]observed // by all values
	steps [][]string          // since the last record: time, how often it came or went, values
}

type observed struct {
	count  int
	values []string
}

// follow begins to follow the views that a script asks for.
func (r *runner) follow(s *Script) {
	for _, rec := range s.Records {
		if rec.Kind != Changes || slices.ContainsFunc(r.followed, func(f *followed) bool { return f.name == rec.Arg }) {
			continue
		}
		r.followed = append(r.followed, &followed{name: rec.Arg, rows: map[string]observed{}})
	}
}

// settle waits for the views and notes what has changed in those that are followed.
func (r *runner) settle(ctx context.Context) error {
	if r.opts.Scenario == nil {
		return nil
	}
	timed, cancel := context.WithTimeout(ctx, r.opts.Timeout)
	defer cancel()
	if err := r.opts.Scenario.Settle(timed); err != nil {
		return fmt.Errorf("views do not come to rest: %w", err)
	}
	for _, f := range r.followed {
		if err := r.observe(timed, f); err != nil {
			return err
		}
	}
	return nil
}

// observe compares a view's rows with those at the last time. A view that cannot be read, as before it is made, has none.
func (r *runner) observe(ctx context.Context, f *followed) error {
	conn, err := r.conns.get(ctx, observer)
	if err != nil {
		return err
	}
	ans, err := send(ctx, conn, Simple, "SELECT * FROM "+f.name)
	if err != nil && ans.serverError == nil {
		return err
	}
	now := map[string]observed{}
	if err == nil {
		for _, row := range r.format(ans, actualTypes(ans)) {
			key := strings.Join(row, "\x00")
			o := now[key]
			now[key] = observed{o.count + 1, row}
		}
	}
	var step [][]string
	for key, o := range f.rows {
		if n := now[key].count - o.count; n != 0 {
			step = append(step, changeLine(r.opts.Scenario.Now(), n, o.values))
		}
	}
	for key, o := range now {
		if _, had := f.rows[key]; !had {
			step = append(step, changeLine(r.opts.Scenario.Now(), o.count, o.values))
		}
	}
	slices.SortFunc(step, func(a, b []string) int {
		if c := slices.Compare(a[2:], b[2:]); c != 0 {
			return c
		}
		return strings.Compare(b[1], a[1])
	})
	f.rows, f.steps = now, append(f.steps, step...)
	return nil
}

func changeLine(now string, n int, values []string) []string {
	return append([]string{now, fmt.Sprintf("%+d", n)}, values...)
}

// moveClock executes a clock or advance record.
func (r *runner) moveClock(ctx context.Context, rec *Record) error {
	s := r.opts.Scenario
	if s == nil {
		r.fail(rec, "there is no clock to be moved: run the file with millrace test")
		return nil
	}
	var stopped error
	stop := func() error { stopped = r.settle(ctx); return stopped }
	var err error
	switch rec.Arg {
	case "to":
		err = s.AdvanceTo(ctx, rec.Value, stop)
	case "by":
		err = s.AdvanceBy(ctx, rec.Value, stop)
	default:
		err = s.Set(rec.Value)
	}
	switch {
	case stopped != nil:
		return stopped
	case err != nil:
		r.fail(rec, "%v", err)
	default:
		r.res.Passed++
	}
	return nil
}

// judgeChanges compares what has changed in a view since the last such record, or since the view was made.
func (r *runner) judgeChanges(rec *Record, depth int) {
	var actual [][]string
	for _, f := range r.followed {
		if f.name == rec.Arg {
			actual, f.steps = f.steps, nil
		}
	}
	var expected [][]string
	for _, line := range rec.Result {
		expected = append(expected, splitRow(line, 3))
	}
	same := slices.EqualFunc(expected, actual, slices.Equal[[]string])
	r.judgeLines(rec, depth, same, joinRows(expected), joinRows(actual), joinRows(actual))
}

// judgeState compares the state that a view's operators keep: lines of rows or bytes, and a number or its bound.
func (r *runner) judgeState(ctx context.Context, rec *Record, depth int) {
	rows, bytes, err := r.opts.Scenario.State(ctx, rec.Arg)
	if err != nil {
		r.fail(rec, "%v", err)
		return
	}
	var actual []string
	same := true
	for _, line := range rec.Result {
		words := strings.Fields(line)
		got := map[string]int64{"rows": rows, "bytes": bytes}[words[0]]
		want, _ := strconv.ParseInt(words[len(words)-1], 10, 64) // the parser has checked it
		if len(words) == 3 && got <= want {
			actual = append(actual, line)
			continue
		}
		same = same && got == want
		actual = append(actual, fmt.Sprintf("%s %d", words[0], got))
	}
	if bound := int64(1024); !same || !rec.Recorded {
		for bound < bytes {
			bound *= 2
		}
		r.judgeLines(rec, depth, false, rec.Result, actual, []string{fmt.Sprintf("rows %d", rows), fmt.Sprintf("bytes <= %d", bound)})
		return
	}
	r.res.Passed++
}

// judgeLines counts a record whose lines are right, and records or reports others.
func (r *runner) judgeLines(rec *Record, depth int, same bool, expected, actual, recorded []string) {
	switch {
	case same && rec.Recorded:
	case r.recording(depth):
		r.edit(rec.span.sqlEnd, rec.span.resultEnd, append([]string{separator}, recorded...)...)
		r.rewritten++
	case !rec.Recorded:
		r.fail(rec, "the record has no ---- line, so nothing to compare with; record it")
		return
	default:
		r.fail(rec, "%s of %s differ (- expected, + actual)\n%s", map[Kind]string{Changes: "changes", State: "state"}[rec.Kind], rec.Arg, formatDiff(diff(expected, actual)))
		return
	}
	r.res.Passed++
}
