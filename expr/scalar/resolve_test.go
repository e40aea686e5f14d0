package scalar_test

import (
	"context"
	"errors"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"millrace/expr"
	"millrace/expr/scalar"
	"millrace/pgerr"
	"millrace/types"
)

// callTypes are the argument types of the random calls; Unknown is an untyped literal.
var callTypes = []types.T{
	types.Of(types.Unknown), types.Of(types.Unknown), types.Of(types.Unknown),
	types.Of(types.Bool), types.Of(types.Int2), types.Of(types.Int4), types.Of(types.Int8), types.Of(types.Float4),
	types.Of(types.Float8), types.Of(types.Numeric), types.Of(types.Text), types.Of(types.Varchar), types.Of(types.Bpchar),
	types.Of(types.Name), types.Of(types.Bytea), types.Of(types.Date), types.Of(types.Time), types.Of(types.Timestamp),
	types.Of(types.TimestampTZ), types.Of(types.Interval), types.Of(types.UUID), types.Of(types.JSONB), types.Of(types.JSON),
	types.ArrayOf(types.Of(types.Int4)), types.ArrayOf(types.Of(types.Text)), types.ArrayOf(types.Of(types.Numeric)),
}

// resolved says what a call comes to: the result's type or the error's code and message.
func resolved(name string, operator bool, args []types.T) string {
	var r scalar.Resolution
	var err error
	switch {
	case !operator:
		r, err = scalar.Resolve(name, args, false)
	case len(args) == 1:
		r, err = scalar.ResolvePrefix(name, args[0])
	default:
		r, err = scalar.ResolveOperator(name, args[0], args[1])
	}
	var pe *pgerr.Error
	if errors.As(err, &pe) {
		return showError(string(pe.Code), pe.Message)
	}
	return r.Ret.String()
}

// inPostgres asks a server for the same, with NULLs for arguments.
func (p *postgres) resolved(name string, operator bool, args []types.T) string {
	parts := make([]string, len(args))
	for i, t := range args {
		parts[i] = "NULL::" + strings.Replace(t.String(), "character varying", "varchar", 1)
		if t.Is(types.Bpchar) {
			parts[i] = "NULL::bpchar"
		}
		if t.Is(types.Unknown) {
			parts[i] = "NULL"
		}
	}
	call := name + "(" + strings.Join(parts, ", ") + ")"
	switch {
	case !operator:
		call = "pg_catalog." + call
	case len(args) == 1:
		call = name + " " + parts[0]
	default:
		call = parts[0] + " " + name + " " + parts[1]
	}
	results, err := p.conn.Exec(context.Background(), "SELECT pg_typeof(x) FROM (SELECT "+call+" AS x OFFSET 0) s").ReadAll()
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return showError(pe.Code, strings.Replace(pe.Message, "pg_catalog.", "", 1))
	}
	if err != nil {
		return "! " + err.Error()
	}
	return string(results[0].Rows[0][0])
}

// moreThere are names that PostgreSQL has for bit strings, network addresses, ranges or geometry as well, with which an
// untyped literal is ambiguous there.
var moreThere = []string{"trunc", "bit_count", "get_bit", "<@", "@>", "&&", "#", "@", "?|", "?&", "length", "substring", "overlay", "abs"}

// TestResolutionIsPostgres makes random calls of every function and operator.
func TestResolutionIsPostgres(t *testing.T) {
	p := connect(t)
	rng := rand.New(rand.NewSource(*seedFlag))
	t.Logf("seed %d", *seedFlag)
	type key struct {
		name     string
		operator bool
		n        int
	}
	var keys []key
	for _, f := range scalar.Functions() {
		k := key{f.Name, f.Operator, len(f.Args)}
		if strings.HasPrefix(f.Name, "jsonb_path_") || f.Name == "@?" || f.Name == "@@" {
			continue // jsonpath is text here and a type in PostgreSQL
		}
		if f.Uses&^expr.UsesSettings == 0 && f.Volatility != expr.Volatile && !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	for range 2 {
		for _, k := range keys {
			args := make([]types.T, k.n)
			for i := range args {
				args[i] = callTypes[rng.Intn(len(callTypes))]
			}
			// Most random calls match nothing: start from an overload half of the time.
			if fns := scalar.Lookup(k.name); rng.Intn(2) == 0 && !k.operator {
				if f := fns[rng.Intn(len(fns))]; len(f.Args) == k.n {
					for i, a := range f.Args {
						if a.Kind != types.Void && rng.Intn(3) > 0 {
							args[i] = a
						}
					}
				}
			}
			got, want := resolved(k.name, k.operator, args), p.resolved(k.name, k.operator, args)
			switch {
			case got == want:
			case strings.HasPrefix(want, "! 22023 argument list must"), strings.HasPrefix(want, "! 22004 dimension array"):
				// The call resolved and fails when it is evaluated.
			case strings.HasPrefix(want, "! 42725") && slices.Contains(args, types.Of(types.Unknown)) && slices.Contains(moreThere, k.name):
			default:
				t.Errorf("%s(%v):\n got %s\nwant %s", k.name, args, got, want)
			}
		}
	}
}
