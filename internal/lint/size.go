package lint

import (
	"fmt"
	"go/ast"
)

const (
	fileLinesMax     = 900
	functionLinesMax = 150
)

// oversize is a file, or a function in it, that is longer than the rule allows, with a ceiling of its own. The list is
// to shrink: an entry that is not needed any more is a finding.
type oversize struct {
	path     string
	function string // empty: the file
	linesMax int
	why      string
}

var oversized = []oversize{
	{"sql/lex/keywordlist.go", "", 960, "one keyword a line, and no logic"},
}

func checkSize(t *tree) []Finding { return checkSizes(t, oversized) }

func checkSizes(t *tree, list []oversize) []Finding {
	var findings []Finding
	needed := make([]bool, len(list))
	judge := func(path, function string, line, lines, limit int) {
		if lines <= limit {
			return
		}
		what := "file"
		if function != "" {
			what = "function " + function
		}
		for i, o := range list {
			if o.path == path && o.function == function {
				needed[i] = true
				what, limit = what+" (listed)", o.linesMax
			}
		}
		if lines > limit {
			findings = append(findings, Finding{Path: path, Line: line, Msg: fmt.Sprintf("%s has %d lines; the limit is %d", what, lines, limit)})
		}
	}
	for _, f := range t.files {
		if f.test || f.generated {
			continue
		}
		judge(f.path, "", 0, f.lines, fileLinesMax)
		for _, decl := range f.ast.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok {
				first, last := t.line(fn), t.fset.Position(fn.End()).Line
				judge(f.path, fn.Name.Name, first, last-first+1, functionLinesMax)
			}
		}
	}
	for i, o := range list {
		if !needed[i] {
			findings = append(findings, Finding{Path: o.path, Msg: fmt.Sprintf("entry %q in size.go is not needed any more; remove it", o.path+" "+o.function)})
		}
	}
	return findings
}
