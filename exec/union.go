package exec

import "millrace/delta"

// union is UNION ALL: it passes on what comes in.
type union struct{ *output }

// Push implements Operator.
func (u *union) Push(_ int, b *delta.Batch) error { return u.emit(b) }

// Flush implements Operator.
func (u *union) Flush() error { return nil }
