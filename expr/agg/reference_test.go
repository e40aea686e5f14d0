package agg

import (
	"flag"
	"os"
	"strings"
	"testing"

	"millrace/types"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the table of docs/reference/aggregates.md")

// TestReference holds the table of the documentation against the registry.
func TestReference(t *testing.T) {
	const path = "../../docs/reference/aggregates.md"
	const begin, end = "-rewrite -->\n", "<!-- end -->"
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(b), begin)
	old, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the table", path)
	}
	table := referenceTable(t)
	if old == table {
		return
	}
	if !*rewrite {
		t.Fatalf("the table of %s is not that of the registry; go test ./expr/agg -run TestReference -rewrite", path)
	}
	if err := os.WriteFile(path, []byte(head+begin+table+end+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}

// referenceTable writes a line for each function, the overloads that differ in types only together.
func referenceTable(t *testing.T) string {
	type line struct{ call, note string }
	var order []line
	results := map[line][]string{}
	for _, f := range Functions() {
		if f.Note == "" {
			t.Errorf("%s has no note", f.Name)
		}
		l := line{f.Name, f.Note}
		if f.OID == 0 && !inPostgres(f) {
			l.call += " (not in PostgreSQL 15)"
		}
		if results[l] == nil {
			order = append(order, l)
		}
		results[l] = append(results[l], "`"+call(f)+"`")
	}
	var b strings.Builder
	b.WriteString("| function | arguments and result | |\n|---|---|---|\n")
	for _, l := range order {
		b.WriteString("| " + l.call + " | " + strings.Join(results[l], "<br>") + " | " + l.note + " |\n")
	}
	return b.String()
}

// inPostgres reports whether PostgreSQL has another function of the name, of which f is a form.
func inPostgres(f *Function) bool {
	for _, o := range Lookup(f.Name) {
		if o.OID != 0 {
			return true
		}
	}
	return false
}

func call(f *Function) string {
	args := typeNames(f.Args)
	var s string
	switch {
	case f.Star:
		s = "(*)"
	case f.Form == OrderedSet:
		s = "(" + strings.Join(args[:f.Direct], ", ") + ") WITHIN GROUP (ORDER BY " + strings.Join(args[f.Direct:], ", ") + ")"
	case f.Form == Hypothetical:
		s = `("any", ...) WITHIN GROUP (ORDER BY "any", ...)`
	default:
		s = "(" + strings.Join(args, ", ") + ")"
	}
	return s + " → " + typeNames([]types.T{f.Ret})[0]
}
