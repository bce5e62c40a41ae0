package data

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"example.com/pcn/internal/quoted"
)

// Formats of rows.
const (
	FormatCSV   = "csv"   // fields with commas, semicolons, tabs or bars between
	FormatJSONL = "jsonl" // JSON arrays or objects, one after the other
)

// Formats are the values of RowOptions.Format other than none.
var Formats = []string{FormatCSV, FormatJSONL}

// RowOptions says what rows hold.
type RowOptions struct {
	Columns

	// Width is the number of columns of inputs of a row, each a number, where there is no
	// Table; 0 for whatever the first row has.
	Width int

	// Outputs is how many columns of a row are to be learned: 1 for a class. They
	// are those that Columns names or, where it names none, the last ones. With 0
	// they are not read.
	Outputs int

	// Holes says that an empty field, NaN or null is no mistake but an input that
	// is not known. It is read as NaN.
	Holes bool

	// Shape is that of inputs that are images, and White their value of white: see
	// [NewImageRows].
	Shape []int
	White float64

	// Format is one of Formats; empty for what the name of the file or the first
	// byte says.
	Format string

	// Note is told what was taken for granted, in a line each; nil to tell nobody.
	Note func(text string)

	maxBytes int64 // of text; 0 for any number
}

// classes reports whether a row has a class.
func (o *RowOptions) classes() bool {
	return o.Outputs == 1 && (o.Label != "" || len(o.Classes) > 0)
}

// rowReader reads rows off text, one by one. All that reads rows does so by it: what
// one command reads, the others read, and to the same numbers.
type rowReader struct {
	RowOptions
	text     *bufio.Reader
	bound    *boundedReader
	csv      *csv.Reader     // nil where rows are JSON
	json     *jsonRecords    // nil where they are CSV
	layout   *layout         // nil until the first row
	position                 // of the record at hand
	within   int             // ends of lines within the fields of CSV that were read
	second   []string        // the record after the first, where that was looked at
	after    position        // of it
	class    *classes        // nil where rows have none
	inputs   []string        // names of the columns of the inputs, nil where they are told by place
	noted    map[string]bool // what was
}

// position says where a record is.
type position struct {
	unit string // what it is the at-th of, for errors
	at   int
	row  int // as a spreadsheet counts, which has one row for fields that end lines
}

// newRowReader begins to read r, which is plain text or packed by gzip. name is the
// file's, which may say the format.
func newRowReader(r io.Reader, name string, o RowOptions) (*rowReader, error) {
	r, err := unpack(r)
	if err != nil {
		return nil, err
	}
	if o.maxBytes == 0 {
		o.maxBytes = math.MaxInt64
	}
	s := &rowReader{RowOptions: o, noted: make(map[string]bool)}
	s.bound = &boundedReader{r: plainText(bufio.NewReaderSize(r, textBuffer)), max: o.maxBytes, allow: maxRecordBytes}
	s.text = bufio.NewReaderSize(s.bound, textBuffer)
	if s.Table != nil {
		s.Width = len(s.Table.Columns)
	}
	first := firstRecord(s.text)
	if mark, _ := s.text.Peek(min(len(byteOrderMark), s.text.Buffered())); string(mark) == string(byteOrderMark) {
		s.text.Discard(len(byteOrderMark))
	}
	if o.classes() {
		s.class = newClasses(o.Classes)
	}
	switch ext := extension(name); {
	case s.Format != "":
	case ext == ".json" || ext == ".jsonl" || ext == ".ndjson":
		s.Format = FormatJSONL
	case ext != ".csv" && ext != ".tsv" && len(first) > 0 && (first[0] == '[' || first[0] == '{'):
		s.Format = FormatJSONL
	default:
		s.Format = FormatCSV
	}
	if s.Format == FormatJSONL {
		s.json = newJSONRecords(s.text)
		return s, nil
	}
	s.csv = csv.NewReader(s.text)
	s.csv.ReuseRecord = true
	s.csv.FieldsPerRecord = -1 // counted by parse, for a better error
	if s.csv.Comma = separator(first); extension(name) == ".tsv" {
		s.csv.Comma = '\t'
	}
	return s, nil
}

