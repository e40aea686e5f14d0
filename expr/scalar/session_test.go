package scalar_test

import (
	"testing"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/types"
)

// client is a session as these functions see it.
type client struct{}

func (client) CurrentUser() string     { return "ann" }
func (client) SessionUser() string     { return "root" }
func (client) CurrentDatabase() string { return "shop" }
func (client) CurrentSchema() string   { return "public" }
func (client) BackendPID() int32       { return 42 }

func (client) SearchPath(implicit bool) []string {
	if implicit {
		return []string{"pg_catalog", "public"}
	}
	return []string{"public"}
}

func (client) Setting(name string) (string, bool) {
	return "on", name == "autovacuum"
}

func (client) Catalog(function string, args []types.Datum) (types.Datum, bool, error) {
	switch function {
	case "version":
		return types.NewString("Millrace"), true, nil
	case "pg_table_is_visible":
		return types.NewBool(args[0].I == 7), true, nil
	case "obj_description":
		return types.Null, true, nil
	}
	return types.Datum{}, false, nil
}

// ObjectID and ObjectName make client the types.Objects of its session: there is one relation.
func (client) ObjectID(_ types.Kind, text string) (uint32, error) {
	if text != "orders" {
		return 0, pgerr.New(pgerr.UndefinedTable, "relation %q does not exist", text)
	}
	return 7, nil
}

func (client) ObjectName(_ types.Kind, oid uint32) (string, bool) { return "orders", oid == 7 }

func TestSessionInformation(t *testing.T) {
	env := *types.DefaultEnv
	env.Objects = client{}
	ctx := &expr.Context{Env: &env, Session: client{}}
	for sql, want := range map[string]string{
		"current_user":                          "ann",
		"session_user":                          "root",
		"current_database()":                    "shop",
		"current_schema()":                      "public",
		"current_schemas(true)":                 "{pg_catalog,public}",
		"current_schemas(false)":                "{public}",
		"current_setting('autovacuum')":         "on",
		"current_setting('nosuch')":             "! 42704",
		"current_setting('nosuch', true)":       "NULL",
		"pg_backend_pid()":                      "42",
		"version()":                             "Millrace",
		"pg_table_is_visible(7)":                "t",
		"pg_table_is_visible(8)":                "f",
		"obj_description(7, 'pg_class')":        "NULL",
		"pg_get_userbyid(10)":                   "! 0A000",
		"'orders'::regclass::oid":               "7",
		"'orders'::regclass::text":              "orders",
		"'missing'::regclass":                   "! 42P01",
		"7::oid::regclass::text":                "orders",
		"8::oid::regclass::text":                "8",
		"has_table_privilege('orders', 'read')": "! 0A000",
		"format_type(23, -1)":                   "integer",
	} {
		var b binder
		e, err := b.parse(sql)
		if err != nil {
			t.Errorf("%s: %v", sql, err)
			continue
		}
		d, err := expr.EvalConst(ctx, e)
		got := d.Text(e.Type())
		if err != nil {
			got = "! " + string(pgerr.CodeOf(err))
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", sql, got, want)
		}
		if expr.VolatilityOf(e) == expr.Immutable && sql != "format_type(23, -1)" {
			t.Errorf("%s is immutable", sql)
		}
		// In a view there is no session: an error, not a panic.
		if _, err := expr.EvalConst(nil, e); err == nil && want[0] != '!' && sql != "format_type(23, -1)" && sql != "8::oid::regclass::text" && sql != "7::oid::regclass::text" {
			t.Errorf("%s has a value without a session", sql)
		}
	}
}
