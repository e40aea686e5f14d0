package lint

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// module is the path of this repository's module.
const module = "millrace"

// tree is the parsed repository.
type tree struct {
	root  fs.FS
	fset  *token.FileSet
	files []*file             // in order of path
	all   map[string]struct{} // the base names of all files, Go or not
}

// file is a parsed Go file.
type file struct {
	path      string // from the root, with slashes
	dir       string
	test      bool
	generated bool
	lines     int
	ast       *ast.File
}

// load parses every Go file but those of nested modules, testdata and hidden folders.
func load(root fs.FS) (*tree, error) {
	t := &tree{root: root, fset: token.NewFileSet(), all: map[string]struct{}{}}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != "." && skipFolder(root, name) {
				return fs.SkipDir
			}
			return nil
		}
		t.all[path.Base(name)] = struct{}{}
		if path.Ext(name) != ".go" {
			return nil
		}
		src, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(t.fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		t.files = append(t.files, &file{
			path:      name,
			dir:       path.Dir(name),
			test:      strings.HasSuffix(name, "_test.go"),
			generated: ast.IsGenerated(parsed),
			lines:     bytes.Count(src, []byte{'\n'}),
			ast:       parsed,
		})
		return nil
	})
	return t, err
}

func skipFolder(root fs.FS, name string) bool {
	base := path.Base(name)
	if base == "testdata" || base == "vendor" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") {
		return true
	}
	_, err := fs.Stat(root, path.Join(name, "go.mod"))
	return err == nil
}

// line is the line of a node.
func (t *tree) line(n ast.Node) int { return t.fset.Position(n.Pos()).Line }

// imported is an import declaration.
type imported struct {
	spec *ast.ImportSpec
	path string
}

func (f *file) imports() []imported {
	list := make([]imported, 0, len(f.ast.Imports))
	for _, spec := range f.ast.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser has accepted the file, so this does not happen
		}
		list = append(list, imported{spec, p})
	}
	return list
}

// localName is the name by which f refers to an imported package, or "" if it does not import it.
func (f *file) localName(importPath string) string {
	for _, imp := range f.imports() {
		if imp.path != importPath {
			continue
		}
		if imp.spec.Name != nil {
			return imp.spec.Name.Name
		}
		return defaultName(importPath)
	}
	return ""
}

// defaultName guesses a package's name from its path, passing over a major version.
func defaultName(importPath string) string {
	base := path.Base(importPath)
	if len(base) > 1 && base[0] == 'v' && strings.Trim(base[1:], "0123456789") == "" {
		base = path.Base(path.Dir(importPath))
	}
	return base
}

// selections calls visit for each use of pkg.Name in f.
func (f *file) selections(importPath string, visit func(sel *ast.SelectorExpr)) {
	local := f.localName(importPath)
	if local == "" {
		return
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := sel.X.(*ast.Ident); ok && id.Name == local {
				visit(sel)
			}
		}
		return true
	})
}

// functionAt is the name of the top-level function around a node, or "".
func (f *file) functionAt(n ast.Node) string {
	for _, decl := range f.ast.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Pos() <= n.Pos() && n.Pos() < fn.End() {
			return fn.Name.Name
		}
	}
	return ""
}

// within tells whether a folder is dir or below it.
func within(folder, dir string) bool {
	return folder == dir || strings.HasPrefix(folder, dir+"/")
}
