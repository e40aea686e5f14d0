package planner

import "millrace/planner/physical"

// Explain prints a plan as an indented tree, the root first. It is the one printer for EXPLAIN, tests and logs:
// its text is stable for equal plans. With verbose, output types and properties of each operator are added.
func Explain(p *physical.Plan, verbose bool) string { panic("pending") }

// Fingerprint identifies a plan with its operator numbers and state layouts: plans with equal fingerprints can take
// over each other's stored state.
func Fingerprint(p *physical.Plan) string { panic("pending") }
