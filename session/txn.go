package session

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"millrace/catalog"
	"millrace/delta"
	"millrace/engine"
	"millrace/pgerr"
	"millrace/sql/ast"
)

// pendingRowsMax bounds the rows that an open transaction may hold back.
const pendingRowsMax = 20_000_000

// txn is an open transaction: one that BEGIN opened, or the implicit one around several statements.
type txn struct {
	implicit bool
	failed   bool
	readOnly bool
	now      int64
	read     *engine.Read // see Session.beginRead; nil before
	writes   []engine.Write
	rows     int
	numbered int64                      // new rows of tables without a key that have a number, negated
	changed  map[uint32]*engine.Pending // what writes change, by relation; nil is to be made anew
	mark     int                        // of the settings
	saves    []savepoint

	cat     *catalog.Snapshot // with the transaction's own changes; nil: there are none
	steps   []ddlStep         // which these are
	altered map[uint32]bool   // tables whose stored rows are in another form than the catalog says, until commit
	views   []uint32          // that it has created
}

type savepoint struct {
	name   string
	writes []engine.Write
	rows   int
	mark   int
	cat    *catalog.Snapshot
	steps  int
	notes  notesMark
}

func (t *txn) fail() { t.failed = true }

func (s *Session) newTxn(implicit bool) *txn {
	return &txn{implicit: implicit, now: s.srv.Engine.Now(), mark: s.settings.mark(),
		readOnly: s.settings.isOn("default_transaction_read_only")}
}

// endTxn forgets an open transaction and what it wrote.
func (s *Session) endTxn() {
	if s.txn == nil {
		return
	}
	s.dropHeld()
	if s.txn.read != nil {
		s.txn.read.Close()
	}
	s.settings.endTransaction(s.txn.mark, false)
	s.txn, s.own, s.notes = nil, nil, notes{}
}

// commitTxn commits the open transaction's writes as one epoch and ends it, whatever the outcome.
func (s *Session) commitTxn(ctx context.Context) error {
	t := s.txn
	s.txn = nil
	if t.read != nil {
		t.read.Close()
	}
	err := s.commitNotes(ctx, func() (err error) {
		switch {
		case len(t.steps) > 0:
			err = s.commitDDL(ctx, t)
		case len(t.writes) > 0:
			_, err = s.srv.Engine.Commit(ctx, &engine.Txn{Writes: coalesce(t.writes)})
		}
		return err
	})
	s.settings.endTransaction(t.mark, err == nil)
	return err
}

// coalesce joins the writes of a transaction per relation and cancels rows that it both inserted and deleted,
// since the committer applies all deletions of a write before its insertions. Proposed rows stay apart from others, and
// all in the order in which they were written.
func coalesce(writes []engine.Write) []engine.Write {
	var out []engine.Write
	var parts [][]*delta.Batch // of each of out
	byRel := map[uint32]int{}  // the last of each relation
	for _, w := range writes {
		i, ok := byRel[w.Relation.ID]
		if !ok || (out[i].Proposed != nil) != (w.Proposed != nil) {
			i = len(out)
			byRel[w.Relation.ID] = i
			out, parts = append(out, w), append(parts, nil)
		}
		if w.Proposed != nil {
			parts[i] = append(parts[i], w.Proposed)
		} else {
			parts[i] = append(parts[i], w.Batch)
		}
	}
	for i := range out {
		if len(parts[i]) > 1 {
			rows := 0
			for _, b := range parts[i] {
				rows += b.N
			}
			joined := delta.NewBatch(out[i].Relation.Types(), rows)
			for _, b := range parts[i] {
				for r := range b.N {
					joined.AppendFrom(b, r, b.Weight(r))
				}
			}
			if out[i].Proposed != nil {
				out[i].Proposed = joined
				continue
			}
			out[i].Batch, out[i].Encoded = joined, nil
		}
		if out[i].Relation.Kind == catalog.Table && out[i].Proposed == nil {
			out[i].Batch = delta.Consolidate(out[i].Batch)
			engine.ForgetNumbers(out[i].Relation, out[i].Batch)
		}
	}
	return out
}

