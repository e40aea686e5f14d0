package scalar

import (
	"slices"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/types"
)

// Assignment to a part of an array, as in UPDATE t SET a[1] = 2, computes a new array. No name finds these functions.
var (
	// setElementFunc takes an array, one subscript for each dimension, and the element.
	setElementFunc = &expr.Function{Name: "array_set_element", NullCall: true, Eval: toBytes(arraySetElement)}
	// setSliceFunc takes an array, which bounds are given (bit 2i: the lower of dimension i, bit 2i+1: the upper), both bounds of
	// each dimension, and an array whose elements go there.
	setSliceFunc = &expr.Function{Name: "array_set_slice", NullCall: true, Eval: toBytes(arraySetSlice)}
	// setJSONFunc takes a jsonb, whether NULL becomes an array, the steps of a path as texts, and the value.
	setJSONFunc = &expr.Function{Name: "jsonb_set_element", NullCall: true, Eval: toBytes(jsonSetElement)}
)

// SetJSON builds the jsonb that base is after an assignment to the part at a path of texts; array says that the first step is a
// number, so that NULL becomes an array.
func SetJSON(base expr.Expr, path []expr.Expr, array bool, value expr.Expr) expr.Expr {
	args := append([]expr.Expr{base, &expr.Const{T: tBool, Value: types.NewBool(array)}}, path...)
	return &expr.Call{Func: setJSONFunc, Args: append(args, value), T: base.Type()}
}

func jsonSetElement(x *row, dst []byte) ([]byte, error) {
	last := x.len() - 1
	path := make([]string, 0, last-2)
	for i := 2; i < last; i++ {
		if x.null(i) {
			return nil, pgerr.New(pgerr.NullValueNotAllowed, "jsonb subscript in assignment must not be null")
		}
		path = append(path, x.str(i))
	}
	var base []byte
	if !x.null(0) {
		base = x.bytes(0)
	}
	value := []byte("null")
	if !x.null(last) {
		value = x.bytes(last)
	}
	return appended(dst)(types.JSONAssign(base, path, value, x.bool(1)))
}

// SetElement builds the array that base is after an assignment to the element at the subscripts, which are integers.
func SetElement(base expr.Expr, subscripts []expr.Expr, value expr.Expr) expr.Expr {
	args := append(append([]expr.Expr{base}, subscripts...), value)
	return &expr.Call{Func: setElementFunc, Args: args, T: base.Type()}
}

// SetSlice builds the array that base is after an assignment to a slice; a nil bound is one that is not given.
func SetSlice(base expr.Expr, low, high []expr.Expr, value expr.Expr) expr.Expr {
	given := int64(0)
	args := []expr.Expr{base, nil}
	for i := range low {
		for k, b := range []expr.Expr{low[i], high[i]} {
			if b == nil {
				b = &expr.Const{T: tInt4, Value: types.NewInt(0)}
			} else {
				given |= 1 << (2*i + k)
			}
			args = append(args, b)
		}
	}
	args[1] = &expr.Const{T: tInt4, Value: types.NewInt(given)}
	return &expr.Call{Func: setSliceFunc, Args: append(args, value), T: base.Type()}
}

func errSubscriptRange() error {
	return pgerr.New(pgerr.ArraySubscriptError, "array subscript out of range")
}

func errSubscriptCount() error {
	return pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts")
}

// assignSubscripts reads integer arguments from to end, none of which may be NULL.
func assignSubscripts(x *row, from, end int) ([]int64, error) {
	var out []int64
	for i := from; i < end; i++ {
		if x.null(i) {
			return nil, pgerr.New(pgerr.NullValueNotAllowed, "array subscript in assignment must not be null")
		}
		out = append(out, x.int(i))
	}
	return out, nil
}

func arraySetElement(x *row, dst []byte) ([]byte, error) {
	a := readArray(x, 0)
	at, err := assignSubscripts(x, 1, x.len()-1)
	if err != nil {
		return nil, err
	}
	value := x.datum(x.len() - 1)
	if len(a.dims) == 0 { // the first element makes the array, at its place
		for _, s := range at {
			a.dims = append(a.dims, types.ArrayDim{Len: 1, Lower: int32(s)})
		}
		a.elems = []types.Datum{value}
		if err := a.checkSize(); err != nil {
			return nil, err
		}
		return a.append(dst), nil
	}
	if len(a.dims) != len(at) {
		return nil, errSubscriptCount()
	}
	if len(at) == 1 {
		if err := a.extend(at[0], at[0]); err != nil {
			return nil, err
		}
	}
	i := 0
	for d, s := range at {
		off := s - int64(a.dims[d].Lower)
		if off < 0 || off >= int64(a.dims[d].Len) {
			return nil, errSubscriptRange()
		}
		i = i*int(a.dims[d].Len) + int(off)
	}
	a.elems[i] = value
	return a.append(dst), nil
}

