package scalar

import (
	"slices"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/types"
)

func arrayFunctions() []*expr.Function {
	fn := func(name string, ret types.T, kernel expr.EvalFunc, args ...types.T) *expr.Function {
		return &expr.Function{Name: name, Args: args, Ret: ret, Eval: kernel}
	}
	nullCall := func(f *expr.Function) *expr.Function {
		f.NullCall = true
		return f
	}
	op := func(f *expr.Function) *expr.Function {
		f.Operator = true
		return f
	}
	return []*expr.Function{
		op(fn("@>", tBool, toBool(func(x *row) (bool, error) { return arrayContains(x, 0, 1), nil }), anyArray, anyArray)),
		op(fn("<@", tBool, toBool(func(x *row) (bool, error) { return arrayContains(x, 1, 0), nil }), anyArray, anyArray)),
		op(fn("&&", tBool, toBool(arrayOverlaps), anyArray, anyArray)),
		op(nullCall(fn("||", anyCompatibleArray, toBytes(arrayAppend), anyCompatibleArray, anyCompatible))),
		op(nullCall(fn("||", anyCompatibleArray, toBytes(arrayPrepend), anyCompatible, anyCompatibleArray))),
		op(nullCall(fn("||", anyCompatibleArray, toBytes(arrayCat), anyCompatibleArray, anyCompatibleArray))),
		nullCall(fn("array_append", anyCompatibleArray, toBytes(arrayAppend), anyCompatibleArray, anyCompatible)),
		nullCall(fn("array_prepend", anyCompatibleArray, toBytes(arrayPrepend), anyCompatible, anyCompatibleArray)),
		nullCall(fn("array_cat", anyCompatibleArray, toBytes(arrayCat), anyCompatibleArray, anyCompatibleArray)),
		nullCall(fn("array_remove", anyCompatibleArray, toBytes(arrayRemove), anyCompatibleArray, anyCompatible)),
		nullCall(fn("array_replace", anyCompatibleArray, toBytes(arrayReplace), anyCompatibleArray, anyCompatible, anyCompatible)),
		nullCall(fn("array_position", tInt4, toInt(arrayPosition), anyCompatibleArray, anyCompatible)),
		nullCall(fn("array_position", tInt4, toInt(arrayPosition), anyCompatibleArray, anyCompatible, tInt4)),
		nullCall(fn("array_positions", types.ArrayOf(tInt4), toBytes(arrayPositions), anyCompatibleArray, anyCompatible)),
		nullCall(fn("array_fill", anyArray, toBytes(arrayFill), anyElement, types.ArrayOf(tInt4))),
		nullCall(fn("array_fill", anyArray, toBytes(arrayFill), anyElement, types.ArrayOf(tInt4), types.ArrayOf(tInt4))),
		fn("trim_array", anyArray, toBytes(trimArray), anyArray, tInt4),

		fn("array_length", tInt4, toInt(func(x *row) (int64, error) {
			d, err := dimension(x)
			return int64(d.Len), err
		}), anyArray, tInt4),
		fn("array_lower", tInt4, toInt(func(x *row) (int64, error) {
			d, err := dimension(x)
			return int64(d.Lower), err
		}), anyArray, tInt4),
		fn("array_upper", tInt4, toInt(func(x *row) (int64, error) {
			d, err := dimension(x)
			return int64(d.Lower) + int64(d.Len) - 1, err
		}), anyArray, tInt4),
		fn("array_ndims", tInt4, toInt(arrayNDims), anyArray),
		fn("array_dims", tText, toBytes(arrayDims), anyArray),
		fn("cardinality", tInt4, toInt(func(x *row) (int64, error) {
			a := x.array(0)
			return int64(a.Len()), nil
		}), anyArray),
		stable(fn("array_to_string", tText, toBytes(arrayToString), anyArray, tText), expr.UsesSettings),
		stable(nullCall(fn("array_to_string", tText, toBytes(arrayToString), anyArray, tText, tText)), expr.UsesSettings),
		nullCall(&expr.Function{Name: "num_nulls", Args: with(anyType), Variadic: true, Ret: tInt4, Total: true, Eval: toInt(countNulls(true))}),
		nullCall(&expr.Function{Name: "num_nonnulls", Args: with(anyType), Variadic: true, Ret: tInt4, Total: true, Eval: toInt(countNulls(false))}),
	}
}

