package session

import (
	"context"
	"slices"

	"millrace/catalog"
	"millrace/delta"
	"millrace/engine"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner"
	"millrace/storage/codec"
	"millrace/types"
)

// upsert is an INSERT ... ON CONFLICT being carried out: its proposed rows are taken one by one, and each is inserted, left
// out, or changes the row that it conflicts with.
type upsert struct {
	ctx      context.Context
	c        Client
	s        *Session
	d        *planner.DML
	params   []types.Datum
	proposed *delta.Batch
	arbiters []*arbiter
	own      *engine.Pending
	// setsKeys: an update may give a row another key, so that it has to be known before the next row is looked at.
	setsKeys bool
	// earlier: other parts of the statement have changed the relation.
	earlier bool

	// open are the conflicts whose update is not computed yet: existing row, proposed row, and place in results.
	existing *delta.Batch
	excluded *delta.Batch
	places   []int

	batch   *delta.Batch // the change so far
	results []result     // rows that RETURNING sees, in order
}

// result is row i of a batch; a nil batch is a row that was left as it is.
type result struct {
	b *delta.Batch
	i int
}

// arbiter is a unique key space in which conflicts are looked for.
type arbiter struct {
	space  engine.KeySpace
	stored map[string][]byte // the committed rows under the proposed keys
	taken  map[string]bool   // keys of rows that this statement has inserted or updated
	freed  map[string]bool   // keys that existing rows have no more
	open   map[string]bool   // keys of rows whose update is not computed yet
}

// upsert carries ON CONFLICT out over the rows that are proposed for insertion.
func (s *Session) upsert(ctx context.Context, d *planner.DML, params []types.Datum, source []*delta.Batch, c Client) (*change, error) {
	ts := d.Relation.Types()
	u := &upsert{ctx: ctx, c: c, s: s, d: d, params: params, proposed: delta.NewBatch(ts, 16), own: s.pending()[d.Relation.ID],
		existing: delta.NewBatch(ts, 0), excluded: delta.NewBatch(ts, 0), batch: delta.NewBatch(ts, 16)}
	for _, b := range source {
		appendCols(u.proposed, b, 0, len(ts), 1)
	}
	var read *engine.Read
	var err error
	done := func() {}
	if d.Conflict.Set == nil {
		// Rows that others have inserted since a transaction block's epoch are left out as well.
		if read, err = s.srv.Engine.BeginRead(ctx, nil, nil); err == nil {
			done = read.Close
		}
	} else {
		read, done, err = s.beginRead(ctx, nil, c)
	}
	if err != nil {
		return nil, err
	}
	defer done()
	for _, k := range engine.UniqueSpaces(d.Relation, s.catalog()) {
		for _, id := range d.Conflict.Arbiters {
			if id == k.ID() {
				u.arbiters = append(u.arbiters, &arbiter{space: k, stored: map[string][]byte{}, taken: map[string]bool{}, freed: map[string]bool{}, open: map[string]bool{}})
			}
		}
	}
	for _, a := range u.arbiters {
		if err := u.lookUp(read, a); err != nil {
			return nil, err
		}
		u.seed(a)
		for _, col := range a.space.Columns() {
			u.setsKeys = u.setsKeys || d.Conflict.Set != nil && d.Conflict.Set[col] != nil
		}
	}
	for i := range u.proposed.N {
		if err := u.row(i); err != nil {
			return nil, err
		}
	}
	if err := u.flush(); err != nil {
		return nil, err
	}
	return u.finish(read)
}

// seed takes in what earlier parts of the statement have done: rows that they have taken away are no conflict, and rows that
// they have made may not be changed again.
func (u *upsert) seed(a *arbiter) {
	for _, ch := range u.s.parts.changes {
		if ch.relation.ID != u.d.Relation.ID {
			continue
		}
		u.earlier = true
		for _, sign := range []int64{-1, 1} {
			for i := range ch.batch.N {
				key, distinct := a.space.Key(ch.batch, i)
				switch {
				case distinct || ch.batch.Weight(i)*sign < 0:
				case sign < 0:
					a.freed[string(key)] = true
				default:
					a.taken[string(key)] = true
					delete(a.freed, string(key))
				}
			}
		}
	}
}

