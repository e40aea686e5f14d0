package storage

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// Times of epochs. Each commit records its time under its epoch, and the first commit of another second records that of
// its predecessor once more, as the last epoch of its second. So the exact records of old epochs can go with one range
// tombstone, and what stays answers to the second: an epoch has the time of the next record, and at each whole second
// the last epoch up to it is known.
//
// Times never fall as epochs rise, which Apply sees to; so both directions are searches over the epochs.

// second is the number of the second that a time belongs to: (n-1 s, n s].
func second(micros int64) int64 {
	const perSecond = 1_000_000
	n := micros / perSecond
	if micros%perSecond > 0 {
		n++
	}
	return n
}

func epochBytes(epoch uint64) []byte { return binary.BigEndian.AppendUint64(nil, epoch) }

// putTime records the time of an epoch. last and lastWall are the commit before, 0 when there is none.
func (c *Commit) putTime(epoch uint64, wall int64, last uint64, lastWall int64) {
	c.put(0, kindTime, epochBytes(epoch), binary.BigEndian.AppendUint64(nil, uint64(wall)))
	if last > 0 && second(lastWall) != second(wall) {
		c.put(0, kindSecond, epochBytes(last), binary.BigEndian.AppendUint64(nil, uint64(lastWall)))
	}
}

// EpochTime gives the commit time of an epoch: exactly while its own record is kept, see TrimTimes, and otherwise that
// of the next epoch that has one, which is later by less than a second unless that, too, has been trimmed. ok is
// false for an epoch that has not been. It costs two seeks.
func (s *Store) EpochTime(epoch uint64) (micros int64, ok bool, err error) {
	exact, exactTime, ok1, err := s.nextTime(kindTime, epoch)
	if err != nil || ok1 && exact == epoch {
		return exactTime, ok1, err
	}
	sparse, sparseTime, ok2, err := s.nextTime(kindSecond, epoch)
	if ok2 && (!ok1 || sparse < exact) {
		return sparseTime, true, err
	}
	return exactTime, ok1, err
}

// EpochAt gives the last epoch whose time, as EpochTime tells it, is at or before micros; ok is false when there is none or it
// is no longer known. It costs a seek for each bit of the number of epochs.
func (s *Store) EpochAt(micros int64) (epoch uint64, ok bool, err error) {
	last, wall := s.epochNow()
	if last > 0 && micros >= wall {
		return last, true, nil
	}
	for _, kind := range []byte{kindTime, kindSecond} {
		// The exact records are the later ones: only what lies before them is a matter of the others.
		first, firstTime, found, err := s.nextTime(kind, 0)
		if err != nil {
			return 0, false, err
		}
		if found && firstTime <= micros {
			epoch, err = s.searchTime(kind, first, last, micros)
			return epoch, err == nil, err
		}
	}
	return 0, false, nil
}

// searchTime finds the last record of a kind with a time up to micros. Epoch from is one, and there is none after to.
func (s *Store) searchTime(kind byte, from, to uint64, micros int64) (epoch uint64, err error) {
	it, err := s.timeIter(kind)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	for from < to {
		mid := from + (to-from+1)/2
		if !it.SeekGE(key(0, kind, epochBytes(mid))) {
			if err := it.Error(); err != nil {
				return 0, err
			}
			to = mid - 1
			continue
		}
		at, t, err := decodeTime(it)
		if err != nil {
			return 0, err
		}
		if t <= micros {
			from = at
		} else {
			to = mid - 1
		}
	}
	return from, nil
}

// nextTime gives the first record of a kind at or after an epoch.
func (s *Store) nextTime(kind byte, epoch uint64) (at uint64, micros int64, ok bool, err error) {
	it, err := s.timeIter(kind)
	if err != nil {
		return 0, 0, false, err
	}
	if it.SeekGE(key(0, kind, epochBytes(epoch))) {
		at, micros, err = decodeTime(it)
		ok = err == nil
	}
	return at, micros, ok, errors.Join(err, it.Close())
}

func (s *Store) timeIter(kind byte) (*pebble.Iterator, error) {
	lower, upper := kindRange(0, kind)
	return s.durable.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
}

func decodeTime(it *pebble.Iterator) (epoch uint64, micros int64, err error) {
	val, err := it.ValueAndErr()
	if err != nil {
		return 0, 0, err
	}
	if len(it.Key()) != headLen+8 || len(val) != 8 {
		return 0, 0, fmt.Errorf("%w: time of an epoch: %x, %x", ErrCorrupt, it.Key(), val)
	}
	return binary.BigEndian.Uint64(it.Key()[headLen:]), int64(binary.BigEndian.Uint64(val)), nil
}

// TrimTimes forgets the exact times of epochs up to exact, but not the last epoch's, and the times to the second of epochs up to
// sparse. It is ordered with commits and not synced: after a crash the records may be back.
func (s *Store) TrimTimes(exact, sparse uint64) error {
	last, _ := s.epochNow()
	if last == 0 {
		return nil
	}
	s.trim.RLock()
	defer s.trim.RUnlock()
	exact, sparse = min(exact, last-1), min(sparse, last-1)
	for _, t := range []struct {
		kind    byte
		through uint64
	}{{kindTime, exact}, {kindSecond, sparse}} {
		lower, _ := kindRange(0, t.kind)
		if err := s.durable.DeleteRange(lower, key(0, t.kind, epochBytes(t.through+1)), pebble.NoSync); err != nil {
			return err
		}
	}
	return nil
}
