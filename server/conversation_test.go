package server_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"millrace/internal/oracle"
)

// turn is what a client sends before it waits for the server to be ready.
type turn []pgproto3.FrontendMessage

// say makes a turn.
func say(m ...pgproto3.FrontendMessage) turn { return m }

func simple(sql string) turn { return turn{&pgproto3.Query{String: sql}} }

func parse(name, sql string, oids ...uint32) *pgproto3.Parse {
	return &pgproto3.Parse{Name: name, Query: sql, ParameterOIDs: oids}
}

func bind(portal, statement string, params ...string) *pgproto3.Bind {
	b := &pgproto3.Bind{DestinationPortal: portal, PreparedStatement: statement}
	for _, p := range params {
		b.Parameters = append(b.Parameters, []byte(p))
	}
	return b
}

func execute(portal string, rows uint32) *pgproto3.Execute {
	return &pgproto3.Execute{Portal: portal, MaxRows: rows}
}

func describeOf(kind byte, name string) *pgproto3.Describe {
	return &pgproto3.Describe{ObjectType: kind, Name: name}
}

func closeOf(kind byte, name string) *pgproto3.Close {
	return &pgproto3.Close{ObjectType: kind, Name: name}
}

var (
	syncMessage  = &pgproto3.Sync{}
	flushMessage = &pgproto3.Flush{}
)

