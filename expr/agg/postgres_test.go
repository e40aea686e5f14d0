package agg

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"millrace/delta"
	"millrace/expr"
	"millrace/internal/oracle"
	"millrace/types"
)

func askPostgres(t *testing.T) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), oracle.Require(t).NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// TestRegistryAgainstPostgres compares OIDs, arguments and result types of the registry.
func TestRegistryAgainstPostgres(t *testing.T) {
	conn := askPostgres(t)
	for _, f := range Functions() {
		if f.OID == 0 {
			continue
		}
		var name, args, ret string
		err := conn.QueryRow(context.Background(),
			"SELECT proname, pg_get_function_arguments(oid), prorettype::regtype::text FROM pg_proc WHERE oid = $1 AND prokind = 'a'", f.OID).
			Scan(&name, &args, &ret)
		if err != nil {
			t.Fatalf("%s %d: %v", f.Name, f.OID, err)
		}
		want, wantRet := strings.Join(typeNames(f.Args), ", "), typeNames([]types.T{f.Ret})[0]
		switch f.Form {
		case OrderedSet:
			want = strings.TrimSpace(strings.Join(typeNames(f.Args[:f.Direct]), ", ") + " ORDER BY " + strings.Join(typeNames(f.Args[f.Direct:]), ", "))
		case Hypothetical:
			want = `VARIADIC "any" ORDER BY VARIADIC "any"`
		}
		if f.Name == "json_agg" { // it has two entries for the one of PostgreSQL
			args = strings.Replace(args, "anyelement", "anynonarray", 1)
		}
		if got := name + "(" + args + ") " + ret; got != f.Name+"("+want+") "+wantRet {
			t.Errorf("OID %d is %s, the registry says %s(%s) %s", f.OID, got, f.Name, want, wantRet)
		}
	}
}

func typeNames(ts []types.T) []string {
	names := make([]string, len(ts))
	for i, t := range ts {
		switch t {
		case expr.AnyType:
			names[i] = `"any"`
		case expr.AnyElement:
			names[i] = "anyelement"
		case expr.AnyArray:
			names[i] = "anyarray"
		case expr.AnyEnum:
			names[i] = "anyenum"
		case expr.AnyNonArray:
			names[i] = "anynonarray"
		default:
			names[i] = t.String()
		}
	}
	return names
}

// TestValuesAgainstPostgres compares the results over random values. Sums of floats are rounded more often by
// PostgreSQL, so they need only be close.
func TestValuesAgainstPostgres(t *testing.T) {
	conn := askPostgres(t)
	rng := seeded(t)
	for _, a := range accumulatedFunctions() {
		if a.f.OID == 0 {
			continue
		}
		acc := a.acc()
		for range 12 {
			rs := randomRows(rng, rng.IntN(7), a.kinds)
			for _, r := range rs {
				for c, k := range a.kinds {
					if !r[c].Null && (k == types.Float8 || k == types.Float4) {
						r[c] = types.NewFloat(float64(rng.IntN(2000)-1000) / 64)
					}
				}
			}
			d, err := result(t, acc, a.ret, mergedAll(acc, nil, rs.vecs(a.kinds), nil))
			checkAgainstPostgres(t, conn, &a, rs, a.f.Name+"("+castColumns(a.kinds)+")", d, err)
		}
	}
}

// TestFoldsAgainstPostgres does the same for the functions that need their rows in order.
func TestFoldsAgainstPostgres(t *testing.T) {
	conn := askPostgres(t)
	rng := seeded(t)
	for _, c := range []struct {
		name   string
		direct string
		kinds  []types.Kind
		format string // of the call, %s being the columns
	}{
		{"string_agg", "", []types.Kind{types.Text, types.Text}, "string_agg(%[1]s ORDER BY %[1]s)"},
		{"string_agg", "", []types.Kind{types.Bytea, types.Bytea}, "string_agg(%[1]s ORDER BY %[1]s)"},
		{"array_agg", "", []types.Kind{types.Int4}, "array_agg(%[1]s ORDER BY %[1]s)"},
		{"array_agg", "", []types.Kind{types.Text}, "array_agg(%[1]s ORDER BY %[1]s)"},
		{"array_agg", "", []types.Kind{types.Bool}, "array_agg(%[1]s ORDER BY %[1]s)"},
		{"mode", "", []types.Kind{types.Int4}, "mode() WITHIN GROUP (ORDER BY %s)"},
		{"mode", "", []types.Kind{types.Text}, "mode() WITHIN GROUP (ORDER BY %s)"},
		{"percentile_disc", "0", []types.Kind{types.Int8}, "percentile_disc(0) WITHIN GROUP (ORDER BY %s)"},
		{"percentile_disc", "0.5", []types.Kind{types.Date}, "percentile_disc(0.5) WITHIN GROUP (ORDER BY %s)"},
		{"percentile_disc", "1", []types.Kind{types.Text}, "percentile_disc(1) WITHIN GROUP (ORDER BY %s)"},
		{"percentile_disc", "{0.1,NULL,1,0.4}", []types.Kind{types.Int4}, "percentile_disc('{0.1,NULL,1,0.4}'::float8[]) WITHIN GROUP (ORDER BY %s)"},
		{"percentile_cont", "0.5", []types.Kind{types.Float8}, "percentile_cont(0.5) WITHIN GROUP (ORDER BY %s)"},
		{"percentile_cont", "0.3", []types.Kind{types.Interval}, "percentile_cont(0.3) WITHIN GROUP (ORDER BY %s)"},
		{"percentile_cont", "{{0.9,0.1},{0,NULL}}", []types.Kind{types.Float8},
			"percentile_cont('{{0.9,0.1},{0,NULL}}'::float8[]) WITHIN GROUP (ORDER BY %s)"},
	} {
		a := accumulated{kinds: c.kinds}
		args := a.types()
		var direct []types.Datum
		if c.direct != "" {
			dt := types.Of(types.Float8)
			if c.direct[0] == '{' {
				dt = types.ArrayOf(dt)
			}
			d, err := types.ParseText(dt, []byte(c.direct), types.DefaultEnv)
			if err != nil {
				t.Fatal(err)
			}
			direct, args = []types.Datum{d}, append([]types.T{dt}, args...)
		}
		var err error
		if a.f, _, a.ret, err = Resolve(c.name, args, false); err != nil {
			t.Fatal(err)
		}
		fold := a.f.Fold(a.types())
		for range 15 {
			rs := randomRows(rng, rng.IntN(9), c.kinds)
			d, err := foldRows(fold, &a, direct, rs)
			checkAgainstPostgres(t, conn, &a, rs, fmt.Sprintf(c.format, castColumns(c.kinds)), d, err)
		}
	}
}

