package scalar

import (
	"errors"
	"slices"

	"millrace/expr"
	"millrace/expr/jsonpath"
	"millrace/pgerr"
	"millrace/types"
)

// jsonPathFunctions are the functions of SQL/JSON paths. A path is text: there is no type jsonpath.
func jsonPathFunctions() []*expr.Function {
	of := func(name string, ret types.T, eval expr.EvalFunc) *expr.Function {
		return &expr.Function{
			Name: name, Args: with(tJSONB, tText, tJSONB, tBool), Ret: ret, Eval: eval,
			ArgNames: []string{"target", "path", "vars", "silent"},
			Defaults: []*expr.Const{{T: tJSONB, Value: types.NewString("{}")}, {T: tBool, Value: types.NewBool(false)}},
		}
	}
	return []*expr.Function{
		of("jsonb_path_exists", tBool, toBool(pathExists)),
		of("jsonb_path_match", tBool, toBool(pathMatch)),
		of("jsonb_path_query_array", tJSONB, toBytes(pathQueryArray)),
		of("jsonb_path_query_first", tJSONB, toBytes(pathQueryFirst)),
		{Name: "@?", Operator: true, Args: with(tJSONB, tText), Ret: tBool, Eval: toBool(pathExists)},
		{Name: "@@", Operator: true, Args: with(tJSONB, tText), Ret: tBool, Eval: toBool(pathMatch)},
	}
}

// parsePath reads a path whose patterns are PostgreSQL's regular expressions.
func parsePath(text string) (*jsonpath.Path, error) {
	return jsonpath.Parse(text, func(pattern, flags string) (func([]byte) (bool, error), error) {
		p, err := compilePattern(flags + "\x00" + pattern)
		if err != nil {
			return nil, err
		}
		return func(s []byte) (bool, error) { return newMatcher(p, s, 0).next() != nil, nil }, nil
	})
}

// pathCall is a call's path and how it is to be used.
type pathCall struct {
	path         *jsonpath.Path
	target, vars []byte
	silent       bool
}

func pathOf(x *row) (pathCall, error) {
	p, err := remember(x, x.bytes(1), parsePath)
	c := pathCall{path: p, target: x.bytes(0), silent: true} // as the operators are
	if x.len() > 2 {
		c.vars, c.silent = x.bytes(2), x.datum(3).Bool()
	}
	return c, err
}

// loud are the errors that silent does not suppress: of limits, and of variables.
var loud = []pgerr.Code{pgerr.StatementTooComplex, pgerr.ProgramLimitExceeded, pgerr.UndefinedObject, pgerr.InvalidParameterValue}

// hides reports whether silent suppresses an error.
func (c *pathCall) hides(err error) bool {
	var e *pgerr.Error
	return c.silent && errors.As(err, &e) && !slices.Contains(loud, e.Code)
}

func pathExists(x *row) (bool, error) {
	c, err := pathOf(x)
	if err != nil {
		return false, err
	}
	found, err := c.path.Exists(c.target, c.vars)
	if err != nil && c.hides(err) {
		return false, errNull
	}
	return found, err
}

func pathMatch(x *row) (bool, error) {
	c, err := pathOf(x)
	if err != nil {
		return false, err
	}
	n, result := 0, ""
	err = c.path.Run(c.target, c.vars, func(v []byte) error {
		n++
		result = string(v)
		return nil
	})
	switch {
	case err != nil && c.hides(err):
		return false, errNull
	case err != nil:
		return false, err
	case n == 1 && (result == "true" || result == "false"):
		return result == "true", nil
	case n == 1 && result == "null" || c.silent:
		return false, errNull
	}
	return false, pgerr.New(pgerr.SingletonSQLJSONItemRequired, "single boolean result is expected")
}

func pathQueryArray(x *row, dst []byte) ([]byte, error) {
	c, err := pathOf(x)
	if err != nil {
		return nil, err
	}
	b := &types.JSONBuilder{}
	b.BeginArray()
	err = c.path.Run(c.target, c.vars, func(v []byte) error {
		b.Raw(v)
		return nil
	})
	if err != nil && !c.hides(err) {
		return nil, err
	}
	b.EndArray()
	return appended(dst)(b.Finish())
}

func pathQueryFirst(x *row, dst []byte) ([]byte, error) {
	c, err := pathOf(x)
	if err != nil {
		return nil, err
	}
	found := false
	err = c.path.Run(c.target, c.vars, func(v []byte) error {
		if !found {
			found, dst = true, append(dst, v...)
		}
		return nil // what comes later may fail, and then there is no first
	})
	switch {
	case err != nil && !c.hides(err):
		return nil, err
	case !found:
		return nil, errNull
	}
	return dst, nil
}

// JSONPathQuery calls f with each item of jsonb_path_query(target, path, vars, silent); the last two may be left out.
func JSONPathQuery(args []types.Datum, f func(item []byte) error) error {
	p, err := parsePath(string(args[1].B))
	if err != nil {
		return err
	}
	c := pathCall{path: p, target: args[0].B}
	if len(args) > 2 {
		c.vars = args[2].B
	}
	if len(args) > 3 {
		c.silent = args[3].Bool()
	}
	failed := error(nil)
	err = p.Run(c.target, c.vars, func(v []byte) error {
		failed = f(v)
		return failed
	})
	if err != nil && failed == nil && c.hides(err) {
		return nil
	}
	return err
}
