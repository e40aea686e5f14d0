package session

import (
	"context"
	"fmt"

	"millrace/delta"
	"millrace/pgerr"
	"millrace/planner/physical"
	"millrace/types"
)

// portal is a bound statement. A query of which the client fetches a part at a time runs once, its rows are kept,
// and they are given out as they are asked for.
type portal struct {
	name     string
	prepared *prepared
	params   []types.Datum
	started  bool
	done     bool
	cursor   bool // made by DECLARE
	hold     bool
	txn      *txn // the open transaction that a held cursor was made in
	rows     *kept
	at       int64     // rows given out
	followed *followed // of a subscription, in place of rows
}

// close frees what a portal has.
func (p *portal) close() {
	if p.followed != nil {
		p.followed.close()
		p.followed = nil
	}
}

// dropPortal forgets a portal.
func (s *Session) dropPortal(name string) {
	if p := s.portals[name]; p != nil {
		p.close()
		delete(s.portals, name)
	}
}

// keptBytesMax bounds the rows that one portal keeps.
const keptBytesMax = 256 << 20

// kept is a client that keeps a statement's result.
type kept struct {
	Client  // notices and parameters go straight on
	cols    int
	batches []*delta.Batch
	starts  []int64 // number of the first row of each batch
	n       int64
	bytes   int
	tag     string
}

func (k *kept) Columns([]physical.Column) error { return nil }

func (k *kept) Rows(b *delta.Batch, n int) error {
	rows, err := rowCount(b)
	if err != nil {
		return err
	}
	k.cols = n
	if k.bytes += b.Bytes(); k.bytes > keptBytesMax {
		return pgerr.New(pgerr.OutOfMemory, "the result is too large for a cursor").
			WithDetail("A portal that is fetched in parts keeps at most %d MiB.", keptBytesMax>>20)
	}
	k.batches, k.starts = append(k.batches, b), append(k.starts, k.n)
	k.n += rows
	return nil
}

func (k *kept) Complete(tag string) error {
	k.tag = tag
	return nil
}

// Param is a parameter's value as the client sent it.
type Param struct {
	Null   bool
	Binary bool
	Value  []byte
}

// Bind is the extended protocol's Bind: it makes a portal of a prepared statement and parameter values.
func (s *Session) Bind(portalName, statement string, params []Param) error {
	p, err := s.lookupPrepared(statement)
	if err != nil {
		return s.failed(err)
	}
	if p.stmt.AST != nil {
		if err := s.checkFailed(p.stmt.AST); err != nil {
			return s.failed(err)
		}
	}
	if portalName != "" && s.portals[portalName] != nil {
		return s.failed(pgerr.New(pgerr.DuplicateCursor, "portal %q already exists", portalName))
	}
	if len(s.portals) >= portalsMax {
		return s.failed(pgerr.New(pgerr.ProgramLimitExceeded, "a session may have at most %d open portals", portalsMax))
	}
	if len(params) != len(p.params) {
		return s.failed(pgerr.New(pgerr.ProtocolViolation, "bind message supplies %d parameters, but prepared statement %q requires %d",
			len(params), statement, len(p.params)))
	}
	values := make([]types.Datum, len(params))
	for i, v := range params {
		if values[i], err = s.decodeParam(i, v, p.params[i]); err != nil {
			return s.failed(err)
		}
	}
	s.portals[portalName] = &portal{name: portalName, prepared: p, params: values}
	return nil
}

func (s *Session) decodeParam(i int, v Param, t types.T) (types.Datum, error) {
	if v.Null {
		return types.Null, nil
	}
	if v.Binary {
		d, err := types.ParseBinary(t, v.Value)
		if err != nil {
			return d, withWhere(err, "unnamed portal parameter $%d", i+1)
		}
		return cloneDatum(d), nil
	}
	d, err := types.ParseText(t, v.Value, s.execContext().Env)
	return cloneDatum(d), err
}

// cloneDatum copies a datum out of the protocol's read buffer.
func cloneDatum(d types.Datum) types.Datum {
	if d.B != nil {
		d.B = append([]byte{}, d.B...)
	}
	return d
}

func (s *Session) lookupPortal(name string) (*portal, error) {
	p := s.portals[name]
	if p == nil || p.cursor {
		return p, pgerr.New(pgerr.InvalidCursorName, "portal %q does not exist", name)
	}
	return p, nil
}

// DescribePortal gives the result columns of a portal, or of an SQL cursor; nil when it gives no rows.
func (s *Session) DescribePortal(name string) ([]physical.Column, error) {
	p := s.portals[name]
	if p == nil {
		return nil, s.failed(pgerr.New(pgerr.InvalidCursorName, "portal %q does not exist", name))
	}
	return p.prepared.columns, nil
}

