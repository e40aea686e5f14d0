package state

import "encoding/binary"

// An arena hands out cells of memory without pointers, so that the garbage collector has a few large blocks to look
// at instead of millions of entries. Cells are named by refs and come in size classes; a freed cell goes to its
// class's free list. Memory returns to the runtime only when the arena as a whole is dropped, see Map.rebuild.
//
// A ref is a block number and an offset in units of 8 bytes; 0 is no cell. Blocks grow from blockMin to blockMax with
// the arena, so that little of it is unused; what exceeds cellMax has a block of its own. One arena holds at most 32 GiB.
type arena struct {
	blocks [][]byte
	next   uint32   // first free unit of the last ordinary block
	last   uint32   // its number
	spare  []uint32 // numbers of freed blocks of their own
	free   [classCount]uint32
	live   int64 // bytes in cells that are in use
	mem    *memory
}

// memory counts the bytes of a space.
type memory struct{ bytes int64 }

const (
	unit       = 8
	offsetBits = 19
	offsetMask = 1<<offsetBits - 1
	blocksMax  = 1 << (32 - offsetBits)
	blockMin   = 4 << 10
	blockMax   = unit << offsetBits // 4 MiB
	cellMax    = 1 << 20

	exactClasses = 64  // classes 0..63 are 1..64 units
	classLarge   = 255 // a block of its own
)

// classUnits are the sizes of the classes: each unit up to 64, then steps of about a quarter.
var classUnits = func() []uint32 {
	var sizes []uint32
	for u := uint32(1); u <= exactClasses; u++ {
		sizes = append(sizes, u)
	}
	for u := uint32(exactClasses); u < cellMax/unit; {
		u = min(u+u/4, cellMax/unit)
		sizes = append(sizes, u)
	}
	return sizes
}()

const classCount = 64 + 34

func classOf(bytes int) uint8 {
	u := uint32((bytes + unit - 1) / unit)
	if u <= exactClasses {
		return uint8(max(u, 1) - 1)
	}
	lo, hi := exactClasses, len(classUnits)-1
	for lo < hi {
		if mid := (lo + hi) / 2; classUnits[mid] >= u {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return uint8(lo)
}

// alloc gives a cell of at least so many bytes, not cleared. ref is 0 when the arena is full.
func (a *arena) alloc(bytes int) (ref uint32, class uint8) {
	if bytes > cellMax {
		return a.allocLarge(bytes), classLarge
	}
	class = classOf(bytes)
	units := classUnits[class]
	if ref = a.free[class]; ref != 0 {
		a.free[class] = binary.LittleEndian.Uint32(a.cell(ref))
	} else if ref = a.bump(units); ref == 0 {
		return 0, 0
	}
	a.live += int64(units) * unit
	return ref, class
}

// size is the number of bytes in a cell.
func (a *arena) size(ref uint32, class uint8) int {
	if class == classLarge {
		return len(a.blocks[ref>>offsetBits])
	}
	return int(classUnits[class]) * unit
}

func (a *arena) bump(units uint32) uint32 {
	if len(a.blocks) == 0 || a.next+units > uint32(len(a.blocks[a.last])/unit) {
		if !a.newBlock(units) {
			return 0
		}
	}
	ref := a.last<<offsetBits | a.next
	a.next += units
	return ref
}

func (a *arena) newBlock(units uint32) bool {
	size := blockMin
	if len(a.blocks) > 0 {
		a.carve()
		for int64(size)*8 <= a.total() && size < blockMax { // a quarter to an eighth of what there is
			size *= 2
		}
	}
	for size < int(units+1)*unit {
		size *= 2
	}
	n, ok := a.addBlock(min(size, blockMax))
	if !ok {
		return false
	}
	a.last, a.next = n, 0
	if n == 0 {
		a.next = 1 // ref 0 is no cell
	}
	return true
}

// carve puts what is left of the last block on the free lists.
func (a *arena) carve() {
	end := uint32(len(a.blocks[a.last]) / unit)
	for a.next < end {
		c := len(classUnits) - 1
		for classUnits[c] > end-a.next {
			c--
		}
		a.push(a.last<<offsetBits|a.next, uint8(c))
		a.next += classUnits[c]
	}
}

func (a *arena) addBlock(bytes int) (uint32, bool) {
	n := uint32(len(a.blocks))
	if k := len(a.spare); k > 0 {
		n, a.spare = a.spare[k-1], a.spare[:k-1]
		a.blocks[n] = make([]byte, bytes)
	} else if n < blocksMax {
		a.blocks = append(a.blocks, make([]byte, bytes))
	} else {
		return 0, false
	}
	a.mem.bytes += int64(bytes)
	return n, true
}

func (a *arena) allocLarge(bytes int) uint32 {
	if len(a.blocks) == 0 {
		a.newBlock(1) // so that block 0 is an ordinary one
	}
	n, ok := a.addBlock((bytes + unit - 1) / unit * unit)
	if !ok {
		return 0
	}
	a.live += int64(len(a.blocks[n]))
	return n << offsetBits
}

func (a *arena) push(ref uint32, class uint8) {
	binary.LittleEndian.PutUint32(a.cell(ref), a.free[class])
	a.free[class] = ref
}

// release frees a cell.
func (a *arena) release(ref uint32, class uint8) {
	if class == classLarge {
		n := ref >> offsetBits
		size := int64(len(a.blocks[n]))
		a.live -= size
		a.mem.bytes -= size
		a.blocks[n] = nil
		a.spare = append(a.spare, n)
		return
	}
	a.live -= int64(classUnits[class]) * unit
	a.push(ref, class)
}

// cell gives the memory from a ref on; it reaches beyond the cell's end.
func (a *arena) cell(ref uint32) []byte {
	return a.blocks[ref>>offsetBits][(ref&offsetMask)*unit:]
}

// total is the memory that the arena holds.
func (a *arena) total() int64 {
	n := int64(0)
	for _, b := range a.blocks {
		n += int64(len(b))
	}
	return n
}

// drop empties the arena.
func (a *arena) drop() {
	a.mem.bytes -= a.total()
	*a = arena{mem: a.mem}
}
