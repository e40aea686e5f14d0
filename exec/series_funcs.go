package exec

import (
	"millrace/delta"
	"millrace/expr"
	"millrace/expr/scalar"
	"millrace/pgerr"
	"millrace/planner/physical"
	"millrace/types"
)

// newRowSource makes the source of a set-returning function's call, and gives the arguments that it is to be started
// with, which may differ from those of the call.
func newRowSource(f *physical.SetFunc, ctx *expr.Context) (rowSource, []expr.Expr, error) {
	switch f.Name {
	case "generate_series":
		return newGenerateSeries(f, ctx)
	case "generate_subscripts":
		return &subscripts{elem: f.Args[0].Type().ElemType()}, f.Args, nil
	case "unnest":
		u := &unnest{}
		for _, a := range f.Args {
			u.elems = append(u.elems, a.Type().ElemType())
		}
		return u, f.Args, nil
	case "pg_listening_channels": // of what the session gives, as an array
		return &unnest{elems: []types.T{types.Of(types.Text)}}, f.Args, nil
	case "string_to_table":
		return ofArray(f, "string_to_array")
	case "regexp_split_to_table":
		return ofArray(f, "regexp_split_to_array")
	case "json_to_record", "jsonb_to_record", "json_to_recordset", "jsonb_to_recordset":
		return newRecords(f, ctx), f.Args, nil
	case "once":
		return &once{}, f.Args, nil
	}
	if f.Name == "regexp_matches" {
		return &listed{walk: regexpMatches}, f.Args, nil
	}
	if f.Name == "jsonb_path_query" {
		return &listed{walk: jsonPathQuery}, f.Args, nil
	}
	if walk, ok := systemFuncs[f.Name]; ok {
		return &listed{walk: walk}, f.Args, nil
	}
	if walk, ok := jsonFuncs[f.Name]; ok {
		return &listed{walk: func(args []types.Datum, add func(...types.Datum)) error { return walk(args[0].B, add) }}, f.Args, nil
	}
	return nil, nil, pgerr.Unsupported("the set-returning function " + f.Name)
}

// ofArray is a function whose rows are the elements of what a scalar function gives.
func ofArray(f *physical.SetFunc, scalarName string) (rowSource, []expr.Expr, error) {
	for _, g := range scalar.Lookup(scalarName) {
		if len(g.Args) == len(f.Args) {
			text := types.Of(types.Text)
			call := &expr.Call{Func: g, Args: f.Args, T: types.ArrayOf(text)}
			return &unnest{elems: []types.T{text}}, []expr.Expr{call}, nil
		}
	}
	return nil, nil, pgerr.Unsupported("the set-returning function " + f.Name)
}

// unnest gives the elements of arrays, in lock step.
type unnest struct {
	elems   []types.T
	readers []types.ArrayReader
}

func (u *unnest) start(args []types.Datum) error {
	u.readers = u.readers[:0]
	for i, a := range args {
		if a.Null {
			u.readers = append(u.readers, types.ArrayReader{})
			continue
		}
		u.readers = append(u.readers, types.ReadArray(u.elems[i], a.B))
	}
	return nil
}

func (u *unnest) next(out []*delta.Vec) (bool, error) {
	more := false
	for i := range u.readers {
		d, ok := u.readers[i].Next()
		if ok && !more {
			for _, c := range out[:i] { // those before it have ended
				c.AppendNull()
			}
			more = true
		}
		if more {
			if !ok {
				d = types.Null
			}
			out[i].Append(d)
		}
	}
	return more, nil
}

// subscripts is generate_subscripts(array, dimension [, reverse]).
type subscripts struct {
	elem        types.T
	at, n, step int64
}

func (s *subscripts) start(args []types.Datum) error {
	s.n = 0
	if anyNull(args) {
		return nil
	}
	r := types.ReadArray(s.elem, args[0].B)
	dims := r.Dims()
	dim := args[1].I
	if dim < 1 || dim > int64(len(dims)) {
		return nil
	}
	d := dims[dim-1]
	s.at, s.n, s.step = int64(d.Lower), int64(d.Len), 1
	if len(args) > 2 && args[2].Bool() {
		s.at, s.step = s.at+s.n-1, -1
	}
	return nil
}

func (s *subscripts) next(out []*delta.Vec) (bool, error) {
	if s.n == 0 {
		return false, nil
	}
	out[0].Append(types.NewInt(s.at))
	s.at += s.step
	s.n--
	return true, nil
}

// listed is a strict function whose rows are few enough to be gathered when it is called.
type listed struct {
	walk func(args []types.Datum, add func(row ...types.Datum)) error
	rows [][]types.Datum
}

