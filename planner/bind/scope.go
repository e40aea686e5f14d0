package bind

import (
	"strings"

	"millrace/pgerr"
	"millrace/planner/logical"
)

// scope is what names may refer to at a place in a query: the items of its own FROM clause, and outward those of
// the queries around it.
type scope struct {
	outer *scope
	// within is the clause of the query around that this query is part of; nil in FROM, and where there is none around.
	within *clause
	items  []*fromItem
	// hidden are items of the same FROM clause that exist but may not be used here: for messages.
	hidden []*fromItem
	ctes   *cteScope
	// level is how many queries are around this one.
	level int
	// order is that of the subquery which is all of the FROM clause. It means nothing but to aggregates that depend on an order and
	// are given none.
	order []logical.SortKey
}

// fromItem is one namespace entry: a relation, subquery, function or join.
type fromItem struct {
	name   string // alias or relation name; "" for an unnamed join
	schema string // where a relation is used under its own name
	cols   []scopeCol
	// relVisible: t.a finds it; colsVisible: a finds it, and * expands it. The inputs of a join keep the first only.
	relVisible, colsVisible bool
	// blocked: visible sideways only, and not through the RIGHT or FULL join that is being bound.
	blocked bool
	// nullable: a row of the join may have none of it, since it is on the side of an outer join that may be missing.
	nullable bool
	// own is the relation's name where an alias hides it.
	own string
	// recursive: it is the recursive query whose recursive term is being bound, or a join with that.
	recursive bool
}

type scopeCol struct {
	name   string
	id     logical.ColID
	hidden bool // not part of *
	added  bool // by SEARCH or CYCLE: an alias does not rename it
}

// find looks a column up by name within an item; n is how many there are.
func (it *fromItem) find(name string) (c *scopeCol, n int) {
	for i := range it.cols {
		if it.cols[i].name == name {
			n++
			c = &it.cols[i]
		}
	}
	return c, n
}

// visibleCols lists the columns of *.
func (it *fromItem) visibleCols() []scopeCol {
	var out []scopeCol
	for _, c := range it.cols {
		if !c.hidden {
			out = append(out, c)
		}
	}
	return out
}

func (it *fromItem) label(col string) string {
	if it.name == "" {
		return col
	}
	return it.name + "." + col
}

// gives reports whether one of the columns is of an item of this level.
func (s *scope) gives(cols logical.ColSet) bool {
	for _, it := range s.items {
		for i := range it.cols {
			if cols.Has(it.cols[i].id) {
				return true
			}
		}
	}
	return false
}

// column resolves an unqualified name, in the innermost level that has it. found is nil where no level has it.
func (s *scope) column(name string, pos int) (it *fromItem, col *scopeCol, err error) {
	for ; s != nil; s = s.outer {
		for _, item := range s.items {
			if !item.colsVisible {
				continue
			}
			c, n := item.find(name)
			if n == 0 {
				continue
			}
			if n > 1 || col != nil {
				return nil, nil, pgerr.New(pgerr.AmbiguousColumn, "column reference \"%s\" is ambiguous", name).At(pos)
			}
			it, col = item, c
		}
		if col != nil {
			if it.blocked {
				return nil, nil, blockedError(it, pos)
			}
			return it, col, nil
		}
	}
	return nil, nil, nil
}

// relation resolves the qualifier of a column reference.
func (s *scope) relation(schema, name string, pos int) (*fromItem, error) {
	for ; s != nil; s = s.outer {
		var found *fromItem
		for _, item := range s.items {
			if !item.relVisible || item.name != name || schema != "" && item.schema != schema {
				continue
			}
			if found != nil {
				return nil, pgerr.New(ambiguousAlias, "table reference \"%s\" is ambiguous", name).At(pos)
			}
			found = item
		}
		if found != nil {
			if found.blocked {
				return nil, blockedError(found, pos)
			}
			return found, nil
		}
	}
	return nil, nil
}

// ambiguousAlias is 42P09.
const ambiguousAlias pgerr.Code = "42P09"

func blockedError(it *fromItem, pos int) error {
	return pgerr.New(pgerr.InvalidColumnReference, "invalid reference to FROM-clause entry for table \"%s\"", it.name).
		WithDetail("The combining JOIN type must be INNER or LEFT for a LATERAL reference.").At(pos)
}

// noRelation is the error for a qualifier that names no visible FROM item.
func (s *scope) noRelation(schema, name string, pos int) error {
	full := name
	if schema != "" {
		full = schema + "." + name
	}
	e := pgerr.New(pgerr.UndefinedTable, "missing FROM-clause entry for table \"%s\"", full).At(pos)
	var names []string
	for t := s; t != nil; t = t.outer {
		for _, item := range append(append([]*fromItem{}, t.items...), t.hidden...) {
			if item.own == name {
				e.Message = "invalid reference to FROM-clause entry for table " + quote(full)
				return e.WithHint("Perhaps you meant to reference the table alias \"%s\".", item.name)
			}
			if item.name == name {
				e.Message = "invalid reference to FROM-clause entry for table " + quote(full)
				return e.WithHint("There is an entry for table \"%s\", but it cannot be referenced from this part of the query.", name)
			}
			if item.name != "" {
				names = append(names, item.name)
			}
		}
	}
	if near := nearest(name, names); near != "" {
		e.WithHint("Perhaps you meant to reference the table \"%s\".", near)
	}
	return e
}

// noColumn is the error for a column that does not exist; it is nil for an unqualified name.
func (s *scope) noColumn(it *fromItem, name string, pos int) error {
	if it != nil {
		e := pgerr.New(pgerr.UndefinedColumn, "column %s.%s does not exist", it.name, name).At(pos)
		return s.hintColumn(e, it.name, name)
	}
	e := pgerr.New(pgerr.UndefinedColumn, "column \"%s\" does not exist", name).At(pos)
	return s.hintColumn(e, "", name)
}

// hintColumn adds the hint of PostgreSQL's for a misspelled column: the one or two nearest columns over all levels,
// by edit distance, of which more than half of the letters must agree.
func (s *scope) hintColumn(e *pgerr.Error, rel, name string) error {
	const distanceMax = 3
	best := distanceMax + 1
	var hits []string
	for ; s != nil; s = s.outer {
		for k, list := range [][]*fromItem{s.items, s.hidden} {
			for _, item := range list {
				penalty := 0
				if rel != "" && item.name != rel {
					penalty = editDistance(rel, item.name, distanceMax+1)
				}
				for _, c := range item.cols {
					if c.hidden || item.name == "" {
						continue
					}
					if k == 1 && c.name == name && penalty == 0 {
						return e.WithHint("There is a column named \"%s\" in table \"%s\", but it cannot be referenced from this part of the query.", name, item.name)
					}
					d := editDistance(name, c.name, distanceMax+1)
					if d > len([]rune(name))/2 {
						continue
					}
					switch d += penalty; {
					case d < best:
						best, hits = d, []string{item.label(c.name)}
					case d == best && best <= distanceMax:
						hits = append(hits, item.label(c.name))
					}
				}
			}
		}
	}
	switch len(hits) {
	case 1:
		e.WithHint("Perhaps you meant to reference the column \"%s\".", hits[0])
	case 2:
		e.WithHint("Perhaps you meant to reference the column \"%s\" or the column \"%s\".", hits[0], hits[1])
	}
	return e
}

func quote(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
