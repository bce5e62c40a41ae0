package data

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"example.com/pcn/internal/quoted"
)

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

// numbersOf returns the numbers that all texts are, nil where one is none.
func numbersOf(texts []string) []float64 {
	numbers := make([]float64, len(texts))
	for i, text := range texts {
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || !finite(x) {
			return nil
		}
		numbers[i] = x
	}
	return numbers
}

// sortTexts sorts texts by value when all are numbers, the shortest way to write one
// first, else as texts.
func sortTexts(texts []string) {
	numbers := numbersOf(texts)
	if numbers == nil {
		slices.Sort(texts)
		return
	}
	value := make(map[string]float64, len(texts))
	for i, text := range texts {
		value[text] = numbers[i]
	}
	slices.SortFunc(texts, func(a, b string) int {
		return cmp.Or(cmp.Compare(value[a], value[b]), cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
}

// classes finds classes by their texts. Where the names of all classes are numbers
// a class is a number however it is written: 0 and 0.0 are one.
type classes struct {
	names   []string
	byName  map[string]int
	byValue map[float64]int // nil where a name is no number
	open    bool            // any other text is one more class
}

// newClasses returns the classes of these names or, without any, those to be met.
func newClasses(names []string) *classes {
	c := &classes{names: names, byName: make(map[string]int), open: len(names) == 0}
	for k, name := range names {
		c.byName[name] = k
	}
	if numbers := numbersOf(names); numbers != nil {
		c.byValue = make(map[float64]int)
		for k, x := range numbers {
			c.byValue[x] = k
		}
	}
	return c
}

// find returns the class of a text.
func (c *classes) find(text string) (int, error) {
	if k, ok := c.byName[text]; ok {
		return k, nil
	}
	if c.open {
		return c.add(text)
	}
	if x, err := strconv.ParseFloat(text, 64); err == nil {
		if k, ok := c.byValue[x]; ok {
			return k, nil
		}
	}
	return 0, fmt.Errorf("must be one of the classes %s, got %.40q", quoted.List(c.names), text)
}

func (c *classes) add(text string) (int, error) {
	switch {
	case text == "":
		return 0, errors.New(`must be a class, got ""`)
	case len(c.names) == maxClasses:
		return 0, fmt.Errorf("label %.40q is one more than %d classes: to regress on this column, name it as a target", text, maxClasses)
	}
	k := len(c.names)
	text = strings.Clone(text) // not the whole record
	c.names, c.byName[text] = append(c.names, text), k
	return k, nil
}

// sorted returns the classes that were met, in order, and which of them each text
// was in the order in which they were met.
func (c *classes) sorted() (*classes, []int) {
	names := slices.Clone(c.names)
	sortTexts(names)
	if numbers := numbersOf(names); numbers != nil {
		n := 0
		for i, x := range numbers {
			if i == 0 || x != numbers[i-1] {
				names[n] = names[i]
				n++
			}
		}
		names = names[:n]
	}
	of := newClasses(names)
	is := make([]int, len(c.names))
	for i, text := range c.names {
		is[i], _ = of.find(text) // is there
	}
	return of, is
}
