package exec

import (
	"encoding/binary"
	"maps"
	"math"
	"slices"

	"millrace/delta"
	"millrace/planner/physical"
	"millrace/storage/keys"
	"millrace/storage/state"
	"millrace/watermark"
)

// marks are the watermarks that the operators go by.
type marks struct {
	values  map[uint32]int64
	version uint64 // changes with every value

	// The same as they were when the present step began.
	before        map[uint32]int64
	beforeVersion uint64
}

// endStep makes the present values those before the next step.
func (m *marks) endStep() {
	if m.beforeVersion != m.version {
		m.before, m.beforeVersion = maps.Clone(m.values), m.version
	}
}

// SetWatermark raises the watermark of a relation for the rows that are pushed from now on, and for the state that the next
// Flush drops. Watermarks belong to epochs: rows of an epoch are pushed before its own watermarks are set.
func (d *Dataflow) SetWatermark(relation uint32, micros int64) {
	if d.marks.values == nil {
		d.marks.values = map[uint32]int64{}
	}
	if old, ok := d.marks.values[relation]; ok && old >= micros {
		return
	}
	d.marks.values[relation] = micros
	d.marks.version++
}

// limit is a mark's present value, kept until a watermark moves.
type limit struct {
	d       *Dataflow
	mark    *watermark.Mark
	less    int64 // what is taken off every watermark
	before  bool  // as of the beginning of the step
	version uint64
	value   int64
}

func newLimit(d *Dataflow, m *watermark.Mark, lateness int64) limit {
	return limit{d: d, mark: m, less: lateness, value: watermark.None}
}

func (l *limit) now() int64 {
	m := &l.d.marks
	values, version := m.values, m.version
	if l.before {
		values, version = m.before, m.beforeVersion
	}
	if l.version != version {
		l.version = version
		l.value = l.mark.Value(func(relation uint32) int64 {
			v, ok := values[relation]
			if !ok || v < watermark.None+l.less {
				return watermark.None
			}
			return v - l.less
		})
	}
	return l.value
}

// timed is state by time: for each time a multiset of byte strings, and the times in order.
//
// State: a multimap from a time to its strings, and one of a single group with the times.
type timed struct {
	times, members *state.Multimap
	step           map[int64]int64 // changes of the number of strings at each time
	from           int64           // no time below this one is there
	buf            []byte
}

func newTimed(subs *subspace) timed {
	return timed{times: subs.nextMultimap(), members: subs.nextMultimap(), step: map[int64]int64{}, from: math.MinInt64}
}

// timeKey writes a time so that bytes compare as times do.
func timeKey(dst []byte, t int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(t)^1<<63)
}

func parseTimeKey(b []byte) int64 { return int64(binary.BigEndian.Uint64(b) ^ 1<<63) }

// add changes the weight of a string at a time.
func (t *timed) add(at int64, member []byte, w int64) error {
	t.step[at] += w
	t.from = min(t.from, at)
	t.buf = timeKey(t.buf[:0], at)
	return t.members.Add(keys.Hash(t.buf), t.buf, member, w)
}

// settle writes the times of what was added; it comes before take.
func (t *timed) settle() error {
	if len(t.step) == 0 {
		return nil
	}
	at := make([]int64, 0, len(t.step))
	for k := range t.step {
		at = append(at, k)
	}
	slices.Sort(at)
	hash := keys.Hash(nil)
	for _, k := range at {
		t.buf = timeKey(t.buf[:0], k)
		if err := t.times.Add(hash, nil, t.buf, t.step[k]); err != nil {
			return err
		}
	}
	clear(t.step)
	return nil
}

// first is the least time that is there; ok is false when nothing is.
func (t *timed) first() (at int64, ok bool, err error) {
	err = t.times.ScanFrom(keys.Hash(nil), nil, timeKey(nil, t.from), func(row []byte, _ int64) bool {
		at, ok = parseTimeKey(row), true
		return false
	})
	return at, ok, err
}

// take removes everything before a time and calls f for it, in order of time and bytes. f must not add to t.
func (t *timed) take(before int64, f func(at int64, member []byte, w int64) error) error {
	if err := t.settle(); err != nil {
		return err
	}
	if before <= t.from {
		return nil
	}
	type due struct{ at, w int64 }
	var list []due
	hash := keys.Hash(nil)
	err := t.times.ScanFrom(hash, nil, timeKey(nil, t.from), func(row []byte, w int64) bool {
		at := parseTimeKey(row)
		if at >= before {
			return false
		}
		list = append(list, due{at, w})
		return true
	})
	if err != nil {
		return err
	}
	for _, d := range list {
		key := timeKey(nil, d.at)
		h := keys.Hash(key)
		var failed error
		err := t.members.Scan(h, key, func(member []byte, w int64) bool {
			failed = f(d.at, member, w)
			return failed == nil
		})
		if err == nil {
			err = failed
		}
		if err == nil {
			err = t.members.Drop(h, key)
		}
		if err == nil {
			err = t.times.Add(hash, nil, key, -d.w)
		}
		if err != nil {
			return err
		}
	}
	t.from = before
	return nil
}

// expiry finds the keys of an operator's state that watermarks make unreachable.
//
// State: the keys by time, see timed. A key is noted in every step that touches it, unless the operator knows better.
// Cost: per noted key and step an entry; what is dropped costs a look-up and a deletion a key.
type expiry struct {
	limit limit
	col   int
	keys  timed
	at    []int64 // by number of the key in the step, as far as see has seen them
	buf   []byte
}

// newExpiry is nil where nothing expires.
func newExpiry(o *output, e *physical.Expire, subs *subspace) *expiry {
	if e == nil || o.d.opt.AdHoc {
		return nil
	}
	return &expiry{limit: newLimit(o.d, e.Mark, o.d.plan.Lateness), col: e.Col, keys: newTimed(subs)}
}

// neverExpires is the time of keys that never expire.
const neverExpires = math.MaxInt64

func timeAt(v *delta.Vec, i int) int64 {
	if v.IsNull(i) {
		return neverExpires
	}
	return v.Ints[i]
}

// see takes the times of the step's keys: ids are the numbers of those of v's rows sel, all when sel is nil, where new
// numbers ascend.
func (x *expiry) see(ids []uint32, v *delta.Vec, sel []uint32) {
	for k, id := range ids {
		if int(id) == len(x.at) {
			i := k
			if sel != nil {
				i = int(sel[k])
			}
			x.at = append(x.at, timeAt(v, i))
		}
	}
}

// noteAll notes all keys of the step, whose times see has taken.
func (x *expiry) noteAll(t *keyTable) error {
	for id, at := range x.at {
		if err := x.note(at, 0, t.key(uint32(id))); err != nil {
			return err
		}
	}
	x.at = x.at[:0]
	return nil
}

// note remembers that there is state for a key with a time. tag tells the operator's pieces of state apart.
func (x *expiry) note(at int64, tag byte, key []byte) error {
	if at == neverExpires {
		return nil
	}
	x.buf = append(append(x.buf[:0], tag), key...)
	return x.keys.add(at, x.buf, 1)
}

// drop calls f for every key that is below the watermark.
func (x *expiry) drop(f func(tag byte, key []byte) error) error {
	limit := x.limit.now()
	if limit == watermark.None {
		return x.keys.settle()
	}
	return x.keys.take(limit, func(_ int64, member []byte, _ int64) error {
		return f(member[0], member[1:])
	})
}
