package scalar

import (
	"millrace/expr"
	"millrace/pgerr"
	"millrace/types"
)

// jsonBuilders make JSON of SQL values. They are stable, since dates print by the session's time zone.
func jsonBuilders() []*expr.Function {
	build := func(name string, ret types.T, variadic, null bool, kernel expr.EvalFunc, args ...types.T) *expr.Function {
		return stable(&expr.Function{Name: name, Args: args, Variadic: variadic, Ret: ret, NullCall: null, Eval: kernel}, expr.UsesSettings)
	}
	list := []*expr.Function{
		build("to_jsonb", tJSONB, false, false, toBytes(toJSONB), anyElement),
		build("to_json", tJSON, false, false, toBytes(toJSON), anyElement),
		build("array_to_json", tJSON, false, false, toBytes(toJSON), anyArray),
		build("array_to_json", tJSON, false, false, toBytes(toJSONLines), anyArray, tBool),
		build("jsonb_build_object", tJSONB, false, true, toBytes(buildObjectJSONB)),
		build("jsonb_build_object", tJSONB, true, true, toBytes(buildObjectJSONB), anyType),
		build("jsonb_build_array", tJSONB, false, true, toBytes(buildArrayJSONB)),
		build("jsonb_build_array", tJSONB, true, true, toBytes(buildArrayJSONB), anyType),
		build("json_build_object", tJSON, false, true, toBytes(buildObjectJSON)),
		build("json_build_object", tJSON, true, true, toBytes(buildObjectJSON), anyType),
		build("json_build_array", tJSON, false, true, toBytes(buildArrayJSON)),
		build("json_build_array", tJSON, true, true, toBytes(buildArrayJSON), anyType),
	}
	return list
}

func toJSONB(x *row, dst []byte) ([]byte, error) {
	var b types.JSONBuilder
	if err := addJSON(&b, x.ctx, x.typ(0), x.datum(0)); err != nil {
		return nil, err
	}
	return appended(dst)(b.Finish())
}

// addJSON adds a SQL value to a jsonb under construction.
func addJSON(b *types.JSONBuilder, ctx *expr.Context, t types.T, d types.Datum) error {
	if d.Null {
		b.Null()
		return nil
	}
	switch t.Kind {
	case types.Bool:
		b.Bool(d.Bool())
	case types.Int2, types.Int4, types.Int8:
		b.Int(d.I)
	case types.Float4, types.Float8, types.Numeric:
		b.Number(types.AppendText(nil, t, d, ctx.Env))
	case types.JSONB:
		b.Raw(d.B)
	case types.JSON:
		v, err := types.ParseJSONB(d.B)
		if err != nil {
			return err
		}
		b.Raw(v)
	case types.Array:
		return addJSONArray(b, ctx, t.ElemType(), d.B)
	case types.Record:
		return addJSONRow(b, ctx, t, d.B)
	default:
		b.String(jsonString(ctx, t, d))
	}
	return nil
}

func addJSONArray(b *types.JSONBuilder, ctx *expr.Context, elem types.T, array []byte) error {
	r := types.ReadArray(elem, array)
	dims := r.Dims()
	if r.Len() == 0 {
		b.BeginArray()
		b.EndArray()
		return nil
	}
	var level func(d int) error
	level = func(d int) error {
		b.BeginArray()
		for range dims[d].Len {
			if d+1 < len(dims) {
				if err := level(d + 1); err != nil {
					return err
				}
				continue
			}
			v, _ := r.Next()
			if err := addJSON(b, ctx, elem, v); err != nil {
				return err
			}
		}
		b.EndArray()
		return nil
	}
	return level(0)
}

// jsonString gives the text that a value has as a JSON string: times in XML Schema's form, all others as SQL has them.
func jsonString(ctx *expr.Context, t types.T, d types.Datum) []byte {
	switch t.Kind {
	case types.Date:
		return types.AppendDate(nil, d.I, isoEnv(ctx))
	case types.Timestamp:
		return types.AppendTimestampXSD(nil, d.I)
	case types.TimestampTZ:
		return types.AppendTimestampTZXSD(nil, d.I, ctx.Env.TimeZone)
	}
	return types.AppendText(nil, t, d, ctx.Env)
}

// isoEnv is the context's environment with ISO dates.
func isoEnv(ctx *expr.Context) *types.Env {
	env := *ctx.Env
	env.DateStyle = types.DefaultEnv.DateStyle
	return &env
}

func errOddArguments(function string) error {
	return pgerr.New(pgerr.InvalidParameterValue, "argument list must have even number of elements").
		WithHint("The arguments of %s must consist of alternating keys and values.", function+"()")
}

// jsonKey gives the text of an object's key.
func jsonKey(x *row, i int) ([]byte, error) {
	switch x.typ(i).Kind {
	case types.Array, types.JSON, types.JSONB, types.Record:
		return nil, pgerr.New(pgerr.InvalidParameterValue, "key value must be scalar, not array, composite, or json")
	}
	return x.text(i), nil
}

func buildObjectJSONB(x *row, dst []byte) ([]byte, error) {
	if x.len()%2 != 0 {
		return nil, errOddArguments("jsonb_build_object")
	}
	var b types.JSONBuilder
	b.BeginObject()
	for i := 0; i < x.len(); i += 2 {
		if x.null(i) {
			return nil, pgerr.New(pgerr.InvalidParameterValue, "argument %d: key must not be null", i+1)
		}
		key, err := jsonKey(x, i)
		if err != nil {
			return nil, err
		}
		b.Key(key)
		if err := addJSON(&b, x.ctx, x.typ(i+1), x.datum(i+1)); err != nil {
			return nil, err
		}
	}
	b.EndObject()
	return appended(dst)(b.Finish())
}

