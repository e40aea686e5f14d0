package server_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// endless runs until somebody ends it.
const endless = "SELECT count(*) FROM generate_series(1, 1000000000000) AS s(i) WHERE i % 2 = 3"

// TestCancel: a running query ends when the client asks for it, and the connection goes on.
func TestCancel(t *testing.T) {
	n := startNode(t)
	d := n.db()
	ended := make(chan error, 1)
	go func() {
		_, err := execOn(context.Background(), d.conn, endless)
		ended <- err
	}()
	// The first request may come before the query has begun, and then it means nothing.
	var err error
	for running := true; running; {
		cancelQuery(t, d.conn)
		select {
		case err = <-ended:
			running = false
		default:
		}
	}
	var pe *pgconn.PgError
	if !errors.As(err, &pe) || pe.Code != "57014" || pe.Message != "canceling statement due to user request" {
		t.Fatalf("a canceled query ends with %v", err)
	}
	if got := d.query("SELECT 1").scalar(t); got != "1" {
		t.Errorf("after a cancel SELECT 1 is %s", got)
	}
	d.exec("BEGIN")
	go func() {
		_, err := execOn(context.Background(), d.conn, endless)
		ended <- err
	}()
	for running := true; running; {
		cancelQuery(t, d.conn)
		select {
		case <-ended:
			running = false
		default:
		}
	}
	d.refused("25P02", "SELECT 1")
	d.exec("ROLLBACK")
}

func cancelQuery(t testing.TB, conn *pgconn.PgConn) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	if err := conn.CancelRequest(ctx); err != nil {
		t.Fatalf("cancel request: %v", err)
	}
}

// TestCancelHitsNoLaterQuery races requests to cancel against short queries: a request that was answered before a query
// is sent does not end it.
func TestCancelHitsNoLaterQuery(t *testing.T) {
	r := newRandom(t)
	d := startNode(t).db()
	canceled := 0
	rounds := either(0, 300, 20_000)
	for range rounds {
		first := make(chan error, 1)
		n := r.IntN(60_000)
		go func() {
			_, err := execOn(context.Background(), d.conn, fmt.Sprintf("SELECT count(*) FROM generate_series(1, %d)", n))
			first <- err
		}()
		cancelQuery(t, d.conn)
		if err := <-first; err != nil {
			var pe *pgconn.PgError
			if !errors.As(err, &pe) || pe.Code != "57014" {
				t.Fatal(err)
			}
			canceled++
		}
		if got := d.query("SELECT 42").scalar(t); got != "42" {
			t.Fatalf("the next query says %s", got)
		}
	}
	t.Logf("%d of %d queries were canceled", canceled, rounds)
}

// TestCancelWithWrongKey: who does not know a connection's key cannot end its query.
func TestCancelWithWrongKey(t *testing.T) {
	n := startNode(t)
	d := n.db()
	key := append([]byte(nil), d.conn.SecretKey()...)
	ended := make(chan error, 1)
	go func() {
		_, err := execOn(context.Background(), d.conn, "SELECT count(*) FROM generate_series(1, 3000000)")
		ended <- err
	}()
	for i := range 100 {
		wrong := append([]byte(nil), key...)
		wrong[i%len(wrong)] ^= byte(1 + i)
		sendCancel(t, n.cfg.Listen, d.conn.PID(), wrong)
	}
	for _, short := range [][]byte{nil, key[:1], key[:len(key)-1], append(append([]byte(nil), key...), 0)} {
		sendCancel(t, n.cfg.Listen, d.conn.PID(), short)
	}
	if err := <-ended; err != nil {
		t.Fatalf("a query ended: %v", err)
	}
}

func TestStatementTimeout(t *testing.T) {
	d := startNode(t).db()
	d.exec("SET statement_timeout = '50ms'")
	if err := d.refused("57014", endless); err.Message != "canceling statement due to statement timeout" {
		t.Errorf("the message is %q", err.Message)
	}
	d.exec("SELECT 1")
	d.exec("CREATE TABLE t (a int)")
	d.exec("INSERT INTO t VALUES (1)")
	d.exec("SET statement_timeout = 0")
	if got := d.query("SELECT count(*) FROM t").scalar(t); got != "1" {
		t.Errorf("%s rows", got)
	}
	d.exec("SET statement_timeout = 20")
	d.refused("57014", "INSERT INTO t SELECT 1 FROM generate_series(1, 100000000000) AS s(i) WHERE i < 0")
	d.exec("RESET statement_timeout")
	if got := d.query("SELECT count(*) FROM t").scalar(t); got != "1" {
		t.Errorf("%s rows after an INSERT that was ended", got)
	}
}

