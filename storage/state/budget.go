package state

import (
	"math"
	"slices"
	"sync"
)

// Budget is a limit on the memory of many spaces together. Safe for concurrent use.
//
// While the spaces together stay below it, each takes what it wants. Above, there is a level such that all would fit if
// none had more: spaces below it keep what they have, those above must come down to it (max-min fairness).
type Budget struct {
	limit int64

	mu     sync.Mutex
	spaces map[*Space]int64 // bytes in use, as last reported
	used   int64
	level  int64
	stale  int64 // change of used since level was computed
}

// NewBudget makes a budget of so many bytes; 0 lets spaces keep next to nothing between steps.
func NewBudget(bytes int64) *Budget {
	return &Budget{limit: bytes, level: math.MaxInt64, spaces: map[*Space]int64{}}
}

// Limit is the budget's bytes.
func (b *Budget) Limit() int64 { return b.limit }

// Used is the memory of all spaces, as of their last steps.
func (b *Budget) Used() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used
}

// Exceeded reports whether the spaces together have notably more than the budget, as of their last steps.
func (b *Budget) Exceeded() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used > b.limit+b.limit/8
}

// report records what a space uses and gives what it may use.
func (b *Budget) report(s *Space, bytes int64) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	change := bytes - b.spaces[s]
	b.spaces[s] = bytes
	b.used += change
	b.stale += max(change, -change)
	if b.used <= b.limit {
		return math.MaxInt64
	}
	if b.level == math.MaxInt64 || b.stale > b.limit/64 {
		b.level, b.stale = b.computeLevel(), 0
	}
	return b.level
}

// computeLevel finds the level L at which the sum of min(L, use) is the limit.
func (b *Budget) computeLevel() int64 {
	uses := make([]int64, 0, len(b.spaces))
	for _, u := range b.spaces {
		uses = append(uses, u)
	}
	slices.Sort(uses)
	left := b.limit
	for i, u := range uses {
		share := left / int64(len(uses)-i)
		if u > share {
			return share
		}
		left -= u
	}
	return math.MaxInt64
}

// forget removes a space.
func (b *Budget) forget(s *Space) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= b.spaces[s]
	delete(b.spaces, s)
	b.level = math.MaxInt64
}
