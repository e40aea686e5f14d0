package engine

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// What follows is a dataflow's time. A step ends at the time of the epoch at which it ends, whenever it is run; so a
// replay makes the same rows. A dataflow whose rows change by themselves says when they next do, and is current only
// while the published epoch's time lies before that.

// noTime is the next time of a dataflow that waits for none.
const noTime = math.MaxInt64

// timePending is the last epoch at which time alone changed or is about to change the view's rows; Engine.mu is held.
func (d *dataflow) timePending() uint64 {
	if d.nextTime <= d.e.published.wall {
		return d.e.published.epoch
	}
	return d.acted
}

// waitUntil sets the time at which the view's rows next change by themselves; Engine.mu is held.
func (d *dataflow) waitUntil(micros int64) {
	if micros == d.nextTime {
		return
	}
	d.nextTime = micros
	if micros == noTime {
		delete(d.e.timed, d.id)
	} else {
		d.e.timed[d.id] = d
	}
	select {
	case d.e.dueMoved <- struct{}{}:
	default:
	}
}

// waitsFor asks the operators for the time of waitUntil, after a flush.
func (d *dataflow) waitsFor() (int64, error) {
	if !d.clocked {
		return noTime, nil
	}
	next, ok, err := d.flow.NextTime()
	if err != nil || !ok {
		return noTime, err
	}
	return next, nil
}

// recoverTime finds in the state of a restarted view what it waits for.
func (d *dataflow) recoverTime() error {
	if err := d.recoverPart(); err != nil {
		return err
	}
	next, err := d.waitsFor()
	if err != nil {
		return err
	}
	d.e.mu.Lock()
	defer d.e.mu.Unlock()
	d.waitUntil(next)
	d.broadcast()
	// Views over this one have taken every time for its own, too.
	for _, f := range d.e.flows {
		if slices.Contains(f.allUps, d) {
			f.wakeUp()
			f.broadcast()
		}
	}
	return nil
}

// flush ends a step at an epoch.
func (d *dataflow) flush(end uint64) error {
	if d.clocked {
		now, err := d.timeOf(end)
		if err != nil {
			return err
		}
		d.flow.SetNow(now)
	}
	return d.flow.Flush()
}

// timeOf is the time of an epoch up to the published one; before the first commit it is the engine's.
func (d *dataflow) timeOf(epoch uint64) (int64, error) {
	micros, ok, err := d.e.store.EpochTime(epoch)
	if err == nil && !ok {
		_, micros = d.e.Epoch()
	}
	return micros, err
}

// overdue reports whether up to the time of an epoch more of the state is due than one step should move.
func (d *dataflow) overdue(epoch uint64) (bool, error) {
	if !d.clocked {
		return false, nil
	}
	now, err := d.timeOf(epoch)
	if err != nil {
		return false, err
	}
	return d.flow.Overdue(now, d.e.opt.AdvanceRowsMax)
}

// catchUp moves time ahead of the step's input while there is much to do: each part is a write of its own, so that a
// clock that has jumped by a day does not make one step of all that the day would have done. The frontier stays where
// it is and no read sees a view in between; what the parts change is in the changelog under the epoch at whose time they
// act, which no reader passes before the view does.
func (d *dataflow) catchUp(cursors []*cursor, target uint64) error {
	if !d.clocked {
		return nil
	}
	if len(d.ups) == 0 {
		for _, c := range cursors {
			if c.live {
				target = min(target, c.epoch)
			}
		}
	}
	for {
		more, err := d.overdue(target)
		if err != nil || !more {
			return err
		}
		if d.ctx.Err() != nil {
			return ErrStopped
		}
		now, err := d.timeOf(target)
		if err != nil {
			return err
		}
		d.flow.SetNow(now)
		if err := d.flow.FlushTime(d.e.opt.AdvanceRowsMax); err != nil {
			return err
		}
		if err := d.applyPart(target); err != nil {
			return err
		}
	}
}

// partNote is the name under which a dataflow keeps how far the parts of catchUp have come in the changelog: the epoch and the
// next sequence number. A step that goes on there after a crash must not write over them.
const partNote = "part"

// applyPart writes what a part of catchUp changed.
func (d *dataflow) applyPart(epoch uint64) error {
	e := d.e
	st := e.store.NewStep(d.id)
	if err := d.out.write(st, epoch, d.logs()); err != nil {
		return err
	}
	if err := d.space.WriteTo(st); err != nil {
		return err
	}
	st.PutNote(partNote, binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(nil, d.out.seqAt), d.out.seq))
	d.apply.Lock()
	defer d.apply.Unlock()
	if err := st.Apply(); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	d.acted = epoch // readers have something to read up to here, whatever the step itself will change
	d.noteStep(epoch, d.frontier, 0)
	return nil
}

// recoverPart sets the writer's place in the changelog.
func (d *dataflow) recoverPart() error {
	note, ok, err := d.e.store.Note(d.id, partNote)
	if err != nil || !ok {
		return err
	}
	if len(note) != 12 {
		return fmt.Errorf("the place of a view in its changelog is damaged: %x", note)
	}
	d.out.seqAt, d.out.seq = binary.BigEndian.Uint64(note), binary.BigEndian.Uint32(note[8:])
	d.e.mu.Lock()
	defer d.e.mu.Unlock()
	d.acted = max(d.acted, d.out.seqAt)
	return nil
}
