package data

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// defaultMaxBytes is the most text that a set is read from.
const defaultMaxBytes = 1 << 30

// CSV reads a set from a file of rows. See [ReadCSV]. The name of the set is the
// file's, without its folder and extensions.
func CSV(path string, cols Columns) (*Set, error) {
	s, err := readSet(path, func() (io.ReadCloser, error) {
		f, err := openFile(path)
		if err != nil {
			return nil, err
		}
		return f, nil
	}, RowOptions{Columns: cols, maxBytes: defaultMaxBytes})
	if err != nil {
		return nil, err
	}
	s.Name = BaseName(path)
	return s, nil
}

// ReadCSV reads a set from rows, one for each example: of CSV with commas, semicolons,
// tabs or bars between fields, or of JSON, plain or packed by gzip, in UTF-8 or UTF-16.
// What is neither is taken for Latin-1; lines of nothing but space are passed over. name
// is the name of the set, and of the file in errors, and may say what it is by its
// extension.
//
// A first line is a header if none of its fields is a number, or if it has the names
// that cols looks for. All rows must have the same number of fields. Where cols does not
// say what is to be learned, it is the last column; rows in which it is missing are left
// out. A column that is not there is a [ColumnError].
//
// What the columns of the inputs are, and which inputs they become, is found out by
// reading all rows once before, where cols.Table does not say it: numbers, also with
// decimal commas, truths and dates are an input each, and of texts each is an input. Values
// may be missing. Columns of texts that hardly recur, and those without a name that count
// the rows, are left out. The set has all of it as its Table, and in words as Remarks.
//
// A class is any text: the classes are the texts there are, in order. When all are
// numbers they are in the order of their values, and 0 and 0.0 are one. The set's
// ClassNames say them, except where they are 0, 1, 2 and so on without a gap. Labels that
// are as many numbers as a measurement has are a [ColumnError].
//
// Values are kept as bytes when all are whole numbers 0..255. The transforms are the
// identity, with the mean for what is missing. A file of images says nothing about their
// shape; set Shape and White.
func ReadCSV(r io.Reader, name string, cols Columns) (*Set, error) {
	return readSet(name, rereadable(r), RowOptions{Columns: cols, maxBytes: defaultMaxBytes})
}

// rereadable returns a function that opens what r has, the first time r itself.
func rereadable(r io.Reader) func() (io.ReadCloser, error) {
	var read bytes.Buffer
	from := io.TeeReader(r, &read)
	return func() (io.ReadCloser, error) {
		first := from
		from = bytes.NewReader(nil) // all was read
		return io.NopCloser(io.MultiReader(bytes.NewReader(read.Bytes()), first)), nil
	}
}

func readSet(name string, open func() (io.ReadCloser, error), o RowOptions) (*Set, error) {
	s := &Set{Name: name}
	note := func(text string) { s.remarks = append(s.remarks, text) }
	if o.Outputs = max(len(o.Targets), 1); o.Label != "" {
		o.Outputs = 1
	} else if len(o.Targets) == 0 && !o.Sequence.IsZero() { // the next row is learned
		o.Outputs = 0
	}
	if err := s.readRows(name, open, o, note); err != nil {
		var file *os.PathError
		if errors.As(err, &file) {
			return nil, err // says the file itself
		}
		return nil, fmt.Errorf("data: %s: %w", name, err)
	}
	s = s.WithTransforms(Transform{}, Transform{})
	if slices.ContainsFunc(s.table.Columns, func(c Column) bool { return c.Flagged }) {
		filled, _ := s.Standardization(PerNone)
		s = s.WithTransforms(filled, Transform{})
	}
	return s, nil
}

// readRows reads all rows into s.
func (s *Set) readRows(name string, open func() (io.ReadCloser, error), o RowOptions, note func(string)) error {
	if err := o.Check(); err != nil {
		return err
	}
	var closes []io.Closer
	defer func() {
		for _, c := range closes {
			c.Close()
		}
	}()
	reader := func() (*rowReader, error) {
		r, err := open()
		if err != nil {
			return nil, err
		}
		closes = append(closes, r)
		return newRowReader(r, name, o)
	}
	if o.Table == nil {
		table, err := surveyRows(reader, note)
		if err != nil {
			return err
		}
		o.Table = table
	}
	s.table = o.Table
	o.Note = note
	rows, err := reader()
	if err != nil {
		return err
	}
	for b := new(Batch); ; {
		*b = Batch{Rows: b.Rows[:0], Inputs: b.Inputs[:0], Targets: b.Targets[:0], Labels: b.Labels[:0]}
		err := rows.next(b)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		for _, x := range b.Inputs {
			s.inputs.append(x)
		}
		for _, x := range b.Targets {
			s.targets.append(x)
		}
		s.labels, s.places = append(s.labels, b.Labels...), append(s.places, b.Rows...)
		s.n++
	}
	if s.n == 0 {
		return errors.New("must have at least one example, got no line of numbers")
	}
	s.inputs.width = s.table.Width()
	if rows.class == nil {
		s.targets.width = o.Outputs
		return nil
	}
	if len(o.Classes) > 0 {
		s.nameClasses(o.Classes)
		return nil
	}
	sorted, is := rows.class.sorted()
	if len(sorted.names) < 2 {
		return fmt.Errorf("must have at least 2 classes, got %.40q for every label", sorted.names[0])
	}
	for i, k := range s.labels {
		s.labels[i] = is[k]
	}
	s.nameClasses(sorted.names)
	return s.remarkLabels(o.Label, rows.class.names)
}

// columnNames returns the names of the columns of a file, for an error.
func columnNames(path string) []string {
	f, err := openFile(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	rows, err := newRowReader(f, path, RowOptions{Outputs: 1})
	if err != nil {
		return nil
	}
	rows.next(new(Batch)) // whatever the first row is
	if rows.layout == nil {
		return nil
	}
	return rows.layout.header
}
