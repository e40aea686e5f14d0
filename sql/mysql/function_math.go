package mysql

import "millrace/sql/ast"

func mathFunctions() map[string]lowering {
	return map[string]lowering{
		"abs":      {1, 1, same("abs")},
		"ceil":     {1, 1, same("ceil")},
		"ceiling":  {1, 1, same("ceil")},
		"floor":    {1, 1, same("floor")},
		"sign":     {1, 1, same("sign")},
		"pi":       {0, 0, same("pi")},
		"round":    {1, 2, digits("round")},
		"truncate": {2, 2, digits("trunc")},
		"mod":      {2, 2, func(c *invocation) ast.Expr { return binaryOp(c.pos, "%", c.arg(0), nonZero(c.arg(1))) }},
		"sin":      {1, 1, ofDouble("sin")},
		"cos":      {1, 1, ofDouble("cos")},
		"tan":      {1, 1, ofDouble("tan")},
		"cot":      {1, 1, ofDouble("cot")},
		"asin":     {1, 1, ofDouble("asin")},
		"acos":     {1, 1, ofDouble("acos")},
		"atan": {1, 2, func(c *invocation) ast.Expr {
			if len(c.args) == 2 {
				return ofDouble("atan2")(c)
			}
			return ofDouble("atan")(c)
		}},
		"atan2":   {2, 2, ofDouble("atan2")},
		"degrees": {1, 1, ofDouble("degrees")},
		"radians": {1, 1, ofDouble("radians")},
		"exp":     {1, 1, ofDouble("exp")},
		"pow":     {2, 2, ofDouble("power")},
		"power":   {2, 2, ofDouble("power")},
		"sqrt":    {1, 1, func(c *invocation) ast.Expr { return c.guarded(0, ">=", "sqrt") }},
		"ln":      {1, 1, func(c *invocation) ast.Expr { return c.guarded(0, ">", "ln") }},
		"log10":   {1, 1, func(c *invocation) ast.Expr { return c.guarded(0, ">", "log10") }},
		"log2": {1, 1, func(c *invocation) ast.Expr {
			return binaryOp(c.pos, "/", c.guarded(0, ">", "ln"), c.call("ln", typed(c.pos, "float8", "2")))
		}},
		// LOG(x) is the natural logarithm, LOG(b, x) that to base b.
		"log": {1, 2, func(c *invocation) ast.Expr {
			if len(c.args) == 1 {
				return c.guarded(0, ">", "ln")
			}
			base := c.guarded(0, ">", "ln")
			return binaryOp(c.pos, "/", c.guarded(1, ">", "ln"), &ast.NullIf{Pos: c.pos, Left: base, Right: number(c.pos, 0)})
		}},
		"rand": {0, 1, func(c *invocation) ast.Expr {
			if len(c.args) == 1 {
				c.unsupported(c.pos, c.title()+" with a seed")
			}
			return c.call("random")
		}},
	}
}

// digits lowers ROUND and TRUNCATE. To a number of digits PostgreSQL rounds numerics only.
func digits(name string) func(*invocation) ast.Expr {
	return func(c *invocation) ast.Expr {
		x := c.operand(c.args[0])
		if len(c.args) == 1 {
			return c.call(name, x)
		}
		if !isLiteral(x) {
			x = castTo(x, "numeric")
		}
		return c.call(name, x, c.arg(1))
	}
}

// ofDouble lowers to a function of doubles, as all these are in MySQL; some of ours have one of numerics, too.
func ofDouble(name string) func(*invocation) ast.Expr {
	return func(c *invocation) ast.Expr {
		var args []ast.Expr
		for i := range c.args {
			args = append(args, c.double(i))
		}
		return c.call(name, args...)
	}
}

func (c *invocation) double(i int) ast.Expr { return castTo(c.operand(c.args[i]), "float8") }

// guarded lowers a function of a double that is NULL in MySQL where it is not defined, and an error in PostgreSQL.
func (c *invocation) guarded(i int, op, name string) ast.Expr {
	x := c.double(i)
	if cast, ok := x.(*ast.Cast); ok && isLiteral(cast.Arg) {
		if n, ok := intLiteral(cast.Arg); ok && n > 0 {
			return c.call(name, x)
		}
	}
	return choose(c.pos, binaryOp(c.pos, op, c.again(x), number(c.pos, 0)), c.call(name, x), nil)
}
