package watermark

import (
	"encoding/binary"
	"maps"
	"slices"
)

// Set gives the watermarks that a view goes by, of all streams and tables that its results' times come from. An idle one
// does not hold the others back: it goes with the least of the active ones, and what it sends later is late below that.
//
// The values depend on all readings since the beginning, so they are stored with the view.
type Set struct {
	readings map[uint32]Reading
	values   map[uint32]int64
}

// NewSet begins without any watermark.
func NewSet(relations []uint32) *Set {
	s := &Set{readings: map[uint32]Reading{}, values: map[uint32]int64{}}
	for _, id := range relations {
		s.readings[id], s.values[id] = Reading{Mark: None}, None
	}
	return s
}

// Has reports whether a relation is in the set.
func (s *Set) Has(relation uint32) bool { _, ok := s.values[relation]; return ok }

// Relations lists the set's relations, ascending.
func (s *Set) Relations() []uint32 { return slices.Sorted(maps.Keys(s.values)) }

// Note takes the reading of a relation after an epoch. When those of the epoch are all there, call Settle.
func (s *Set) Note(relation uint32, r Reading) { s.readings[relation] = r }

// Settle works out the values after an epoch.
func (s *Set) Settle() {
	least, active := int64(None), false
	for _, r := range s.readings {
		if !r.Idle && (!active || r.Mark < least) {
			least, active = r.Mark, true
		}
	}
	for id, r := range s.readings {
		v := r.Mark
		if r.Idle && active {
			v = max(v, least)
		}
		s.values[id] = max(s.values[id], v)
	}
}

// Value is a relation's watermark for the view; None for a relation that is not in the set.
func (s *Set) Value(relation uint32) int64 {
	if v, ok := s.values[relation]; ok {
		return v
	}
	return None
}

// Append writes the set for storage.
func (s *Set) Append(dst []byte) []byte {
	for _, id := range s.Relations() {
		dst = binary.AppendUvarint(dst, uint64(id))
		dst = AppendReading(dst, s.readings[id])
		dst = binary.AppendVarint(dst, s.values[id])
	}
	return dst
}

// Load takes what Append wrote; relations that are not in the set are passed over.
func (s *Set) Load(b []byte) error {
	r := reader{b: b}
	for len(r.b) > 0 && !r.bad {
		id := uint32(r.uvarint())
		v, value := r.reading(), r.varint()
		if s.Has(id) && !r.bad {
			s.readings[id], s.values[id] = v, value
		}
	}
	if r.bad {
		return ErrCorrupt
	}
	return nil
}
