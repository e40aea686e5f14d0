package jsonpath

import (
	"bytes"
	"errors"

	"millrace/pgerr"
	"millrace/types"
)

// truth is a value of three-valued logic.
type truth uint8

const (
	no truth = iota
	yes
	unknown
)

func truthItem(t truth) []byte {
	switch t {
	case yes:
		return []byte("true")
	case no:
		return []byte("false")
	}
	return []byte("null")
}

// truth evaluates a predicate. What goes wrong in its operands makes it unknown; an error is one that no path may hide, such as
// that of a limit.
func (r *run) truth(n *node) (truth, error) {
	switch n.kind {
	case and, or:
		a, err := r.truth(n.left)
		if err != nil {
			return unknown, err
		}
		decides := no
		if n.kind == or {
			decides = yes
		}
		if a == decides {
			return a, nil
		}
		b, err := r.truth(n.right)
		if err != nil || b == decides || a != unknown {
			return b, err
		}
		return unknown, nil
	case not:
		a, err := r.truth(n.left)
		if err != nil || a == unknown {
			return unknown, err
		}
		return yes - a, nil
	case isUnknown:
		a, err := r.truth(n.left)
		if err != nil {
			return unknown, err
		}
		return of(a == unknown), nil
	case exists:
		return r.exists(n)
	}
	return r.pairs(n)
}

func of(b bool) truth {
	if b {
		return yes
	}
	return no
}

// hidden reports whether an error within a predicate makes it unknown. A variable that is not there, or a limit, is not hidden.
func hidden(err error) bool {
	var e *pgerr.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case pgerr.SQLJSONMemberNotFound, pgerr.SQLJSONArrayNotFound, pgerr.SQLJSONObjectNotFound, pgerr.SQLJSONNumberNotFound, pgerr.InvalidSQLJSONSubscript,
		pgerr.NonNumericSQLJSONItem, pgerr.SingletonSQLJSONItemRequired, pgerr.DivisionByZero, pgerr.NumericValueOutOfRange:
		return true
	}
	return false
}

func (r *run) exists(n *node) (truth, error) {
	found := false
	err := r.items(n.left, func([]byte) error {
		found = true
		if r.lax {
			return errStop
		}
		return nil
	})
	switch {
	case err == nil || err == errStop:
		return of(found), nil
	case hidden(err):
		return unknown, nil
	}
	return unknown, err
}

// pairs evaluates a predicate over all pairs of the items of its operands: true if it is for one. In strict mode an unknown
// pair makes it unknown.
func (r *run) pairs(n *node) (truth, error) {
	left, err := r.list(n.left)
	if err != nil {
		return r.failed(err)
	}
	right := [][]byte{nil}
	if n.right != nil {
		if n.kind == startsWith {
			right, err = r.plain(n.right)
		} else {
			right, err = r.list(n.right)
		}
		if err != nil {
			return r.failed(err)
		}
	}
	found, bad := false, false
	for _, a := range left {
		for _, b := range right {
			t, err := test(n, a, b)
			switch {
			case err != nil:
				return unknown, err
			case t == unknown && !r.lax:
				return unknown, nil
			case t == unknown:
				bad = true
			case t == yes && r.lax:
				return yes, nil
			case t == yes:
				found = true
			}
		}
	}
	switch {
	case found:
		return yes, nil
	case bad:
		return unknown, nil
	}
	return no, nil
}

func (r *run) failed(err error) (truth, error) {
	if hidden(err) {
		return unknown, nil
	}
	return unknown, err
}

// list gives an operand's items, arrays taken apart in lax mode.
func (r *run) list(n *node) ([][]byte, error) { return r.collect(n, true) }

func (r *run) plain(n *node) ([][]byte, error) { return r.collect(n, false) }

func (r *run) collect(n *node, unwrap bool) ([][]byte, error) {
	var out [][]byte
	err := r.items(n, r.unwrapping(unwrap, func(v []byte) error {
		out = append(out, bytes.Clone(v))
		return nil
	}))
	return out, err
}

// test evaluates a predicate over one pair of items.
func test(n *node, a, b []byte) (truth, error) {
	switch n.kind {
	case startsWith:
		if types.JSONTypeof(a) != "string" || types.JSONTypeof(b) != "string" {
			return unknown, nil
		}
		whole, _ := types.JSONText(a)
		start, _ := types.JSONText(b)
		return of(bytes.HasPrefix(whole, start)), nil
	case likeRegex:
		if types.JSONTypeof(a) != "string" {
			return unknown, nil
		}
		text, _ := types.JSONText(a)
		ok, err := n.match(text)
		return of(ok), err
	}
	return compare(n.kind, a, b), nil
}

// compare compares two items: of one type of scalars by value; null with anything else is different and nothing more.
func compare(op kind, a, b []byte) truth {
	ta, tb := types.JSONTypeof(a), types.JSONTypeof(b)
	if ta != tb {
		if ta == "null" || tb == "null" {
			return of(op == notEqual)
		}
		return unknown
	}
	c := 0
	switch ta {
	case "null":
	case "boolean":
		c = bytes.Compare(a, b) // false before true
	case "number":
		x, _ := number(a)
		y, _ := number(b)
		c = types.NumericCmp(x, y)
	case "string":
		x, _ := types.JSONText(a)
		y, _ := types.JSONText(b)
		c = bytes.Compare(x, y)
	default:
		return unknown
	}
	switch op {
	case equal:
		return of(c == 0)
	case notEqual:
		return of(c != 0)
	case less:
		return of(c < 0)
	case lessEqual:
		return of(c <= 0)
	case greater:
		return of(c > 0)
	}
	return of(c >= 0)
}
