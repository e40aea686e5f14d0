package exec

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"

	"millrace/delta"
	"millrace/expr"
	"millrace/internal/testseed"
	"millrace/pgerr"
	"millrace/planner/physical"
	"millrace/storage"
	"millrace/storage/codec"
	"millrace/storage/state"
	"millrace/types"
)

// seedOf gives the seed of a test run and prints it; MILLRACE_SEED repeats one.
func seedOf(t testing.TB) uint64 {
	seed := testseed.Seed()
	if s := os.Getenv("MILLRACE_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed = n
	}
	t.Logf("MILLRACE_SEED=%d", seed)
	return seed
}

// change is a row of a scan with a weight.
type change struct {
	scan   int
	row    row
	weight int64
}

// sink gathers what a dataflow emits.
type gathered struct {
	types []types.T
	exact map[string]int64 // rows in the row format
	sql   map[string]int64 // rows by sqlKey
	text  map[string]string
	errs  map[string]int64

	step map[string]int64 // rows of the present step, in the row format, whose weights must have one sign
	bad  []string
	rows int // emitted in the present step
}

func newGathered(ts []types.T) *gathered {
	return &gathered{types: ts, exact: map[string]int64{}, sql: map[string]int64{}, text: map[string]string{},
		errs: map[string]int64{}, step: map[string]int64{}}
}

func (g *gathered) emit(b *delta.Batch) error {
	if len(b.Cols) != len(g.types) {
		g.bad = append(g.bad, fmt.Sprintf("%d columns, want %d", len(b.Cols), len(g.types)))
		return nil
	}
	for i, c := range b.Cols {
		if c.Len() != b.N {
			g.bad = append(g.bad, fmt.Sprintf("column %d has %d rows of %d", i, c.Len(), b.N))
			return nil
		}
		if c.Type.Kind != g.types[i].Kind {
			g.bad = append(g.bad, fmt.Sprintf("column %d is %s, want %s", i, c.Type, g.types[i]))
		}
	}
	g.rows += b.N
	for i := range b.N {
		r := row(b.Row(i, nil))
		w := b.Weight(i)
		k := string(codec.AppendRow(nil, b, nil, i))
		s := sqlKey(r, g.types)
		g.text[k], g.text[s] = show(r, g.types), show(r, g.types)
		if old, ok := g.step[k]; w == 0 || ok && (old < 0) != (w < 0) {
			g.bad = append(g.bad, fmt.Sprintf("%s with weights %d and %d in one step", g.text[k], old, w))
		}
		g.step[k] += w
		addTo(g.exact, k, w)
		addTo(g.sql, s, w)
	}
	return nil
}

func (g *gathered) onError(op int, err error, b *delta.Batch, i int, w int64) {
	if i >= b.N {
		g.bad = append(g.bad, "an error row that does not exist")
	}
	addTo(g.errs, fmt.Sprintf("%d: %v", op, err), w)
}

func addTo[K comparable](m map[K]int64, k K, w int64) {
	if m[k] += w; m[k] == 0 {
		delete(m, k)
	}
}

// check compares what has been gathered with the rows and errors wanted, and ends the step.
func (g *gathered) check(rows []row, errs []string) error {
	defer func() { g.step, g.rows = map[string]int64{}, 0 }()
	if len(g.bad) > 0 {
		return errors.New(strings.Join(g.bad, "; "))
	}
	for k, w := range g.exact {
		if w < 0 {
			return fmt.Errorf("%s has multiplicity %d", g.text[k], w)
		}
	}
	want := map[string]int64{}
	for _, r := range rows {
		k := sqlKey(r, g.types)
		want[k]++
		g.text[k] = show(r, g.types)
	}
	var diffs []string
	for k, w := range want {
		if g.sql[k] != w {
			diffs = append(diffs, fmt.Sprintf("%s: %d times, want %d", g.text[k], g.sql[k], w))
		}
	}
	for k, w := range g.sql {
		if want[k] == 0 {
			diffs = append(diffs, fmt.Sprintf("%s: %d times, want 0", g.text[k], w))
		}
	}
	wantErrs := map[string]int64{}
	for _, e := range errs {
		wantErrs[e]++
	}
	for e, w := range wantErrs {
		if g.errs[e] != w {
			diffs = append(diffs, fmt.Sprintf("error %s: %d times, want %d", e, g.errs[e], w))
		}
	}
	for e, w := range g.errs {
		if wantErrs[e] == 0 {
			diffs = append(diffs, fmt.Sprintf("error %s: %d times, want 0", e, w))
		}
	}
	if len(diffs) > 0 {
		sort.Strings(diffs)
		return errors.New(strings.Join(diffs, "\n"))
	}
	return nil
}

