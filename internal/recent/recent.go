// Package recent keeps the few values that were asked for last.
package recent

import "slices"

// List holds up to Most values, the one asked for last in front.
type List[V any] struct {
	Most   int
	values []V
}

// Find returns the value for which is returns true, and puts it in front.
func (l *List[V]) Find(is func(V) bool) (v V, ok bool) {
	i := slices.IndexFunc(l.values, is)
	if i < 0 {
		return v, false
	}
	v = l.values[i]
	copy(l.values[1:], l.values[:i])
	l.values[0] = v
	return v, true
}

// Add puts v in front. Where there is no room, the last one goes.
func (l *List[V]) Add(v V) {
	if len(l.values) == l.Most {
		l.values = slices.Delete(l.values, l.Most-1, l.Most)
	}
	l.values = slices.Insert(l.values, 0, v)
}