// foldRows folds rows in their own order.
func foldRows(fold Fold, a *accumulated, direct []types.Datum, rs rows) (types.Datum, error) {
	var in rows
	for _, r := range rs {
		if !slices.ContainsFunc(r[:a.f.Strict], func(d types.Datum) bool { return d.Null }) {
			in = append(in, r)
		}
	}
	slices.SortFunc(in, func(x, y []types.Datum) int {
		for i, k := range a.kinds {
			switch {
			case x[i].Null && y[i].Null:
				continue
			case x[i].Null:
				return 1
			case y[i].Null:
				return -1
			}
			if c := types.Compare(types.Of(k), x[i], y[i]); c != 0 {
				return c
			}
		}
		return 0
	})
	next, err := fold.Begin(direct, int64(len(in)))
	for err == nil && next != Done && next < int64(len(in)) {
		next, err = fold.Row(in[next], next, 1)
	}
	if err != nil {
		return types.Null, err
	}
	out := delta.NewVec(a.ret, 1)
	err = fold.End(out)
	return out.Datum(0), err
}

// castColumns writes the columns of the values with their types.
func castColumns(ks []types.Kind) string {
	cols := make([]string, len(ks))
	for i, k := range ks {
		cols[i] = fmt.Sprintf("x%d::%s", i, types.Of(k))
	}
	return strings.Join(cols, ", ")
}

// checkAgainstPostgres compares a result with that of a call over the rows.
func checkAgainstPostgres(t *testing.T, conn *pgx.Conn, a *accumulated, rs rows, call string, d types.Datum, err error) {
	t.Helper()
	got := ""
	switch {
	case err != nil:
		got = err.Error()
	case !d.Null:
		got = string(types.AppendText(nil, a.ret, d, types.DefaultEnv))
	}
	var names, nulls, texts []string
	for i := range a.kinds {
		names, nulls = append(names, fmt.Sprintf("x%d", i)), append(nulls, fmt.Sprintf("NULL x%d", i))
	}
	for _, r := range rs {
		var vs []string
		for i, k := range a.kinds {
			if r[i].Null {
				vs = append(vs, "NULL")
			} else {
				vs = append(vs, "'"+string(types.AppendText(nil, types.Of(k), r[i], types.DefaultEnv))+"'")
			}
		}
		texts = append(texts, "("+strings.Join(vs, ", ")+")")
	}
	from := "(VALUES " + strings.Join(texts, ",") + ") v(" + strings.Join(names, ", ") + ")"
	if len(texts) == 0 {
		from = "(SELECT " + strings.Join(nulls, ", ") + " WHERE false) v"
	}
	q := fmt.Sprintf("SELECT format('%%s', %s) FROM %s", call, from)
	var want string
	if err := conn.QueryRow(context.Background(), q).Scan(&want); err != nil {
		want = err.Error()
		if i := strings.Index(want, "ERROR: "); i >= 0 {
			want = want[i+len("ERROR: "):]
		}
	}
	if got != want && !same(a.f, a.ret, got, want) {
		t.Errorf("%s\n got %s\nwant %s", q, got, want)
	}
}

// same reports whether two results mean the same where they need not be the same text: sums of floats, and extremes,
// for which any of several equal values will do.
func same(f *Function, t types.T, got, want string) bool {
	a, err1 := types.ParseText(t, []byte(got), types.DefaultEnv)
	b, err2 := types.ParseText(t, []byte(want), types.DefaultEnv)
	switch {
	case err1 != nil || err2 != nil:
		return false
	case f.Ordered || f.Form == OrderedSet && t.Rep() != types.RepFloat:
		return types.Compare(t, a, b) == 0
	}
	return t.Rep() == types.RepFloat && math.Abs(a.Float()-b.Float()) <= 1e-6*math.Abs(b.Float())+1e-9
}
