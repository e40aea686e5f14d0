package exec

import (
	"fmt"

	"millrace/delta"
	"millrace/pgerr"
	"millrace/planner/physical"
	"millrace/storage/codec"
	"millrace/storage/keys"
	"millrace/storage/state"
	"millrace/types"
	"millrace/watermark"
)

// session puts rows into session windows (SESSION): it appends window_start, the time of the session's first row, and
// window_end, the time of its last row and the gap. Not linear: a row changes the window of its neighbours.
//
// Two rows that follow each other in a partition are of one session if their times differ by the gap at most. That is
// Flink's rule: each row begins as the window [ts, ts + gap), and windows merge that overlap or touch
// (TimeWindow.intersects compares with <= on both sides). So a row at exactly window_end still prolongs the session. Rows
// without a time, or with an infinite one, are dropped; one whose window would end beyond the range of timestamps is an
// error row.
//
// State: a multimap from the partition to its rows, in order of time, as sessionRow writes them. What has been emitted is
// not kept: it is computed again from the rows as they were. All rows of a session lie together, and those of closed
// sessions before all others of their partition.
//
// A step's changes are gathered per partition and row. Flush goes through a partition's changes in order. From each it
// looks back to the beginning of the stretch that it lies in: of rows, from before the step or after it, none of which is
// further than the gap from the one before. Outside of these stretches no session changes. It walks over the stretch once to
// find the sessions in it as they were and as they are, and, if these differ, once more to emit the rows whose window or
// weight is another. Then the changes go into the state.
//
// Cost of a change: two or three passes over the rows of the sessions that it touches, those that it merges or splits
// included, whatever the size of the partition; and all these rows as output if their window changes, as it does for every
// row of a session that gets longer. A change between a session's ends that does not split it is one row of output.
//
// Memory besides the step's changes: 16 bytes for each session of a stretch; there are at most as many as changes in it and
// one more. The rows of a session pass by and are not held, except within the cache of the state.
type session struct {
	*output
	time int
	gap  int64
	mm   *state.Multimap
	// expiry has a partition at the times at which a session of it may end, see noteEnds. nil where no session expires.
	expiry *expiry

	step    groupedRows
	hash    uint64 // of the present partition
	group   []byte
	changes []stepRow
	sides   [2]sessionSpans // the stretch's sessions before and after the step
	out     builder
	buf     []byte
	count   int
}

func newSession(o *output, n *physical.Session) (*session, error) {
	if n.Gap <= 0 {
		return nil, fmt.Errorf("exec: a session with a gap of %d microseconds", n.Gap)
	}
	subs := subspace{o: o}
	s := &session{output: o, time: n.Time, gap: n.Gap, mm: subs.nextMultimap(), step: groupedRows{cols: n.Partition},
		out: newBuilder(o, n.Types)}
	s.expiry = newExpiry(o, n.Expire, &subs)
	return s, subs.err
}

// sessionRow appends a row's bytes in the state: its time, then the row in the row format.
func sessionRow(dst []byte, ts int64, b *delta.Batch, i int) []byte {
	return codec.AppendRow(timeKey(dst, ts), b, nil, i)
}

// sessionTime gives the time of a row in the state.
func sessionTime(row []byte) (int64, error) {
	if len(row) < timeKeyBytes {
		return 0, fmt.Errorf("exec: a row of %d bytes in the state of a session", len(row))
	}
	return parseTimeKey(row), nil
}

// Push implements Operator.
func (s *session) Push(_ int, b *delta.Batch) error {
	if err := s.step.number(b); err != nil {
		return err
	}
	v := b.Cols[s.time]
	for i, group := range s.step.ids {
		if v.IsNull(i) || !types.TimestampIsFinite(v.Ints[i]) {
			continue
		}
		ts := v.Ints[i]
		if ts+s.gap < ts || !inRange(ts+s.gap) {
			if err := s.fail(pgerr.New(pgerr.DatetimeFieldOverflow, "timestamp out of range"), b, i, b.Weight(i)); err != nil {
				return err
			}
			continue
		}
		s.buf = sessionRow(s.buf[:0], ts, b, i)
		s.step.add(group, s.buf, b.Weight(i))
	}
	return s.holds(s.step.bytes())
}

// Flush implements Operator.
func (s *session) Flush() error {
	if err := s.flushStep(); err != nil || s.expiry == nil {
		return err
	}
	limit := s.expiry.limit.now()
	if limit == watermark.None {
		return s.expiry.keys.settle()
	}
	return s.expiry.keys.take(limit, func(end int64, member []byte, _ int64) error { return s.expire(end-s.gap, member[1:]) })
}

