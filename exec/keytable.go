package exec

import (
	"bytes"
	"math"

	"millrace/delta"
	"millrace/storage/keys"
)

// keyTable numbers the distinct keys of a step in order of first appearance. It is an open-addressing table with
// linear probing over 64-bit entries, each the upper half of a hash and 1 + the number of a key: pointer-free, and a
// probe touches the key's bytes only when the halves of the hashes agree.
type keyTable struct {
	keys    keys.KeyColumn // of each number
	entries []uint64
	at      []uint32 // of each number: its entry's index
	mask    uint64
}

const entryTag = 0xFFFFFFFF << 32

// len is how many keys there are.
func (t *keyTable) len() int { return len(t.at) }

// key and hash give the key of a number.
func (t *keyTable) key(id uint32) []byte  { return t.keys.Key(int(id)) }
func (t *keyTable) hash(id uint32) uint64 { return t.keys.Hash[id] }

// add appends to ids the number of each key of kc.
func (t *keyTable) add(kc *keys.KeyColumn, ids []uint32) ([]uint32, error) {
	if len(t.keys.Data)+len(kc.Data) > math.MaxUint32 {
		return ids, errStepTooLarge
	}
	for i, h := range kc.Hash {
		id, found := t.find(h, kc.Key(i))
		if !found {
			id = t.insert(h, kc.Key(i))
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// number appends to ids the numbers of the keys of rows of b in the columns cols: of the rows sel, of all when sel is nil. It
// writes the keys into kc.
func (t *keyTable) number(kc *keys.KeyColumn, b *delta.Batch, cols []int, sel, ids []uint32) ([]uint32, error) {
	if len(cols) == 0 {
		if countOf(sel, b.N) == 0 {
			return ids, nil
		}
		id, _, err := t.addOne(nil)
		for range countOf(sel, b.N) {
			ids = append(ids, id)
		}
		return ids, err
	}
	kc.Reset()
	keys.AppendAll(kc, b, cols)
	if sel == nil {
		return t.add(kc, ids)
	}
	for _, i := range sel {
		id, err := t.addHashed(kc.Hash[i], kc.Key(int(i)))
		if err != nil {
			return ids, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// addOne gives the number of one key.
func (t *keyTable) addOne(key []byte) (id uint32, added bool, err error) {
	n := len(t.at)
	id, err = t.addHashed(keys.Hash(key), key)
	return id, len(t.at) > n, err
}

// addHashed gives the number of a key whose hash is known.
func (t *keyTable) addHashed(hash uint64, key []byte) (uint32, error) {
	if id, found := t.find(hash, key); found {
		return id, nil
	}
	if err := t.room(key); err != nil {
		return 0, err
	}
	return t.insert(hash, key), nil
}

// room fails where there is no room for one more key.
func (t *keyTable) room(key []byte) error {
	if len(t.keys.Data)+len(key) > math.MaxUint32 {
		return errStepTooLarge
	}
	return nil
}

// findKey looks up a key.
func (t *keyTable) findKey(key []byte) (uint32, bool) { return t.find(keys.Hash(key), key) }

func (t *keyTable) find(hash uint64, key []byte) (uint32, bool) {
	if len(t.entries) == 0 {
		return 0, false
	}
	for i := hash & t.mask; ; i = (i + 1) & t.mask {
		e := t.entries[i]
		if e == 0 {
			return 0, false
		}
		if (e^hash)&entryTag == 0 {
			if id := uint32(e) - 1; bytes.Equal(t.keys.Key(int(id)), key) {
				return id, true
			}
		}
	}
}

// insert adds a key that is absent.
func (t *keyTable) insert(hash uint64, key []byte) uint32 {
	if 4*(len(t.at)+1) > 3*len(t.entries) {
		t.grow()
	}
	id := uint32(len(t.at))
	if len(t.keys.Off) == 0 {
		t.keys.Off = append(t.keys.Off, 0)
	}
	t.keys.Data = append(t.keys.Data, key...)
	t.keys.Off = append(t.keys.Off, uint32(len(t.keys.Data)))
	t.keys.Hash = append(t.keys.Hash, hash)
	t.at = append(t.at, 0)
	t.place(hash, id)
	return id
}

func (t *keyTable) place(hash uint64, id uint32) {
	i := hash & t.mask
	for t.entries[i] != 0 {
		i = (i + 1) & t.mask
	}
	t.entries[i] = hash&entryTag | uint64(id+1)
	t.at[id] = uint32(i)
}

func (t *keyTable) grow() {
	t.entries = make([]uint64, max(64, 2*len(t.entries)))
	t.mask = uint64(len(t.entries) - 1)
	for id, h := range t.keys.Hash {
		t.place(h, uint32(id))
	}
}

// bytes is the memory that the table takes.
func (t *keyTable) bytes() int {
	return cap(t.keys.Data) + 8*cap(t.keys.Hash) + 4*cap(t.keys.Off) + 8*len(t.entries) + 4*cap(t.at)
}

// retainedKeys is how many keys' room a table keeps from one step to the next, and retainedBytes how many bytes of
// them.
const (
	retainedKeys  = 1 << 17
	retainedBytes = 8 << 20
)

// reset forgets all keys. It costs as much as there were keys in the step, not as the largest step before.
func (t *keyTable) reset() {
	if cap(t.at) > 2*retainedKeys || cap(t.keys.Data) > 2*retainedBytes {
		*t = keyTable{}
		return
	}
	for _, i := range t.at {
		t.entries[i] = 0
	}
	t.keys.Reset()
	t.at = t.at[:0]
}
