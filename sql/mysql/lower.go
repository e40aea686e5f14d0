package mysql

import (
	"sort"
	"strconv"
	"strings"

	mast "github.com/pingcap/tidb/pkg/parser/ast"

	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/sql/lex"
)

const (
	// nestMax bounds how deep constructs may be nested. One level in MySQL's dialect may become several here, and the
	// printed tree has to be one that package parser reads (parser.MaxNesting).
	nestMax = 250
	// chainMax bounds the chains of operators and joins along one path down the tree, for the same reason
	// (parser.MaxHeight).
	chainMax = 3_000
	// copiesMax bounds the nodes of operands that a lowered form needs more than once.
	copiesMax = 100_000
)

// lowerer turns the tree of one statement, or of one query inside a statement, into ours.
type lowerer struct {
	src     *source
	notices []string
	params  int // highest number

	nest   int // constructs around the present one
	chain  int // operators and joins around it that do not nest
	copies int

	// stored says that the statement is a definition, whose names are looked up without regard to case later: labels
	// are then in lower case everywhere. Otherwise those of the outermost query stay as written.
	stored bool
	depth  int // of queries

	// aliases are the select list's expressions by label, where HAVING and ORDER BY may name them.
	aliases map[string]ast.Expr
	// assigned are the expressions that an UPDATE has given to columns so far, by name.
	assigned map[string]ast.Expr
	// assignedTable is the name by which the updated table's columns may be qualified.
	assignedTable string
	// inserted is the query of an INSERT, whose select list holds values for columns.
	inserted mast.Node
	// target qualifies bare columns: the table of INSERT ... ON DUPLICATE KEY UPDATE. "" elsewhere.
	target string
}

// at is the position of a node of TiDB's.
func (l *lowerer) at(n mast.Node) int { return l.src.position(n.OriginTextPosition()) }

func (l *lowerer) unsupported(pos int, feature string) {
	fail(pgerr.Unsupported(feature).At(pos))
}

// push enters one more nested construct; the result leaves it.
func (l *lowerer) push() func() {
	if l.nest++; l.nest > nestMax {
		fail(tooDeep())
	}
	return func() { l.nest-- }
}

// link enters n links of a chain; the result leaves them.
func (l *lowerer) link(n int) func() {
	if l.chain += n; l.chain > chainMax {
		fail(tooDeep())
	}
	return func() { l.chain -= n }
}

// again allows for one more use of an expression: the tree shares it, but what prints or binds the tree sees it once
// more.
func (l *lowerer) again(e ast.Expr) ast.Expr {
	ast.Walk(e, func(ast.Node) bool {
		if l.copies++; l.copies > copiesMax {
			fail(tooDeep())
		}
		return true
	})
	return e
}

func (l *lowerer) notice(text string) {
	for _, n := range l.notices {
		if n == text {
			return
		}
	}
	l.notices = append(l.notices, text)
}

// operatorAt is the position of the operator before an operand, which TiDB's tree does not hold.
func (l *lowerer) operatorAt(right mast.Node) int {
	from := right.OriginTextPosition() + l.src.start
	i := sort.Search(len(l.src.tokens), func(i int) bool { return l.src.tokens[i].start >= from })
	for i--; i > 0; i-- {
		t, before := &l.src.tokens[i], &l.src.tokens[i-1]
		if t.kind != punctToken || before.kind != punctToken || before.end != t.start || strings.Contains("()", before.word) {
			return l.src.position(t.start - l.src.start)
		}
	}
	return l.at(right)
}

// beforeName are the words and signs that may stand before the name of a relation.
var beforeName = map[string]bool{
	"from": true, "join": true, ",": true, "into": true, "update": true, "table": true, "using": true, "straight_join": true,
	".": true, "(": true, "delete": true, "insert": true, "replace": true, "ignore": true, "exists": true, "on": true, "to": true,
	"truncate": true, "view": true, "references": true, "low_priority": true, "quick": true, "rename": true, "like": true,
}

// namePosition finds a relation's name in the text, for which TiDB's tree has no place: the first one of that spelling
// that has not been found before and stands where a relation may.
func (l *lowerer) namePosition(name string) int {
	s := l.src
	if s.names == nil {
		s.names = map[string][]int{}
		for i := 1; i < len(s.tokens); i++ {
			t, before := &s.tokens[i], &s.tokens[i-1]
			if (t.kind == wordToken || t.kind == quotedToken) && before.kind != quotedToken && beforeName[before.word] {
				s.names[t.word] = append(s.names[t.word], t.start-s.start)
			}
		}
	}
	places := s.names[name]
	if len(places) == 0 {
		return 0
	}
	if len(places) > 1 {
		s.names[name] = places[1:]
	}
	return s.position(places[0])
}

