package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"

	"gorgonia.org/tensor"

	"example.com/pcn/model"
)

const (
	rowsAtOnce   = 256     // rows are used in batches of at most this many
	maxLineBytes = 4 << 20 // of a line of numbers
)

// rows reads lines of numbers.
type rows struct {
	name  string
	lines *bufio.Scanner
	line  int
	width int     // numbers of each line
	limit float64 // the largest number that the network can hold
	holes bool    // an empty field, or NaN, is read as NaN
}

func newRows(r io.Reader, name string, width int, d model.Dtype) *rows {
	s := &rows{name: name, lines: bufio.NewScanner(r), width: width, limit: math.MaxFloat64}
	if d == model.Float32 {
		s.limit = math.MaxFloat32
	}
	s.lines.Buffer(nil, maxLineBytes)
	return s
}

// next returns the numbers of the next line; a first line without a number is a
// header, and passed over like empty lines. It returns io.EOF at the end.
func (s *rows) next() ([]float64, error) {
	for s.lines.Scan() {
		s.line++
		text := strings.TrimSpace(strings.TrimPrefix(s.lines.Text(), "\ufeff"))
		if text == "" {
			continue
		}
		fields, err := csv.NewReader(strings.NewReader(text)).Read()
		if err != nil {
			var parse *csv.ParseError
			if errors.As(err, &parse) {
				err = parse.Err
			}
			return nil, fmt.Errorf("%s: line %d: %w", s.name, s.line, err)
		}
		if s.line == 1 && isHeader(fields) {
			continue
		}
		numbers, err := s.parse(fields)
		if err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", s.name, s.line, err)
		}
		return numbers, nil
	}
	err := s.lines.Err()
	if errors.Is(err, bufio.ErrTooLong) {
		err = fmt.Errorf("longer than %d bytes", maxLineBytes)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: line %d: %w", s.name, s.line+1, err)
	}
	return nil, io.EOF
}

func (s *rows) parse(fields []string) ([]float64, error) {
	if len(fields) != s.width {
		return nil, fmt.Errorf("want %d numbers, got %d", s.width, len(fields))
	}
	numbers := make([]float64, len(fields))
	for i, field := range fields {
		field = strings.TrimSpace(field)
		if s.holes && (field == "" || strings.EqualFold(field, "nan")) {
			numbers[i] = math.NaN()
			continue
		}
		x, err := strconv.ParseFloat(field, 64)
		if err != nil || math.IsNaN(x) || math.Abs(x) > s.limit {
			return nil, fmt.Errorf("column %d: want a finite number, got %.40q", i+1, field)
		}
		numbers[i] = x
	}
	return numbers, nil
}

// isHeader reports whether no field is a number, and some field is not empty.
func isHeader(fields []string) bool {
	if strings.TrimSpace(strings.Join(fields, "")) == "" {
		return false
	}
	for _, field := range fields {
		_, err := strconv.ParseFloat(strings.TrimSpace(field), 64)
		if err == nil || errors.Is(err, strconv.ErrRange) {
			return false
		}
	}
	return true
}

// batch reads up to rowsAtOnce lines and the error that ended them, if any.
func (s *rows) batch() (numbers []float64, n int, err error) {
	for n < rowsAtOnce {
		row, err := s.next()
		if err != nil {
			return numbers, n, err
		}
		numbers = append(numbers, row...)
		n++
	}
	return numbers, n, nil
}

// each calls use with batches of all rows, each as a (B, width) tensor of type
// d, until one fails or ctx is cancelled, and returns how many rows there were.
// Rows before a bad one are used.
func (s *rows) each(ctx context.Context, d model.Dtype, use func(*tensor.Dense) error) (int, error) {
	type batch struct {
		numbers []float64
		n       int
		err     error
	}
	batches := make(chan batch)
	go func() { // reading may wait for ever
		for err := error(nil); err == nil; {
			var b batch
			b.numbers, b.n, b.err = s.batch()
			err = b.err
			select {
			case batches <- b:
			case <-ctx.Done():
				return
			}
		}
	}()
	total := 0
	for {
		var b batch
		select {
		case b = <-batches:
		case <-ctx.Done():
			return total, context.Cause(ctx)
		}
		if b.n > 0 {
			if err := use(newTensor(d, b.numbers, b.n, s.width)); err != nil {
				return total, err
			}
		}
		total += b.n
		if b.err == io.EOF {
			return total, nil
		}
		if b.err != nil {
			return total, b.err
		}
	}
}

// all returns all rows.
func (s *rows) all(ctx context.Context) ([][]float64, error) {
	var all [][]float64
	_, err := s.each(ctx, model.Float64, func(t *tensor.Dense) error {
		all = append(all, model.Rows(t)...)
		return nil
	})
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("%s: no line of numbers", s.name)
	}
	return all, err
}

// newTensor returns an (n, width) tensor of type d.
func newTensor(d model.Dtype, numbers []float64, n, width int) *tensor.Dense {
	if d == model.Float64 {
		return tensor.New(tensor.WithShape(n, width), tensor.WithBacking(numbers))
	}
	short := make([]float32, len(numbers))
	for i, x := range numbers {
		short[i] = float32(x)
	}
	return tensor.New(tensor.WithShape(n, width), tensor.WithBacking(short))
}

// openRows returns the rows of the file that args name second, or of the
// standard input.
func (a *app) openRows(args []string, width int, d model.Dtype) (*rows, func() error, error) {
	if len(args) < 2 {
		return a.openFile("-", width, d)
	}
	return a.openFile(args[1], width, d)
}

// openFile returns the rows of a file, or for - of the standard input.
func (a *app) openFile(path string, width int, d model.Dtype) (*rows, func() error, error) {
	if path == "-" {
		return newRows(a.stdin, "standard input", width, d), func() error { return nil }, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	return newRows(f, path, width, d), f.Close, nil
}

// formatRow writes numbers as a line of CSV, with the digits that the type of
// the network holds.
func formatRow(numbers []float64, d model.Dtype) string {
	bits := 32
	if d == model.Float64 {
		bits = 64
	}
	fields := make([]string, len(numbers))
	for i, x := range numbers {
		fields[i] = strconv.FormatFloat(x, 'g', -1, bits)
	}
	return strings.Join(fields, ",")
}