func (l *listed) start(args []types.Datum) error {
	l.rows = l.rows[:0]
	if anyNull(args) {
		return nil
	}
	return l.walk(args, func(row ...types.Datum) { l.rows = append(l.rows, row) })
}

func (l *listed) next(out []*delta.Vec) (bool, error) {
	if len(l.rows) == 0 {
		return false, nil
	}
	for i, d := range l.rows[0] {
		out[i].Append(d)
	}
	l.rows = l.rows[1:]
	return true, nil
}

// regexpMatches is regexp_matches(string, pattern [, flags]).
func regexpMatches(args []types.Datum, add func(row ...types.Datum)) error {
	flags := ""
	if len(args) > 2 {
		flags = string(args[2].B)
	}
	return scalar.RegexpMatches(args[0].B, string(args[1].B), flags, func(array []byte) error {
		add(types.NewBytes(array))
		return nil
	})
}

// jsonPathQuery is jsonb_path_query(target, path [, vars [, silent]]).
func jsonPathQuery(args []types.Datum, add func(row ...types.Datum)) error {
	return scalar.JSONPathQuery(args, func(item []byte) error {
		add(types.NewBytes(append([]byte(nil), item...)))
		return nil
	})
}

// jsonWalk takes a JSON value apart.
type jsonWalk = func(b []byte, add func(row ...types.Datum)) error

// jsonFuncs are the functions over json and jsonb, which share their text form.
var jsonFuncs = map[string]jsonWalk{
	"jsonb_array_elements":      jsonElements(jsonValue, "cannot extract elements from an object", "cannot extract elements from a scalar"),
	"jsonb_array_elements_text": jsonElements(jsonText, "cannot extract elements from an object", "cannot extract elements from a scalar"),
	"json_array_elements": jsonElements(jsonValue, "cannot call json_array_elements on a non-array",
		"cannot call json_array_elements on a scalar"),
	"json_array_elements_text": jsonElements(jsonText, "cannot call json_array_elements_text on a non-array",
		"cannot call json_array_elements_text on a scalar"),
	"jsonb_each":        jsonEach(jsonValue, "cannot call jsonb_each on a non-object", "cannot call jsonb_each on a non-object"),
	"jsonb_each_text":   jsonEach(jsonText, "cannot call jsonb_each_text on a non-object", "cannot call jsonb_each_text on a non-object"),
	"json_each":         jsonEach(jsonValue, "cannot deconstruct an array as an object", "cannot deconstruct a scalar"),
	"json_each_text":    jsonEach(jsonText, "cannot deconstruct an array as an object", "cannot deconstruct a scalar"),
	"jsonb_object_keys": jsonEach(nil, "cannot call jsonb_object_keys on an array", "cannot call jsonb_object_keys on a scalar"),
	"json_object_keys":  jsonEach(nil, "cannot call json_object_keys on an array", "cannot call json_object_keys on a scalar"),
}

func jsonValue(v []byte) types.Datum { return types.NewBytes(v) }

func jsonText(v []byte) types.Datum {
	text, null := types.JSONText(v)
	if null {
		return types.Null
	}
	return types.NewBytes(text)
}

// jsonElements walks over an array; the messages are those for an object and for a scalar.
func jsonElements(value func([]byte) types.Datum, object, scalar string) jsonWalk {
	return func(b []byte, add func(row ...types.Datum)) error {
		if err := jsonExpect(b, "array", object, scalar); err != nil {
			return err
		}
		return types.JSONElements(b, func(v []byte) error {
			add(value(v))
			return nil
		})
	}
}

// jsonEach walks over an object; value nil wants the keys only. The messages are those for an array and for a scalar.
func jsonEach(value func([]byte) types.Datum, array, scalar string) jsonWalk {
	return func(b []byte, add func(row ...types.Datum)) error {
		if err := jsonExpect(b, "object", array, scalar); err != nil {
			return err
		}
		return types.JSONEach(b, func(k, v []byte) error {
			key := types.NewString(string(k))
			if value == nil {
				add(key)
			} else {
				add(key, value(v))
			}
			return nil
		})
	}
}

// jsonExpect fails for a value that is not of the kind wanted, with one message for the other kind of container and
// one for a scalar.
func jsonExpect(b []byte, want, container, scalar string) error {
	switch got := types.JSONTypeof(b); got {
	case want:
		return nil
	case "array", "object":
		return pgerr.New(pgerr.InvalidParameterValue, "%s", container)
	}
	return pgerr.New(pgerr.InvalidParameterValue, "%s", scalar)
}
