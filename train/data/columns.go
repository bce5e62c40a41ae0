package data

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"example.com/pcn/internal/quoted"
)

// A ColumnError says that a file has no such column, or that it was not said
// which column to learn: what is wrong is the question, not the file.
type ColumnError struct{ text string }

func (e *ColumnError) Error() string { return e.text }

// Columns says what examples are made of: of a file, by the names in its header. Names
// are matched without the space around them and, where no other column is meant,
// without case. Columns of a file without a header are named by their places, from
// "1" on.
type Columns struct {
	// Inputs are the columns of the inputs in their order, or the one array: no other
	// counts. Empty for all columns that are not to be learned, without those of Drop.
	Inputs, Drop []string

	// Table says what the columns of the inputs are and what they become, where that is
	// known from elsewhere, as it is of a model: it comes before Inputs and Drop. nil to
	// find it out.
	Table *Table

	// Label is the column or array that holds the class of each example.
	Label string

	// Targets are the columns, or the one array, to regress on.
	Targets []string

	// Classes are the names of the classes when they are known from elsewhere,
	// as those of a training set are when the test set is read: no other is
	// expected. Empty to take those that there are.
	Classes []string

	// Sequence says how examples make sequences. By default they make none.
	Sequence Sequence

	// Form is what the images of folders are brought to. Other data has none.
	Form ImageForm

	colour  Colour // of the training set's images, where Form says none
	testing bool   // what is read is the test part of something
}

// Check returns a [ColumnError] where c says two things of what is to be learned.
func (c *Columns) Check() error {
	if c.Label != "" && len(c.Targets) > 0 {
		return &ColumnError{"label and target: must be one of them, got both"}
	}
	return nil
}

// formless returns an error where c asks for a form that what path holds cannot have.
func (c *Columns) formless(path string) error {
	if c.Form == (ImageForm{}) {
		return nil
	}
	return fmt.Errorf("data: %s: must be a folder of images for each class, to bring them to a size or a colour", path)
}

// imageForm returns the form of images.
func (c *Columns) imageForm() ImageForm {
	form := c.Form
	form.Colour = cmp.Or(form.Colour, c.colour)
	return form
}

// wanted returns the names of the columns of the inputs, where these are known.
func (c *Columns) wanted() []string {
	if c.Table != nil {
		return c.Table.names()
	}
	return c.Inputs
}

// learned returns the names of what is to be learned.
func (c *Columns) learned() []string {
	if c.Label != "" {
		return []string{c.Label}
	}
	return c.Targets
}

// ParseNames reads names with commas between, as in a line of CSV: a name that has
// a comma itself stands in quotes.
func ParseNames(text string) ([]string, error) {
	c := csv.NewReader(strings.NewReader(text))
	c.TrimLeadingSpace = true
	fields, err := c.Read()
	if err != nil {
		return nil, fmt.Errorf("must be names with commas between, got %.80q", text)
	}
	for i, field := range fields {
		fields[i] = strings.TrimSpace(field)
	}
	return fields, nil
}

// A layout says where the numbers of a row are in a record, by places from 0.
type layout struct {
	header  []string // names of the columns; nil where the file has no header
	fields  int      // of a record
	inputs  []int
	targets []int // the label is a target, too
}

// isHeader reports whether a first record, without space around its fields, names the
// columns:
//   - none of its fields is a number, and some are not empty;
//   - or it has a name that is looked for and that no number could be;
//   - or all are numbers, and all names that are looked for are there, which are
//     no places in a row;
//   - or it counts 0, 1, 2 and so on, as pandas names columns that have no name.
//
// Where columns are looked for by their places alone it is open whether a record without
// a number is a row of texts: then second says whether the next record has none either.
func (c *Columns) isHeader(record []string, second func() bool) bool {
	numbers, names, counts := 0, 0, true
	fields := make(map[string]bool, len(record))
	for i, field := range record {
		fields[strings.ToLower(field)] = true
		switch {
		case isNumber(field):
			numbers++
		case field != "":
			names++
		}
		counts = counts && field == strconv.Itoa(i)
	}
	has := func(name string) bool { return fields[strings.ToLower(name)] }
	all := slices.Concat(c.wanted(), c.learned())
	wanted := c.wanted()
	if len(wanted) == 0 {
		wanted = c.learned()
	}
	byPlace := func(name string) bool { return place(name, len(record)) >= 0 && !has(name) }
	switch {
	case numbers == 0 && names > 0 && len(all) > 0 && !slices.ContainsFunc(all, func(name string) bool { return !byPlace(name) }):
		return !second()
	case numbers == 0:
		return names > 0
	case names > 0:
		return slices.ContainsFunc(all, func(name string) bool { return has(name) && !isNumber(name) })
	case counts && len(record) > 2:
		return true
	case len(wanted) == 0 || slices.ContainsFunc(wanted, func(name string) bool { return !has(name) }):
		return false
	}
	return len(c.wanted()) > 0 || slices.ContainsFunc(wanted, func(name string) bool { return place(name, len(record)) < 0 })
}