func heapBytes() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestResultsAreStreamed: rows reach the client while the query still runs, and a client that does not read costs the
// server no memory.
func TestResultsAreStreamed(t *testing.T) {
	n := startNode(t)
	before := heapBytes()
	d := n.db()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	result := d.conn.Exec(ctx, "SELECT i, 'a value of some length' || i FROM generate_series(1, 1000000000000) AS s(i)")
	if !result.NextResult() {
		t.Fatal(result.Close())
	}
	rows := result.ResultReader()
	const read = 200_000
	for i := 1; i <= read; i++ {
		if !rows.NextRow() {
			_, err := rows.Close()
			t.Fatalf("the result ends at row %d: %v", i, err)
		}
		if got := string(rows.Values()[0]); got != fmt.Sprint(i) {
			t.Fatalf("row %d is %s", i, got)
		}
	}
	if grown := heapBytes() - before; grown > 64<<20 {
		t.Errorf("an endless result took %d MiB", grown>>20)
	}
	// The server notices that the client is gone: it could not be closed otherwise.
	cancel()
	d.close()
	n.stop()
}

// TestLargeRows sends and receives values of many megabytes.
func TestLargeRows(t *testing.T) {
	d := startNode(t).db()
	d.exec("CREATE TABLE t (id int PRIMARY KEY, s text)")
	d.exec("CREATE MATERIALIZED VIEW v AS SELECT length(s) AS n FROM t")
	text := strings.Repeat("0123456789abcdef", 1<<19)
	d.exec("INSERT INTO t VALUES (1, '" + text + "')")
	if got := d.query("SELECT s FROM t").scalar(t); got != text {
		t.Errorf("a text of %d bytes comes back with %d bytes", len(text), len(got))
	}
	if got := d.query("SELECT n FROM v").scalar(t); got != fmt.Sprint(len(text)) {
		t.Errorf("the view says %s", got)
	}
}

func TestCursors(t *testing.T) {
	w := newTwin(t, startNode(t))
	w.must("CREATE TABLE t (id int PRIMARY KEY, s text)")
	w.must("INSERT INTO t SELECT i, 'row ' || i FROM generate_series(1, 20) AS s(i)")
	w.exec("DECLARE outside CURSOR FOR SELECT 1")
	w.must("BEGIN")
	w.must("DECLARE c SCROLL CURSOR FOR SELECT * FROM t ORDER BY id")
	for _, sql := range []string{
		"FETCH c", "FETCH 3 FROM c", "FETCH NEXT FROM c", "FETCH PRIOR FROM c", "FETCH BACKWARD 2 FROM c", "FETCH FIRST FROM c",
		"FETCH LAST FROM c", "FETCH ABSOLUTE 5 FROM c", "FETCH ABSOLUTE -2 FROM c", "FETCH RELATIVE -3 FROM c", "FETCH RELATIVE 0 FROM c",
		"FETCH FORWARD 0 FROM c", "FETCH ABSOLUTE 0 FROM c", "FETCH 0 FROM c", "FETCH FORWARD ALL FROM c", "FETCH c", "FETCH BACKWARD ALL FROM c",
		"FETCH BACKWARD 1 FROM c", "FETCH 2 FROM c", "FETCH ABSOLUTE 99 FROM c", "FETCH PRIOR FROM c", "FETCH ABSOLUTE -99 FROM c", "FETCH NEXT FROM c",
	} {
		w.same(sql)
	}
	for _, sql := range []string{"MOVE 3 IN c", "MOVE BACKWARD 2 FROM c", "MOVE FORWARD ALL FROM c", "MOVE LAST FROM c", "MOVE ABSOLUTE 0 FROM c", "MOVE NEXT FROM c"} {
		w.must(sql)
	}
	w.same("FETCH c")
	w.must("CLOSE c")
	w.exec("FETCH c")
	w.must("ROLLBACK")
	w.must("BEGIN")
	w.must("DECLARE kept CURSOR WITH HOLD FOR SELECT id FROM t WHERE id > 17 ORDER BY id")
	w.must("COMMIT")
	w.must("DELETE FROM t WHERE id > 18")
	w.same("FETCH ALL FROM kept")
	w.must("CLOSE kept")
	w.must("BEGIN")
	w.must("DECLARE gone CURSOR FOR SELECT 1")
	w.must("COMMIT")
	w.exec("FETCH gone")
}

