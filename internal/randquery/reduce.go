package randquery

import (
	"slices"
	"sort"
)

// Case is what makes a failure: relations, transactions in order, and a query, which is nil if a change fails.
type Case struct {
	Schema       Schema
	Transactions []*Transaction
	Query        *Query
}

// clone is a copy that may be changed.
func (c *Case) clone() *Case {
	out := &Case{Schema: c.Schema.clone()}
	if c.Query != nil {
		q := *c.Query
		q.Node = c.Query.Node.clone()
		out.Query = &q
	}
	for _, t := range c.Transactions {
		copied := &Transaction{Rollback: t.Rollback}
		for _, ch := range t.Changes {
			d := *ch
			d.Rows = slices.Clone(ch.Rows)
			if ch.Other != nil {
				d.Other = ch.Other.clone()
			}
			copied.Changes = append(copied.Changes, &d)
		}
		out.Transactions = append(out.Transactions, copied)
	}
	return out
}

// standIns are the smallest texts of each sort.
var standIns = map[string][]string{
	"bool":            {"true", "false"},
	string(Int):       {"1", "NULL::int4"},
	string(BigInt):    {"1::int8"},
	string(Numeric):   {"1::numeric"},
	string(Float):     {"1::float8"},
	string(Text):      {"'a'::text"},
	string(Date):      {"'2024-01-01'::date"},
	string(Timestamp): {"'2024-01-01'::timestamp"},
	string(Ints):      {"'{1}'::int4[]"},
	string(Texts):     {"'{a}'::text[]"},
}

// Reduce makes a failing case smaller as long as fails says that what is left still fails in the same way, and at most tries
// times. It tries what takes most away first: the transactions, the query's parts, the relations, the rows.
func Reduce(c *Case, tries int, fails func(*Case) bool) *Case {
	r := &reducer{best: c.clone(), left: tries, fails: fails}
	for before := -1; r.left > 0 && before != r.taken; {
		before = r.taken
		r.transactions()
		if r.best.Query != nil {
			r.tree(func(c *Case) *Node { return c.Query.Node })
		}
		r.relations()
		r.changes()
		r.columns()
	}
	return r.best
}

type reducer struct {
	best  *Case
	left  int // tries
	taken int // that succeeded
	fails func(*Case) bool
}

// try applies an edit to a copy and keeps it if that still fails. An edit that returns false does not apply.
func (r *reducer) try(edit func(*Case) bool) bool {
	if r.left <= 0 {
		return false
	}
	c := r.best.clone()
	if !edit(c) {
		return false
	}
	r.left--
	if !r.fails(c) {
		return false
	}
	r.taken++
	r.best = c
	return true
}

// remove tries to take stretches out of a list of n, half of it first.
func (r *reducer) remove(n func(*Case) int, cut func(c *Case, from, to int)) {
	for size := n(r.best); size >= 1; size /= 2 {
		for from := 0; from < n(r.best); {
			to := min(from+size, n(r.best))
			if !r.try(func(c *Case) bool { cut(c, from, to); return true }) {
				from = to
			}
		}
	}
}

func (r *reducer) transactions() {
	r.remove(func(c *Case) int { return len(c.Transactions) }, func(c *Case, from, to int) {
		c.Transactions = slices.Delete(c.Transactions, from, to)
	})
}

func (r *reducer) changes() {
	for i := 0; i < len(r.best.Transactions); i++ {
		r.remove(func(c *Case) int { return len(c.Transactions[i].Changes) }, func(c *Case, from, to int) {
			c.Transactions[i].Changes = slices.Delete(c.Transactions[i].Changes, from, to)
		})
		for j := 0; j < len(r.best.Transactions[i].Changes); j++ {
			r.remove(func(c *Case) int { return len(c.Transactions[i].Changes[j].Rows) - 1 }, func(c *Case, from, to int) {
				ch := c.Transactions[i].Changes[j]
				ch.Rows = slices.Delete(ch.Rows, from, to)
			})
			r.remove(func(c *Case) int { return min(1, len(c.Transactions[i].Changes[j].Rows)-1) }, func(c *Case, from, to int) {
				ch := c.Transactions[i].Changes[j]
				ch.Rows = ch.Rows[:len(ch.Rows)-1]
			})
			if r.best.Transactions[i].Changes[j].Other != nil {
				r.tree(func(c *Case) *Node { return c.Transactions[i].Changes[j].Other })
			}
		}
	}
}

