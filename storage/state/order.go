package state

import "millrace/storage/keys"

// sortSlots orders slots by virtual partition, and within one by key: the order of the store. It sorts by partition in
// two passes and then only within partitions.
func sortSlots(slots []uint64, key func(slot uint64) []byte) []uint64 {
	var start [257]uint32
	for _, s := range slots {
		start[int(slotPart(s))+1]++
	}
	for i := range 256 {
		start[i+1] += start[i]
	}
	next := start
	byPart := make([]uint64, len(slots))
	for _, s := range slots {
		p := slotPart(s)
		byPart[next[p]] = s
		next[p]++
	}
	out := slots[:0]
	for p := range 256 {
		part := byPart[start[p]:start[p+1]]
		switch len(part) {
		case 0:
		case 1:
			out = append(out, part[0])
		default:
			for _, i := range keys.Sort(len(part), func(i int) []byte { return key(part[i]) }) {
				out = append(out, part[i])
			}
		}
	}
	return out
}
