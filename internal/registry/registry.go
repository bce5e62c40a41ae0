// Package registry keeps values by name: what a kind of thing has built in, and what
// users add.
package registry

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Registry is of the things of one kind. Its methods may be called by several
// goroutines.
type Registry[T any] struct {
	mu      sync.RWMutex
	builtin map[string]T
	own     map[string]T
}

// New returns a registry of what is built in.
func New[T any](builtin map[string]T) *Registry[T] {
	return &Registry[T]{builtin: builtin, own: map[string]T{}}
}

// Add makes x known by name, in place of one that was added under that name before. It
// is an error when the name is empty or that of something built in.
func (r *Registry[T]) Add(name string, x T) error {
	if name == "" {
		return fmt.Errorf("name: must not be empty")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, taken := r.builtin[name]; taken {
		return fmt.Errorf("name: must not be that of a built-in one, got %q", name)
	}
	r.own[name] = x
	return nil
}

// Parse returns what has that name, or says which names there are.
func (r *Registry[T]) Parse(name string) (x T, err error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if x, ok := r.builtin[name]; ok {
		return x, nil
	}
	if x, ok := r.own[name]; ok {
		return x, nil
	}
	return x, fmt.Errorf("must be one of %s, got %q", strings.Join(r.names(), ", "), name)
}

// Names returns all names, sorted.
func (r *Registry[T]) Names() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.names()
}

func (r *Registry[T]) names() []string {
	names := slices.AppendSeq(slices.Collect(maps.Keys(r.builtin)), maps.Keys(r.own))
	slices.Sort(names)
	return names
}