// conversations are protocol exchanges. Each runs on a fresh connection; the answers must be PostgreSQL's, message by
// message.
var conversations = []struct {
	name  string
	turns []turn
}{
	{"simple", []turn{
		simple(""), simple(";"), simple("SELECT 1 AS a, 'x' AS b, NULL::int AS c"), simple("SELECT 1; SELECT 2, 3"), simple("SELECT 1; SELECT 1/(i-1) FROM generate_series(1, 1) AS s(i); SELECT 2"),
		simple("nonsense"), simple("SELECT 1; nonsense"), simple("SELECT 1 WHERE false"),
		simple("BEGIN"), simple("SELECT 1"), simple("SELECT missing"), simple("SELECT 1"), simple("COMMIT"), simple("COMMIT"), simple("ROLLBACK"),
	}},
	{"settings", []turn{
		simple("SET application_name = 'x y'"), simple("SET TimeZone = 'Europe/Berlin'"), simple("SHOW TimeZone"), simple("RESET TimeZone"),
		simple("BEGIN; SET DateStyle = 'German'; ROLLBACK"), simple("SET DateStyle = 'SQL, DMY'"), simple("BEGIN; SET LOCAL DateStyle = 'ISO'; COMMIT"),
	}},
	{"implicit transactions", []turn{
		simple("CREATE TABLE conv (id int PRIMARY KEY, s text)"),
		simple("INSERT INTO conv VALUES (1, 'a'); INSERT INTO conv VALUES (1, 'b')"), simple("SELECT count(*) FROM conv"),
		simple("INSERT INTO conv VALUES (1, 'a'); SELECT * FROM conv; INSERT INTO conv VALUES (2, 'b')"), simple("SELECT count(*) FROM conv"),
		simple("INSERT INTO conv VALUES (3, 'c'); ROLLBACK"), simple("SELECT count(*) FROM conv"),
		simple("INSERT INTO conv VALUES (4, 'd'); BEGIN; INSERT INTO conv VALUES (5, 'e'); ROLLBACK"), simple("SELECT count(*) FROM conv"),
		simple("INSERT INTO conv VALUES (6, 'f'); COMMIT; INSERT INTO conv VALUES (1, 'g')"), simple("SELECT count(*) FROM conv"),
		simple("UPDATE conv SET s = s || s RETURNING id, s"), simple("DELETE FROM conv WHERE id = 77"), simple("DROP TABLE conv"),
	}},
	{"extended", []turn{
		say(parse("", "SELECT $1::int + 1 AS n, $2::text AS t"), describeOf('S', ""), bind("", "", "41", "x"), describeOf('P', ""), execute("", 0), syncMessage),
		say(parse("named", "SELECT i FROM generate_series(1, $1) AS s(i)", 23), syncMessage),
		say(bind("p", "named", "5"), execute("p", 2), execute("p", 2), execute("p", 2), execute("p", 2), syncMessage),
		say(bind("", "named", "4"), execute("", 4), execute("", 1), syncMessage),
		say(bind("", "named", "0"), execute("", 1), execute("", 0), syncMessage),
		say(bind("", "named", "3"), execute("", 0), execute("", 0), syncMessage),
		say(parse("named", "SELECT 1"), syncMessage),
		say(bind("", "named"), syncMessage),
		say(bind("", "named", "x"), syncMessage),
		say(bind("", "missing"), execute("", 0), syncMessage),
		say(execute("missing", 0), syncMessage),
		say(describeOf('S', "missing"), syncMessage), say(describeOf('P', "missing"), syncMessage),
		say(closeOf('S', "missing"), closeOf('P', "missing"), closeOf('S', "named"), syncMessage),
		say(bind("", "named", "1"), syncMessage),
	}},
	{"empty and rowless", []turn{
		say(parse("", ""), describeOf('S', ""), bind("", ""), describeOf('P', ""), execute("", 0), syncMessage),
		say(parse("", "SET application_name = 'a'"), describeOf('S', ""), bind("", ""), describeOf('P', ""), execute("", 0), syncMessage),
		say(parse("", "SELECT WHERE false"), describeOf('S', ""), bind("", ""), execute("", 0), syncMessage),
		say(parse("", "SELECT 1; SELECT 2"), syncMessage),
		say(syncMessage), say(flushMessage, syncMessage),
	}},
	{"errors skip to Sync", []turn{
		say(parse("", "SELECT 1/(i-1) FROM generate_series(1, 1) AS s(i)"), bind("", ""), execute("", 0), parse("", "SELECT 1"), bind("", ""), execute("", 0), syncMessage),
		say(parse("", "nonsense"), bind("", ""), execute("", 0), syncMessage),
		say(parse("", "SELECT * FROM missing"), describeOf('S', ""), syncMessage),
		say(parse("", "SELECT $1 + $2"), describeOf('S', ""), syncMessage),
		say(parse("", "SELECT $2::int"), describeOf('S', ""), syncMessage),
	}},
	{"one transaction up to Sync", []turn{
		simple("CREATE TABLE conv (id int PRIMARY KEY)"),
		say(parse("ins", "INSERT INTO conv VALUES ($1)"), bind("", "ins", "1"), execute("", 0), bind("", "ins", "2"), execute("", 0), bind("", "ins", "1"), execute("", 0), syncMessage),
		simple("SELECT count(*) FROM conv"),
		say(bind("", "ins", "1"), execute("", 0), bind("", "ins", "2"), execute("", 0), syncMessage),
		say(parse("", "SELECT id FROM conv ORDER BY id"), bind("", ""), execute("", 1), bind("", "ins", "3"), execute("", 0), syncMessage),
		say(execute("", 1), syncMessage),
		say(parse("", "BEGIN"), bind("", ""), execute("", 0), syncMessage),
		say(parse("", "SELECT id FROM conv ORDER BY id"), bind("kept", ""), execute("kept", 1), syncMessage),
		say(execute("kept", 1), syncMessage),
		say(bind("kept", ""), syncMessage),
		say(execute("kept", 1), syncMessage),
		say(parse("", "ROLLBACK"), bind("", ""), execute("", 0), syncMessage),
		say(execute("kept", 1), syncMessage),
		say(parse("", "INSERT INTO conv VALUES (9) RETURNING id, id * 2 AS d"), describeOf('S', ""), bind("", ""), execute("", 0), syncMessage),
		simple("DROP TABLE conv"),
	}},
	{"binary results", []turn{
		say(parse("", "SELECT 1::int4, 'x'::text, true"), &pgproto3.Bind{ResultFormatCodes: []int16{1}}, describeOf('P', ""), execute("", 0), syncMessage),
		say(parse("", "SELECT 1::int4, 'x'::text, true"), &pgproto3.Bind{ResultFormatCodes: []int16{1, 0, 1}}, describeOf('P', ""), execute("", 0), syncMessage),
		say(parse("", "SELECT 1::int4, 'x'::text, true"), &pgproto3.Bind{ResultFormatCodes: []int16{1, 0}}, execute("", 0), syncMessage),
		say(parse("", "SELECT $1::int4"), &pgproto3.Bind{ParameterFormatCodes: []int16{1}, Parameters: [][]byte{{0, 0, 1, 0}}}, execute("", 0), syncMessage),
		say(parse("", "SELECT $1::int4"), &pgproto3.Bind{ParameterFormatCodes: []int16{1}, Parameters: [][]byte{{0, 0, 1}}}, execute("", 0), syncMessage),
		say(parse("", "SELECT $1::int4"), &pgproto3.Bind{ParameterFormatCodes: []int16{1, 1}, Parameters: [][]byte{{0, 0, 1, 0}}}, execute("", 0), syncMessage),
		say(parse("", "SELECT $1::int4"), &pgproto3.Bind{Parameters: [][]byte{nil}}, execute("", 0), syncMessage),
	}},
	{"copy", []turn{
		simple("CREATE TABLE conv (id int PRIMARY KEY, s text)"),
		{&pgproto3.Query{String: "COPY conv FROM STDIN"}, &pgproto3.CopyData{Data: []byte("1\ta\n2")}, &pgproto3.CopyData{Data: []byte("\tb\n")}, &pgproto3.CopyDone{}},
		{&pgproto3.Query{String: "COPY conv FROM STDIN"}, &pgproto3.CopyData{Data: []byte("3\tc\n")}, &pgproto3.CopyFail{Message: "no more"}},
		{&pgproto3.Query{String: "COPY conv FROM STDIN"}, &pgproto3.CopyData{Data: []byte("x\tc\n")}, &pgproto3.CopyData{Data: []byte("4\tc\n")}, &pgproto3.CopyDone{}},
		simple("COPY conv TO STDOUT"), simple("COPY (SELECT id, NULL AS n FROM conv ORDER BY id DESC) TO STDOUT (FORMAT csv, HEADER)"),
		simple("COPY conv TO STDOUT (FORMAT binary)"), simple("COPY missing TO STDOUT"),
		simple("COPY (INSERT INTO conv VALUES (7, 'r'), (8, NULL) RETURNING *) TO STDOUT"), simple("COPY (DELETE FROM conv WHERE id = 7) TO STDOUT"),
		simple("COPY (WITH d AS (DELETE FROM conv WHERE id > 6 RETURNING *) SELECT s, id FROM d) TO STDOUT (FORMAT csv)"), simple("SELECT count(*) FROM conv"),
		{&pgproto3.CopyData{Data: []byte("stray")}, &pgproto3.CopyDone{}, &pgproto3.Query{String: "SELECT 1"}},
		simple("DROP TABLE conv"),
	}},
}

