package jsonpath

import (
	"bytes"
	"errors"
	"math"
	"strconv"

	"millrace/pgerr"
	"millrace/types"
)

// errStop ends a walk of which no more is wanted.
var errStop = errors.New("enough items")

// emit takes an item: a jsonb value, valid during the call only.
type emit func(item []byte) error

// run is the state of one evaluation.
type run struct {
	lax     bool
	root    []byte
	vars    []byte
	current []byte
	size    int64 // of the array whose subscripts are evaluated, for last
	// forgiving: structural errors are no errors, as in lax mode, and below .** in either.
	forgiving bool
	ids       int64
	// probe is a signed expression of which only the existence of an item matters: what is no number is passed over.
	probe *node
}

// Run evaluates the path over a value and calls f with each item of the result, in order, as far as it comes before an error. vars
// is an object of variables, or nil. An error of f ends the walk and is returned.
func (p *Path) Run(value, vars []byte, f func(item []byte) error) error {
	return p.run(value, vars, nil, f)
}

func (p *Path) run(value, vars []byte, probe *node, f emit) error {
	if vars != nil && types.JSONTypeof(vars) != "object" {
		return pgerr.New(pgerr.InvalidParameterValue, "\"vars\" argument is not an object").
			WithDetail("Jsonpath parameters should be encoded as key-value pairs of \"vars\" object.")
	}
	r := &run{lax: p.lax, root: value, vars: vars, current: value, forgiving: p.lax, probe: probe}
	return r.items(p.expr, f)
}

// Exists reports whether the path gives an item. In lax mode it ends with the first.
func (p *Path) Exists(value, vars []byte) (bool, error) {
	found := false
	var probe *node
	if p.lax && p.expr.next == nil {
		probe = p.expr
	}
	err := p.run(value, vars, probe, func([]byte) error {
		found = true
		if p.lax {
			return errStop
		}
		return nil
	})
	if err == errStop {
		err = nil
	}
	return found && err == nil, err
}

// items evaluates n and what follows it.
func (r *run) items(n *node, f emit) error {
	if n.kind.isPredicate() {
		t, err := r.truth(n)
		if err != nil {
			return err
		}
		return r.following(n, truthItem(t), f)
	}
	switch n.kind {
	case root:
		return r.following(n, r.root, f)
	case current:
		return r.following(n, r.current, f)
	case literal:
		return r.following(n, n.value, f)
	case last:
		return r.following(n, strconv.AppendInt(nil, r.size-1, 10), f)
	case variable:
		v, ok := types.JSONGetField(r.vars, n.text)
		if r.vars == nil || !ok {
			return pgerr.New(pgerr.UndefinedObject, "could not find jsonpath variable \"%s\"", n.text)
		}
		return r.following(n, v, f)
	case plus, minus:
		return r.sign(n, f)
	}
	return r.arithmetic(n, f)
}

// following applies the accessors behind n to an item.
func (r *run) following(n *node, item []byte, f emit) error {
	if n.next == nil {
		return f(item)
	}
	return r.access(n.next, item, r.lax, f)
}

// access applies accessor n, and what follows it, to an item; unwrap says that an array stands for its elements where the
// accessor is not one for arrays.
func (r *run) access(n *node, item []byte, unwrap bool, f emit) error {
	typ := types.JSONTypeof(item)
	next := func(v []byte) error { return r.following(n, v, f) }
	switch n.kind {
	case anyElement:
		switch {
		case typ == "array":
			return types.JSONElements(item, next)
		case r.lax:
			return next(item)
		case !r.forgiving:
			return pgerr.New(pgerr.SQLJSONArrayNotFound, "jsonpath wildcard array accessor can only be applied to an array")
		}
		return nil
	case elements:
		return r.subscripts(n, item, typ, next)
	case anyLevel:
		return r.levels(n, item, f)
	case method:
		return r.method(n, item, typ, unwrap, f)
	}
	if typ == "array" && unwrap {
		return types.JSONElements(item, func(v []byte) error { return r.access(n, v, false, f) })
	}
	switch n.kind {
	case member:
		if typ != "object" {
			if r.forgiving {
				return nil
			}
			return pgerr.New(pgerr.SQLJSONMemberNotFound, "jsonpath member accessor can only be applied to an object")
		}
		if v, ok := types.JSONGetField(item, n.text); ok {
			return next(v)
		}
		if r.forgiving {
			return nil
		}
		return pgerr.New(pgerr.SQLJSONMemberNotFound, "JSON object does not contain key \"%s\"", n.text)
	case anyMember:
		if typ != "object" {
			if r.forgiving {
				return nil
			}
			return pgerr.New(pgerr.SQLJSONObjectNotFound, "jsonpath wildcard member accessor can only be applied to an object")
		}
		return types.JSONEach(item, func(_, v []byte) error { return next(v) })
	}
	// A filter.
	was := r.current
	r.current = item
	t, err := r.truth(n.left)
	r.current = was
	if err != nil || t != yes {
		return err
	}
	return next(item)
}

