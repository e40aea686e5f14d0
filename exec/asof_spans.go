package exec

import (
	"bytes"

	"millrace/storage/keys"
)

// asOfSpan is a time at which the right side of a key changes: left rows from there to the next time that the right side has or had
// change their partner from old to now. nil is none, and of next the end.
type asOfSpan struct {
	time, next []byte // keys
	old, now   []byte // rows
}

// limit is where the right rows end that a left row of some time may have for its partner: the last row below it is the partner.
func (a *asOf) limit(time []byte) []byte { return a.edge(0, time, !a.n.Strict) }

// from is where the left rows begin that a right row of some time qualifies for.
func (a *asOf) from(time []byte) []byte { return a.edge(1, time, a.n.Strict) }

// edge is before all rows of a time, or after them.
func (a *asOf) edge(buf int, time []byte, after bool) []byte {
	if !after {
		return time
	}
	a.bound[buf] = keys.PrefixEnd(a.bound[buf][:0], time)
	return a.bound[buf]
}

// after is before the first row later than a time.
func (a *asOf) after(time []byte) []byte { return a.edge(0, time, true) }

// changeRight applies the changes of a key's right side, and moves the left rows of before the step to their new partners.
func (a *asOf) changeRight(hash uint64, key []byte, rows []stepRow) error {
	a.spans, a.kept = a.spans[:0], a.kept[:0]
	retracts := false
	for i := range rows {
		row := a.right.step.row(&rows[i])
		time := a.right.rows.key(row)
		if n := len(a.spans); n == 0 || !bytes.Equal(a.spans[n-1].time, time) {
			s := asOfSpan{time: time}
			if err := a.before(hash, key, &s); err != nil {
				return err
			}
			s.now = s.old
			a.spans = append(a.spans, s)
		}
		// An inserted row is the partner unless a row of its time is greater.
		if s := &a.spans[len(a.spans)-1]; bytes.Compare(row, s.now) > 0 {
			s.now = row
		}
		retracts = retracts || rows[i].weight < 0
	}
	for i := range rows {
		if err := a.right.mm.Add(hash, key, a.right.step.row(&rows[i]), rows[i].weight); err != nil {
			return err
		}
	}
	for i := range a.spans {
		s := &a.spans[i]
		if retracts {
			var err error
			if s.now, err = a.partner(hash, key, a.after(s.time)); err != nil {
				return err
			}
			s.now = a.keep(s.now)
		}
		if i+1 < len(a.spans) && (s.next == nil || bytes.Compare(a.spans[i+1].time, s.next) < 0) {
			s.next = a.spans[i+1].time
		}
		if !bytes.Equal(s.old, s.now) {
			if err := a.move(hash, key, s); err != nil {
				return err
			}
		}
	}
	return nil
}

// before finds what the right side had at a time, and its next time, before the step. The span before tells both where there is nothing
// in between.
func (a *asOf) before(hash uint64, key []byte, s *asOfSpan) error {
	if n := len(a.spans); n > 0 {
		if p := &a.spans[n-1]; p.next == nil || bytes.Compare(p.next, s.time) > 0 {
			s.old, s.next = p.old, p.next
			return nil
		}
	}
	old, err := a.partner(hash, key, a.after(s.time))
	if err != nil {
		return err
	}
	s.old = a.keep(old)
	return a.right.mm.ScanFrom(hash, key, a.after(s.time), func(row []byte, _ int64) bool {
		s.next = a.keep(a.right.rows.key(row))
		return false
	})
}

// keep copies a row for as long as the spans are needed.
func (a *asOf) keep(row []byte) []byte {
	if row == nil {
		return nil
	}
	n := len(a.kept)
	a.kept = append(a.kept, row...)
	return a.kept[n:len(a.kept):len(a.kept)]
}

// partner finds the last row of the right below a limit; nil is none. It is valid until the next call.
func (a *asOf) partner(hash uint64, key, limit []byte) (row []byte, err error) {
	err = a.right.mm.ScanReverseFrom(hash, key, limit, func(r []byte, weight int64) bool {
		a.bad = a.bad || weight < 0 || len(r) < rowOrderTrailer
		a.found = append(a.found[:0], r...)
		row = a.found
		return false
	})
	return row, err
}

// move gives the left rows of a span their new partner.
func (a *asOf) move(hash uint64, key []byte, s *asOfSpan) error {
	var failed error
	var end []byte
	if s.next != nil {
		end = append(a.until[:0], a.from(s.next)...)
		a.until = end
	}
	err := a.left.mm.ScanFrom(hash, key, a.from(s.time), func(row []byte, weight int64) bool {
		if end != nil && bytes.Compare(row, end) >= 0 {
			return false
		}
		if a.bad = a.bad || weight < 0 || len(row) < rowOrderTrailer; a.bad {
			return false
		}
		if failed = a.pair(row, s.old, -weight); failed == nil {
			failed = a.pair(row, s.now, weight)
		}
		return failed == nil
	})
	if err == nil {
		err = failed
	}
	return err
}

// changeLeft outputs the changes of a key's left side with the partners of after the step, and applies them.
func (a *asOf) changeLeft(hash uint64, key []byte, rows []stepRow) error {
	var partner []byte
	known, forever := false, false // the partner is that of all rows below until, or of all
	for i := range rows {
		row := a.left.step.row(&rows[i])
		if !known || !forever && bytes.Compare(row, a.until) >= 0 {
			limit := a.limit(a.left.rows.key(row))
			var err error
			if partner, err = a.partner(hash, key, limit); err != nil {
				return err
			}
			if known = i+1 < len(rows); known {
				forever = true
				err = a.right.mm.ScanFrom(hash, key, limit, func(r []byte, _ int64) bool {
					forever = false
					a.until = append(a.until[:0], a.from(a.right.rows.key(r))...)
					return false
				})
				if err != nil {
					return err
				}
			}
		}
		if err := a.pair(row, partner, rows[i].weight); err != nil {
			return err
		}
		if err := a.left.mm.Add(hash, key, row, rows[i].weight); err != nil {
			return err
		}
	}
	return nil
}