func TestPreparedStatements(t *testing.T) {
	w := newTwin(t, startNode(t))
	w.must("CREATE TABLE t (id int PRIMARY KEY, s text, n numeric)")
	w.must("PREPARE put (int, text) AS INSERT INTO t VALUES ($1, $2, $1 * 1.5)")
	w.must("PREPARE get AS SELECT s, n FROM t WHERE id = $1 OR s = $2 ORDER BY id")
	for i := range 5 {
		w.must(fmt.Sprintf("EXECUTE put (%d, 'row %d')", i, i))
	}
	w.same("EXECUTE get (3, 'row 1')")
	w.same("EXECUTE get (NULL, NULL)")
	w.exec("EXECUTE get (3)")
	w.exec("EXECUTE get ('x', 'y')")
	w.exec("PREPARE get AS SELECT 1")
	w.exec("EXECUTE put (1, 'again')")
	// The plan follows the catalog, but the result's columns may not change.
	w.must("DROP TABLE t")
	w.exec("EXECUTE get (1, 'x')")
	w.must("CREATE TABLE t (id int PRIMARY KEY, s text, n numeric, more int)")
	w.must("INSERT INTO t VALUES (9, 'nine', 0.5, 1)")
	w.same("EXECUTE get (9, '')")
	w.must("PREPARE everything AS SELECT * FROM t")
	w.must("DROP TABLE t")
	w.must("CREATE TABLE t (id int PRIMARY KEY, s text)")
	w.exec("EXECUTE everything")
	w.must("DEALLOCATE get")
	w.exec("EXECUTE get (1, 'x')")
	w.must("DEALLOCATE ALL")
	w.exec("EXECUTE put (1, 'x')")
}

// TestPgx runs the client library's own ways of sending statements, batches and copies.
func TestPgx(t *testing.T) {
	ctx := t.Context()
	n := startNode(t)
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol} {
		t.Run(mode.String(), func(t *testing.T) {
			c := n.pgx()
			exec := func(sql string, args ...any) {
				t.Helper()
				if _, err := c.Exec(ctx, sql, append([]any{mode}, args...)...); err != nil {
					t.Fatalf("%s: %v", sql, err)
				}
			}
			exec("CREATE TABLE p (id bigint PRIMARY KEY, name text, score float8, tags text[])")
			exec("CREATE MATERIALIZED VIEW tops AS SELECT name, max(score) AS score FROM p GROUP BY name")
			for i := range 10 {
				exec("INSERT INTO p VALUES ($1, $2, $3, $4)", int64(i), fmt.Sprintf("n%d", i%3), float64(i)/4, []string{"a", fmt.Sprint(i)})
			}
			exec("UPDATE p SET score = score + $2 WHERE id = $1", int64(9), 1.5)
			var name string
			var score float64
			if err := c.QueryRow(ctx, "SELECT name, score FROM tops WHERE name = $1", mode, "n0").Scan(&name, &score); err != nil || score != 3.75 {
				t.Errorf("name %s, score %v, error %v", name, score, err)
			}
			var tags []string
			if err := c.QueryRow(ctx, "SELECT tags FROM p WHERE id = $1", mode, int64(7)).Scan(&tags); err != nil || len(tags) != 2 || tags[1] != "7" {
				t.Errorf("tags %v, error %v", tags, err)
			}
			if _, err := c.Exec(ctx, "INSERT INTO p VALUES ($1)", mode, int64(7)); !strings.Contains(fmt.Sprint(err), "23505") {
				t.Errorf("a duplicate key gives %v", err)
			}
			exec("DROP MATERIALIZED VIEW tops")
			exec("DROP TABLE p")
		})
	}

	c := n.pgx()
	if _, err := c.Exec(ctx, "CREATE TABLE b (id int PRIMARY KEY, s text, at timestamptz, f float8)"); err != nil {
		t.Fatal(err)
	}
	rows := make([][]any, 5000)
	for i := range rows {
		rows[i] = []any{int32(i), fmt.Sprintf("s%d", i), nil, float64(i) / 3}
	}
	if count, err := c.CopyFrom(ctx, pgx.Identifier{"b"}, []string{"id", "s", "at", "f"}, pgx.CopyFromRows(rows)); err != nil || count != 5000 {
		t.Fatalf("binary COPY of 5000 rows: %d, %v", count, err)
	}
	var batch pgx.Batch
	batch.Queue("INSERT INTO b VALUES ($1, $2)", 9000, "batch")
	batch.Queue("SELECT count(*) FROM b")
	batch.Queue("DELETE FROM b WHERE id < $1", 10)
	batch.Queue("SELECT count(*), sum(f) FROM b WHERE id < $1", 12)
	br := c.SendBatch(ctx, &batch)
	var total, left int64
	var sum float64
	_, err1 := br.Exec()
	err2 := br.QueryRow().Scan(&total)
	_, err3 := br.Exec()
	err4 := br.QueryRow().Scan(&left, &sum)
	if err := errors.Join(err1, err2, err3, err4, br.Close()); err != nil || total != 5001 || left != 2 || sum != 7 {
		t.Errorf("batch: total %d, left %d, sum %v, error %v", total, left, sum, err)
	}
	// A batch is one transaction: an error in the middle undoes what came before.
	batch = pgx.Batch{}
	batch.Queue("INSERT INTO b VALUES ($1)", 9001)
	batch.Queue("INSERT INTO b VALUES ($1)", 9000)
	if err := c.SendBatch(ctx, &batch).Close(); !strings.Contains(fmt.Sprint(err), "23505") {
		t.Errorf("a batch with a duplicate key gives %v", err)
	}
	if err := c.QueryRow(ctx, "SELECT count(*) FROM b WHERE id > 9000").Scan(&left); err != nil || left != 0 {
		t.Errorf("a failed batch has left %d rows, %v", left, err)
	}
}