// Batch is some rows, one after the other.
type Batch struct {
	First   int       // how many rows there were before
	N       int       // how many these are
	Rows    []int     // where each stands in the file, from 1: of CSV the row that a spreadsheet shows it in; none of images
	Inputs  []float64 // (N, width)
	Targets []float64 // (N, outputs), empty where rows have a class or targets are not read
	Labels  []int     // of each row, empty where rows have no class
}

// next appends the next row to b. The error after the last is io.EOF.
func (s *rowReader) next(b *Batch) error {
	for {
		record, layout, err := s.record()
		if err != nil {
			return err
		}
		if !s.leaves(record, layout) {
			return s.here(s.parse(b, record, layout))
		}
	}
}

// here says of an error at which record it is.
func (s *rowReader) here(err error) error {
	if s.unit == "" || err == nil || err == io.EOF {
		return err
	}
	return fmt.Errorf("%s %d: %w", s.unit, s.at, err)
}

// record returns the next record that is a row, and where its numbers are.
func (s *rowReader) record() ([]string, *layout, error) {
	for {
		record, layout, err := s.read()
		if err == nil && record == nil {
			continue
		}
		if err == nil && len(record) != layout.fields {
			wish := fmt.Sprintf("%d fields as on the first line", layout.fields)
			if layout.header == nil {
				wish = s.wish(s.Width, s.Outputs)
			}
			err = fmt.Errorf("must have %s, got %d", wish, len(record))
		}
		return record, layout, s.here(err)
	}
}

// read returns the next record and where its numbers are: nil for a header, or a blank
// line.
func (s *rowReader) read() ([]string, *layout, error) {
	if s.json != nil {
		record, layout, err := s.json.next(s)
		s.bound.allow = s.json.offset() + maxRecordBytes
		return record, layout, err
	}
	record := s.second
	if s.second = nil; record != nil {
		s.position = s.after
	} else {
		var err error
		if record, err = s.fields(); err != nil {
			return nil, nil, err // says the line itself
		}
	}
	if s.blank(record) {
		return nil, nil, nil
	}
	if s.layout == nil {
		if header, err := s.begin(record); header || err != nil {
			return nil, nil, err
		}
	}
	return record, s.layout, nil
}

// fields returns the fields of the next record of CSV, which hold until the next.
func (s *rowReader) fields() ([]string, error) {
	s.position = position{}
	record, err := s.csv.Read()
	if err != nil {
		return nil, err
	}
	s.bound.allow = s.csv.InputOffset() + maxRecordBytes
	line, _ := s.csv.FieldPos(0)
	s.position = position{"line", line, line - s.within}
	for _, field := range record {
		s.within += strings.Count(field, "\n")
	}
	return record, nil
}

// blank reports whether a record is a line of nothing but space.
func (s *rowReader) blank(record []string) bool {
	if len(record) > 1 && s.csv.Comma != '\t' {
		return false
	}
	return !slices.ContainsFunc(record, func(field string) bool { return strings.TrimSpace(field) != "" })
}

// begin arranges the columns by the first record, and reports whether it is a
// header.
func (s *rowReader) begin(record []string) (isHeader bool, err error) {
	var header []string
	for _, field := range record {
		header = append(header, strings.Clone(s.decode(strings.TrimSpace(field))))
	}
	at := s.position
	isHeader = s.isHeader(header, func() bool {
		for s.second == nil && err == nil {
			var next []string
			if next, err = s.fields(); err == nil && !s.blank(next) {
				s.second, s.after = slices.Clone(next), s.position
			}
		}
		return s.second != nil && len(s.second) == len(header) && !slices.ContainsFunc(s.second, isNumber)
	})
	if s.position = at; err != nil && err != io.EOF {
		return false, err
	}
	if !isHeader {
		header = nil
	}
	if s.layout, err = s.arrange(header, len(record), s.Width, s.Outputs); err != nil {
		return isHeader, err
	}
	isText := func(at int) bool { return strings.TrimSpace(record[at]) != "" && !isNumber(record[at]) }
	if names := slices.Concat(s.wanted(), s.learned()); !isHeader && s.Table == nil && s.Width > 0 && len(names) > 0 && slices.ContainsFunc(s.layout.inputs, isText) {
		return false, fmt.Errorf("must be numbers, or a header that names %s, got %s", quoted.List(names), quoted.List(record))
	}
	switch numbers := isHeader && slices.ContainsFunc(header, isNumber); {
	case numbers:
		s.note("the first line is taken for the names of the columns, though some are numbers")
	case !isHeader && len(s.wanted()) > 0 && s.Width > 0:
		s.note("there is no header: columns are taken in the order of the model")
	case isHeader && s.Table != nil && s.wanted() == nil:
		s.note("the model knows no names of columns: they are taken in its order, whatever the header says")
	}
	switch {
	case s.Width == 0:
		s.inputs, err = s.layout.inputNames()
	case isHeader || s.Table != nil:
		s.inputs = s.wanted()
	}
	s.Width = len(s.layout.inputs)
	return isHeader, err
}

