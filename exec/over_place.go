package exec

import (
	"bytes"
	"slices"

	"millrace/storage/codec"
	"millrace/types"
)

// overPlace is where to begin for the sake of a change: behind a row, or at the partition's start.
type overPlace struct {
	after []byte
	from  []byte // the first row whose values may differ; nil is the partition's first
	mark  []byte // what is carried over after, where functions need that
}

// place looks from a change back for the first row that it can reach, and from that for the first row that is needed
// to evaluate it.
func (o *over) place(r *overReader, change int) (*overPlace, error) {
	if o.whole || o.mm == nil || o.counted && o.totals[0] != o.totals[1] {
		return &overPlace{}, nil
	}
	b := &overBack{o: o, w: r, p: &overPlace{}}
	c := o.step.row(&r.changes[change])
	b.p.from = slices.Clone(c)
	if err := b.turn(c); err != nil {
		return nil, err
	}
	next := change - 1
	err := o.mm.ScanReverseFrom(r.hash, r.group, c, func(row []byte, w int64) bool {
		for next >= 0 && bytes.Compare(o.step.row(&r.changes[next]), row) > 0 {
			x := &r.changes[next]
			next--
			if !b.see(o.step.row(x), 0, x.weight) {
				return false
			}
		}
		now := w
		if next >= 0 && bytes.Equal(o.step.row(&r.changes[next]), row) {
			now += r.changes[next].weight
			next--
		}
		return bytes.Equal(row, c) || b.see(row, w, now)
	})
	for ; err == nil && !b.done && next >= 0; next-- {
		x := &r.changes[next]
		b.see(o.step.row(x), 0, x.weight)
	}
	if err == nil {
		err = b.err
	}
	return b.p, err
}

// overBack is a walk backwards. It goes through the rows that the change reaches, through those that are needed for the
// first of them, through one more on each side, and to a mark.
type overBack struct {
	o    *over
	w    *overReader
	p    *overPlace
	err  error
	done bool

	stage  int
	rows   [2]int64 // copies passed on each side
	groups [2]int64 // peer groups passed
	there  [2]bool  // the present group has rows
	spare  [2]bool
	key    []byte // order key of the present group
	origin []byte // the row from which distances count
	near   types.Datum
}

const (
	backReached = iota
	backNeeded
	backSpare
	backMark
)

// turn begins to count from a row.
func (b *overBack) turn(row []byte) error {
	b.rows, b.groups, b.there = [2]int64{}, [2]int64{}, [2]bool{}
	b.origin = append(b.origin[:0], row...)
	b.key = append(b.key[:0], b.o.rows.key(row)...)
	if !b.o.moves {
		return nil
	}
	d, err := b.o.orderValue(row)
	b.near = types.Datum{Null: d.Null, I: d.I, B: slices.Clone(d.B)}
	return err
}

// see takes the next row back; it is false when no more are needed.
func (b *overBack) see(row []byte, old, now int64) bool {
	if len(row) < rowOrderTrailer {
		b.err = errState
	}
	if b.err == nil {
		b.err = b.take(row, old, now)
	}
	b.done = b.done || b.err != nil
	return !b.done
}

func (b *overBack) take(row []byte, old, now int64) error {
	if b.stage <= backNeeded {
		if k := b.o.rows.key(row); !bytes.Equal(k, b.key) {
			for side, there := range b.there {
				if there {
					b.groups[side]++
				}
			}
			b.there, b.key = [2]bool{}, append(b.key[:0], k...)
		}
	}
	if b.stage == backReached {
		yes, err := b.any(row, true)
		if err != nil {
			return err
		}
		if yes {
			b.p.from = append(b.p.from[:0], row...)
			b.pass(old, now)
			return nil
		}
		key, there := slices.Clone(b.key), b.there
		if err := b.turn(b.p.from); err != nil {
			return err
		}
		if !bytes.Equal(b.key, key) {
			b.key, b.there = key, there
		}
		b.stage = backNeeded
	}
	if b.stage == backNeeded {
		yes, err := b.any(row, false)
		if err != nil {
			return err
		}
		if yes {
			b.pass(old, now)
			return nil
		}
		b.stage = backSpare
	}
	if b.stage == backSpare {
		if !b.spare[0] || !b.spare[1] {
			b.spare[0], b.spare[1] = b.spare[0] || old > 0, b.spare[1] || now > 0
			return nil
		}
		b.stage = backMark
	}
	return b.end(row, old, now)
}

func (b *overBack) pass(old, now int64) {
	b.rows[0] += old
	b.rows[1] += now
	b.there[0], b.there[1] = b.there[0] || old > 0, b.there[1] || now > 0
}

// end takes a row as the one behind which to begin, if it can be.
func (b *overBack) end(row []byte, old, now int64) error {
	if b.o.marking.m != nil {
		if !isMark(row) || old <= 0 || now <= 0 {
			return nil
		}
		m, err := b.o.marking.get(b.w.group, row)
		if err != nil {
			return err
		}
		b.p.mark = m
	}
	b.p.after, b.done = slices.Clone(row), true
	return nil
}

// any reports whether a function's reach from a row, ahead to the origin or back from the origin, covers the distance.
func (b *overBack) any(row []byte, ahead bool) (bool, error) {
	var d types.Datum
	if b.o.moves {
		var err error
		if d, err = b.o.orderValue(row); err != nil {
			return false, err
		}
	}
	rows, groups := min(b.rows[0], b.rows[1]), min(b.groups[0], b.groups[1])
	for _, f := range b.o.runs {
		r := f.back
		if ahead {
			r = f.ahead
		}
		if rows < r.rows || groups <= r.groups {
			return true, nil
		}
		if r.within == nil {
			continue
		}
		if d.Null || b.near.Null {
			if d.Null && b.near.Null {
				return true, nil
			}
			continue
		}
		if ahead {
			if m, err := f.move(r.within, d); err != nil || f.before(&m, b.near) {
				return true, nil
			}
			continue
		}
		if m, err := f.move(r.within, b.near); err != nil || f.behind(&m, d) {
			return true, nil
		}
	}
	return false, nil
}

// orderValue reads the key of a RANGE frame from a row.
func (o *over) orderValue(row []byte) (types.Datum, error) {
	o.scratch.Reset()
	if err := codec.DecodeRowInto(o.rows.value(row), o.scratch.Cols); err != nil {
		return types.Datum{}, err
	}
	return o.scratch.Cols[o.n.Order[0].Col].Datum(0), nil
}
