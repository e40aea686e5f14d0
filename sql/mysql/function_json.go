package mysql

import (
	"strconv"
	"strings"

	mast "github.com/pingcap/tidb/pkg/parser/ast"

	"millrace/sql/ast"
)

func jsonFunctions() map[string]lowering {
	return map[string]lowering{
		"json_extract": {2, 2, func(c *invocation) ast.Expr { return c.extract("->", "#>") }},
		"json_unquote": {1, 1, jsonUnquote},
		"json_object":  {0, many, jsonBuild("jsonb_build_object")},
		"json_array":   {0, many, jsonBuild("jsonb_build_array")},
		"json_contains": {2, 2, func(c *invocation) ast.Expr {
			return binaryOp(c.pos, "@>", c.document(0), c.document(1))
		}},
		"json_set":     {3, 3, func(c *invocation) ast.Expr { return c.jsonSet(true) }},
		"json_replace": {3, 3, func(c *invocation) ast.Expr { return c.jsonSet(false) }},
		"json_remove": {2, 2, func(c *invocation) ast.Expr {
			return binaryOp(c.pos, "#-", c.document(0), pathArray(c.pos, c.path(1)))
		}},
		"json_pretty": {1, 1, func(c *invocation) ast.Expr { return c.call("jsonb_pretty", c.document(0)) }},
		"json_quote":  {1, 1, func(c *invocation) ast.Expr { return c.call("to_jsonb", castTo(c.textArg(0), "text")) }},
		"json_value":  {2, 2, func(c *invocation) ast.Expr { return c.extract("->>", "#>>") }},
	}
}

// document lowers an argument that is a document.
func (c *invocation) document(i int) ast.Expr { return jsonb(c.arg(i)) }

func jsonb(x ast.Expr) ast.Expr {
	if s, ok := stringLiteral(x); ok {
		return typed(x.Position(), "jsonb", s)
	}
	if isJSON(x) {
		return x
	}
	return castTo(x, "jsonb")
}

// isJSON says whether a lowered expression is jsonb by its form.
func isJSON(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.BinaryOp:
		return x.Op == "->" || x.Op == "#>" || x.Op == "#-"
	case *ast.FuncCall:
		return strings.HasPrefix(x.Name.Name, "jsonb_") && x.Name.Name != "jsonb_pretty" || x.Name.Name == "to_jsonb"
	case *ast.Cast:
		return x.Type.Name.Name == "jsonb"
	case *ast.TypedLiteral:
		return x.Type.Name.Name == "jsonb"
	}
	return false
}

// extract lowers doc -> path: with the operator step for a path of one step, else with along.
func (c *invocation) extract(step, along string) ast.Expr {
	doc, path := c.document(0), c.path(1)
	if len(path) == 1 {
		if n, err := strconv.Atoi(path[0].text); err == nil && path[0].index {
			return binaryOp(c.pos, step, doc, number(c.pos, n))
		}
		return binaryOp(c.pos, step, doc, str(c.pos, path[0].text))
	}
	return binaryOp(c.pos, along, doc, pathArray(c.pos, path))
}

// jsonUnquote lowers JSON_UNQUOTE, and doc ->> path, which TiDB's parser gives as JSON_UNQUOTE(JSON_EXTRACT(...)).
func jsonUnquote(c *invocation) ast.Expr {
	if f, ok := c.args[0].(*mast.FuncCallExpr); ok && f.FnName.L == "json_extract" && len(f.Args) == 2 {
		inner := &invocation{lowerer: c.lowerer, name: "json_extract", pos: c.at(f), args: f.Args}
		return inner.extract("->>", "#>>")
	}
	return binaryOp(c.pos, "#>>", c.document(0), pathArray(c.pos, nil))
}

// jsonBuild lowers to a function that makes a document of values: TRUE and FALSE are JSON's there, comparisons are numbers.
func jsonBuild(name string) func(*invocation) ast.Expr {
	return func(c *invocation) ast.Expr {
		var args []ast.Expr
		for i, e := range c.args {
			if isBoolConstant(e) {
				args = append(args, c.expr(e))
			} else {
				args = append(args, c.arg(i))
			}
		}
		return c.call(name, args...)
	}
}

func (c *invocation) jsonSet(create bool) ast.Expr {
	return c.call("jsonb_set", c.document(0), pathArray(c.pos, c.path(1)), c.call("to_jsonb", c.jsonValue(2)), boolean(c.pos, create))
}

// jsonValue lowers a value that becomes part of a document.
func (c *invocation) jsonValue(i int) ast.Expr {
	x := c.arg(i)
	if _, ok := stringLiteral(x); ok {
		return castTo(x, "text")
	}
	return x
}

// pathStep is one step of a path: a member's name or an index.
type pathStep struct {
	text  string
	index bool
}

// path reads an argument that is a path: $.name."other name"[2]
func (c *invocation) path(i int) []pathStep {
	text := c.stringArg(i)
	steps, ok := jsonPath(text)
	if !ok {
		c.unsupported(c.at(c.args[i]), "the JSON path "+text)
	}
	return steps
}

// jsonPath reads a path without wildcards and ranges.
func jsonPath(text string) ([]pathStep, bool) {
	var steps []pathStep
	rest, ok := strings.CutPrefix(strings.TrimSpace(text), "$")
	for ok && rest != "" {
		rest = strings.TrimLeft(rest, " ")
		var step string
		switch {
		case strings.HasPrefix(rest, `."`):
			quoted, err := strconv.QuotedPrefix(rest[1:])
			if err != nil {
				return nil, false
			}
			step, err = strconv.Unquote(quoted)
			if err != nil {
				return nil, false
			}
			rest = rest[1+len(quoted):]
			steps = append(steps, pathStep{text: step})
		case strings.HasPrefix(rest, "."):
			end := 1
			for end < len(rest) && wordByte(rest[end]) {
				end++
			}
			if end == 1 {
				return nil, false
			}
			steps = append(steps, pathStep{text: rest[1:end]})
			rest = rest[end:]
		case strings.HasPrefix(rest, "["):
			var inside string
			inside, rest, ok = strings.Cut(rest[1:], "]")
			n, err := strconv.Atoi(strings.TrimSpace(inside))
			if strings.TrimSpace(inside) == "last" {
				n, err = -1, nil
			} else if n < 0 {
				return nil, false
			}
			if err != nil || !ok {
				return nil, false
			}
			steps = append(steps, pathStep{text: strconv.Itoa(n), index: true})
		default:
			return nil, false
		}
	}
	return steps, ok
}

// pathArray is a path as PostgreSQL's operators take it: '{name,2}'.
func pathArray(pos int, path []pathStep) ast.Expr {
	parts := make([]string, len(path))
	for i, p := range path {
		parts[i] = p.text
		if !p.index {
			parts[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(p.text) + `"`
		}
	}
	return str(pos, "{"+strings.Join(parts, ",")+"}")
}
