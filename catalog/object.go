package catalog

import (
	"strconv"

	"millrace/types"
	"millrace/watermark"
)

// Kind is a relation's kind.
type Kind uint8

// The relation kinds. The numbers are stored: append only.
const (
	Stream Kind = iota + 1
	Table
	View
	MaterializedView
	Sink
	Index
	System
	Sequence
	// Result is no object: it stands, in a plan, for rows that a statement has at hand while it runs.
	Result
)

// String gives the kind as messages write it.
func (k Kind) String() string {
	switch k {
	case Stream:
		return "stream"
	case Table:
		return "table"
	case View:
		return "view"
	case MaterializedView:
		return "materialized view"
	case Sink:
		return "sink"
	case Index:
		return "index"
	case Sequence:
		return "sequence"
	case Result:
		return "result"
	}
	return "system relation"
}

// FirstUserID is the first id given to a user's object, as in PostgreSQL.
const FirstUserID = 16384

// Relation is a stream, table, view, materialized view, sink, index or sequence. It is immutable once in a Snapshot.
type Relation struct {
	ID      uint32
	Schema  string
	Name    string
	Kind    Kind
	Owner   string
	Comment string `json:",omitempty"`

	Columns []Column
	// Key lists the primary key's columns of a table, or the columns in whose order a materialized view is
	// stored and which are unique together; nil when rows may repeat.
	Key []int
	// AppendOnly: rows are never retracted (streams, and views of which the planner could prove it).
	AppendOnly bool `json:",omitempty"`

	// Query is the text of the defining query of a view, materialized view, sink or computed stream, and
	// SearchPath the schemas in which its names were resolved.
	Query string `json:",omitempty"`
	// CheckOption is that of a view: one of the Check constants, or empty.
	CheckOption string `json:",omitempty"`
	// Updatable: rows of the table that the view is over may be changed through it.
	Updatable  bool     `json:",omitempty"`
	SearchPath []string `json:",omitempty"`
	// DependsOn lists the ids of the relations that Query reads, each once, and UsesTypes those of the users' types that it names.
	DependsOn []uint32 `json:",omitempty"`
	// UsesFunctions lists the ids of the functions in SQL that Query calls, each once.
	UsesFunctions []uint32 `json:",omitempty"`
	// DependsWidth is the number of columns that each of DependsOn had when Query was written: * does not mean those
	// that came later.
	DependsWidth []int    `json:",omitempty"`
	UsesTypes    []uint32 `json:",omitempty"`

	// Rows are the approximate numbers of rows, by id, of what Query reads, when the object was made: its plan depends on
	// them, and must be the same at every start.
	Rows map[uint32]int64 `json:",omitempty"`

	// Storage is the id under which a table's rows lie when it is not the relation's own, see StorageID.
	Storage uint32 `json:",omitempty"`
	// Checks are a table's CHECK constraints by name.
	Checks []Check `json:",omitempty"`
	// Indexes are the ids of a table's indexes.
	Indexes []uint32 `json:",omitempty"`
	// Index is what an index keeps.
	Index *IndexDef `json:",omitempty"`
	// Sequence is how a sequence counts; Sequences are the ids of those that a table's columns own.
	Sequence  *SequenceDef `json:",omitempty"`
	Sequences []uint32     `json:",omitempty"`

	// OnConflict is what a table does with a new row whose key exists; nil: it is refused.
	OnConflict *ConflictRule `json:",omitempty"`

	// TTL is the age, in microseconds since it was last written, at which a table's row is deleted; 0 keeps rows.
	TTL int64 `json:",omitempty"`

	Watermark *Watermark `json:",omitempty"`
	// Late says where a materialized view's late rows go, with LATE DATA TO.
	Late *LateTo `json:",omitempty"`
	// Marks bound the columns of a materialized view in time, see TimeMarks.
	Marks []*watermark.Mark `json:",omitempty"`
	// Options are the WITH (...) options in the order written, with lower-case names.
	Options []Option `json:",omitempty"`
	// Into is the id of the stream or table that a sink writes to, 0 where it delivers to a connector; IntoColumns are the columns
	// that it gives, nil for all. What it has delivered is kept under Storage. Owned sinks are dropped with their target.
	Into        uint32   `json:",omitempty"`
	IntoColumns []string `json:",omitempty"`
	Owned       bool     `json:",omitempty"`
	// History is for how many microseconds a materialized view keeps its changes; 0 keeps none.
	History int64 `json:",omitempty"`
	// Replaces is the id of the view whose place this one is to take when it has its first contents.
	Replaces uint32 `json:",omitempty"`
	// PrimaryKeyName is the constraint's name for error messages.
	PrimaryKeyName string `json:",omitempty"`
	// Create is the statement that created the object, normalised, for SHOW CREATE.
	Create string `json:",omitempty"`
}