// expire drops the rows of a partition up to a time, unless a later row is of the same session: then it is noted itself.
func (s *session) expire(last int64, group []byte) error {
	hash := keys.Hash(group)
	open := false
	err := s.mm.ScanFrom(hash, group, timeKey(nil, last+1), func(row []byte, _ int64) bool {
		at, err := sessionTime(row)
		open = err != nil || at <= last+s.gap
		return false
	})
	if err != nil || open {
		return err
	}
	var failed error
	err = dropRows(s.mm, hash, group, nil, false, 0, func(row []byte) bool {
		var at int64
		at, failed = sessionTime(row)
		return failed != nil || at > last
	})
	if err == nil {
		err = failed
	}
	return err
}

// noteEnds notes the present partition at the times at which its changed rows may end a session: those behind which no other of
// them lies within the gap.
func (s *session) noteEnds() error {
	last, some := int64(0), false
	for i := range s.changes {
		if s.changes[i].weight <= 0 {
			continue
		}
		at, err := sessionTime(s.step.row(&s.changes[i]))
		if err != nil {
			return err
		}
		if some && at > last+s.gap {
			if err := s.expiry.note(last+s.gap, 0, s.group); err != nil {
				return err
			}
		}
		last, some = at, true
	}
	if !some {
		return nil
	}
	return s.expiry.note(last+s.gap, 0, s.group)
}

func (s *session) flushStep() error {
	if s.step.groups.len() == 0 {
		return nil
	}
	if err := s.step.each(s.mm, s.partition); err != nil {
		return fmt.Errorf("operator %d: %w", s.op, err)
	}
	s.step.reset()
	return s.out.end()
}

// partition emits what a partition's changes change, and takes them into the state.
func (s *session) partition(group uint32) error {
	s.hash, s.group, s.changes = s.step.groups.hash(group), s.step.groups.key(group), s.step.of(group)
	if s.expiry != nil {
		if err := s.noteEnds(); err != nil {
			return err
		}
	}
	for next := 0; next < len(s.changes); {
		var err error
		if next, err = s.stretch(next); err != nil {
			return err
		}
	}
	if s.mm == nil {
		return nil
	}
	for i := range s.changes {
		if err := s.mm.Add(s.hash, s.group, s.step.row(&s.changes[i]), s.changes[i].weight); err != nil {
			return err
		}
	}
	return nil
}

// stretch emits the differences in the stretch of a change, and gives the first change that lies behind it.
func (s *session) stretch(change int) (next int, err error) {
	from, err := s.begin(change)
	if err != nil {
		return 0, err
	}
	last, begun := int64(0), false
	s.sides[0].reset()
	s.sides[1].reset()
	next, err = s.merge(from, change, func(_ []byte, ts, old, now int64) (bool, error) {
		if begun && s.apart(last, ts) {
			return false, nil
		}
		last, begun = ts, true
		for side, weight := range [2]int64{old, now} {
			if weight > 0 {
				s.sides[side].extend(ts, s.gap)
			}
		}
		return true, s.breathe()
	})
	if err != nil {
		return 0, err
	}
	if s.sides[0].same(&s.sides[1]) {
		return next, s.emitChanges(change, next)
	}
	_, err = s.merge(from, change, func(row []byte, ts, old, now int64) (bool, error) {
		if ts > last {
			return false, nil
		}
		if err := s.emitRow(row, ts, old, now); err != nil {
			return false, err
		}
		return true, s.breathe()
	})
	return next, err
}

// apart reports whether rows at two times, of which b is not before a, are of different sessions when none is between them.
func (s *session) apart(a, b int64) bool { return uint64(b)-uint64(a) > uint64(s.gap) }

// begin gives the time, in the form that orders rows, with which a change's stretch begins. Changes before it lie in
// stretches before, so it is enough to look at the state.
func (s *session) begin(change int) ([]byte, error) {
	c := s.step.row(&s.changes[change])
	first, err := sessionTime(c)
	if err != nil || s.mm == nil {
		return timeKey(nil, first), err
	}
	scanErr := s.mm.ScanReverseFrom(s.hash, s.group, c, func(row []byte, _ int64) bool {
		var ts int64
		if ts, err = sessionTime(row); err != nil || s.apart(ts, first) {
			return false
		}
		first = ts
		if err == nil {
			err = s.breathe()
		}
		return err == nil
	})
	if scanErr != nil {
		err = scanErr
	}
	return timeKey(nil, first), err
}

