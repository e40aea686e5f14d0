package exec

import (
	"bytes"
	"encoding/binary"

	"millrace/storage/codec"
	"millrace/storage/keys"
	"millrace/storage/state"
)

// recursionRows are the rows of a recursion under UNION: which iterations make a row, and so which it belongs to.
type recursionRows struct {
	stored bool // the key does not determine the row, so the state has it
	state  *state.Multimap
	limit  int64

	keys   keyTable // that have changed in the present step
	rows   []recursionRow
	copied int // bytes of the rows that are held
	buf    []byte
	ids    []uint32
}

// recursionRow is a key that has changed in the present step.
type recursionRow struct {
	known    bool
	visited  int64  // 1 + the last iteration in which it was looked at
	row      []byte // where the key determines it
	old, now place  // before the step, and when last looked at
}

// place is a row with this key and the iteration that it belongs to: the first that makes it, and of the rows that this
// one makes the least. Without one, row is nil.
type place struct {
	row       []byte
	iteration int64
}

// in reports whether there is a row, and it belongs to an iteration.
func (p place) in(it int64) bool { return p.row != nil && p.iteration == it }

// number gives the numbers of keys.
func (u *recursionRows) number(kc *keys.KeyColumn, ids []uint32) ([]uint32, error) {
	ids, err := u.keys.add(kc, ids)
	for len(u.rows) < u.keys.len() {
		u.rows = append(u.rows, recursionRow{})
	}
	return ids, err
}

// A row of a level is its key's number and the row itself.

const groupBytes = 4

func appendGroup(dst []byte, id uint32) []byte { return binary.BigEndian.AppendUint32(dst, id) }

func cutGroup(b []byte) (group uint32, row []byte) { return binary.BigEndian.Uint32(b), b[groupBytes:] }

// bytes is about the memory that the step takes.
func (u *recursionRows) bytes() int {
	const rowBytes = 112
	return u.keys.bytes() + rowBytes*cap(u.rows) + u.copied
}

func (u *recursionRows) copy(row []byte) []byte {
	u.copied += len(row)
	return append(make([]byte, 0, len(row)), row...)
}

// change changes an iteration: it takes what the iteration is made of into the state, and tells the step which rows the
// iteration has gained and lost.
//
// A key's row belongs to the first iteration that makes it. If that is one to come, it is certain only when that is
// changed itself: until then the key is noted there, to be looked at.
func (u *recursionRows) change(r *recurse, lv *level) error {
	if err := u.read(lv); err != nil {
		return err
	}
	visits := u.ids[:0]
	for id, w := range lv.rows.weights {
		if w == 0 {
			continue
		}
		group, row := cutGroup(lv.rows.table.key(uint32(id)))
		u.buf = binary.BigEndian.AppendUint32(u.buf[:0], uint32(lv.iteration))
		if u.stored {
			u.buf = append(u.buf, row...)
		}
		if err := u.state.Add(u.keys.hash(group), u.keys.key(group), u.buf, w); err != nil {
			return err
		}
		visits = append(visits, group)
	}
	u.ids = append(visits, lv.visits...)
	for _, group := range u.ids {
		g := &u.rows[group]
		if g.visited == lv.iteration+1 {
			continue
		}
		g.visited = lv.iteration + 1
		if err := u.visit(r, group, lv.iteration); err != nil {
			return err
		}
	}
	return nil
}

// read finds where the rows of a level's keys were before the step.
func (u *recursionRows) read(lv *level) error {
	fresh := u.ids[:0]
	for id, w := range lv.rows.weights {
		if w == 0 {
			continue
		}
		group, row := cutGroup(lv.rows.table.key(uint32(id)))
		g := &u.rows[group]
		if g.known {
			continue
		}
		if g.known = true; !u.stored {
			g.row = u.copy(row)
		}
		fresh = append(fresh, group)
	}
	u.ids = fresh
	if len(fresh) == 0 {
		return nil
	}
	if err := u.state.Prefetch(&u.keys.keys, fresh); err != nil {
		return err
	}
	for _, group := range fresh {
		p, err := u.first(group)
		if err != nil {
			return err
		}
		u.rows[group].old, u.rows[group].now = p, p
	}
	return nil
}

// first reads the place of a key's row.
func (u *recursionRows) first(group uint32) (place, error) {
	b, w, ok, err := u.state.First(u.keys.hash(group), u.keys.key(group))
	switch {
	case err != nil || !ok:
		return place{}, err
	case w < 0:
		return place{}, ErrNegative
	case len(b) < groupBytes:
		return place{}, errState
	}
	p := place{row: u.rows[group].row, iteration: int64(binary.BigEndian.Uint32(b))}
	if u.stored {
		if row := b[groupBytes:]; bytes.Equal(row, u.rows[group].now.row) {
			p.row = u.rows[group].now.row
		} else {
			p.row = u.copy(row)
		}
	}
	return p, nil
}

// visit looks at a key in an iteration whose makings are final.
func (u *recursionRows) visit(r *recurse, group uint32, it int64) error {
	p, err := u.first(group)
	if err != nil {
		return err
	}
	g := &u.rows[group]
	g.now = p
	had, has := g.old.in(it), p.in(it)
	if !(had && has && bytes.Equal(g.old.row, p.row)) {
		if had {
			if err := r.change(g.old.row, -1); err != nil {
				return err
			}
		}
		if has {
			if err := r.change(p.row, 1); err != nil {
				return err
			}
		}
	}
	for _, p := range []place{g.old, g.now} {
		if p.row != nil && p.iteration > it {
			lv := r.levels.at(p.iteration)
			lv.visits = append(lv.visits, group)
		}
	}
	return nil
}

// finish outputs which rows have come up and which are gone, and forgets the step.
func (u *recursionRows) finish(r *recurse) error {
	for i := range u.rows {
		g := &u.rows[i]
		had, has := g.old.row != nil && g.old.iteration <= u.limit, g.now.row != nil && g.now.iteration <= u.limit
		if had && has && bytes.Equal(g.old.row, g.now.row) {
			continue
		}
		if had {
			if err := codec.DecodeRow(g.old.row, r.out.batch(), -1); err != nil {
				return err
			}
		}
		if has {
			if err := codec.DecodeRow(g.now.row, r.out.batch(), 1); err != nil {
				return err
			}
		}
		if err := r.out.spill(); err != nil {
			return err
		}
	}
	u.keys.reset()
	clear(u.rows)
	if u.rows = u.rows[:0]; cap(u.rows) > retainedKeys {
		u.rows = nil
	}
	u.copied = 0
	return nil
}
