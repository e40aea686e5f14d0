package scalar

import (
	"millrace/expr"
	"millrace/pgerr"
	"millrace/types"
)

func jsonFunctions() []*expr.Function {
	op := func(symbol string, ret types.T, kernel expr.EvalFunc, args ...types.T) *expr.Function {
		return &expr.Function{Name: symbol, Operator: true, Args: args, Ret: ret, Eval: kernel}
	}
	fn := func(name string, ret types.T, kernel expr.EvalFunc, args ...types.T) *expr.Function {
		return &expr.Function{Name: name, Args: args, Ret: ret, Eval: kernel}
	}
	list := []*expr.Function{
		op("->", tJSONB, toBytes(jsonPart(types.JSONGetField)), tJSONB, tText),
		op("->", tJSONB, toBytes(jsonElement(types.JSONGetIndex)), tJSONB, tInt4),
		op("->>", tText, toBytes(jsonbAsText(jsonPart(types.JSONGetField))), tJSONB, tText),
		op("->>", tText, toBytes(jsonbAsText(jsonElement(types.JSONGetIndex))), tJSONB, tInt4),
		op("#>", tJSONB, toBytes(jsonAtPath(types.JSONPathGet)), tJSONB, tTextArray),
		op("#>>", tText, toBytes(jsonbAsText(jsonAtPath(types.JSONPathGet))), tJSONB, tTextArray),
		op("->", tJSON, toBytes(jsonPart(types.RawJSONGetField)), tJSON, tText),
		op("->", tJSON, toBytes(jsonElement(types.RawJSONGetIndex)), tJSON, tInt4),
		op("->>", tText, toBytes(jsonAsText(jsonPart(types.RawJSONGetField))), tJSON, tText),
		op("->>", tText, toBytes(jsonAsText(jsonElement(types.RawJSONGetIndex))), tJSON, tInt4),
		op("#>", tJSON, toBytes(jsonAtPath(types.RawJSONPathGet)), tJSON, tTextArray),
		op("#>>", tText, toBytes(jsonAsText(jsonAtPath(types.RawJSONPathGet))), tJSON, tTextArray),

		op("@>", tBool, toBool(func(x *row) (bool, error) { return types.JSONContains(x.bytes(0), x.bytes(1)), nil }), tJSONB, tJSONB),
		op("<@", tBool, toBool(func(x *row) (bool, error) { return types.JSONContains(x.bytes(1), x.bytes(0)), nil }), tJSONB, tJSONB),
		op("?", tBool, toBool(func(x *row) (bool, error) { return types.JSONExists(x.bytes(0), x.str(1)), nil }), tJSONB, tText),
		op("?|", tBool, toBool(jsonExistsAny), tJSONB, tTextArray),
		op("?&", tBool, toBool(jsonExistsAll), tJSONB, tTextArray),
		op("||", tJSONB, jsonb2(types.JSONConcat), tJSONB, tJSONB),
		op("-", tJSONB, toBytes(func(x *row, dst []byte) ([]byte, error) {
			return appended(dst)(types.JSONDeleteKey(x.bytes(0), x.str(1)))
		}), tJSONB, tText),
		op("-", tJSONB, toBytes(func(x *row, dst []byte) ([]byte, error) {
			return appended(dst)(types.JSONDeleteIndex(x.bytes(0), x.int(1)))
		}), tJSONB, tInt4),
		op("-", tJSONB, toBytes(func(x *row, dst []byte) ([]byte, error) {
			keys, _ := texts(x, 1)
			return appended(dst)(types.JSONDeleteKeys(x.bytes(0), keys))
		}), tJSONB, tTextArray),
		op("#-", tJSONB, toBytes(jsonDeletePath), tJSONB, tTextArray),

		fn("jsonb_typeof", tText, toBytes(jsonTypeof), tJSONB),
		fn("json_typeof", tText, toBytes(jsonTypeof), tJSON),
		fn("jsonb_array_length", tInt4, toInt(func(x *row) (int64, error) { return types.JSONArrayLength(x.bytes(0)) }), tJSONB),
		fn("json_array_length", tInt4, toInt(func(x *row) (int64, error) { return types.JSONArrayLength(x.bytes(0)) }), tJSON),
		fn("jsonb_strip_nulls", tJSONB, toBytes(func(x *row, dst []byte) ([]byte, error) {
			return append(dst, types.JSONStripNulls(x.bytes(0))...), nil
		}), tJSONB),
		fn("json_strip_nulls", tJSON, toBytes(func(x *row, dst []byte) ([]byte, error) {
			return appended(dst)(types.RawJSONStripNulls(x.bytes(0)))
		}), tJSON),
		fn("jsonb_pretty", tText, toBytes(func(x *row, dst []byte) ([]byte, error) {
			return append(dst, types.JSONPretty(x.bytes(0))...), nil
		}), tJSONB),
		{Name: "jsonb_extract_path", Args: with(tJSONB, tTextArray), Variadic: true, Ret: tJSONB, Eval: toBytes(jsonAtPath(types.JSONPathGet))},
		{Name: "jsonb_extract_path_text", Args: with(tJSONB, tTextArray), Variadic: true, Ret: tText, Eval: toBytes(jsonbAsText(jsonAtPath(types.JSONPathGet)))},
		{Name: "json_extract_path", Args: with(tJSON, tTextArray), Variadic: true, Ret: tJSON, Eval: toBytes(jsonAtPath(types.RawJSONPathGet))},
		{Name: "json_extract_path_text", Args: with(tJSON, tTextArray), Variadic: true, Ret: tText, Eval: toBytes(jsonAsText(jsonAtPath(types.RawJSONPathGet)))},
		{
			Name: "jsonb_set", Args: with(tJSONB, tTextArray, tJSONB, tBool), Ret: tJSONB,
			ArgNames: []string{"jsonb_in", "path", "replacement", "create_if_missing"},
			Defaults: []*expr.Const{{T: tBool, Value: types.NewBool(true)}},
			Eval:     toBytes(jsonSet),
		},
		{
			Name: "jsonb_set_lax", Args: with(tJSONB, tTextArray, tJSONB, tBool, tText), Ret: tJSONB, NullCall: true,
			ArgNames: []string{"jsonb_in", "path", "replacement", "create_if_missing", "null_value_treatment"},
			Defaults: []*expr.Const{{T: tBool, Value: types.NewBool(true)}, {T: tText, Value: types.NewString("use_json_null")}},
			Eval:     toBytes(jsonSetLax),
		},
		{
			Name: "jsonb_insert", Args: with(tJSONB, tTextArray, tJSONB, tBool), Ret: tJSONB,
			ArgNames: []string{"jsonb_in", "path", "replacement", "insert_after"},
			Defaults: []*expr.Const{{T: tBool, Value: types.NewBool(false)}},
			Eval:     toBytes(jsonInsert),
		},
	}
	for _, args := range [][]types.T{with(tTextArray), with(tTextArray, tTextArray)} {
		list = append(list,
			&expr.Function{Name: "jsonb_object", Args: args, Ret: tJSONB, Eval: toBytes(objectOfTexts)},
			&expr.Function{Name: "json_object", Args: args, Ret: tJSON, Eval: toBytes(objectOfTextsJSON)},
		)
	}
	return append(list, jsonBuilders()...)
}

