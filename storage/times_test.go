package storage

import (
	"errors"
	"testing"
)

// TestEpochTimes compares look-ups of random times with a list of them, before and after old ones are trimmed.
func TestEpochTimes(t *testing.T) {
	rng := newRand(t)
	for range 20 {
		s := openOn(t, NewMemFS())
		var epochs []uint64
		var times []int64
		epoch, wall := uint64(0), int64(rng.IntN(3)-1)*1_500_000
		for range rng.IntN(60) + 2 {
			epoch += 1 + uint64(rng.IntN(2)*rng.IntN(5))
			wall += int64(rng.IntN(3)) * int64(rng.IntN(700_000))
			check(t, s.NewCommit().Apply(epoch, wall))
			epochs, times = append(epochs, epoch), append(times, wall)
		}
		if err := s.NewCommit().Apply(epoch+1, wall-1); !errors.Is(err, ErrOrder) {
			t.Fatalf("a commit before the last one's time: %v", err)
		}
		exact, sparse := uint64(0), uint64(0) // trimmed through
		for range 4 {
			verifyTimes(t, s, epochs, times, exact, sparse)
			exact += uint64(rng.IntN(int(epoch)))
			if rng.IntN(2) == 0 {
				sparse = min(sparse+uint64(rng.IntN(10)), exact)
			}
			check(t, s.TrimTimes(exact, sparse))
		}
		check(t, s.Close())
	}
}

// verifyTimes checks the look-ups against the records that should be left.
func verifyTimes(t *testing.T, s *Store, epochs []uint64, times []int64, exact, sparse uint64) {
	t.Helper()
	var at []uint64
	var wall []int64
	for i, e := range epochs {
		last := i == len(epochs)-1
		if last || e > exact || e > sparse && second(times[i]) != second(times[i+1]) {
			at, wall = append(at, e), append(wall, times[i])
		}
	}
	for e := uint64(0); e <= epochs[len(epochs)-1]+1; e++ {
		var want int64
		found := false
		for i := len(at) - 1; i >= 0 && at[i] >= e; i-- {
			want, found = wall[i], true
		}
		got, ok, err := s.EpochTime(e)
		if err != nil || ok != found || got != want {
			t.Fatalf("epoch %d has time %d, %v, %v; want %d, %v", e, got, ok, err, want, found)
		}
	}
	for _, base := range times {
		for micros := base - 1; micros <= base+1; micros++ {
			var want uint64
			for i := range at {
				if wall[i] <= micros {
					want = at[i]
				}
			}
			got, ok, err := s.EpochAt(micros)
			if err != nil || ok != (want > 0) || got != want {
				t.Fatalf("at %d there is epoch %d, %v, %v; want %d", micros, got, ok, err, want)
			}
		}
	}
}