// note tells once what was taken for granted.
func (s *rowReader) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if s.Note != nil && !s.noted[text] {
		s.noted[text] = true
		s.Note(text)
	}
}

// decode returns a text of the file as UTF-8.
func (s *rowReader) decode(text string) string {
	text, latin := decoded(text)
	if latin {
		s.note("text that is not UTF-8 is taken for Latin-1")
	}
	return text
}

// separator is what separates the fields of a row.
func (s *rowReader) separator() rune {
	if s.csv == nil {
		return ','
	}
	return s.csv.Comma
}

// leaves reports whether a record is left out, since what is to be learned is missing.
func (s *rowReader) leaves(record []string, l *layout) bool {
	if s.Table == nil {
		return false
	}
	for _, at := range l.targets {
		if field := strings.TrimSpace(record[at]); field == "" || strings.EqualFold(field, "nan") || s.class == nil && isMissing(field) {
			s.note("rows in which column %s is missing are left out", l.name(at))
			return true
		}
	}
	return false
}

// parse appends the row that a record is. What it has appended of one that is wrong is
// taken off again.
func (s *rowReader) parse(b *Batch, record []string, l *layout) (err error) {
	was := *b
	defer func() {
		if err != nil {
			*b = was
		}
	}()
	for i, at := range l.inputs {
		if b.Inputs, err = s.input(b.Inputs, i, record[at], l, at); err != nil {
			return fmt.Errorf("column %s: %w", l.name(at), err)
		}
	}
	for _, at := range l.targets {
		if s.class == nil {
			x, err := number(record[at], s.separator(), false)
			if err != nil {
				return fmt.Errorf("column %s: %w", l.name(at), err)
			}
			b.Targets = append(b.Targets, x)
			continue
		}
		k, err := s.class.find(s.decode(strings.TrimSpace(record[at])))
		if err != nil {
			return fmt.Errorf("column %s: %w", l.name(at), err)
		}
		b.Labels = append(b.Labels, k)
	}
	b.N++
	b.Rows = append(b.Rows, s.row)
	return nil
}

// input appends the inputs that the field of column i is, at a place of a record.
func (s *rowReader) input(to []float64, i int, field string, l *layout, at int) ([]float64, error) {
	if s.Table == nil {
		x, err := number(field, s.separator(), s.Holes)
		return append(to, x), err
	}
	c := &s.Table.Columns[i]
	if c.Kind == KindText {
		field = s.decode(field)
	}
	to, err := c.append(to, field, s.separator(), s.Holes)
	switch {
	case err == errNewText:
		err = nil
		s.note("column %s: a text that was not there in training, such as %.40q, counts as none of those that were", l.name(at), field)
	case err == nil && !s.Holes && !c.Flagged && c.Kind != KindText && math.IsNaN(to[len(to)-1]):
		s.note("column %s: values are missing, as none was in training: each is taken for the mean", l.name(at))
	}
	return to, err
}

// extension returns the extension of a file, without .gz.
func extension(path string) string {
	return strings.ToLower(filepath.Ext(strings.TrimSuffix(strings.ToLower(path), ".gz")))
}