func countNulls(want bool) func(x *row) (int64, error) {
	return func(x *row) (int64, error) {
		n := int64(0)
		for i := range x.len() {
			if x.null(i) == want {
				n++
			}
		}
		return n, nil
	}
}

// arrayData reads an array's elements, dimensions and type of element; a NULL array has none.
type arrayData struct {
	elem  types.T
	elems []types.Datum
	dims  []types.ArrayDim
}

func readArray(x *row, i int) arrayData {
	a := arrayData{elem: x.typ(i).ElemType()}
	if x.null(i) {
		return a
	}
	r := x.array(i)
	a.dims = slices.Clone(r.Dims())
	a.elems = make([]types.Datum, 0, r.Len())
	for d, ok := r.Next(); ok; d, ok = r.Next() {
		a.elems = append(a.elems, d)
	}
	return a
}

func (a *arrayData) append(dst []byte) []byte {
	b := types.NewArrayBuilder(a.elem)
	for _, d := range a.elems {
		b.Append(d)
	}
	if len(a.elems) == 0 {
		return b.Build(dst)
	}
	return b.BuildDims(dst, a.dims)
}

// checkSize refuses arrays beyond PostgreSQL's limit on the number of elements.
func (a *arrayData) checkSize() error {
	_, err := types.CheckArrayDims(a.dims)
	return err
}

// arrayContains reports whether each element of the second array is in the first. NULLs are equal to nothing.
func arrayContains(x *row, whole, part int) bool {
	a, b := readArray(x, whole), readArray(x, part)
	for _, want := range b.elems {
		if want.Null || !slices.ContainsFunc(a.elems, func(d types.Datum) bool { return !d.Null && types.Equal(a.elem, d, want) }) {
			return false
		}
	}
	return true
}

func arrayOverlaps(x *row) (bool, error) {
	a, b := readArray(x, 0), readArray(x, 1)
	for _, want := range b.elems {
		if !want.Null && slices.ContainsFunc(a.elems, func(d types.Datum) bool { return !d.Null && types.Equal(a.elem, d, want) }) {
			return true, nil
		}
	}
	return false, nil
}

func errNotOneDimensional() error {
	return pgerr.New("22000", "argument must be empty or one-dimensional array")
}

// arrayAppend adds an element at the end; a NULL array counts as an empty one.
func arrayAppend(x *row, dst []byte) ([]byte, error) {
	a := readArray(x, 0)
	if len(a.dims) > 1 {
		return nil, errNotOneDimensional()
	}
	if len(a.dims) == 0 {
		a.dims = []types.ArrayDim{{Lower: 1}}
	}
	a.elems = append(a.elems, x.datum(1))
	a.dims[0].Len++
	return a.append(dst), a.checkSize()
}

// arrayPrepend adds an element before the first; the array keeps its lower bound.
func arrayPrepend(x *row, dst []byte) ([]byte, error) {
	a := readArray(x, 1)
	if len(a.dims) > 1 {
		return nil, errNotOneDimensional()
	}
	if len(a.dims) == 0 {
		a.dims = []types.ArrayDim{{Lower: 1}}
	}
	a.elems = slices.Insert(a.elems, 0, x.datum(0))
	a.dims[0].Len++
	return a.append(dst), a.checkSize()
}

func errIncompatibleArrays(detail string, args ...any) error {
	return pgerr.New(pgerr.ArraySubscriptError, "cannot concatenate incompatible arrays").WithDetail(detail, args...)
}