// lookUp reads the committed rows that the proposed ones may conflict with, in one pass.
func (u *upsert) lookUp(read *engine.Read, a *arbiter) error {
	var ks [][]byte
	for i := range u.proposed.N {
		if key, distinct := a.space.Key(u.proposed, i); !distinct {
			ks = append(ks, key)
		}
	}
	return read.Stored(a.space, len(ks), func(i int) []byte { return ks[i] }, func(i int, row []byte) error {
		if row != nil {
			a.stored[string(ks[i])] = append([]byte(nil), row...)
		}
		return nil
	})
}

// row decides about one proposed row.
func (u *upsert) row(i int) error {
	for _, a := range u.arbiters {
		key, distinct := a.space.Key(u.proposed, i)
		if distinct {
			continue
		}
		if a.open[string(key)] {
			if err := u.flush(); err != nil {
				return err
			}
		}
		if a.taken[string(key)] {
			if u.d.Conflict.Set == nil {
				return nil
			}
			return pgerr.New(pgerr.CardinalityViolation, "ON CONFLICT DO UPDATE command cannot affect row a second time").
				WithHint("Ensure that no rows proposed for insertion within the same command have duplicate constrained values.")
		}
		found, err := u.find(a, key)
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		if u.d.Conflict.Set == nil {
			return nil
		}
		u.excluded.AppendFrom(u.proposed, i, 1)
		u.places = append(u.places, len(u.results))
		u.results = append(u.results, result{})
		for _, other := range u.arbiters {
			if k, distinct := other.space.Key(u.existing, u.existing.N-1); !distinct {
				other.open[string(k)] = true
			}
		}
		if u.setsKeys {
			return u.flush()
		}
		return nil
	}
	u.batch.AppendFrom(u.proposed, i, 1)
	u.results = append(u.results, result{u.proposed, i})
	u.take(u.proposed, i)
	return nil
}

// find looks for the existing row with a key and adds it to the open conflicts.
func (u *upsert) find(a *arbiter, key []byte) (bool, error) {
	if a.freed[string(key)] {
		return false, nil
	}
	b, i, gone := u.own.Find(a.space.ID(), key)
	var row []byte
	switch {
	case b != nil:
	case gone:
		return false, nil
	default:
		if row = a.stored[string(key)]; row == nil {
			return false, nil
		}
	}
	if u.d.Conflict.Set == nil {
		return true, nil
	}
	if b != nil {
		u.existing.AppendFrom(b, i, 1)
		return true, nil
	}
	return true, codec.DecodeRow(row, u.existing, 1)
}

// take notes the keys of a row that this statement has written.
func (u *upsert) take(b *delta.Batch, i int) {
	for _, a := range u.arbiters {
		if key, distinct := a.space.Key(b, i); !distinct {
			a.taken[string(key)] = true
			delete(a.freed, string(key))
		}
	}
}

// flush computes the updates of the open conflicts.
func (u *upsert) flush() error {
	if u.existing.N == 0 {
		return nil
	}
	old, both := u.existing, &delta.Batch{Cols: append(append([]*delta.Vec(nil), u.existing.Cols...), u.excluded.Cols...), N: u.existing.N}
	places := u.places
	ts := u.d.Relation.Types()
	u.existing, u.excluded, u.places = delta.NewBatch(ts, 0), delta.NewBatch(ts, 0), nil
	for _, a := range u.arbiters {
		clear(a.open)
	}
	chosen, row, err := u.updated(both, old)
	if err != nil || len(chosen) == 0 {
		return err
	}
	old = old.Gather(chosen)
	if row, err = u.s.complete(u.d.Relation, u.d.Rules, row, 0); err != nil {
		return err
	}
	for n, i := range chosen {
		u.results[places[i]] = result{row, n}
		u.batch.AppendFrom(old, n, -1)
		u.batch.AppendFrom(row, n, 1)
		for _, a := range u.arbiters {
			if key, distinct := a.space.Key(old, n); !distinct {
				a.freed[string(key)] = true
			}
		}
		u.take(row, n)
	}
	return nil
}

