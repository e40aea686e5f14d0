package mysql

import (
	"strings"

	mast "github.com/pingcap/tidb/pkg/parser/ast"

	"millrace/sql/ast"
)

func textFunctions() map[string]lowering {
	return map[string]lowering{
		"lower":            {1, 1, ofText("lower")},
		"lcase":            {1, 1, ofText("lower")},
		"upper":            {1, 1, ofText("upper")},
		"ucase":            {1, 1, ofText("upper")},
		"char_length":      {1, 1, ofText("char_length")},
		"character_length": {1, 1, ofText("char_length")},
		"length":           {1, 1, byteLength},
		"octet_length":     {1, 1, byteLength},
		"bit_length": {1, 1, func(c *invocation) ast.Expr {
			return binaryOp(c.pos, "*", byteLength(c), number(c.pos, 8))
		}},
		"reverse": {1, 1, ofText("reverse")},
		"replace": {3, 3, ofText("replace")},
		"md5":     {1, 1, ofText("md5")},
		"ascii":   {1, 1, ofText("ascii")},
		"ltrim":   {1, 1, ofText("ltrim")},
		"rtrim":   {1, 1, ofText("rtrim")},
		"trim":    {1, 3, trim},
		"concat":  {1, many, concat},
		"concat_ws": {2, many, func(c *invocation) ast.Expr {
			return c.call("concat_ws", append([]ast.Expr{c.textArg(0)}, c.exprs(c.args[1:])...)...)
		}},
		"substring":       {2, 3, substring},
		"substr":          {2, 3, substring},
		"mid":             {3, 3, substring},
		"left":            {2, 2, func(c *invocation) ast.Expr { return c.call("left", c.textArg(0), c.count(1)) }},
		"right":           {2, 2, func(c *invocation) ast.Expr { return c.call("right", c.textArg(0), c.count(1)) }},
		"repeat":          {2, 2, func(c *invocation) ast.Expr { return c.call("repeat", c.textArg(0), c.arg(1)) }},
		"space":           {1, 1, func(c *invocation) ast.Expr { return c.call("repeat", str(c.pos, " "), c.arg(0)) }},
		"lpad":            {3, 3, func(c *invocation) ast.Expr { return c.call("lpad", c.textArg(0), c.arg(1), c.textArg(2)) }},
		"rpad":            {3, 3, func(c *invocation) ast.Expr { return c.call("rpad", c.textArg(0), c.arg(1), c.textArg(2)) }},
		"locate":          {2, 3, locate},
		"position":        {2, 2, func(c *invocation) ast.Expr { return c.call("strpos", c.textArg(1), c.textArg(0)) }},
		"instr":           {2, 2, func(c *invocation) ast.Expr { return c.call("strpos", c.textArg(0), c.textArg(1)) }},
		"substring_index": {3, 3, substringIndex},
		"find_in_set":     {2, 2, findInSet},
		"strcmp":          {2, 2, strcmp},
		"char_func":       {2, 2, charFunc},
		"convert":         {2, 2, convertUsing},
		"unhex":           {1, 1, func(c *invocation) ast.Expr { return c.call("decode", c.textArg(0), str(c.pos, "hex")) }},
		"to_base64": {1, 1, func(c *invocation) ast.Expr {
			return c.call("encode", c.call("convert_to", c.textArg(0), str(c.pos, "UTF8")), str(c.pos, "base64"))
		}},
		"from_base64": {1, 1, func(c *invocation) ast.Expr { return c.call("decode", c.textArg(0), str(c.pos, "base64")) }},
		"sha2":        {2, 2, sha2},
		"regexp_like": {2, 3, regexpLike},
		"regexp_replace": {3, 3, func(c *invocation) ast.Expr {
			return c.call("regexp_replace", c.textArg(0), c.textArg(1), str(c.pos, groupReferences(c.stringArg(2))), str(c.pos, "g"))
		}},
	}
}

// byteLength is LENGTH, which counts bytes.
func byteLength(c *invocation) ast.Expr {
	if v, ok := c.args[0].(*value); ok {
		if b, ok := v.v.(binary); ok {
			return number(c.pos, len(b))
		}
	}
	x := c.value(c.args[0])
	if _, ok := c.args[0].(*mast.ColumnNameExpr); ok || isText(x) {
		return c.call("octet_length", x) // of text or bytea
	}
	return c.call("octet_length", c.textArg(0))
}

