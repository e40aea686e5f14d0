package state

import (
	"fmt"

	"millrace/storage"
)

// loadMax bounds what of a group is read into memory at once. A larger group stays in the store, and every read of it
// merges the store's rows with the changes.
const loadMax = 64 << 10

// iterator opens the iterator that serves this step's reads. The store does not change before the step's end, so
// one serves them all.
func (m *Multimap) iterator() (*storage.GroupIter, error) {
	if m.iter == nil {
		it, err := m.s.store.NewGroupIter(m.s.dataflow, m.id)
		if err != nil {
			return nil, fmt.Errorf("read state: %w", err)
		}
		m.iter = it
	}
	return m.iter, nil
}

func (m *Multimap) closeIterator() error {
	if m.iter == nil {
		return nil
	}
	err := m.iter.Close()
	m.iter = nil
	return err
}

// resident gives a group's entry: with full its records are all its rows, without it they are changes to the
// store's. ref is 0 when the group has no row.
func (m *Multimap) resident(hash uint64, group []byte) (ref uint32, full bool, err error) {
	seg, pos, ok := m.table.find(&m.cells, hash, group)
	if ok {
		ref = slotRef(seg.slots[pos])
		switch flags := m.cells.cell(ref)[entryFlags]; {
		case flags&flagFull != 0:
			m.s.hits++
			return ref, true, nil
		case flags&flagHuge != 0:
			m.s.reads++
			return ref, false, nil
		}
	}
	if err := m.probe(); err != nil {
		return 0, false, err
	}
	if m.complete {
		m.s.hits++
		return 0, false, nil
	}
	m.s.reads++
	return m.load(hash, group, seg, pos, ref)
}

// load reads a group of which memory has nothing (ref is 0) or, at a place in the table, changes only.
func (m *Multimap) load(hash uint64, group []byte, seg *segment, pos, ref uint32) (uint32, bool, error) {
	it, err := m.iterator()
	if err != nil {
		return 0, false, err
	}
	size := 0
	part := uint8(hash >> 56)
	m.rowBuf = m.rowBuf[:0]
	for ok := it.Seek(part, group, nil); ok; ok = it.Next() {
		if it.Weight() < 0 {
			return 0, false, m.negative(group, it.Row(), it.Weight())
		}
		m.rowBuf = appendRecord(m.rowBuf, it.Row(), it.Weight())
		if size = len(m.rowBuf); size > loadMax {
			break
		}
	}
	if err := it.Err(); err != nil {
		return 0, false, fmt.Errorf("read state: %w", err)
	}
	fresh := ref == 0
	if fresh {
		if ref = m.newGroup(group, 0, min(size, loadMax)); ref == 0 {
			return 0, false, ErrMemory
		}
	}
	if size > loadMax {
		m.cells.cell(ref)[entryFlags] |= flagHuge
		if fresh {
			m.table.insert(hash, ref)
		}
		return ref, false, nil
	}
	moved := m.fill(ref, m.rowBuf)
	switch {
	case moved == 0:
		return 0, false, ErrMemory
	case fresh:
		m.table.insert(hash, moved)
	case moved != ref:
		m.moveTo(seg, pos, moved)
	}
	return moved, true, nil
}

// fill adds the store's rows to a group and makes it a full one; the new ref is 0 when the arena is full.
func (m *Multimap) fill(ref uint32, recs []byte) uint32 {
	for len(recs) > 0 {
		var r record
		r, recs = readRecord(recs)
		if ref = m.groups.add(ref, r.row, r.w); ref == 0 {
			return 0
		}
	}
	m.cells.cell(ref)[entryFlags] |= flagFull
	return ref
}

func (m *Multimap) negative(group, row []byte, w int64) error {
	return fmt.Errorf("%w: dataflow %d, operator %d.%d, group %x, row %x: %d",
		ErrNegative, m.s.dataflow, m.id.Op, m.id.Sub, group, row, w)
}

// storedWeight gives a row's weight in the store.
func (m *Multimap) storedWeight(part uint8, group, row []byte) (int64, error) {
	it, err := m.iterator()
	if err != nil {
		return 0, err
	}
	if it.Seek(part, group, row) && string(it.Row()) == string(row) {
		return it.Weight(), nil
	}
	if err := it.Err(); err != nil {
		return 0, fmt.Errorf("read state: %w", err)
	}
	return 0, nil
}

// scanHuge merges the store's rows of a group with the ordered changes at ref.
func (m *Multimap) scanHuge(part uint8, group []byte, ref uint32, from []byte, reverse bool, f func([]byte, int64) bool) error {
	var changes []record
	m.scan(ref, from, reverse, func(row []byte, w int64) bool {
		changes = append(changes, record{row, w})
		return true
	})
	it, err := m.iterator()
	if err != nil {
		return err
	}
	var ok bool
	if reverse {
		ok = it.SeekLast(part, group, from)
	} else {
		ok = it.Seek(part, group, from)
	}
	before := func(a, b []byte) bool { return (string(a) < string(b)) != reverse && string(a) != string(b) }
	for ok || len(changes) > 0 {
		switch {
		case !ok || len(changes) > 0 && before(changes[0].row, it.Row()):
			c := changes[0]
			changes = changes[1:]
			if !f(c.row, c.w) {
				return nil
			}
			continue
		case len(changes) > 0 && string(changes[0].row) == string(it.Row()):
			w := it.Weight() + changes[0].w
			changes = changes[1:]
			if w != 0 && !f(it.Row(), w) {
				return nil
			}
		default:
			if !f(it.Row(), it.Weight()) {
				return nil
			}
		}
		if reverse {
			ok = it.Prev()
		} else {
			ok = it.Next()
		}
	}
	if err := it.Err(); err != nil {
		return fmt.Errorf("read state: %w", err)
	}
	return nil
}

// scanAllStored scans all groups of a multimap that is not wholly in memory: the store's, with changed groups as memory
// has them in their places.
func (m *Multimap) scanAllStored(f func(group, row []byte, weight int64) bool) error {
	changed := m.pending.inOrder(m.slotKey)
	slot := func() uint64 { return m.pending.groups[changed[0]].slot }
	it, err := m.s.store.NewGroupIter(m.s.dataflow, m.id)
	if err != nil {
		return fmt.Errorf("scan state: %w", err)
	}
	stop := false
	for ok := it.FirstOfAll(); ok && !stop; ok = !stop && it.NextOfAll() {
		part, group, row := it.Key()
		c := -1
		for len(changed) > 0 {
			if c = comparePartGroup(slotPart(slot()), m.slotKey(slot()), part, group); c >= 0 {
				break
			}
			// Groups that come before this one; one that is in the store, too, was scanned with its first row.
			if stop, err = m.scanChanged(&changed, f); err != nil || stop {
				break
			}
		}
		if err != nil || stop {
			break
		}
		if len(changed) > 0 && c == 0 {
			continue // the group is scanned as a whole when its rows have passed
		}
		stop = !f(group, row, it.Weight())
	}
	if err2 := it.Close(); err == nil {
		err = err2
	}
	for err == nil && !stop && len(changed) > 0 {
		stop, err = m.scanChanged(&changed, f)
	}
	return err
}

func (m *Multimap) scanChanged(changed *[]uint32, f func(group, row []byte, weight int64) bool) (bool, error) {
	s := m.pending.groups[(*changed)[0]].slot
	*changed = (*changed)[1:]
	return m.scanSlot(s, f)
}
