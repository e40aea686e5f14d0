package bind

import (
	"fmt"

	"millrace/expr"
	"millrace/expr/scalar"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/sql/ast"
	"millrace/types"
)

// clause binds the expressions of one clause of a query: it knows what they may contain, and collects what they need
// to have computed beside them.
type clause struct {
	b     *Binder
	scope *scope
	name  string // as messages have it: WHERE, JOIN conditions

	// noSubqueries names the unsupported feature that a subquery would be here; "" allows them.
	noSubqueries string
	// subqueryError is the message that a subquery draws in its place, where PostgreSQL has none there either.
	subqueryError string
	// pending are the subqueries met, for attach.
	pending []pending

	// aggs, windows and sets collect aggregate, window and set-returning function calls; nil where they are not allowed.
	aggs    *aggregation
	windows *windowCalls
	sets    *setCalls
	// inAggregate, inWindow: inside the arguments of such a call.
	inAggregate, inWindow bool
	// windowPart is the message that a window function draws inside of another.
	windowPart string
	// exact: a condition is bound as the value that it is, even where only its truth matters, so that it is the same
	// expression as in another clause.
	exact bool
	// noSets names the expression around, such as CASE, in which a set-returning function may not be.
	noSets string
	// outputs, where set, finds what an output name of the query means: in QUALIFY, for a name that no input column has.
	outputs func(e *ast.ColumnRef) (expr.Expr, error)
	// noColumns is the message that a column reference draws, where there are none.
	noColumns string
}

// clause makes the context for a clause that may contain subqueries only.
func (b *Binder) clause(s *scope, name string) *clause { return &clause{b: b, scope: s, name: name} }

// bindAs binds an expression and converts it to a type.
func (c *clause) bindAs(e ast.Expr, t types.T, ctx castContext) (expr.Expr, error) {
	x, err := c.bind(e)
	if err != nil {
		return nil, err
	}
	return c.coerce(x, t, ctx, ast.Start(e))
}

// bindBool binds a condition; what is the clause for messages: "argument of WHERE must be type boolean".
func (c *clause) bindBool(e ast.Expr, what string) (expr.Expr, error) {
	x, err := c.bindTruth(e)
	if err != nil {
		return nil, err
	}
	return c.toBool(x, what, ast.Start(e))
}

// bindTruth binds a condition of which only matters whether it is true: false and NULL are the same.
func (c *clause) bindTruth(e ast.Expr) (expr.Expr, error) {
	if c.exact {
		return c.bind(e)
	}
	switch e := e.(type) {
	case *ast.And:
		args, err := c.bools(e.Args, "AND", true)
		return &expr.And{Args: args}, err
	case *ast.Or:
		args, err := c.bools(e.Args, "OR", true)
		return &expr.Or{Args: args}, err
	case *ast.InSubquery:
		if !e.Not {
			return c.inMark(e)
		}
	case *ast.AnyAll:
		if e.Query != nil && !e.All {
			return c.anyMark(e)
		}
	}
	return c.bind(e)
}

func (c *clause) toBool(x expr.Expr, what string, pos int) (expr.Expr, error) {
	if t := x.Type(); !t.Is(types.Bool) && !t.Is(types.Unknown) {
		if !scalar.CanCast(t, types.Of(types.Bool), implicit) {
			return nil, pgerr.New(pgerr.DatatypeMismatch, "argument of %s must be type boolean, not type %s", what, t.WithoutMod()).At(pos)
		}
	}
	return c.coerce(x, types.Of(types.Bool), implicit, pos)
}

// bools binds the operands of AND, OR and NOT.
func (c *clause) bools(es []ast.Expr, what string, truth bool) ([]expr.Expr, error) {
	out := make([]expr.Expr, len(es))
	for i, e := range es {
		bind := c.bind
		if truth {
			bind = c.bindTruth
		}
		x, err := bind(e)
		if err == nil {
			x, err = c.toBool(x, what, ast.Start(e))
		}
		if err != nil {
			return nil, err
		}
		out[i] = x
	}
	return out, nil
}

// conjuncts binds a condition as a list of predicates.
func (c *clause) conjuncts(e ast.Expr, what string) ([]expr.Expr, error) {
	list := []ast.Expr{e}
	if and, ok := e.(*ast.And); ok {
		list = and.Args
	}
	var preds []expr.Expr
	for _, e := range list {
		x, err := c.bindBool(e, what)
		if err != nil {
			return nil, err
		}
		preds = append(preds, logical.Conjuncts(x)...)
	}
	return preds, nil
}

// notAllowed is the error for an expression that its clause does not allow: what is "aggregate functions" or the
// like.
func (c *clause) notAllowed(what string, code pgerr.Code, pos int) error {
	return pgerr.New(code, "%s are not allowed in %s", what, c.name).At(pos)
}

// child is a clause for the arguments of a call: the same scope, sharing what is collected.
func (c *clause) child(name string) *clause {
	d := *c
	d.name = name
	d.pending = nil // its own, for its caller to attach
	return &d
}

// fold evaluates what is constant; an expression that fails stays as it is, to fail when it is evaluated.
func (b *Binder) fold(e expr.Expr) expr.Expr { return expr.Fold(e) }

// check refuses in a view what would not give the same answer twice.
func (c *clause) check(volatility expr.Volatility, uses expr.Uses, what string, pos int) error {
	if volatility == expr.Volatile {
		c.b.volatile = true
	}
	if !c.b.env.View {
		return nil
	}
	switch {
	case uses&expr.UsesNow != 0 && volatility != expr.Volatile:
		return nil // lowering refuses what is not a condition that can be kept up with the time
	case volatility == expr.Volatile:
		return pgerr.Unsupported(fmt.Sprintf("the volatile function %s in a materialized view", what)).At(pos).
			WithHint("It gives another value at each call, so a row could not be withdrawn again. Compute it when the row is inserted, as a column default.")
	case uses&expr.UsesSession != 0:
		return pgerr.Unsupported(fmt.Sprintf("the session function %s in a materialized view", what)).At(pos).
			WithHint("Its value belongs to one client's session; a view is the same for all.")
	}
	return nil
}
