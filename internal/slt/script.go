package slt

import (
	"fmt"
	"regexp"
)

// Position is a line of a file, counted from 1.
type Position struct {
	File string
	Line int
}

func (p Position) String() string { return fmt.Sprintf("%s:%d", p.File, p.Line) }

// Script is a parsed file.
type Script struct {
	Name    string
	Records []*Record
	lines   []string // the source without line ends, which recording copies and edits
}

// Kind says what a record does.
type Kind int

// The kinds of record.
const (
	Statement Kind = iota
	Query
	Halt
	Include
	Restart
	HashThreshold
	Control
	Subtest
	Clock   // clock, and advance with Arg "to" or "by"
	Changes // of the view Arg
	State   // of the view Arg
)

// Record is one entry of a script. Which fields have a meaning depends on Kind.
type Record struct {
	Kind       Kind
	Pos        Position // of the header, after the lines that condition it
	Connection string   // empty means the default connection
	conditions []condition

	SQL    string // Statement, Query
	Expect Expectation

	// Query.
	Types    string
	Sort     SortMode // empty means the file's default
	Label    string
	Recorded bool     // the file has a ---- line
	Result   []string // the lines after it

	Arg       string // Include: path; Control: setting
	Value     string // Control: the setting's value; Clock: a time or interval
	Threshold int    // HashThreshold

	span span
}

// span is where a record's parts are in the script's lines, as half-open ranges.
type span struct {
	header                 int
	sqlEnd                 int
	resultStart, resultEnd int // resultStart is sqlEnd when there is no ---- line, else the line after it
}

// condition is an onlyif (want) or skipif (not want) line.
type condition struct {
	label string
	want  bool
}

// applies tells whether all conditions hold for a run that has these labels.
func (r *Record) applies(labels map[string]bool) bool {
	for _, c := range r.conditions {
		if labels[c.label] != c.want {
			return false
		}
	}
	return true
}

// Only tells whether the record is run only where a label applies.
func (r *Record) Only(label string) bool {
	for _, c := range r.conditions {
		if c.label == label && c.want {
			return true
		}
	}
	return false
}

// Outcome is what a statement is expected to do.
type Outcome int

// The outcomes. A query that is not a `query error` has OK.
const (
	OK Outcome = iota
	Count
	Error
)

// Expectation is the expected outcome with its details.
type Expectation struct {
	Outcome Outcome
	Count   int64          // Count: rows in the command tag
	State   string         // Error: SQLSTATE, or empty for any
	Message *regexp.Regexp // Error: nil for any
}

// SortMode is the order in which results are compared.
type SortMode string

// The sort modes.
const (
	NoSort    SortMode = "nosort"
	RowSort   SortMode = "rowsort"
	ValueSort SortMode = "valuesort"
)
