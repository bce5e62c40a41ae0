package pool

import "sync"

// Scratch lends room to work in to whoever asks, from any goroutine. Unlike a sync.Pool
// it keeps all that it ever made, so that work done before allocates nothing.
type Scratch[T any] struct {
	make func() *T
	mu   sync.Mutex
	free []*T
}

// NewScratch returns a Scratch of what make makes.
func NewScratch[T any](make func() *T) *Scratch[T] { return &Scratch[T]{make: make} }

// Get lends room, as it was last left.
func (s *Scratch[T]) Get() *T {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.free) - 1
	if last < 0 {
		return s.make()
	}
	x := s.free[last]
	s.free = s.free[:last]
	return x
}

// Put takes room back.
func (s *Scratch[T]) Put(x *T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, x)
}
