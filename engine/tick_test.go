package engine_test

import (
	"context"
	"testing"

	"millrace/engine"
)

// TestTimesOfEpochs checks that each epoch has the clock's time, that times do not go back with the clock, and that both
// survive a restart.
func TestTimesOfEpochs(t *testing.T) {
	clock := &engine.ManualClock{}
	clock.Set(1_000_000)
	h := open(t, engine.Options{Clock: clock})
	h.stream("s", "a")
	want := map[uint64]int64{}
	last := int64(1_000_000)
	for i, now := range []int64{1_000_000, 2_500_000, 2_400_000, 10, 2_500_001, 90_000_000_000} {
		clock.Set(now)
		last = max(last, now)
		var epoch uint64
		if i%2 == 0 {
			h.mustCommit(h.write("s", plus(int64(i))))
			epoch, _ = h.eng.Epoch()
		} else {
			var err error
			if epoch, err = h.eng.Tick(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		want[epoch] = last
	}
	for range 2 {
		for epoch, micros := range want {
			got, ok, err := h.eng.EpochTime(epoch)
			if err != nil || !ok || got != micros {
				t.Errorf("epoch %d has time %d, %v, %v; want %d", epoch, got, ok, err, micros)
			}
		}
		epoch, wall := h.eng.Epoch()
		if wall != last {
			t.Errorf("the last epoch has time %d, want %d", wall, last)
		}
		if at, ok, err := h.eng.EpochAt(last - 1); err != nil || !ok || at != epoch-1 {
			t.Errorf("the last epoch before the last time is %d, %v, %v; want %d", at, ok, err, epoch-1)
		}
		if _, ok, err := h.eng.EpochTime(epoch + 1); err != nil || ok {
			t.Errorf("an epoch to come has a time: %v, %v", ok, err)
		}
		if at, ok, err := h.eng.EpochAt(999_999); err != nil || ok {
			t.Errorf("there was epoch %d before the first: %v", at, err)
		}
		h.reopen()
	}
}
