package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"gorgonia.org/tensor"

	"example.com/pcn/model"
)

const (
	// rowsAtOnce bounds a batch of rows.
	rowsAtOnce = 256
	// rowPatience is how long a row waits for others to be used with it, when no
	// more are there to read.
	rowPatience = 50 * time.Millisecond
)

// rows reads lines of numbers, as CSV or JSON. Its memory is bounded by the
// longest line and a few batches, however many lines there are.
type rows struct {
	name   string
	source io.Reader
	parser rowParser
}

func newRows(r io.Reader, name string, width int, d model.Dtype) *rows {
	s := &rows{name: name, source: r, parser: rowParser{width: width, limit: math.MaxFloat64}}
	if d == model.Float32 {
		s.parser.limit = math.MaxFloat32
	}
	switch strings.ToLower(filepath.Ext(name)) {
	case ".csv":
		s.parser.format = csvRows
	case ".json", ".jsonl", ".ndjson":
		s.parser.format = jsonRows
	}
	return s
}

// rowBatch is some rows that have been read, and the error that ended them.
type rowBatch struct {
	numbers []float64 // row by row: the inputs, then the targets
	n       int
	err     error
}

// each calls use with batches of all rows, each as a (B, width) tensor of type
// d, until one fails or ctx is cancelled, and returns how many rows there were.
// Rows before a bad one are used. A batch has as many rows as are there to read,
// up to rowsAtOnce: where lines come slowly, few.
func (s *rows) each(ctx context.Context, d model.Dtype, use func(*tensor.Dense) error) (int, error) {
	return s.batches(ctx, func(b rowBatch) error {
		return use(newTensor(d, b.numbers, b.n, s.parser.width))
	})
}

// eachPair is each for rows of inputs and targets, of which the parser says how
// many a row has: targets are (B, k), row by row, in the units of the rows, or
// (B, 1) where they are classes.
func (s *rows) eachPair(ctx context.Context, d model.Dtype, use func(inputs *tensor.Dense, targets []float64) error) (int, error) {
	width, k := s.parser.width, s.parser.targets
	return s.batches(ctx, func(b rowBatch) error {
		inputs := make([]float64, 0, b.n*width)
		targets := make([]float64, 0, b.n*k)
		for row := b.numbers; len(row) > 0; row = row[width+k:] {
			inputs = append(inputs, row[:width]...)
			targets = append(targets, row[width:width+k]...)
		}
		return use(newTensor(d, inputs, b.n, width), targets)
	})
}

// batches reads and parses in a goroutine of its own, ahead of use.
func (s *rows) batches(ctx context.Context, use func(rowBatch) error) (int, error) {
	reading, stop := context.WithCancel(ctx)
	defer stop()
	batches := make(chan rowBatch)
	go func() {
		text := newLines(reading, s.source)
		room := 0
		for err := error(nil); err == nil; {
			b := s.batch(text, room)
			err, room = b.err, len(b.numbers)
			select {
			case batches <- b:
			case <-reading.Done():
				return
			}
		}
	}()
	total := 0
	for {
		var b rowBatch
		select {
		case b = <-batches:
		case <-ctx.Done():
			return total, context.Cause(ctx)
		}
		if b.n > 0 {
			if err := use(b); err != nil {
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

// batch reads up to rowsAtOnce rows, fewer where reading pauses. It makes room for
// that many numbers at first.
func (s *rows) batch(text *lines, room int) rowBatch {
	b := rowBatch{numbers: make([]float64, 0, room)}
	var late <-chan time.Time
	for b.n < rowsAtOnce {
		line, err := text.next(late)
		if err == errPause {
			break
		}
		if err == io.EOF || err != nil && text.ctx.Err() != nil {
			b.err = err
			break
		}
		was := len(b.numbers)
		if err == nil {
			b.numbers, err = s.parser.parse(b.numbers, line)
		}
		if err != nil {
			b.numbers = b.numbers[:was]
			b.err = fmt.Errorf("%s: line %d: %w", s.name, text.number, err)
			break
		}
		if len(b.numbers) == was {
			continue // a header, or nothing
		}
		if b.n++; b.n == 1 {
			timer := time.NewTimer(rowPatience)
			defer timer.Stop()
			late = timer.C
		}
	}
	return b
}

// all returns all rows.
func (s *rows) all(ctx context.Context) ([][]float64, error) {
	var all [][]float64
	_, err := s.each(ctx, model.Float64, func(t *tensor.Dense) error {
		all = append(all, model.Rows(t)...)
		return nil
	})
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("%s: no line of numbers with commas between", s.name)
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

// rowsPath returns the file that args name second, or - for the standard input.
func rowsPath(args []string) string {
	if len(args) < 2 {
		return "-"
	}
	return args[1]
}

// openInputs returns the rows of inputs of t that a file has.
func (a *app) openInputs(path string, t *trained) (*rows, func() error, error) {
	n := t.network
	in, closeIn, err := a.openFile(path, n.Size(n.InputNode()), n.Config().Dtype)
	if err == nil {
		in.parser.inputs = t.columns
	}
	return in, closeIn, err
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

// formatFlag adds the flag for the format of rows.
func formatFlag(flags *pflag.FlagSet, usage string) *rowFormat {
	f := new(rowFormat)
	flags.Var(f, "format", "`FORMAT` of "+usage+": csv or jsonl (default by the file's name or first byte)")
	return f
}

// rowsHelp says what rows look like.
const rowsHelp = `A row is a line: numbers separated by commas (csv), or a JSON array of numbers or
an object with such an array as "input" or "x" (jsonl). Inputs are raw, as in the
dataset (pixels 0..16 for digits, 0..255 for mnist): what scaled them in training
is in the model file. Of CSV, a first line without a number is a header. Rows are used
as they come, a few hundred at once, however many there are.

Inputs are taken by place, or by name where the model learned from CSV whose inputs
have names that all differ: where a header has these names, in any order, the
columns that have others are left out, whatever they hold. A header with some of
the names alone is an error, and one with none of them is passed over. A JSON object
may have a member for each column in place of "input".`

// appendRow writes numbers as a line of CSV without its end, with the digits
// that the type of the network holds.
func appendRow(text []byte, numbers []float64, d model.Dtype) []byte {
	bits := 32
	if d == model.Float64 {
		bits = 64
	}
	for i, x := range numbers {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendFloat(text, x, 'g', -1, bits)
	}
	return text
}

// formatRow returns what appendRow writes.
func formatRow(numbers []float64, d model.Dtype) string {
	return string(appendRow(nil, numbers, d))
}
