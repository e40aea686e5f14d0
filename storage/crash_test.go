package storage

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestNoAcknowledgedCommitIsLost crashes after every commit, with any part of what was not synced, and checks that
// exactly the acknowledged commits are there, whole.
func TestNoAcknowledgedCommitIsLost(t *testing.T) {
	r := newRand(t)
	fs := NewCrashFS()
	s := openOn(t, fs)
	for epoch := uint64(1); epoch <= 60; epoch++ {
		c := s.NewCommit()
		writeEpoch(c, epoch)
		check(t, c.Apply(epoch, int64(epoch)*10))
		if r.IntN(10) == 0 {
			check(t, s.TrimLog(1, epoch/2))
		}
		crashed := fs.Crash([]int{0, 30, 100}[r.IntN(3)], r)
		checkEpochs(t, crashed, epoch, epoch)
		if r.IntN(15) == 0 { // go on from what the crash has left
			check(t, s.Close())
			fs = crashed
			s = openOn(t, fs)
		}
	}
	check(t, s.Close())
}

// TestCrashWithinCommit crashes while commits are going on: all that were acknowledged at the time are there, and
// the one in flight is there whole or not at all.
func TestCrashWithinCommit(t *testing.T) {
	r := newRand(t)
	fs := NewCrashFS()
	s := openOn(t, fs)
	acked := make(chan uint64, 1)
	acked <- 0
	done := make(chan error, 1)
	const last = 200
	go func() {
		for epoch := uint64(1); epoch <= last; epoch++ {
			c := s.NewCommit()
			writeEpoch(c, epoch)
			if err := c.Apply(epoch, int64(epoch)*10); err != nil {
				done <- err
				return
			}
			<-acked
			acked <- epoch
		}
		done <- nil
	}()
	for running := true; running; {
		select {
		case err := <-done:
			check(t, err)
			running = false
		default:
		}
		low := <-acked
		acked <- low
		crashed := fs.Crash(r.IntN(101), rand.New(rand.NewPCG(r.Uint64(), 0)))
		high := <-acked
		acked <- high
		checkEpochs(t, crashed, low, min(high+1, last))
	}
	check(t, s.Close())
}

// writeEpoch adds to a commit what identifies its epoch in every kind of key.
func writeEpoch(c *Commit, epoch uint64) {
	val := fmt.Append(nil, epoch)
	c.AppendLog(1, Position{Epoch: epoch, Seq: 0}, val)
	c.AppendLog(1, Position{Epoch: epoch, Seq: 1}, make([]byte, 3000))
	c.PutRow(2, fmt.Appendf(nil, "k%d", epoch%7), val)
	c.DeleteRow(2, fmt.Appendf(nil, "k%d", (epoch+1)%7))
	c.PutOffset(3, val)
	c.PutCatalog("c", val)
}

// checkEpochs opens what a crash has left and checks that it is the state after some epoch in [low, high].
func checkEpochs(t *testing.T, fs FS, low, high uint64) {
	t.Helper()
	s := openOn(t, fs)
	epoch, wall, err := s.LastEpoch()
	check(t, err)
	if epoch < low || epoch > high || wall != int64(epoch)*10 {
		t.Fatalf("epoch %d (commit time %d) after a crash, want %d to %d", epoch, wall, low, high)
	}
	if epoch > 0 {
		want(t, "log's end", logOf(t, s.ReadLog(1, epoch-1, ^uint64(0)))[:len(fmt.Sprintf("%d.0=%d", epoch, epoch))], fmt.Sprintf("%d.0=%d", epoch, epoch))
		for e := max(epoch, 7) - 6; e <= epoch; e++ {
			row, ok, err := s.GetRow(2, fmt.Appendf(nil, "k%d", e%7), nil)
			check(t, err)
			deleted := epoch-e == 6 // the key that the last commit deleted
			if ok == deleted || ok && string(row) != fmt.Sprint(e) {
				t.Fatalf("row of epoch %d at epoch %d: %q %v", e, epoch, row, ok)
			}
		}
		off, _, err := s.Offset(3)
		check(t, err)
		want(t, "offset", string(off), fmt.Sprint(epoch))
	}
	check(t, s.Close())
}

