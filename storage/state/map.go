package state

import (
	"fmt"

	"millrace/storage"
	"millrace/storage/keys"
)

// Map is keyed state: at most one value a key. hash is always keys.Hash(key).
type Map struct {
	s  *Space
	id storage.StateID

	cells    arena
	table    table
	complete bool     // a key that is not in memory is nowhere
	probed   bool     // complete is known
	n        int      // present entries in memory
	dirty    []uint64 // slots of entries that differ from the store; some are dead
	iter     *storage.MapIter
}

func newMap(s *Space, id storage.StateID) *Map {
	m := &Map{s: s, id: id}
	m.cells.mem, m.table.mem = &s.mem, &s.mem
	return m
}

// probe finds out, before anything is looked for, whether the store holds anything.
func (m *Map) probe() error {
	if m.probed {
		return nil
	}
	some, err := m.s.hasState(m.id, false)
	m.complete, m.probed = !some, err == nil
	return err
}

// Get gives a key's value, including uncommitted changes; val is valid until the next call on the map.
func (m *Map) Get(hash uint64, key []byte) (val []byte, ok bool, err error) {
	if seg, pos, ok := m.table.find(&m.cells, hash, key); ok {
		m.s.hits++
		return m.value(slotRef(seg.slots[pos]))
	}
	if err := m.probe(); err != nil {
		return nil, false, err
	}
	if m.complete {
		m.s.hits++
		return nil, false, nil
	}
	return m.read(hash, key)
}

func (m *Map) value(ref uint32) ([]byte, bool, error) {
	e := m.cells.cell(ref)
	if e[entryFlags]&flagAbsent != 0 {
		return nil, false, nil
	}
	at := bodyAt(e)
	end := at + entrySize(e)
	return e[at:end:end], true, nil
}

// read looks a key up in the store and remembers the answer.
func (m *Map) read(hash uint64, key []byte) ([]byte, bool, error) {
	m.s.reads++
	it, err := m.iterator()
	if err != nil {
		return nil, false, err
	}
	val, ok, err := it.Get(uint8(hash>>56), key)
	if err != nil {
		return nil, false, fmt.Errorf("read state: %w", err)
	}
	ref, err := m.remember(hash, key, val, ok)
	if err != nil {
		return nil, false, err
	}
	return m.value(ref)
}

// remember adds an entry as the store has it.
func (m *Map) remember(hash uint64, key, val []byte, ok bool) (uint32, error) {
	flags := flagAbsent
	if ok {
		flags = flagStored
		m.n++
	}
	return m.add(hash, key, val, flags)
}

// iterator opens the iterator that serves this step's reads. The store does not change before the step's end, so
// one serves them all.
func (m *Map) iterator() (*storage.MapIter, error) {
	if m.iter == nil {
		it, err := m.s.store.NewMapIter(m.s.dataflow, m.id)
		if err != nil {
			return nil, fmt.Errorf("read state: %w", err)
		}
		m.iter = it
	}
	return m.iter, nil
}

func (m *Map) closeIterator() error {
	if m.iter == nil {
		return nil
	}
	err := m.iter.Close()
	m.iter = nil
	return err
}

// add puts a new entry into the table.
func (m *Map) add(hash uint64, key, val []byte, flags byte) (uint32, error) {
	ref, err := m.newEntry(key, val, flags)
	if err != nil {
		return 0, err
	}
	m.table.insert(hash, ref)
	if flags&flagDirty != 0 {
		m.dirty = append(m.dirty, makeSlot(hash, ref))
	}
	return ref, m.s.checkMemory()
}

func (m *Map) newEntry(key, val []byte, flags byte) (uint32, error) {
	size := keySize(len(key)) + len(val)
	ref, class := m.cells.alloc(size)
	if ref == 0 {
		return 0, ErrMemory
	}
	e := m.cells.cell(ref)
	copy(e[writeHead(e, class, flags, key, len(val)):], val)
	return ref, nil
}

// Put sets a key's value. Key and value are copied.
func (m *Map) Put(hash uint64, key, val []byte) error {
	seg, pos, ok := m.table.find(&m.cells, hash, key)
	if ok {
		return m.replace(hash, seg, pos, val)
	}
	if err := m.probe(); err != nil {
		return err
	}
	flags := byte(0)
	if m.s.store != nil {
		flags = flagDirty
	}
	if !m.complete {
		flags |= flagStored // for all we know
	}
	m.n++
	_, err := m.add(hash, key, val, flags)
	return err
}