// relations removes those that nothing needs.
func (r *reducer) relations() {
	for i := len(r.best.Schema) - 1; i >= 0; i-- {
		name := r.best.Schema[i].Name
		r.try(func(c *Case) bool {
			c.Schema = slices.Delete(c.Schema, i, i+1)
			for _, t := range c.Transactions {
				t.Changes = slices.DeleteFunc(t.Changes, func(ch *Change) bool { return ch.Table == name })
			}
			return true
		})
	}
}

// columns removes columns and keys, from the tables and from the rows that are put into them.
func (r *reducer) columns() {
	for i := range r.best.Schema {
		for at := len(r.best.Schema[i].Columns) - 1; at >= 0; at-- {
			r.try(func(c *Case) bool {
				t := c.Schema[i]
				name := t.Columns[at].Name
				if t.Query != "" || t.isKey(name) || len(t.Columns) == 1 {
					return false
				}
				t.Columns = slices.Delete(t.Columns, at, at+1)
				for _, tx := range c.Transactions {
					for _, ch := range tx.Changes {
						ch.removeColumn(t.Name, name)
					}
				}
				return true
			})
		}
		r.try(func(c *Case) bool {
			had := len(c.Schema[i].Key) > 0
			c.Schema[i].Key = nil
			return had
		})
		r.try(func(c *Case) bool {
			had := false
			for at := range c.Schema[i].Columns {
				had = had || c.Schema[i].Columns[at].NotNull
				c.Schema[i].Columns[at].NotNull = false
			}
			return had
		})
	}
}

func (c *Change) removeColumn(table, name string) {
	at := slices.Index(c.Columns, name)
	if c.Table != table || at < 0 {
		return
	}
	c.Columns = slices.Delete(slices.Clone(c.Columns), at, at+1)
	for i, row := range c.Rows {
		c.Rows[i] = slices.Delete(slices.Clone(row), at, at+1)
	}
}

// tree makes one tree of the case smaller, from the root downwards.
func (r *reducer) tree(root func(*Case) *Node) {
	for at := 0; at < root(r.best).size(); at++ {
		for r.left > 0 && r.node(root, at) {
			if at >= root(r.best).size() {
				return
			}
		}
	}
}

// node tries to replace the node with a number, counted from the root, and reports success.
func (r *reducer) node(root func(*Case) *Node, at int) bool {
	n := nth(root(r.best), at)
	edit := func(change func(*Node)) bool {
		return r.try(func(c *Case) bool { change(nth(root(c), at)); return true })
	}
	if n.optional && edit(func(n *Node) { *n = *word("") }) {
		return true
	}
	if n.list {
		for size := len(n.kids) - n.min; size >= 1; size /= 2 {
			for from := 0; from+size <= len(n.kids); from += size {
				if edit(func(n *Node) { n.kids = slices.Delete(n.kids, from, from+size) }) {
					return true
				}
			}
		}
		return false
	}
	if n.sort == "" {
		return false
	}
	for _, text := range standIns[n.sort] {
		if n.String() == text {
			return false
		}
		if edit(func(n *Node) { *n = *build(n.sort, text) }) {
			return true
		}
	}
	const descendants = 6
	smaller := n.below(n.sort)
	for _, d := range smaller[:min(len(smaller), descendants)] {
		copied := d.clone()
		if edit(func(n *Node) { *n = *copied }) {
			return true
		}
	}
	return false
}

// nth is the node with a number, the root being 0, in the order in which the text has them.
func nth(n *Node, at int) *Node {
	for n != nil && at > 0 {
		at--
		var next *Node
		for _, k := range n.kids {
			if s := k.size(); at >= s {
				at -= s
				continue
			}
			next = k
			break
		}
		n = next
	}
	return n
}

// below are the nodes of a sort within n, the smallest first.
func (n *Node) below(kind string) []*Node {
	var found []*Node
	var walk func(*Node)
	walk = func(m *Node) {
		for _, k := range m.kids {
			if k.sort == kind {
				found = append(found, k)
			}
			walk(k)
		}
	}
	walk(n)
	sort.SliceStable(found, func(i, j int) bool { return found[i].size() < found[j].size() })
	return found
}
