package data

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"example.com/pcn/internal/bounded"
	"example.com/pcn/internal/quoted"
)

const (
	defaultMaxBytes = 1 << 30
	maxRecordBytes  = 4 << 20
)

// CSVOptions says how to read a CSV file. The zero value reads a regression on
// the last column. Columns are told by place, or by name when Label or
// TargetNames is set: the first line is then a header, whatever it holds.
type CSVOptions struct {
	// Label is the name of the column that is the class of the example, by any
	// text: see [ReadCSV]. All other columns are inputs.
	Label string

	// ClassNames are the texts that the labels may be, in the order of the
	// classes; empty to take what the file has. It goes with Label.
	ClassNames []string

	// TargetNames are the names of the columns to regress on, in the order that
	// the targets get. All other columns are inputs.
	TargetNames []string

	// Classes says that the last column is the class of the example, a whole
	// number 0..K-1.
	Classes bool

	// Targets is the number of columns, the last ones, that are targets of a
	// regression; 0 means 1. It must be 0 when Classes is set.
	Targets int

	// Comma separates the fields; 0 means ','.
	Comma rune

	// MaxBytes is the most bytes to read, after unpacking; 0 means 1 GiB. A
	// longer file is refused.
	MaxBytes int64
}

// CSV reads a set from a file of numbers, one example a line, as plain text or
// compressed by gzip. See [ReadCSV]. The name of the set is the file's, without
// its folder and extensions.
func CSV(path string, opts CSVOptions) (*Set, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s, err := ReadCSV(f, path, opts)
	if err != nil {
		return nil, err
	}
	s.Name = BaseName(path)
	return s, nil
}

// firstLine lists the fields of a file's first line, for an error.
func firstLine(path string, comma rune) string {
	f, err := openFile(path)
	if err != nil {
		return "those of its first line"
	}
	defer f.Close()
	c := csv.NewReader(io.LimitReader(f, bounded.FirstChunk))
	if comma != 0 {
		c.Comma = comma
	}
	record, err := c.Read()
	if err != nil {
		return "those of its first line"
	}
	return quoted.List(record)
}

// ReadCSV reads a set from plain text, one example a line: the inputs, then the
// targets. A first line of which no field is a number is a header and is passed
// over. name is the name of the set, and of the file in errors.
//
// All lines must have the same number of fields, each a finite number. Errors
// name the line and, counted from 1, the column. Values are kept as bytes when
// all are whole numbers 0..255. The transforms are the identity.
//
// Told by place, Classes is the largest label plus 1. A part of a larger set may
// lack the last class; set its Classes to the number of the whole. Told by name,
// a class is any text: the classes are the texts there are, in order, by value
// when all are numbers; the set's ClassNames say them, except where they are 0,
// 1, 2 and so on without a gap. A column that is not there is a [ColumnError].
//
// A file of images says nothing about their shape; set Width and Height.
func ReadCSV(r io.Reader, name string, opts CSVOptions) (*Set, error) {
	s, err := readCSV(r, opts)
	if err != nil {
		return nil, fmt.Errorf("data: %s: %w", name, err)
	}
	s.Name = name
	return s.WithTransforms(Transform{}, Transform{}), nil
}

func readCSV(r io.Reader, opts CSVOptions) (*Set, error) {
	if err := opts.check(); err != nil {
		return nil, err
	}
	maxBytes := opts.MaxBytes
	if maxBytes == 0 {
		maxBytes = defaultMaxBytes
	}
	bound := &boundedReader{r: r, max: maxBytes, allow: maxRecordBytes}
	text := bufio.NewReader(bound)
	if mark, _ := text.Peek(3); string(mark) == "\ufeff" { // byte order mark
		text.Discard(3)
	}
	c := csv.NewReader(text)
	c.ReuseRecord = true
	c.FieldsPerRecord = -1 // counted below, for a better error
	if opts.Comma != 0 {
		c.Comma = opts.Comma
	}

	t := &csvTable{options: opts, set: new(Set)}
	for {
		record, err := c.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		bound.allow = c.InputOffset() + maxRecordBytes
		line, _ := c.FieldPos(0)
		if err := t.add(line, record); err != nil {
			return nil, err
		}
	}
	return t.finish()
}