// TestDerivedComesBackAsAPrefix applies steps of two dataflows, with flushes in between and behind our back, crashes
// at random, and checks that what is there is the state after some prefix of all steps, not shorter than what the
// store has promised.
func TestDerivedComesBackAsAPrefix(t *testing.T) {
	r := newRand(t)
	for range 6 {
		fs := NewCrashFS()
		s := openOn(t, fs)
		var history []string // the whole contents after each step
		frontiers := map[uint32]uint64{}
		promised := 0
		history = append(history, dump(t, s))
		for n := range 80 {
			df := uint32(1 + r.IntN(2))
			applyRandomStep(t, s, df, frontiers, r)
			history = append(history, dump(t, s))
			if r.IntN(12) == 0 {
				got, err := s.FlushDerived(context.Background())
				check(t, err)
				for df, f := range got {
					if f != frontiers[df] {
						t.Fatalf("dataflow %d: durable at %d, applied %d", df, f, frontiers[df])
					}
				}
				promised = n + 1
			}
			if r.IntN(5) == 0 {
				crashed := openOn(t, fs.Crash([]int{0, 50, 100}[r.IntN(3)], r))
				checkPrefix(t, crashed, history, promised)
				check(t, crashed.Close())
			}
		}
		check(t, s.Close())
		again := openOn(t, fs)
		if got := dump(t, again); got != history[len(history)-1] {
			t.Fatal("a closed store has lost steps")
		}
		check(t, again.Close())
	}
}

// applyRandomStep changes every kind of a dataflow's contents by an amount that sometimes fills a memtable.
func applyRandomStep(t *testing.T, s *Store, df uint32, frontiers map[uint32]uint64, r *rand.Rand) {
	frontiers[df]++
	f := frontiers[df]
	st := s.NewStep(df)
	st.SetFrontier(f)
	size := []int{1, 10, 400}[r.IntN(3)]
	for range size {
		k := fmt.Appendf(nil, "k%d", r.IntN(500))
		if r.IntN(4) == 0 {
			st.DeleteRow(k)
		} else {
			st.PutRow(k, make([]byte, r.IntN(200)))
		}
		st.AddRow(fmt.Appendf(nil, "m%d", r.IntN(50)), int64(r.IntN(3)))
	}
	id := StateID{Op: 1}
	for i := range size {
		st.PutState(id, byte(i>>8), fmt.Appendf(nil, "%04d", i), fmt.Append(nil, f))
		st.AddState(id, byte(i>>8), fmt.Appendf(nil, "%04d", i), []byte("row"), int64(r.IntN(3)))
	}
	st.AppendLog(Position{Epoch: f}, []byte("log"))
	st.AppendRows(Position{Epoch: f}, []byte("rows"))
	st.AddError([]byte("e"), 1, []byte("payload"))
	check(t, st.Apply())
}

func checkPrefix(t *testing.T, s *Store, history []string, promised int) {
	t.Helper()
	got := dump(t, s)
	for n := len(history) - 1; n >= 0; n-- {
		if history[n] == got {
			if n < promised {
				t.Fatalf("only %d of %d steps came back, %d were promised", n, len(history)-1, promised)
			}
			return
		}
	}
	t.Fatal("what came back is not the state after any step")
}

// dump is the contents of the derived store, condensed.
func dump(t *testing.T, s *Store) string {
	t.Helper()
	it, err := s.derived.NewIter(nil)
	check(t, err)
	h := uint64(14695981039346656037)
	n := 0
	for ok := it.First(); ok; ok = it.Next() {
		v, err := it.ValueAndErr()
		check(t, err)
		for _, b := range append(append([]byte{}, it.Key()...), v...) {
			h = (h ^ uint64(b)) * 1099511628211
		}
		n++
	}
	check(t, it.Close())
	return fmt.Sprintf("%d keys %x", n, h)
}
