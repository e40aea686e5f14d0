package scalar_test

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"millrace/expr"
	"millrace/internal/oracle"
	"millrace/pgerr"
	"millrace/types"
)

var rewrite = flag.Bool("rewrite", false, "write PostgreSQL's answers into testdata/answers")

// An answers file holds expressions, a line each, and under each PostgreSQL's answer: "= type value", "= type" for NULL,
// or "! SQLSTATE message". Lines that start with # are comments, and so are blank lines.

type answer struct {
	line  int
	expr  string
	want  string
	after []string // comments and blank lines before the expression
}

func readAnswers(t testing.TB, path string) []answer {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var list []answer
	var comments []string
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		switch line := lines.Text(); {
		case line == "" || line[0] == '#':
			comments = append(comments, line)
		case strings.HasPrefix(line, "= ") || strings.HasPrefix(line, "! "):
			list[len(list)-1].want = line
		default:
			list = append(list, answer{line: n, expr: line, after: comments})
			comments = nil
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

func answerFiles(t testing.TB) []string {
	files, err := filepath.Glob("testdata/answers/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no answers", err)
	}
	return files
}

// showValue and showError write an answer in a file's form.
func showValue(typeName, value string, null bool) string {
	if null {
		return "= " + typeName
	}
	value = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(value)
	return "= " + typeName + " |" + value + "|"
}

func showError(code, message string) string {
	return "! " + code + " " + strings.ReplaceAll(message, "\n", `\n`)
}

// sessionTime is the time at which the expressions are evaluated here; PostgreSQL's own answers to now() differ, so
// the files do not ask for it.
var answerEnv = func() *types.Env {
	env := *types.DefaultEnv
	loc, err := types.LoadZone("Europe/Zurich")
	if err != nil {
		panic(err)
	}
	env.TimeZone = loc
	env.Now = int64(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Unix()-946684800) * 1e6
	return &env
}()

// evaluate gives the answer of this package.
func evaluate(sql string, fold bool) string {
	var b binder
	e, err := b.parse(sql)
	if err == nil {
		if e.Type().Is(types.Unknown) {
			e = &expr.Cast{Arg: e, To: types.Of(types.Text)}
		}
		if e, err = literals(e); err != nil {
			return show(err)
		}
		if fold {
			e = expr.Fold(e)
		}
		var d types.Datum
		if d, err = expr.EvalConst(&expr.Context{Env: answerEnv}, e); err == nil {
			t := e.Type()
			return showValue(t.WithoutMod().String(), string(types.AppendText(nil, t, d, answerEnv)), d.Null)
		}
	}
	return show(err)
}

// literals converts the untyped literals, as a binder does at once.
func literals(e expr.Expr) (expr.Expr, error) {
	var failed error
	e = expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		c, ok := x.(*expr.Cast)
		if !ok || failed != nil {
			return x
		}
		if lit, ok := c.Arg.(*expr.Const); !ok || !lit.T.Is(types.Unknown) {
			return x
		}
		d, err := expr.EvalConst(&expr.Context{Env: answerEnv}, c)
		if err != nil {
			failed = err
			return x
		}
		return &expr.Const{Value: d, T: c.To}
	})
	return e, failed
}

func show(err error) string {
	var pe *pgerr.Error
	if errors.As(err, &pe) {
		return showError(string(pe.Code), pe.Message)
	}
	return "! " + err.Error()
}

// TestAnswers compares with the answers in the files, with and without folding first.
func TestAnswers(t *testing.T) {
	for _, path := range answerFiles(t) {
		for _, a := range readAnswers(t, path) {
			if a.want == "" {
				t.Errorf("%s:%d: no answer", path, a.line)
				continue
			}
			for _, fold := range []bool{false, true} {
				if got := evaluate(a.expr, fold); got != a.want {
					t.Errorf("%s:%d (fold %v): %s\n got %s\nwant %s", path, a.line, fold, a.expr, got, a.want)
					break
				}
			}
		}
	}
}

// postgres answers expressions by a real server.
type postgres struct{ conn *pgconn.PgConn }

func connect(t testing.TB) *postgres {
	url := oracle.Require(t).NewDatabase(t)
	conn, err := pgconn.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	p := &postgres{conn}
	for _, set := range []string{"SET timezone = 'Europe/Zurich'", "SET datestyle = 'ISO, MDY'"} {
		if _, err := conn.Exec(context.Background(), set).ReadAll(); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func (p *postgres) evaluate(sql string) string {
	query := fmt.Sprintf("SELECT x, pg_typeof(x) FROM (SELECT %s AS x OFFSET 0) s", sql)
	results, err := p.conn.Exec(context.Background(), query).ReadAll()
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return showError(pe.Code, pe.Message)
	}
	if err != nil {
		return "! " + err.Error()
	}
	row := results[0].Rows[0]
	return showValue(string(row[1]), string(row[0]), row[0] == nil)
}

// TestAnswersArePostgres checks the files themselves; with -rewrite it fills them in.
func TestAnswersArePostgres(t *testing.T) {
	p := connect(t)
	for _, path := range answerFiles(t) {
		list := readAnswers(t, path)
		var out strings.Builder
		for _, a := range list {
			got := p.evaluate(a.expr)
			if !*rewrite && got != a.want {
				t.Errorf("%s:%d: %s\n  PostgreSQL %s\n  the file   %s", path, a.line, a.expr, got, a.want)
			}
			for _, c := range a.after {
				out.WriteString(c + "\n")
			}
			out.WriteString(a.expr + "\n" + got + "\n")
		}
		if *rewrite {
			if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
