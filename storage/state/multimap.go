package state

import (
	"fmt"

	"millrace/storage"
	"millrace/storage/keys"
)

// Multimap is grouped state: for each group an ordered multiset of rows, which are ordered bytewise. hash is always
// keys.Hash(group).
type Multimap struct {
	s  *Space
	id storage.StateID

	groups
	complete bool // a group that is not in memory has no row
	probed   bool // complete is known
	pending  pending
	dropped  []droppedGroup // of this step
	iter     *storage.GroupIter
	rowBuf   []byte
	changes  []record
}

func newMultimap(s *Space, id storage.StateID) *Multimap {
	m := &Multimap{s: s, id: id}
	m.cells.mem, m.table.mem = &s.mem, &s.mem
	return m
}

func (m *Multimap) probe() error {
	if m.probed {
		return nil
	}
	some, err := m.s.hasState(m.id, true)
	m.complete, m.probed = !some, err == nil
	return err
}

// Add changes the weight of a row of a group. It never reads the store. Within a step a row's total may go below
// zero, and then Scan shows it so; when it is below zero at WriteTo, that is ErrNegative.
func (m *Multimap) Add(hash uint64, group, row []byte, weight int64) error {
	if weight == 0 {
		return nil
	}
	seg, pos, ok := m.table.find(&m.cells, hash, group)
	var ref uint32
	if ok {
		ref = slotRef(seg.slots[pos])
	} else {
		if err := m.probe(); err != nil {
			return err
		}
		flags := byte(0)
		if m.complete {
			flags = flagFull
		}
		if ref = m.newGroup(group, flags, recordSize(row, weight)); ref == 0 {
			return ErrMemory
		}
	}
	moved := m.groups.add(ref, row, weight)
	switch {
	case moved == 0:
		return ErrMemory
	case !ok:
		m.table.insert(hash, moved)
	case moved != ref:
		m.moveTo(seg, pos, moved)
	}
	if m.s.store != nil {
		m.touch(hash, moved, row, weight)
	}
	return m.s.checkMemory()
}

// moveTo tells the table, and the list of changed groups, that a group has moved.
func (m *Multimap) moveTo(seg *segment, pos, ref uint32) {
	seg.slots[pos] = seg.slots[pos]&^uint64(1<<32-1) | uint64(ref)
	e := m.cells.cell(ref)
	if t := u32(e, bodyAt(e)+groupTouch); t != 0 {
		p := &m.pending.groups[t-1]
		p.slot = p.slot&^uint64(1<<32-1) | uint64(ref)
	}
}

// touch records a change for WriteTo.
func (m *Multimap) touch(hash uint64, ref uint32, row []byte, w int64) {
	e := m.cells.cell(ref)
	at := bodyAt(e)
	t := u32(e, at+groupTouch)
	if t == 0 {
		m.pending.groups = append(m.pending.groups, touched{slot: makeSlot(hash, ref)})
		t = uint32(len(m.pending.groups))
		putU32(e, at+groupTouch, t)
	}
	m.pending.add(int(t-1), row, w)
}

// droppedGroup is a group whose stored rows go as a whole.
type droppedGroup struct {
	part  uint8
	group []byte
}

// Drop removes a group. It costs about as much as a Scan of it where it is in memory, and nothing by the row where it is
// too large for that.
func (m *Multimap) Drop(hash uint64, group []byte) error {
	ref, full, err := m.resident(hash, group)
	if err != nil || ref == 0 {
		return err
	}
	if full {
		var rows []record
		if !m.order(ref) {
			return ErrMemory
		}
		m.scan(ref, nil, false, func(row []byte, w int64) bool {
			rows = append(rows, record{append([]byte(nil), row...), w})
			return true
		})
		for _, r := range rows {
			if err := m.Add(hash, group, r.row, -r.w); err != nil {
				return err
			}
		}
		return nil
	}
	m.dropped = append(m.dropped, droppedGroup{uint8(hash >> 56), append([]byte(nil), group...)})
	e := m.cells.cell(ref)
	if t := u32(e, bodyAt(e)+groupTouch); t != 0 {
		m.pending.groups[t-1].head = 0
	} else {
		m.pending.groups = append(m.pending.groups, touched{slot: makeSlot(hash, ref)})
		putU32(e, bodyAt(e)+groupTouch, uint32(len(m.pending.groups)))
	}
	m.clear(ref)
	e[entryFlags] = e[entryFlags]&^flagHuge | flagFull // what it has now is all
	return nil
}

