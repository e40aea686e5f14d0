// Package bench holds whole-system benchmarks, one command a folder, each with fixed seeds. None is a test: they
// print figures and fail only when something does not work.
package bench
