package engine

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"

	"millrace/catalog"
	"millrace/storage"
)

// noLog is the floor of a changelog that is not written.
const noLog = math.MaxUint64

// follower is woken when what it follows changes.
type follower struct {
	wake      chan struct{} // capacity 1
	relations []uint32
	steps     bool // woken by steps of views that change no row, too
	epochs    bool // woken by every commit
}

func (f *follower) wakeUp() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// followers wakes those who follow relations. Whoever changes a relation only marks it, at a cost that does not depend on
// the number of followers; a goroutine does the waking. A follower of what does not change costs nothing.
type followers struct {
	mu     sync.Mutex
	of     map[uint32]map[*follower]struct{}
	every  map[*follower]struct{} // those woken by every commit
	marked map[uint32]bool        // changed relations; true: in their rows
	ended  bool                   // an epoch has ended
	signal chan struct{}          // capacity 1

	told  func(relation uint32, position uint64) // who hears of every change of a relation's rows; nil: nobody
	moves map[uint32]uint64                      // what it is to be told: newest positions
}

func newFollowers() *followers {
	return &followers{of: map[uint32]map[*follower]struct{}{}, every: map[*follower]struct{}{}, marked: map[uint32]bool{},
		signal: make(chan struct{}, 1)}
}

func (fs *followers) add(f *follower) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, id := range f.relations {
		if fs.of[id] == nil {
			fs.of[id] = map[*follower]struct{}{}
		}
		fs.of[id][f] = struct{}{}
	}
	if f.epochs {
		fs.every[f] = struct{}{}
	}
}

func (fs *followers) remove(f *follower) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, id := range f.relations {
		delete(fs.of[id], f)
		if len(fs.of[id]) == 0 {
			delete(fs.of, id)
		}
	}
	delete(fs.every, f)
}

// changed marks a relation of which an epoch has ended, or of which something else has changed that its followers must
// see. rows says that its rows have changed.
func (fs *followers) changed(rel uint32, rows bool) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if len(fs.of[rel]) == 0 {
		return
	}
	fs.marked[rel] = fs.marked[rel] || rows
	fs.ring()
}

// moved tells of a change of a relation's rows, which is complete at this epoch.
func (fs *followers) moved(rel uint32, epoch uint64) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.told != nil {
		fs.moves[rel] = epoch
		fs.ring()
	}
}

// tellMoves tells what has changed since the last call, in the order of positions.
func (fs *followers) tellMoves() {
	fs.mu.Lock()
	told, moves := fs.told, fs.moves
	if len(moves) > 0 {
		fs.moves = map[uint32]uint64{}
	}
	fs.mu.Unlock()
	if told == nil || len(moves) == 0 {
		return
	}
	ids := slices.SortedFunc(maps.Keys(moves), func(a, b uint32) int {
		return cmp.Or(cmp.Compare(moves[a], moves[b]), cmp.Compare(a, b))
	})
	for _, id := range ids {
		told(id, moves[id])
	}
}

// WatchChanges has told called with the newest position of each relation whose rows have changed, once a read sees it there.
// Changes that follow each other closely are told as one. It must not block. nil ends it, though a last call may be under
// way; there is one at a time.
func (e *Engine) WatchChanges(told func(relation uint32, position uint64)) {
	e.mu.Lock() // a change that is being published is told, or seen by all who read after this
	defer e.mu.Unlock()
	e.followers.mu.Lock()
	defer e.followers.mu.Unlock()
	e.followers.told = told
	e.followers.moves = map[uint32]uint64{}
}

// epochEnded tells of a commit.
func (fs *followers) epochEnded() {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if len(fs.every) > 0 {
		fs.ended = true
		fs.ring()
	}
}

func (fs *followers) ring() {
	select {
	case fs.signal <- struct{}{}:
	default:
	}
}

// wakeMarked wakes the followers of what was marked since the last call.
func (fs *followers) wakeMarked() {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for id, rows := range fs.marked {
		for f := range fs.of[id] {
			if rows || f.steps {
				f.wakeUp()
			}
		}
	}
	clear(fs.marked)
	if fs.ended {
		for f := range fs.every {
			f.wakeUp()
		}
		fs.ended = false
	}
}