// place returns the place from 0 that a name is of a row of n fields, -1 where it
// is none.
func place(name string, n int) int {
	if at, err := strconv.Atoi(name); err == nil && at >= 1 && at <= n {
		return at - 1
	}
	return -1
}

// arrange finds the columns of a record of n fields, below a header or without. The
// inputs are of width columns, or any number where that is 0, and outputs are targets.
func (c *Columns) arrange(header []string, n, width, outputs int) (*layout, error) {
	l := &layout{header: header, fields: n}
	var err error
	switch names := c.wanted(); {
	case len(names) > 0 && (header != nil || c.Table == nil && outputs > 0 && width == 0):
		l.inputs, err = l.find(names)
	case c.Table != nil && n == c.Table.Fields && n != width: // all that was there, in its place
		for _, column := range c.Table.Columns {
			l.inputs = append(l.inputs, column.Place)
		}
		if outputs == len(c.Table.Learned) {
			l.targets = slices.Clone(c.Table.Learned)
		}
	}
	if err != nil {
		return nil, err
	}
	taken := make([]bool, n)
	for _, at := range l.inputs {
		taken[at] = true
	}
	switch learned := c.learned(); {
	case l.targets != nil || outputs == 0 && (l.inputs != nil || n == width): // others do not count
	case len(learned) > 0:
		if l.targets, err = l.find(learned); err != nil && outputs > 0 {
			return nil, err
		}
	default:
		for at := n - 1; at >= 0 && len(l.targets) < outputs; at-- {
			if !taken[at] {
				l.targets = append(l.targets, at)
			}
		}
		slices.Reverse(l.targets)
	}
	for _, at := range l.targets {
		if taken[at] {
			return nil, &ColumnError{fmt.Sprintf("column %s is asked for twice", l.name(at))}
		}
		taken[at] = true
	}
	if l.inputs == nil {
		if c.Table == nil && len(c.Drop) > 0 {
			dropped, err := l.find(c.Drop)
			if err != nil {
				return nil, err
			}
			for _, at := range dropped {
				taken[at] = true
			}
		}
		for at, is := range taken {
			if !is {
				l.inputs = append(l.inputs, at)
			}
		}
	}
	if outputs == 0 {
		l.targets = nil
	}
	switch got := len(l.inputs); {
	case len(l.targets) < outputs || got == 0:
		return nil, fmt.Errorf("must have at least %d columns, inputs and %d to learn, got %d", outputs+1, outputs, n)
	case width > 0 && got != width:
		return nil, fmt.Errorf("must have %s, got %d", c.wish(width, outputs), n)
	}
	return l, nil
}

// wish says which columns a row should have.
func (c *Columns) wish(width, outputs int) string {
	text := fmt.Sprintf("%d fields", width+outputs)
	if outputs > 0 {
		text += fmt.Sprintf(", %d inputs and %d to learn", width, outputs)
	}
	if names := c.wanted(); len(names) > 0 {
		text += ": " + quoted.List(names)
	}
	return text
}

// find returns the places of columns by their names.
func (l *layout) find(names []string) ([]int, error) {
	if l.header == nil {
		return l.findPlaces(names)
	}
	exact, folded := make(map[string][]int), make(map[string][]int)
	for at, name := range l.header {
		exact[name] = append(exact[name], at)
		folded[strings.ToLower(name)] = append(folded[strings.ToLower(name)], at)
	}
	var places []int
	var missing []string
	for _, name := range names {
		name = strings.TrimSpace(name)
		at := exact[name]
		if at == nil {
			at = folded[strings.ToLower(name)]
		}
		switch len(at) {
		case 0:
			missing = append(missing, name)
		case 1:
			places = append(places, at[0])
		default:
			return nil, &ColumnError{fmt.Sprintf("columns %d and %d are both named %q: names must differ", at[0]+1, at[1]+1, name)}
		}
	}
	if missing != nil {
		return nil, &ColumnError{fmt.Sprintf("no column %s: must have %s, got %s", quoted.List(missing), quoted.List(names), quoted.List(l.header))}
	}
	return places, nil
}

func (l *layout) findPlaces(names []string) ([]int, error) {
	var places []int
	for _, name := range names {
		at := place(strings.TrimSpace(name), l.fields)
		if at < 0 {
			return nil, &ColumnError{fmt.Sprintf("no column %q, since there is no header: must be a place, 1 to %d", name, l.fields)}
		}
		places = append(places, at)
	}
	return places, nil
}

// inputNames returns the names of the inputs, nil where they have none. Names that
// do not differ could not tell them apart.
func (l *layout) inputNames() ([]string, error) {
	if l.header == nil {
		return nil, nil
	}
	names := make([]string, len(l.inputs))
	for i, at := range l.inputs {
		names[i] = l.header[at]
	}
	_, err := l.find(names)
	return names, err
}

// name returns what an error calls a column.
func (l *layout) name(at int) string {
	if at < len(l.header) {
		return fmt.Sprintf("%d (%.40q)", at+1, l.header[at])
	}
	return strconv.Itoa(at + 1)
}
