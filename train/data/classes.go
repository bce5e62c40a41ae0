package data

import (
	"cmp"
	"slices"
	"strconv"
)

// A ColumnError says that a file has no such column, or that it was not said
// which column to learn: what is wrong is the question, not the file.
type ColumnError struct{ text string }

func (e *ColumnError) Error() string { return e.text }

// ClassName returns the name of class k: of ClassNames, or the number itself.
func (s *Set) ClassName(k int) string {
	if k >= 0 && k < len(s.ClassNames) {
		return s.ClassNames[k]
	}
	return strconv.Itoa(k)
}

// classNames returns the names of all classes.
func (s *Set) classNames() []string {
	names := make([]string, s.Classes)
	for k := range names {
		names[k] = s.ClassName(k)
	}
	return names
}

// nameClasses gives s the classes of these names; names that are the numbers of
// their classes go without saying.
func (s *Set) nameClasses(names []string) {
	s.Classes = len(names)
	for k, name := range names {
		if name != strconv.Itoa(k) {
			s.ClassNames = slices.Clone(names)
			return
		}
	}
}

// sortTexts sorts texts by value when all are numbers, else as texts.
func sortTexts(texts []string) {
	values := make(map[string]float64, len(texts))
	for _, text := range texts {
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || !finite(x) {
			slices.Sort(texts)
			return
		}
		values[text] = x
	}
	slices.SortFunc(texts, func(a, b string) int {
		return cmp.Or(cmp.Compare(values[a], values[b]), cmp.Compare(a, b))
	})
}