// wakeAll wakes everybody: the engine is closing.
func (fs *followers) wakeAll() {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, of := range fs.of {
		for f := range of {
			f.wakeUp()
		}
	}
}

// runFollowers wakes followers until the engine stops.
func (e *Engine) runFollowers() {
	defer e.background.Done()
	for {
		select {
		case <-e.stopped:
			e.followers.wakeAll()
			return
		case <-e.followers.signal:
			e.followers.wakeMarked()
			e.followers.tellMoves()
		}
	}
}

// enter adds a follower and keeps the tails of what it follows open; Engine.mu is held. A relation that is not there is
// an error, and nothing is entered.
func (e *Engine) enter(f *follower) error {
	for _, id := range f.relations {
		if e.relations[id] == nil {
			return &RelationGoneError{Name: fmt.Sprint(id)}
		}
	}
	for _, id := range f.relations {
		e.relations[id].following++
		e.openTail(id)
	}
	e.followers.add(f)
	return nil
}

// leave undoes enter.
func (e *Engine) leave(f *follower) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.followers.remove(f)
	for _, id := range f.relations {
		if r := e.relations[id]; r != nil {
			r.following--
			e.closeTail(r)
		}
	}
}

// ChangesGoneError means that the changes of a relation after a position are held no more.
type ChangesGoneError struct {
	Relation string
	After    uint64 // the position
	Held     uint64 // changes after this one are held
}

func (e *ChangesGoneError) Error() string {
	return fmt.Sprintf("changes of %q after position %d are no longer held", e.Relation, e.After)
}

// openLog reads a relation's changelog from the store, as far as it is there: see checkHeld.
func (e *Engine) openLog(r *catalog.Relation, after, to uint64) *storage.LogIter {
	if r.Kind == catalog.MaterializedView {
		return e.store.ReadViewLog(r.ID, after, to)
	}
	return e.store.ReadLog(r.ID, after, to)
}

// checkHeld says whether the changelog in the store is complete after a position. An iterator that was opened before
// has all of it: what is trimmed later stays for it.
func (e *Engine) checkHeld(r *catalog.Relation, after uint64) error {
	if r.Kind == catalog.Stream {
		return nil // its log is its contents
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	rel := e.relations[r.ID]
	switch {
	case rel == nil:
		return &RelationGoneError{Name: r.Name}
	case after >= rel.logFloor:
		return nil
	}
	return e.changesGone(r, after)
}

// changesGone makes the error for a position after which changes are missing; Engine.mu is held.
func (e *Engine) changesGone(r *catalog.Relation, after uint64) error {
	held := e.published.epoch
	if d := e.flows[r.ID]; d != nil {
		held = d.reached()
	}
	if floor, ok := e.tails.floor(r.ID); ok {
		held = floor
	}
	if rel := e.relations[r.ID]; rel != nil {
		held = min(held, rel.logFloor)
	}
	return &ChangesGoneError{Relation: r.Name, After: after, Held: held}
}

// noteLogged notes whether the step that ends now wrote the view's changelog; Engine.mu is held.
func (d *dataflow) noteLogged(logged bool, end uint64) {
	r := d.e.relations[d.id]
	switch {
	case r == nil:
	case d.loading && d.keepsHistory():
		r.logFloor = end
	case !logged:
		r.logFloor = noLog
	case r.logFloor == noLog:
		r.logFloor = d.frontier
	}
}

// restoreLogFloors finds, at start, from where on changelogs are complete: each reader has needed everything after its
// frontier; Engine.mu is held.
func (e *Engine) restoreLogFloors() {
	for id, r := range e.relations {
		floor := uint64(noLog)
		for _, c := range r.consumers {
			if c.placed && !c.loading {
				floor = min(floor, c.frontier)
			}
		}
		if floor == noLog && len(r.consumers) > 0 && e.flows[id] == nil {
			floor = e.published.epoch
		}
		r.logFloor = floor
	}
}