// check returns which options contradict each other.
func (o *CSVOptions) check() error {
	switch {
	case o.Targets < 0:
		return fmt.Errorf("option Targets is %d, expected >= 0", o.Targets)
	case o.MaxBytes < 0:
		return fmt.Errorf("option MaxBytes is %d, expected >= 0", o.MaxBytes)
	case o.Classes && o.Targets != 0:
		return fmt.Errorf("option Targets is %d, expected 0 since the last column is a class", o.Targets)
	case o.Label != "" && len(o.TargetNames) > 0:
		return fmt.Errorf("options Label and TargetNames are %q and %q, expected one of them", o.Label, o.TargetNames)
	case o.named() && (o.Classes || o.Targets != 0):
		return errors.New("options Classes and Targets tell columns by place, expected neither beside names")
	case len(o.ClassNames) > 0 && o.Label == "":
		return errors.New("option ClassNames is set, expected Label beside it")
	}
	return nil
}

// named reports whether columns are told by name.
func (o *CSVOptions) named() bool { return o.Label != "" || len(o.TargetNames) > 0 }

// What a column is: a target counted from 0, or one of these.
const (
	inputColumn = -1 - iota
	labelColumn
)

// csvTable becomes a set, record by record.
type csvTable struct {
	options CSVOptions
	set     *Set
	columns []int     // what each column is
	header  []string  // name of each column, empty without a header
	targets []float64 // of the record at hand
	texts   []string  // the classes met, in that order
	class   map[string]int
}

// add takes the next record.
func (t *csvTable) add(line int, record []string) error {
	if t.columns == nil {
		header := t.options.named() || isHeader(record)
		if header {
			t.header = slices.Clone(record)
		}
		if err := t.assign(line, len(record)); err != nil {
			return err
		}
		if header {
			return nil
		}
	}
	if len(record) != len(t.columns) {
		return fmt.Errorf("line %d has %d fields, expected %d as on the first line", line, len(record), len(t.columns))
	}
	for j, field := range record {
		if err := t.field(j, strings.TrimSpace(field)); err != nil {
			column := fmt.Sprint(j + 1)
			if t.options.named() {
				column += fmt.Sprintf(" (%.40s)", strings.TrimSpace(t.header[j]))
			}
			return fmt.Errorf("line %d, column %s: %w", line, column, err)
		}
	}
	for _, x := range t.targets {
		t.set.targets.append(x)
	}
	t.set.n++
	return nil
}

// assign decides what each of n columns is.
func (t *csvTable) assign(line, n int) error {
	t.columns = slices.Repeat([]int{inputColumn}, n)
	o := &t.options
	targets := max(o.Targets, len(o.TargetNames), 1)
	if n <= targets {
		return fmt.Errorf("line %d has %d fields, expected at least %d: inputs and %d of target", line, n, targets+1, targets)
	}
	t.set.inputs.width = n - targets
	if o.Label != "" || o.Classes {
		t.class = make(map[string]int)
		for k, name := range o.ClassNames {
			t.class[name] = k
		}
	} else {
		t.targets = make([]float64, targets)
	}
	if !o.named() {
		for i := range targets {
			t.columns[n-targets+i] = i
		}
		if o.Classes {
			t.columns[n-1] = labelColumn
		}
		return nil
	}
	what, names := 0, o.TargetNames
	if o.Label != "" {
		what, names = labelColumn, []string{o.Label}
	}
	for i, name := range names {
		j, err := t.find(line, name)
		if err != nil {
			return err
		}
		if t.columns[j] != inputColumn {
			return &ColumnError{fmt.Sprintf("column %q is asked for twice", name)}
		}
		t.columns[j] = what + i
	}
	return nil
}

// find returns the place of a column.
func (t *csvTable) find(line int, name string) (int, error) {
	at := -1
	for j, field := range t.header {
		if strings.TrimSpace(field) != name {
			continue
		}
		if at >= 0 {
			return 0, &ColumnError{fmt.Sprintf("line %d: columns %d and %d are both named %q, expected one", line, at+1, j+1, name)}
		}
		at = j
	}
	if at < 0 {
		return 0, &ColumnError{fmt.Sprintf("line %d: no column %q, expected one of %s", line, name, quoted.List(t.header))}
	}
	return at, nil
}