// replace changes the value of an entry in memory: in place if it fits.
func (m *Map) replace(hash uint64, seg *segment, pos uint32, val []byte) error {
	ref := slotRef(seg.slots[pos])
	e := m.cells.cell(ref)
	if e[entryFlags]&flagAbsent != 0 {
		m.n++
	}
	at := bodyAt(e)
	if at+len(val) <= m.cells.size(ref, e[0]) {
		copy(e[at:], val)
		setEntrySize(e, len(val))
		e[entryFlags] &^= flagAbsent
		m.markDirty(hash, ref)
		return nil
	}
	flags := e[entryFlags] &^ (flagAbsent | flagDirty)
	moved, err := m.newEntry(entryKey(e), val, flags)
	if err != nil {
		return err
	}
	m.discardCell(ref)
	seg.slots[pos] = makeSlot(hash, moved)
	m.markDirty(hash, moved)
	return m.s.checkMemory()
}

// markDirty puts an entry on the list for the next WriteTo.
func (m *Map) markDirty(hash uint64, ref uint32) {
	e := m.cells.cell(ref)
	if m.s.store != nil && e[entryFlags]&flagDirty == 0 {
		e[entryFlags] |= flagDirty
		m.dirty = append(m.dirty, makeSlot(hash, ref))
	}
}

// discardCell frees a cell that the table no longer refers to, or leaves that to WriteTo when the dirty list does.
func (m *Map) discardCell(ref uint32) {
	e := m.cells.cell(ref)
	if e[entryFlags]&flagDirty != 0 {
		e[entryFlags] |= flagDead
		return
	}
	m.cells.release(ref, e[0])
}

// Delete removes a key; a key that is absent stays absent.
func (m *Map) Delete(hash uint64, key []byte) error {
	seg, pos, ok := m.table.find(&m.cells, hash, key)
	if !ok {
		if err := m.probe(); err != nil || m.complete {
			return err
		}
		_, err := m.add(hash, key, nil, flagDirty|flagAbsent|flagStored)
		return err
	}
	ref := slotRef(seg.slots[pos])
	e := m.cells.cell(ref)
	if e[entryFlags]&flagAbsent != 0 {
		return nil
	}
	m.n--
	if e[entryFlags]&flagStored == 0 && m.complete {
		m.table.removeAt(seg, pos)
		m.discardCell(ref)
		return nil
	}
	setEntrySize(e, 0)
	e[entryFlags] |= flagAbsent
	if e[entryFlags]&flagStored != 0 {
		m.markDirty(hash, ref)
	}
	return nil
}

// Prefetch brings the keys of the given rows of kc (all when rows is nil) into memory with one ordered pass over
// the store, so that Get need not read it for each. Costs nothing while the map is known to be wholly in memory.
func (m *Map) Prefetch(kc *keys.KeyColumn, rows []uint32) error {
	if err := m.probe(); err != nil || m.complete {
		return err
	}
	missing := missingRows(kc, rows, &m.table, &m.cells)
	for n, i := range missing {
		if n > 0 && string(kc.Key(int(i))) == string(kc.Key(int(missing[n-1]))) {
			continue
		}
		if _, _, err := m.read(kc.Hash[i], kc.Key(int(i))); err != nil {
			return err
		}
	}
	return nil
}

