package engine

import (
	"sort"
	"sync"

	"millrace/delta"
)

// change is one batch of a relation's changelog.
type change struct {
	epoch uint64
	after uint64 // it is the change since this epoch: a view takes several in one step
	batch *delta.Batch
}

// tail is the newest part of one relation's changelog, decoded, shared by all dataflows and followers that are close
// behind.
type tail struct {
	floor   uint64 // every change after this epoch is in changes
	changes []change
	first   int // index of the oldest change that is still held
}

// tails holds the tails of all relations under one limit on their bytes. When it is exceeded the oldest
// changes are dropped, of whatever relation: who still needs them reads the store.
type tails struct {
	mu    sync.Mutex
	limit int
	bytes int
	byRel map[uint32]*tail
	order []uint32 // the relation of each held change, oldest first
	head  int
}

func newTails(limit int) *tails {
	return &tails{limit: limit, byRel: map[uint32]*tail{}}
}

// open begins a tail for a relation, complete after epoch floor. An open tail is left as it is.
func (t *tails) open(rel uint32, floor uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byRel[rel] == nil {
		t.byRel[rel] = &tail{floor: floor}
	}
}

// close forgets a relation's tail. Its changes leave the order lazily.
func (t *tails) close(rel uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if tl := t.byRel[rel]; tl != nil {
		for _, c := range tl.changes[tl.first:] {
			t.bytes -= c.batch.Bytes()
		}
		delete(t.byRel, rel)
	}
}

// append adds a change to a relation's tail; it is a no-op where none is open.
func (t *tails) append(rel uint32, c change) {
	t.mu.Lock()
	defer t.mu.Unlock()
	tl := t.byRel[rel]
	if tl == nil {
		return
	}
	tl.changes = append(tl.changes, c)
	t.bytes += c.batch.Bytes()
	t.order = append(t.order, rel)
	for t.bytes > t.limit && t.head < len(t.order) {
		t.dropOldest()
	}
	if t.head > 1024 && t.head > len(t.order)/2 {
		t.order = append(t.order[:0], t.order[t.head:]...)
		t.head = 0
	}
}

func (t *tails) dropOldest() {
	rel := t.order[t.head]
	t.head++
	tl := t.byRel[rel]
	if tl == nil || tl.first == len(tl.changes) {
		return
	}
	c := &tl.changes[tl.first]
	t.bytes -= c.batch.Bytes()
	tl.floor = c.epoch
	c.batch = nil
	tl.first++
	if tl.first > 64 && tl.first > len(tl.changes)/2 {
		tl.changes = append([]change(nil), tl.changes[tl.first:]...)
		tl.first = 0
	}
}

// read gives the changes with after < epoch <= to, in order; ok is false when some of them are no longer held.
func (t *tails) read(rel uint32, after, to uint64) (cs []change, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	tl := t.byRel[rel]
	if tl == nil || after < tl.floor {
		return nil, false
	}
	held := tl.changes[tl.first:]
	i := sort.Search(len(held), func(i int) bool { return held[i].epoch > after })
	j := sort.Search(len(held), func(i int) bool { return held[i].epoch > to })
	return append([]change(nil), held[i:j]...), true
}

// floor gives the epoch after which a relation's changes are all held; ok is false where no tail is open.
func (t *tails) floor(rel uint32) (epoch uint64, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	tl := t.byRel[rel]
	if tl == nil {
		return 0, false
	}
	return tl.floor, true
}
