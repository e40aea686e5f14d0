package lint

import (
	"fmt"
	"strings"
)

// layer is a top-level folder. Its packages import their own layer and those below it in the list.
type layer struct {
	dir     string
	purpose string
}

// layers is the order of the product's packages from top to bottom, as in ARCHITECTURE.md.
var layers = []layer{
	{"cmd", "main: flags and configuration, then server.Run; and the client commands"},
	{"bench", "whole-system benchmarks"},
	{"server", "composition root: opens, wires, shuts down; no logic"},
	{"pgwire", "PostgreSQL protocol; no SQL meaning"},
	{"console", "web console, HTTP API, metrics"},
	{"session", "statement lifecycle; error translation; no wire type"},
	{"engine", "commits, epochs, dataflow control, reads, recovery; no SQL text, no client"},
	{"connector", "sources, sinks, formats; one folder for each system"},
	{"exec", "operators, built from a physical plan"},
	{"planner", "bind, logical, rules, lower, physical: every decision on strategy"},
	{"catalog", "objects and their dependencies"},
	{"watermark", "event time: watermarks of relations, bounds that follow from them"},
	{"expr", "typed scalar expressions, functions, aggregates"},
	{"storage", "Pebble, and nothing above it"},
	{"sql", "syntax only, untyped"},
	{"delta", "the change batch"},
	{"types", "SQL types: values, order, hash, codecs"},
	{"pgerr", "SQLSTATE codes and the one error type"},
}

// restriction narrows what the order allows: packages at or below from, when they import from `of`, import only these.
type restriction struct {
	from, of string // of empty: all of the product
	only     []string
	why      string
}

var restrictions = []restriction{
	{"exec", "planner", []string{"planner/physical"}, "an operator carries out decisions and makes none"},
	{"engine", "planner", []string{"planner/physical"}, "the engine knows no SQL"},
	{"connector", "planner", nil, "a source or sink sees batches and positions, not plans"},
	{"sql", "", []string{"sql", "pgerr"}, "syntax is untyped"},
	{"expr", "storage", nil, "expressions do no I/O"},
	{"planner", "storage", nil, "planning does no I/O"},
	{"planner/physical", "planner", []string{"planner/physical"}, "a physical plan is plain data"},
}

// leaves is the folder of tools for tests. Every test may import them; of the product they import nothing.
const leaves = "internal"

// leavesInProduct are the leaves that production code may import, with the folder that may.
var leavesInProduct = map[string]string{
	"internal/slt": "cmd", // `millrace test` runs a user's .slt files
}

func layerOf(folder string) int {
	for i, l := range layers {
		if within(folder, l.dir) {
			return i
		}
	}
	return -1
}

func checkLayers(t *tree) []Finding {
	var findings []Finding
	for _, f := range t.files {
		if layerOf(f.dir) < 0 && !within(f.dir, leaves) {
			findings = append(findings, Finding{Path: f.path, Msg: fmt.Sprintf("folder %s is in no layer; see layers.go", f.dir)})
			continue
		}
		for _, imp := range f.imports() {
			target, ours := strings.CutPrefix(imp.path, module+"/")
			if !ours {
				continue
			}
			if msg := wrongImport(f, target); msg != "" {
				findings = append(findings, Finding{Path: f.path, Line: t.line(imp.spec), Msg: msg})
			}
		}
	}
	return findings
}

// testsReach names what the tests of a folder may import from above it.
var testsReach = map[string]string{
	"planner": "exec", // its random queries are run, with the rules and without
}

// wrongImport says why f may not import the folder target of this module, or nothing.
func wrongImport(f *file, target string) string {
	if within(target, leaves) {
		if allowed, ok := leavesInProduct[target]; f.test || within(f.dir, leaves) || ok && within(f.dir, allowed) {
			return ""
		}
		return fmt.Sprintf("%s is for tests", target)
	}
	if within(f.dir, leaves) {
		return fmt.Sprintf("%s is a leaf and imports nothing of the product, but imports %s", f.dir, target)
	}
	from, to := layerOf(f.dir), layerOf(target)
	if to < 0 {
		return fmt.Sprintf("import of %s, which is in no layer; see layers.go", target)
	}
	if f.test && testsReach[f.dir] == target {
		return ""
	}
	if to < from {
		return fmt.Sprintf("%s imports %s, which is above it", layers[from].dir, target)
	}
	if f.test {
		return "" // a test may prepare its input with all that lies below
	}
	for _, r := range restrictions {
		if within(f.dir, r.from) && (r.of == "" || within(target, r.of)) && !withinAny(target, r.only) {
			return fmt.Sprintf("%s imports %s: %s", r.from, target, r.why)
		}
	}
	return ""
}

func withinAny(folder string, dirs []string) bool {
	for _, dir := range dirs {
		if within(folder, dir) {
			return true
		}
	}
	return false
}