// TestConversations holds protocol exchanges against PostgreSQL.
func TestConversations(t *testing.T) {
	n := startNode(t)
	pg := oracle.Require(t).NewDatabase(t)
	u, err := url.Parse(pg)
	if err != nil {
		t.Fatal(err)
	}
	pgStartup := packet(protocol30, []byte("user\x00"+u.User.Username()+"\x00database\x00"+strings.TrimPrefix(u.Path, "/")+"\x00\x00"))
	for _, c := range conversations {
		t.Run(c.name, func(t *testing.T) {
			ours := dialWire(t, n.cfg.Listen)
			ours.start()
			theirs := dialWire(t, u.Host)
			theirs.send(pgStartup)
			theirs.untilReady()
			for i, turn := range c.turns {
				got, gotErr := ours.take(turn)
				want, err := theirs.take(turn)
				if err != nil {
					t.Fatalf("PostgreSQL: %v", err)
				}
				if gotErr != nil {
					t.Fatalf("turn %d: %v after\n  %s\nPostgreSQL says\n  %s", i+1, gotErr, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
				}
				if strings.Join(got, "\n") != strings.Join(want, "\n") {
					t.Errorf("turn %d: %s\n  %s\nPostgreSQL says\n  %s", i+1, sent(turn), strings.Join(got, "\n  "), strings.Join(want, "\n  "))
				}
			}
		})
	}
}

func sent(messages turn) string {
	var parts []string
	for _, m := range messages {
		switch m := m.(type) {
		case *pgproto3.Query:
			parts = append(parts, m.String)
		case *pgproto3.Parse:
			parts = append(parts, "Parse "+m.Query)
		default:
			parts = append(parts, strings.TrimPrefix(fmt.Sprintf("%T", m), "*pgproto3."))
		}
	}
	return strings.Join(parts, ", ")
}

// take sends one turn and reads the answers up to readiness.
func (w *wire) take(messages turn) ([]string, error) {
	for _, m := range messages {
		w.fe.Send(m)
	}
	if err := w.fe.Flush(); err != nil {
		return nil, err
	}
	answers, err := w.receive(1)
	var out []string
	for i, m := range answers {
		// Where COPY data is cut into messages is the server's choice.
		if data, ok := m.(*pgproto3.CopyData); ok && i > 0 {
			if before, ok := answers[i-1].(*pgproto3.CopyData); ok {
				data.Data = append(before.Data, data.Data...)
				out = out[:len(out)-1]
			}
		}
		out = append(out, render(m))
	}
	return out, err
}
