package lint

import (
	"fmt"
	"go/ast"
	"path"
	"slices"
	"strings"
)

func checkSleep(t *tree) []Finding {
	var findings []Finding
	for _, f := range t.files {
		if !f.test {
			continue
		}
		f.selections("time", func(sel *ast.SelectorExpr) {
			if sel.Sel.Name == "Sleep" {
				findings = append(findings, Finding{Path: f.path, Line: t.line(sel), Msg: "a test waits for a condition and does not sleep"})
			}
		})
	}
	return findings
}

var (
	// deterministic are the folders where the same input must give the same bytes.
	deterministic = []string{"exec", "expr", "planner", "delta", "types"}
	// clocks are the names in package time that read or wait for the machine's clock.
	clocks = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}
	// impure are the standard packages that bring in randomness or the outside world.
	impure = []string{"math/rand", "math/rand/v2", "crypto/rand", "hash/maphash", "os", "os/exec", "net", "net/http"}
)

func checkDeterministic(t *tree) []Finding {
	var findings []Finding
	for _, f := range t.files {
		if f.test || !withinAny(f.dir, deterministic) {
			continue
		}
		report := func(n ast.Node, what string) {
			findings = append(findings, Finding{Path: f.path, Line: t.line(n), Msg: what + " in a package that must be deterministic"})
		}
		f.selections("time", func(sel *ast.SelectorExpr) {
			if slices.Contains(clocks, sel.Sel.Name) {
				report(sel, "time."+sel.Sel.Name)
			}
		})
		for _, imp := range f.imports() {
			if slices.Contains(impure, imp.path) {
				report(imp.spec, "import of "+imp.path)
			}
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if g, ok := n.(*ast.GoStmt); ok {
				report(g, "go statement")
			}
			return true
		})
	}
	return findings
}

const pebble = "github.com/cockroachdb/pebble/v2"

// unsynced is a function that may write without waiting for the disk, in a file that is not named for the derived store.
type unsynced struct {
	path, function string
	why            string
}

var unsyncedAllowed = []unsynced{
	{"storage/step.go", "Apply", "a step of a dataflow is derived"},
	{"storage/bulk.go", "Flush", "nothing refers to the rows before a synced commit, and that keeps the order"},
	{"storage/bulk.go", "Discard", "it removes what nobody refers to; after a crash that may be back"},
	{"storage/durable.go", "DropRows", "it removes what nobody reads; after a crash that may be back"},
	{"storage/durable.go", "trimLog", "it removes what nobody needs; after a crash that may be back"},
	{"storage/times.go", "TrimTimes", "it removes what nobody needs; after a crash that may be back"},
}

func checkDurableWrites(t *tree) []Finding { return checkUnsynced(t, unsyncedAllowed) }

// checkUnsynced keeps unsynced writes out of what is about the durable store. Without the sync even kill -9 loses rows that
// were acknowledged.
func checkUnsynced(t *tree, allowed []unsynced) []Finding {
	var findings []Finding
	needed := make([]bool, len(allowed))
	for _, f := range t.files {
		if f.test || strings.Contains(path.Base(f.path), "derived") {
			continue
		}
		f.selections(pebble, func(sel *ast.SelectorExpr) {
			name := sel.Sel.Name
			if name != "NoSync" && name != "WriteOptions" {
				return
			}
			function := f.functionAt(sel)
			for i, a := range allowed {
				if a.path == f.path && a.function == function {
					needed[i] = true
					return
				}
			}
			findings = append(findings, Finding{Path: f.path, Line: t.line(sel),
				Msg: fmt.Sprintf("pebble.%s outside a file named for the derived store; use pebble.Sync", name)})
		})
	}
	for i, a := range allowed {
		if !needed[i] {
			findings = append(findings, Finding{Path: a.path, Msg: fmt.Sprintf("%s in calls.go does not write unsynced any more; remove the entry", a.function)})
		}
	}
	return findings
}
