package session

import (
	"millrace/delta"
	"millrace/engine"
	"millrace/pgerr"
	"millrace/planner/physical"
	"millrace/sql/ast"
	"millrace/storage/keys"
	"millrace/types"
)

// envelope is the form in which changes are shown.
type envelope struct {
	kind     string // diff, upsert, debezium
	progress bool
	cols     []physical.Column // of the relation or query
	key      []int             // of cols; nil: it has none that the client sees
}

func newEnvelope(kind string, progress bool, cols []physical.Column, key []int, st *ast.Subscribe) (envelope, error) {
	if kind == "upsert" && len(key) == 0 {
		return envelope{}, pgerr.New(pgerr.InvalidParameterValue, "ENVELOPE upsert needs a key").At(st.Pos).
			WithDetail("Nothing is known to tell the rows apart.").
			WithHint("A table has the key that PRIMARY KEY says, a view the columns of its GROUP BY or those by which its inputs' rows are told apart. ENVELOPE diff needs none.")
	}
	return envelope{kind, progress, cols, key}, nil
}

// columns are those of the result.
func (e *envelope) columns() []physical.Column {
	out := []physical.Column{{Name: "millrace_position", T: types.Of(types.Int8)}}
	if e.progress {
		out = append(out, physical.Column{Name: "millrace_progressed", T: types.Of(types.Bool)})
	}
	switch e.kind {
	case "upsert":
		out = append(out, physical.Column{Name: "millrace_state", T: types.Of(types.Text)})
	case "debezium":
		out = append(out, physical.Column{Name: "millrace_op", T: types.Of(types.Text)})
		for _, side := range []string{"before_", "after_"} {
			for _, c := range e.cols {
				c.Name, c.Table, c.Attr = side+c.Name, 0, 0
				out = append(out, c)
			}
		}
		return out
	default:
		out = append(out, physical.Column{Name: "millrace_diff", T: types.Of(types.Int8)})
	}
	return append(out, e.cols...)
}

// head makes the columns before those of the rows, without the last of them.
func (e *envelope) head(position uint64, n int, progressed bool) []*delta.Vec {
	at := delta.NewVec(types.Of(types.Int8), n)
	for range n {
		at.Ints = append(at.Ints, int64(position))
	}
	out := []*delta.Vec{at}
	if e.progress {
		p := delta.NewVec(types.Of(types.Bool), n)
		for range n {
			p.Bools = append(p.Bools, progressed)
		}
		out = append(out, p)
	}
	return out
}

// complete is the row that says that everything through a position has been shown; nil when such rows are not asked for.
func (e *envelope) complete(ch engine.Changes) *delta.Batch {
	if !e.progress {
		return nil
	}
	out := &delta.Batch{N: 1, Cols: e.head(ch.Position, 1, true)}
	for _, c := range e.columns()[len(out.Cols):] {
		v := delta.NewVec(c.T, 1)
		v.AppendNull()
		out.Cols = append(out.Cols, v)
	}
	return out
}

// rows puts changes into the envelope. The columns of the rows are shared.
func (e *envelope) rows(ch engine.Changes) *delta.Batch {
	b := ch.Batch
	switch e.kind {
	case "upsert":
		return e.upserts(ch)
	case "debezium":
		return e.pairs(ch)
	}
	diff := delta.NewVec(types.Of(types.Int8), b.N)
	for i := range b.N {
		diff.Ints = append(diff.Ints, b.Weight(i))
	}
	cols := append(e.head(ch.Position, b.N, false), diff)
	return &delta.Batch{N: b.N, Cols: append(cols, b.Cols[:len(e.cols)]...)}
}

// keyed sorts changes by what happens to each key: the row that goes and the row that comes, -1 for none, in the order in which the
// keys first occur.
func (e *envelope) keyed(b *delta.Batch) [][2]int {
	var out [][2]int
	at := map[string]int{}
	var buf []byte
	for i := range b.N {
		buf = buf[:0]
		for _, c := range e.key {
			buf = keys.Append(buf, b.Cols[c], i, false, false)
		}
		n, ok := at[string(buf)]
		if !ok || e.key == nil {
			n = len(out)
			at[string(buf)] = n
			out = append(out, [2]int{-1, -1})
		}
		if b.Weight(i) < 0 {
			out[n][0] = i
		} else {
			out[n][1] = i
		}
	}
	return out
}

func text(v *delta.Vec, s string) { v.AppendBytes([]byte(s)) }

// upserts shows the new row of each key, or its key alone where the row has gone.
func (e *envelope) upserts(ch engine.Changes) *delta.Batch {
	b := ch.Batch
	changed := e.keyed(b)
	state := delta.NewVec(types.Of(types.Text), len(changed))
	rows := make([]*delta.Vec, len(e.cols))
	isKey := make([]bool, len(e.cols))
	for _, k := range e.key {
		isKey[k] = true
	}
	for i, c := range e.cols {
		rows[i] = delta.NewVec(c.T, len(changed))
	}
	for _, p := range changed {
		from := p[1]
		if from >= 0 {
			text(state, "upsert")
		} else {
			from = p[0]
			text(state, "delete")
		}
		for i := range rows {
			if p[1] < 0 && !isKey[i] {
				rows[i].AppendNull()
			} else {
				rows[i].AppendFrom(b.Cols[i], from)
			}
		}
	}
	cols := append(e.head(ch.Position, len(changed), false), state)
	return &delta.Batch{N: len(changed), Cols: append(cols, rows...)}
}

// pairs shows rows before and after, in Debezium's manner: r is a row of the contents, c one that comes, u one that is another,
// d one that goes. A row that is there several times comes as often.
func (e *envelope) pairs(ch engine.Changes) *delta.Batch {
	b := ch.Batch
	op := delta.NewVec(types.Of(types.Text), b.N)
	sides := [2][]*delta.Vec{}
	for s := range sides {
		for _, c := range e.cols {
			sides[s] = append(sides[s], delta.NewVec(c.T, b.N))
		}
	}
	var weights []int64
	add := func(kind string, p [2]int, times int64) {
		text(op, kind)
		weights = append(weights, times)
		for s, row := range p {
			for i := range e.cols {
				if row < 0 {
					sides[s][i].AppendNull()
				} else {
					sides[s][i].AppendFrom(b.Cols[i], row)
				}
			}
		}
	}
	for _, p := range e.keyed(b) {
		kind, times := "u", int64(1)
		switch {
		case ch.Snapshot:
			kind, times = "r", b.Weight(p[1])
		case p[0] < 0:
			kind, times = "c", b.Weight(p[1])
		case p[1] < 0:
			kind, times = "d", -b.Weight(p[0])
		}
		add(kind, p, times)
	}
	cols := append(e.head(ch.Position, len(weights), false), op)
	return &delta.Batch{N: len(weights), Weights: weights, Cols: append(append(cols, sides[0]...), sides[1]...)}
}
