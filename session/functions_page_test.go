package session

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"millrace/catalog/pgcatalog"
	"millrace/expr"
	"millrace/expr/agg"
	"millrace/expr/scalar"
)

var update = flag.Bool("update", false, "write the generated reference pages")

const functionsPage = "../docs/reference/functions.md"

// TestFunctionsPage holds the reference page of functions against the registries.
func TestFunctionsPage(t *testing.T) {
	want := functionsText()
	if *update {
		if err := os.WriteFile(functionsPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(functionsPage)
	if err != nil || string(got) != want {
		t.Errorf("%s is not what the registries say (%v); go test ./session -run FunctionsPage -update", functionsPage, err)
	}
}

func functionsText() string {
	var b strings.Builder
	b.WriteString("# Functions and operators\n\nMade from the registries by `go test ./session -run FunctionsPage -update`; a test holds it.\n\n")
	overloads := map[string][]string{}
	operators := map[string]bool{}
	for _, f := range scalar.Functions() {
		if f.Operator {
			operators[f.Name] = true
			continue
		}
		overloads[f.Name] = append(overloads[f.Name], signatureText(f))
	}
	b.WriteString("## Scalar functions\n\nv: volatile, refused in materialized views; s: stable.\n\n| function | overloads |\n|---|---|\n")
	for _, name := range namesIn(overloads) {
		fmt.Fprintf(&b, "| `%s` | %s |\n", name, strings.Join(overloads[name], "; "))
	}
	aggregates := map[string]bool{}
	for _, f := range agg.Functions() {
		aggregates[f.Name] = true
	}
	b.WriteString("\n## Aggregates\n\n" + quoted(namesIn(aggregates)) + "\n\n## Operators\n\n" + quoted(namesIn(operators)) + "\n")
	missing := slices.DeleteFunc(pgcatalog.FunctionNames(), knownFunction)
	fmt.Fprintf(&b, "\n## Not there\n\nFunctions of PostgreSQL 15 by names that Millrace does not have (%d).\n\n%s\n", len(missing), quoted(missing))
	return b.String()
}

func signatureText(f *expr.Function) string {
	args := make([]string, len(f.Args))
	for i, a := range f.Args {
		args[i] = a.String()
	}
	text := "(" + strings.Join(args, ", ") + ")"
	switch f.Volatility {
	case expr.Volatile:
		return text + " v"
	case expr.Stable:
		return text + " s"
	}
	return text
}

func namesIn[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func quoted(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = "`" + strings.ReplaceAll(n, "|", "\\|") + "`"
	}
	return strings.Join(out, ", ")
}
