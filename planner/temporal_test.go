package planner_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"millrace/delta"
	"millrace/exec"
	"millrace/expr"
	"millrace/internal/testseed"
	"millrace/planner"
	"millrace/planner/physical"
	"millrace/sql/parser"
	"millrace/storage/codec"
	"millrace/storage/state"
	"millrace/types"
)

const temporalDDL = `CREATE TABLE ev (ts timestamptz, local timestamp, day date, until timestamptz, gap interval, v int)`

// TestTemporalFilters runs random conditions on the time as views, over rows that come and go while the time moves on by steps
// from a microsecond to years, and compares the view after each step, and just before each time that it says it waits for, with the
// condition evaluated for all rows.
func TestTemporalFilters(t *testing.T) {
	seed := testseed.Seed()
	t.Logf("MILLRACE_SEED=%d", seed)
	rng := rand.New(rand.NewPCG(seed, 7))
	w := newWorld()
	if err := w.ddl(temporalDDL); err != nil {
		t.Fatal(err)
	}
	turned := 0
	for i := 0; i < 400 && !t.Failed(); i++ {
		g := &temporalGenerator{rng: rng, now: temporalAnchor(rng)}
		cond := g.condition(2)
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			v := newTemporalView(t, w, "SELECT * FROM ev WHERE "+cond, g)
			for range 12 {
				v.step()
			}
			turned += v.turned
		})
	}
	if turned < 1000 {
		t.Errorf("the time has changed rows of the views %d times only", turned)
	}
}

// TestTemporalMonths is about the last days of months: there a month is added to, or taken from, several days with the same
// result, so that a condition may change to and fro.
func TestTemporalMonths(t *testing.T) {
	seed := testseed.Seed()
	t.Logf("MILLRACE_SEED=%d", seed)
	rng := rand.New(rand.NewPCG(seed, 8))
	w := newWorld()
	if err := w.ddl(temporalDDL); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < 150 && !t.Failed(); i++ {
		// From the end of a month that has more days than the other.
		from, to, shift := types.DaysFromCivil(2001, 3, 27), types.DaysFromCivil(2001, 2, 28), "- interval '1 month'"
		if rng.IntN(2) == 0 {
			from, to, shift = types.DaysFromCivil(2004, 1, 27), types.DaysFromCivil(2004, 2, 29), "+ gap"
		}
		g := &temporalGenerator{rng: rng, now: (from + rng.Int64N(3)) * types.MicrosPerDay, rowDay: to, steps: types.MicrosPerDay}
		cond := g.pick("ts", "local") + g.pick(" < ", " >= ", " = ", " > ") + "now() " + shift
		if rng.IntN(3) == 0 {
			cond += g.pick(" OR ", " AND ") + "ts > now()" + g.pick(" + ", " - ") + "interval '1 day 3 hours'"
		}
		v := newTemporalView(t, w, "SELECT * FROM ev WHERE "+cond, g)
		for range 10 {
			v.step()
		}
	}
}

// temporalAnchor is a time to begin at, often at the end of a month.
func temporalAnchor(rng *rand.Rand) int64 {
	day := types.DaysFromCivil(1999+rng.Int64N(6), 1+rng.Int64N(12), 1) + rng.Int64N(4)
	if rng.IntN(2) == 0 {
		day -= rng.Int64N(6)
	}
	return day*types.MicrosPerDay + rng.Int64N(types.MicrosPerDay)
}

// temporalView is a query maintained as a view beside all rows that it reads.
type temporalView struct {
	t      *testing.T
	g      *temporalGenerator
	query  string
	plan   *physical.Plan
	once   *physical.Plan
	flow   *exec.Dataflow
	got    map[string]int64
	rows   []answerRow
	types  []types.T
	turned int
}