// arrayCat joins two arrays of the same number of dimensions along the first, or adds one with a dimension less as
// an element.
func arrayCat(x *row, dst []byte) ([]byte, error) {
	switch {
	case x.null(0) && x.null(1):
		return nil, errNull
	case x.null(0):
		return append(dst, x.bytes(1)...), nil
	case x.null(1):
		return append(dst, x.bytes(0)...), nil
	}
	a, b := readArray(x, 0), readArray(x, 1)
	switch {
	case len(a.dims) == 0:
		return append(dst, x.bytes(1)...), nil
	case len(b.dims) == 0:
		return append(dst, x.bytes(0)...), nil
	}
	var dims []types.ArrayDim
	sameLengths := func(p, q types.ArrayDim) bool { return p.Len == q.Len }
	switch len(a.dims) - len(b.dims) {
	case 0:
		dims = slices.Clone(a.dims)
		dims[0].Len += b.dims[0].Len
		if !slices.EqualFunc(a.dims[1:], b.dims[1:], sameLengths) {
			return nil, errIncompatibleArrays("Arrays with differing element dimensions are not compatible for concatenation.")
		}
	case 1:
		dims = slices.Clone(a.dims)
		dims[0].Len++
		if !slices.EqualFunc(a.dims[1:], b.dims, sameLengths) {
			return nil, errIncompatibleArrays("Arrays with differing dimensions are not compatible for concatenation.")
		}
	case -1:
		dims = slices.Clone(b.dims)
		dims[0].Len++
		if !slices.EqualFunc(b.dims[1:], a.dims, sameLengths) {
			return nil, errIncompatibleArrays("Arrays with differing dimensions are not compatible for concatenation.")
		}
	default:
		return nil, errIncompatibleArrays("Arrays of %d and %d dimensions are not compatible for concatenation.", len(a.dims), len(b.dims))
	}
	a.elems, a.dims = append(a.elems, b.elems...), dims
	return a.append(dst), a.checkSize()
}

// equalOrNull compares elements with NULLs equal to each other.
func equalOrNull(t types.T, a, b types.Datum) bool {
	if a.Null || b.Null {
		return a.Null && b.Null
	}
	return types.Equal(t, a, b)
}

func arrayRemove(x *row, dst []byte) ([]byte, error) {
	if x.null(0) {
		return nil, errNull
	}
	a := readArray(x, 0)
	if len(a.dims) > 1 {
		return nil, pgerr.Unsupported("removing elements from multidimensional arrays")
	}
	n := len(a.elems)
	a.elems = slices.DeleteFunc(a.elems, func(d types.Datum) bool { return equalOrNull(a.elem, d, x.datum(1)) })
	if n > 0 {
		a.dims[0].Len = int32(len(a.elems))
	}
	return a.append(dst), nil
}

func arrayReplace(x *row, dst []byte) ([]byte, error) {
	if x.null(0) {
		return nil, errNull
	}
	a := readArray(x, 0)
	for i, d := range a.elems {
		if equalOrNull(a.elem, d, x.datum(1)) {
			a.elems[i] = x.datum(2)
		}
	}
	return a.append(dst), nil
}

func errManyDimensions() error {
	return pgerr.New(pgerr.FeatureNotSupported, "searching for elements in multidimensional arrays is not supported")
}

// arrayPosition gives the subscript of the first element equal to the value, from a subscript on.
func arrayPosition(x *row) (int64, error) {
	if x.null(0) {
		return 0, errNull
	}
	a := readArray(x, 0)
	switch {
	case len(a.dims) > 1:
		return 0, errManyDimensions()
	case len(a.dims) == 0:
		return 0, errNull
	}
	lower, from := int64(a.dims[0].Lower), int64(0)
	if x.null(1) && !slices.ContainsFunc(a.elems, func(d types.Datum) bool { return d.Null }) {
		return 0, errNull
	}
	if x.len() == 3 {
		if x.null(2) {
			return 0, pgerr.New(pgerr.NullValueNotAllowed, "initial position must not be null")
		}
		from = max(x.int(2)-lower, 0)
	}
	for i := from; i < int64(len(a.elems)); i++ {
		if equalOrNull(a.elem, a.elems[i], x.datum(1)) {
			return lower + i, nil
		}
	}
	return 0, errNull
}

func arrayPositions(x *row, dst []byte) ([]byte, error) {
	if x.null(0) {
		return nil, errNull
	}
	a := readArray(x, 0)
	if len(a.dims) > 1 {
		return nil, errManyDimensions()
	}
	b := types.NewArrayBuilder(tInt4)
	for i, d := range a.elems {
		if equalOrNull(a.elem, d, x.datum(1)) {
			b.Append(types.NewInt(int64(a.dims[0].Lower) + int64(i)))
		}
	}
	return b.Build(dst), nil
}