// field takes the text of column j.
func (t *csvTable) field(j int, text string) error {
	if t.columns[j] == labelColumn && t.options.Label != "" {
		return t.label(text)
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || !finite(x) {
		return fmt.Errorf("%.40q, expected a finite number", text)
	}
	switch i := t.columns[j]; i {
	case inputColumn:
		t.set.inputs.append(x)
	case labelColumn:
		if !(x >= 0 && x < maxClasses) || x != float64(int(x)) {
			return fmt.Errorf("label %.40q, expected a whole number 0..%d", text, maxClasses-1)
		}
		t.set.labels = append(t.set.labels, int(x))
		t.set.Classes = max(t.set.Classes, int(x)+1)
	default:
		t.targets[i] = x
	}
	return nil
}

// label takes the class of an example by its text.
func (t *csvTable) label(text string) error {
	k, ok := t.class[text]
	if !ok {
		switch {
		case len(t.options.ClassNames) > 0:
			return fmt.Errorf("label %.40q, expected one of %s", text, quoted.List(t.options.ClassNames))
		case text == "":
			return errors.New("no label, expected a class")
		case len(t.texts) == maxClasses:
			return fmt.Errorf("label %.40q is one more than %d classes: to regress on this column, name it as a target", text, maxClasses)
		}
		k = len(t.texts)
		text = strings.Clone(text)
		t.texts, t.class[text] = append(t.texts, text), k
	}
	t.set.labels = append(t.set.labels, k)
	return nil
}

// finish returns the set.
func (t *csvTable) finish() (*Set, error) {
	s, o := t.set, &t.options
	if o.named() {
		for j, name := range t.header {
			if t.columns[j] == inputColumn {
				s.columns = append(s.columns, strings.Clone(strings.TrimSpace(name)))
			}
		}
	}
	switch {
	case s.n == 0:
		return nil, errors.New("no line of numbers, expected at least one example")
	case o.Classes && s.Classes < 2:
		return nil, errors.New("every label is 0, expected at least 2 classes")
	case o.Classes:
	case o.Label == "":
		s.targets.width = len(t.targets)
	case len(o.ClassNames) > 0:
		s.nameClasses(o.ClassNames)
	default:
		if len(t.texts) < 2 {
			return nil, fmt.Errorf("every label is %.40q, expected at least 2 classes", t.texts[0])
		}
		sorted := slices.Clone(t.texts)
		sortTexts(sorted)
		for k, name := range sorted {
			t.class[name] = k
		}
		for i, k := range s.labels {
			s.labels[i] = t.class[t.texts[k]]
		}
		s.nameClasses(sorted)
	}
	return s, nil
}

// isHeader reports whether the fields are names: some are not empty, and none is
// a number.
func isHeader(record []string) bool {
	named := false
	for _, field := range record {
		field = strings.TrimSpace(field)
		if _, err := strconv.ParseFloat(field, 64); err == nil || errors.Is(err, strconv.ErrRange) {
			return false
		}
		named = named || field != ""
	}
	return named
}

// boundedReader fails once more than max bytes are read, or more than allow: the
// parser moves allow on from record to record, and would hold a whole record in
// memory whatever its length.
type boundedReader struct {
	r                io.Reader
	read, max, allow int64
}

func (b *boundedReader) Read(p []byte) (int, error) {
	switch {
	case b.read > b.max:
		return 0, fmt.Errorf("more than %d bytes of text, expected at most MaxBytes", b.max)
	case b.read > b.allow:
		return 0, fmt.Errorf("a line longer than %d bytes, expected numbers", maxRecordBytes)
	}
	// One byte more than allowed tells a long file from one that ends there.
	if room := min(b.max, b.allow) - b.read; int64(len(p))-1 > room {
		p = p[:room+1]
	}
	n, err := b.r.Read(p)
	b.read += int64(n)
	return n, err
}