// subscripts applies [a, b to c].
func (r *run) subscripts(n *node, item []byte, typ string, next emit) error {
	if typ != "array" && !r.lax {
		if r.forgiving {
			return nil
		}
		return pgerr.New(pgerr.SQLJSONArrayNotFound, "jsonpath array accessor can only be applied to an array")
	}
	size := int64(1)
	if typ == "array" {
		n, err := types.JSONArrayLength(item)
		if err != nil {
			return err
		}
		size = n
	}
	was := r.size
	defer func() { r.size = was }()
	for _, s := range n.subs {
		r.size = size
		from, err := r.index(s.from)
		if err != nil {
			return err
		}
		to := from
		if s.to != nil {
			if to, err = r.index(s.to); err != nil {
				return err
			}
		}
		if !r.forgiving && (from < 0 || from > to || to >= size) {
			return pgerr.New(pgerr.InvalidSQLJSONSubscript, "jsonpath array subscript is out of bounds")
		}
		r.size = was
		for i := max(from, 0); i <= min(to, size-1); i++ {
			v := item
			if typ == "array" {
				v, _ = types.JSONGetIndex(item, i)
			}
			if err := next(v); err != nil {
				return err
			}
		}
	}
	return nil
}

// index evaluates a subscript.
func (r *run) index(n *node) (int64, error) {
	single, err := r.single(n, false)
	if err != nil {
		return 0, err
	}
	num, ok := number(single)
	if !ok {
		return 0, pgerr.New(pgerr.InvalidSQLJSONSubscript, "jsonpath array subscript is not a single numeric value")
	}
	whole, err := types.NumericTrunc(nil, num, 0)
	if err != nil {
		return 0, err
	}
	i, err := types.NumericToInt(whole, types.Int4)
	if err != nil {
		return 0, pgerr.New(pgerr.InvalidSQLJSONSubscript, "jsonpath array subscript is out of integer range")
	}
	return i, nil
}

// levels applies .**: to the item itself and to all that it contains, as far as the bounds say.
func (r *run) levels(n *node, item []byte, f emit) error {
	was := r.forgiving
	defer func() { r.forgiving = was }()
	if n.from == 0 {
		r.forgiving = true
		if err := r.following(n, item, f); err != nil {
			return err
		}
		r.forgiving = was
	}
	return r.below(n, item, 1, f)
}

func (r *run) below(n *node, item []byte, level int, f emit) error {
	if n.to != lastLevel && level > n.to {
		return nil
	}
	each := func(v []byte) error {
		typ := types.JSONTypeof(v)
		container := typ == "object" || typ == "array"
		inside := level >= n.from && n.from != lastLevel
		leaf := n.from == lastLevel && n.to == lastLevel && !container
		if inside || leaf {
			was := r.forgiving
			r.forgiving = true
			err := r.following(n, v, f)
			r.forgiving = was
			if err != nil {
				return err
			}
		}
		if container {
			return r.below(n, v, level+1, f)
		}
		return nil
	}
	if types.JSONTypeof(item) == "object" {
		return types.JSONEach(item, func(_, v []byte) error { return each(v) })
	}
	return types.JSONElements(item, each)
}

// number reads a jsonb number as a numeric.
func number(item []byte) ([]byte, bool) {
	if item == nil || types.JSONTypeof(item) != "number" {
		return nil, false
	}
	n, err := types.ParseNumeric(nil, bytes.TrimSpace(item))
	return n, err == nil
}

func appendNumber(n []byte) []byte { return types.AppendNumericText(nil, n) }

// single evaluates an expression that must give one item; nil is none or several. unwrap takes an array apart first, in lax mode.
func (r *run) single(n *node, unwrap bool) ([]byte, error) {
	var item []byte
	count := 0
	take := func(v []byte) error {
		if count++; count == 1 {
			item = append([]byte(nil), v...)
		}
		return nil
	}
	err := r.items(n, r.unwrapping(unwrap, take))
	if count != 1 {
		item = nil
	}
	return item, err
}

// unwrapping gives an emit that takes arrays apart in lax mode before f.
func (r *run) unwrapping(unwrap bool, f emit) emit {
	if !unwrap || !r.lax {
		return f
	}
	return func(v []byte) error {
		if types.JSONTypeof(v) == "array" {
			return types.JSONElements(v, f)
		}
		return f(v)
	}
}