// Column is a relation's column.
type Column struct {
	Name string
	T    types.T
	// TypeID is the id of the user's type that T is, or is an array of; 0 for others. The catalog sets it.
	TypeID uint32 `json:",omitempty"`
	// Domain is the id of the domain that the column is of; T is then the type that the domain is over.
	Domain  uint32 `json:",omitempty"`
	NotNull bool   `json:",omitempty"`
	Default string `json:",omitempty"` // SQL text of the default expression, or of the expression of a generated column
	Comment string `json:",omitempty"`
	// Generated says how values come about when it is not by INSERT, or by Default in its absence.
	Generated Generated `json:",omitempty"`
	// Hidden columns are not part of * (a table's row id, a dropped column).
	Hidden bool `json:",omitempty"`
	// Dropped columns keep their place, so that stored rows and the plans of views stay valid.
	Dropped bool `json:",omitempty"`
}

// ConflictRule says what becomes of a row that is inserted under a primary key that exists: it takes the other's place, or
// with Ignore is left out.
type ConflictRule struct {
	Ignore bool `json:",omitempty"`
	// Versioned: of two rows the one with the greater value of column Version stays, the later of two with equal ones. NULL
	// is less than every value.
	Versioned bool `json:",omitempty"`
	Version   int  `json:",omitempty"`
}

// The check options of views: whether new rows must satisfy the view's condition, or those of the views below as well.
const (
	CheckLocal    = "LOCAL"
	CheckCascaded = "CASCADED"
)

// Watermark is a stream's WATERMARK FOR clause.
type Watermark struct {
	Column      int
	Expr        string // SQL text
	IdleTimeout int64  // microseconds
}

// TimeMarks gives for the relation's columns, as far as it goes, the times below which no row is to be expected: nil where
// nothing is known.
func (r *Relation) TimeMarks() []*watermark.Mark {
	if r.Watermark == nil {
		return r.Marks
	}
	marks := make([]*watermark.Mark, r.Watermark.Column+1)
	marks[r.Watermark.Column] = watermark.Of(r.ID, r.Name)
	return marks
}

// LateTo sends the rows of stream From that come more than Lateness microseconds below the watermark to stream To.
type LateTo struct {
	From, To uint32
	Lateness int64
}

// Option is a WITH option.
type Option struct{ Name, Value string }

// Option gives the value of a WITH option.
func (r *Relation) Option(name string) (string, bool) {
	for _, o := range r.Options {
		if o.Name == name {
			return o.Value, true
		}
	}
	return "", false
}

// ColumnIndex finds a column by name, hidden ones included; -1 when there is none.
func (r *Relation) ColumnIndex(name string) int {
	for i := range r.Columns {
		if r.Columns[i].Name == name {
			return i
		}
	}
	return -1
}

// Types lists the columns' types.
func (r *Relation) Types() []types.T {
	ts := make([]types.T, len(r.Columns))
	for i := range r.Columns {
		ts[i] = r.Columns[i].T
	}
	return ts
}

// Schema is a namespace.
type Schema struct {
	ID      uint32
	Name    string
	Owner   string
	Comment string `json:",omitempty"`
}

// pausedOption says that a stream's connector, a view or a sink stands still.
const pausedOption = "paused"

// Paused reports whether the relation was paused and not resumed since.
func (r *Relation) Paused() bool {
	v, _ := r.Option(pausedOption)
	return v == "true"
}

// SetPaused pauses a relation that is being changed, or resumes it.
func (r *Relation) SetPaused(paused bool) { r.SetOption(pausedOption, strconv.FormatBool(paused)) }

// SetOption sets a WITH option on a relation that is being changed; the options of other copies stay.
func (r *Relation) SetOption(name, value string) {
	opts := make([]Option, 0, len(r.Options)+1)
	for _, o := range r.Options {
		if o.Name != name {
			opts = append(opts, o)
		}
	}
	r.Options = append(opts, Option{name, value})
}

// SetDependencies notes what a relation's query reads.
func (r *Relation) SetDependencies(ids []uint32, cat *Snapshot) {
	r.DependsOn, r.DependsWidth = ids, make([]int, len(ids))
	for i, id := range ids {
		if d, ok := cat.Relation(id); ok {
			r.DependsWidth[i] = len(d.Columns)
		}
	}
}

// Widths gives DependsWidth by relation; nil where it is not known.
func (r *Relation) Widths() map[uint32]int {
	if len(r.DependsWidth) != len(r.DependsOn) {
		return nil
	}
	out := make(map[uint32]int, len(r.DependsOn))
	for i, id := range r.DependsOn {
		out[id] = r.DependsWidth[i]
	}
	return out
}