func newTemporalView(t *testing.T, w *world, query string, g *temporalGenerator) *temporalView {
	v := &temporalView{t: t, g: g, query: query, got: map[string]int64{}}
	v.plan, v.once = planTemporal(t, w, query, true), planTemporal(t, w, query, false)
	var err error
	v.flow, err = exec.Build(v.plan, temporalOptions(v.got, g.now, true))
	if err != nil {
		t.Fatal(err)
	}
	v.types = v.plan.Nodes[v.flow.Scans()[0]].Out().Types
	return v
}

func planTemporal(t *testing.T, w *world, query string, view bool) *physical.Plan {
	t.Helper()
	st, err := parser.ParseOne(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	env := w.env()
	env.View = view
	q, err := planner.PlanQuery(st.AST, env)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return q.Plan
}

// temporalOptions adds what a dataflow emits, errors included, to a map.
func temporalOptions(to map[string]int64, now int64, fresh bool) exec.Options {
	add := func(k string, w int64) {
		if to[k] += w; to[k] == 0 {
			delete(to, k)
		}
	}
	env := *types.DefaultEnv
	env.Now = now
	return exec.Options{
		Space: state.NewSpace(nil, 0, state.NewBudget(64<<20)), Context: &expr.Context{Env: &env}, Fresh: fresh,
		Emit: func(b *delta.Batch) error {
			for i := range b.N {
				add(string(codec.AppendRow(nil, b, nil, i)), b.Weight(i))
			}
			return nil
		},
		OnError: func(_ int, err error, b *delta.Batch, i int, weight int64) { add("error "+err.Error(), weight) },
	}
}

// want evaluates the query for all rows at a time.
func (v *temporalView) want(now int64) map[string]int64 {
	v.t.Helper()
	out := map[string]int64{}
	d, err := exec.Build(v.once, temporalOptions(out, now, true))
	if err != nil {
		v.t.Fatal(err)
	}
	b := delta.NewBatch(v.types, len(v.rows))
	for _, r := range v.rows {
		b.AppendRow(r, 1)
	}
	if err := d.Push(d.Scans()[0], b); err != nil {
		v.t.Fatal(err)
	}
	if err := d.Flush(); err != nil {
		v.t.Fatal(err)
	}
	return out
}

func (v *temporalView) compare(now int64, what string) {
	v.t.Helper()
	if want := v.want(now); !maps.Equal(v.got, want) {
		v.t.Fatalf("%s\n%s at %s: %d rows, want %d\n%s", v.query, what, timestampText(now), len(v.got), len(want), v.difference(now))
	}
}

// difference shows the rows that are in one and not the other.
func (v *temporalView) difference(now int64) string {
	var out strings.Builder
	want := v.want(now)
	for _, r := range v.rows {
		b := delta.NewBatch(v.types, 1)
		b.AppendRow(r, 1)
		k := codec.AppendRow(nil, b, nil, 0)
		if got, wanted := v.got[string(k)], want[string(k)]; got != wanted {
			fmt.Fprintf(&out, "%d times, want %d:", got, wanted)
			for i, d := range r {
				if d.Null {
					out.WriteString(" NULL")
					continue
				}
				fmt.Fprintf(&out, " %s", types.AppendText(nil, v.types[i], d, types.DefaultEnv))
			}
			out.WriteByte('\n')
		}
	}
	for k, n := range v.got {
		if strings.HasPrefix(k, "error") && want[k] != n {
			fmt.Fprintf(&out, "%s: %d times, want %d\n", k, n, want[k])
		}
	}
	return out.String()
}

func timestampText(now int64) string {
	return string(types.AppendText(nil, types.Of(types.Timestamp), types.NewInt(now), types.DefaultEnv))
}

// step changes some rows, moves the time on and checks the view.
func (v *temporalView) step() {
	t, rng := v.t, v.g.rng
	t.Helper()
	v.g.advance()
	// First the time alone, in small parts, where much is due: as the engine does.
	limit := 1 + rng.IntN(8)
	before := maps.Clone(v.got)
	for {
		more, err := v.flow.Overdue(v.g.now, limit)
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			break
		}
		v.flow.SetNow(v.g.now)
		if err := v.flow.FlushTime(limit); err != nil {
			t.Fatal(err)
		}
	}
	b := delta.NewBatch(v.types, 8)
	for range rng.IntN(10) {
		if len(v.rows) > 0 && rng.IntN(3) == 0 {
			i := rng.IntN(len(v.rows))
			b.AppendRow(v.rows[i], -1)
			v.rows = slices.Delete(v.rows, i, i+1)
			continue
		}
		r := v.g.row(len(v.types))
		if len(v.rows) > 0 && rng.IntN(4) == 0 {
			r = v.rows[rng.IntN(len(v.rows))]
		}
		v.rows = append(v.rows, r)
		b.AppendRow(r, 1)
	}
	if err := v.flow.Push(v.flow.Scans()[0], b); err != nil {
		t.Fatal(err)
	}
	v.flow.SetNow(v.g.now)
	if err := v.flow.Flush(); err != nil {
		t.Fatal(err)
	}
	if b.N == 0 && !maps.Equal(before, v.got) {
		v.turned++
	}
	v.compare(v.g.now, "after a step")
	for range 3 { // what it waits for
		next, ok, err := v.flow.NextTime()
		if err != nil {
			t.Fatal(err)
		}
		if ok && next <= v.g.now {
			t.Fatalf("%s\nat %s it waits for %s", v.query, timestampText(v.g.now), timestampText(next))
		}
		if !ok {
			v.compare(v.g.now+int64(rng.Uint64N(50*366*uint64(types.MicrosPerDay))), "with nothing to wait for")
			return
		}
		v.compare(next-1, "just before what it waits for")
		before := maps.Clone(v.got)
		v.g.now = next
		v.flow.SetNow(next)
		if err := v.flow.Flush(); err != nil {
			t.Fatal(err)
		}
		v.compare(next, "at what it waited for")
		if !maps.Equal(before, v.got) {
			v.turned++
		}
	}
}

