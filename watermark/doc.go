// Package watermark holds what the rest of Millrace agrees on about event time.
//
// A watermark of a relation is a time below which no row is expected any more. The committer decides it when rows come in (a
// [Tracker] for each relation with a WATERMARK clause), records it with the epoch, and never takes it back. Before the first
// row there is none, which [None] stands for.
//
// A row is late if its time lies below the watermark that its relation had before the row's own epoch. So lateness is a fact
// of the log: every view and every replay agree on it.
//
// A [Mark] says how a bound on a column's times follows from watermarks: rows of an operator's output that are yet to come or to
// change have, in that column, times not below the mark's value. The planner derives marks, operators drop what lies below
// them, and the catalog keeps those of a view's columns for the views above it.
//
// Idleness. A partition of an input that was silent for the idle timeout holds no watermark back until it has rows again, and
// neither does a relation all of whose partitions are idle hold back what else a view reads ([Set]). What an idle input
// sends later may be late because of the others; it is never lost from sight.
//
// Nothing here reads a clock. Times are microseconds from 2000-01-01.
package watermark