// concat is CONCAT: NULL when any argument is, as || is.
func concat(c *invocation) ast.Expr {
	defer c.link(len(c.args))()
	x := c.textArg(0)
	for i := 1; i < len(c.args); i++ {
		x = binaryOp(c.pos, "||", x, c.textArg(i))
	}
	if len(c.args) == 1 && !isText(x) {
		x = castTo(x, "text")
	}
	return x
}

// count lowers a number of characters, of which less than none is none.
func (c *invocation) count(i int) ast.Expr {
	n := c.arg(i)
	if k, ok := intLiteral(n); ok {
		return number(n.Position(), max(k, 0))
	}
	return choose(c.pos, binaryOp(c.pos, "<", c.again(n), number(c.pos, 0)), number(c.pos, 0), n)
}

// substring lowers SUBSTRING(s, from, count). A negative start counts from the end; there is nothing at 0 and before
// the beginning.
func substring(c *invocation) ast.Expr {
	s, from := c.textArg(0), c.arg(1)
	head := func(x ast.Expr) ast.Expr { // the first count characters of x
		if len(c.args) < 3 {
			return x
		}
		return c.call("left", x, c.count(2))
	}
	forward := func() ast.Expr {
		if len(c.args) < 3 {
			return c.call("substr", s, from)
		}
		return c.call("substr", s, from, c.count(2))
	}
	tail := func(n ast.Expr) ast.Expr { return head(c.call("right", s, n)) }
	beyond := func(n ast.Expr) ast.Expr { return binaryOp(c.pos, "<", c.call("char_length", c.again(s)), n) }
	if n, ok := intLiteral(from); ok {
		switch {
		case n > 0:
			return forward()
		case n == 0: // '' for each s but NULL
			return c.call("left", s, number(c.pos, 0))
		}
		return choose(c.pos, beyond(number(c.pos, -n)), str(c.pos, ""), tail(number(c.pos, -n)))
	}
	minus := func() ast.Expr { return &ast.UnaryOp{Pos: c.pos, Op: "-", Arg: c.again(from)} }
	x := choose(c.pos, binaryOp(c.pos, ">", c.again(from), number(c.pos, 0)), forward(), c.again(tail(minus()))).(*ast.Case)
	none := connect(false, c.pos, []ast.Expr{binaryOp(c.pos, "=", c.again(from), number(c.pos, 0)), beyond(minus())})
	x.Whens = append(x.Whens, ast.When{Pos: c.pos, Cond: none, Then: c.call("left", c.again(s), number(c.pos, 0))})
	return x
}

// locate lowers LOCATE(part, s, from).
func locate(c *invocation) ast.Expr {
	part, s := c.textArg(0), c.textArg(1)
	if len(c.args) == 2 {
		return c.call("strpos", s, part)
	}
	from := c.intArg(2)
	if from < 1 {
		return binaryOp(c.pos, "*", c.call("strpos", s, part), number(c.pos, 0))
	}
	found := c.call("strpos", c.call("substr", s, number(c.pos, from)), part)
	return choose(c.pos, binaryOp(c.pos, "=", c.again(found), number(c.pos, 0)), number(c.pos, 0),
		binaryOp(c.pos, "+", found, number(c.pos, from-1)))
}

// substringIndex lowers SUBSTRING_INDEX(s, delimiter, count): what stands before the count-th delimiter, or, with a
// negative count, behind the count-th from the end, which is the same of everything reversed.
func substringIndex(c *invocation) ast.Expr {
	s, delimiter, n := c.textArg(0), c.textArg(1), c.intArg(2)
	reversed := n < 0
	if reversed {
		n = -n
		s, delimiter = c.call("reverse", s), c.call("reverse", delimiter)
	}
	var x ast.Expr
	switch n {
	case 0:
		return c.call("left", s, number(c.pos, 0))
	case 1:
		x = c.call("split_part", s, delimiter, number(c.pos, 1))
	default:
		parts := &ast.Subscript{Pos: c.pos, Base: c.call("string_to_array", s, delimiter), Slice: true, Index: number(c.pos, 1), Upper: number(c.pos, n)}
		x = c.call("array_to_string", parts, c.again(delimiter))
	}
	if reversed {
		x = c.call("reverse", x)
	}
	return x
}

