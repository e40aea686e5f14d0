package server_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"millrace/internal/oracle"
)

// psqlSchema is made on both servers.
const psqlSchema = `
CREATE TABLE account (id int PRIMARY KEY, owner varchar(20) NOT NULL, balance numeric(12,2), tags text[], opened timestamptz, visits int DEFAULT 0,
  CONSTRAINT positive CHECK (visits >= 0), UNIQUE (owner, opened));
CREATE TYPE mood AS ENUM ('sad', 'ok', 'glad');
CREATE TABLE note (a int, b text, m mood, ms mood[]);
CREATE VIEW rich AS SELECT id, owner FROM account WHERE balance > 1000;
COMMENT ON TABLE account IS 'who has what';
COMMENT ON COLUMN account.balance IS 'in euros';
`

// psqlSame are commands whose output is the same on both, but for the owner's name.
var psqlSame = []string{
	`\d`, `\dt`, `\dv`, `\d account`, `\d note`, `\d rich`, `\di`, `\dt acc*`, `\d nothing`, `\dt nothing`, `\dT`, `\dT+ mood`, `\dm`, `\ds`, `\dp nothing`,
	`\dd`, `\df abs`, `\df lower`, `\dC nothing`, `\x on`, `\dt`, `\gdesc`, `SELECT id, owner FROM account \gdesc`,
}

// psqlAnswers are commands that work; what they show has a server's own words.
var psqlAnswers = []string{
	`\l`, `\du`, `\dg`, `\dn`, `\dn public`, `\dn+`, `\do ||/`, `\d+ account`, `\d+ rich`, `\d+ live`, `\d events`, `\d live`, `\dm+`, `\dt+`, `\di+`, `\db`, `\dx`, `\dL`, `\dO`, `\dS pg_class`,
	`\dp`, `\ddp`, `\drds`, `\dy`, `\dRp`, `\dRs`, `\df+ abs`, `\sv rich`, `\conninfo`, `\encoding`, `\dconfig`, `\dF`, `\det`, `\dew`, `\des`, `\dP`, `\dA`, `\dc`, `\dD`,
	`\dS`, `\dTS`, `\dfS a*`, `\daS`, `\doS <`, `\dCS`,
}

// TestPsql runs psql's commands.
func TestPsql(t *testing.T) {
	program, err := exec.LookPath("psql")
	if err != nil {
		if os.Getenv("MILLRACE_REQUIRE_POSTGRES") != "" {
			t.Fatal(err)
		}
		t.Skip("psql is not installed")
	}
	n := startNode(t)
	host, port, err := net.SplitHostPort(n.cfg.Listen)
	if err != nil {
		t.Fatal(err)
	}
	ours := "postgres://millrace@" + net.JoinHostPort(host, port) + "/millrace?sslmode=disable"
	theirs := oracle.Require(t).NewDatabase(t)
	run := func(url string, commands ...string) string {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, program, "-X", "-q", "-v", "ON_ERROR_STOP=0", url)
		cmd.Env = append(os.Environ(), "LC_ALL=C", "PSQL_PAGER=", "PAGER=")
		cmd.Stdin = strings.NewReader(strings.Join(commands, "\n") + "\n")
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v: %v\n%s", commands, err, out.String())
		}
		return out.String()
	}
	if out := run(ours, psqlSchema); out != "" {
		t.Fatalf("millrace: %s", out)
	}
	if out := run(theirs, psqlSchema); out != "" {
		t.Fatalf("postgresql: %s", out)
	}
	for _, c := range psqlSame {
		got, want := anyOwner(run(ours, c)), anyOwner(run(theirs, c))
		if got != want {
			t.Errorf("%s\nmillrace:\n%s\npostgresql:\n%s", c, got, want)
		}
	}
	run(ours, "CREATE STREAM events (at timestamptz, what text);", "CREATE MATERIALIZED VIEW live AS SELECT what, count(*) AS n FROM events GROUP BY what;")
	for _, c := range psqlAnswers {
		if out := run(ours, c); strings.Contains(out, "ERROR") || out == "" {
			t.Errorf("%s: %s", c, out)
		}
	}
}

// anyOwner replaces the owner's name, and the padding that its length brings.
func anyOwner(out string) string {
	out = strings.NewReplacer("millrace", "owner", "postgres", "owner").Replace(out)
	var lines []string
	for _, line := range strings.Split(out, "\n") {
		if strings.Trim(line, "-+ ") == "" {
			continue
		}
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return strings.Join(lines, "\n")
}
