package storage

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
)

func openBench(b *testing.B) *Store {
	s, err := Open(Options{Dir: b.TempDir()})
	check(b, err)
	b.Cleanup(func() { check(b, s.Close()) })
	return s
}

// BenchmarkCommit measures synced commits with a changelog batch of some size.
func BenchmarkCommit(b *testing.B) {
	for _, size := range []int{100, 1 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s := openBench(b)
			batch := make([]byte, size)
			b.SetBytes(int64(size))
			epoch := uint64(0)
			for b.Loop() {
				epoch++
				c := s.NewCommit()
				c.AppendLog(1, Position{Epoch: epoch}, batch)
				check(b, c.Apply(epoch, 0))
			}
		})
	}
}

// BenchmarkStepRows measures steps that put rows with keys in random order.
func BenchmarkStepRows(b *testing.B) {
	for _, n := range []int{1000, 200_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := openBench(b)
			r := rand.New(rand.NewPCG(1, 1))
			row := make([]byte, 100)
			var key [9]byte
			key[0] = 1
			for b.Loop() {
				st := s.NewStep(1)
				for range n {
					binary.BigEndian.PutUint64(key[1:], r.Uint64N(10_000_000))
					st.PutRow(key[:], row)
				}
				check(b, st.Apply())
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/row")
		})
	}
}

// BenchmarkServe measures what a point query of a view costs the store: a snapshot and a look-up.
func BenchmarkServe(b *testing.B) {
	s := openBench(b)
	const n = 1_000_000
	key := func(i int) []byte { return binary.BigEndian.AppendUint64([]byte{1}, uint64(i)) }
	for at := 0; at < n; at += 100_000 {
		st := s.NewStep(1)
		for i := at; i < at+100_000; i++ {
			st.PutRow(key(i*7919%n), make([]byte, 100))
		}
		check(b, st.Apply())
	}
	r := rand.New(rand.NewPCG(1, 1))
	b.Run("snapshot", func(b *testing.B) {
		for b.Loop() {
			s.DerivedSnapshot().Close()
		}
	})
	b.Run("snapshot+get", func(b *testing.B) {
		var buf []byte
		for b.Loop() {
			snap := s.DerivedSnapshot()
			row, ok, err := snap.Get(1, key(r.IntN(n)), buf[:0])
			if err != nil || !ok {
				b.Fatal(ok, err)
			}
			buf = row
			snap.Close()
		}
	})
	b.Run("scan", func(b *testing.B) {
		snap := s.DerivedSnapshot()
		defer snap.Close()
		rows := 0
		for b.Loop() {
			it := snap.ScanRows(1, nil, nil, false)
			for it.Next() {
				rows++
			}
			check(b, it.Close())
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rows), "ns/row")
	})
}
