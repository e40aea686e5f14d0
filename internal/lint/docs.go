package lint

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

func checkDocs(t *tree) []Finding {
	packages := map[string]bool{} // folder -> has a good doc.go
	var order []string
	for _, f := range t.files {
		if _, ok := packages[f.dir]; !ok {
			packages[f.dir] = false
			order = append(order, f.dir)
		}
		if path.Base(f.path) == "doc.go" && documents(f) {
			packages[f.dir] = true
		}
	}
	var findings []Finding
	for _, dir := range order {
		if !packages[dir] {
			findings = append(findings, Finding{Path: dir, Msg: `no doc.go with a comment "Package name ..." (for a program "Command name ...")`})
		}
	}
	return findings
}

func documents(f *file) bool {
	text := f.ast.Doc.Text()
	if f.ast.Name.Name == "main" {
		return strings.HasPrefix(text, "Command ")
	}
	return strings.HasPrefix(text, "Package "+f.ast.Name.Name+" ")
}

// architecture is the document whose paths are checked, and only if it is there.
const architecture = "ARCHITECTURE.md"

var (
	quotedToken = regexp.MustCompile("`([^`\n]+)`")
	pathShaped  = regexp.MustCompile(`^[A-Za-z0-9_.*/-]+$`)
	// fileExtensions tell a file's name from a Go selector such as exec.Join.
	fileExtensions = []string{".go", ".mod", ".sum", ".md", ".slt", ".csv", ".sql", ".sh", ".yaml", ".yml", ".json", ".html", ".proto"}
)

func checkArchitecture(t *tree) []Finding {
	text, err := fs.ReadFile(t.root, architecture)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return []Finding{{Path: architecture, Msg: err.Error()}}
	}
	var findings []Finding
	fenced := false
	for i, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
			continue
		}
		if fenced {
			continue // examples and drawings
		}
		for _, m := range quotedToken.FindAllStringSubmatch(line, -1) {
			if looksLikePath(m[1]) && !t.exists(m[1]) {
				findings = append(findings, Finding{Path: architecture, Line: i + 1, Msg: fmt.Sprintf("%s does not exist", m[1])})
			}
		}
	}
	return findings
}

// looksLikePath tells a path within the repository from code, HTTP paths (which start with a slash) and import paths of others
// (which start with a host).
func looksLikePath(token string) bool {
	if !pathShaped.MatchString(token) || strings.HasPrefix(token, "/") {
		return false
	}
	first, _, slash := strings.Cut(token, "/")
	if !slash {
		ext := path.Ext(token)
		return ext != token && slices.Contains(fileExtensions, ext)
	}
	return first == "." || strings.HasPrefix(first, ".") || !strings.Contains(first, ".")
}

func (t *tree) exists(token string) bool {
	name := strings.TrimPrefix(token, "./")
	name = strings.TrimPrefix(name, module+"/")
	name = strings.TrimSuffix(strings.TrimSuffix(name, "/..."), "/")
	if !strings.Contains(name, "/") {
		if _, ok := t.all[name]; ok {
			return true // a file's name without its folder, such as doc.go
		}
	}
	if matches, err := fs.Glob(t.root, name); err == nil && len(matches) > 0 {
		return true
	}
	// A package and a name in it, such as storage/state.Store.
	dir, last := path.Split(name)
	pkg, _, selector := strings.Cut(last, ".")
	if !selector || slices.Contains(fileExtensions, path.Ext(last)) {
		return false
	}
	info, err := fs.Stat(t.root, path.Join(dir, pkg))
	return err == nil && info.IsDir()
}
