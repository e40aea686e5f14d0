package lint

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Finding is a breach of a rule. Line is 0 where it concerns a whole file or folder.
type Finding struct {
	Path string
	Line int
	Rule string
	Msg  string
}

func (f Finding) String() string {
	if f.Line == 0 {
		return fmt.Sprintf("%s: %s (rule %s)", f.Path, f.Msg, f.Rule)
	}
	return fmt.Sprintf("%s:%d: %s (rule %s)", f.Path, f.Line, f.Msg, f.Rule)
}

// rules is every rule by the name that findings carry.
var rules = []struct {
	name  string
	check func(*tree) []Finding
}{
	{"layers", checkLayers},
	{"dependencies", checkDependencies},
	{"names", checkNames},
	{"package comment", checkDocs},
	{"architecture paths", checkArchitecture},
	{"sleep", checkSleep},
	{"deterministic", checkDeterministic},
	{"durable writes", checkDurableWrites},
	{"size", checkSize},
}

// Check applies every rule to the repository at root and returns what it finds, ordered by place. The error is that
// of a file that cannot be read or parsed.
func Check(root fs.FS) ([]Finding, error) {
	t, err := load(root)
	if err != nil {
		return nil, err
	}
	var findings []Finding
	for _, rule := range rules {
		for _, f := range rule.check(t) {
			f.Rule = rule.name
			findings = append(findings, f)
		}
	}
	slices.SortStableFunc(findings, func(a, b Finding) int {
		if c := strings.Compare(a.Path, b.Path); c != 0 {
			return c
		}
		return a.Line - b.Line
	})
	return findings, nil
}