// typeValues has values of every type as literals.
var typeValues = []struct {
	typ    string
	values []string
}{
	{"boolean", []string{"t", "f"}},
	{"smallint", []string{"0", "-32768", "32767"}},
	{"integer", []string{"0", "-2147483648", "2147483647"}},
	{"bigint", []string{"0", "-9223372036854775808", "9223372036854775807"}},
	{"real", []string{"0", "-0", "1.5", "3.4028235e38", "1e-45", "NaN", "Infinity", "-Infinity"}},
	{"double precision", []string{"0", "-0", "0.1", "1.7976931348623157e308", "5e-324", "NaN", "Infinity", "-Infinity"}},
	{"numeric", []string{"0", "0.00", "1", "-1", "10000", "0.0001", "0.00010", "12345678901234567890.12345678901234567890", "-99999999999999999999", "1e50", "1e-50", "NaN", "Infinity", "-Infinity"}},
	{"numeric(12,3)", []string{"0", "1.5", "-123456789.123"}},
	{"text", []string{"", "a", "ä€😀", "two\nlines", `back\slash`}},
	{"varchar(5)", []string{"", "abc", "abcdefg"}},
	{"char(5)", []string{"", "abc", "abcde"}},
	{"bytea", []string{`\x`, `\x00ff10`, `\x5c27`}},
	{"date", []string{"2000-01-01", "1999-12-31", "0001-01-01", "9999-12-31", "4000-01-01 BC", "infinity", "-infinity"}},
	{"time", []string{"00:00", "23:59:59.999999", "24:00"}},
	{"timestamp", []string{"2000-01-01", "1999-12-31 23:59:59.999999", "0044-03-15 12:00 BC", "294276-12-31 23:59:59", "infinity", "-infinity"}},
	{"timestamptz", []string{"2000-01-01 00:00+00", "1969-12-31 23:59:59.5-05", "infinity", "-infinity"}},
	{"interval", []string{"0", "1 year 2 mons 3 days 04:05:06.789", "-1 mon", "-1 day +02:03", "178000000 years"}},
	{"uuid", []string{"00000000-0000-0000-0000-000000000000", "123e4567-e89b-12d3-a456-426614174000"}},
	{"json", []string{`{"a": [1, 2.50, null], "a" : true}`, "1", `"x"`}},
	{"jsonb", []string{`{"b": [1, 2.50, null], "a" : {"c": "ä"}}`, "1", `"x"`, "[]"}},
	{"oid", []string{"0", "4294967295"}},
	{"integer[]", []string{"{}", "{1,NULL,3}", "{{1,2},{3,4}}", "[2:3]={7,8}"}},
	{"text[]", []string{"{}", `{a,"b c",NULL,"NULL","","q\"\\"}`}},
	{"numeric[]", []string{"{1.50,-2,NaN}"}},
	{"boolean[]", []string{"{t,f,NULL}"}},
	{"timestamp[]", []string{`{"2024-01-01 10:00",NULL,infinity}`}},
	{"double precision[]", []string{"{0.1,NaN}"}},
	{"uuid[]", []string{"{123e4567-e89b-12d3-a456-426614174000}"}},
	{"jsonb[]", []string{`{"{\"a\": 1}",NULL}`}},
}

