package ast

// Insert is INSERT INTO.
type Insert struct {
	Pos     int
	With    *With
	Table   ObjectName
	Alias   string
	Columns []*InsertColumn // nil: all, in order
	// Overriding is OVERRIDING SYSTEM | USER VALUE.
	Overriding Overriding
	// Query gives the rows; nil for DEFAULT VALUES. Its body may be a *Values that holds *Default.
	Query      *Select
	OnConflict *OnConflict
	Returning  []*Target
}

// InsertColumn is a target column, possibly a field or an element of it.
type InsertColumn struct {
	Pos  int
	Name string
	// Path is empty but for a.b or a[1]: *FieldSelect and *Subscript nodes with a nil Base, outermost last.
	Path []Expr
}

// Overriding is the OVERRIDING clause of INSERT.
type Overriding uint8

const (
	OverridingNone Overriding = iota
	OverridingSystem
	OverridingUser
)

// OnConflict is ON CONFLICT.
type OnConflict struct {
	Pos int
	// TargetPos is where the list of Elems begins.
	TargetPos int
	// Elems and Where infer the unique index; Constraint names it; all empty for no target.
	Elems      []*IndexElem
	Where      Expr
	Constraint string
	// AnyKey allows DO UPDATE without a target, which only MySQL's dialect has: any unique key decides. It has no text.
	AnyKey bool
	// WholeRow is MySQL's REPLACE: the new row takes the old one's place, and Set is empty. It has no text.
	WholeRow bool
	DoUpdate bool // else DO NOTHING
	Set      []*Assignment
	// UpdateWhere is the WHERE of DO UPDATE.
	UpdateWhere Expr
}

// Assignment is an item of SET in UPDATE: one column and a value, or several columns and a row or subquery.
type Assignment struct {
	Pos int
	// Columns has one entry, or several for (a, b) = ...; Multi tells (a) = ... from a = ....
	Columns []*InsertColumn
	Multi   bool
	Value   Expr // may be a *Default; for Multi a *Row (that may hold *Default), a *ScalarSubquery or another expression
}

// Update is UPDATE.
type Update struct {
	Pos       int
	With      *With
	Table     *TableName
	Set       []*Assignment
	From      []TableExpr
	Where     Expr
	Returning []*Target
}

// Delete is DELETE FROM.
type Delete struct {
	Pos       int
	With      *With
	Table     *TableName
	Using     []TableExpr
	Where     Expr
	Returning []*Target
}

// Merge is MERGE INTO.
type Merge struct {
	Pos    int
	With   *With
	Table  *TableName
	Source TableExpr
	On     Expr
	Whens  []*MergeWhen
}

// MergeWhen is WHEN [NOT] MATCHED [AND condition] THEN action.
type MergeWhen struct {
	Pos        int
	Matched    bool
	Condition  Expr
	Action     MergeAction
	Set        []*Assignment   // MergeUpdate
	Columns    []*InsertColumn // MergeInsert
	Overriding Overriding      // MergeInsert
	Values     []Expr          // MergeInsert; nil for DEFAULT VALUES
}

// MergeAction is the action of a [MergeWhen].
type MergeAction uint8

const (
	MergeDoNothing MergeAction = iota
	MergeUpdate
	MergeDelete
	MergeInsert
)

// Truncate is TRUNCATE.
type Truncate struct {
	Pos             int
	Tables          []*TableName
	RestartIdentity bool
	Cascade         bool
}

// Copy is COPY.
type Copy struct {
	Pos     int
	Table   ObjectName // zero where Query is set
	Columns []string
	Query   Statement // COPY (query) TO: *Select, *Insert, *Update, *Delete or *Subscribe
	From    bool      // COPY ... FROM; else TO
	// Target is where the data comes from or goes to.
	Target CopyTarget
	File   string // the file, or the command of CopyProgram
	// Options holds both spellings under the names of the new one: format, delimiter, null, header, quote, escape,
	// force_quote, force_not_null, force_null, encoding, freeze.
	Options []Option
	Where   Expr
}

// CopyTarget is the outer end of a COPY.
type CopyTarget uint8

const (
	CopyStdio   CopyTarget = iota // FROM STDIN, TO STDOUT: the client
	CopyFile                      // a file on the server
	CopyProgram                   // a command on the server
)

// Subscribe is SUBSCRIBE [TO] relation | (query) [WITH (...)] [AS OF ...]: a result that does not end.
type Subscribe struct {
	Pos     int
	Table   *TableName // one of Table and Query is set
	Query   *Select
	Options []Option
	// AsOf is the epoch or time from which on changes are wanted; nil for now, with a snapshot.
	AsOf Expr
	// UpTo ends the result; nil for never.
	UpTo Expr
}