// write adds a change to the open transaction, or commits it by itself.
func (s *Session) write(ctx context.Context, w engine.Write) error {
	if w.Batch.N == 0 {
		return nil
	}
	if err := engine.CheckNotNull(&w); err != nil {
		return err
	}
	if s.txn == nil {
		_, err := s.srv.Engine.Commit(ctx, &engine.Txn{Writes: []engine.Write{w}})
		return err
	}
	next := s.txn.numbered - 1
	w.Batch = engine.NumberRows(w.Relation, w.Batch, &next)
	s.txn.numbered = next + 1
	if err := s.hold(w.Batch.N); err != nil {
		return err
	}
	if err := s.checkKeys(ctx, &w); err != nil {
		return err
	}
	s.keep(&w)
	return nil
}

// hold counts rows that the open transaction holds back.
func (s *Session) hold(rows int) error {
	if s.txn.rows += rows; s.txn.rows > pendingRowsMax {
		return pgerr.New(pgerr.ProgramLimitExceeded, "a transaction may change at most %d rows", pendingRowsMax)
	}
	return nil
}

// keep adds a write, whose Batch is what the transaction's own reads see of it, to the open transaction.
func (s *Session) keep(w *engine.Write) {
	s.txn.writes = append(s.txn.writes, *w)
	if s.txn.changed != nil {
		s.txn.note(w, s.catalog())
	}
}

// note adds a write to what the transaction's own reads see.
func (t *txn) note(w *engine.Write, cat *catalog.Snapshot) {
	p := t.changed[w.Relation.ID]
	if p == nil {
		p = engine.NewPending(w.Relation, cat)
		t.changed[w.Relation.ID] = p
	}
	p.Add(w.Batch)
}

// pending gives the transaction's own changes by relation, for its reads.
func (s *Session) pending() map[uint32]*engine.Pending {
	if s.txn == nil || len(s.txn.writes) == 0 {
		return nil
	}
	if s.txn.changed == nil {
		s.txn.changed = map[uint32]*engine.Pending{}
		for i := range s.txn.writes {
			s.txn.note(&s.txn.writes[i], s.catalog())
		}
	}
	return s.txn.changed
}

// transaction runs BEGIN, COMMIT, ROLLBACK and the savepoint statements; handled is false for others.
func (s *Session) transaction(ctx context.Context, st ast.Statement, c Client) (handled bool, err error) {
	switch st := st.(type) {
	case *ast.Begin:
		return true, s.beginBlock(st, c)
	case *ast.Commit:
		return true, s.commitBlock(ctx, st, c)
	case *ast.Rollback:
		return true, s.rollbackBlock(st, c)
	case *ast.Savepoint:
		if err := s.needBlock("SAVEPOINT"); err != nil {
			return true, err
		}
		s.txn.saves = append(s.txn.saves, savepoint{st.Name, slices.Clip(s.txn.writes), s.txn.rows, s.settings.mark(), s.txn.cat, len(s.txn.steps), s.notes.mark()})
		return true, c.Complete("SAVEPOINT")
	case *ast.Release:
		i, err := s.findSavepoint("RELEASE SAVEPOINT", st.Name)
		if err != nil {
			return true, err
		}
		s.txn.saves = s.txn.saves[:i]
		return true, c.Complete("RELEASE")
	case *ast.RollbackTo:
		i, err := s.findSavepoint("ROLLBACK TO SAVEPOINT", st.Name)
		if err != nil {
			return true, err
		}
		sv := s.txn.saves[i]
		s.txn.writes, s.txn.rows, s.txn.failed = sv.writes, sv.rows, false
		s.txn.cat, s.txn.steps = sv.cat, s.txn.steps[:sv.steps]
		s.txn.changed = nil
		s.notes.rollback(sv.notes)
		s.settings.rollback(sv.mark)
		s.txn.saves = s.txn.saves[:i+1]
		return true, c.Complete("ROLLBACK")
	case *ast.SetTransaction:
		return true, s.setTransaction(st, c)
	}
	return false, nil
}