func buildArrayJSONB(x *row, dst []byte) ([]byte, error) {
	var b types.JSONBuilder
	b.BeginArray()
	for i := range x.len() {
		if err := addJSON(&b, x.ctx, x.typ(i), x.datum(i)); err != nil {
			return nil, err
		}
	}
	b.EndArray()
	return appended(dst)(b.Finish())
}

// textPairs reads the keys and values of json_object: one array in which they alternate, or of pairs, or two arrays.
func textPairs(x *row) (pairs []types.Datum, err error) {
	a := readArray(x, 0)
	if x.len() == 1 {
		switch {
		case len(a.dims) > 2:
			return nil, pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts")
		case len(a.dims) == 2 && a.dims[1].Len != 2:
			return nil, pgerr.New(pgerr.ArraySubscriptError, "array must have two columns")
		case len(a.elems)%2 != 0:
			return nil, pgerr.New(pgerr.ArraySubscriptError, "array must have even number of elements")
		}
		pairs = a.elems
	} else {
		b := readArray(x, 1)
		switch {
		case len(a.dims) > 1 || len(a.dims) != len(b.dims):
			return nil, pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts")
		case len(a.elems) != len(b.elems):
			return nil, pgerr.New(pgerr.ArraySubscriptError, "mismatched array dimensions")
		}
		for i := range a.elems {
			pairs = append(pairs, a.elems[i], b.elems[i])
		}
	}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i].Null {
			return nil, pgerr.New(pgerr.NullValueNotAllowed, "null value not allowed for object key")
		}
	}
	return pairs, nil
}

func objectOfTexts(x *row, dst []byte) ([]byte, error) {
	pairs, err := textPairs(x)
	if err != nil {
		return nil, err
	}
	var b types.JSONBuilder
	b.BeginObject()
	for i := 0; i < len(pairs); i += 2 {
		b.Key(pairs[i].B)
		if v := pairs[i+1]; v.Null {
			b.Null()
		} else {
			b.String(v.B)
		}
	}
	b.EndObject()
	return appended(dst)(b.Finish())
}

func objectOfTextsJSON(x *row, dst []byte) ([]byte, error) {
	pairs, err := textPairs(x)
	if err != nil {
		return nil, err
	}
	dst = append(dst, '{')
	for i := 0; i < len(pairs); i += 2 {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(types.AppendJSONString(dst, pairs[i].B), " : "...)
		if v := pairs[i+1]; v.Null {
			dst = append(dst, "null"...)
		} else {
			dst = types.AppendJSONString(dst, v.B)
		}
	}
	return append(dst, '}'), nil
}

// The json builders write text: keys stay in order and repeated, and json values as they are.

// jsonBreak is what stands after the commas of array_to_json(a, true) and row_to_json(r, true), at the outermost level only.
const jsonBreak = "\n "

func appendJSON(dst []byte, ctx *expr.Context, t types.T, d types.Datum) ([]byte, error) {
	if d.Null {
		return append(dst, "null"...), nil
	}
	switch t.Kind {
	case types.JSON, types.JSONB:
		return append(dst, d.B...), nil
	case types.Array:
		return appendJSONArray(dst, ctx, t.ElemType(), d.B, "")
	case types.Record:
		return appendJSONRow(dst, ctx, t, d.B, "")
	}
	var b types.JSONBuilder
	if err := addJSON(&b, ctx, t, d); err != nil {
		return nil, err
	}
	return appended(dst)(b.Finish())
}

// appendJSONArray writes an array; lines is what follows the commas of its first dimension.
func appendJSONArray(dst []byte, ctx *expr.Context, elem types.T, array []byte, lines string) ([]byte, error) {
	r := types.ReadArray(elem, array)
	dims := r.Dims()
	if r.Len() == 0 {
		return append(dst, "[]"...), nil
	}
	var level func(d int) error
	level = func(d int) error {
		dst = append(dst, '[')
		for i := range dims[d].Len {
			if i > 0 {
				dst = append(dst, ',')
				if d == 0 {
					dst = append(dst, lines...)
				}
			}
			if d+1 < len(dims) {
				if err := level(d + 1); err != nil {
					return err
				}
				continue
			}
			v, _ := r.Next()
			var err error
			if dst, err = appendJSON(dst, ctx, elem, v); err != nil {
				return err
			}
		}
		dst = append(dst, ']')
		return nil
	}
	err := level(0)
	return dst, err
}

func toJSON(x *row, dst []byte) ([]byte, error) {
	return appendJSON(dst, x.ctx, x.typ(0), x.datum(0))
}

// toJSONLines is array_to_json(a, lines).
func toJSONLines(x *row, dst []byte) ([]byte, error) {
	lines := ""
	if x.bool(1) {
		lines = jsonBreak
	}
	return appendJSONArray(dst, x.ctx, x.typ(0).ElemType(), x.bytes(0), lines)
}

func buildObjectJSON(x *row, dst []byte) ([]byte, error) {
	if x.len()%2 != 0 {
		return nil, errOddArguments("json_build_object")
	}
	dst = append(dst, '{')
	for i := 0; i < x.len(); i += 2 {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		if x.null(i) {
			return nil, pgerr.New(pgerr.InvalidParameterValue, "argument %d cannot be null", i+1).
				WithHint("Object keys should be text.")
		}
		key, err := jsonKey(x, i)
		if err != nil {
			return nil, err
		}
		dst = append(types.AppendJSONString(dst, key), " : "...)
		if dst, err = appendJSON(dst, x.ctx, x.typ(i+1), x.datum(i+1)); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

func buildArrayJSON(x *row, dst []byte) ([]byte, error) {
	dst = append(dst, '[')
	for i := range x.len() {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		var err error
		if dst, err = appendJSON(dst, x.ctx, x.typ(i), x.datum(i)); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}
