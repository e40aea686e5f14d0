package slt

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// unviewable are the SQLSTATEs of the reasons for which a query that can be run may not be a view: the server has not got
// something, or a column's type is one that no relation can have.
var unviewable = []string{"0A000", "42P16"}

var (
	// viewable queries begin like this; SHOW, EXPLAIN, FETCH and INSERT ... RETURNING cannot be a view's.
	viewable = regexp.MustCompile(`(?is)^[(\s]*(select|values|with|table)\b`)
	// Statements that the views stand in the way of or that give their queries another meaning, and those after which a
	// query may have come to have one.
	settings  = regexp.MustCompile(`(?i)^\s*(set|reset)\b`)
	redefines = regexp.MustCompile(`(?i)^\s*(drop|alter|set|reset|create\s+or\s+replace)\b`)
	defines   = regexp.MustCompile(`(?i)^\s*(create|drop|alter|set|reset)\b`)
)

// asView is a query of the file that is also kept as a view.
type asView struct {
	name    string
	sql     string
	columns int
	live    bool
	checked bool // has been compared at its own record, under the settings that are in force
}

// viewSet are the queries of one file as views, each distinct text once. A view is created as soon as the server takes
// it, which is right after the last relation that it reads and so before that has rows; what cannot be told apart
// from "not yet" is tried again after the next definition, and a last time when the query's record comes.
type viewSet struct {
	bySQL map[string]*asView
	order []*asView
	kind  string // VIEW or MATERIALIZED VIEW
}

// collectViews finds the file's queries, following includes.
func (r *runner) collectViews(s *Script) {
	// PostgreSQL's materialized views stand still, so there the mode, and its test, has to do with plain ones.
	r.views = &viewSet{bySQL: map[string]*asView{}, kind: "MATERIALIZED VIEW"}
	if r.labels["postgresql"] {
		r.views.kind = "VIEW"
	}
	r.collectFrom(s, 0)
}

func (r *runner) collectFrom(s *Script, depth int) {
	for _, rec := range s.Records {
		switch {
		case !rec.applies(r.labels):
		case rec.Kind == Halt:
			return
		case rec.Kind == Include && depth < includeDepthMax:
			for _, file := range included(rec) {
				// A file that cannot be read is reported when the include is run.
				if inner, err := load(file); err == nil {
					r.collectFrom(inner, depth+1)
				}
			}
		case rec.Kind == Query && rec.Expect.Outcome == OK && viewable.MatchString(rec.SQL) && rec.Types != "":
			r.views.add(rec)
		}
	}
}

func (v *viewSet) add(rec *Record) {
	if v.bySQL[rec.SQL] != nil {
		return
	}
	q := &asView{name: fmt.Sprintf("public.slt_view_%d", len(v.order)+1), sql: rec.SQL, columns: len(rec.Types)}
	v.bySQL[rec.SQL] = q
	v.order = append(v.order, q)
}

// create makes one view. Its columns get names of their own, since a query's may be the same.
func (r *runner) createView(ctx context.Context, conn *pgconn.PgConn, q *asView) error {
	columns := make([]string, q.columns)
	for i := range columns {
		columns[i] = fmt.Sprintf("c%d", i+1)
	}
	sql := strings.TrimRight(strings.TrimSpace(q.sql), ";")
	_, err := r.sendView(ctx, conn, fmt.Sprintf("CREATE %s %s (%s) AS %s", r.views.kind, q.name, strings.Join(columns, ", "), sql))
	q.live = err == nil
	return err
}

func (r *runner) sendView(ctx context.Context, conn *pgconn.PgConn, sql string) (answer, error) {
	timed, cancel := context.WithTimeout(ctx, r.opts.Timeout)
	defer cancel()
	return send(timed, conn, Simple, sql)
}

// beforeStatement removes the views if the statement could be refused, or change what they mean, because of them.
func (r *runner) beforeStatement(ctx context.Context, conn *pgconn.PgConn, rec *Record) error {
	if r.views == nil || conn.TxStatus() != 'I' || !redefines.MatchString(rec.SQL) {
		return nil
	}
	return r.dropViews(ctx, conn)
}

// afterStatement creates the views that can be created now, if the statement was a definition.
func (r *runner) afterStatement(ctx context.Context, conn *pgconn.PgConn, rec *Record) error {
	if r.views == nil || conn.IsClosed() || conn.TxStatus() != 'I' || !defines.MatchString(rec.SQL) {
		return nil
	}
	for _, q := range r.views.order {
		if settings.MatchString(rec.SQL) {
			q.checked = false
		}
		if q.live {
			continue
		}
		if err := r.createView(ctx, conn, q); err != nil && !isServerError(err) {
			return fmt.Errorf("create a view of %q: %w", q.sql, err)
		}
	}
	return nil
}