// Scan calls f for the rows of a group with a weight other than 0, in order, including uncommitted changes,
// until f returns false. f must not use the multimap, and row is valid during the call only.
func (m *Multimap) Scan(hash uint64, group []byte, f func(row []byte, weight int64) bool) error {
	return m.scanGroup(hash, group, nil, false, f)
}

// ScanReverse is Scan in descending order.
func (m *Multimap) ScanReverse(hash uint64, group []byte, f func(row []byte, weight int64) bool) error {
	return m.scanGroup(hash, group, nil, true, f)
}

// ScanFrom is Scan from the first row that is not below from.
func (m *Multimap) ScanFrom(hash uint64, group, from []byte, f func(row []byte, weight int64) bool) error {
	return m.scanGroup(hash, group, nonNil(from), false, f)
}

// ScanReverseFrom is ScanReverse from the last row that is not above from.
func (m *Multimap) ScanReverseFrom(hash uint64, group, from []byte, f func(row []byte, weight int64) bool) error {
	return m.scanGroup(hash, group, nonNil(from), true, f)
}

func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func (m *Multimap) scanGroup(hash uint64, group, from []byte, reverse bool, f func([]byte, int64) bool) error {
	ref, full, err := m.resident(hash, group)
	if err != nil || ref == 0 {
		return err
	}
	if !m.order(ref) {
		return ErrMemory
	}
	if full {
		m.scan(ref, from, reverse, f)
		return nil
	}
	return m.scanHuge(uint8(hash>>56), group, ref, from, reverse, f)
}

// Weight gives a row's weight, 0 when it is absent.
func (m *Multimap) Weight(hash uint64, group, row []byte) (int64, error) {
	ref, full, err := m.resident(hash, group)
	if err != nil || ref == 0 {
		return 0, err
	}
	w := m.weight(ref, row)
	if !full {
		stored, err := m.storedWeight(uint8(hash>>56), group, row)
		return w + stored, err
	}
	return w, nil
}

// First gives the least row of a group; it is valid until the next call on the multimap.
func (m *Multimap) First(hash uint64, group []byte) (row []byte, weight int64, ok bool, err error) {
	return m.end(hash, group, false)
}

// Last gives the greatest row of a group.
func (m *Multimap) Last(hash uint64, group []byte) (row []byte, weight int64, ok bool, err error) {
	return m.end(hash, group, true)
}

func (m *Multimap) end(hash uint64, group []byte, reverse bool) (row []byte, weight int64, ok bool, err error) {
	err = m.scanGroup(hash, group, nil, reverse, func(r []byte, w int64) bool {
		m.rowBuf = append(m.rowBuf[:0], r...)
		weight, ok = w, true
		return false
	})
	if err != nil || !ok {
		return nil, 0, false, err
	}
	return m.rowBuf, weight, true, nil
}

// ScanAll calls f for all rows of all groups, by virtual partition and group, until f returns false. f must not use
// the multimap.
func (m *Multimap) ScanAll(f func(group, row []byte, weight int64) bool) error {
	if err := m.probe(); err != nil {
		return err
	}
	if !m.complete {
		return m.scanAllStored(f)
	}
	slots := make([]uint64, 0, m.table.n)
	m.table.each(func(s *uint64) bool { slots = append(slots, *s); return true })
	for _, s := range sortGroups(slots, m.slotKey) {
		if stop, err := m.scanSlot(s, f); err != nil || stop {
			return err
		}
	}
	return nil
}

func (m *Multimap) slotKey(s uint64) []byte { return entryKey(m.cells.cell(slotRef(s))) }

// scanSlot scans a group that is in memory, wholly or as changes.
func (m *Multimap) scanSlot(s uint64, f func(group, row []byte, weight int64) bool) (stop bool, err error) {
	group := append([]byte(nil), m.slotKey(s)...)
	visit := func(row []byte, w int64) bool {
		stop = !f(group, row, w)
		return !stop
	}
	ref := slotRef(s)
	if !m.order(ref) {
		return false, ErrMemory
	}
	if m.cells.cell(ref)[entryFlags]&flagFull != 0 {
		m.scan(ref, nil, false, visit)
		return stop, nil
	}
	return stop, m.scanHuge(slotPart(s), group, ref, nil, false, visit)
}