// TestFormatsOfTypes sends each value in text and binary form, as a parameter and as a result, stored and not; PostgreSQL has to
// agree on every byte.
func TestFormatsOfTypes(t *testing.T) {
	n := startNode(t)
	mill, pg := n.db(), newPostgres(t)
	get := func(d *db, sql string, oid uint32, param []byte, paramFormat, resultFormat int16) (uint32, []byte) {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
		defer cancel()
		r := d.conn.ExecParams(ctx, sql, [][]byte{param}, []uint32{oid}, []int16{paramFormat}, []int16{resultFormat}).Read()
		if r.Err != nil || len(r.Rows) != 1 {
			t.Fatalf("%s: %s with %q: %d rows, %v", d.name, sql, param, len(r.Rows), r.Err)
		}
		return r.FieldDescriptions[0].DataTypeOID, r.Rows[0][0]
	}
	for _, tv := range typeValues {
		sql := "SELECT $1::" + tv.typ
		mill.exec("CREATE TABLE s (id int PRIMARY KEY, v " + tv.typ + ")")
		mill.exec("CREATE MATERIALIZED VIEW sv AS SELECT v, count(*) AS n FROM (SELECT DISTINCT id, v::text AS v FROM s) q GROUP BY v")
		for i, value := range tv.values {
			const textOID = 25
			oid, text := get(pg, sql, textOID, []byte(value), 0, 0)
			_, binary := get(pg, sql, textOID, []byte(value), 0, 1)
			for _, c := range []struct {
				what           string
				paramOID       uint32
				param          []byte
				pFormat, rForm int16
				want           []byte
			}{
				{"text to text", textOID, []byte(value), 0, 0, text},
				{"text to binary", textOID, []byte(value), 0, 1, binary},
				{"own text to binary", oid, text, 0, 1, binary},
				{"binary to binary", oid, binary, 1, 1, binary},
				{"binary to text", oid, binary, 1, 0, text},
			} {
				gotOID, got := get(mill, sql, c.paramOID, c.param, c.pFormat, c.rForm)
				if gotOID != oid || string(got) != string(c.want) {
					t.Errorf("%s %q, %s: type %d value %q, PostgreSQL has type %d value %q", tv.typ, value, c.what, gotOID, got, oid, c.want)
				}
			}
			put := mill.conn.ExecParams(context.Background(), "INSERT INTO s VALUES ($2, $1)", [][]byte{binary, []byte(fmt.Sprint(i))}, []uint32{oid, 23}, []int16{1, 0}, nil).Read()
			if put.Err != nil {
				t.Errorf("%s %q: %v", tv.typ, value, put.Err)
				continue
			}
			_, got := get(mill, "SELECT v FROM s WHERE id = $1::int", 23, []byte(fmt.Sprint(i)), 0, 1)
			if string(got) != string(binary) {
				t.Errorf("%s %q, stored: %q, PostgreSQL has %q", tv.typ, value, got, binary)
			}
		}
		if got := mill.query("SELECT sum(n) FROM sv").scalar(t); got != fmt.Sprint(len(tv.values)) {
			t.Errorf("%s: a view counts %s values of %d", tv.typ, got, len(tv.values))
		}
		mill.exec("DROP TABLE s CASCADE")
	}
}

// TestManyConnections opens connections up to the limit; the next one is told, and room that is given back is used.
func TestManyConnections(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	n := startNode(t, limitConnections(20))
	var open []*pgconn.PgConn
	for range 20 {
		c, err := n.dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
	}
	for range 10 {
		_, err := n.dial(t.Context())
		var pe *pgconn.PgError
		if !errors.As(err, &pe) || pe.Code != "53300" {
			t.Fatalf("one connection too many: %v", err)
		}
		i := r.IntN(len(open))
		if err := open[i].Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		// The server learns of it a moment after the client.
		for {
			if open[i], err = n.dial(t.Context()); err == nil {
				break
			}
			if !errors.As(err, &pe) || pe.Code != "53300" {
				t.Fatal(err)
			}
		}
	}
	for _, c := range open {
		if _, err := queryOn(t.Context(), c, "SELECT 1"); err != nil {
			t.Error(err)
		}
		_ = c.Close(context.Background())
	}
}
