package lint

import (
	"fmt"
	"path"
	"strings"
)

// emptyNames say nothing about what is inside, so everything ends up there.
var emptyNames = []string{"util", "utils", "common", "helper", "helpers", "manager", "managers", "misc"}

func checkNames(t *tree) []Finding {
	var findings []Finding
	seen := map[string]bool{}
	for _, f := range t.files {
		base := strings.TrimSuffix(strings.TrimSuffix(path.Base(f.path), ".go"), "_test")
		if word := emptyName(base); word != "" {
			findings = append(findings, Finding{Path: f.path, Msg: fmt.Sprintf("file name says %s; name it for the thing in it", word)})
		}
		if seen[f.dir] {
			continue
		}
		seen[f.dir] = true
		for _, name := range []string{path.Base(f.dir), strings.TrimSuffix(f.ast.Name.Name, "_test")} {
			if word := emptyName(name); word != "" {
				findings = append(findings, Finding{Path: f.dir, Msg: fmt.Sprintf("package name says %s; name it for its purpose", word)})
				break
			}
		}
	}
	return findings
}

// emptyName returns the empty word that a word of name is or ends in, as stringutil does.
func emptyName(name string) string {
	for _, part := range strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r == '_' || r == '-' }) {
		for _, word := range emptyNames {
			if strings.HasSuffix(part, word) {
				return word
			}
		}
	}
	return ""
}
