package lint

import (
	"go/ast"
	"go/token"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// UnsupportedDoc is the reference page that lists what fails with 0A000.
const UnsupportedDoc = "docs/reference/unsupported.md"

// Unsupported gives the text of that page: the name of every feature that is refused by name, as the code has it. A part that
// is only known when the statement is read, such as the name of a function, is shown as three points.
func Unsupported(root fs.FS) (string, error) {
	t, err := load(root)
	if err != nil {
		return "", err
	}
	seen := map[string]bool{}
	for _, f := range t.files {
		if f.test {
			continue
		}
		local := f.localName(module + "/pgerr")
		if local == "" {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 1 {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || sel.Sel.Name != "Unsupported" {
				return true
			}
			if id, ok := sel.X.(*ast.Ident); ok && id.Name == local {
				if text := constantParts(call.Args[0]); strings.Trim(text, ". ") != "" {
					seen[strings.ReplaceAll(text, "......", "...")] = true
				}
			}
			return true
		})
	}
	names := make([]string, 0, len(seen))
	for name := range seen {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return strings.Compare(strings.ToLower(a), strings.ToLower(b))
	})
	var b strings.Builder
	b.WriteString("# What is refused by name\n\nEach of these fails with SQLSTATE 0A000 and the message \"NAME is not supported\". Made from the code by\n`go test ./internal/lint -update`; a test holds it.\n\n")
	for _, name := range names {
		b.WriteString("- " + name + "\n")
	}
	return b.String(), nil
}

// constantParts joins the constant parts of a text.
func constantParts(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			if s, err := strconv.Unquote(e.Value); err == nil {
				return s
			}
		}
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			return constantParts(e.X) + constantParts(e.Y)
		}
	case *ast.ParenExpr:
		return constantParts(e.X)
	}
	return "..."
}