func (s *Session) inBlock() bool { return s.txn != nil && !s.txn.implicit }

func (s *Session) needBlock(what string) error {
	if !s.inBlock() {
		return pgerr.New(pgerr.NoActiveSQLTransaction, "%s can only be used in transaction blocks", what)
	}
	if s.txn.failed {
		return errInFailed()
	}
	return nil
}

func errInFailed() error {
	return pgerr.New(pgerr.InFailedSQLTransaction, "current transaction is aborted, commands ignored until end of transaction block")
}

func (s *Session) findSavepoint(what, name string) (int, error) {
	if !s.inBlock() {
		return 0, pgerr.New(pgerr.NoActiveSQLTransaction, "%s can only be used in transaction blocks", what)
	}
	for i := len(s.txn.saves) - 1; i >= 0; i-- {
		if s.txn.saves[i].name == name {
			return i, nil
		}
	}
	return 0, pgerr.New(pgerr.InvalidSavepoint, "savepoint %q does not exist", name)
}

func (s *Session) beginBlock(st *ast.Begin, c Client) error {
	if s.inBlock() {
		if err := s.warn(c, pgerr.ActiveSQLTransaction, "there is already a transaction in progress"); err != nil {
			return err
		}
	} else if s.txn != nil {
		s.txn.implicit = false // what the string did before BEGIN becomes part of the block, as in PostgreSQL
	} else {
		s.txn = s.newTxn(false)
	}
	s.applyModes(st.Modes)
	if st.Start {
		return c.Complete("START TRANSACTION")
	}
	return c.Complete("BEGIN")
}

func (s *Session) applyModes(m ast.TransactionModes) {
	switch {
	case m.ReadOnly:
		s.txn.readOnly = true
	case m.ReadWrite:
		s.txn.readOnly = false
	}
}

func (s *Session) setTransaction(st *ast.SetTransaction, c Client) error {
	if st.Snapshot != "" {
		return pgerr.Unsupported("SET TRANSACTION SNAPSHOT")
	}
	if st.Session {
		if st.Modes.ReadOnly || st.Modes.ReadWrite {
			v := "off"
			if st.Modes.ReadOnly {
				v = "on"
			}
			if err := s.settings.set("default_transaction_read_only", v, false); err != nil {
				return err
			}
		}
		if st.Modes.Isolation != "" {
			if err := s.settings.set("default_transaction_isolation", st.Modes.Isolation, false); err != nil {
				return err
			}
		}
		return c.Complete("SET")
	}
	if s.txn == nil {
		if err := s.warn(c, pgerr.NoActiveSQLTransaction, "SET TRANSACTION can only be used in transaction blocks"); err != nil {
			return err
		}
		return c.Complete("SET")
	}
	s.applyModes(st.Modes)
	return c.Complete("SET")
}

func (s *Session) commitBlock(ctx context.Context, st *ast.Commit, c Client) error {
	if s.txn == nil {
		if err := s.warn(c, pgerr.NoActiveSQLTransaction, "there is no transaction in progress"); err != nil {
			return err
		}
		return c.Complete("COMMIT")
	}
	if err := s.warnImplicit(c); err != nil {
		return err
	}
	if !s.txn.failed {
		if err := s.keepHeld(ctx, c); err != nil {
			s.endTxn()
			return err
		}
	}
	s.closePortals(true)
	tag := "COMMIT"
	if s.txn.failed {
		s.endTxn()
		tag = "ROLLBACK"
	} else if err := s.commitTxn(ctx); err != nil {
		return err
	}
	if st.Chain {
		s.txn = s.newTxn(false)
	}
	return c.Complete(tag)
}

// warnImplicit says that no block is open: the string of statements that COMMIT or ROLLBACK is in is a transaction, too.
func (s *Session) warnImplicit(c Client) error {
	if !s.txn.implicit {
		return nil
	}
	return s.warn(c, pgerr.NoActiveSQLTransaction, "there is no transaction in progress")
}