func appended(dst []byte) func(b []byte, err error) ([]byte, error) {
	return func(b []byte, err error) ([]byte, error) { return append(dst, b...), err }
}

func jsonb2(f func(a, b []byte) ([]byte, error)) expr.EvalFunc {
	return toBytes(func(x *row, dst []byte) ([]byte, error) { return appended(dst)(f(x.bytes(0), x.bytes(1))) })
}

// found appends a part of a value, NULL where there is none.
func found(dst, part []byte, ok bool) ([]byte, error) {
	if !ok {
		return nil, errNull
	}
	return append(dst, part...), nil
}

func jsonPart(get func(b []byte, key string) ([]byte, bool)) func(x *row, dst []byte) ([]byte, error) {
	return func(x *row, dst []byte) ([]byte, error) {
		part, ok := get(x.bytes(0), x.str(1))
		return found(dst, part, ok)
	}
}

func jsonElement(get func(b []byte, i int64) ([]byte, bool)) func(x *row, dst []byte) ([]byte, error) {
	return func(x *row, dst []byte) ([]byte, error) {
		part, ok := get(x.bytes(0), x.int(1))
		return found(dst, part, ok)
	}
}

func jsonAtPath(get func(b []byte, path []string) ([]byte, bool)) func(x *row, dst []byte) ([]byte, error) {
	return func(x *row, dst []byte) ([]byte, error) {
		path, null := texts(x, 1)
		if null {
			return nil, errNull
		}
		part, ok := get(x.bytes(0), path)
		return found(dst, part, ok)
	}
}

// jsonbAsText gives the text of what f finds: a string without quotes, null as NULL.
func jsonbAsText(f func(x *row, dst []byte) ([]byte, error)) func(x *row, dst []byte) ([]byte, error) {
	return func(x *row, dst []byte) ([]byte, error) {
		start := len(dst)
		out, err := f(x, dst)
		if err != nil {
			return nil, err
		}
		text, null := types.JSONText(out[start:])
		if null {
			return nil, errNull
		}
		return append(out[:start], text...), nil
	}
}

