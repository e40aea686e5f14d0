package engine

import (
	"bytes"

	"millrace/catalog"
	"millrace/delta"
	"millrace/storage/codec"
	"millrace/types"
)

// contender is the row that a key is to have, while proposed rows are taken one by one.
type contender struct {
	stored int // of the rows that were there; -1: none
	b      *delta.Batch
	row    int
}

// Settle gives the change that proposed rows make by their table's ON CONFLICT rule: they are taken in order, each as if those
// before had been written. current gives the encoded row that a key has, nil for none; it is asked once for each key. Keys come
// in the order in which they are first proposed. Without a rule every row is inserted.
func Settle(r *catalog.Relation, proposed *delta.Batch, current func(key []byte) ([]byte, error)) (*delta.Batch, error) {
	rule := r.OnConflict
	if rule == nil {
		return proposed, nil
	}
	ts := r.Types()
	stored := delta.NewBatch(ts, 0)
	byKey := make(map[string]*contender, proposed.N)
	order := make([]*contender, 0, proposed.N)
	for i := range proposed.N {
		key := RowKey(r, proposed, i)
		c := byKey[string(key)]
		if c == nil {
			c = &contender{stored: -1}
			byKey[string(key)] = c
			order = append(order, c)
			row, err := current(key)
			if err != nil {
				return nil, err
			}
			if row != nil {
				if err := codec.DecodeRow(row, stored, 1); err != nil {
					return nil, err
				}
				c.stored, c.b, c.row = stored.N-1, stored, stored.N-1
			}
		}
		if c.b == nil || replaces(rule, c.b, c.row, proposed, i) {
			c.b, c.row = proposed, i
		}
	}
	out := delta.NewBatch(ts, len(order))
	var was, is []byte
	for _, c := range order {
		if c.b == stored {
			continue
		}
		if c.stored >= 0 {
			was, is = codec.AppendRow(was[:0], stored, nil, c.stored), codec.AppendRow(is[:0], c.b, nil, c.row)
			if bytes.Equal(was, is) {
				continue
			}
			out.AppendFrom(stored, c.stored, -1)
		}
		out.AppendFrom(c.b, c.row, 1)
	}
	return out, nil
}

// replaces reports whether a proposed row takes the place of the one that its key has.
func replaces(rule *catalog.ConflictRule, old *delta.Batch, o int, proposed *delta.Batch, i int) bool {
	switch {
	case rule.Ignore:
		return false
	case !rule.Versioned:
		return true
	}
	before, after := old.Cols[rule.Version], proposed.Cols[rule.Version]
	switch {
	case before.IsNull(o):
		return true
	case after.IsNull(i):
		return false
	}
	return types.Compare(after.Type, after.Datum(i), before.Datum(o)) >= 0
}
