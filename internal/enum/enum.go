// Package enum has names for the values of a type that has few, which count from 0.
package enum

import (
	"fmt"
	"slices"
	"strings"
)

// Name returns the name of a value.
func Name[T ~int](x T, names []string) string {
	if x < 0 || int(x) >= len(names) {
		return fmt.Sprintf("unknown(%d)", int(x))
	}
	return names[x]
}

// Parse sets x to the value of that name.
func Parse[T ~int](x *T, names []string, name string) error {
	i := slices.Index(names, name)
	if i < 0 {
		return fmt.Errorf("must be one of %s, got %.40q", strings.Join(names, ", "), name)
	}
	*x = T(i)
	return nil
}