// Prefetch brings the groups of the given rows of kc (all when rows is nil) into memory with one ordered pass
// over the store. Costs nothing while the multimap is known to be wholly in memory.
func (m *Multimap) Prefetch(kc *keys.KeyColumn, rows []uint32) error {
	if err := m.probe(); err != nil || m.complete {
		return err
	}
	var slots []uint64
	visit := func(i uint32) {
		seg, pos, ok := m.table.find(&m.cells, kc.Hash[i], kc.Key(int(i)))
		if !ok || m.cells.cell(slotRef(seg.slots[pos]))[entryFlags]&(flagFull|flagHuge) == 0 {
			slots = append(slots, makeSlot(kc.Hash[i], i))
		}
	}
	if rows == nil {
		for i := range kc.Len() {
			visit(uint32(i))
		}
	} else {
		for _, i := range rows {
			visit(i)
		}
	}
	for _, s := range sortGroups(slots, func(s uint64) []byte { return kc.Key(int(slotRef(s))) }) {
		i := int(slotRef(s))
		if _, _, err := m.resident(kc.Hash[i], kc.Key(i)); err != nil {
			return err
		}
	}
	return nil
}

// writeTo writes the changes to a step.
func (m *Multimap) writeTo(step *storage.Step) error {
	for _, d := range m.dropped {
		step.DropState(m.id, d.part, d.group)
	}
	m.dropped = nil
	for _, n := range m.pending.inOrder(m.slotKey) {
		if err := m.writeGroup(step, &m.pending.groups[n]); err != nil {
			return err
		}
	}
	m.pending.reset()
	return m.closeIterator()
}

// writeGroup writes a group's changes. An increase is written as such; for a decrease the total is found out, from
// memory or from the store, since what comes to zero must be removed.
func (m *Multimap) writeGroup(step *storage.Step, t *touched) error {
	ref, part := slotRef(t.slot), slotPart(t.slot)
	e := m.cells.cell(ref)
	full := e[entryFlags]&flagFull != 0
	group := entryKey(e)
	m.changes = m.pending.changes(m.changes[:0], t)
	decreased := false
	for _, c := range m.changes {
		if c.w > 0 {
			step.AddState(m.id, part, group, c.row, c.w)
			continue
		}
		decreased = true
		total := int64(0)
		if full {
			total = m.weight(ref, c.row)
		} else {
			stored, err := m.storedWeight(part, group, c.row)
			if err != nil {
				return err
			}
			total = stored + c.w
		}
		if total < 0 {
			return fmt.Errorf("%w: dataflow %d, operator %d.%d, group %x, row %x: %d",
				ErrNegative, m.s.dataflow, m.id.Op, m.id.Sub, group, c.row, total)
		}
		step.SetState(m.id, part, group, c.row, total)
	}
	return m.settle(t.slot, full, decreased)
}

// settle makes a group whose changes have been written clean: what was only changes is forgotten, and so is a group
// without rows where nothing needs to be known of it.
func (m *Multimap) settle(slot uint64, full, decreased bool) error {
	ref := slotRef(slot)
	e := m.cells.cell(ref)
	putU32(e, bodyAt(e)+groupTouch, 0)
	if full {
		if !decreased || !m.complete {
			return nil
		}
		if !m.order(ref) {
			return ErrMemory
		}
		if !m.isEmpty(ref) {
			return nil
		}
	} else if e[entryFlags]&flagHuge != 0 {
		m.clear(ref)
		return nil
	}
	if seg, pos, ok := m.table.find(&m.cells, uint64(slotHash(slot))<<32, m.slotKey(slot)); ok {
		m.table.removeAt(seg, pos)
	}
	m.release(ref)
	return nil
}

// evict removes clean groups until enough says so.
func (m *Multimap) evict(enough func() bool) {
	m.table.sweep(func(s uint64) bool {
		m.complete = false
		m.release(slotRef(s))
		return true
	}, enough)
}

// drop forgets everything.
func (m *Multimap) drop() error {
	m.groups.drop()
	m.complete, m.probed, m.pending, m.dropped = false, false, pending{}, nil
	return m.closeIterator()
}
