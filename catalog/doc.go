// Package catalog holds the database's objects and their dependencies as immutable snapshots.
//
// A [Snapshot] never changes: DDL makes a new one from it with an [Edit], the engine writes the edit in a durable
// commit and then publishes the new snapshot. A statement works on the one snapshot that it took at its start.
// Object ids are never used again. Relations, types and schemas share PostgreSQL's OID space, from 16384 up.
//
// The package keeps definitions as SQL text beside their resolved columns; planning a view's text again is
// the planner's business. It knows nothing of storage: objects are encoded as JSON and decoded from it here,
// and stored by the engine.
package catalog