// arrayFill makes an array of one value, with the lengths and optionally the lower bounds that are given.
func arrayFill(x *row, dst []byte) ([]byte, error) {
	if x.null(1) || x.len() == 3 && x.null(2) {
		return nil, pgerr.New(pgerr.NullValueNotAllowed, "dimension array or low bound array cannot be null")
	}
	lengths, err := dimensionValues(x, 1)
	if err != nil {
		return nil, err
	}
	lowers := make([]int32, len(lengths))
	for i := range lowers {
		lowers[i] = 1
	}
	if x.len() == 3 {
		if lowers, err = dimensionValues(x, 2); err != nil {
			return nil, err
		}
		if len(lowers) != len(lengths) {
			return nil, pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts").
				WithDetail("Low bound array has different size than dimensions array.")
		}
	}
	if len(lengths) > 6 {
		return nil, pgerr.New(pgerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (6)", len(lengths))
	}
	a := arrayData{elem: x.out.ElemType()}
	for i, n := range lengths {
		if n < 0 {
			return nil, pgerr.New(pgerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", arrayElementsMax)
		}
		a.dims = append(a.dims, types.ArrayDim{Len: n, Lower: lowers[i]})
	}
	n, err := types.CheckArrayDims(a.dims)
	if err != nil {
		return nil, err
	}
	b := types.NewArrayBuilder(a.elem)
	if n == 0 {
		return b.Build(dst), nil
	}
	if v := x.datum(0); (len(v.B)+8)*n > expr.MaxValueBytes {
		return nil, expr.ErrTooLarge()
	}
	for range n {
		b.Append(x.datum(0))
	}
	return b.BuildDims(dst, a.dims), nil
}

// arrayElementsMax is PostgreSQL's limit on an array's elements, which its message names.
const arrayElementsMax = 134217727

func dimensionValues(x *row, i int) ([]int32, error) {
	a := readArray(x, i)
	if len(a.dims) > 1 {
		return nil, pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts").
			WithDetail("Dimension array must be one dimensional.")
	}
	var list []int32
	for _, d := range a.elems {
		if d.Null {
			return nil, pgerr.New(pgerr.NullValueNotAllowed, "dimension values cannot be null")
		}
		list = append(list, int32(d.I))
	}
	return list, nil
}

// trimArray drops elements from the end of the first dimension.
func trimArray(x *row, dst []byte) ([]byte, error) {
	a, n := readArray(x, 0), x.int(1)
	length := int64(0)
	if len(a.dims) > 0 {
		length = int64(a.dims[0].Len)
	}
	if n < 0 || n > length {
		return nil, pgerr.New("2202E", "number of elements to trim must be between 0 and %d", length)
	}
	if length == 0 {
		return a.append(dst), nil
	}
	each := len(a.elems) / int(length)
	a.elems = a.elems[:each*int(length-n)]
	a.dims[0].Len = int32(length - n)
	for i := range a.dims {
		a.dims[i].Lower = 1
	}
	return a.append(dst), nil
}

// dimension reads the dimension that argument 1 names, NULL where there is none.
func dimension(x *row) (types.ArrayDim, error) {
	a, i := x.array(0), x.int(1)
	if i < 1 || i > int64(len(a.Dims())) {
		return types.ArrayDim{}, errNull
	}
	return a.Dims()[i-1], nil
}

func arrayNDims(x *row) (int64, error) {
	a := x.array(0)
	if len(a.Dims()) == 0 {
		return 0, errNull
	}
	return int64(len(a.Dims())), nil
}

func arrayDims(x *row, dst []byte) ([]byte, error) {
	a := x.array(0)
	if len(a.Dims()) == 0 {
		return nil, errNull
	}
	for _, d := range a.Dims() {
		dst = append(dst, '[')
		dst = types.AppendText(dst, tInt4, types.NewInt(int64(d.Lower)), nil)
		dst = append(dst, ':')
		dst = types.AppendText(dst, tInt4, types.NewInt(int64(d.Lower)+int64(d.Len)-1), nil)
		dst = append(dst, ']')
	}
	return dst, nil
}

// arrayToString joins the elements' text. NULLs are left out, or shown as the third argument.
func arrayToString(x *row, dst []byte) ([]byte, error) {
	if x.null(0) || x.null(1) {
		return nil, errNull
	}
	showNull := x.len() == 3 && !x.null(2)
	elem, a, first := x.typ(0).ElemType(), x.array(0), true
	for d, ok := a.Next(); ok; d, ok = a.Next() {
		if d.Null && !showNull {
			continue
		}
		if !first {
			dst = append(dst, x.bytes(1)...)
		}
		first = false
		if d.Null {
			dst = append(dst, x.bytes(2)...)
			continue
		}
		dst = types.AppendText(dst, elem, d, x.ctx.Env)
	}
	return dst, nil
}
