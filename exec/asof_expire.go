package exec

import (
	"bytes"

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

// expire drops what lies before the mark. Keys of which something is left are noted again, when all have been visited.
func (a *asOf) expire() error {
	mark := a.expiry.limit.now()
	type later struct {
		at  int64
		key []byte
	}
	var again []later
	err := a.expiry.drop(func(_ byte, key []byte) error {
		next, err := a.prune(key, mark)
		if next != neverExpires {
			again = append(again, later{next, bytes.Clone(key)})
		}
		return err
	})
	for _, l := range again {
		if err == nil {
			err = a.expiry.note(l.at, 0, l.key)
		}
	}
	if err != nil {
		return err
	}
	return a.expiry.keys.settle()
}

// prune drops what of a key is before a mark and unreachable, and gives the first time at which there will be more.
func (a *asOf) prune(key []byte, mark int64) (next int64, err error) {
	hash := keys.Hash(key)
	at := keys.AppendDatum(nil, types.Of(types.Timestamp), types.NewInt(mark), a.n.After, false)
	next = neverExpires
	peek := func(s *asOfSide) func([]byte, int64) bool {
		return func(row []byte, _ int64) bool {
			next = min(next, s.timeOf(row))
			return false
		}
	}
	if !a.n.After {
		err = dropRows(a.right.mm, hash, key, at, true, 1, nil)
		if err == nil {
			err = dropRows(a.left.mm, hash, key, at, true, 0, nil)
		}
		if err == nil {
			err = a.right.mm.ScanFrom(hash, key, at, peek(&a.right))
		}
		if err == nil {
			err = a.left.mm.ScanFrom(hash, key, at, peek(&a.left))
		}
		return next, err
	}
	before := keys.PrefixEnd(nil, at)
	var last []byte
	err = a.right.mm.ScanFrom(hash, key, before, func(row []byte, _ int64) bool {
		last = bytes.Clone(a.right.rows.key(row))
		return false
	})
	if err == nil && last != nil {
		err = dropRows(a.left.mm, hash, key, a.from(last), false, 0, nil)
	}
	if err == nil {
		err = dropRows(a.right.mm, hash, key, before, false, 0, nil)
	}
	if err == nil {
		err = a.right.mm.ScanReverseFrom(hash, key, before, peek(&a.right))
	}
	return next, err
}

// dropRows removes rows of a group, in chunks: those from a row on, or in descending order with reverse, without the first keep of
// them, up to the first that is beyond; nil is none.
func dropRows(mm *state.Multimap, hash uint64, group, from []byte, reverse bool, keep int, beyond func(row []byte) bool) error {
	scan := mm.ScanFrom
	if reverse {
		scan = mm.ScanReverseFrom
	}
	type gone struct {
		row    []byte
		weight int64
	}
	for {
		var rows []gone
		bytesRead := 0
		err := scan(hash, group, from, func(row []byte, weight int64) bool {
			if beyond != nil && beyond(row) {
				return false
			}
			if keep > 0 {
				keep--
				return true
			}
			rows = append(rows, gone{bytes.Clone(row), weight})
			bytesRead += len(row)
			return len(rows) < chunkRows && bytesRead < chunkBytes
		})
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, r := range rows {
			if err := mm.Add(hash, group, r.row, -r.weight); err != nil {
				return err
			}
		}
		from = rows[len(rows)-1].row
	}
}
