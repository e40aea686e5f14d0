// Package datagen is a source of random rows for any columns: every value is a function of the seed, the row's
// number and the column, so a restart goes on with the same rows.
//
// Integers are uniform between 0 and cardinality-1, texts are "column-N" with such an N, timestamps follow the row's
// number at row_rate rows a second from start_time, booleans are fair, numbers with a fraction lie between 0 and
// cardinality. A column named id counts the rows.
package datagen
