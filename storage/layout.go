package storage

import (
	"encoding/binary"

	"millrace/storage/keys"
)

// A key begins with the id of its relation or dataflow, 4 bytes big endian, and a byte of kind. Id 0 is the system's.
// The numbers are stored: append only.
const (
	// Durable, id 0.
	kindEpoch   byte = 0x01 // -> epoch and commit time of the last commit
	kindCatalog byte = 0x02 // record key -> record
	kindTime    byte = 0x03 // epoch -> commit time, of recent epochs
	kindSecond  byte = 0x04 // epoch -> commit time, of the last epoch of each second

	// Durable, per relation.
	kindOffset byte = 0x10 // -> connector offset
	kindLog    byte = 0x20 // position -> encoded batch; also the changelog of a view, in the derived store
	kindTable  byte = 0x30 // row key -> row
	// kindMark and kindTracker are neighbours.
	kindMark    byte = 0x40 // position, sequence 0 -> watermark after the epoch
	kindTracker byte = 0x41 // -> progress of the partitions in time
	kindAge     byte = 0x31 // row key -> when the row was written, of a table whose rows expire
	kindExpiry  byte = 0x32 // when a row was written, row key -> nothing

	// Derived, per dataflow.
	kindFrontier byte = 0x01 // -> epoch
	kindNote     byte = 0x02 // name -> value
	kindRow      byte = 0x10 // row key -> row
	kindMultiset byte = 0x11 // row -> weight, by merging
	kindRows     byte = 0x12 // position -> encoded batch
	kindError    byte = 0x30 // error key -> weight and payload, by merging
	kindLate     byte = 0x31 // number -> late row
	kindMap      byte = 0x40 // operator, sub, partition, key -> value
	kindGroup    byte = 0x41 // operator, sub, partition, length of group, group, row -> weight, by merging
)

const (
	idLen       = 4
	headLen     = idLen + 1       // id, kind
	stateLen    = headLen + 2 + 1 // id, kind, operator, sub
	partLen     = stateLen + 1    // and partition
	positionLen = 8 + 4           // epoch, seq
	logKeyLen   = headLen + positionLen
)

// Position is a change's place in a changelog: unique, monotone, stable for ever.
type Position struct {
	Epoch uint64
	Seq   uint32
}

// appendHead begins a key.
func appendHead(dst []byte, id uint32, kind byte) []byte {
	return append(binary.BigEndian.AppendUint32(dst, id), kind)
}

func key(id uint32, kind byte, rest []byte) []byte {
	k := make([]byte, 0, headLen+len(rest))
	return append(appendHead(k, id, kind), rest...)
}

func logKey(id uint32, kind byte, pos Position) []byte {
	k := appendHead(make([]byte, 0, logKeyLen), id, kind)
	k = binary.BigEndian.AppendUint64(k, pos.Epoch)
	return binary.BigEndian.AppendUint32(k, pos.Seq)
}

// logStart is the least key of an epoch after the given one; after the last epoch there is nothing, which the end
// of the kind stands for.
func logStart(id uint32, kind byte, after uint64) []byte {
	if after == ^uint64(0) {
		return key(id, kind+1, nil)
	}
	return logKey(id, kind, Position{Epoch: after + 1})
}

func decodePosition(k []byte) (Position, bool) {
	if len(k) != logKeyLen {
		return Position{}, false
	}
	return Position{Epoch: binary.BigEndian.Uint64(k[headLen:]), Seq: binary.BigEndian.Uint32(k[headLen+8:])}, true
}

// idRange is the range of all keys of an id.
func idRange(id uint32) (lower, upper []byte) {
	lower = binary.BigEndian.AppendUint32(nil, id)
	return lower, keys.PrefixEnd(nil, lower)
}

// kindRange is the range of the keys of an id and kind.
func kindRange(id uint32, kind byte) (lower, upper []byte) {
	return key(id, kind, nil), key(id, kind+1, nil)
}

// StateID names one piece of a dataflow's operator state.
type StateID struct {
	Op  uint16
	Sub uint8
}

func appendStateHead(dst []byte, dataflow uint32, kind byte, id StateID) []byte {
	dst = appendHead(dst, dataflow, kind)
	dst = binary.BigEndian.AppendUint16(dst, id.Op)
	return append(dst, id.Sub)
}

func appendMapKey(dst []byte, dataflow uint32, id StateID, part uint8, key []byte) []byte {
	dst = append(appendStateHead(dst, dataflow, kindMap, id), part)
	return append(dst, key...)
}

// appendGroupKey writes the part of a group's keys that is common to its rows. The length makes the group end
// itself, whatever its bytes; that groups are ordered by length first is of no consequence.
func appendGroupKey(dst []byte, dataflow uint32, id StateID, part uint8, group []byte) []byte {
	dst = append(appendStateHead(dst, dataflow, kindGroup, id), part)
	return append(appendGroupLen(dst, len(group)), group...)
}

// groupLenLong begins a length of five bytes; shorter ones are one byte. The order of lengths is kept.
const groupLenLong = 0xFF

func appendGroupLen(dst []byte, n int) []byte {
	if n < groupLenLong {
		return append(dst, byte(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, groupLenLong), uint32(n))
}

// groupAt gives where the group begins in a group key, and its length.
func groupAt(k []byte) (at, n int) {
	if n := int(k[partLen]); n < groupLenLong {
		return partLen + 1, n
	}
	if len(k) < partLen+5 {
		return len(k), 0
	}
	return partLen + 5, int(binary.BigEndian.Uint32(k[partLen+1:]))
}

// splitGroup gives the length of a key's common part, see appendGroupKey; for other keys, and for keys cut short,
// the length of the key.
func splitGroup(k []byte) int {
	if len(k) <= partLen || k[idLen] != kindGroup {
		return len(k)
	}
	at, n := groupAt(k)
	return min(at+n, len(k))
}
