package trained

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"example.com/pcn/internal/quoted"
)

// Class returns class k by its name, or as a number where it has none.
func (m *Model) Class(k int) any {
	if m.Classes == nil {
		return k
	}
	return m.Classes[k]
}

// ClassesOf is Class for several.
func (m *Model) ClassesOf(ks []int) []any {
	classes := make([]any, len(ks))
	for i, k := range ks {
		classes[i] = m.Class(k)
	}
	return classes
}

// ClassNames returns the names of all classes, numbers where they have none.
func (m *Model) ClassNames() []string {
	names := make([]string, m.Network.Size(m.Network.TargetNode()))
	for k := range names {
		names[k] = fmt.Sprint(m.Class(k))
	}
	return names
}

// FindClass returns the class that a name means, or a number that is the name of none.
func (m *Model) FindClass(text string) (int, error) {
	text = strings.TrimSpace(text)
	if k := slices.Index(m.Classes, text); k >= 0 {
		return k, nil
	}
	classes := m.Network.Size(m.Network.TargetNode())
	if k, err := strconv.Atoi(text); err == nil && k >= 0 && k < classes {
		return k, nil
	}
	if m.Classes == nil {
		return 0, fmt.Errorf("must be a class 0 to %d, got %.40q", classes-1, text)
	}
	return 0, fmt.Errorf("must be one of the classes %s, got %.40q", quoted.List(m.Classes), text)
}
