package planner_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"millrace/delta"
	"millrace/exec"
	"millrace/internal/oracle"
	"millrace/internal/testseed"
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
	w := newWorld()
	if err := w.ddl(randomDDL); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, oracle.Require(t).NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, randomDDL+"; SET statement_timeout = '2s'; SET enable_nestloop = on"); err != nil {
		t.Fatal(err)
	}
	rows := randomRows(r)
	for _, name := range []string{"t", "u", "w"} {
		for _, row := range rows[name] {
			if _, err := conn.Exec(ctx, "INSERT INTO "+name+" VALUES ("+row.sql()+")"); err != nil {
				t.Fatal(err)
			}
		}
	}
	n := 250
	if testing.Short() {
		n = 100
	}
	asked, refused := 0, 0
	deadline := time.Now().Add(8 * time.Second)
	for i := 0; i < n && time.Now().Before(deadline); i++ {
		asked++
		g := &randomQuery{r: r}
		sql := g.query(nil, 1+r.IntN(3), 3)
		want, err := postgresAnswer(ctx, conn, sql)
		if err != nil {
			refused++
			continue
		}
		for _, v := range variants {
			got, err := w.answer(sql, v, rows, r)
			if err != nil {
				t.Errorf("%s: %v\n%s", v.name, err, sql)
				continue
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: query %d\n%s\ngave %v\nwant %v", v.name, i, sql, got, want)
			}
		}
		if t.Failed() {
			break
		}
	}
	t.Logf("%d queries, of which PostgreSQL refused %d", asked, refused)
	if refused > asked/3 {
		t.Errorf("PostgreSQL refused %d queries of %d: the generator is wrong", refused, asked)
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

// answerRow is a row of a table of integers; nil is NULL.
type answerRow []*int

func (r answerRow) sql() string {
	parts := make([]string, len(r))
	for i, v := range r {
		if parts[i] = "NULL"; v != nil {
			parts[i] = strconv.Itoa(*v)
		}
	}
	return strings.Join(parts, ", ")
}

func randomRows(r *rand.Rand) map[string][]answerRow {
	value := func() *int {
		if r.IntN(100) < 18 {
			return nil
		}
		v := r.IntN(5)
		return &v
	}
	rows := map[string][]answerRow{}
	for i := range 9 {
		rows["t"] = append(rows["t"], answerRow{&i, value(), value()})
	}
	for range 11 {
		rows["u"] = append(rows["u"], answerRow{value(), value()})
	}
	for p := range 4 {
		for q := range 3 {
			if r.IntN(3) > 0 {
				rows["w"] = append(rows["w"], answerRow{&p, &q, value()})
			}
		}
	}
	return rows
}

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
			}
		}
		out = append(out, strings.Join(cells, "|"))
	}
	slices.Sort(out)
	return out, nil
}

// answer plans and runs a query.
func (w *world) answer(sql string, v variant, rows map[string][]answerRow, r *rand.Rand) ([]string, error) {
	stmt, err := parser.ParseOne(sql)
	if err != nil {
		return nil, err
	}
	env := w.env()
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
	for _, step := range steps(v.view, rows, r) {
		for _, i := range flow.Scans() {
			s := q.Plan.Nodes[i].(*physical.Scan)
			if err := flow.Push(i, scanned(s, step[s.Name])); err != nil {
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
func steps(view bool, rows map[string][]answerRow, r *rand.Rand) []map[string][]weighted {
	if !view {
		one := map[string][]weighted{}
		for name, list := range rows {
			for i, row := range list {
				one[name] = append(one[name], weighted{row, i, 1})
			}
		}
		return []map[string][]weighted{one}
	}
	out := []map[string][]weighted{{}, {}, {}}
	for _, name := range []string{"t", "u", "w"} {
		for i, row := range rows[name] {
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
			case w.row[c] == nil:
				row[i] = types.Null
			default:
				row[i] = types.NewInt(int64(*w.row[c]))
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
		}
	}
	return strings.Join(cells, "|")
}
