package expr

import (
	"slices"

	"millrace/delta"
	"millrace/pgerr"
)

// Limits on what one evaluation may produce. Offsets in a vector are 32 bits wide, and a batch of 64k rows in which
// each row asks for a large string must not take the machine's memory.
const (
	// MaxValueBytes bounds one value that a function builds.
	MaxValueBytes = 64 << 20
	// maxVectorBytes bounds the bytes of one result vector.
	maxVectorBytes = 256 << 20
)

// ErrTooLarge is the failure of a row whose value passes the limits on results.
func ErrTooLarge() error {
	return pgerr.New(pgerr.ProgramLimitExceeded, "result is too large").
		WithDetail("A value is limited to %d bytes and those of one batch together to %d.", MaxValueBytes, maxVectorBytes)
}

// GrowBools, GrowInts and GrowFloats add n slots to an output vector and give them for writing. The slots hold
// anything.
func GrowBools(out *delta.Vec, n int) []bool {
	out.Bools = extend(out.Bools, n)
	return out.Bools[len(out.Bools)-n:]
}

// GrowInts is GrowBools for RepInt.
func GrowInts(out *delta.Vec, n int) []int64 {
	out.Ints = extend(out.Ints, n)
	return out.Ints[len(out.Ints)-n:]
}

// GrowFloats is GrowBools for RepFloat.
func GrowFloats(out *delta.Vec, n int) []float64 {
	out.Floats = extend(out.Floats, n)
	return out.Floats[len(out.Floats)-n:]
}

func extend[E any](s []E, n int) []E {
	s = slices.Grow(s, n)
	return s[:len(s)+n]
}

// Each calls f for each row to compute, in order.
func (a *Args) Each(f func(row int)) {
	if a.Sel == nil {
		for i := range a.N {
			f(i)
		}
		return
	}
	for _, r := range a.Sel {
		f(int(r))
	}
}

// EachBytes builds a RepBytes output: f appends the row's value to dst and returns it. What f has appended is dropped
// where it fails. Other rows get an empty slot. A value beyond the limits fails with 54000.
func (a *Args) EachBytes(out *delta.Vec, errs *Errors, f func(dst []byte, row int) ([]byte, error)) {
	if len(out.Off) == 0 {
		out.Off = append(out.Off, 0)
	}
	out.Off = slices.Grow(out.Off, a.N)
	next := 0
	row := func(r int) {
		for ; next < r; next++ {
			out.Off = append(out.Off, uint32(len(out.Data)))
		}
		start := len(out.Data)
		data, err := f(out.Data, r)
		if err == nil && (len(data)-start > MaxValueBytes || len(data) > maxVectorBytes) {
			err = ErrTooLarge()
		}
		if err != nil {
			errs.Add(r, err)
			data = out.Data[:start]
		}
		out.Data = data
		out.Off = append(out.Off, uint32(len(data)))
		next++
	}
	a.Each(row)
	for ; next < a.N; next++ {
		out.Off = append(out.Off, uint32(len(out.Data)))
	}
}

// Mask gives a mask for row numbers of argument i: 0 for a constant, whose only row is 0, and all ones else, so
// that `v[row&mask]` reads either without a branch.
func (a *Args) Mask(i int) int {
	if a.Const[i] {
		return 0
	}
	return -1
}