// config is a way to keep state.
type config struct {
	name    string
	store   bool  // else in memory
	budget  int64 // bytes
	reopen  bool  // the store between steps, so that nothing is in memory
	discard bool  // each step is run, thrown away and run again
}

var configs = []config{
	{name: "memory", budget: 1 << 30},
	{name: "store", store: true, budget: 1 << 30},
	{name: "store without cache", store: true, budget: 0},
	{name: "store with a tiny cache", store: true, budget: 4 << 10},
	{name: "store reopened", store: true, budget: 1 << 20, reopen: true},
	{name: "steps discarded and repeated", store: true, budget: 1 << 20, discard: true},
}

// runner runs a plan in one configuration.
type runner struct {
	t     testing.TB
	cfg   config
	plan  *physical.Plan
	fs    storage.FS
	store *storage.Store
	space *state.Space
	flow  *Dataflow
	epoch uint64
	out   *gathered
	trace []byte // everything that was emitted, in the batch format
	emit  func(*delta.Batch) error
	fail  func(op int, err error, row *delta.Batch, i int, weight int64)
}

func newRunner(t testing.TB, cfg config, plan *physical.Plan) *runner {
	r := &runner{t: t, cfg: cfg, plan: plan, fs: storage.NewMemFS(), out: newGathered(plan.Nodes[plan.Root()].Out().Types)}
	r.open()
	return r
}

func (r *runner) open() {
	r.t.Helper()
	var err error
	if r.cfg.store {
		if r.store, err = storage.Open(storage.Options{Dir: "data", FS: r.fs}); err != nil {
			r.t.Fatal(err)
		}
	}
	r.space = state.NewSpace(r.store, 7, state.NewBudget(r.cfg.budget))
	r.build()
}

