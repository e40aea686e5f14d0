package watermark

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
)

// PartitionsMax is how many partitions of one relation have a watermark of their own.
const PartitionsMax = 10_000

// Reading is what is recorded of a relation's watermark: its value after an epoch, and whether all of its partitions are
// idle. The value never falls.
type Reading struct {
	Mark int64
	Idle bool
}

// Partition is the progress of one partition of a relation's input. Rows that come by INSERT and COPY are those of the
// partition with the empty name.
type Partition struct {
	Name string
	Mark int64 // the greatest value of the WATERMARK expression so far; None before the first
	Seen int64 // log time at which it last had rows
	Idle bool
}

// Tracker decides a relation's watermark: the least of its active partitions', where a partition is active until it has
// been silent for the timeout. When all are idle it is the greatest of them: what they had to say, they have said.
type Tracker struct {
	timeout int64 // 0 is never
	since   int64 // log time from which silence counts while there is no partition
	parts   []Partition
	now     Reading
}

// NewTracker begins at log time since, without partitions. timeout is the idle timeout; 0 is none.
func NewTracker(timeout, since int64) *Tracker {
	return &Tracker{timeout: timeout, since: since, now: Reading{Mark: None}}
}

// SetTimeout changes the idle timeout.
func (t *Tracker) SetTimeout(timeout int64) { t.timeout = timeout }

// Reading is the watermark as it was last decided.
func (t *Tracker) Reading() Reading { return t.now }

// Partitions lists the partitions by name.
func (t *Tracker) Partitions() []Partition { return slices.Clone(t.parts) }

// Clone is a copy that can go on by itself.
func (t *Tracker) Clone() *Tracker {
	c := *t
	c.parts = slices.Clone(t.parts)
	return &c
}

// Observe notes that a partition had rows at log time at, with the greatest value of the WATERMARK expression among
// them, None if they have none. Partitions beyond PartitionsMax count as one.
func (t *Tracker) Observe(partition string, mark, at int64) {
	i, found := t.find(partition)
	if !found && len(t.parts) >= PartitionsMax {
		i, found = len(t.parts)-1, true
	}
	if !found {
		t.parts = slices.Insert(t.parts, i, Partition{Name: partition, Mark: mark, Seen: at})
		return
	}
	p := &t.parts[i]
	p.Mark, p.Seen, p.Idle = max(p.Mark, mark), max(p.Seen, at), false
}

func (t *Tracker) find(partition string) (int, bool) {
	return slices.BinarySearchFunc(t.parts, partition, func(p Partition, name string) int { return strings.Compare(p.Name, name) })
}

// Decide works out the watermark at log time at and says whether it, or its idleness, has changed.
func (t *Tracker) Decide(at int64) bool {
	active, idle := int64(0), int64(None)
	anyActive := false
	for i := range t.parts {
		p := &t.parts[i]
		p.Idle = t.silent(p.Seen, at)
		if p.Idle {
			idle = max(idle, p.Mark)
			continue
		}
		if !anyActive || p.Mark < active {
			active = p.Mark
		}
		anyActive = true
	}
	r := Reading{Mark: idle, Idle: !anyActive && (len(t.parts) > 0 || t.silent(t.since, at))}
	if anyActive {
		r.Mark = active
	}
	r.Mark = max(r.Mark, t.now.Mark)
	changed := r != t.now
	t.now = r
	return changed
}

func (t *Tracker) silent(since, at int64) bool { return t.timeout > 0 && at-since >= t.timeout }

// NextIdle is the log time at which the next partition will be idle if it stays silent. ok is false when there is
// nothing to wait for.
func (t *Tracker) NextIdle() (at int64, ok bool) {
	if t.timeout <= 0 {
		return 0, false
	}
	if len(t.parts) == 0 {
		return t.since + t.timeout, !t.now.Idle
	}
	for i := range t.parts {
		p := &t.parts[i]
		if p.Idle {
			continue
		}
		if end := p.Seen + t.timeout; !ok || end < at {
			at, ok = end, true
		}
	}
	return at, ok
}

// trackerVersion is the first byte of a stored tracker.
const trackerVersion = 1

// Append writes the tracker for storage; the timeout is not in it.
func (t *Tracker) Append(dst []byte) []byte {
	dst = append(dst, trackerVersion)
	dst = binary.AppendVarint(dst, t.since)
	dst = AppendReading(dst, t.now)
	dst = binary.AppendUvarint(dst, uint64(len(t.parts)))
	for _, p := range t.parts {
		dst = binary.AppendUvarint(dst, uint64(len(p.Name)))
		dst = append(dst, p.Name...)
		dst = binary.AppendVarint(dst, p.Seen)
		dst = AppendReading(dst, Reading{p.Mark, p.Idle})
	}
	return dst
}

// ErrCorrupt means that stored bytes are not what Append wrote.
var ErrCorrupt = errors.New("watermark: stored record is corrupt")

// ParseTracker reads what Append wrote.
func ParseTracker(b []byte, timeout int64) (*Tracker, error) {
	if len(b) == 0 || b[0] != trackerVersion {
		return nil, ErrCorrupt
	}
	r := reader{b: b[1:]}
	t := &Tracker{timeout: timeout}
	t.since = r.varint()
	t.now = r.reading()
	n := r.uvarint()
	for range min(n, PartitionsMax+1) {
		p := Partition{Name: string(r.bytes(r.uvarint())), Seen: r.varint()}
		v := r.reading()
		p.Mark, p.Idle = v.Mark, v.Idle
		if r.bad {
			break
		}
		t.parts = append(t.parts, p)
	}
	if r.bad || len(r.b) > 0 {
		return nil, ErrCorrupt
	}
	return t, nil
}

// AppendReading writes a reading.
func AppendReading(dst []byte, r Reading) []byte {
	idle := byte(0)
	if r.Idle {
		idle = 1
	}
	return binary.AppendVarint(append(dst, idle), r.Mark)
}

// ParseReading reads what AppendReading wrote.
func ParseReading(b []byte) (Reading, error) {
	r := reader{b: b}
	v := r.reading()
	if r.bad || len(r.b) > 0 {
		return Reading{}, ErrCorrupt
	}
	return v, nil
}

// reader cuts values off; bad is set, and stays, where there is none.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	r.skip(n)
	return v
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	r.skip(n)
	return v
}

func (r *reader) skip(n int) {
	if n <= 0 {
		r.b, r.bad = nil, true
		return
	}
	r.b = r.b[n:]
}

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.b, r.bad = nil, true
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) reading() Reading {
	idle := r.bytes(1)
	v := r.varint()
	return Reading{Mark: v, Idle: len(idle) == 1 && idle[0] == 1}
}
