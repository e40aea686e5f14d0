package sysview

import (
	"strconv"

	"millrace/catalog"
	"millrace/delta"
	"millrace/engine"
	"millrace/expr"
	"millrace/types"
)

// firstID is the id of the first system relation; they are below catalog.FirstUserID and stable by position.
const firstID = 15000

// failuresMax bounds the open errors that are listed of each view.
const failuresMax = 10_000

// All lists the system relations. New ones go to the end.
func All() []engine.SystemRelation {
	list := []engine.SystemRelation{
		define("streams", "Streams and tables.", streamRows,
			"id", types.Int8, "schema", types.Text, "name", types.Text, "kind", types.Text, "connector", types.Text, "rows_in", types.Int8),
		define("views", "Materialized views and sinks, how they are and how far.", viewRows,
			"id", types.Int8, "schema", types.Text, "name", types.Text, "kind", types.Text, "status", types.Text, "error", types.Text,
			"frontier", types.Int8, "epochs_behind", types.Int8, "steps", types.Int8, "rows_in", types.Int8, "rows_out", types.Int8,
			"open_errors", types.Int8, "load_rows", types.Int8, "load_total", types.Int8, "late_rows", types.Int8),
		define("view_errors", "Rows that a view could not compute, while they are wrong.", errorRows,
			"view", types.Text, "operator", types.Int4, "sqlstate", types.Text, "message", types.Text, "input_row", types.Text, "count", types.Int8),
		define("connectors", "Sources of streams and what they are doing.", connectorRows,
			"stream", types.Text, "connector", types.Text, "status", types.Text, "rows", types.Int8, "last_error", types.Text),
		define("epoch", "The last commit.", epochRows,
			"epoch", types.Int8, "committed_at", types.TimestampTZ),
		define("dependencies", "Which relation reads which.", dependencyRows,
			"id", types.Int8, "name", types.Text, "reads_id", types.Int8, "reads_name", types.Text),
		define("watermarks", "How far streams and tables have come in event time, by partition of their input.", watermarkRows,
			"relation", types.Text, "partition", types.Text, "watermark", types.TimestampTZ, "lag", types.Interval, "idle", types.Bool,
			"idle_at", types.TimestampTZ, "relation_watermark", types.TimestampTZ, "holds_back", types.Text),
		define("late_rows", "Rows that came to a view below the watermark and are not in its result: the newest of each view.", lateRows,
			"view", types.Text, "number", types.Int8, "relation", types.Text, "epoch", types.Int8, "event_time", types.TimestampTZ,
			"watermark", types.TimestampTZ, "count", types.Int8, "row", types.Text),
	}
	for i := range list {
		list[i].Relation.ID = firstID + uint32(i)
	}
	return list
}

func define(name, comment string, rows func(*engine.Engine, *catalog.Snapshot, *delta.Batch) error, pairs ...any) engine.SystemRelation {
	r := &catalog.Relation{Schema: catalog.MillraceSchema, Name: name, Kind: catalog.System, Comment: comment}
	for i := 0; i < len(pairs); i += 2 {
		r.Columns = append(r.Columns, catalog.Column{Name: pairs[i].(string), T: types.Of(pairs[i+1].(types.Kind))})
	}
	return engine.SystemRelation{Relation: r, Rows: func(e *engine.Engine, c *catalog.Snapshot, _ expr.SessionInfo) (*delta.Batch, error) {
		b := delta.NewBatch(r.Types(), 64)
		return b, rows(e, c, b)
	}}
}

func text(s string) types.Datum { return types.NewString(s) }

// orNull is NULL for the empty string.
func orNull(s string) types.Datum {
	if s == "" {
		return types.Null
	}
	return types.NewString(s)
}

func number(n int64) types.Datum { return types.NewInt(n) }

func streamRows(e *engine.Engine, c *catalog.Snapshot, b *delta.Batch) error {
	for _, r := range c.Relations() {
		if r.Kind != catalog.Stream && r.Kind != catalog.Table {
			continue
		}
		name, _ := r.Option("connector")
		b.AppendRow([]types.Datum{number(int64(r.ID)), text(r.Schema), text(r.Name), text(r.Kind.String()), orNull(name), number(e.RowsIn(r.ID))}, 1)
	}
	return nil
}

func viewRows(e *engine.Engine, c *catalog.Snapshot, b *delta.Batch) error {
	for _, r := range c.Relations() {
		v, ok := e.ViewStatus(r.ID)
		if !ok {
			continue
		}
		reason := ""
		if v.Err != nil {
			reason = v.Err.Error()
		}
		b.AppendRow([]types.Datum{
			number(int64(r.ID)), text(r.Schema), text(r.Name), text(r.Kind.String()), text(string(v.Status)), orNull(reason),
			number(int64(v.Frontier)), number(int64(v.Lag)), number(v.Steps), number(v.RowsIn), number(v.RowsOut),
			number(v.OpenErrors), number(v.LoadRows), number(v.LoadTotal), number(v.LateRows),
		}, 1)
	}
	return nil
}

func errorRows(e *engine.Engine, c *catalog.Snapshot, b *delta.Batch) error {
	for _, r := range c.Relations() {
		if r.Kind != catalog.MaterializedView && r.Kind != catalog.Sink {
			continue
		}
		failures, err := e.Failures(r.ID, failuresMax)
		if err != nil {
			return err
		}
		for _, f := range failures {
			op, err := strconv.Atoi(f.Operator)
			if err != nil {
				return err
			}
			b.AppendRow([]types.Datum{text(r.Name), number(int64(op)), text(f.Code), text(f.Message), orNull(f.Row), number(f.Weight)}, 1)
		}
	}
	return nil
}

func connectorRows(e *engine.Engine, c *catalog.Snapshot, b *delta.Batch) error {
	statuses := map[uint32]engine.SourceStatus{}
	for _, s := range e.SourceStatuses() {
		statuses[s.Relation] = s
	}
	for _, r := range c.Relations() {
		if s, ok := statuses[r.ID]; ok {
			b.AppendRow([]types.Datum{text(r.Name), text(s.Connector), text(s.Status), number(s.Rows), orNull(s.LastError)}, 1)
		}
	}
	return nil
}

func epochRows(e *engine.Engine, _ *catalog.Snapshot, b *delta.Batch) error {
	epoch, wall := e.Epoch()
	b.AppendRow([]types.Datum{number(int64(epoch)), number(wall)}, 1)
	return nil
}

func dependencyRows(_ *engine.Engine, c *catalog.Snapshot, b *delta.Batch) error {
	for _, r := range c.Relations() {
		for _, id := range r.DependsOn {
			if in, ok := c.Relation(id); ok {
				b.AppendRow([]types.Datum{number(int64(r.ID)), text(r.Name), number(int64(id)), text(in.Name)}, 1)
			}
		}
	}
	return nil
}