// dropViews compares each view that has been compared before with its query once more, as the last changes left it, and
// drops all.
func (r *runner) dropViews(ctx context.Context, conn *pgconn.PgConn) error {
	for _, q := range r.views.order {
		if !q.live {
			continue
		}
		if q.checked && r.mayView {
			ans, err := r.sendView(ctx, conn, q.sql)
			switch {
			case err == nil:
				r.compareView(ctx, conn, &Record{Pos: r.at, SQL: q.sql}, q, ans)
			case !isServerError(err):
				return err
			}
		}
		if _, err := r.sendView(ctx, conn, fmt.Sprintf("DROP %s %s", r.views.kind, q.name)); err != nil {
			return fmt.Errorf("drop the view of %q: %w", q.sql, err)
		}
		q.live = false
	}
	return nil
}

// judgeView holds the view of a query, whose answer was right, against that answer.
func (r *runner) judgeView(ctx context.Context, conn *pgconn.PgConn, rec *Record, ans answer) {
	if r.views == nil || !r.mayView {
		return
	}
	q := r.views.bySQL[rec.SQL]
	switch {
	case q == nil:
		return
	case conn.TxStatus() != 'I':
		// Within a transaction block a view shows what was there before it.
		r.res.NotAsViews["in a transaction block"]++
		return
	}
	if !q.live {
		err := r.createView(ctx, conn, q)
		var refusal *pgconn.PgError
		switch {
		case errors.As(err, &refusal) && slices.Contains(unviewable, refusal.Code):
			r.res.NotAsViews[refusal.Message]++
			return
		case refusal != nil:
			r.fail(rec, "the query is answered, but is refused as a view: %s", describe(refusal))
			return
		case err != nil:
			r.fail(rec, "the query is answered, but not taken as a view: %v", err)
			return
		}
	}
	r.compareView(ctx, conn, rec, q, ans)
}

// compareView reads a view, whose rows have no order, and fails the record if they are not those of the answer.
func (r *runner) compareView(ctx context.Context, conn *pgconn.PgConn, rec *Record, q *asView, ans answer) {
	view, err := r.sendView(ctx, conn, "SELECT * FROM "+q.name)
	if err != nil {
		r.fail(rec, "the query is answered, but its view is not: %v", err)
		return
	}
	q.checked = true
	r.res.AsViews++
	if got, want := actualTypes(view), actualTypes(ans); got != want {
		r.fail(rec, "the columns of the query's view have types %s, those of the query %s", got, want)
		return
	}
	want, got := arrange(r.rows(ans), RowSort), arrange(r.rows(view), RowSort)
	if !r.equal(want, got, ans, RowSort) {
		r.fail(rec, "the query's view differs from the query (- query, + view)\n%s", formatDiff(diff(joinRows(want), joinRows(got))))
	}
}

// rows are an answer's values as text, with nothing rounded.
func (r *runner) rows(ans answer) [][]string {
	rows := make([][]string, len(ans.rows))
	for i, row := range ans.rows {
		rows[i] = make([]string, len(row))
		for j, v := range row {
			rows[i][j] = formatValue(v)
		}
	}
	return rows
}

func isServerError(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e)
}

// included are the files that an include names: one, or those that match a pattern, sorted.
func included(rec *Record) []string {
	path := filepath.Join(filepath.Dir(rec.Pos.File), rec.Arg)
	if !strings.ContainsAny(rec.Arg, "*?[") {
		return []string{path}
	}
	files, _ := filepath.Glob(path) // the parser has checked the pattern
	slices.Sort(files)
	return files
}

// reasons lists what kept queries from being views, with counts.
func reasons(counts map[string]int) string {
	var parts []string
	for _, reason := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%d %s", counts[reason], reason))
	}
	return strings.Join(parts, "; ")
}

// lastViews compares the views once more after the file's last record.
func (r *runner) lastViews(ctx context.Context) error {
	if r.views == nil || !r.mayView || r.failures >= r.opts.FailuresPerFile {
		return nil
	}
	for _, conn := range r.conns.byName {
		if conn.IsClosed() || conn.TxStatus() != 'I' {
			// Its last record has left a transaction open, and locks.
			return nil
		}
	}
	conn, err := r.conns.get(ctx, "")
	if err != nil {
		return fmt.Errorf("connection for the views: %w", err)
	}
	return r.dropViews(ctx, conn)
}