// merge calls f for the rows of the state from a time on, merged with the changes from next on, in order with their weights
// before and after the step, until f returns false. It gives the number of the first change that f has not accepted.
func (s *session) merge(from []byte, next int, f func(row []byte, ts, old, now int64) (bool, error)) (int, error) {
	see := func(row []byte, old, now int64) (bool, error) {
		ts, err := sessionTime(row)
		if err != nil {
			return false, err
		}
		if now < 0 || old < 0 {
			return false, fmt.Errorf("%w: a session's row with weights %d and %d", ErrNegative, old, now)
		}
		return f(row, ts, old, now)
	}
	more, err := true, error(nil)
	// changesBefore sees the changes whose rows the state does not have and which are before a row; all with nil.
	changesBefore := func(row []byte) {
		for more && err == nil && next < len(s.changes) {
			c := s.step.row(&s.changes[next])
			if row != nil && string(c) >= string(row) {
				return
			}
			if more, err = see(c, 0, s.changes[next].weight); more && err == nil {
				next++
			}
		}
	}
	if s.mm != nil {
		scanErr := s.mm.ScanFrom(s.hash, s.group, from, func(row []byte, old int64) bool {
			if changesBefore(row); !more || err != nil {
				return false
			}
			if next < len(s.changes) && string(s.step.row(&s.changes[next])) == string(row) {
				if more, err = see(row, old, old+s.changes[next].weight); more && err == nil {
					next++
				}
			} else {
				more, err = see(row, old, old)
			}
			return more && err == nil
		})
		if scanErr != nil {
			return next, scanErr
		}
	}
	changesBefore(nil)
	return next, err
}

// breathe looks for interrupts.
func (s *session) breathe() error {
	if s.count++; s.count%1024 != 0 {
		return nil
	}
	if err := s.holds(s.step.bytes() + s.sides[0].bytes() + s.sides[1].bytes()); err != nil {
		return err
	}
	return s.interrupted()
}

// emitChanges emits the changes of a stretch whose sessions are what they were.
func (s *session) emitChanges(from, to int) error {
	for i := from; i < to; i++ {
		row := s.step.row(&s.changes[i])
		ts, err := sessionTime(row)
		if err != nil {
			return err
		}
		if err := s.emit1(row, s.sides[1].at(ts), s.changes[i].weight); err != nil {
			return err
		}
	}
	return nil
}

// emitRow emits the difference that the step makes to a row.
func (s *session) emitRow(row []byte, ts, old, now int64) error {
	var was, is sessionSpan
	if old > 0 {
		was = s.sides[0].at(ts)
	}
	if now > 0 {
		is = s.sides[1].at(ts)
	}
	if old > 0 && now > 0 && was == is {
		return s.emit1(row, is, now-old)
	}
	if err := s.emit1(row, was, -old); err != nil {
		return err
	}
	return s.emit1(row, is, now)
}

// emit1 emits a row in a session.
func (s *session) emit1(row []byte, in sessionSpan, weight int64) error {
	if weight == 0 {
		return nil
	}
	b := s.out.batch()
	n := len(b.Cols) - 2
	if err := codec.DecodeRowInto(row[timeKeyBytes:], b.Cols[:n]); err != nil {
		return err
	}
	b.Cols[n].Append(types.NewInt(in.first))
	b.Cols[n+1].Append(types.NewInt(in.last + s.gap))
	b.AppendRow(nil, weight)
	return s.out.spill()
}

// sessionSpan is a session by the times of its first and its last row.
type sessionSpan struct{ first, last int64 }

// sessionSpans are the sessions of a stretch on one side of the step, in order.
type sessionSpans struct {
	list []sessionSpan
	pos  int // of the session that was last asked for
}

func (s *sessionSpans) reset() { s.list, s.pos = s.list[:0], 0 }

func (s *sessionSpans) bytes() int { return 16 * cap(s.list) }

// extend adds a row, which is not before those that were added.
func (s *sessionSpans) extend(ts, gap int64) {
	if n := len(s.list); n > 0 && uint64(ts)-uint64(s.list[n-1].last) <= uint64(gap) {
		s.list[n-1].last = ts
		return
	}
	s.list = append(s.list, sessionSpan{ts, ts})
}

// at gives the session of a row's time; the times asked for do not go back.
func (s *sessionSpans) at(ts int64) sessionSpan {
	for s.list[s.pos].last < ts {
		s.pos++
	}
	return s.list[s.pos]
}

func (s *sessionSpans) same(t *sessionSpans) bool {
	if len(s.list) != len(t.list) {
		return false
	}
	for i := range s.list {
		if s.list[i] != t.list[i] {
			return false
		}
	}
	return true
}
