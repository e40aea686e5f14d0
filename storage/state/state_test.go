package state

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"millrace/internal/testseed"
	"millrace/storage"
	"millrace/storage/keys"
)

// newRand gives a source with a fresh seed, and prints the seed.
func newRand(t testing.TB) *rand.Rand {
	seed := testseed.Seed()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func openStore(t testing.TB, fs storage.FS) *storage.Store {
	t.Helper()
	s, err := storage.Open(storage.Options{Dir: "data", FS: fs, MemTableBytes: 256 << 10, CacheBytes: 4 << 20})
	check(t, err)
	return s
}

// world is a space over a store with a model of what it should hold.
type world struct {
	t      *testing.T
	r      *rand.Rand
	fs     storage.FS
	store  *storage.Store // nil for a space in memory
	budget *Budget
	space  *Space
	epoch  uint64

	maps   [2]map[string]string
	multi  [2]map[string]map[string]int64
	saved  [2]map[string]string // as of the last applied step
	savedM [2]map[string]map[string]int64
}

const testDataflow = 5

func newWorld(t *testing.T, r *rand.Rand, budget int64, inMemory bool) *world {
	w := &world{t: t, r: r, fs: storage.NewMemFS(), budget: NewBudget(budget)}
	if !inMemory {
		w.store = openStore(t, w.fs)
	}
	for i := range 2 {
		w.maps[i], w.multi[i] = map[string]string{}, map[string]map[string]int64{}
	}
	w.save()
	w.space = NewSpace(w.store, testDataflow, w.budget)
	return w
}

func cloneMulti(m map[string]map[string]int64) map[string]map[string]int64 {
	out := map[string]map[string]int64{}
	for g, rows := range m {
		out[g] = maps.Clone(rows)
	}
	return out
}

func (w *world) save() {
	for i := range 2 {
		w.saved[i], w.savedM[i] = maps.Clone(w.maps[i]), cloneMulti(w.multi[i])
	}
}

// commit ends a step.
func (w *world) commit() {
	w.t.Helper()
	if w.store == nil {
		check(w.t, w.space.WriteTo(nil))
		return
	}
	w.epoch++
	st := w.store.NewStep(testDataflow)
	st.SetFrontier(w.epoch)
	check(w.t, w.space.WriteTo(st))
	check(w.t, st.Apply())
	w.save()
}

// reopen closes everything and opens it again.
func (w *world) reopen() {
	w.space.Close()
	check(w.t, w.store.Close())
	w.store = openStore(w.t, w.fs)
	w.space = NewSpace(w.store, testDataflow, w.budget)
}

func (w *world) close() {
	w.space.Close()
	if got := w.budget.Used(); got != 0 {
		w.t.Errorf("%d bytes are counted after the end", got)
	}
	if w.store != nil {
		check(w.t, w.store.Close())
	}
}

func (w *world) key() []byte {
	switch w.r.IntN(20) {
	case 0:
		return nil
	case 1:
		return bytes.Repeat([]byte{'x'}, 70000+w.r.IntN(2)) // longer than a header's length field
	}
	return fmt.Appendf(nil, "k%d", w.r.IntN(200))
}

func (w *world) value() []byte {
	n := w.r.IntN(30)
	if w.r.IntN(30) == 0 {
		n = w.r.IntN(3000)
	}
	return bytes.Repeat([]byte{byte('a' + w.r.IntN(26))}, n)
}

func (w *world) group() []byte {
	return []byte([]string{"", "g", "h", "gg", "\xff", "long group name", fmt.Sprint(w.r.IntN(60))}[w.r.IntN(7)])
}

func (w *world) row() []byte {
	n := w.r.IntN(40)
	if w.r.IntN(4) == 0 {
		n = w.r.IntN(3000)
	}
	row := fmt.Appendf(nil, "%d", n)
	if n%17 == 0 {
		row = append(row, bytes.Repeat([]byte{0}, 2000+n%7)...) // larger than a chunk
	}
	return row
}

func (w *world) mapOp() {
	i := w.r.IntN(2)
	m, model := w.space.Map(1, i), w.maps[i]
	k := w.key()
	h := keys.Hash(k)
	switch w.r.IntN(10) {
	case 0, 1, 2, 3:
		v := w.value()
		check(w.t, m.Put(h, k, v))
		model[string(k)] = string(v)
	case 4, 5, 6:
		check(w.t, m.Delete(h, k))
		delete(model, string(k))
	case 7:
		w.checkPrefetch(m, model)
	default:
		w.checkGet(m, model, k)
	}
}

func (w *world) checkGet(m *Map, model map[string]string, k []byte) {
	w.t.Helper()
	v, ok, err := m.Get(keys.Hash(k), k)
	check(w.t, err)
	if want, there := model[string(k)]; ok != there || string(v) != want {
		w.t.Fatalf("Get(%.20q): %.20q %v, want %.20q %v", k, v, ok, want, there)
	}
}

func (w *world) checkPrefetch(m *Map, model map[string]string) {
	var kc keys.KeyColumn
	for range w.r.IntN(30) {
		kc.Append(w.key())
	}
	var rows []uint32
	if w.r.IntN(2) == 0 {
		for i := range kc.Len() {
			if w.r.IntN(2) == 0 {
				rows = append(rows, uint32(i))
			}
		}
	}
	check(w.t, m.Prefetch(&kc, rows))
	for i := range kc.Len() {
		w.checkGet(m, model, kc.Key(i))
	}
}

func (w *world) multiOp() {
	i := w.r.IntN(2)
	m, model := w.space.Multimap(1, i), w.multi[i]
	g := w.group()
	h := keys.Hash(g)
	rows := model[string(g)]
	switch w.r.IntN(13) {
	case 0, 1, 2, 3, 4:
		w.add(m, model, g, w.row(), int64(1+w.r.IntN(3)))
	case 5, 6, 7: // remove something that is there
		for _, row := range sortedRows(rows) {
			if w.r.IntN(3) == 0 {
				w.add(m, model, g, []byte(row), -1-w.r.Int64N(rows[row]))
				break
			}
		}
	case 8: // many at once
		for range w.r.IntN(300) {
			w.add(m, model, g, w.row(), 1)
		}
	case 9:
		row := w.row()
		got, err := m.Weight(h, g, row)
		check(w.t, err)
		if got != rows[string(row)] {
			w.t.Fatalf("Weight(%q, %.20q) = %d, want %d", g, row, got, rows[string(row)])
		}
	case 10:
		var kc keys.KeyColumn
		for range w.r.IntN(10) {
			kc.Append(w.group())
		}
		check(w.t, m.Prefetch(&kc, nil))
	case 11:
		check(w.t, m.Drop(h, g))
		delete(model, string(g))
		w.checkGroup(m, g, nil)
	default:
		w.checkGroup(m, g, rows)
	}
}

func (w *world) add(m *Multimap, model map[string]map[string]int64, g, row []byte, weight int64) {
	check(w.t, m.Add(keys.Hash(g), g, row, weight))
	rows := model[string(g)]
	if rows == nil {
		rows = map[string]int64{}
		model[string(g)] = rows
	}
	if rows[string(row)] += weight; rows[string(row)] == 0 {
		delete(rows, string(row))
	}
}

func sortedRows(rows map[string]int64) []string { return slices.Sorted(maps.Keys(rows)) }

// checkGroup compares all ways of reading a group with the model.
func (w *world) checkGroup(m *Multimap, g []byte, rows map[string]int64) {
	w.t.Helper()
	h := keys.Hash(g)
	from := w.row()
	limit := len(rows)
	if w.r.IntN(2) == 0 {
		limit = w.r.IntN(5)
	}
	all := sortedRows(rows)
	at, found := slices.BinarySearch(all, string(from))
	upTo := at
	if found {
		upTo++
	}
	type scan func(f func([]byte, int64) bool) error
	for what, c := range map[string]struct {
		scan    scan
		want    []string
		reverse bool
	}{
		"Scan":            {func(f func([]byte, int64) bool) error { return m.Scan(h, g, f) }, all, false},
		"ScanReverse":     {func(f func([]byte, int64) bool) error { return m.ScanReverse(h, g, f) }, all, true},
		"ScanFrom":        {func(f func([]byte, int64) bool) error { return m.ScanFrom(h, g, from, f) }, all[at:], false},
		"ScanReverseFrom": {func(f func([]byte, int64) bool) error { return m.ScanReverseFrom(h, g, from, f) }, all[:upTo], true},
	} {
		want := slices.Clone(c.want)
		if c.reverse {
			slices.Reverse(want)
		}
		want = want[:min(limit, len(want))]
		var got []string
		check(w.t, c.scan(func(row []byte, weight int64) bool {
			if len(got) == limit {
				return false
			}
			if weight != rows[string(row)] {
				w.t.Fatalf("%s of %q: row %.20q has weight %d, want %d", what, g, row, weight, rows[string(row)])
			}
			got = append(got, string(row))
			return len(got) < limit
		}))
		if limit > 0 && !slices.Equal(got, want) {
			w.t.Fatalf("%s of %q from %.20q: %d rows %.100q, want %d %.100q", what, g, from, len(got), got, len(want), want)
		}
	}
	row, weight, ok, err := m.First(h, g)
	check(w.t, err)
	if ok != (len(all) > 0) || ok && (string(row) != all[0] || weight != rows[all[0]]) {
		w.t.Fatalf("First of %q: %.20q*%d %v", g, row, weight, ok)
	}
	row, weight, ok, err = m.Last(h, g)
	check(w.t, err)
	if ok != (len(all) > 0) || ok && (string(row) != all[len(all)-1] || weight != rows[all[len(all)-1]]) {
		w.t.Fatalf("Last of %q: %.20q*%d %v", g, row, weight, ok)
	}
}

// checkAll compares the whole contents with the model.
func (w *world) checkAll() {
	w.t.Helper()
	for i := range 2 {
		m := w.space.Map(1, i)
		got := map[string]string{}
		lastPart, lastKey := -1, ""
		check(w.t, m.Scan(func(k, v []byte) bool {
			if _, twice := got[string(k)]; twice {
				w.t.Fatalf("Scan gave %.20q twice", k)
			}
			part := int(keys.Hash(k) >> 56)
			if part < lastPart || part == lastPart && string(k) <= lastKey {
				w.t.Fatalf("Scan is out of order at %.20q", k)
			}
			lastPart, lastKey = part, string(k)
			got[string(k)] = string(v)
			return true
		}))
		if !maps.Equal(got, w.maps[i]) {
			w.t.Fatalf("map %d: %d entries, want %d", i, len(got), len(w.maps[i]))
		}
		if n, err := m.Len(); err != nil || n != len(got) {
			w.t.Fatalf("Len %d, %v, want %d", n, err, len(got))
		}
		rows := map[string]map[string]int64{}
		check(w.t, w.space.Multimap(1, i).ScanAll(func(g, row []byte, weight int64) bool {
			if rows[string(g)] == nil {
				rows[string(g)] = map[string]int64{}
			}
			if _, twice := rows[string(g)][string(row)]; twice {
				w.t.Fatalf("ScanAll gave %q, %.20q twice", g, row)
			}
			rows[string(g)][string(row)] = weight
			return true
		}))
		maps.DeleteFunc(w.multi[i], func(_ string, rows map[string]int64) bool { return len(rows) == 0 })
		if !maps.EqualFunc(rows, w.multi[i], maps.Equal[map[string]int64, map[string]int64]) {
			w.t.Fatalf("multimap %d differs from the model", i)
		}
	}
}

// TestAgainstModel runs random operations with all kinds of budgets, with steps ending, failing, and the store being
// flushed or reopened between them.
func TestAgainstModel(t *testing.T) {
	r := newRand(t)
	for _, budget := range []int64{0, 100 << 10, 300 << 10, 1 << 40} {
		for _, inMemory := range []bool{false, true} {
			if inMemory && budget < 1<<40 {
				continue
			}
			t.Run(fmt.Sprintf("budget=%d,memory=%v", budget, inMemory), func(t *testing.T) {
				runModel(newWorld(t, r, budget, inMemory))
			})
		}
	}
}

func runModel(w *world) {
	defer w.close()
	for range 120 {
		for range w.r.IntN(60) {
			if w.r.IntN(2) == 0 {
				w.mapOp()
			} else {
				w.multiOp()
			}
		}
		if w.r.IntN(8) == 0 {
			w.checkAll()
		}
		if w.store != nil && w.r.IntN(10) == 0 { // the step fails
			w.space.Discard()
			for i := range 2 {
				w.maps[i], w.multi[i] = maps.Clone(w.saved[i]), cloneMulti(w.savedM[i])
			}
		}
		w.commit()
		if w.store == nil {
			continue
		}
		switch w.r.IntN(12) {
		case 0:
			w.reopen()
		case 1:
			_, err := w.store.FlushDerived(context.Background())
			check(w.t, err)
		case 2:
			check(w.t, w.space.Trim())
		case 3:
			w.space.rebuild()
		}
	}
	w.checkAll()
	w.cancel()
}

// cancel removes everything and checks that nothing is left, in memory or in the store.
func (w *world) cancel() {
	for i := range 2 {
		for k := range w.maps[i] {
			check(w.t, w.space.Map(1, i).Delete(keys.Hash([]byte(k)), []byte(k)))
		}
		for g, rows := range w.multi[i] {
			for row, n := range rows {
				check(w.t, w.space.Multimap(1, i).Add(keys.Hash([]byte(g)), []byte(g), []byte(row), -n))
			}
		}
		w.maps[i], w.multi[i] = map[string]string{}, map[string]map[string]int64{}
	}
	w.commit()
	w.checkAll()
	if w.store == nil {
		for i := range 2 {
			if m := w.space.Map(1, i); m.cells.live != 0 {
				w.t.Errorf("map %d: %d bytes of cells left", i, m.cells.live)
			}
		}
		return
	}
	for i := range 2 {
		for _, multimap := range []bool{false, true} {
			some, err := w.store.HasState(testDataflow, storage.StateID{Op: 1, Sub: uint8(i)}, multimap)
			check(w.t, err)
			if some {
				w.t.Errorf("part %d (multimap: %v) is not empty in the store", i, multimap)
			}
		}
		if m := w.space.Map(1, i); m.complete && m.cells.live != 0 {
			w.t.Errorf("map %d: %d bytes of cells left", i, m.cells.live)
		}
		if m := w.space.Multimap(1, i); m.complete && (m.cells.live != 0 || m.table.n != 0) {
			w.t.Errorf("multimap %d: %d bytes of cells in %d groups left", i, m.cells.live, m.table.n)
		}
	}
}

// TestBudgetHolds writes a million keys under a small budget.
func TestBudgetHolds(t *testing.T) {
	const limit = 2 << 20
	store := openStore(t, storage.NewMemFS())
	defer func() { check(t, store.Close()) }()
	budget := NewBudget(limit)
	s := NewSpace(store, 1, budget)
	defer s.Close()
	m, mm := s.Map(0, 0), s.Multimap(0, 1)
	const n, step = 1_000_000, 5000
	for at := 0; at < n; at += step {
		for i := at; i < at+step; i++ {
			k := fmt.Appendf(nil, "key %d", i)
			check(t, m.Put(keys.Hash(k), k, k))
			if i%10 == 0 {
				check(t, mm.Add(keys.Hash(k), k, []byte("row"), 1))
			}
		}
		st := store.NewStep(1)
		check(t, s.WriteTo(st))
		check(t, st.Apply())
		if got := s.mem.bytes; got > limit*5/4 || got != budget.Used() {
			t.Fatalf("%d bytes after %d keys (reported %d)", got, at+step, budget.Used())
		}
	}
	if n, err := m.Len(); err != nil || n != 1_000_000 {
		t.Fatalf("Len %d, %v", n, err)
	}
	for i := 0; i < n; i += 99991 {
		k := fmt.Appendf(nil, "key %d", i)
		if v, ok, err := m.Get(keys.Hash(k), k); err != nil || !ok || !bytes.Equal(v, k) {
			t.Fatalf("key %d: %q %v %v", i, v, ok, err)
		}
	}
}

// TestSharesAreFair fills one space, then another, under a budget for one: the first must give way at its next step.
func TestSharesAreFair(t *testing.T) {
	store := openStore(t, storage.NewMemFS())
	defer func() { check(t, store.Close()) }()
	budget := NewBudget(8 << 20)
	spaces := []*Space{NewSpace(store, 1, budget), NewSpace(store, 2, budget), NewSpace(store, 3, budget)}
	fill := func(s *Space, n int) {
		for i := range n {
			k := fmt.Appendf(nil, "key %d", i)
			check(t, s.Map(0, 0).Put(keys.Hash(k), k, k))
		}
		st := store.NewStep(s.dataflow)
		check(t, s.WriteTo(st))
		check(t, st.Apply())
	}
	fill(spaces[2], 100)
	small := spaces[2].mem.bytes
	fill(spaces[0], 150_000)
	if got := spaces[0].mem.bytes; got < 6<<20 || got > 9<<20 {
		t.Errorf("alone: %d bytes", got)
	}
	fill(spaces[1], 150_000)
	check(t, spaces[0].Trim())
	for i, s := range spaces[:2] {
		if got := s.mem.bytes; got < 5<<19 || got > 5<<20 {
			t.Errorf("space %d: %d bytes", i, got)
		}
	}
	check(t, spaces[2].Trim())
	if got := spaces[2].mem.bytes; got != small {
		t.Errorf("the small one had %d bytes, now %d", small, got)
	}
	for _, s := range spaces {
		s.Close()
	}
}

func TestMemoryOnlyHasALimit(t *testing.T) {
	s := NewSpace(nil, 0, NewBudget(4<<20))
	defer s.Close()
	for i := range 1 << 20 {
		k := fmt.Appendf(nil, "key %d", i)
		var err error
		if i%2 == 0 {
			err = s.Map(0, 0).Put(keys.Hash(k), k, k)
		} else {
			err = s.Multimap(0, 0).Add(keys.Hash(k), k, k, 1)
		}
		if errors.Is(err, ErrMemory) {
			if i < 20000 || s.mem.bytes > 10<<20 {
				t.Errorf("full at %d keys, %d bytes", i, s.mem.bytes)
			}
			return
		}
		check(t, err)
	}
	t.Error("no limit")
}

// TestNegativeIsAnError removes what is not there, with the group in memory and not.
func TestNegativeIsAnError(t *testing.T) {
	store := openStore(t, storage.NewMemFS())
	defer func() { check(t, store.Close()) }()
	for _, budget := range []int64{0, 1 << 40} {
		s := NewSpace(store, 1, NewBudget(budget))
		add := func(w int64) error {
			check(t, s.Multimap(0, 0).Add(keys.Hash([]byte("g")), []byte("g"), []byte("row"), w))
			st := store.NewStep(1)
			defer st.Close()
			if err := s.WriteTo(st); err != nil {
				s.Discard()
				return err
			}
			return st.Apply()
		}
		check(t, add(2))
		if err := add(-3); !errors.Is(err, ErrNegative) {
			t.Errorf("budget %d: %v", budget, err)
		}
		check(t, add(-2))
		s.Close()
	}
}

// TestHugeGroup works on a group that is too large to be loaded, after a restart, and checks that reading a few rows
// of it does not read them all.
func TestHugeGroup(t *testing.T) {
	const n = 200_000
	fs := storage.NewMemFS()
	store := openStore(t, fs)
	s := NewSpace(store, 1, NewBudget(1<<40))
	g := []byte("g")
	h := keys.Hash(g)
	mm := s.Multimap(0, 0)
	commit := func() {
		st := store.NewStep(1)
		check(t, s.WriteTo(st))
		check(t, st.Apply())
	}
	for _, i := range rand.New(rand.NewPCG(1, 1)).Perm(n) {
		check(t, mm.Add(h, g, fmt.Appendf(nil, "%08d", i), 1))
	}
	read := func() string {
		first, _, _, err := mm.First(h, g)
		check(t, err)
		out := string(first)
		last, _, _, err := mm.Last(h, g)
		check(t, err)
		out += " " + string(last)
		check(t, mm.ScanFrom(h, g, []byte("00100000"), func(row []byte, w int64) bool {
			out += fmt.Sprintf(" %s*%d", row, w)
			return false
		}))
		return out
	}
	const fresh = "00000000 00199999 00100000*1"
	if got := read(); got != fresh {
		t.Errorf("in memory, uncommitted: %s", got)
	}
	commit()
	if got := read(); got != fresh {
		t.Errorf("in memory: %s", got)
	}
	s.Close()
	check(t, store.Close())
	store = openStore(t, fs)
	s = NewSpace(store, 1, NewBudget(1<<40))
	mm = s.Multimap(0, 0)
	for round := range 3 {
		if got := read(); got != fresh {
			t.Errorf("after a restart, round %d: %s", round, got)
		}
		if s.mem.bytes > 1<<20 {
			t.Errorf("%d bytes in memory", s.mem.bytes)
		}
		for _, c := range []struct {
			row string
			w   int64
		}{{"00000000", -1}, {"00000000x", 1}, {"00100000", 1}, {"00199999", -1}, {"00199998", -1}} {
			check(t, mm.Add(h, g, []byte(c.row), c.w))
		}
		if got := read(); got != "00000000x 00199997 00100000*2" {
			t.Errorf("with changes, round %d: %s", round, got)
		}
		commit()
		for _, c := range []struct {
			row string
			w   int64
		}{{"00000000", 1}, {"00000000x", -1}, {"00100000", -1}, {"00199999", 1}, {"00199998", 1}} {
			check(t, mm.Add(h, g, []byte(c.row), c.w))
		}
		commit()
	}
	check(t, mm.Add(h, g, []byte("00000000"), 1))
	check(t, mm.Drop(h, g))
	if got := read(); got != " " {
		t.Errorf("dropped: %s", got)
	}
	check(t, mm.Add(h, g, []byte("a"), 2))
	commit()
	if got := read(); got != "a a a*2" {
		t.Errorf("with a row since: %s", got)
	}
	s.Close()
	check(t, store.Close())
	store = openStore(t, fs)
	s = NewSpace(store, 1, NewBudget(1<<40))
	mm = s.Multimap(0, 0)
	if got := read(); got != "a a a*2" {
		t.Errorf("after another restart: %s", got)
	}
	s.Close()
	check(t, store.Close())
}

// TestCompleteStateIsNotRead checks that the store is not asked while everything fits, and is after a restart.
func TestCompleteStateIsNotRead(t *testing.T) {
	fs := storage.NewMemFS()
	store := openStore(t, fs)
	use := func(s *Space) {
		for i := range 1000 {
			k := fmt.Appendf(nil, "key %d", i)
			h := keys.Hash(k)
			_, _, err := s.Map(0, 0).Get(h, k)
			check(t, err)
			check(t, s.Map(0, 0).Put(h, k, k))
			check(t, s.Multimap(0, 0).Scan(h, k, func([]byte, int64) bool { return true }))
			check(t, s.Multimap(0, 0).Add(h, k, k, 1))
		}
		st := store.NewStep(1)
		check(t, s.WriteTo(st))
		check(t, st.Apply())
	}
	s := NewSpace(store, 1, NewBudget(1<<40))
	use(s)
	use(s)
	if st := s.Stats(); st.Reads != 0 || st.Hits != 4000 || st.Entries != 2000 {
		t.Errorf("%+v", st)
	}
	s.Close()
	check(t, store.Close())
	store = openStore(t, fs)
	s = NewSpace(store, 1, NewBudget(1<<40))
	use(s)
	if st := s.Stats(); st.Reads != 2000 {
		t.Errorf("after a restart: %+v", st)
	}
	use(s)
	if st := s.Stats(); st.Reads != 2000 {
		t.Errorf("once all is read: %+v", st)
	}
	s.Close()
	check(t, store.Close())
}
