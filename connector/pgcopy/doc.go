// Package pgcopy reads and writes PostgreSQL's COPY formats (text, csv, binary) straight from and into columns.
//
// A [Decoder] takes the data in pieces of any size and collects rows in a batch; a line or field may be spread
// over pieces. Values go into their column without a datum in between where the type allows it. An error names the
// line (or, in binary, the row) and the column, in the manner of PostgreSQL's context line. After an error the
// decoder must not be used again.
//
// An [Encoder] appends the same formats. Both hold at most one unfinished row besides the batch; a row is limited
// to [RowBytesMax].
package pgcopy
