package engine

import (
	"encoding/binary"
	"fmt"

	"millrace/storage"
)

// historyNote is the name under which a view that keeps its history stores the epoch after which its changelog is complete. It is
// moved before older changes are removed, in the order of writes of one store: a crash leaves changes that nobody may read, and
// never a gap that is taken for history.
const historyNote = "history"

// keepsHistory reports whether the view's changelog is kept for those who look back.
func (d *dataflow) keepsHistory() bool { return d.relation().History > 0 }

// logs reports whether the present step belongs into the view's changelog: someone reads it, or it is kept as history. The first
// contents are no history.
func (d *dataflow) logs() bool {
	return d.keepsHistory() && !d.loading || d.e.hasConsumers(d.id)
}

// beginHistory notes in the step that ends the back-fill that history begins at its epoch.
func (d *dataflow) beginHistory(st *storage.Step, epoch uint64) {
	if d.loading && d.keepsHistory() {
		st.PutNote(historyNote, binary.BigEndian.AppendUint64(nil, epoch))
	}
}

// historyFloor gives the epoch after which a view's history is complete; ok is false while there is none.
func (e *Engine) historyFloor(view uint32) (epoch uint64, ok bool, err error) {
	note, ok, err := e.store.Note(view, historyNote)
	if err != nil || !ok {
		return 0, false, err
	}
	if len(note) != 8 {
		return 0, false, fmt.Errorf("%w: history of dataflow %d begins at %x", storage.ErrCorrupt, view, note)
	}
	return binary.BigEndian.Uint64(note), true, nil
}

// restoreHistory is restoreLogFloors for views that keep their history; Engine.mu is held. A view whose note cannot be read
// serves nothing from before the start.
func (e *Engine) restoreHistory() {
	for id, d := range e.flows {
		if !d.keepsHistory() || d.fresh {
			continue
		}
		floor, ok, err := e.historyFloor(id)
		switch {
		case err != nil:
			e.log.Warn("where the history of a view begins cannot be read; it begins anew", "view", d.name(), "error", err)
			floor = d.frontier
		case !ok:
			floor = d.frontier
		}
		e.relations[id].logFloor = floor
	}
}

// historyEnd gives the last epoch whose changes a view may forget: those through the state that it had when its time for history
// began. Engine.mu is held.
func (e *Engine) historyEnd(d *dataflow) (epoch uint64, err error) {
	epoch, ok, err := e.store.EpochAt(e.published.wall - d.relation().History)
	if err != nil || !ok {
		return 0, err
	}
	return epoch, nil
}

// moveHistory notes where history begins from now on, before changes through that epoch are removed.
func (e *Engine) moveHistory(view uint32, floor uint64) error {
	st := e.store.NewStep(view)
	st.PutNote(historyNote, binary.BigEndian.AppendUint64(nil, floor))
	return st.Apply()
}

// longestHistory is the longest time for which a view keeps its history, in microseconds; Engine.mu is held.
func (e *Engine) longestHistory() int64 {
	longest := int64(0)
	for _, d := range e.flows {
		longest = max(longest, d.relation().History)
	}
	return longest
}

// countExact says that history of the view no longer, or now, needs single epochs as steps of it and of the views below; Engine.mu
// is held. A step that runs meanwhile ends before the view's first contents, or is the last that is cut finer than need be.
func (d *dataflow) countExact(n int) {
	if !d.keepsHistory() {
		return
	}
	d.exactFor += n
	for _, u := range d.allUps {
		u.exactFor += n
	}
}
