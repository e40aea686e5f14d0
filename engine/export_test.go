package engine

// StateUsed is the memory of all operator state, as of the last steps.
func (e *Engine) StateUsed() int64 { return e.budget.Used() }

// TailBytes is the memory that the tails of all changelogs take.
func (e *Engine) TailBytes() int {
	e.tails.mu.Lock()
	defer e.tails.mu.Unlock()
	return e.tails.bytes
}

// Woken reports whether a subscription has been woken since it last looked.
func (s *Subscription) Woken() bool { return len(s.f.wake) > 0 }

// WaitWoken waits until it is.
func (s *Subscription) WaitWoken() {
	<-s.f.wake
	s.f.wakeUp()
}
