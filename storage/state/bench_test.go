package state

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"millrace/storage"
	"millrace/storage/keys"
)

// must is check without the cost of b.Helper.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// benchKeys makes n distinct keys like those of a bigint column, in random order, with their hashes.
func benchKeys(n int) *keys.KeyColumn {
	kc := new(keys.KeyColumn)
	for _, i := range rand.New(rand.NewPCG(1, 1)).Perm(n) {
		kc.Append(binary.BigEndian.AppendUint64([]byte{1}, 1<<63+uint64(i)))
	}
	return kc
}

func BenchmarkMap(b *testing.B) {
	for _, n := range []int{10_000, 1_000_000} {
		kc := benchKeys(n)
		val := make([]byte, 16)
		b.Run(fmt.Sprintf("put/%d", n), func(b *testing.B) {
			var s *Space
			for i := 0; i < b.N; i++ {
				if i%n == 0 {
					s = NewSpace(nil, 0, NewBudget(1<<40))
				}
				must(s.Map(0, 0).Put(kc.Hash[i%n], kc.Key(i%n), val))
			}
		})
		s := NewSpace(nil, 0, NewBudget(1<<40))
		m := s.Map(0, 0)
		for i := range n {
			must(m.Put(kc.Hash[i], kc.Key(i), val))
		}
		b.Logf("%d entries: %.1f bytes each", n, float64(s.mem.bytes)/float64(n))
		b.Run(fmt.Sprintf("get/%d", n), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				if _, ok, _ := m.Get(kc.Hash[i%n], kc.Key(i%n)); !ok {
					b.Fatal("lost")
				}
			}
		})
		b.Run(fmt.Sprintf("replace/%d", n), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				must(m.Put(kc.Hash[i%n], kc.Key(i%n), val))
			}
		})
	}
}

func BenchmarkMultimap(b *testing.B) {
	row := make([]byte, 40)
	for _, c := range []struct{ groups, rows int }{{100_000, 1}, {100_000, 10}, {10_000, 100}, {1, 1_000_000}} {
		kc := benchKeys(c.groups)
		name := fmt.Sprintf("%dx%d", c.groups, c.rows)
		total := c.groups * c.rows
		fill := func(mm *Multimap, from, to int) {
			for i := from; i < to; i++ {
				g := i % c.groups
				binary.BigEndian.PutUint64(row, uint64(i)*0x9e3779b97f4a7c15) // in no order
				must(mm.Add(kc.Hash[g], kc.Key(g), row, 1))
			}
		}
		for _, store := range []bool{false, true} {
			b.Run(fmt.Sprintf("add/%s/store=%v", name, store), func(b *testing.B) {
				var st *storage.Store
				if store {
					st = openStore(b, storage.NewMemFS())
				}
				var s *Space
				for i := 0; i < b.N; {
					s = NewSpace(st, 0, NewBudget(1<<40))
					n := min(b.N-i, total)
					fill(s.Multimap(0, 0), 0, n)
					i += n
					b.StopTimer()
					s.Close()
					b.StartTimer()
				}
				if store {
					check(b, st.Close())
				}
			})
		}
		s := NewSpace(nil, 0, NewBudget(1<<40))
		mm := s.Multimap(0, 0)
		fill(mm, 0, total)
		b.Logf("%s: %.1f bytes a row", name, float64(s.mem.bytes)/float64(total))
		b.Run("scan/"+name, func(b *testing.B) {
			n := 0
			for i := 0; b.Loop(); i++ {
				g := i % c.groups
				must(mm.Scan(kc.Hash[g], kc.Key(g), func([]byte, int64) bool { n++; return n%1000 != 0 }))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/row")
		})
		b.Run("add+first/"+name, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				g := i % c.groups
				binary.BigEndian.PutUint64(row, uint64(i)*0x9e3779b97f4a7c15)
				must(mm.Add(kc.Hash[g], kc.Key(g), row, 1))
				if _, _, _, err := mm.First(kc.Hash[g], kc.Key(g)); err != nil {
					b.Fatal(err)
				}
				must(mm.Add(kc.Hash[g], kc.Key(g), row, -1))
			}
		})
	}
}

// BenchmarkWriteTo measures a whole step: Put, WriteTo, Apply, by the number of changed keys a step.
func BenchmarkWriteTo(b *testing.B) {
	for _, n := range []int{100, 10_000, 300_000} {
		for _, memTable := range []int64{16 << 20, 64 << 20} {
			b.Run(fmt.Sprintf("%d/memtable=%dM", n, memTable>>20), func(b *testing.B) {
				st, err := storage.Open(storage.Options{Dir: b.TempDir(), MemTableBytes: memTable})
				check(b, err)
				s := NewSpace(st, 1, NewBudget(1<<40))
				m := s.Map(0, 0)
				all := benchKeys(1_000_000)
				val := make([]byte, 24)
				at := 0
				for b.Loop() {
					for range n {
						at = (at + 1) % all.Len()
						must(m.Put(all.Hash[at], all.Key(at), val))
					}
					step := st.NewStep(1)
					check(b, s.WriteTo(step))
					check(b, step.Apply())
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/key")
				s.Close()
				check(b, st.Close())
			})
		}
	}
}

// BenchmarkRead measures misses after a restart: one by one, and with Prefetch.
func BenchmarkRead(b *testing.B) {
	dir := b.TempDir()
	open := func() *storage.Store {
		st, err := storage.Open(storage.Options{Dir: dir})
		check(b, err)
		return st
	}
	st := open()
	const n = 1_000_000
	kc := benchKeys(n)
	s := NewSpace(st, 1, NewBudget(1<<40))
	for i := range n {
		must(s.Map(0, 0).Put(kc.Hash[i], kc.Key(i), make([]byte, 24)))
		must(s.Multimap(0, 0).Add(kc.Hash[i/4], kc.Key(i/4), kc.Key(i), 1))
	}
	step := st.NewStep(1)
	check(b, s.WriteTo(step))
	check(b, step.Apply())
	s.Close()
	check(b, st.Close())
	st = open()
	defer func() { check(b, st.Close()) }()
	absent := benchKeys(2 * n)
	for _, c := range []struct {
		name string
		kc   *keys.KeyColumn
	}{{"there", kc}, {"half there", absent}} {
		b.Run("get/"+c.name, func(b *testing.B) {
			s := NewSpace(st, 1, NewBudget(1<<40))
			defer s.Close()
			for i := 0; b.Loop(); i++ {
				_, _, err := s.Map(0, 0).Get(c.kc.Hash[i%n], c.kc.Key(i%n))
				check(b, err)
			}
		})
		b.Run("prefetch 10000/"+c.name, func(b *testing.B) {
			s := NewSpace(st, 1, NewBudget(1<<40))
			defer func() { s.Close() }()
			rows := make([]uint32, 10000)
			at := 0
			for b.Loop() {
				for i := range rows {
					rows[i] = uint32(at)
					at = (at + 1) % c.kc.Len()
				}
				check(b, s.Map(0, 0).Prefetch(c.kc, rows))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10000, "ns/key")
		})
		b.Run("scan/"+c.name, func(b *testing.B) {
			s := NewSpace(st, 1, NewBudget(1<<40))
			defer s.Close()
			for i := 0; b.Loop(); i++ {
				must(s.Multimap(0, 0).Scan(c.kc.Hash[i%n], c.kc.Key(i%n), func([]byte, int64) bool { return true }))
			}
		})
	}
}
