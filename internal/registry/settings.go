package registry

import (
	"fmt"
	"strings"
)

// Settable is what takes settings.
type Settable interface {
	// Set gives a setting its value. The error says what it must be.
	Set(key, value string) error
}

// Make returns what r makes by a name and, behind it, settings of the form KEY=VALUE, all
// between spaces.
func Make[T any](r *Registry[func() T], text string) (made T, err error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		words = []string{text}
	}
	make, err := r.Parse(words[0])
	if err != nil {
		return made, err
	}
	made = make()
	for _, word := range words[1:] {
		key, value, ok := strings.Cut(word, "=")
		s, settable := any(made).(Settable)
		switch {
		case !ok:
			err = fmt.Errorf("must have settings of the form KEY=VALUE, got %q", word)
		case !settable:
			err = fmt.Errorf("must have no settings, got %q", word)
		default:
			err = s.Set(key, value)
		}
		if err != nil {
			var none T
			return none, fmt.Errorf("%s: %w", words[0], err)
		}
	}
	return made, nil
}
