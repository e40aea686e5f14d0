package exec

import (
	"millrace/storage/keys"
	"millrace/storage/state"
	"millrace/types"
)

// A watermark below which neither side changes any more makes state unreachable. With M the lesser of the two sides' marks, and the
// partner at or before the left row:
//
//   - a left row before M has its partner for good, since a new right row, at or after M, is nearer to later rows only;
//   - of the right rows before M of a key only the last can still be a partner.
//
// With the partner at or after the left row:
//
//   - a left row has its partner for good once that lies before M;
//   - right rows before M are then nobody's any more.
//
// A key is visited when M passes the first time that it was noted with: of the step's rows when they come, of those that are left when
// it is visited.

// note notes a key with the first time of a step's new rows at which something of it can be dropped.
func (a *asOf) note(key []byte, left, right []stepRow) error {
	if a.expiry == nil {
		return nil
	}
	at := int64(neverExpires)
	if !a.n.After {
		at = a.left.first(left)
	}
	return a.expiry.note(min(at, a.right.first(right)), 0, key)
}

// first gives the least time of rows in order.
func (s *asOfSide) first(rows []stepRow) int64 {
	if len(rows) == 0 {
		return neverExpires
	}
	if s.rows.order[0].Desc {
		return s.timeOf(s.step.row(&rows[len(rows)-1]))
	}
	return s.timeOf(s.step.row(&rows[0]))
}

// timeOf reads the time of a row of timestamps from its key.
func (s *asOfSide) timeOf(row []byte) int64 {
	t := parseTimeKey(row[1:])
	if s.rows.order[0].Desc {
		return ^t
	}
	return t
}

// prune drops what of a key is before a mark and unreachable, and notes the key again for what follows.
func (a *asOf) prune(key []byte, mark int64) error {
	hash := keys.Hash(key)
	desc := a.n.After
	at := keys.AppendDatum(nil, types.Of(types.Timestamp), types.NewInt(mark), desc, false)
	next := int64(neverExpires)
	peek := func(s *asOfSide) func([]byte, int64) bool {
		return func(row []byte, _ int64) bool {
			next = min(next, s.timeOf(row))
			return false
		}
	}
	if !desc {
		kept := false
		err := drop(a.right.mm, hash, key, func(f func([]byte, int64) bool) error {
			return a.right.mm.ScanReverseFrom(hash, key, at, f)
		}, func([]byte) bool { last := !kept; kept = true; return !last })
		if err == nil {
			err = drop(a.left.mm, hash, key, func(f func([]byte, int64) bool) error { return a.left.mm.ScanReverseFrom(hash, key, at, f) }, all)
		}
		if err == nil {
			err = a.right.mm.ScanFrom(hash, key, at, peek(&a.right))
		}
		if err == nil {
			err = a.left.mm.ScanFrom(hash, key, at, peek(&a.left))
		}
		if err != nil {
			return err
		}
		return a.expiry.note(next, 0, key)
	}
	before := keys.PrefixEnd(nil, at)
	var last []byte
	err := a.right.mm.ScanFrom(hash, key, before, func(row []byte, _ int64) bool {
		last = append([]byte(nil), a.right.rows.key(row)...)
		return false
	})
	if err == nil && last != nil {
		from := a.from(last)
		err = drop(a.left.mm, hash, key, func(f func([]byte, int64) bool) error { return a.left.mm.ScanFrom(hash, key, from, f) }, all)
	}
	if err == nil {
		err = drop(a.right.mm, hash, key, func(f func([]byte, int64) bool) error { return a.right.mm.ScanFrom(hash, key, before, f) }, all)
	}
	if err == nil {
		err = a.right.mm.ScanReverseFrom(hash, key, before, peek(&a.right))
	}
	if err != nil {
		return err
	}
	return a.expiry.note(next, 0, key)
}

func all([]byte) bool { return true }

// drop removes rows that a scan gives and goes accepts.
func drop(mm *state.Multimap, hash uint64, key []byte, scan func(func([]byte, int64) bool) error, goes func(row []byte) bool) error {
	type gone struct {
		row    []byte
		weight int64
	}
	var list []gone
	err := scan(func(row []byte, weight int64) bool {
		if goes(row) {
			list = append(list, gone{append([]byte(nil), row...), weight})
		}
		return true
	})
	for _, g := range list {
		if err == nil {
			err = mm.Add(hash, key, g.row, -g.weight)
		}
	}
	return err
}
