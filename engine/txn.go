package engine

import (
	"millrace/catalog"
	"millrace/delta"
)

// Txn is a transaction to commit: writes to any number of relations that become one epoch, or none of them.
type Txn struct {
	Writes []Write
	// Edit makes a catalog change in the same epoch; see Engine.DDL.
	edit      *catalog.Edit
	records   []catalog.Record
	published func(epoch uint64) // run by the committer under the engine's lock, at the moment of publication
	clear     []uint32           // ids that come into use, under which a change that a crash ended may have left something
	drop      []uint32           // ids whose durable data goes in the same batch
	unmark    []uint32           // ids whose watermarks do
	expire    uint32             // the table whose rows that are too old the committer is to delete, see Engine.expireRows
	oldest    int64              // when the oldest row that it leaves was written, or noTime

	Offsets []Offset
	// Rewrites are what a catalog change does with rows that are there; see CommitDDL.
	Rewrites []Rewrite
	// Built is called by the committer when the rewrites are done; it may add to Offsets.
	Built func()

	done  chan error
	epoch uint64
}

// Write is a change of one stream or table.
type Write struct {
	Relation *catalog.Relation
	// Batch holds all columns of the relation in order. For a stream every weight is +1. For a table a row
	// with weight -1 must equal the current row of its key byte for byte, else the transaction fails with
	// ErrConflict; rows of weight +1 are inserted after all deletions. A table without a primary key has its
	// hidden row id as last column, which the committer fills in for rows where it is NULL.
	//
	// Writes of one relation are carried out in their order.
	Batch *delta.Batch
	// Proposed are rows in place of Batch, for a table with an ON CONFLICT rule: what each of them changes is decided when
	// the transaction is committed, against the row that its key has then, so that neither ErrConflict nor a duplicate key
	// comes of it. The committer sets Batch to the change; before, it is the writer's to use.
	Proposed *delta.Batch
	// Encoded is Batch in the store's encoding, made by the writer's goroutine so that the committer need
	// not; optional, for streams only.
	Encoded []byte
	// Partition names the partition of the input that the rows are from, for the watermark; SQL's is the empty one.
	Partition string
	mark      int64 // the greatest value of the WATERMARK expression among the rows, see Engine.Commit
}

// Offset is a connector's position, stored with its rows.
type Offset struct {
	Relation uint32
	Value    []byte
}

// rows is the number of changed rows.
func (t *Txn) rows() int {
	n := 0
	for i := range t.Writes {
		if w := &t.Writes[i]; w.Proposed != nil {
			n += w.Proposed.N
		} else {
			n += w.Batch.N
		}
	}
	return n
}
