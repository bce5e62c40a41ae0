package data

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// defaultMaxBytes is the most text that a set is read from.
const defaultMaxBytes = 1 << 30

// CSV reads a set from a file of rows. See [ReadCSV]. The name of the set is the
// file's, without its folder and extensions.
func CSV(path string, cols Columns) (*Set, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s, err := ReadCSV(f, path, cols)
	if err != nil {
		return nil, err
	}
	s.Name = BaseName(path)
	return s, nil
}

// ReadCSV reads a set from rows, one for each example: of CSV with commas, semicolons
// or tabs between fields, or of JSON, plain or packed by gzip. What is not UTF-8 is
// taken for Latin-1; lines of nothing but space are passed over. name is the name of
// the set, and of the file in errors, and may say what it is by its extension.
//
// A first line is a header if none of its fields is a number, or if it has the names
// that cols looks for. All rows must have the same number of fields, and each number
// must be finite. Where cols does not say what is to be learned, it is the last
// column. A column that is not there is a [ColumnError]. Values are kept as bytes
// when all are whole numbers 0..255. The transforms are the identity.
//
// A class is any text: the classes are the texts there are, in order. When all are
// numbers they are in the order of their values, and 0 and 0.0 are one. The set's
// ClassNames say them, except where they are 0, 1, 2 and so on without a gap.
//
// A file of images says nothing about their shape; set Shape and White.
func ReadCSV(r io.Reader, name string, cols Columns) (*Set, error) {
	return readSet(r, name, RowOptions{Columns: cols, maxBytes: defaultMaxBytes})
}

func readSet(r io.Reader, name string, o RowOptions) (*Set, error) {
	s := &Set{Name: name}
	o.Note = func(text string) { s.remarks = append(s.remarks, text) }
	if o.Outputs = max(len(o.Targets), 1); o.Label != "" {
		o.Outputs = 1
	} else if len(o.Targets) == 0 && !o.Sequence.IsZero() { // the next row is learned
		o.Outputs = 0
	}
	if err := s.readRows(r, name, o); err != nil {
		return nil, fmt.Errorf("data: %s: %w", name, err)
	}
	return s.WithTransforms(Transform{}, Transform{}), nil
}

// readRows reads all rows into s.
func (s *Set) readRows(r io.Reader, name string, o RowOptions) error {
	if o.Label != "" && len(o.Targets) > 0 {
		return &ColumnError{"label and targets: must be one of them, got both"}
	}
	rows, err := newRowReader(r, name, o)
	if err != nil {
		return err
	}
	for b := new(Batch); ; {
		b.Inputs, b.Targets, b.Labels = b.Inputs[:0], b.Targets[:0], b.Labels[:0]
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
		s.labels = append(s.labels, b.Labels...)
		s.n++
	}
	if s.n == 0 {
		return errors.New("must have at least one example, got no line of numbers")
	}
	s.inputs.width, s.columns = rows.Width, slices.Clone(rows.inputs)
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
	s.remarkLabels(rows.class.names)
	return nil
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
