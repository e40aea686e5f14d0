package engine

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"millrace/catalog"
	"millrace/connector"
	"millrace/delta"
	"millrace/pgerr"
	"millrace/storage"
	"millrace/storage/codec"
	"millrace/storage/keys"
)

// form is how a view's rows are stored.
type form uint8

const (
	keyed     form = iota // one entry per key, in key order
	multiset              // one entry per distinct row, with its multiplicity
	appended              // batches of rows that are never retracted
	delivered             // handed to a sink
)

// formOf decides how the rows of a plan are stored. The same decision serves whoever reads them.
func formOf(kind catalog.Kind, key []int, appendOnly bool) form {
	switch {
	case kind == catalog.Sink:
		return delivered
	case key != nil:
		return keyed
	case appendOnly:
		return appended
	}
	return multiset
}

func viewForm(r *catalog.Relation) form { return formOf(r.Kind, r.Key, r.AppendOnly) }

// writer collects a step's results and puts them into the step's batch in the view's form.
type writer struct {
	d       *dataflow
	sink    connector.Sink // for a sink
	form    form
	net     int64 // by how many rows the view has grown in the present step
	key     []int
	batches []*delta.Batch
	bytes   int64 // of batches
	rows    int64
	seq     uint32 // of the next batch within the epoch seqAt, in the changelog and in the rows of an append-only view
	seqAt   uint64

	errs       map[string]*rowFailure
	openErrors int64 // summed weight of all errors of the view

	keyBuf, rowBuf, encBuf []byte
}

// rowFailure is an error of a row, as data: see DESIGN of errors in ARCHITECTURE.md.
type rowFailure struct {
	weight  int64
	payload []byte
}

func newWriter(d *dataflow) *writer {
	return &writer{d: d, form: viewForm(d.relation()), key: d.relation().Key, errs: map[string]*rowFailure{}}
}

const (
	// loadBytesMax is how much output of a back-fill is kept in memory before it is written.
	loadBytesMax = 32 << 20
	// stepBytesMax bounds the output of a step. It leaves room for what a transaction may write (2 GiB) and stays
	// below what the store takes as one write (4 GiB).
	stepBytesMax = 3 << 30
)

// emit takes a batch of the root's output. It is immutable from here on. A step is one write of the store, so its output
// is in memory until then: a step that makes too much fails the view.
func (w *writer) emit(b *delta.Batch) error {
	if b.N == 0 {
		return nil
	}
	w.net += netRows(b)
	w.batches = append(w.batches, b)
	w.rows += int64(b.N)
	w.bytes += int64(b.Bytes())
	if w.bytes > loadBytesMax && w.d.loading && w.d.placed && w.spills() {
		return w.writePart()
	}
	if w.bytes > stepBytesMax {
		return pgerr.New(pgerr.ProgramLimitExceeded, "one step of the view makes more than %d MB of changes", stepBytesMax>>20).
			WithHint("Write less in one transaction.")
	}
	return nil
}

// spills reports whether parts of a back-fill's output may be written before the rest is known: without retractions
// there is no order between rows, and a multiset sums them.
func (w *writer) spills() bool {
	return w.d.delivers() || w.form == appended || w.form == multiset || w.form == keyed && w.d.plan.AppendOnly
}

// writePart writes what a back-fill has made so far. There is no frontier before its end, so that after a crash it
// begins again from nothing.
func (w *writer) writePart() error {
	st := w.d.e.store.NewStep(w.d.id)
	if err := w.write(st, w.d.frontier, false); err != nil { // where it will be when loaded
		return err
	}
	w.batches, w.bytes = nil, 0
	clear(w.errs)
	return st.Apply()
}

// rowError records an error row, or its retraction.
func (w *writer) rowError(op int, err error, b *delta.Batch, i int, weight int64) {
	code, message := pgerr.InternalError, err.Error()
	var pe *pgerr.Error
	if errors.As(err, &pe) {
		code, message = pe.Code, pe.Message
	}
	row := ""
	if b != nil {
		row = rowText(b, i)
	}
	fields := [][]byte{[]byte(strconv.Itoa(op)), []byte(code), []byte(message), []byte(row)}
	payload := bytes.Join(fields, []byte{0})
	f := w.errs[string(payload)]
	if f == nil {
		f = &rowFailure{payload: payload}
		w.errs[string(payload)] = f
	}
	f.weight += weight
	w.openErrors += weight
}

