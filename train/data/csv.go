package data

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	defaultMaxBytes = 1 << 30
	maxRecordBytes  = 4 << 20
)

// CSVOptions says how to read a CSV file. The zero value reads a regression on
// the last column.
type CSVOptions struct {
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
	s.Name, _, _ = strings.Cut(filepath.Base(path), ".")
	return s, nil
}

// ReadCSV reads a set from plain text, one example a line: the inputs, then the
// targets. A first line of which no field is a number is a header and is passed
// over. name is the name of the set, and of the file in errors.
//
// All lines must have the same number of fields, each a finite number. Errors
// name the line and, counted from 1, the column. Values are kept as bytes when
// all are whole numbers 0..255. The transforms are the identity.
//
// Classes is the largest label plus 1. A part of a larger set may lack the last
// class; set its Classes to the number of the whole. A file of images says
// nothing about their shape; set Width and Height.
func ReadCSV(r io.Reader, name string, opts CSVOptions) (*Set, error) {
	s, err := readCSV(r, opts)
	if err != nil {
		return nil, fmt.Errorf("data: %s: %w", name, err)
	}
	s.Name = name
	return s.WithTransforms(Transform{}, Transform{}), nil
}

func readCSV(r io.Reader, opts CSVOptions) (*Set, error) {
	targets, err := opts.targets()
	if err != nil {
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

	s := new(Set)
	fields := 0 // of each line
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
		if fields == 0 {
			fields = len(record)
			if fields <= targets {
				return nil, fmt.Errorf("line %d has %d fields, expected at least %d: inputs and %d of target", line, fields, targets+1, targets)
			}
			s.inputs.width = fields - targets
			if isHeader(record) {
				continue
			}
		}
		if len(record) != fields {
			return nil, fmt.Errorf("line %d has %d fields, expected %d as on the first line", line, len(record), fields)
		}
		if err := s.appendRecord(record, opts.Classes); err != nil {
			return nil, fmt.Errorf("line %d, %w", line, err)
		}
	}
	switch {
	case s.n == 0:
		return nil, errors.New("no line of numbers, expected at least one example")
	case opts.Classes && s.Classes < 2:
		return nil, errors.New("every label is 0, expected at least 2 classes")
	case !opts.Classes:
		s.targets.width = targets
	}
	return s, nil
}

// targets returns the number of columns that are not inputs.
func (o *CSVOptions) targets() (int, error) {
	switch {
	case o.Targets < 0:
		return 0, fmt.Errorf("option Targets is %d, expected >= 0", o.Targets)
	case o.MaxBytes < 0:
		return 0, fmt.Errorf("option MaxBytes is %d, expected >= 0", o.MaxBytes)
	case o.Classes && o.Targets != 0:
		return 0, fmt.Errorf("option Targets is %d, expected 0 since the last column is a class", o.Targets)
	}
	return max(o.Targets, 1), nil
}

// appendRecord adds an example; its error begins with the column.
func (s *Set) appendRecord(record []string, classes bool) error {
	for j, field := range record {
		x, err := strconv.ParseFloat(strings.TrimSpace(field), 64)
		if err != nil || !finite(x) {
			return fmt.Errorf("column %d: %.40q, expected a finite number", j+1, field)
		}
		switch {
		case j < s.inputs.width:
			s.inputs.append(x)
		case !classes:
			s.targets.append(x)
		default:
			if !(x >= 0 && x < maxClasses) || x != float64(int(x)) {
				return fmt.Errorf("column %d: label %.40q, expected a whole number 0..%d", j+1, field, maxClasses-1)
			}
			s.labels = append(s.labels, int(x))
			s.Classes = max(s.Classes, int(x)+1)
		}
	}
	s.n++
	return nil
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
