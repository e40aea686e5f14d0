// Package session is the lifecycle of a client's statements: settings, prepared statements and portals,
// transactions, DDL, DML, COPY and queries, from a statement's text to what the client must be told.
//
// A [Session] belongs to one connection and is used by one goroutine, except for [Session.Cancel]. It knows
// SQL and the engine, and nothing of the wire: the protocol layer calls its methods and implements [Client], to
// which columns, rows, notices and completion tags go.
//
// Errors are *pgerr.Error, with SQLSTATE, position and hint; errors.go translates what the engine, storage and
// operators return. After an error inside a transaction block the session is in the failed state until ROLLBACK.
//
// Reads: a statement outside a transaction takes the last committed epoch; all statements of a transaction block
// see the epoch of its first one, across all relations, plus the block's own writes to streams and tables.
// Writes of a transaction block are kept in the session and committed as one epoch; if a row that the block
// changed has changed meanwhile, COMMIT fails with 40001. A single UPDATE or DELETE outside a block is tried again
// in that case.
package session