// parseFailure reads what rowError stored.
func parseFailure(payload []byte) (Failure, error) {
	f := bytes.SplitN(payload, []byte{0}, 4)
	if len(f) != 4 {
		return Failure{}, errors.New("an error row is damaged")
	}
	return Failure{Operator: string(f[0]), Code: string(f[1]), Message: string(f[2]), Row: string(f[3])}, nil
}

// rowText shows a row of any operator's input in the notation of a composite value, clipped.
func rowText(b *delta.Batch, i int) string {
	const most = 1024
	out := []byte{'('}
	for c, v := range b.Cols {
		if c > 0 {
			out = append(out, ',')
		}
		if !v.IsNull(i) {
			out = append(out, valueText(v.Type, v.Datum(i))...)
		}
		if len(out) > most {
			return string(out[:most]) + "..."
		}
	}
	return string(append(out, ')'))
}

// countErrors finds the number of a view's open errors in the store.
func (e *Engine) countErrors(view uint32) (n int64, err error) {
	snap := e.store.DerivedSnapshot()
	defer snap.Close()
	it := snap.Errors(view)
	for it.Next() {
		n += it.Weight()
	}
	return n, it.Close()
}

// write adds the collected results to a step. With logged, the changes go to the view's changelog, too.
func (w *writer) write(st *storage.Step, epoch uint64, logged bool) error {
	if w.d.delivers() {
		epoch, logged = max(epoch, firstEpoch), true
	}
	if w.seqAt != epoch {
		w.seqAt, w.seq = epoch, 0
	}
	switch w.form {
	case keyed:
		w.writeKeyed(st)
	case multiset:
		for _, b := range w.batches {
			for i := range b.N {
				w.rowBuf = codec.AppendRow(w.rowBuf[:0], b, nil, i)
				st.AddRow(w.rowBuf, b.Weight(i))
			}
		}
	case delivered:
		if w.sink == nil {
			break // see delivery
		}
		if err := w.sink.Deliver(w.d.ctx, epoch, w.batches); err != nil {
			return fmt.Errorf("sink: %w", err)
		}
	case appended:
		for i, b := range w.batches {
			w.encBuf = codec.Encode(w.encBuf[:0], b)
			st.AppendRows(storage.Position{Epoch: epoch, Seq: w.seq + uint32(i)}, w.encBuf)
		}
	}
	if logged {
		for i, b := range w.batches {
			w.encBuf = codec.Encode(w.encBuf[:0], b)
			st.AppendLog(storage.Position{Epoch: epoch, Seq: w.seq + uint32(i)}, w.encBuf)
		}
	}
	w.seq += uint32(len(w.batches))
	for _, f := range w.errs {
		if f.weight != 0 {
			st.AddError(f.payload, f.weight, nil)
		}
	}
	return nil
}

// writeKeyed puts rows in under their keys: deletions first, since a key's new row may be emitted before its
// old one. An old row directly followed by its successor under the same key, which is how aggregates emit
// them, needs no deletion.
func (w *writer) writeKeyed(st *storage.Step) {
	var next []byte
	for _, b := range w.batches {
		if b.Weights == nil {
			continue
		}
		for i := range b.N {
			if b.Weights[i] > 0 {
				continue
			}
			w.keyBuf = w.appendKey(w.keyBuf[:0], b, i)
			if i+1 < b.N && b.Weights[i+1] > 0 {
				if next = w.appendKey(next[:0], b, i+1); bytes.Equal(next, w.keyBuf) {
					continue
				}
			}
			st.DeleteRow(w.keyBuf)
		}
	}
	for _, b := range w.batches {
		for i := range b.N {
			if b.Weight(i) > 0 {
				w.keyBuf = w.appendKey(w.keyBuf[:0], b, i)
				w.rowBuf = codec.AppendRow(w.rowBuf[:0], b, nil, i)
				st.PutRow(w.keyBuf, w.rowBuf)
			}
		}
	}
}

func (w *writer) appendKey(dst []byte, b *delta.Batch, i int) []byte {
	for _, c := range w.key {
		dst = keys.Append(dst, b.Cols[c], i, false, false)
	}
	return dst
}

// reset forgets the step's results.
func (w *writer) reset() {
	w.batches, w.bytes, w.rows, w.net = nil, 0, 0, 0
	clear(w.errs)
}
