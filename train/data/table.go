package data

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Kind says what a column of a file holds, and so which inputs it becomes.
type Kind string

const (
	KindNumber  Kind = "number"  // one input
	KindBoolean Kind = "boolean" // one input, 0 or 1, of yes and no, true and false, t and f or y and n
	KindDate    Kind = "date"    // one input, in days since the beginning of 1970
	KindText    Kind = "text"    // an input for each of its texts: 1 for the row's, 0 for the others
)

// A Column is a column of a file, and how its fields become inputs.
type Column struct {
	Name   string   `json:"name,omitempty"` // empty where the file has no header
	Place  int      `json:"place"`          // in the file that was learned from, from 0
	Kind   Kind     `json:"kind"`
	Layout string   `json:"layout,omitempty"` // of a date, as package time has it
	Texts  []string `json:"texts,omitempty"`  // that have an input, in their order; "" for none
	Odd    []string `json:"odd,omitempty"`    // texts among numbers that say that the value is not known
	// Flagged says that some values were missing where it was learned: a last input
	// is 1 where one is, and 0 elsewhere. Of texts, none is a text itself.
	Flagged bool `json:"flagged,omitempty"`
}

// A Table is how the rows of a file become inputs: decided once, by the file that is
// learned from, and the same for all rows from then on. A value that is missing is NaN,
// see [Transform.Fill].
type Table struct {
	Columns []Column `json:"columns"`
	Fields  int      `json:"fields"`            // of a row of the file that was learned from
	Learned []int    `json:"learned,omitempty"` // places in it of what is learned
}

// numbers returns the table of n columns of numbers without names.
func numbers(n int) *Table {
	t := &Table{Columns: make([]Column, n), Fields: n}
	for i := range t.Columns {
		t.Columns[i] = Column{Place: i, Kind: KindNumber}
	}
	return t
}

// names returns the names of the columns, nil where they have none.
func (t *Table) names() []string {
	if t == nil || len(t.Columns) == 0 || !slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Name != "" }) {
		return nil
	}
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

// InputNames returns the names of the inputs that the columns become, such as age, age
// missing, and town=Ulm; nil where columns have no names.
func (t *Table) InputNames() []string {
	if t.names() == nil {
		return nil
	}
	var names []string
	for _, c := range t.Columns {
		if c.Kind == KindText {
			for _, text := range c.Texts {
				names = append(names, c.Name+"="+text)
			}
			continue
		}
		if names = append(names, c.Name); c.Flagged {
			names = append(names, c.Name+" missing")
		}
	}
	return names
}

// Width returns the number of inputs.
func (t *Table) Width() int {
	width := 0
	for _, c := range t.Columns {
		width += c.width()
	}
	return width
}

func (c *Column) width() int {
	switch {
	case c.Kind == KindText:
		return len(c.Texts)
	case c.Flagged:
		return 2
	}
	return 1
}

// Check reports whether t is of so many inputs, and makes sense.
func (t *Table) Check(inputs int) error {
	for i, c := range t.Columns {
		switch {
		case !slices.Contains([]Kind{KindNumber, KindBoolean, KindDate, KindText}, c.Kind):
			return fmt.Errorf("columns[%d]: kind: must be number, boolean, date or text, got %.40q", i, c.Kind)
		case c.Place < 0 || c.Place >= t.Fields:
			return fmt.Errorf("columns[%d]: place: must be 0 to %d, got %d", i, t.Fields-1, c.Place)
		}
	}
	if slices.ContainsFunc(t.Learned, func(at int) bool { return at < 0 || at >= t.Fields }) {
		return fmt.Errorf("learned: must be places 0 to %d, got %v", t.Fields-1, t.Learned)
	}
	if got := t.Width(); got != inputs {
		return fmt.Errorf("columns: must be of %d inputs, got %d", inputs, got)
	}
	return nil
}

// errNewText says that a text of a column was not there where it was learned.
var errNewText = errors.New("new text")

// append appends the inputs that a field becomes. With holes a value that is not known
// is NaN in all its inputs.
func (c *Column) append(to []float64, field string, separator rune, holes bool) ([]float64, error) {
	if c.Kind == KindNumber && !c.Flagged { // most, at once
		x, err := number(field, separator, true)
		return append(to, x), err
	}
	field = strings.TrimSpace(field)
	unknown := isMissing(field) || slices.Contains(c.Odd, field)
	if unknown && holes {
		for range c.width() {
			to = append(to, math.NaN())
		}
		return to, nil
	}
	if c.Kind == KindText {
		if unknown {
			field = ""
		}
		at := slices.Index(c.Texts, field)
		for i := range c.Texts {
			to = append(to, oneIf(i == at))
		}
		if at < 0 {
			return to, errNewText
		}
		return to, nil
	}
	x, ok := math.NaN(), true
	switch {
	case unknown:
	case c.Kind == KindBoolean:
		x, ok = truth(field)
	case c.Kind == KindDate:
		x, ok = day(field, c.Layout)
	default:
		x, ok = parseNumber(field, separator)
	}
	if !ok {
		return to, fmt.Errorf("must be %s, got %.40q", c.wish(), field)
	}
	if to = append(to, x); c.Flagged {
		to = append(to, oneIf(unknown))
	}
	return to, nil
}

// wish says what a field should be.
func (c *Column) wish() string {
	switch c.Kind {
	case KindBoolean:
		return "true or false"
	case KindDate:
		return "a date such as " + c.Layout
	}
	return "a finite number"
}

func oneIf(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