// extend widens an array of one dimension with NULLs so that it has the subscripts from low to high.
func (a *arrayData) extend(low, high int64) error {
	d := &a.dims[0]
	before := max(int64(d.Lower)-low, 0)
	after := max(high-(int64(d.Lower)+int64(d.Len)-1), 0)
	grown := []types.ArrayDim{{Len: d.Len, Lower: int32(int64(d.Lower) - before)}}
	if before+after+int64(d.Len) > arrayElementsMax {
		return pgerr.New(pgerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", arrayElementsMax)
	}
	grown[0].Len += int32(before + after)
	if _, err := types.CheckArrayDims(grown); err != nil {
		return err
	}
	if before+after > expr.MaxValueBytes/8 {
		return expr.ErrTooLarge()
	}
	nulls := func(n int64) []types.Datum { return slices.Repeat([]types.Datum{types.Null}, int(n)) }
	a.elems = slices.Concat(nulls(before), a.elems, nulls(after))
	*d = grown[0]
	return nil
}

func arraySetSlice(x *row, dst []byte) ([]byte, error) {
	bounds, err := assignSubscripts(x, 2, x.len()-1)
	if err != nil {
		return nil, err
	}
	if x.null(x.len() - 1) { // as in PostgreSQL, nothing is assigned
		if x.null(0) {
			return nil, errNull
		}
		return append(dst, x.bytes(0)...), nil
	}
	a, src, given := readArray(x, 0), readArray(x, x.len()-1), x.int(1)
	n := len(bounds) / 2
	if len(a.dims) == 0 {
		return sliceOfNothing(dst, &a, &src, bounds, given)
	}
	if len(a.dims) < n {
		return nil, errSubscriptCount()
	}
	from, count, err := a.span(bounds, given)
	if err != nil {
		return nil, err
	}
	total := 1
	for _, c := range count {
		total *= c
	}
	if len(src.elems) < total {
		return nil, errSourceTooSmall()
	}
	next := 0
	var fill func(d, base int)
	fill = func(d, base int) {
		for i := range count[d] {
			at := base*int(a.dims[d].Len) + from[d] + i
			if d < len(count)-1 {
				fill(d+1, at)
				continue
			}
			a.elems[at] = src.elems[next]
			next++
		}
	}
	fill(0, 0)
	return a.append(dst), nil
}

func errSourceTooSmall() error {
	return pgerr.New(pgerr.ArraySubscriptError, "source array too small")
}

// sliceOfNothing assigns a slice of an empty array, which becomes the slice.
func sliceOfNothing(dst []byte, a, src *arrayData, bounds []int64, given int64) ([]byte, error) {
	total := int64(1)
	for i := 0; i < len(bounds); i += 2 {
		if given>>i&3 != 3 {
			return nil, pgerr.New(pgerr.ArraySubscriptError, "array slice subscript must provide both boundaries").
				WithDetail("When assigning to a slice of an empty array value, slice boundaries must be fully specified.")
		}
		low, high := bounds[i], bounds[i+1]
		if low > high {
			return nil, pgerr.New(pgerr.ArraySubscriptError, "upper bound cannot be less than lower bound")
		}
		length := high - low + 1
		if total *= length; total > int64(len(src.elems)) {
			return nil, errSourceTooSmall()
		}
		a.dims = append(a.dims, types.ArrayDim{Len: int32(length), Lower: int32(low)})
	}
	a.elems = src.elems[:total]
	if err := a.checkSize(); err != nil {
		return nil, err
	}
	return a.append(dst), nil
}

// span turns a slice's bounds into offsets and counts by dimension, and widens an array of one dimension as needed.
func (a *arrayData) span(bounds []int64, given int64) (from, count []int, err error) {
	from, count = make([]int, len(a.dims)), make([]int, len(a.dims))
	for d := range a.dims {
		first := int64(a.dims[d].Lower)
		low, high := first, first+int64(a.dims[d].Len)-1
		if 2*d < len(bounds) {
			if given>>(2*d)&1 != 0 {
				low = bounds[2*d]
			}
			if given>>(2*d)&2 != 0 {
				high = bounds[2*d+1]
			}
			if low > high {
				return nil, nil, pgerr.New(pgerr.ArraySubscriptError, "upper bound cannot be less than lower bound")
			}
			if len(a.dims) == 1 {
				if err := a.extend(low, high); err != nil {
					return nil, nil, err
				}
				first = int64(a.dims[0].Lower)
			}
			if low < first || high >= first+int64(a.dims[d].Len) {
				return nil, nil, errSubscriptRange()
			}
		}
		from[d], count[d] = int(low-first), int(high-low+1)
	}
	return from, count, nil
}
