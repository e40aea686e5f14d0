// Package sysview holds the relations of schema millrace: the engine's own state, computed when it is read. To add
// one, add an entry to All.
package sysview
