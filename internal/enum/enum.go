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

// Index returns where name is among names, or that it is not.
func Index(names []string, name string) (int, error) {
	i := slices.Index(names, name)
	if i < 0 {
		return 0, fmt.Errorf("must be one of %s, got %.40q", strings.Join(names, ", "), name)
	}
	return i, nil
}

// Parse sets x to the value of that name.
func Parse[T ~int](x *T, names []string, name string) error {
	i, err := Index(names, name)
	if err == nil {
		*x = T(i)
	}
	return err
}
