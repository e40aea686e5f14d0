package engine

// StateUsed is the memory of all operator state, as of the last steps.
func (e *Engine) StateUsed() int64 { return e.budget.Used() }