func (r *runner) build() {
	r.t.Helper()
	var err error
	r.flow, err = Build(r.plan, Options{
		Space: r.space, Fresh: r.epoch == 0,
		Emit: func(b *delta.Batch) error {
			r.trace = codec.Encode(r.trace, b)
			return r.emit(b)
		},
		OnError: func(op int, err error, b *delta.Batch, i int, w int64) { r.fail(op, err, b, i, w) },
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *runner) close() {
	r.t.Helper()
	r.space.Close()
	if r.store != nil {
		if err := r.store.Close(); err != nil {
			r.t.Fatal(err)
		}
	}
}

// step runs one step and commits it.
func (r *runner) step(batches []scanBatch) error {
	if r.cfg.discard && r.store != nil {
		r.emit, r.fail = func(*delta.Batch) error { return nil }, func(int, error, *delta.Batch, int, int64) {}
		if err := r.push(batches); err != nil {
			return err
		}
		r.space.Discard()
		r.build()
	}
	r.emit, r.fail = r.out.emit, r.out.onError
	if err := r.push(batches); err != nil {
		return err
	}
	r.epoch++
	if r.store != nil {
		st := r.store.NewStep(7)
		st.SetFrontier(r.epoch)
		if err := r.space.WriteTo(st); err != nil {
			st.Close()
			return err
		}
		if err := st.Apply(); err != nil {
			return err
		}
	}
	if r.cfg.reopen {
		r.close()
		r.open()
	}
	return nil
}

func (r *runner) push(batches []scanBatch) error {
	for _, b := range batches {
		if err := r.flow.Push(b.scan, b.b); err != nil {
			return err
		}
	}
	return r.flow.Flush()
}

// scanBatch is a batch for a scan.
type scanBatch struct {
	scan int
	b    *delta.Batch
}

// split makes batches of changes, in random order and of random sizes.
func split(rng *rand.Rand, plan *physical.Plan, changes []change) []scanBatch {
	changes = slices.Clone(changes)
	rng.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
	var out []scanBatch
	for i, c := range changes {
		k := len(out) - 1
		if i == 0 || out[k].scan != c.scan || rng.IntN(4) == 0 {
			out = append(out, scanBatch{c.scan, delta.NewBatch(plan.Nodes[c.scan].Out().Types, 0)})
			k++
		}
		out[k].b.AppendRow(c.row, c.weight)
	}
	return out
}

// adHoc runs a plan as a query over the contents of its scans. ok is false when it ended with a row error.
func adHoc(t testing.TB, rng *rand.Rand, plan *physical.Plan, contents map[int][]row) (*gathered, error) {
	t.Helper()
	g := newGathered(plan.Nodes[plan.Root()].Out().Types)
	d, err := Build(plan, Options{AdHoc: true, Emit: g.emit})
	if err != nil {
		t.Fatal(err)
	}
	var changes []change
	for _, scan := range d.Scans() {
		for _, r := range contents[scan] {
			changes = append(changes, change{scan, r, 1})
		}
	}
	for _, b := range split(rng, plan, changes) {
		if err := d.Push(b.scan, b.b); err != nil {
			return nil, err
		}
	}
	return g, d.Flush()
}

// model is the contents of the scans and random changes of it.
type model struct {
	rng        *rand.Rand
	gen        map[int]func(*rand.Rand) row
	scans      []int
	appendOnly map[int]bool
	contents   map[int][]row
}

// random makes the changes of a step and applies them to the contents. Some rows come and go within the step.
func (m *model) random() []change {
	var out []change
	for range 1 + m.rng.IntN(8) {
		scan := m.scans[m.rng.IntN(len(m.scans))]
		rows := m.contents[scan]
		switch p := m.rng.IntN(10); {
		case p < 4 && len(rows) > 0 && !m.appendOnly[scan]:
			i := m.rng.IntN(len(rows))
			out = append(out, change{scan, rows[i], -1})
			m.contents[scan] = slices.Delete(rows, i, i+1)
		case p == 4 && !m.appendOnly[scan]:
			r := m.gen[scan](m.rng)
			w := int64(1 + m.rng.IntN(2))
			out = append(out, change{scan, r, w}, change{scan, r, -w})
		case p == 5 && len(rows) > 0:
			r := rows[m.rng.IntN(len(rows))]
			out = append(out, change{scan, r, 2})
			m.contents[scan] = append(rows, r, r)
		default:
			r := m.gen[scan](m.rng)
			out = append(out, change{scan, r, 1})
			m.contents[scan] = append(rows, r)
		}
	}
	return out
}

// someConfigs gives the first configuration, in memory, and one or, with MILLRACE_CONFIGS=all, all of the others: over
// the many plans of a test each gets its turn.
func someConfigs(seed uint64, name string) []config {
	if os.Getenv("MILLRACE_CONFIGS") == "all" {
		return configs
	}
	h := fnv.New64a()
	h.Write([]byte(name))
	return []config{configs[0], configs[1+(seed+h.Sum64())%uint64(len(configs)-1)]}
}

// verify runs random steps over a plan in several configurations and ad hoc, and compares with the naive evaluation after
// each. gen makes the rows of each scan.
func verify(t *testing.T, plan *physical.Plan, steps int, gen map[int]func(*rand.Rand) row) {
	t.Helper()
	verifyAs(t, plan, plan, steps, gen)
}

// verifyAs is verify for a plan that is to give what another does.
func verifyAs(t *testing.T, plan, as *physical.Plan, steps int, gen map[int]func(*rand.Rand) row) {
	t.Helper()
	seed := seedOf(t)
	for n, cfg := range someConfigs(seed, t.Name()) {
		rng := rand.New(rand.NewPCG(seed, uint64(n)))
		m := &model{rng: rng, gen: gen, contents: map[int][]row{}, appendOnly: map[int]bool{}}
		for i, node := range plan.Nodes {
			if s, ok := node.(*physical.Scan); ok {
				m.scans = append(m.scans, i)
				m.appendOnly[i] = s.AppendOnly
			}
		}
		r := newRunner(t, cfg, plan)
		var log []string
		for range steps {
			changes := m.random()
			for _, c := range changes {
				log = append(log, fmt.Sprintf("%d%+d%s", c.scan, c.weight, show(c.row, plan.Nodes[c.scan].Out().Types)))
			}
			log = append(log, ";")
			rows, errs := naive(as, m.contents)
			if err := r.step(split(rng, plan, changes)); err != nil {
				t.Fatalf("%s: %v\n%s", cfg.name, err, strings.Join(log, " "))
			}
			if err := r.out.check(rows, errs); err != nil {
				t.Fatalf("%s: %v\n%s", cfg.name, err, strings.Join(log, " "))
			}
			if n > 0 {
				continue
			}
			g, err := adHoc(t, rng, plan, m.contents)
			if (err != nil) != (len(errs) > 0) {
				t.Fatalf("ad hoc: error %v, want %v\n%s", err, errs, strings.Join(log, " "))
			}
			if err == nil {
				if err := g.check(rows, nil); err != nil {
					t.Fatalf("ad hoc: %v\n%s", err, strings.Join(log, " "))
				}
			}
		}
		// Nothing changes: nothing comes out.
		if err := r.step(nil); err != nil || r.out.rows != 0 {
			t.Fatalf("%s: an empty step gives %d rows, %v", cfg.name, r.out.rows, err)
		}
		r.cancel(m, rng)
		r.close()
	}
}

// cancel undoes everything: output and state must be as with empty inputs.
func (r *runner) cancel(m *model, rng *rand.Rand) {
	t := r.t
	t.Helper()
	var undo []change
	for _, scan := range m.scans {
		if m.appendOnly[scan] {
			return
		}
		for _, x := range m.contents[scan] {
			undo = append(undo, change{scan, x, -1})
		}
	}
	rows, errs := naive(r.plan, nil)
	if err := r.step(split(rng, r.plan, undo)); err != nil {
		t.Fatalf("%s: undoing everything: %v", r.cfg.name, err)
	}
	if err := r.out.check(rows, errs); err != nil {
		t.Fatalf("%s: after undoing everything: %v", r.cfg.name, err)
	}
	empty := newRunner(t, config{name: "empty", budget: 1 << 30}, r.plan)
	if err := empty.step(nil); err != nil {
		t.Fatal(err)
	}
	if got, want := r.entries(), empty.entries(); got != want {
		t.Fatalf("%s: %d entries of state are left after undoing everything, want %d", r.cfg.name, got, want)
	}
	empty.close()
}

// entries counts everything that is in the operators' state.
func (r *runner) entries() int {
	n := 0
	for op, node := range r.plan.Nodes {
		for sub, multi := range parts(node) {
			if multi {
				err := r.space.Multimap(op, sub).ScanAll(func(_, _ []byte, _ int64) bool { n++; return true })
				if err != nil {
					r.t.Fatal(err)
				}
				continue
			}
			if err := r.space.Map(op, sub).Scan(func(_, _ []byte) bool { n++; return true }); err != nil {
				r.t.Fatal(err)
			}
		}
	}
	return n
}

// parts lists the parts of a node's state: whether each is a multimap.
func parts(n physical.Node) []bool {
	switch n := n.(type) {
	case *physical.Aggregate:
		p := []bool{false}
		shared := map[string]bool{}
		for _, c := range n.Aggs {
			key := fmt.Sprint(c.Func.Fold != nil, c.Func.Digest != nil, c.Args, c.Order, c.Filter, c.Func.Strict)
			switch {
			case c.Func.Ordered && !c.AppendOnly:
				p = append(p, true)
			case c.Func.Fold != nil && !(c.Func.Pick && c.AppendOnly):
				if !shared[key] {
					p = append(p, true)
				}
			case c.Distinct && c.Func.Fold == nil:
				if key = fmt.Sprint(c.Args, c.Filter); !shared[key] {
					p = append(p, false)
				}
			}
			shared[key] = true
		}
		return p
	case *physical.Distinct, *physical.SetOp:
		return []bool{false}
	case *physical.TopN, *physical.SingleRow, *physical.Session:
		return []bool{true}
	case *physical.Recurse:
		return []bool{true}
	case *physical.Over:
		return []bool{true, false}
	case *physical.AsOf, *physical.Lookup:
		return []bool{true, true}
	case *physical.Versions:
		return []bool{false}
	case *physical.Join:
		if n.NotIn && n.On == nil {
			return []bool{true, false}
		}
		return []bool{true, true, false, false}
	}
	return nil
}

// Building blocks of plans.

func kind(k types.Kind) types.T { return types.Of(k) }

func kindsOf(ks ...types.Kind) []types.T {
	ts := make([]types.T, len(ks))
	for i, k := range ks {
		ts[i] = kind(k)
	}
	return ts
}

func scanOf(appendOnly bool, ks ...types.Kind) *physical.Scan {
	return &physical.Scan{Output: physical.Output{Types: kindsOf(ks...), AppendOnly: appendOnly}}
}

func planOf(nodes ...physical.Node) *physical.Plan { return &physical.Plan{Nodes: nodes} }

func column(i int, k types.Kind) expr.Expr { return &expr.Column{Index: i, T: kind(k)} }

// testDiv is a division of integers that fails for a zero divisor, and testLess their order.
var (
	testDiv = &expr.Function{
		Name: "/", Args: kindsOf(types.Int8, types.Int8), Ret: kind(types.Int8),
		Eval: func(_ *expr.Context, a expr.Args, out *delta.Vec, errs *expr.Errors) {
			dst := expr.GrowInts(out, a.N)
			a.Each(func(i int) {
				d := a.V[1].Ints[a.Row(1, i)]
				if d == 0 {
					errs.Add(i, pgerr.New(pgerr.DivisionByZero, "division by zero"))
					return
				}
				dst[i] = a.V[0].Ints[a.Row(0, i)] / d
			})
		},
	}
	testLess = &expr.Function{
		Name: "<", Args: kindsOf(types.Int8, types.Int8), Ret: kind(types.Bool),
		Eval: func(_ *expr.Context, a expr.Args, out *delta.Vec, _ *expr.Errors) {
			dst := expr.GrowBools(out, a.N)
			a.Each(func(i int) { dst[i] = a.V[0].Ints[a.Row(0, i)] < a.V[1].Ints[a.Row(1, i)] })
		},
	}
)

func div(a, b expr.Expr) expr.Expr {
	return &expr.Call{Func: testDiv, Args: []expr.Expr{a, b}, T: kind(types.Int8)}
}

func less(a, b expr.Expr) expr.Expr {
	return &expr.Call{Func: testLess, Args: []expr.Expr{a, b}, T: kind(types.Bool)}
}

func intConst(v int64) expr.Expr { return &expr.Const{Value: types.NewInt(v), T: kind(types.Int8)} }

// Random values, with NULLs and ties.

func orNull(rng *rand.Rand, d types.Datum) types.Datum {
	if rng.IntN(6) == 0 {
		return types.Null
	}
	return d
}

func smallInt(rng *rand.Rand) types.Datum { return orNull(rng, types.NewInt(int64(rng.IntN(4)))) }

func smallText(rng *rand.Rand) types.Datum {
	return orNull(rng, types.NewString([]string{"", "a", "ab", "b"}[rng.IntN(4)]))
}

// smallNumeric has values that are equal in SQL and not in their bytes.
func smallNumeric(rng *rand.Rand) types.Datum {
	return orNull(rng, mustParse(types.Numeric, []string{"1", "1.0", "1.00", "2.5", "-3", "0"}[rng.IntN(6)]))
}

func mustParse(k types.Kind, s string) types.Datum {
	d, err := types.ParseText(kind(k), []byte(s), types.DefaultEnv)
	if err != nil {
		panic(err)
	}
	return d
}

func rowsOf(fs ...func(*rand.Rand) types.Datum) func(*rand.Rand) row {
	return func(rng *rand.Rand) row {
		r := make(row, len(fs))
		for i, f := range fs {
			r[i] = f(rng)
		}
		return r
	}
}