// Execute runs a portal and sends at most maxRows rows, 0 being all; suspended says that there are more. final
// says that the client ends the implicit transaction next, so that a write may commit before it completes.
func (s *Session) Execute(ctx context.Context, name string, maxRows int64, final bool, c Client) (suspended bool, err error) {
	p, err := s.lookupPortal(name)
	if err != nil {
		return false, s.failed(err)
	}
	if s.txn == nil && !final && p.prepared.stmt.AST != nil && !isTransactionControl(p.prepared.stmt.AST) {
		s.txn = s.newTxn(true)
	}
	ctx, end := s.begin(ctx)
	defer end()
	suspended, err = s.executePortal(ctx, p, maxRows, c)
	if err != nil {
		if s.txn != nil {
			s.txn.fail()
		}
		return false, s.failed(err)
	}
	return suspended, nil
}

func (s *Session) executePortal(ctx context.Context, p *portal, maxRows int64, c Client) (bool, error) {
	if p.started {
		if err := s.checkFailed(p.prepared.stmt.AST); err != nil {
			return false, err
		}
	}
	if p.prepared.follow != nil {
		return s.startFollow(ctx, p, maxRows, c)
	}
	if p.rows == nil && (maxRows <= 0 || p.prepared.columns == nil) {
		if p.started {
			if p.done && p.prepared.columns != nil {
				return false, c.Complete("SELECT 0")
			}
			return false, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "portal %q cannot be run anymore", p.name)
		}
		p.started, p.done = true, true
		return false, s.run(ctx, p.prepared, p.params, c)
	}
	if err := s.keepRows(ctx, p, c); err != nil {
		return false, err
	}
	n, err := p.rows.send(c, p.at, maxRows)
	if err != nil {
		return false, err
	}
	p.at += n
	if maxRows > 0 && n == maxRows && p.at < p.rows.n {
		return true, nil
	}
	if maxRows > 0 && n == maxRows {
		// PostgreSQL does not know that these were the last rows before it is asked again.
		if p.at == p.rows.n && !p.done {
			p.done = true
			return true, nil
		}
	}
	p.done = true
	tag := p.rows.tag
	if p.prepared.query != nil {
		tag = fmt.Sprintf("SELECT %d", n)
	}
	return false, c.Complete(tag)
}

// keepRows runs a portal's statement, once, keeping its rows.
func (s *Session) keepRows(ctx context.Context, p *portal, c Client) error {
	if p.rows != nil {
		return nil
	}
	if p.started {
		return pgerr.New(pgerr.ObjectNotInPrerequisiteState, "portal %q cannot be run anymore", p.name)
	}
	p.started = true
	k := &kept{Client: c}
	if err := s.run(ctx, p.prepared, p.params, k); err != nil {
		return err
	}
	k.Client = nil
	p.rows = k
	return nil
}

// send gives rows from number from on, at most most of them (0 is all), and says how many it gave.
func (k *kept) send(c Client, from, most int64) (int64, error) {
	to := k.n
	if most > 0 {
		to = min(to, from+most)
	}
	for i, b := range k.batches {
		first := k.starts[i]
		if first >= to {
			break
		}
		part := window(b, from-first, to-first)
		if part.N == 0 {
			continue
		}
		if err := c.Rows(part, k.cols); err != nil {
			return 0, err
		}
	}
	return max(to-from, 0), nil
}

// window gives the rows [from, to) of a batch, counting a row of weight w as w rows.
func window(b *delta.Batch, from, to int64) *delta.Batch {
	if b.Weights == nil {
		from, to = max(from, 0), min(to, int64(b.N))
		if from >= to {
			return &delta.Batch{}
		}
		return b.Slice(int(from), int(to))
	}
	out := delta.NewBatch(b.Types(), 16)
	var at int64
	for i := range b.N {
		next := at + b.Weights[i]
		if w := min(next, to) - max(at, from); w > 0 {
			out.AppendFrom(b, i, w)
		}
		at = next
	}
	return out
}

// ClosePortal forgets a portal; an unknown name is no error.
func (s *Session) ClosePortal(name string) { s.dropPortal(name) }

// closePortals ends the portals of a transaction: all but held cursors when it is over.
func (s *Session) closePortals(over bool) {
	if !over {
		return
	}
	for name, p := range s.portals {
		if !p.hold {
			s.dropPortal(name)
		}
	}
}

// keepHeld runs the queries of cursors that are to outlive the transaction which is about to commit, since their rows
// are those of its time.
func (s *Session) keepHeld(ctx context.Context, c Client) error {
	for _, p := range s.portals {
		if p.txn == nil || p.txn != s.txn || p.followed != nil {
			continue
		}
		if err := s.keepRows(ctx, p, c); err != nil {
			return err
		}
	}
	for _, p := range s.portals {
		p.txn = nil
	}
	return nil
}

// dropHeld ends the held cursors of the transaction that is about to be rolled back.
func (s *Session) dropHeld() {
	for name, p := range s.portals {
		if p.txn != nil && p.txn == s.txn {
			s.dropPortal(name)
		}
	}
}
