package pggrammar

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"

	pg "github.com/pganalyze/pg_query_go/v6"

	"millrace/internal/slt"
	"millrace/internal/testseed"
	"millrace/pgerr"
	"millrace/sql/parser"
)

// difference is an entry of testdata/differences.txt.
type difference struct {
	reason  string
	pattern *regexp.Regexp
	example string
	ours    bool // Millrace accepts what PostgreSQL rejects
}

// readDifferences reads entries of four lines: a comment with the reason; "millrace accepts" or "postgresql accepts"; a pattern; an example.
func readDifferences(t *testing.T) []difference {
	t.Helper()
	text, err := os.ReadFile("testdata/differences.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []difference
	for _, entry := range strings.Split(strings.TrimSpace(string(text)), "\n\n") {
		lines := strings.Split(entry, "\n")
		if len(lines) != 4 || !strings.HasPrefix(lines[0], "# ") {
			t.Fatalf("not an entry of four lines:\n%s", entry)
		}
		d := difference{reason: lines[0][2:], pattern: regexp.MustCompile("(?is)" + lines[2]), example: lines[3]}
		switch lines[1] {
		case "millrace accepts":
			d.ours = true
		case "postgresql accepts":
		default:
			t.Fatalf("neither accepts: %s", lines[1])
		}
		out = append(out, d)
	}
	return out
}

// judge asks both parsers.
func judge(sql string) (ours, theirs error) {
	_, ours = parser.Parse(sql)
	_, theirs = pg.Parse(sql)
	return ours, theirs
}

func unsupported(err error) bool {
	var e *pgerr.Error
	return errors.As(err, &e) && e.Code == pgerr.FeatureNotSupported
}

// subject is what the pattern of a difference is tried on: the statement and both outcomes.
func subject(sql string, ours, theirs error) string {
	return fmt.Sprintf("%s\nmillrace: %v\npostgresql: %v", sql, ours, theirs)
}

// holder counts agreement and reports differences that are not listed, one for each pair of messages.
type holder struct {
	t                   *testing.T
	list                []difference
	accepted, rejected  int
	listed, unsupported int
	seen                map[string]bool
}

func newHolder(t *testing.T) *holder {
	return &holder{t: t, list: readDifferences(t), seen: map[string]bool{}}
}

// quoted are the parts of a message that vary.
var quoted = regexp.MustCompile(`"[^"]*"`)

func (h *holder) hold(sql string) {
	h.t.Helper()
	ours, theirs := judge(sql)
	switch {
	case unsupported(ours):
		// Refused in any case, at the first words of what is not supported, whatever comes after them.
		h.unsupported++
		return
	case ours == nil && theirs == nil:
		h.accepted++
		return
	case ours != nil && theirs != nil:
		h.rejected++
		return
	}
	for _, d := range h.list {
		if d.ours == (ours == nil) && d.pattern.MatchString(subject(sql, ours, theirs)) {
			h.listed++
			return
		}
	}
	if short := quoted.ReplaceAllString(subject("", ours, theirs), ""); !h.seen[short] {
		h.seen[short] = true
		h.t.Error(subject(sql, ours, theirs))
	}
}

func (h *holder) done() {
	h.t.Helper()
	h.t.Logf("both accept %d statements and reject %d; %d differ as listed; %d are not supported (0A000)", h.accepted, h.rejected, h.listed, h.unsupported)
}

// suiteStatements are the statements of the end-to-end suites that are PostgreSQL's too.
func suiteStatements(t *testing.T) []string {
	t.Helper()
	files, err := slt.Files("../../testdata/slt")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		script, err := slt.Parse(file, string(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range script.Records {
			if r.SQL != "" && !r.Only("millrace") {
				out = append(out, r.SQL)
			}
		}
	}
	return out
}

func TestDifferencesDiffer(t *testing.T) {
	for _, d := range readDifferences(t) {
		ours, theirs := judge(d.example)
		if (ours == nil) == (theirs == nil) || d.ours != (ours == nil) {
			t.Errorf("%s\nmillrace: %v\npostgresql: %v\nis listed as a difference", d.example, ours, theirs)
		}
		if !d.pattern.MatchString(subject(d.example, ours, theirs)) {
			t.Errorf("the pattern %s does not match its example", d.pattern)
		}
	}
}

func TestSuites(t *testing.T) {
	h := newHolder(t)
	for _, sql := range suiteStatements(t) {
		h.hold(sql)
	}
	h.done()
	if h.accepted < 3000 {
		t.Errorf("only %d statements are accepted", h.accepted)
	}
}

func TestDerived(t *testing.T) {
	seed := testseed.Seed()
	t.Logf("MILLRACE_SEED=%d", seed)
	g := readGrammar(t, rand.New(rand.NewPCG(seed, 1)))
	h := newHolder(t)
	n := 60_000
	if os.Getenv("MILLRACE_LONG") == "1" {
		n *= 20
	}
	for i := range n {
		words := g.derive("stmt", 3+i%4)
		if i%2 == 1 {
			words = g.vary(words)
		}
		h.hold(strings.Join(words, " "))
	}
	h.done()
	if h.accepted < n/4 || h.rejected < n/4 {
		t.Error("the statements are too often right or too often wrong to say much")
	}
}

func TestVariedSuites(t *testing.T) {
	seed := testseed.Seed()
	t.Logf("MILLRACE_SEED=%d", seed)
	g := readGrammar(t, rand.New(rand.NewPCG(seed, 2)))
	h := newHolder(t)
	for _, sql := range suiteStatements(t) {
		for range 4 {
			h.hold(strings.Join(g.vary(strings.Fields(sql)), " "))
		}
	}
	h.done()
}
