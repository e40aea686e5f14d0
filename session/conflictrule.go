package session

import (
	"bytes"
	"context"

	"millrace/catalog"
	"millrace/delta"
	"millrace/engine"
	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/storage/codec"
	"millrace/types"
)

// setConflictRule gives a new table, whose columns and key are known, its ON CONFLICT rule.
func setConflictRule(r *catalog.Relation, c *ast.TableConflict) error {
	if c == nil {
		return nil
	}
	if c.Action == ast.ConflictUpdateIfNotNull {
		return pgerr.Unsupported("ON CONFLICT DO UPDATE IF NOT NULL of a table").At(c.Pos)
	}
	if _, hidden := r.RowID(); hidden {
		return noConflictKey(c)
	}
	rule := &catalog.ConflictRule{Ignore: c.Action == ast.ConflictIgnore}
	if c.Version != "" {
		if rule.Ignore {
			return pgerr.New(pgerr.InvalidTableDefinition, "ON CONFLICT IGNORE takes no version column").At(c.VersionPos)
		}
		i := r.ColumnIndex(c.Version)
		if i < 0 || r.Columns[i].Hidden {
			return pgerr.New(pgerr.UndefinedColumn, "column %q named as version column does not exist", c.Version).At(c.VersionPos)
		}
		if !versionType(r.Columns[i].T) {
			return badVersionType(&r.Columns[i]).At(c.VersionPos)
		}
		rule.Versioned, rule.Version = true, i
	}
	r.OnConflict = rule
	return nil
}

func noConflictKey(c *ast.TableConflict) error {
	return pgerr.New(pgerr.InvalidTableDefinition, "ON CONFLICT of a table needs a primary key").At(c.Pos)
}

// versionType reports whether values of a type can tell versions of a row apart.
func versionType(t types.T) bool {
	switch t.Kind {
	case types.Int2, types.Int4, types.Int8, types.Numeric, types.Float4, types.Float8, types.Date, types.Timestamp, types.TimestampTZ,
		types.Text, types.Varchar, types.Bytea, types.UUID:
		return true
	}
	return false
}

func badVersionType(c *catalog.Column) *pgerr.Error {
	return pgerr.New(pgerr.DatatypeMismatch, "column %q of type %s cannot be a version column", c.Name, c.T).
		WithHint("A version is a number, a date, a timestamp, a text, bytea or uuid.")
}

// keepsConflictRule refuses to take from a table what its ON CONFLICT rule needs.
func (a *alteration) keepsConflictRule() error {
	rule := a.to.OnConflict
	if rule == nil {
		return nil
	}
	needs := func(what string) error {
		return pgerr.New(pgerr.DependentObjectsStillExist, "cannot drop %s of table %s because the table's ON CONFLICT rule needs it", what, a.to.Name)
	}
	if a.to.Key == nil {
		return needs("the primary key")
	}
	if !rule.Versioned {
		return nil
	}
	switch c := &a.to.Columns[rule.Version]; {
	case c.Dropped:
		return needs("column " + a.from.Columns[rule.Version].Name)
	case !versionType(c.T):
		return badVersionType(c)
	}
	return nil
}

// propose writes rows to a table with an ON CONFLICT rule. What they change is decided when they are committed; in an open
// transaction its own statements see what it would be over the rows of their epoch.
func (s *Session) propose(ctx context.Context, r *catalog.Relation, batches []*delta.Batch, c Client) error {
	var writes []engine.Write
	for _, b := range batches {
		if b.N == 0 {
			continue
		}
		w := engine.Write{Relation: r, Proposed: b}
		if err := engine.CheckNotNull(&engine.Write{Relation: r, Batch: b}); err != nil {
			return err
		}
		writes = append(writes, w)
	}
	if len(writes) == 0 {
		return nil
	}
	if s.txn == nil {
		_, err := s.srv.Engine.Commit(ctx, &engine.Txn{Writes: writes})
		return err
	}
	if err := s.checkAltered([]uint32{r.ID}); err != nil {
		return err
	}
	for i := range writes {
		if err := s.proposePending(ctx, &writes[i], c); err != nil {
			return err
		}
	}
	return nil
}

// proposePending adds proposed rows to the open transaction.
func (s *Session) proposePending(ctx context.Context, w *engine.Write, c Client) error {
	read, done, err := s.beginRead(ctx, nil, c)
	if err != nil {
		return err
	}
	defer done()
	space := engine.KeySpace{Table: w.Relation}
	stored := map[string][]byte{}
	keyOf := func(i int) []byte { return engine.RowKey(w.Relation, w.Proposed, i) }
	err = read.Stored(space, w.Proposed.N, keyOf, func(i int, row []byte) error {
		if row != nil {
			stored[string(keyOf(i))] = bytes.Clone(row)
		}
		return nil
	})
	if err != nil {
		return err
	}
	own := s.pending()[w.Relation.ID]
	w.Batch, err = engine.Settle(w.Relation, w.Proposed, func(key []byte) ([]byte, error) {
		b, i, gone := own.Find(space.ID(), key)
		switch {
		case b != nil:
			return codec.AppendRow(nil, b, nil, i), nil
		case gone:
			return nil, nil
		}
		return stored[string(key)], nil
	})
	if err != nil {
		return err
	}
	if err := s.hold(w.Proposed.N); err != nil {
		return err
	}
	// Another row may have what is unique besides the key; those of the epoch count, over which the change was made.
	if err := s.checkKeysAt(read, w); err != nil {
		return err
	}
	s.keep(w)
	return nil
}