func (s *Session) rollbackBlock(st *ast.Rollback, c Client) error {
	if s.txn == nil {
		if err := s.warn(c, pgerr.NoActiveSQLTransaction, "there is no transaction in progress"); err != nil {
			return err
		}
		return c.Complete("ROLLBACK")
	}
	if err := s.warnImplicit(c); err != nil {
		return err
	}
	s.closePortals(true)
	s.endTxn()
	if st.Chain {
		s.txn = s.newTxn(false)
	}
	return c.Complete("ROLLBACK")
}

// behind tells the client which view a statement waits for.
func (s *Session) behind(c Client) func(engine.Behind) {
	return func(b engine.Behind) {
		n := pgerr.New(pgerr.SuccessfulCompletion, "waiting for view %q, which is %d epochs behind", b.View, b.Target-min(b.Frontier, b.Target))
		if b.Loading {
			n = pgerr.New(pgerr.SuccessfulCompletion, "waiting for view %q, which is computing its first contents (%d rows read)", b.View, b.Rows)
		}
		_ = s.notice(c, "NOTICE", n) // a connection that is gone shows at the next write
	}
}

// beginRead takes the epoch for a statement: of a transaction block, the block's; of an implicit transaction, that of the first
// statement that changes rows, since its changes are to be seen over what they were made from.
func (s *Session) beginRead(ctx context.Context, relations []uint32, c Client) (r *engine.Read, done func(), err error) {
	notify := s.behind(c)
	if s.parts != nil && s.parts.read != nil {
		return s.parts.read, func() {}, s.parts.read.Include(ctx, relations, notify)
	}
	changing := s.parts != nil || s.txn != nil && (s.txn.read != nil || len(s.txn.writes) > 0)
	if s.txn == nil || s.txn.implicit && !changing {
		if len(relations) == 1 && s.relaxed() {
			r, err = s.srv.Engine.BeginReadRelaxed(ctx, relations[0], notify)
		} else {
			r, err = s.srv.Engine.BeginRead(ctx, relations, notify)
		}
		if err != nil {
			return nil, nil, err
		}
		return r, r.Close, nil
	}
	if s.txn.read == nil {
		if s.txn.read, err = s.srv.Engine.BeginReadAll(ctx, relations, notify); err != nil {
			return nil, nil, err
		}
	} else if err := s.txn.read.Include(ctx, relations, notify); err != nil {
		return nil, nil, err
	}
	return s.txn.read, func() {}, nil
}

// relaxed reports whether a single view is read where it stands. A transaction block reads one epoch, whatever the
// setting says.
func (s *Session) relaxed() bool {
	return !s.inBlock() && s.settings.get("read_freshness") == "relaxed"
}

// warn sends a warning.
func (s *Session) warn(c Client, code pgerr.Code, format string, args ...any) error {
	return s.notice(c, "WARNING", pgerr.New(code, format, args...))
}

// severities in the order of client_min_messages; the debug levels are never sent.
var severityRank = map[string]int{"log": 1, "notice": 2, "info": 3, "warning": 3, "error": 4}

// notice sends a notice unless client_min_messages asks for more serious ones only.
func (s *Session) notice(c Client, severity string, n *pgerr.Error) error {
	rank := map[string]int{"NOTICE": 2, "WARNING": 3, "INFO": 9}[severity]
	if rank < severityRank[s.settings.get("client_min_messages")] {
		return nil
	}
	return c.Notice(severity, n)
}

// retryConflicts runs a statement that reads and changes rows again when somebody else changed them meanwhile; with
// keys, also when somebody else inserted a row with a key that the statement found free.
func (s *Session) retryConflicts(ctx context.Context, keys bool, f func() error) error {
	const attempts = 100
	mark := s.notes.mark()
	for i := 1; ; i++ {
		err := f()
		conflict := errors.Is(err, engine.ErrConflict)
		var con *engine.ConstraintError
		if keys && errors.As(err, &con) && con.Constraint != "" {
			conflict = true
		}
		if s.txn != nil || !conflict || i == attempts || ctx.Err() != nil {
			if i == attempts && err != nil {
				return fmt.Errorf("%w (tried %d times)", err, attempts)
			}
			return err
		}
		s.notes.rollback(mark)
	}
}