// name folds a name: in MySQL columns and, on some systems, tables do not depend on case.
func name(n mast.CIStr) string {
	s := n.L
	noZero(s, 0)
	if len(s) > lex.IdentLengthMax {
		s = strings.ToValidUTF8(s[:lex.IdentLengthMax], "")
	}
	return s
}

func names(list []mast.CIStr) []string {
	var out []string
	for _, n := range list {
		out = append(out, name(n))
	}
	return out
}

// objectName is the name of a relation; MySQL's database is a schema.
func (l *lowerer) objectName(t *mast.TableName) ast.ObjectName {
	if len(t.PartitionNames) > 0 {
		l.unsupported(l.namePosition(name(t.Name)), "PARTITION in MySQL's dialect")
	}
	n := ast.ObjectName{Schema: name(t.Schema), Name: name(t.Name)}
	n.Pos = l.namePosition(n.Name)
	if n.Schema != "" {
		n.Pos = max(n.Pos-len(n.Schema)-1, 1)
	}
	return n
}

// Makers of nodes.

func typeNamed(pos int, name string, mods ...int) *ast.TypeName {
	t := &ast.TypeName{Pos: pos, Name: ast.ObjectName{Pos: pos, Schema: "pg_catalog", Name: name}}
	if name == "text" || name == "jsonb" || name == "bytea" || name == "date" {
		t.Name.Schema = "" // no keywords
	}
	for _, m := range mods {
		t.Mods = append(t.Mods, number(pos, m))
	}
	return t
}

func castTo(e ast.Expr, name string, mods ...int) ast.Expr {
	pos := e.Position()
	return &ast.Cast{Pos: pos, Arg: e, Type: typeNamed(pos, name, mods...), Call: true}
}

func call(pos int, name string, args ...ast.Expr) ast.Expr {
	f := &ast.FuncCall{Pos: pos, Name: ast.ObjectName{Pos: pos, Name: name}}
	if len(args) > 0 {
		f.Args = args
	}
	return f
}

func number(pos, n int) ast.Expr {
	if n < 0 {
		return &ast.UnaryOp{Pos: pos, Op: "-", Arg: &ast.Literal{Pos: pos, Kind: ast.IntLiteral, Text: strconv.Itoa(-n)}}
	}
	return &ast.Literal{Pos: pos, Kind: ast.IntLiteral, Text: strconv.Itoa(n)}
}

func str(pos int, s string) *ast.Literal {
	return &ast.Literal{Pos: pos, Kind: ast.StringLiteral, Text: s}
}

func null(pos int) ast.Expr { return &ast.Literal{Pos: pos, Kind: ast.NullLiteral} }

func boolean(pos int, v bool) ast.Expr {
	return &ast.Literal{Pos: pos, Kind: ast.BoolLiteral, Text: strconv.FormatBool(v)}
}

func binaryOp(pos int, op string, left, right ast.Expr) ast.Expr {
	return &ast.BinaryOp{Pos: pos, Op: op, Left: left, Right: right}
}

func typed(pos int, name, text string) ast.Expr {
	return &ast.TypedLiteral{Pos: pos, Type: typeNamed(pos, name), Value: text}
}

// choose is CASE WHEN cond THEN yes ELSE no END; no may be nil.
func choose(pos int, cond, yes, no ast.Expr) ast.Expr {
	return &ast.Case{Pos: pos, Whens: []ast.When{{Pos: pos, Cond: cond, Then: yes}}, Else: no}
}

func isLiteral(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Literal, *ast.TypedLiteral:
		return true
	case *ast.UnaryOp:
		return isLiteral(e.Arg)
	}
	return false
}

// intLiteral gives the value of a small integer constant, with its sign.
func intLiteral(e ast.Expr) (int, bool) {
	switch e := e.(type) {
	case *ast.Literal:
		if e.Kind == ast.IntLiteral {
			n, err := strconv.Atoi(e.Text)
			return n, err == nil
		}
	case *ast.UnaryOp:
		n, ok := intLiteral(e.Arg)
		if e.Op == "-" {
			n = -n
		}
		return n, ok
	}
	return 0, false
}

func isNull(e ast.Expr) bool {
	lit, ok := e.(*ast.Literal)
	return ok && lit.Kind == ast.NullLiteral
}

// stringLiteral gives the value of a string constant.
func stringLiteral(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.Literal)
	if !ok || lit.Kind != ast.StringLiteral {
		return "", false
	}
	return lit.Text, true
}