// sign applies + or - to each item.
func (r *run) sign(n *node, f emit) error {
	return r.items(n.left, r.unwrapping(true, func(v []byte) error {
		num, ok := number(v)
		if !ok && n == r.probe {
			return nil
		}
		if !ok {
			return pgerr.New(pgerr.SQLJSONNumberNotFound, "operand of unary jsonpath operator %s is not a numeric value", symbols[n.kind])
		}
		if n.kind == minus {
			num = types.NumericNeg(nil, num)
		}
		return r.following(n, appendNumber(num), f)
	}))
}

var operations = map[kind]func(dst, a, b []byte) ([]byte, error){
	add: types.NumericAdd, subtract: types.NumericSub, multiply: types.NumericMul, divide: types.NumericDiv, modulo: types.NumericRem,
}

func (r *run) arithmetic(n *node, f emit) error {
	var operands [2][]byte
	for i, side := range []*node{n.left, n.right} {
		item, err := r.single(side, true)
		if err != nil {
			return err
		}
		num, ok := number(item)
		if !ok {
			return pgerr.New(pgerr.SingletonSQLJSONItemRequired, "%s operand of jsonpath operator %s is not a single numeric value", [2]string{"left", "right"}[i], symbols[n.kind])
		}
		operands[i] = num
	}
	v, err := operations[n.kind](nil, operands[0], operands[1])
	if err != nil {
		return err
	}
	return r.following(n, appendNumber(v), f)
}

// method applies an item method.
func (r *run) method(n *node, item []byte, typ string, unwrap bool, f emit) error {
	next := func(v []byte) error { return r.following(n, v, f) }
	switch n.text {
	case "type":
		return next(types.AppendJSONString(nil, []byte(typ)))
	case "size":
		if typ != "array" {
			if !r.lax && !r.forgiving {
				return pgerr.New(pgerr.SQLJSONArrayNotFound, "jsonpath item method .size() can only be applied to an array")
			}
			return next([]byte("1"))
		}
		size, err := types.JSONArrayLength(item)
		if err != nil {
			return err
		}
		return next(strconv.AppendInt(nil, size, 10))
	}
	if typ == "array" && unwrap {
		return types.JSONElements(item, func(v []byte) error { return r.method(n, v, types.JSONTypeof(v), false, f) })
	}
	switch n.text {
	case "keyvalue":
		return r.keyvalue(item, typ, next)
	case "double":
		return double(item, typ, next)
	}
	num, ok := number(item)
	if !ok {
		return pgerr.New(pgerr.NonNumericSQLJSONItem, "jsonpath item method .%s() can only be applied to a numeric value", n.text)
	}
	var err error
	switch n.text {
	case "abs":
		num = types.NumericAbs(nil, num)
	case "floor":
		num, err = types.NumericFloor(nil, num)
	default:
		num, err = types.NumericCeil(nil, num)
	}
	if err != nil {
		return err
	}
	return next(appendNumber(num))
}

// double is .double(): a number that double precision can hold, of a number or a string.
func double(item []byte, typ string, next emit) error {
	text := item
	what := "numeric"
	switch typ {
	case "number":
	case "string":
		what = "string"
		text, _ = types.JSONText(item)
	default:
		return pgerr.New(pgerr.NonNumericSQLJSONItem, "jsonpath item method .double() can only be applied to a string or numeric value")
	}
	v, err := types.ParseText(types.Of(types.Float8), text, types.DefaultEnv)
	if err != nil {
		return pgerr.New(pgerr.NonNumericSQLJSONItem, "%s argument of jsonpath item method .double() is out of range for type double precision", what)
	}
	if x := v.Float(); math.IsNaN(x) || math.IsInf(x, 0) {
		return pgerr.New(pgerr.NonNumericSQLJSONItem, "NaN or Infinity is not allowed for jsonpath item method .double()")
	}
	if typ == "number" {
		return next(item) // it stays as it is written
	}
	return next(appendNumber(types.NumericFromFloat64(nil, v.Float())))
}

// keyvalue gives an object for each member of an object.
func (r *run) keyvalue(item []byte, typ string, next emit) error {
	if typ != "object" {
		return pgerr.New(pgerr.SQLJSONObjectNotFound, "jsonpath item method .keyvalue() can only be applied to an object")
	}
	id := r.ids
	r.ids++
	return types.JSONEach(item, func(k, v []byte) error {
		b := &types.JSONBuilder{}
		b.BeginObject()
		b.Key([]byte("id"))
		b.Int(id)
		b.Key([]byte("key"))
		b.String(k)
		b.Key([]byte("value"))
		b.Raw(v)
		b.EndObject()
		out, err := b.Finish()
		if err != nil {
			return err
		}
		return next(out)
	})
}
