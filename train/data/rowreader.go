package data

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"example.com/pcn/internal/quoted"
)

// Formats of rows.
const (
	FormatCSV   = "csv"   // fields with commas, semicolons or tabs between
	FormatJSONL = "jsonl" // JSON arrays or objects, one after the other
)

// Formats are the values of RowOptions.Format other than none.
var Formats = []string{FormatCSV, FormatJSONL}

// RowOptions says what rows hold.
type RowOptions struct {
	Columns

	// Width is the number of inputs of a row; 0 for whatever the first row has.
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
	text   *bufio.Reader
	bound  *boundedReader
	csv    *csv.Reader  // nil where rows are JSON
	json   *jsonRecords // nil where they are CSV
	layout *layout      // nil until the first row
	unit   string       // what the record at hand is the at-th of, for errors
	at     int
	class  *classes // nil where rows have none
	inputs []string // their names, nil where they are told by place
	noted  bool     // that text is Latin-1
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
	s := &rowReader{RowOptions: o, bound: &boundedReader{r: r, max: o.maxBytes, allow: maxRecordBytes}}
	s.text = bufio.NewReaderSize(s.bound, textBuffer)
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
	Inputs  []float64 // (N, width)
	Targets []float64 // (N, outputs), empty where rows have a class or targets are not read
	Labels  []int     // of each row, empty where rows have no class
}

// next appends the next row to b. The error after the last is io.EOF.
func (s *rowReader) next(b *Batch) error {
	record, layout, err := s.record()
	for err == nil && record == nil {
		record, layout, err = s.record()
	}
	if err == io.EOF {
		return err
	}
	if err == nil {
		err = s.parse(b, record, layout)
	}
	if err != nil {
		if s.unit != "" {
			err = fmt.Errorf("%s %d: %w", s.unit, s.at, err)
		}
		return err
	}
	b.N++
	return nil
}

// record returns the next record and where its numbers are: nil for a header, or a
// blank line.
func (s *rowReader) record() ([]string, *layout, error) {
	if s.json != nil {
		record, layout, err := s.json.next(s)
		s.bound.allow = s.json.offset() + maxRecordBytes
		return record, layout, err
	}
	s.unit = ""
	record, err := s.csv.Read()
	if err != nil {
		return nil, nil, err // says the line itself
	}
	s.bound.allow = s.csv.InputOffset() + maxRecordBytes
	s.unit = "line"
	s.at, _ = s.csv.FieldPos(0)
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
	if isHeader = s.isHeader(header); !isHeader {
		header = nil
	}
	if s.layout, err = s.arrange(header, len(record), s.Width, s.Outputs); err != nil {
		return isHeader, err
	}
	isText := func(at int) bool { return strings.TrimSpace(record[at]) != "" && !isNumber(record[at]) }
	if names := slices.Concat(s.Inputs, s.learned()); !isHeader && len(names) > 0 && slices.ContainsFunc(s.layout.inputs, isText) {
		return false, fmt.Errorf("must be numbers, or a header that names %s, got %s", quoted.List(names), quoted.List(record))
	}
	switch numbers := isHeader && slices.ContainsFunc(header, isNumber); {
	case numbers:
		s.note("the first line is taken for the names of the columns, though some are numbers")
	case !isHeader && len(s.Inputs) > 0:
		s.note("there is no header: columns are taken in the order of the model")
	}
	switch {
	case s.Width == 0:
		s.inputs, err = s.layout.inputNames()
	case isHeader:
		s.inputs = s.Inputs
	}
	s.Width = len(s.layout.inputs)
	return isHeader, err
}

func (s *rowReader) note(text string) {
	if s.Note != nil {
		s.Note(text)
	}
}

// decode returns a text of the file as UTF-8.
func (s *rowReader) decode(text string) string {
	text, latin := decoded(text)
	if latin && !s.noted {
		s.noted = true
		s.note("text that is not UTF-8 is taken for Latin-1")
	}
	return text
}

// parse appends the row that a record is. What it has appended of one that is wrong
// is taken off again.
func (s *rowReader) parse(b *Batch, record []string, l *layout) (err error) {
	if len(record) != l.fields {
		wish := fmt.Sprintf("%d fields as on the first line", l.fields)
		if l.header == nil {
			wish = s.wish(s.Width, s.Outputs)
		}
		return fmt.Errorf("must have %s, got %d", wish, len(record))
	}
	was := *b
	defer func() {
		if err != nil {
			*b = was
		}
	}()
	for _, at := range l.inputs {
		x, err := number(record[at], s.Holes)
		if err != nil {
			return fmt.Errorf("column %s: %w", l.name(at), err)
		}
		b.Inputs = append(b.Inputs, x)
	}
	for _, at := range l.targets {
		if s.class == nil {
			x, err := number(record[at], false)
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
	return nil
}

// number reads a field. Pixels are short and whole, and worth a way of their own.
func number(field string, holes bool) (float64, error) {
	whole := 0
	for i := 0; i < len(field) && i < 9 && '0' <= field[i] && field[i] <= '9'; i++ {
		if whole = 10*whole + int(field[i]-'0'); i == len(field)-1 {
			return float64(whole), nil
		}
	}
	field = strings.TrimSpace(field)
	if x, err := strconv.ParseFloat(field, 64); err == nil && finite(x) {
		return x, nil
	}
	if holes && (field == "" || strings.EqualFold(field, "nan")) {
		return math.NaN(), nil
	}
	return 0, fmt.Errorf("must be a finite number, got %.40q", field)
}

// extension returns the extension of a file, without .gz.
func extension(path string) string {
	return strings.ToLower(filepath.Ext(strings.TrimSuffix(strings.ToLower(path), ".gz")))
}
