package bind

import (
	"millrace/pgerr"
	"millrace/sql/ast"
)

var lockNames = map[ast.LockStrength]string{
	ast.ForUpdate: "FOR UPDATE", ast.ForNoKeyUpdate: "FOR NO KEY UPDATE", ast.ForShare: "FOR SHARE", ast.ForKeyShare: "FOR KEY SHARE",
}

// checkLocking checks that the rows of a query could be locked: each is a row of its FROM items. A lock itself is not needed: a
// transaction whose reads have changed does not commit.
func (k *core) checkLocking(list []*ast.Locking) error {
	for _, l := range list {
		name := lockNames[l.Strength]
		with := ""
		switch {
		case k.ast.Distinct || len(k.ast.DistinctOn) > 0:
			with = "DISTINCT clause"
		case len(k.ast.GroupBy) > 0:
			with = "GROUP BY clause"
		case k.ast.Having != nil:
			with = "HAVING clause"
		case len(k.aggs.calls) > 0:
			with = "aggregate functions"
		case len(k.windows.calls) > 0:
			with = "window functions"
		case len(k.sets.levels) > 0:
			with = "set-returning functions in the target list"
		}
		if with != "" {
			return lockingWith(name, with)
		}
		for _, of := range l.Of {
			if of.Schema != "" {
				return pgerr.New(pgerr.SyntaxError, "%s must specify unqualified relation names", name).At(of.Pos)
			}
			found := false
			for _, it := range k.scope.items {
				found = found || it.name == of.Name && it.name != ""
			}
			if !found {
				return pgerr.New(pgerr.UndefinedTable, "relation \"%s\" in %s clause not found in FROM clause", of.Name, name).At(of.Pos)
			}
		}
	}
	return nil
}

func lockingWith(name, with string) error {
	return pgerr.New(pgerr.FeatureNotSupported, "%s is not allowed with %s", name, with)
}
