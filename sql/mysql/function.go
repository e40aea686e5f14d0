package mysql

import (
	"strings"
	"sync"

	mast "github.com/pingcap/tidb/pkg/parser/ast"

	"millrace/pgerr"
	"millrace/sql/ast"
)

// invocation is one call of a function.
type invocation struct {
	*lowerer
	name string
	pos  int
	args []mast.ExprNode
}

// arg lowers an argument to a value.
func (c *invocation) arg(i int) ast.Expr { return c.value(c.args[i]) }

// textArg lowers an argument to text.
func (c *invocation) textArg(i int) ast.Expr { return c.text(c.args[i]) }

// intArg gives an argument that has to be a constant integer: what it says decides on the lowered form.
func (c *invocation) intArg(i int) int {
	n, ok := intLiteral(c.arg(i))
	if !ok {
		c.unsupported(c.at(c.args[i]), c.title()+" with an argument that is not a constant")
	}
	return n
}

// stringArg gives an argument that has to be a constant string.
func (c *invocation) stringArg(i int) string {
	s, ok := stringLiteral(c.arg(i))
	if !ok {
		c.unsupported(c.at(c.args[i]), c.title()+" with an argument that is not a constant")
	}
	return s
}

func (c *invocation) title() string { return "the function " + strings.ToUpper(c.name) + " of MySQL" }

// call makes a call of a function of ours.
func (c *invocation) call(name string, args ...ast.Expr) ast.Expr { return call(c.pos, name, args...) }

// lowering says how a function of MySQL's is lowered.
type lowering struct {
	argsMin, argsMax int // no upper limit: many
	make             func(c *invocation) ast.Expr
}

const many = -1

// functions has MySQL's functions that have an equivalent. Each family's file has its own list.
var functions struct {
	once   sync.Once
	byName map[string]lowering
}

func lookup(name string) (lowering, bool) {
	functions.once.Do(func() {
		functions.byName = map[string]lowering{}
		for _, family := range []map[string]lowering{
			controlFunctions(), textFunctions(), mathFunctions(), timeFunctions(), jsonFunctions(), sessionFunctions(),
		} {
			for name, f := range family {
				functions.byName[name] = f
			}
		}
	})
	f, ok := functions.byName[name]
	return f, ok
}

// function lowers a call. A function that MySQL does not have is taken for one of ours.
func (l *lowerer) function(e *mast.FuncCallExpr) ast.Expr {
	c := &invocation{lowerer: l, name: e.FnName.L, pos: l.at(e), args: e.Args}
	if e.Schema.L != "" {
		args := l.exprs(e.Args)
		return &ast.FuncCall{Pos: c.pos, Name: ast.ObjectName{Pos: c.pos, Schema: name(e.Schema), Name: c.name}, Args: args}
	}
	f, ok := lookup(c.name)
	switch {
	case ok && (len(c.args) < f.argsMin || f.argsMax != many && len(c.args) > f.argsMax):
		fail(pgerr.New(pgerr.UndefinedFunction, "incorrect parameter count in the call to function %s", strings.ToUpper(c.name)).At(c.pos))
	case ok:
		return f.make(c)
	case refusedFunctions[c.name] || strings.HasPrefix(c.name, "json_"):
		l.unsupported(c.pos, c.title())
	}
	return c.call(c.name, l.exprs(c.args)...)
}

// refusedFunctions are functions of MySQL's without an equivalent: their names must not reach functions of ours that have another
// meaning or none.
var refusedFunctions = func() map[string]bool {
	refused := map[string]bool{}
	for _, n := range strings.Fields(`
		addtime aes_decrypt aes_encrypt benchmark bin bin_to_uuid bit_count charset coercibility collation compress connection_id conv crc32
		export_set extractvalue format format_bytes found_rows get_format get_lock hex inet_aton inet_ntoa inet6_aton inet6_ntoa
		insert_func interval is_free_lock is_ipv4 is_ipv6 is_used_lock is_uuid last_insert_id load_file make_set maketime name_const
		oct ord password period_add period_diff quote random_bytes regexp_instr regexp_substr release_all_locks release_lock row_count
		sec_to_time sha sha1 sleep soundex subtime timediff time_format to_seconds translate uncompress uncompressed_length updatexml
		uuid_short uuid_to_bin validate_password_strength weight_string nextval lastval setval current_role`) {
		refused[n] = true
	}
	return refused
}()