// jsonAsText is jsonbAsText for type json.
func jsonAsText(f func(x *row, dst []byte) ([]byte, error)) func(x *row, dst []byte) ([]byte, error) {
	return func(x *row, dst []byte) ([]byte, error) {
		start := len(dst)
		out, err := f(x, dst)
		if err != nil {
			return nil, err
		}
		text, null, err := types.RawJSONText(out[start:])
		switch {
		case err != nil:
			return nil, err
		case null:
			return nil, errNull
		}
		return append(out[:start], text...), nil
	}
}

// texts reads a text array, leaving out NULLs and telling whether there were any.
func texts(x *row, i int) (list []string, null bool) {
	r := x.array(i)
	list = make([]string, 0, r.Len())
	for d, ok := r.Next(); ok; d, ok = r.Next() {
		if d.Null {
			null = true
			continue
		}
		list = append(list, string(d.B))
	}
	return list, null
}

func jsonExistsAny(x *row) (bool, error) {
	keys, _ := texts(x, 1)
	for _, k := range keys {
		if types.JSONExists(x.bytes(0), k) {
			return true, nil
		}
	}
	return false, nil
}

func jsonExistsAll(x *row) (bool, error) {
	keys, _ := texts(x, 1)
	for _, k := range keys {
		if !types.JSONExists(x.bytes(0), k) {
			return false, nil
		}
	}
	return true, nil
}

func jsonTypeof(x *row, dst []byte) ([]byte, error) {
	return append(dst, types.JSONTypeof(x.bytes(0))...), nil
}

// pathArgument reads a path to a change in argument 0. A NULL in it is an error where the path before it leads
// somewhere; elsewhere it does not matter, and a scalar is refused for being one.
func pathArgument(x *row) ([]string, error) {
	var path []string
	reader, failed := x.array(1), error(nil)
	for d, ok := reader.Next(); ok; d, ok = reader.Next() {
		if d.Null && failed == nil {
			if _, found := types.JSONPathGet(x.bytes(0), path); found && isContainer(x.bytes(0)) {
				failed = pgerr.New(pgerr.NullValueNotAllowed, "path element at position %d is null", len(path)+1)
			}
		}
		path = append(path, string(d.B))
	}
	return path, failed
}

func isContainer(b []byte) bool { return len(b) > 0 && (b[0] == '{' || b[0] == '[') }

func jsonDeletePath(x *row, dst []byte) ([]byte, error) {
	path, err := pathArgument(x)
	if b := x.bytes(0); err != nil && len(b) > len("{}") {
		return nil, err
	}
	return appended(dst)(types.JSONDeletePath(x.bytes(0), path))
}

func jsonSet(x *row, dst []byte) ([]byte, error) {
	path, err := pathArgument(x)
	if b := x.bytes(0); err != nil && (x.bool(3) || len(b) > len("{}")) {
		return nil, err
	}
	return appended(dst)(types.JSONSet(x.bytes(0), path, x.bytes(2), x.bool(3)))
}

// jsonSetLax is jsonb_set with a choice of what a NULL replacement does.
func jsonSetLax(x *row, dst []byte) ([]byte, error) {
	if x.null(0) || x.null(1) || x.null(3) {
		return nil, errNull
	}
	if x.null(4) {
		return nil, pgerr.New(pgerr.InvalidParameterValue, "null_value_treatment must be \"delete_key\", \"return_target\", \"use_json_null\", or \"raise_exception\"")
	}
	if !x.null(2) {
		return jsonSet(x, dst)
	}
	switch x.str(4) {
	case "raise_exception":
		return nil, pgerr.New(pgerr.NullValueNotAllowed, "JSON value must not be null").
			WithDetail("Exception was raised because null_value_treatment is \"raise_exception\".").
			WithHint("To avoid, either change the null_value_treatment argument or ensure that an SQL NULL is not passed.")
	case "use_json_null":
		path, err := pathArgument(x)
		if err != nil {
			return nil, err
		}
		return appended(dst)(types.JSONSet(x.bytes(0), path, []byte("null"), x.bool(3)))
	case "delete_key":
		return jsonDeletePath(x, dst)
	case "return_target":
		return append(dst, x.bytes(0)...), nil
	}
	return nil, pgerr.New(pgerr.InvalidParameterValue, "null_value_treatment must be \"delete_key\", \"return_target\", \"use_json_null\", or \"raise_exception\"")
}

func jsonInsert(x *row, dst []byte) ([]byte, error) {
	path, err := pathArgument(x)
	if err != nil {
		return nil, err
	}
	return appended(dst)(types.JSONInsert(x.bytes(0), path, x.bytes(2), x.bool(3)))
}