// updated computes the rows that DO UPDATE makes of those conflicts that its WHERE lets through, and lists these.
func (u *upsert) updated(both, old *delta.Batch) (chosen []uint32, row *delta.Batch, err error) {
	if u.d.ConflictPlan != nil {
		return u.updatedByPlan(both, old)
	}
	if chosen, err = u.chosen(both); err != nil || len(chosen) == 0 {
		return chosen, nil, err
	}
	both, old = both.Gather(chosen), old.Gather(chosen)
	row = &delta.Batch{Cols: append([]*delta.Vec(nil), old.Cols...), N: old.N}
	ec := u.s.execContext()
	for c, e := range u.d.Conflict.Set {
		if e == nil {
			continue
		}
		if row.Cols[c], err = evaluate(ec, expr.Substitute(e, u.params), both); err != nil {
			return nil, nil, err
		}
	}
	return chosen, row, nil
}

// updatedByPlan is updated where the clause has subqueries.
func (u *upsert) updatedByPlan(both, old *delta.Batch) (chosen []uint32, row *delta.Batch, err error) {
	u.s.parts.setResult(u.d.Conflict.Rows.ID, numbered(both))
	values := make([]*delta.Vec, len(old.Cols))
	for c, e := range u.d.Conflict.Set {
		if e != nil {
			values[c] = delta.NewVec(old.Cols[c].Type, both.N)
		}
	}
	err = u.s.runPlan(u.ctx, u.d.ConflictPlan, u.params, u.c, &engine.Query{Emit: func(b *delta.Batch) error {
		for i := range b.N {
			chosen = append(chosen, uint32(b.Cols[0].Ints[i]))
			at := 1
			for _, v := range values {
				if v != nil {
					v.AppendFrom(b.Cols[at], i)
					at++
				}
			}
		}
		return nil
	}})
	if err != nil || len(chosen) == 0 {
		return nil, nil, err
	}
	row = &delta.Batch{Cols: slices.Clone(old.Gather(chosen).Cols), N: len(chosen)}
	for c, v := range values {
		if v != nil {
			row.Cols[c] = v
		}
	}
	return chosen, row, nil
}

// chosen lists the conflicts that the WHERE of DO UPDATE lets through.
func (u *upsert) chosen(both *delta.Batch) ([]uint32, error) {
	if where := u.d.Conflict.Where; where != nil {
		return u.s.passing(expr.Substitute(where, u.params), both)
	}
	all := make([]uint32, both.N)
	for i := range all {
		all[i] = uint32(i)
	}
	return all, nil
}

// finish gives the whole change. A key that another row has outside of what the clause looks at is an error that no
// second attempt mends: it is looked for here, at the epoch of the look-ups.
func (u *upsert) finish(read *engine.Read) (*change, error) {
	ch := &change{batch: delta.Consolidate(u.batch)}
	rows := delta.NewBatch(u.d.Relation.Types(), len(u.results))
	for _, r := range u.results {
		if r.b != nil {
			rows.AppendFrom(r.b, r.i, 1)
		}
	}
	ch.rows, ch.n = []*delta.Batch{rows}, int64(rows.N)
	if err := u.s.checkViews(u.d, rows, 0); err != nil {
		return nil, err
	}
	if u.d.Relation.Kind != catalog.Table || u.earlier {
		return ch, nil // what earlier parts take away is not known here: the commit finds what is there twice
	}
	return ch, translate(u.s.checkKeysAt(read, &engine.Write{Relation: u.d.Relation, Batch: ch.batch}))
}
