package exec

import (
	"millrace/delta"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/physical"
	"millrace/types"
)

// newRecords makes the source of json_to_record and its like: their second argument is the list of the fields that become
// columns, of the types of the plan.
func newRecords(f *physical.SetFunc, ctx *expr.Context) rowSource {
	r := &records{ret: f.Ret, env: types.DefaultEnv, name: f.Name}
	if ctx != nil && ctx.Env != nil {
		r.env = ctx.Env
	}
	r.set = f.Name == "json_to_recordset" || f.Name == "jsonb_to_recordset"
	return r
}

// records gives rows made of the fields of JSON objects: of one, or of each in an array.
type records struct {
	name  string
	set   bool
	ret   []types.T
	env   *types.Env
	names []string
	rows  [][]types.Datum
}

func (r *records) start(args []types.Datum) error {
	r.rows, r.names = r.rows[:0], r.names[:0]
	for fields := types.ReadArray(types.Of(types.Text), args[1].B); ; {
		d, ok := fields.Next()
		if !ok {
			break
		}
		r.names = append(r.names, string(d.B))
	}
	v := args[0]
	switch {
	case v.Null && r.set:
		return nil
	case v.Null:
		row := make([]types.Datum, len(r.ret))
		for i := range row {
			row[i] = types.Null
		}
		r.rows = append(r.rows, row)
		return nil
	case !r.set:
		if got := types.JSONTypeof(v.B); got != "object" {
			if got != "array" {
				got = "scalar"
			}
			return pgerr.New(pgerr.InvalidParameterValue, "cannot call populate_composite on a%s %s", map[bool]string{true: "n"}[got == "array"], got)
		}
		return r.add(v.B)
	}
	if got := types.JSONTypeof(v.B); got != "array" {
		switch {
		case r.name == "jsonb_to_recordset":
			return pgerr.New(pgerr.InvalidParameterValue, "cannot call %s on a non-array", r.name)
		case got == "object":
			return pgerr.New(pgerr.InvalidParameterValue, "cannot call %s on an object", r.name)
		}
		return pgerr.New(pgerr.InvalidParameterValue, "cannot call %s on a scalar", r.name)
	}
	return types.JSONElements(v.B, func(x []byte) error {
		if types.JSONTypeof(x) != "object" {
			return pgerr.New(pgerr.InvalidParameterValue, "argument of %s must be an array of objects", r.name)
		}
		return r.add(x)
	})
}

// add makes a row of an object. Of fields of one name the last counts.
func (r *records) add(object []byte) error {
	found := map[string][]byte{}
	if err := types.JSONEach(object, func(k, v []byte) error {
		found[string(k)] = v
		return nil
	}); err != nil {
		return err
	}
	row := make([]types.Datum, len(r.ret))
	for i, name := range r.names {
		row[i] = types.Null
		if v, ok := found[name]; ok {
			d, err := types.JSONField(r.ret[i], v, name, r.env)
			if err != nil {
				return err
			}
			row[i] = d
		}
	}
	r.rows = append(r.rows, row)
	return nil
}

func (r *records) next(out []*delta.Vec) (bool, error) {
	if len(r.rows) == 0 {
		return false, nil
	}
	for i, d := range r.rows[0] {
		out[i].Append(d)
	}
	r.rows = r.rows[1:]
	return true, nil
}

// once gives its arguments as one row: a function that returns no set, among others that do.
type once struct{ row []types.Datum }

func (o *once) start(args []types.Datum) error {
	o.row = args
	return nil
}

func (o *once) next(out []*delta.Vec) (bool, error) {
	if o.row == nil {
		return false, nil
	}
	for i, d := range o.row {
		out[i].Append(d)
	}
	o.row = nil
	return true, nil
}