// same lowers to a function of ours with the same arguments.
func same(name string) func(*invocation) ast.Expr {
	return func(c *invocation) ast.Expr { return c.call(name, c.exprs(c.args)...) }
}

// ofText lowers to a function of ours whose arguments are text.
func ofText(name string) func(*invocation) ast.Expr {
	return func(c *invocation) ast.Expr {
		var args []ast.Expr
		for i := range c.args {
			args = append(args, c.textArg(i))
		}
		return c.call(name, args...)
	}
}

func controlFunctions() map[string]lowering {
	return map[string]lowering{
		"if": {3, 3, func(c *invocation) ast.Expr {
			results := c.results(c.args[1:])
			return choose(c.pos, c.cond(c.args[0]), results[0], results[1])
		}},
		"ifnull":   {2, 2, coalesce},
		"coalesce": {1, many, coalesce},
		"nullif": {2, 2, func(c *invocation) ast.Expr {
			args := c.alike(c.args)
			return &ast.NullIf{Pos: c.pos, Left: args[0], Right: args[1]}
		}},
		"isnull":    {1, 1, func(c *invocation) ast.Expr { return &ast.IsNull{Pos: c.pos, Arg: c.expr(c.args[0])} }},
		"greatest":  {2, many, func(c *invocation) ast.Expr { return c.extreme(false) }},
		"least":     {2, many, func(c *invocation) ast.Expr { return c.extreme(true) }},
		"any_value": {1, 1, func(c *invocation) ast.Expr { return c.call("min", c.arg(0)) }},
		"field": {2, many, func(c *invocation) ast.Expr {
			x := &ast.Case{Pos: c.pos, Operand: c.arg(0), Else: number(c.pos, 0)}
			for i := range c.args[1:] {
				x.Whens = append(x.Whens, ast.When{Pos: c.pos, Cond: c.arg(i + 1), Then: number(c.pos, i+1)})
			}
			return x
		}},
		"elt": {2, many, func(c *invocation) ast.Expr {
			x := &ast.Case{Pos: c.pos, Operand: c.arg(0)}
			for i := range c.args[1:] {
				x.Whens = append(x.Whens, ast.When{Pos: c.pos, Cond: number(c.pos, i+1), Then: c.textArg(i + 1)})
			}
			return x
		}},
	}
}

func coalesce(c *invocation) ast.Expr { return &ast.Coalesce{Pos: c.pos, Args: c.results(c.args)} }

// extreme lowers GREATEST and LEAST, which are NULL in MySQL when any argument is, and in PostgreSQL when all are.
func (c *invocation) extreme(least bool) ast.Expr {
	args := c.exprs(c.args)
	x := &ast.MinMax{Pos: c.pos, Least: least, Args: args}
	cond := c.notNull(args)
	if cond == nil {
		return x
	}
	return choose(c.pos, cond, x, nil)
}

// notNull is the condition that no argument is NULL; nil where all are constants other than NULL.
func (c *invocation) notNull(args []ast.Expr) ast.Expr {
	var tests []ast.Expr
	for _, a := range args {
		if !isLiteral(a) || isNull(a) {
			tests = append(tests, &ast.IsNull{Pos: c.pos, Arg: c.again(a), Not: true})
		}
	}
	if tests == nil {
		return nil
	}
	return connect(true, c.pos, tests)
}

func sessionFunctions() map[string]lowering {
	return map[string]lowering{
		"database":     {0, 0, same("current_schema")},
		"schema":       {0, 0, same("current_schema")},
		"grouping":     {1, many, func(c *invocation) ast.Expr { return &ast.Grouping{Pos: c.pos, Args: c.exprs(c.args)} }},
		"version":      {0, 0, same("version")},
		"uuid":         {0, 0, func(c *invocation) ast.Expr { return castTo(c.call("gen_random_uuid"), "text") }},
		"user":         {0, 0, currentUser},
		"current_user": {0, 0, currentUser},
		"session_user": {0, 0, currentUser},
		"system_user":  {0, 0, currentUser},
	}
}

func currentUser(c *invocation) ast.Expr {
	return &ast.SQLValue{Pos: c.pos, Kind: ast.CurrentUser, Precision: -1}
}
