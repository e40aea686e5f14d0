package planner_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"millrace/catalog"
	"millrace/delta"
	"millrace/exec"
	"millrace/internal/oracle"
	"millrace/internal/randquery"
	"millrace/internal/testseed"
	"millrace/pgerr"
	"millrace/planner"
	"millrace/planner/physical"
	"millrace/sql/parser"
	"millrace/storage/state"
	"millrace/types"
)

// TestRandomQueries plans random queries, with the optional rules and without, ad hoc and as views, runs the plans over
// random rows and compares the answers with PostgreSQL's. A view's plan gets its rows in steps, some of them withdrawn
// again.
func TestRandomQueries(t *testing.T) {
	seed := testseed.Seed()
	if s := os.Getenv("MILLRACE_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed = n
	}
	t.Logf("MILLRACE_SEED=%d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, oracle.Require(t).NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "SET statement_timeout = '2s'"); err != nil {
		t.Fatal(err)
	}
	const schemas, queries = 12, 30
	var count randomCount
	deadline := time.Now().Add(8 * time.Second)
	for range schemas {
		g := randquery.New(r, randquery.Options{})
		s := newRandomSchema(t, ctx, conn, g, r)
		for i := 0; i < queries && time.Now().Before(deadline) && !t.Failed(); i++ {
			s.hold(t, ctx, conn, g.Query(), r, &count)
		}
	}
	t.Logf("%d queries, of which PostgreSQL refused %d; %d need what is not supported", count.asked, count.refused, count.unsupported)
	if count.refused > count.asked/3 {
		t.Errorf("PostgreSQL refused %d queries of %d: the generator is wrong", count.refused, count.asked)
	}
}

type randomCount struct{ asked, refused, unsupported int }

// randomSchema is a schema in a catalog and in PostgreSQL, with its rows.
type randomSchema struct {
	*world
	tables randquery.Schema
	rows   map[string][]answerRow
}

func newRandomSchema(t *testing.T, ctx context.Context, conn *pgx.Conn, g *randquery.Generator, r *rand.Rand) *randomSchema {
	t.Helper()
	s := &randomSchema{world: newWorld(), tables: g.Schema(), rows: map[string][]answerRow{}}
	g.Over(s.tables)
	script := "DROP SCHEMA public CASCADE; CREATE SCHEMA public;"
	for _, table := range s.tables {
		if err := s.ddl(table.Create(false)); err != nil {
			t.Fatal(err)
		}
		script += table.Create(true) + ";"
	}
	for _, change := range g.Load().Changes {
		script += change.String() + ";"
		relation, _ := s.cat.Lookup(catalog.PublicSchema, change.Table)
		for _, literals := range change.Rows {
			row := make(answerRow, len(literals))
			for i, text := range literals {
				row[i] = parseLiteral(t, relation.Columns[i].T, text)
			}
			s.rows[change.Table] = append(s.rows[change.Table], row)
		}
	}
	if _, err := conn.PgConn().Exec(ctx, script).ReadAll(); err != nil {
		t.Fatalf("%v in\n%s", err, script)
	}
	return s
}