// missingRows gives the rows whose keys are not in the table, in the store's order of keys.
func missingRows(kc *keys.KeyColumn, rows []uint32, t *table, cells *arena) []uint32 {
	var slots []uint64
	visit := func(i uint32) {
		if _, _, ok := t.find(cells, kc.Hash[i], kc.Key(int(i))); !ok {
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
	slots = sortSlots(slots, func(s uint64) []byte { return kc.Key(int(slotRef(s))) })
	out := make([]uint32, len(slots))
	for i, s := range slots {
		out[i] = slotRef(s)
	}
	return out
}

// Len counts the entries: at once while everything is in memory, else by reading the store.
func (m *Map) Len() (int, error) {
	if err := m.probe(); err != nil || m.complete {
		return m.n, err
	}
	n := 0
	err := m.Scan(func(_, _ []byte) bool { n++; return true })
	return n, err
}

// Scan calls f for all entries, including uncommitted changes, by virtual partition and key, until f returns
// false. f must not use the map.
func (m *Map) Scan(f func(key, val []byte) bool) error {
	if err := m.probe(); err != nil {
		return err
	}
	if !m.complete {
		return m.scanStore(f)
	}
	slots := make([]uint64, 0, m.table.n)
	m.table.each(func(s *uint64) bool { slots = append(slots, *s); return true })
	for _, s := range sortSlots(slots, m.slotKey) {
		if val, ok, _ := m.value(slotRef(s)); ok && !f(m.slotKey(s), val) {
			return nil
		}
	}
	return nil
}

func (m *Map) slotKey(s uint64) []byte { return entryKey(m.cells.cell(slotRef(s))) }

// liveDirty gives the dirty entries that still count, in the store's order.
func (m *Map) liveDirty() []uint64 {
	out := make([]uint64, 0, len(m.dirty))
	for _, s := range m.dirty {
		if m.cells.cell(slotRef(s))[entryFlags]&flagDead == 0 {
			out = append(out, s)
		}
	}
	return sortSlots(out, m.slotKey)
}

// scanStore merges the store's entries with the uncommitted changes.
func (m *Map) scanStore(f func(key, val []byte) bool) error {
	dirty := m.liveDirty()
	// emitDirty passes on the changes that come before an entry of the store, or all, and reports whether the next
	// one replaces that entry.
	emitDirty := func(part uint8, key []byte, all bool) (replaced, stop bool) {
		for len(dirty) > 0 {
			c := -1
			if !all {
				c = comparePartKey(slotPart(dirty[0]), m.slotKey(dirty[0]), part, key)
			}
			if c > 0 {
				return false, false
			}
			val, ok, _ := m.value(slotRef(dirty[0]))
			if ok && !f(m.slotKey(dirty[0]), val) {
				return false, true
			}
			dirty = dirty[1:]
			if c == 0 {
				return true, false
			}
		}
		return false, false
	}
	it, err := m.s.store.NewMapIter(m.s.dataflow, m.id)
	if err != nil {
		return fmt.Errorf("scan state: %w", err)
	}
	stop := false
	for ok := it.First(); ok && !stop; ok = !stop && it.Next() {
		part, key := it.Key()
		var replaced bool
		if replaced, stop = emitDirty(part, key, false); replaced || stop {
			continue
		}
		val, err := it.Value()
		if err != nil {
			break // Close reports it
		}
		stop = !f(key, val)
	}
	if err := it.Close(); err != nil {
		return fmt.Errorf("scan state: %w", err)
	}
	if !stop {
		emitDirty(0, nil, true)
	}
	return nil
}

func comparePartKey(p uint8, k []byte, q uint8, l []byte) int {
	switch {
	case p < q:
		return -1
	case p > q:
		return 1
	case string(k) < string(l):
		return -1
	case string(k) > string(l):
		return 1
	}
	return 0
}

// writeTo writes the dirty entries to a step.
func (m *Map) writeTo(step *storage.Step) error {
	if err := m.closeIterator(); err != nil {
		return err
	}
	for _, s := range m.liveDirty() {
		e := m.cells.cell(slotRef(s))
		if e[entryFlags]&flagAbsent != 0 {
			step.DeleteState(m.id, slotPart(s), entryKey(e))
			continue
		}
		at := bodyAt(e)
		step.PutState(m.id, slotPart(s), entryKey(e), e[at:at+entrySize(e)])
	}
	for _, s := range m.dirty {
		m.settle(s)
	}
	m.dirty = m.dirty[:0]
	if cap(m.dirty) > dirtyRetainMax {
		m.dirty = nil
	}
	return nil
}

// dirtyRetainMax is the length up to which lists are kept for the next step.
const dirtyRetainMax = 1 << 16

// settle makes an entry that has been written clean, and removes it if nothing needs to be known of it.
func (m *Map) settle(s uint64) {
	ref := slotRef(s)
	e := m.cells.cell(ref)
	switch flags := e[entryFlags]; {
	case flags&flagDead != 0:
		m.cells.release(ref, e[0])
	case flags&flagAbsent == 0:
		e[entryFlags] = flags&^flagDirty | flagStored
	case !m.complete:
		e[entryFlags] = flags &^ (flagDirty | flagStored)
	default:
		m.removeSlot(s)
		m.cells.release(ref, e[0])
	}
}

// removeSlot takes a slot out of the table, wherever its ref is found.
func (m *Map) removeSlot(s uint64) {
	hash := uint64(slotHash(s)) << 32
	if seg, pos, ok := m.table.find(&m.cells, hash, m.slotKey(s)); ok {
		m.table.removeAt(seg, pos)
	}
}

// evict removes clean entries until enough says so.
func (m *Map) evict(enough func() bool) {
	m.table.sweep(func(s uint64) bool {
		e := m.cells.cell(slotRef(s))
		if e[entryFlags]&flagAbsent == 0 {
			m.n--
		}
		m.complete = false
		m.cells.release(slotRef(s), e[0])
		return true
	}, enough)
}

// rebuild copies the entries into a new arena, which gives the memory between them back.
func (m *Map) rebuild() {
	old := m.cells
	m.cells = arena{mem: old.mem}
	m.table.each(func(s *uint64) bool {
		from := old.cell(slotRef(*s))
		size := bodyAt(from) + entrySize(from)
		ref, class := m.cells.alloc(size)
		e := m.cells.cell(ref)
		copy(e, from[:size])
		e[0] = class
		*s = *s&^uint64(1<<32-1) | uint64(ref)
		return true
	})
	old.drop()
}

// drop forgets everything.
func (m *Map) drop() error {
	m.cells.drop()
	m.table.drop()
	m.complete, m.probed, m.n, m.dirty = false, false, 0, nil
	return m.closeIterator()
}
