package types

import "millrace/pgerr"

// JSONField reads the value v of a JSON object's field as a type, as json_to_record does: null is NULL; a json or jsonb takes the
// value as it is; an array takes a JSON array, of arrays of one length each where it has dimensions, or a string of the array's
// text form; any other type takes a string's text, or the value's. key is for a hint. Errors are 22P02, 22001 and those of the
// type's text form.
func JSONField(t T, v []byte, key string, env *Env) (Datum, error) {
	if jsonKind(trimJSON(v)) == 'n' {
		return Null, nil
	}
	if !t.Is(Array) {
		return jsonScalar(t, v, env)
	}
	switch JSONTypeof(v) {
	case "string":
		return jsonScalar(t, v, env)
	case "array":
	default:
		return Null, pgerr.New(pgerr.InvalidTextRepresentation, "expected JSON array").WithHint("See the value of key \"%s\".", key)
	}
	elem := t.ElemType()
	elem.Mod = t.Mod
	a := &jsonArray{elem: elem, key: key, env: env}
	a.b.Reset(elem)
	if err := a.walk(v, 1); err != nil {
		return Null, err
	}
	if a.b.n == 0 {
		return NewBytes(a.b.Build(nil)), nil
	}
	dims := make([]ArrayDim, len(a.lens))
	for i, n := range a.lens {
		dims[i] = ArrayDim{Len: int32(n), Lower: 1}
	}
	return NewBytes(a.b.BuildDims(nil, dims)), nil
}

func jsonScalar(t T, v []byte, env *Env) (Datum, error) {
	if !t.Is(JSON) && !t.Is(JSONB) {
		text, null, err := RawJSONText(v)
		if err != nil || null {
			return Null, err
		}
		v = text
	}
	d, err := ParseText(t.WithoutMod(), v, env)
	if err != nil || t.Mod < 0 {
		return d, err
	}
	return ApplyMod(t, d, false)
}

// jsonArray collects the elements of a JSON array of arrays.
type jsonArray struct {
	elem T
	key  string
	env  *Env
	b    ArrayBuilder
	dims int   // known when the first element that is no array is met; 0 before
	lens []int // per dimension, as far as known
}

// walk adds the elements of v, an array at the given depth.
func (a *jsonArray) walk(v []byte, depth int) error {
	if depth > arrayDimsMax {
		return errArrayDims(depth)
	}
	n := 0
	err := JSONElements(v, func(x []byte) error {
		n++
		if JSONTypeof(x) == "array" && (a.dims == 0 || depth < a.dims) {
			return a.walk(x, depth+1)
		}
		switch {
		case a.dims == 0:
			a.dims = depth
		case depth < a.dims:
			return pgerr.New(pgerr.InvalidTextRepresentation, "expected JSON array").WithHint("See the value of key \"%s\".", a.key)
		}
		d, err := Null, error(nil)
		if jsonKind(trimJSON(x)) != 'n' {
			d, err = jsonScalar(a.elem, x, a.env)
		}
		if err == nil {
			a.b.Append(d)
		}
		return err
	})
	if err != nil {
		return err
	}
	if a.dims == 0 {
		a.dims = depth // an empty array
	}
	for len(a.lens) < a.dims {
		a.lens = append(a.lens, -1)
	}
	switch have := &a.lens[depth-1]; {
	case *have < 0:
		*have = n
	case *have != n:
		return pgerr.New(pgerr.InvalidTextRepresentation, "malformed JSON array").
			WithDetail("Multidimensional arrays must have sub-arrays with matching dimensions.")
	}
	return nil
}