// parseLiteral reads a literal as INSERT does.
func parseLiteral(t *testing.T, typ types.T, text string) types.Datum {
	t.Helper()
	if text == "NULL" {
		return types.Null
	}
	if strings.HasPrefix(text, "'") {
		text = strings.ReplaceAll(text[1:len(text)-1], "''", "'")
	}
	d, err := types.ParseText(typ, []byte(text), types.DefaultEnv)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// hold asks one query of PostgreSQL and of each variant.
func (s *randomSchema) hold(t *testing.T, ctx context.Context, conn *pgx.Conn, q *randquery.Query, r *rand.Rand, count *randomCount) {
	t.Helper()
	count.asked++
	sql := q.String()
	want, err := postgresAnswer(ctx, conn, sql)
	if err != nil {
		count.refused++
		return
	}
	for _, v := range variants {
		got, err := s.answer(sql, v, r)
		var refusal *pgerr.Error
		if errors.As(err, &refusal) && refusal.Code == pgerr.FeatureNotSupported {
			count.unsupported++
			return
		}
		if err != nil {
			t.Errorf("%s: %v\n%s", v.name, err, sql)
			continue
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n%s\ngave %v\nwant %v", v.name, sql, got, want)
		}
	}
}

// variant is a way of planning.
type variant struct {
	name    string
	view    bool
	without []string
}

var variants = []variant{
	{name: "ad hoc"},
	{name: "ad hoc without rules", without: []string{"*"}},
	{name: "view", view: true},
	{name: "view without rules", view: true, without: []string{"*"}},
}

// answerRow is a row of a table.
type answerRow []types.Datum

func postgresAnswer(ctx context.Context, conn *pgx.Conn, sql string) ([]string, error) {
	res, err := conn.PgConn().Exec(ctx, sql).ReadAll()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, row := range res[0].Rows {
		cells := make([]string, len(row))
		for i, v := range row {
			if cells[i] = string(v); v == nil {
				cells[i] = "NULL"
			} else if res[0].FieldDescriptions[i].DataTypeOID == pgtype.NumericOID {
				cells[i] = unscaled(cells[i])
			} else if cells[i] == "-0" {
				cells[i] = "0"
			}
		}
		out = append(out, strings.Join(cells, "|"))
	}
	slices.Sort(out)
	return out, nil
}

// unscaled is a number without trailing zeros: of equal ones with different scales a query may keep either.
func unscaled(number string) string {
	if !strings.Contains(number, ".") {
		return number
	}
	return strings.TrimRight(strings.TrimRight(number, "0"), ".")
}

// answer plans and runs a query.
func (s *randomSchema) answer(sql string, v variant, r *rand.Rand) ([]string, error) {
	stmt, err := parser.ParseOne(sql)
	if err != nil {
		return nil, err
	}
	env := s.env()
	env.View, env.DisabledRules = v.view, v.without
	q, err := planner.PlanQuery(stmt.AST, env)
	if err != nil {
		return nil, err
	}
	visible := len(q.Columns)
	counts := map[string]int64{}
	opt := exec.Options{
		Space: state.NewSpace(nil, 0, state.NewBudget(1<<30)), AdHoc: !v.view, Fresh: true,
		Emit: func(b *delta.Batch) error {
			for i := range b.N {
				counts[rowText(b, i, visible)] += b.Weight(i)
			}
			return nil
		},
		OnError: func(op int, err error, _ *delta.Batch, _ int, _ int64) { panic(fmt.Sprint(op, err)) },
	}
	flow, err := exec.Build(q.Plan, opt)
	if err != nil {
		return nil, fmt.Errorf("%w in\n%s", err, planner.Explain(q.Plan, true))
	}
	for _, step := range s.steps(v.view, r) {
		for _, i := range flow.Scans() {
			scan := q.Plan.Nodes[i].(*physical.Scan)
			if err := flow.Push(i, scanned(scan, step[scan.Name])); err != nil {
				return nil, err
			}
		}
		if err := flow.Flush(); err != nil {
			return nil, err
		}
	}
	var out []string
	for text, n := range counts {
		if n < 0 {
			return nil, fmt.Errorf("%s has weight %d in\n%s", text, n, planner.Explain(q.Plan, true))
		}
		for range n {
			out = append(out, text)
		}
	}
	slices.Sort(out)
	return out, nil
}

// weighted is a change of a row, by the row's number in its table.
type weighted struct {
	row    answerRow
	number int
	weight int64
}

// steps deals the rows out: all at once, or in three steps with some rows that come and go.
func (s *randomSchema) steps(view bool, r *rand.Rand) []map[string][]weighted {
	if !view {
		one := map[string][]weighted{}
		for name, list := range s.rows {
			for i, row := range list {
				one[name] = append(one[name], weighted{row, i, 1})
			}
		}
		return []map[string][]weighted{one}
	}
	out := []map[string][]weighted{{}, {}, {}}
	for _, table := range s.tables {
		name := table.Name
		for i, row := range s.rows[name] {
			at := r.IntN(3)
			out[at][name] = append(out[at][name], weighted{row, i, 1})
			if at < 2 && r.IntN(4) == 0 {
				out[at+1][name] = append(out[at+1][name], weighted{row, i, -1})
				out[2][name] = append(out[2][name], weighted{row, i, 1})
			}
		}
	}
	return out
}

// scanned makes the batch that a scan reads. Tables without a key have their row number as a hidden last column.
func scanned(s *physical.Scan, rows []weighted) *delta.Batch {
	b := delta.NewBatch(s.Types, len(rows))
	for _, w := range rows {
		row := make([]types.Datum, len(s.Cols))
		for i, c := range s.Cols {
			switch {
			case c >= len(w.row):
				row[i] = types.NewInt(int64(w.number))
			default:
				row[i] = w.row[c]
			}
		}
		b.AppendRow(row, w.weight)
	}
	return b
}

func rowText(b *delta.Batch, row, visible int) string {
	cells := make([]string, visible)
	for i, c := range b.Cols[:visible] {
		if cells[i] = "NULL"; !c.IsNull(row) {
			cells[i] = string(types.AppendText(nil, c.Type, c.Datum(row), types.DefaultEnv))
			if c.Type.Is(types.Numeric) {
				cells[i] = unscaled(cells[i])
			} else if cells[i] == "-0" { // a sum of floats gives zero without a sign
				cells[i] = "0"
			}
		}
	}
	return strings.Join(cells, "|")
}
