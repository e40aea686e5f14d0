// Package scenario runs .slt files, each on a server of its own in memory whose clock moves only as the file says. So a test
// of views over days takes milliseconds, and its result is the same every time. docs/howto/testing-views.md is for users.
//
// The clock begins at 2000-01-01 00:00:00 UTC. What a file commits has the clock's time. `advance` lets time pass: it stops wherever a
// view waits for a time, commits that time as a running server would, and lets all views follow; `clock` sets the clock
// without that, as if the server had been away.
package scenario
