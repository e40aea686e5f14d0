// Package pgerr holds PostgreSQL's SQLSTATE codes and the one error type that carries them.
//
// An Error is made where the mistake is understood (parser, binder, a kernel, a constraint), in
// PostgreSQL's message style: lower case, no full stop; hints and details are sentences. Packages that
// know no user (delta, storage, exec, engine) return plain Go errors; package session translates those.
// Every message about something that is not built yet comes from [Unsupported], so the list of gaps in
// the documentation can be generated.
package pgerr