// findInSet lowers FIND_IN_SET(s, 'a,b,c').
func findInSet(c *invocation) ast.Expr {
	s, list := c.textArg(0), c.textArg(1)
	x := &ast.Coalesce{Pos: c.pos, Args: []ast.Expr{
		c.call("array_position", c.call("string_to_array", list, str(c.pos, ",")), s), number(c.pos, 0),
	}}
	if cond := c.notNull([]ast.Expr{s, list}); cond != nil {
		return choose(c.pos, cond, x, nil)
	}
	return x
}

func strcmp(c *invocation) ast.Expr {
	a, b := c.textArg(0), c.textArg(1)
	x := &ast.Case{Pos: c.pos}
	for _, k := range []struct {
		op     string
		result int
	}{{"<", -1}, {">", 1}, {"=", 0}} {
		x.Whens = append(x.Whens, ast.When{Pos: c.pos, Cond: binaryOp(c.pos, k.op, c.again(a), c.again(b)), Then: number(c.pos, k.result)})
	}
	return x
}

// charFunc lowers CHAR(n), the parser's second argument of which is the character set.
func charFunc(c *invocation) ast.Expr {
	if n := c.intArg(0); n < 1 || n > 127 {
		c.name = "char"
		c.unsupported(c.pos, c.title()+" beyond ASCII")
	}
	return c.call("chr", c.arg(0))
}

// convertUsing lowers CONVERT(x USING charset): all text is UTF-8.
func convertUsing(c *invocation) ast.Expr {
	switch charset := strings.ToLower(c.stringArg(1)); charset {
	case "utf8", "utf8mb3", "utf8mb4":
		return castTo(c.textArg(0), "text")
	case "binary":
		return c.call("convert_to", c.textArg(0), str(c.pos, "UTF8"))
	default:
		c.unsupported(c.pos, "the character set "+charset)
	}
	return nil
}

func sha2(c *invocation) ast.Expr {
	bits := map[int]string{0: "sha256", 224: "sha224", 256: "sha256", 384: "sha384", 512: "sha512"}
	hash, ok := bits[c.intArg(1)]
	if !ok {
		return null(c.pos)
	}
	return c.call("encode", c.call(hash, c.call("convert_to", c.textArg(0), str(c.pos, "UTF8"))), str(c.pos, "hex"))
}

// trim lowers TRIM([BOTH | LEADING | TRAILING] [what FROM] s); the parser gives s, what, direction. MySQL removes the
// string what, PostgreSQL each of its characters: they are the same if it is one character.
func trim(c *invocation) ast.Expr {
	if len(c.args) == 1 {
		return c.call("btrim", c.textArg(0))
	}
	if what := c.stringArg(1); len([]rune(what)) > 1 {
		c.unsupported(c.pos, c.title()+" of more than one character")
	}
	name := "btrim"
	if len(c.args) == 3 {
		switch c.args[2].(*mast.TrimDirectionExpr).Direction {
		case mast.TrimLeading:
			name = "ltrim"
		case mast.TrimTrailing:
			name = "rtrim"
		}
	}
	return c.call(name, c.textArg(0), c.textArg(1))
}

// regexpLike lowers REGEXP_LIKE(s, pattern, flags).
func regexpLike(c *invocation) ast.Expr {
	op := "~"
	if len(c.args) == 3 {
		for _, f := range c.stringArg(2) {
			switch f {
			case 'c':
				op = "~"
			case 'i':
				op = "~*"
			default:
				c.unsupported(c.pos, c.title()+" with the flag "+string(f))
			}
		}
	}
	return binaryOp(c.pos, op, c.textArg(0), c.textArg(1))
}

// groupReferences writes a replacement in PostgreSQL's notation: \1 for $1.
func groupReferences(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch next := i + 1; {
		case s[i] == '$' && next < len(s) && s[next] >= '0' && s[next] <= '9':
			if s[next] == '0' {
				b.WriteString(`\&`)
			} else {
				b.WriteString(`\` + s[next:next+1])
			}
			i = next
		case s[i] == '\\' && next < len(s):
			if s[next] == '\\' {
				b.WriteByte('\\')
			}
			b.WriteByte(s[next])
			i = next
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
