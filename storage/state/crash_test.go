package state

import (
	"context"
	"maps"
	"testing"

	"millrace/storage"
)

// moment is the model after a step.
type moment struct {
	maps  [2]map[string]string
	multi [2]map[string]map[string]int64
}

// TestCrashLeavesAStep runs random operations, crashes after random steps, and checks that the state that comes back is
// whole and is that of the frontier that came back with it.
func TestCrashLeavesAStep(t *testing.T) {
	r := newRand(t)
	for _, budget := range []int64{0, 1 << 40} {
		w := &world{t: t, r: r, budget: NewBudget(budget)}
		crashFS := storage.NewCrashFS()
		w.fs = crashFS
		w.store = openStore(t, w.fs)
		for i := range 2 {
			w.maps[i], w.multi[i] = map[string]string{}, map[string]map[string]int64{}
		}
		w.save()
		w.space = NewSpace(w.store, testDataflow, w.budget)
		history := map[uint64]moment{0: {w.saved, w.savedM}}
		for range 60 {
			for range 40 {
				if r.IntN(2) == 0 {
					w.mapOp()
				} else {
					w.multiOp()
				}
			}
			w.commit()
			history[w.epoch] = moment{w.saved, w.savedM}
			if r.IntN(10) == 0 {
				_, err := w.store.FlushDerived(context.Background())
				check(t, err)
			}
			if r.IntN(8) > 0 {
				continue
			}
			// The machine stops; what was promised is there, and the rest is an earlier step.
			promised, _ := w.store.DurableFrontier(testDataflow)
			crashed := crashFS.Crash([]int{0, 50, 100}[r.IntN(3)], r)
			w.space.Close()
			check(t, w.store.Close())
			crashFS, w.fs = crashed, crashed
			w.store = openStore(t, w.fs)
			w.space = NewSpace(w.store, testDataflow, w.budget)
			epoch, _, err := w.store.Frontier(testDataflow)
			check(t, err)
			if epoch < promised || epoch > w.epoch {
				t.Fatalf("frontier %d after a crash, promised %d, applied %d", epoch, promised, w.epoch)
			}
			w.epoch = epoch
			for i := range 2 {
				w.maps[i], w.multi[i] = maps.Clone(history[epoch].maps[i]), cloneMulti(history[epoch].multi[i])
			}
			w.checkAll()
		}
		w.cancel()
		w.close()
	}
}