// temporalGenerator makes conditions, rows and times.
type temporalGenerator struct {
	rng *rand.Rand
	now int64
	// rowDay, where not 0, is the day on or about which the times of rows are, with a gap of a month, and steps what the time moves
	// on by at most.
	rowDay int64
	steps  int64
}

func (g *temporalGenerator) pick(of ...string) string { return of[g.rng.IntN(len(of))] }

// advance moves the time on.
func (g *temporalGenerator) advance() {
	if g.steps > 0 {
		g.now += g.rng.Int64N(g.steps)
		return
	}
	switch g.rng.IntN(8) {
	case 0:
		g.now += g.rng.Int64N(3)
	case 1:
		g.now += g.rng.Int64N(100 * types.MicrosPerDay)
	case 2:
		g.now += g.rng.Int64N(3 * 366 * types.MicrosPerDay)
	default:
		g.now += g.rng.Int64N(2 * types.MicrosPerDay)
	}
}

// row makes a row with the first columns of the table; times lie about the present one.
func (g *temporalGenerator) row(width int) answerRow {
	near := func() types.Datum {
		if g.rowDay != 0 {
			return types.NewInt(g.rowDay*types.MicrosPerDay + g.rng.Int64N(3*types.MicrosPerDay/2) - types.MicrosPerDay/4)
		}
		switch g.rng.IntN(12) {
		case 0:
			return types.Null
		case 1:
			return types.NewInt(types.TimestampInfinity)
		case 2:
			return types.NewInt(g.now)
		case 3:
			return types.NewInt(temporalAnchor(g.rng))
		case 4:
			// At a midnight.
			return types.NewInt((g.now/types.MicrosPerDay + g.rng.Int64N(60) - 30) * types.MicrosPerDay)
		}
		span := []int64{types.MicrosPerDay / 24, 3 * types.MicrosPerDay, 45 * types.MicrosPerDay}[g.rng.IntN(3)]
		return types.NewInt(g.now + g.rng.Int64N(2*span) - span)
	}
	day := types.NewInt(g.now/types.MicrosPerDay + g.rng.Int64N(80) - 40)
	gap, err := types.ParseText(types.Of(types.Interval), []byte(g.pick("1 hour", "1 month", "-2 months 3 days", "90 minutes", "0", "1 day -1 second")), types.DefaultEnv)
	if err != nil {
		panic(err)
	}
	if g.rowDay != 0 {
		gap = types.NewBytes(types.IntervalValue{Months: 1}.Encode(nil))
	}
	return answerRow{near(), near(), day, near(), gap, types.NewInt(g.rng.Int64N(4))}[:width]
}

