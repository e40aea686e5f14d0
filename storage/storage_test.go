package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"millrace/internal/testseed"
)

// newRand gives a source with a fresh seed, and prints the seed.
func newRand(t testing.TB) *rand.Rand {
	seed := testseed.Seed()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func openOn(t testing.TB, fs FS) *Store {
	t.Helper()
	s, err := Open(Options{Dir: "data", FS: fs, MemTableBytes: 64 << 10, CacheBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func openMem(t testing.TB) *Store {
	s := openOn(t, NewMemFS())
	t.Cleanup(func() { check(t, s.Close()) })
	return s
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func rowsOf(t testing.TB, it *RowIter) string {
	t.Helper()
	var b strings.Builder
	for it.Next() {
		fmt.Fprintf(&b, "%s=%s ", it.Key(), it.Row())
	}
	check(t, it.Close())
	return strings.TrimSpace(b.String())
}

func logOf(t testing.TB, it *LogIter) string {
	t.Helper()
	var b strings.Builder
	for it.Next() {
		fmt.Fprintf(&b, "%d.%d=%s ", it.Position().Epoch, it.Position().Seq, it.Value())
	}
	check(t, it.Close())
	return strings.TrimSpace(b.String())
}

func multisetOf(t testing.TB, it *MultisetIter) string {
	t.Helper()
	var b strings.Builder
	for it.Next() {
		fmt.Fprintf(&b, "%s*%d", it.Row(), it.Weight())
		if len(it.Payload()) > 0 {
			fmt.Fprintf(&b, "(%s)", it.Payload())
		}
		b.WriteByte(' ')
	}
	check(t, it.Close())
	return strings.TrimSpace(b.String())
}

func want(t testing.TB, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func TestCommitAndRead(t *testing.T) {
	s := openMem(t)
	c := s.NewCommit()
	c.PutCatalog("rel/1", []byte("one"))
	c.PutCatalog("rel/2", []byte("two"))
	c.PutRow(7, []byte("a"), []byte("1"))
	c.PutRow(7, []byte("b"), []byte("2"))
	c.PutRow(7, []byte("c"), []byte("3"))
	c.PutRow(8, []byte("a"), []byte("other"))
	c.AppendLog(7, Position{1, 0}, []byte("x"))
	c.AppendLog(7, Position{1, 1}, []byte("y"))
	c.PutOffset(7, []byte("off"))
	check(t, c.Apply(1, 100))
	snap := s.Snapshot()
	defer snap.Close()

	c = s.NewCommit()
	c.DeleteCatalog("rel/1")
	c.DeleteRow(7, []byte("b"))
	c.PutRow(7, []byte("c"), []byte("33"))
	c.AppendLog(7, Position{3, 0}, []byte("z"))
	check(t, c.Apply(3, 300))

	want(t, "rows at snapshot", rowsOf(t, snap.ScanRows(7, nil, nil, false)), "a=1 b=2 c=3")
	want(t, "range", rowsOf(t, snap.ScanRows(7, []byte("b"), []byte("c"), false)), "b=2")
	want(t, "reverse", rowsOf(t, snap.ScanRows(7, nil, nil, true)), "c=3 b=2 a=1")
	want(t, "log at snapshot", logOf(t, snap.ReadLog(7, 0, ^uint64(0))), "1.0=x 1.1=y")
	want(t, "log", logOf(t, s.ReadLog(7, 0, 3)), "1.0=x 1.1=y 3.0=z")
	want(t, "log after 1", logOf(t, s.ReadLog(7, 1, 3)), "3.0=z")
	want(t, "log to 2", logOf(t, s.ReadLog(7, 0, 2)), "1.0=x 1.1=y")
	want(t, "log of nothing", logOf(t, s.ReadLog(7, 3, 3))+logOf(t, s.ReadLog(7, ^uint64(0), ^uint64(0))), "")
	if row, ok, err := s.GetRow(7, []byte("c"), []byte("+")); err != nil || !ok || string(row) != "+33" {
		t.Errorf("GetRow: %q %v %v", row, ok, err)
	}
	if _, ok, err := s.GetRow(7, []byte("b"), nil); err != nil || ok {
		t.Errorf("a deleted row: %v %v", ok, err)
	}
	if row, ok, err := snap.GetRow(7, []byte("b"), nil); err != nil || !ok || string(row) != "2" {
		t.Errorf("a deleted row at the snapshot: %q %v %v", row, ok, err)
	}
	var names []string
	check(t, s.Catalog(func(key string, val []byte) error { names = append(names, key+"="+string(val)); return nil }))
	want(t, "catalog", strings.Join(names, " "), "rel/2=two")
	if val, ok, err := s.Offset(7); err != nil || !ok || string(val) != "off" {
		t.Errorf("offset: %q %v %v", val, ok, err)
	}
	if e, w, err := s.LastEpoch(); err != nil || e != 3 || w != 300 {
		t.Errorf("last epoch: %d %d %v", e, w, err)
	}
	if first, last, err := s.LogBounds(7); err != nil || first != 1 || last != 3 {
		t.Errorf("log bounds: %d %d %v", first, last, err)
	}
	check(t, s.TrimLog(7, 1))
	want(t, "trimmed log", logOf(t, s.ReadLog(7, 0, 3)), "3.0=z")

	c = s.NewCommit()
	c.PutRow(7, []byte("q"), []byte("gone"))
	c.DropRelation(7)
	check(t, c.Apply(4, 400))
	now := s.Snapshot()
	defer now.Close()
	want(t, "dropped rows", rowsOf(t, now.ScanRows(7, nil, nil, false)), "")
	want(t, "dropped log", logOf(t, now.ReadLog(7, 0, 9)), "")
	want(t, "other relation", rowsOf(t, now.ScanRows(8, nil, nil, false)), "a=other")
	if _, ok, err := s.Offset(7); err != nil || ok {
		t.Errorf("dropped offset: %v %v", ok, err)
	}
}

func TestGetRows(t *testing.T) {
	s := openMem(t)
	c := s.NewCommit()
	for i := range 1000 {
		c.PutRow(1, fmt.Appendf(nil, "k%04d", i*2), fmt.Append(nil, i*2))
	}
	check(t, c.Apply(1, 0))
	for _, n := range []int{1, 3, 500} {
		ks := make([]int, n)
		for i := range ks {
			ks[i] = (i * 7919) % 2100
		}
		seen := 0
		check(t, s.GetRows(1, n, func(i int) []byte { return fmt.Appendf(nil, "k%04d", ks[i]) }, func(i int, row []byte) error {
			seen++
			if there := ks[i]%2 == 0 && ks[i] < 2000; there != (row != nil) || there && string(row) != fmt.Sprint(ks[i]) {
				t.Errorf("key %d: %q", ks[i], row)
			}
			return nil
		}))
		if seen != n {
			t.Errorf("%d of %d rows", seen, n)
		}
	}
}

func TestEpochsOnlyGrow(t *testing.T) {
	s := openMem(t)
	check(t, s.NewCommit().Apply(5, 0))
	for _, e := range []uint64{5, 4, 0} {
		c := s.NewCommit()
		c.PutRow(1, []byte("k"), []byte("v"))
		if err := c.Apply(e, 0); !errors.Is(err, ErrOrder) {
			t.Errorf("epoch %d after 5: %v", e, err)
		}
	}
	if _, ok, _ := s.GetRow(1, []byte("k"), nil); ok {
		t.Error("a refused commit has written")
	}
	st := s.NewStep(1)
	st.SetFrontier(5)
	check(t, st.Apply())
	st = s.NewStep(1)
	st.SetFrontier(4)
	if err := st.Apply(); !errors.Is(err, ErrOrder) {
		t.Errorf("frontier 4 after 5: %v", err)
	}
}

func TestOpenTellsWhatIsWrong(t *testing.T) {
	fs := NewMemFS()
	s := openOn(t, fs)
	if _, err := Open(Options{Dir: "data", FS: fs}); !errors.Is(err, ErrLocked) {
		t.Errorf("second store: %v", err)
	}
	check(t, s.Close())
	check(t, openOn(t, fs).Close())
	check(t, writeFile(fs, "data", formatName, formatPrefix+"2\n"))
	if _, err := Open(Options{Dir: "data", FS: fs}); !errors.Is(err, ErrNewerFormat) {
		t.Errorf("newer format: %v", err)
	}
	check(t, writeFile(fs, "data", formatName, "junk"))
	if _, err := Open(Options{Dir: "data", FS: fs}); !errors.Is(err, ErrCorrupt) {
		t.Errorf("broken format file: %v", err)
	}
	check(t, fs.Remove(fs.PathJoin("data", formatName)))
	if _, err := Open(Options{Dir: "data", FS: fs}); !errors.Is(err, ErrCorrupt) {
		t.Errorf("missing format file: %v", err)
	}

	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	check(t, os.WriteFile(file, nil, 0o600))
	if _, err := Open(Options{Dir: filepath.Join(file, "data")}); !errors.Is(err, ErrUnwritable) {
		t.Errorf("below a file: %v", err)
	}
	disk, err := Open(Options{Dir: filepath.Join(dir, "a", "b")})
	check(t, err)
	if _, err := Open(Options{Dir: filepath.Join(dir, "a", "b")}); !errors.Is(err, ErrLocked) {
		t.Errorf("second store on disk: %v", err)
	}
	check(t, disk.Close())
}

func TestStep(t *testing.T) {
	s := openMem(t)
	st := s.NewStep(9)
	st.SetFrontier(1)
	for _, k := range []string{"c", "a", "b"} {
		st.PutRow([]byte(k), []byte("1"))
	}
	st.DeleteRow([]byte("a"))
	st.PutRow([]byte("b"), []byte("2"))
	st.AddRow([]byte("r"), 2)
	st.AddRow([]byte("q"), 1)
	st.AddRow([]byte("r"), 1)
	st.AppendRows(Position{1, 0}, []byte("batch"))
	st.AppendLog(Position{1, 0}, []byte("log1"))
	st.AddError([]byte("e1"), 1, []byte("division by zero"))
	st.PutNote("clock", []byte("5"))
	check(t, st.Apply())
	before := s.DerivedSnapshot()
	defer before.Close()

	st = s.NewStep(9)
	st.SetFrontier(2)
	st.AddRow([]byte("q"), -1)
	st.AddRow([]byte("r"), -1)
	st.AddRow([]byte("z"), 0)
	st.AddError([]byte("e1"), 2, []byte("division by zero"))
	st.AppendLog(Position{2, 0}, []byte("log2"))
	check(t, st.Apply())
	st = s.NewStep(10)
	st.PutRow([]byte("x"), nil)
	st.SetFrontier(7)
	check(t, st.Apply())

	want(t, "rows", rowsOf(t, before.ScanRows(9, nil, nil, false)), "b=2 c=1")
	if row, ok, err := before.Get(9, []byte("b"), nil); err != nil || !ok || string(row) != "2" {
		t.Errorf("Get: %q %v %v", row, ok, err)
	}
	want(t, "multiset", multisetOf(t, before.ScanMultiset(9)), "q*1 r*3")
	want(t, "row batches", logOf(t, before.ReadRows(9)), "1.0=batch")
	now := s.DerivedSnapshot()
	defer now.Close()
	want(t, "multiset later", multisetOf(t, now.ScanMultiset(9)), "r*2")
	want(t, "errors", multisetOf(t, now.Errors(9)), "e1*3(division by zero)")
	want(t, "log", logOf(t, now.ReadLog(9, 0, 2)), "1.0=log1 2.0=log2")
	for snap, epoch := range map[*DerivedSnapshot]uint64{before: 1, now: 2} {
		if f, ok, err := snap.Frontier(9); err != nil || !ok || f != epoch {
			t.Errorf("frontier %d %v %v, want %d", f, ok, err, epoch)
		}
	}
	if v, ok, err := s.Note(9, "clock"); err != nil || !ok || string(v) != "5" {
		t.Errorf("note: %q %v %v", v, ok, err)
	}
	check(t, s.TrimViewLog(9, 1))
	want(t, "trimmed log", logOf(t, s.ReadViewLog(9, 0, 2)), "2.0=log2")
	if ids, err := s.Dataflows(); err != nil || !slices.Equal(ids, []uint32{9, 10}) {
		t.Errorf("dataflows: %v %v", ids, err)
	}

	st = s.NewStep(9)
	st.Clear()
	st.SetFrontier(1)
	st.PutRow([]byte("new"), []byte("1"))
	check(t, st.Apply())
	check(t, s.DropDataflow(10))
	if ids, err := s.Dataflows(); err != nil || !slices.Equal(ids, []uint32{9}) {
		t.Errorf("dataflows after a drop: %v %v", ids, err)
	}
	last := s.DerivedSnapshot()
	defer last.Close()
	want(t, "rows after Clear", rowsOf(t, last.ScanRows(9, nil, nil, false)), "new=1")
	want(t, "multiset after Clear", multisetOf(t, last.ScanMultiset(9)), "")
	if f, ok, err := s.Frontier(9); err != nil || !ok || f != 1 {
		t.Errorf("frontier after Clear: %d %v %v", f, ok, err)
	}
	if _, ok, err := s.Frontier(10); err != nil || ok {
		t.Errorf("frontier after a drop: %v %v", ok, err)
	}
}

// TestMultisetReturnsToNothing adds and removes rows, compacting in between, and checks the weights against a model
// and that nothing is left in the end: a record of weight zero would stay for ever.
func TestMultisetReturnsToNothing(t *testing.T) {
	r := newRand(t)
	s := openMem(t)
	model := map[string]int64{}
	apply := func(change func(st *Step)) error {
		st := s.NewStep(1)
		change(st)
		return st.Apply()
	}
	for round := range 40 {
		check(t, apply(func(st *Step) {
			for range 100 {
				k := fmt.Sprint(r.IntN(300))
				w := int64(r.IntN(3))
				if round%2 == 1 && model[k] > 0 {
					w = -1 - r.Int64N(model[k])
				}
				st.AddRow([]byte(k), w)
				st.AddError([]byte(k), w, []byte("payload of "+k))
				model[k] += w
			}
		}))
		if r.IntN(3) == 0 {
			check(t, s.derived.Compact(context.Background(), []byte{0}, []byte{0xFF}, false))
		}
		snap := s.DerivedSnapshot()
		for _, it := range []*MultisetIter{snap.ScanMultiset(1), snap.Errors(1)} {
			n := 0
			for it.Next() {
				if w := model[string(it.Row())]; w == 0 || w != it.Weight() {
					t.Fatalf("row %s has weight %d, want %d", it.Row(), it.Weight(), w)
				}
				n++
			}
			check(t, it.Close())
			for _, w := range model {
				if w != 0 {
					n--
				}
			}
			if n != 0 {
				t.Fatalf("%d rows too many", n)
			}
		}
		snap.Close()
	}
	check(t, apply(func(st *Step) {
		for k, w := range model {
			st.AddRow([]byte(k), -w)
			st.AddError([]byte(k), -w, nil)
		}
	}))
	if ids, err := s.Dataflows(); err != nil || len(ids) != 0 {
		t.Errorf("left over: %v %v", ids, err)
	}
	if err := apply(func(st *Step) { st.AddRow([]byte("x"), -1) }); !errors.Is(err, ErrNegative) {
		t.Errorf("removing what is not there: %v", err)
	}
}

func TestDurableFrontier(t *testing.T) {
	s := openMem(t)
	step := func(df uint32, epoch uint64, clear bool) {
		st := s.NewStep(df)
		if clear {
			st.Clear()
		}
		st.SetFrontier(epoch)
		check(t, st.Apply())
	}
	step(1, 10, false)
	step(2, 20, false)
	if _, ok := s.DurableFrontier(1); ok {
		t.Error("durable before any flush")
	}
	got, err := s.FlushDerived(context.Background())
	check(t, err)
	if len(got) != 2 || got[1] != 10 || got[2] != 20 {
		t.Errorf("flushed %v", got)
	}
	step(1, 11, false)
	step(2, 5, true)
	if e, ok := s.DurableFrontier(1); !ok || e != 10 {
		t.Errorf("durable %d %v", e, ok)
	}
	if e, ok := s.DurableFrontier(2); ok {
		t.Errorf("durable %d after Clear", e)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.FlushDerived(ctx); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	got, err = s.FlushDerived(context.Background())
	check(t, err)
	if got[1] != 11 || got[2] != 5 {
		t.Errorf("flushed %v", got)
	}
}

func TestDiskFull(t *testing.T) {
	fs := vfs.NewMem()
	s := openOn(t, fs)
	defer func() { check(t, s.Close()) }()
	fs.TestingSetDiskUsage(vfs.DiskUsage{TotalBytes: 100 << 30, AvailBytes: 100 << 20})
	c := s.NewCommit()
	c.PutRow(1, []byte("k"), []byte("v"))
	if err := c.Apply(1, 0); !errors.Is(err, ErrDiskFull) {
		t.Errorf("commit: %v", err)
	}
	st := s.NewStep(1)
	st.PutRow([]byte("k"), nil)
	if err := st.Apply(); !errors.Is(err, ErrDiskFull) {
		t.Errorf("step: %v", err)
	}
	if _, err := s.FlushDerived(context.Background()); !errors.Is(err, ErrDiskFull) {
		t.Errorf("flush: %v", err)
	}
	fs.TestingSetDiskUsage(vfs.DiskUsage{TotalBytes: 100 << 30, AvailBytes: 1 << 30})
	if _, ok, _ := s.GetRow(1, []byte("k"), nil); ok {
		t.Error("a refused commit has written")
	}
	c = s.NewCommit()
	c.PutRow(1, []byte("k"), []byte("v"))
	check(t, c.Apply(1, 0))
}

// TestSplitIsConsistent checks what Pebble demands of Split, for arbitrary keys: ordering by prefix and then suffix is
// ordering by bytes, and a prefix is its own prefix.
func TestSplitIsConsistent(t *testing.T) {
	r := newRand(t)
	randKey := func() []byte {
		k := appendStateHead(nil, 1, []byte{kindGroup, kindMap}[r.IntN(2)], StateID{Op: uint16(r.IntN(2))})
		k = append(k, byte(r.IntN(2)))
		if r.IntN(8) > 0 {
			k = append(k, []byte{0, 1, 2, 3, 0x7F, 0x80, 0xFE, 0xFF}[r.IntN(8)])
		}
		for range r.IntN(6) {
			k = append(k, []byte{0, 1, 2, 0xFF}[r.IntN(4)])
		}
		if r.IntN(4) == 0 {
			k = k[:r.IntN(len(k)+1)]
		}
		if r.IntN(10) == 0 {
			k = append(k, make([]byte, 300)...)
		}
		return k
	}
	for range 200000 {
		a, b := randKey(), randKey()
		na, nb := splitGroup(a), splitGroup(b)
		if splitGroup(a[:na]) != na {
			t.Fatalf("the prefix of %x is not its own", a)
		}
		c := bytes.Compare(a[:na], b[:nb])
		if c == 0 {
			c = bytes.Compare(a[na:], b[nb:])
		}
		if c != bytes.Compare(a, b) {
			t.Fatalf("%x|%x and %x|%x", a[:na], a[na:], b[:nb], b[nb:])
		}
	}
}

// TestGroups drives the iterators of package state over groups that nearly collide.
func TestGroups(t *testing.T) {
	r := newRand(t)
	s := openMem(t)
	id := StateID{Op: 3, Sub: 1}
	type entry struct {
		group, row string
	}
	model := map[entry]int64{}
	groups := []string{"", "a", "aa", "b", "\xff", "\xff\xff", strings.Repeat("g", 200), strings.Repeat("g", 254), strings.Repeat("g", 255), strings.Repeat("g", 700)}
	for range 30 {
		var es []entry
		for range 50 {
			es = append(es, entry{groups[r.IntN(len(groups))], []string{"", "a", "ab", "b", "\xff"}[r.IntN(5)]})
		}
		slices.SortFunc(es, func(a, b entry) int {
			if c := len(a.group) - len(b.group); c != 0 {
				return c
			}
			return strings.Compare(a.group+a.row, b.group+b.row)
		})
		st := s.NewStep(4)
		for _, e := range es {
			w := int64(r.IntN(4))
			if r.IntN(5) == 0 {
				st.SetState(id, 7, []byte(e.group), []byte(e.row), w)
				model[e] = w
				continue
			}
			w = int64(1 + r.IntN(3))
			st.AddState(id, 7, []byte(e.group), []byte(e.row), w)
			model[e] += w
		}
		check(t, st.Apply())
		if r.IntN(4) == 0 {
			_, err := s.FlushDerived(context.Background())
			check(t, err)
		}
		it, err := s.NewGroupIter(4, id)
		check(t, err)
		for _, g := range append(groups, "absent") {
			var fwd, back, wanted []string
			for e, w := range model {
				if e.group == g && w != 0 {
					wanted = append(wanted, fmt.Sprintf("%q*%d", e.row, w))
				}
			}
			slices.Sort(wanted)
			for ok := it.Seek(7, []byte(g), nil); ok; ok = it.Next() {
				fwd = append(fwd, fmt.Sprintf("%q*%d", it.Row(), it.Weight()))
			}
			for ok := it.SeekLast(7, []byte(g), nil); ok; ok = it.Prev() {
				back = append(back, fmt.Sprintf("%q*%d", it.Row(), it.Weight()))
			}
			slices.Reverse(back)
			slices.Sort(fwd)
			slices.Sort(back)
			if !slices.Equal(fwd, wanted) || !slices.Equal(back, wanted) {
				t.Fatalf("group %q: %v forwards, %v backwards, want %v", g, fwd, back, wanted)
			}
			if ok := it.SeekLast(7, []byte(g), []byte("ab")); ok && string(it.Row()) > "ab" {
				t.Fatalf("SeekLast up to ab found %q", it.Row())
			}
		}
		n := 0
		for ok := it.FirstOfAll(); ok; ok = it.NextOfAll() {
			part, g, row := it.Key()
			if w := model[entry{string(g), string(row)}]; part != 7 || w != it.Weight() || w == 0 {
				t.Fatalf("entry %q %q has weight %d, want %d", g, row, it.Weight(), w)
			}
			n++
		}
		for _, w := range model {
			if w != 0 {
				n--
			}
		}
		if n != 0 {
			t.Fatalf("%d entries too many", n)
		}
		check(t, it.Close())
	}
}

func TestCheckpoint(t *testing.T) {
	fs := NewMemFS()
	s := openOn(t, fs)
	commit := func(e uint64) {
		c := s.NewCommit()
		c.AppendLog(1, Position{Epoch: e}, fmt.Append(nil, e))
		check(t, c.Apply(e, int64(e)))
		st := s.NewStep(2)
		st.PutRow([]byte("sum"), fmt.Append(nil, e))
		st.SetFrontier(e)
		check(t, st.Apply())
	}
	for e := range uint64(50) {
		commit(e + 1)
	}
	check(t, s.Checkpoint("copies/one"))
	if err := s.Checkpoint("copies/one"); err == nil {
		t.Error("a checkpoint was overwritten")
	}
	commit(51)
	check(t, s.Close())

	copied, err := Open(Options{Dir: "copies/one", FS: fs})
	check(t, err)
	defer func() { check(t, copied.Close()) }()
	if e, _, _ := copied.LastEpoch(); e != 50 {
		t.Errorf("epoch %d in the copy", e)
	}
	if f, ok := copied.DurableFrontier(2); !ok || f != 50 {
		t.Errorf("frontier %d in the copy", f)
	}
	snap := copied.DerivedSnapshot()
	defer snap.Close()
	want(t, "rows in the copy", rowsOf(t, snap.ScanRows(2, nil, nil, false)), "sum=50")
	if first, last, err := copied.LogBounds(1); err != nil || first != 1 || last != 50 {
		t.Errorf("log in the copy: %d to %d, %v", first, last, err)
	}
}

func TestSizes(t *testing.T) {
	s := openMem(t)
	r := rand.New(rand.NewPCG(1, 1))
	for e := range uint64(40) {
		c := s.NewCommit()
		val := make([]byte, 20000)
		for i := range val {
			val[i] = byte(r.Uint32())
		}
		c.AppendLog(5, Position{Epoch: e + 1}, val)
		check(t, c.Apply(e+1, 0))
	}
	check(t, s.durable.Flush())
	all, err := s.LogSize(5, 0, 40)
	check(t, err)
	half, err := s.LogSize(5, 20, 40)
	check(t, err)
	if all < 700000 || half < all/3 || half > all*2/3 {
		t.Errorf("log size %d, second half %d", all, half)
	}
	if rows, log, err := s.RelationSize(5); err != nil || log < all*4/5 || log > all*6/5 || rows != 0 {
		t.Errorf("relation size %d %d %v", rows, log, err)
	}
	if m := s.Metrics(); m.Durable.DiskBytes < 700000 || m.Durable.Flushes == 0 || m.Durable.BackgroundErrors != 0 {
		t.Errorf("metrics %+v", m)
	}
}
