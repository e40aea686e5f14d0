package agg

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"millrace/delta"
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
		want := []string{}
		for _, a := range f.Args {
			switch {
			case !polymorphic(a):
				want = append(want, a.String())
			case f.RetOf == nil:
				want = append(want, `"any"`)
			default:
				want = append(want, "anyarray")
			}
		}
		wantRet := f.Ret.String()
		if f.RetOf != nil {
			wantRet = "anyarray"
		}
		if got := name + "(" + args + ") " + ret; got != f.Name+"("+strings.Join(want, ", ")+") "+wantRet {
			t.Errorf("OID %d is %s, the registry says %s(%s) %s", f.OID, got, f.Name, strings.Join(want, ", "), wantRet)
		}
	}
}

// TestValuesAgainstPostgres compares the results over random values. Sums of floats are rounded more often by
// PostgreSQL, so they need only be close.
func TestValuesAgainstPostgres(t *testing.T) {
	conn := askPostgres(t)
	rng := seeded(t)
	for _, f := range Functions() {
		for _, k := range kindsUnderTest {
			if f.Star || f.OID == 0 || fit(types.Of(k), f.Args[0]) != fitsExactly {
				continue
			}
			ret := f.Ret
			acc := f.New([]types.T{types.Of(k)})
			for range 12 {
				v := delta.NewVec(types.Of(k), 0)
				var texts []string
				for range rng.IntN(7) {
					d := sample(rng, k)
					if k == types.Float8 || k == types.Float4 {
						d = types.NewFloat(float64(rng.IntN(2000)-1000) / 64)
					}
					v.Append(d)
					if d.Null {
						texts = append(texts, "(NULL)")
					} else {
						texts = append(texts, "('"+string(types.AppendText(nil, types.Of(k), d, types.DefaultEnv))+"')")
					}
				}
				got := ""
				d, err := result(t, acc, ret, merged(acc, nil, v, nil))
				switch {
				case err != nil:
					got = err.Error()
				case !d.Null:
					got = string(types.AppendText(nil, ret, d, types.DefaultEnv))
				}
				from := "(VALUES " + strings.Join(texts, ",") + ") v(x)"
				if len(texts) == 0 {
					from = "(SELECT NULL WHERE false) v(x)"
				}
				q := fmt.Sprintf("SELECT format('%%s', %s(x::%s)) FROM %s", f.Name, types.Of(k), from)
				var want string
				if err := conn.QueryRow(context.Background(), q).Scan(&want); err != nil {
					want = err.Error()
					if i := strings.Index(want, "ERROR: "); i >= 0 {
						want = want[i+len("ERROR: "):]
					}
				}
				if got != want && !same(f, ret, got, want) {
					t.Errorf("%s\n got %s\nwant %s", q, got, want)
				}
			}
		}
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
	case f.Ordered:
		return types.Compare(t, a, b) == 0
	}
	return t.Rep() == types.RepFloat && math.Abs(a.Float()-b.Float()) <= 1e-6*math.Abs(b.Float())+1e-9
}
