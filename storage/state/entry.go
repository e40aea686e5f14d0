package state

import "encoding/binary"

// An entry is a cell that the table refers to, of a map or of a multimap's group:
//
//	0  size class of the cell
//	1  flags
//	2  length of the key, uint16; longKey: the length follows at 8 as uint32
//	4  length of the value or of the group's records, uint32
//	8  [long key length]  key  body
const (
	entryFlags  = 1
	entryKeyLen = 2
	entryLen    = 4
	entryHead   = 8
	longKey     = 0xFFFF
)

// Flags of entries.
const (
	flagDirty  byte = 1 << iota // differs from the store, and is in the dirty list
	flagAbsent                  // the key is known to have no value
	flagStored                  // the store may have a value
	flagDead                    // superseded or removed, and only the dirty list still refers to it
	flagFull                    // group: the records are all rows; without it they are changes to the store's
	flagHuge                    // group: too large to be read into memory
	flagBig                     // group: the records are in chunks, see chunks.go
)

// keySize is what a key of n bytes takes with the header.
func keySize(n int) int {
	if n >= longKey {
		return entryHead + 4 + n
	}
	return entryHead + n
}

// bodyAt is where an entry's body begins.
func bodyAt(e []byte) int {
	n := int(binary.LittleEndian.Uint16(e[entryKeyLen:]))
	if n == longKey {
		return entryHead + 4 + int(binary.LittleEndian.Uint32(e[entryHead:]))
	}
	return entryHead + n
}

func entryKey(e []byte) []byte {
	n := int(binary.LittleEndian.Uint16(e[entryKeyLen:]))
	if n == longKey {
		n = int(binary.LittleEndian.Uint32(e[entryHead:]))
		return e[entryHead+4 : entryHead+4+n]
	}
	return e[entryHead : entryHead+n]
}

func entrySize(e []byte) int { return int(binary.LittleEndian.Uint32(e[entryLen:])) }

func setEntrySize(e []byte, n int) { binary.LittleEndian.PutUint32(e[entryLen:], uint32(n)) }

// writeHead writes an entry's header and key and gives where its body begins.
func writeHead(e []byte, class, flags byte, key []byte, size int) int {
	e[0], e[entryFlags] = class, flags
	setEntrySize(e, size)
	if len(key) >= longKey {
		binary.LittleEndian.PutUint16(e[entryKeyLen:], longKey)
		binary.LittleEndian.PutUint32(e[entryHead:], uint32(len(key)))
		copy(e[entryHead+4:], key)
		return entryHead + 4 + len(key)
	}
	binary.LittleEndian.PutUint16(e[entryKeyLen:], uint16(len(key)))
	copy(e[entryHead:], key)
	return entryHead + len(key)
}
