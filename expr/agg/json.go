package agg

import (
	"millrace/delta"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/types"
)

// jsons are the aggregates that make JSON. Their arguments arrive as JSON: what a value looks like there may depend on
// the session, and is decided before.
func jsons() []*Function {
	json, jsonb := types.Of(types.JSON), types.Of(types.JSONB)
	return []*Function{
		{Name: "json_agg", OID: 3175, Args: []types.T{expr.AnyNonArray}, Ret: json, Through: "to_json",
			Fold: func([]types.T) Fold { return &jsonFold{} }, Note: "The values, nulls among them, as a JSON array."},
		{Name: "json_agg", Args: []types.T{expr.AnyArray}, Ret: json, Through: "to_json",
			Fold: func([]types.T) Fold { return &jsonFold{lines: true} }, Note: "The arrays, nulls among them, as a JSON array."},
		{Name: "jsonb_agg", OID: 3267, Args: []types.T{expr.AnyElement}, Ret: jsonb, Through: "to_jsonb",
			Fold: func([]types.T) Fold { return &jsonbFold{} }, Note: "The values, nulls among them, as a JSON array."},
		{Name: "json_object_agg", OID: 3197, Args: []types.T{expr.AnyType, expr.AnyType}, Ret: json, Through: "to_json",
			Fold: func([]types.T) Fold { return &jsonFold{object: true} }, Note: "The pairs of key and value as a JSON object."},
		{Name: "jsonb_object_agg", OID: 3270, Args: []types.T{expr.AnyType, expr.AnyType}, Ret: jsonb, Through: "to_jsonb",
			Fold: func([]types.T) Fold { return &jsonbFold{object: true} },
			Note: "The pairs of key and value as a JSON object. Of several pairs with one key the last stays."},
	}
}

func errJSONNullKey() error {
	return pgerr.New(pgerr.InvalidParameterValue, "field name must not be null")
}

func errJSONKeyKind() error {
	return pgerr.New(pgerr.InvalidParameterValue, "key value must be scalar, not array, composite, or json")
}

// jsonFold is json_agg, and json_object_agg when object: text, with the spaces that PostgreSQL puts. Cost: the length of
// the result.
type jsonFold struct {
	object bool
	lines  bool // each value but the first begins a line
	buf    []byte
}

func (f *jsonFold) Begin([]types.Datum, int64) (int64, error) {
	f.buf = f.buf[:0]
	return 0, nil
}

func (f *jsonFold) Row(args []types.Datum, at, n int64) (int64, error) {
	for range n {
		var err error
		if f.object {
			err = f.pair(args[0], args[1])
		} else {
			f.element(args[0])
		}
		if err == nil && len(f.buf) > expr.MaxValueBytes {
			err = expr.ErrTooLarge()
		}
		if err != nil {
			return Done, err
		}
	}
	return at + n, nil
}

func (f *jsonFold) element(v types.Datum) {
	switch {
	case len(f.buf) == 0:
		f.buf = append(f.buf, '[')
	case f.lines && !v.Null:
		f.buf = append(f.buf, ", \n "...)
	default:
		f.buf = append(f.buf, ", "...)
	}
	f.value(v)
}

func (f *jsonFold) value(v types.Datum) {
	if v.Null {
		f.buf = append(f.buf, "null"...)
		return
	}
	f.buf = append(f.buf, v.B...)
}

func (f *jsonFold) pair(key, v types.Datum) error {
	if key.Null {
		return errJSONNullKey()
	}
	if len(f.buf) == 0 {
		f.buf = append(f.buf, "{ "...)
	} else {
		f.buf = append(f.buf, ", "...)
	}
	switch {
	case len(key.B) == 0 || key.B[0] == '[' || key.B[0] == '{':
		return errJSONKeyKind()
	case key.B[0] == '"':
		f.buf = append(f.buf, key.B...)
	default:
		f.buf = append(append(append(f.buf, '"'), key.B...), '"')
	}
	f.buf = append(f.buf, " : "...)
	f.value(v)
	return nil
}

func (f *jsonFold) End(out *delta.Vec) error {
	switch {
	case len(f.buf) == 0:
		out.AppendNull()
		return nil
	case f.object:
		f.buf = append(f.buf, " }"...)
	default:
		f.buf = append(f.buf, ']')
	}
	out.AppendBytes(f.buf)
	return nil
}

// jsonbFold is jsonb_agg, and jsonb_object_agg when object. Cost: the length of the result, and the sorting of keys.
type jsonbFold struct {
	object bool
	b      types.JSONBuilder
	any    bool
	bytes  int
}

func (f *jsonbFold) Begin([]types.Datum, int64) (int64, error) {
	f.b.Reset()
	f.any, f.bytes = false, 0
	return 0, nil
}

func (f *jsonbFold) Row(args []types.Datum, at, n int64) (int64, error) {
	times := n
	if f.object {
		times = 1 // the same key again changes nothing
	}
	for range times {
		if !f.any {
			f.begin()
		}
		v := args[0]
		if f.object {
			if err := f.key(args[0]); err != nil {
				return Done, err
			}
			v = args[1]
		}
		if v.Null {
			f.b.Null()
		} else {
			f.b.Raw(v.B)
		}
		if f.bytes += 8 + len(args[0].B) + len(v.B); f.bytes > expr.MaxValueBytes {
			return Done, expr.ErrTooLarge()
		}
	}
	return at + n, nil
}

func (f *jsonbFold) begin() {
	f.any = true
	if f.object {
		f.b.BeginObject()
	} else {
		f.b.BeginArray()
	}
}

func (f *jsonbFold) key(k types.Datum) error {
	if k.Null {
		return errJSONNullKey()
	}
	if kind := types.JSONTypeof(k.B); kind == "object" || kind == "array" {
		return errJSONKeyKind()
	}
	text, null := types.JSONText(k.B)
	if null {
		return errJSONNullKey()
	}
	f.b.Key(text)
	return nil
}

func (f *jsonbFold) End(out *delta.Vec) error {
	if !f.any {
		out.AppendNull()
		return nil
	}
	if f.object {
		f.b.EndObject()
	} else {
		f.b.EndArray()
	}
	v, err := f.b.Finish()
	if err != nil {
		out.AppendNull()
		return err
	}
	out.AppendBytes(v)
	return nil
}