// condition makes a condition whose nesting is at most so deep.
func (g *temporalGenerator) condition(depth int) string {
	if depth > 0 {
		sub := func() string { return "(" + g.condition(depth-1) + ")" }
		switch g.rng.IntN(9) {
		case 0, 1:
			return sub() + " AND " + sub()
		case 2, 3:
			return sub() + " OR " + sub()
		case 4:
			return "NOT " + sub()
		case 5:
			return "CASE WHEN " + sub() + " THEN " + sub() + " ELSE v = 1 END"
		case 6:
			return sub() + " IS NOT TRUE"
		}
	}
	switch g.rng.IntN(12) {
	case 0:
		return g.pick("v > 1", "10 / v > 3", "day IS NULL", "ts < until")
	case 1:
		return "now() BETWEEN ts AND until"
	case 2:
		return g.pick("now() - ts", "LOCALTIMESTAMP - local") + g.pick(" < ", " >= ", " = ") + g.pick("interval '1 hour'", "gap", "interval '1 month'")
	case 3:
		return g.pick("ts", "until") + g.pick(" + ", " - ") + g.pick("gap", "interval '1 month'") + g.pick(" < ", " >= ") + "now()"
	case 4:
		return "extract(epoch FROM now())" + g.pick("", " - 100", "::int8 + 7") + g.pick(" > ", " <= ") + "extract(epoch FROM ts)"
	case 5:
		return g.pick("CURRENT_DATE", "CURRENT_DATE - 7", "now()::date + 1") + g.pick(" IN (day, day + 3)", " = day", " <> day", " IS DISTINCT FROM day")
	case 6:
		return "ts - now()" + g.pick(" > ", " < ") + g.pick("interval '-1 day'", "gap")
	}
	row := g.pick("ts", "until", "local", "day", "date_trunc('day', ts)", "date_trunc('month', local)")
	op := g.pick("<", "<=", ">", ">=", "=", "<>")
	return row + " " + op + " " + g.time()
}

// time makes an expression of the current time.
func (g *temporalGenerator) time() string {
	length := "interval '" + g.pick("1 hour", "10 minutes", "1 day", "1 month", "3 months -1 day 5 hours", "1 year", "-1 month", "1 microsecond") + "'"
	unit := g.pick("hour", "day", "week", "month", "quarter", "year", "minute")
	switch g.rng.IntN(11) {
	case 0:
		return "now()"
	case 1, 2:
		return "now()" + g.pick(" - ", " + ") + length
	case 3:
		return "LOCALTIMESTAMP" + g.pick(" - ", " + ") + length
	case 4:
		return "date_trunc('" + unit + "', " + g.pick("now()", "CURRENT_TIMESTAMP", "now() - interval '1 month'", "LOCALTIMESTAMP") + ")"
	case 5:
		return "date_trunc('" + g.pick("day", "month", "year") + "', now())" + g.pick(" - ", " + ") + length
	case 6:
		return "CURRENT_DATE" + g.pick(" - 3", " + 30", " - interval '1 month'", " + interval '1 month 1 day'")
	case 7:
		return "now()" + g.pick(" - ", " + ") + "gap"
	case 8:
		return "(now() AT TIME ZONE 'UTC') - interval '" + g.pick("1 hour", "40 days") + "'"
	case 9:
		return "date_bin('15 minutes', now(), '2001-01-01')"
	}
	return g.pick("now()::timestamptz(0)", "CURRENT_TIMESTAMP(3)", "transaction_timestamp()", "now()::date")
}
