package planner

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"millrace/catalog"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/bind"
	"millrace/sql/parser"
	"millrace/types"
)

// TableRules are what the new rows of a table must obey beyond NOT NULL and keys, as expressions over all of the table's
// columns in order. They are the same for every session that writes.
type TableRules struct {
	// Generated gives the stored generated columns. None of them reads another.
	Generated []GeneratedColumn
	// Domains gives the columns of domains what they have, where they may have it, and fails otherwise.
	Domains []GeneratedColumn
	// Checks are the CHECK constraints in order of name, in which PostgreSQL looks at them: a row violates one for which
	// the expression is false; NULL passes.
	Checks []CheckRule
}

// GeneratedColumn computes a column from the others.
type GeneratedColumn struct {
	Column int
	Expr   expr.Expr
}

// CheckRule is a condition on each row.
type CheckRule struct {
	Name string
	Expr expr.Expr
}

// Empty reports whether there is nothing to compute or check.
func (r *TableRules) Empty() bool {
	return len(r.Generated) == 0 && len(r.Domains) == 0 && len(r.Checks) == 0
}

// PlanTableRules binds a relation's generated columns and CHECK constraints.
func PlanTableRules(r *catalog.Relation, cat *catalog.Snapshot) (*TableRules, error) {
	rules := &TableRules{}
	for i := range r.Columns {
		c := &r.Columns[i]
		if c.Domain != 0 && !c.Dropped {
			e, err := domainRule(r, i, cat)
			if err != nil {
				return nil, err
			}
			rules.Domains = append(rules.Domains, GeneratedColumn{i, e})
		}
		if c.Generated != catalog.StoredExpr || c.Dropped {
			continue
		}
		e, err := bindStored(c.Default, r, cat, GenerationExpr, c.T, c.Name)
		if err != nil {
			return nil, err
		}
		rules.Generated = append(rules.Generated, GeneratedColumn{i, e})
	}
	for _, k := range r.Checks {
		e, err := bindStored(k.Expr, r, cat, CheckExpr, types.Of(types.Bool), k.Name)
		if err != nil {
			return nil, err
		}
		rules.Checks = append(rules.Checks, CheckRule{k.Name, e})
	}
	slices.SortFunc(rules.Checks, func(a, b CheckRule) int { return strings.Compare(a.Name, b.Name) })
	return rules, nil
}

// domainRule gives a column's value where its domain lets it.
func domainRule(r *catalog.Relation, col int, cat *catalog.Snapshot) (expr.Expr, error) {
	c := &r.Columns[col]
	d, ok := cat.Type(c.Domain)
	if !ok {
		return nil, fmt.Errorf("column %q of %q is of domain %d, which is not there", c.Name, r.Name, c.Domain)
	}
	return bind.New((&Env{Catalog: cat}).bindEnv()).DomainValue(d, &expr.Column{Index: col, T: c.T, Name: c.Name})
}

// bindStored binds the text of an expression that is kept in the catalog.
func bindStored(text string, r *catalog.Relation, cat *catalog.Snapshot, kind RowExpr, to types.T, name string) (expr.Expr, error) {
	st, err := parser.ParseExpr(text)
	if err != nil {
		return nil, err
	}
	env := &Env{Catalog: cat, SearchPath: []string{r.Schema}, TypeEnv: types.DefaultEnv}
	e, err := BindRow(st, env, r, kind, name, to)
	var pe *pgerr.Error
	if errors.As(err, &pe) {
		c := *pe
		c.Position = 0 // it is not in the statement's text
		return nil, &c
	}
	return e, err
}
