package exec

import (
	"strings"
	"testing"

	"millrace/delta"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/physical"
	"millrace/types"
)

// TestSetFunctions compares single calls with what PostgreSQL 15 gives for them.
func TestSetFunctions(t *testing.T) {
	typeOf := func(name string) types.T {
		ty, ok := types.LookupType(name)
		if !ok {
			t.Fatalf("type %s", name)
		}
		return ty
	}
	for _, c := range []struct {
		name string
		args string // type:value, separated by |, NULL for NULL
		ret  string // types
		want string // rows, separated by ;
	}{
		{"generate_series", "int4:1|int4:3", "int4", "1;2;3"},
		{"generate_series", "int4:5|int4:1|int4:-2", "int4", "5;3;1"},
		{"generate_series", "int4:3|int4:1", "int4", ""},
		{"generate_series", "int8:9223372036854775806|int8:9223372036854775807", "int8", "9223372036854775806;9223372036854775807"},
		{"generate_series", "int8:-9223372036854775807|int8:-9223372036854775808|int8:-1", "int8", "-9223372036854775807;-9223372036854775808"},
		{"generate_series", "int4:NULL|int4:3", "int4", ""},
		{"generate_series", "int4:1|int4:3|int4:0", "int4", "22023: step size cannot equal zero"},
		{"generate_series", "numeric:1.5|numeric:3|numeric:0.5", "numeric", "1.5;2.0;2.5;3.0"},
		{"generate_series", "numeric:3|numeric:1|numeric:-1.0", "numeric", "3;2.0;1.0"},
		{"generate_series", "numeric:NaN|numeric:3", "numeric", "22023: start value cannot be NaN"},
		{"generate_series", "numeric:1|numeric:Infinity", "numeric", "22023: stop value cannot be infinity"},
		{"generate_series", "numeric:1|numeric:2|numeric:NaN", "numeric", "22023: step size cannot be NaN"},
		{"generate_series", "numeric:1|numeric:2|numeric:0.0", "numeric", "22023: step size cannot equal zero"},
		{"generate_series", "timestamp:2020-01-31|timestamp:2020-05-01|interval:1 mon", "timestamp",
			"2020-01-31 00:00:00;2020-02-29 00:00:00;2020-03-29 00:00:00;2020-04-29 00:00:00"},
		{"generate_series", "timestamptz:2020-01-02+00|timestamptz:2020-01-01+00|interval:-12:00", "timestamptz",
			"2020-01-02 00:00:00+00;2020-01-01 12:00:00+00;2020-01-01 00:00:00+00"},
		{"generate_series", "timestamp:2020-01-31|timestamp:2020-05-01|interval:0", "timestamp", "22023: step size cannot equal zero"},
		{"generate_series", "timestamp:294276-12-31|timestamp:infinity|interval:1 day", "timestamp", "22008: timestamp out of range"},
		{"generate_subscripts", "_int4:{7,8}|int4:1", "int4", "1;2"},
		{"generate_subscripts", "_int4:[3:5]={1,2,3}|int4:1|bool:t", "int4", "5;4;3"},
		{"generate_subscripts", "_int4:{7,8}|int4:2", "int4", ""},
		{"generate_subscripts", "_int4:{7,8}|int4:NULL", "int4", ""},
		{"unnest", "_text:{a,NULL,c}", "text", "a;NULL;c"},
		{"unnest", "_text:{}", "text", ""},
		{"unnest", "_int4:NULL", "int4", ""},
		{"unnest", "_int4:{{1,2},{3,4}}", "int4", "1;2;3;4"},
		{"unnest", "_int4:{1,2,3}|_text:{a}", "int4,text", "1,a;2,NULL;3,NULL"},
		{"unnest", "_int4:{}|_text:{a,b}", "int4,text", "NULL,a;NULL,b"},
		{"jsonb_array_elements", `jsonb:[1, "x", null, [2]]`, "jsonb", `1;"x";null;[2]`},
		{"jsonb_array_elements_text", `jsonb:[1, "x", null, [2]]`, "text", `1;x;NULL;[2]`},
		{"jsonb_array_elements", `jsonb:{}`, "jsonb", "22023: cannot extract elements from an object"},
		{"jsonb_array_elements", `jsonb:1`, "jsonb", "22023: cannot extract elements from a scalar"},
		{"json_array_elements", `json:{}`, "json", "22023: cannot call json_array_elements on a non-array"},
		{"jsonb_each", `jsonb:{"a": 1, "b": {"c": null}}`, "text,jsonb", `a,1;b,{"c": null}`},
		{"jsonb_each_text", `jsonb:{"a": "x", "b": null}`, "text,text", `a,x;b,NULL`},
		{"jsonb_each", `jsonb:[1]`, "text,jsonb", "22023: cannot call jsonb_each on a non-object"},
		{"json_each", `json:1`, "text,json", "22023: cannot deconstruct a scalar"},
		{"jsonb_object_keys", `jsonb:{"a": 1, "b": 2}`, "text", `a;b`},
		{"jsonb_object_keys", `jsonb:[]`, "text", "22023: cannot call jsonb_object_keys on an array"},
		{"jsonb_object_keys", `jsonb:NULL`, "text", ""},
		{"string_to_table", "text:a,b,|text:,", "text", "a;b;"},
		{"string_to_table", "text:abc|text:NULL", "text", "a;b;c"},
		{"string_to_table", "text:a,b|text:,|text:b", "text", "a;NULL"},
		{"regexp_split_to_table", "text:a1b22c|text:[0-9]+", "text", "a;b;c"},
		{"regexp_split_to_table", "text:aXbxc|text:x|text:i", "text", "a;b;c"},
		{"regexp_matches", "text:abcb|text:b(.)?|text:g", "_text", "{c};{NULL}"},
		{"regexp_matches", "text:abcb|text:b", "_text", "{b}"},
		{"regexp_matches", "text:abcb|text:x", "_text", ""},
	} {
		f := physical.SetFunc{Name: c.name}
		for _, a := range strings.Split(c.args, "|") {
			tn, v, _ := strings.Cut(a, ":")
			ty := typeOf(tn)
			d := types.Null
			if v != "NULL" {
				d = mustParse2(ty, v)
			}
			f.Args = append(f.Args, &expr.Const{Value: d, T: ty})
		}
		for _, r := range strings.Split(c.ret, ",") {
			f.Ret = append(f.Ret, typeOf(r))
		}
		if got := runSetFunc(t, f); got != c.want {
			t.Errorf("%s(%s) = %s, want %s", c.name, c.args, got, c.want)
		}
	}
}

func runSetFunc(t *testing.T, f physical.SetFunc) string {
	var rows []string
	d, err := Build(planOf(&physical.Series{Output: physical.Output{Types: f.Ret}, Input: -1, Funcs: []physical.SetFunc{f}}),
		Options{AdHoc: true, Emit: func(b *delta.Batch) error {
			for i := range b.N {
				var cols []string
				for k, d := range b.Row(i, nil) {
					if d.Null {
						cols = append(cols, "NULL")
						continue
					}
					cols = append(cols, string(types.AppendText(nil, f.Ret[k], d, types.DefaultEnv)))
				}
				rows = append(rows, strings.Join(cols, ","))
			}
			return nil
		}})
	if err == nil {
		err = d.Flush()
	}
	if err != nil {
		e, ok := err.(*pgerr.Error)
		if !ok {
			return err.Error()
		}
		return string(e.Code) + ": " + e.Message
	}
	return strings.Join(rows, ";")
}
