package use

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/terminal"
	"example.com/pcn/train/data"
	"example.com/pcn/train/trained"
)

// rowFormat is the value of --format: one of data.Formats, or none.
type rowFormat string

func (f *rowFormat) String() string { return string(*f) }
func (f *rowFormat) Type() string   { return "string" }

// Set reads the name of a format.
func (f *rowFormat) Set(text string) error {
	if !slices.Contains(data.Formats, text) {
		return fmt.Errorf("must be %s", strings.Join(data.Formats, " or "))
	}
	*f = rowFormat(text)
	return nil
}

// formatFlag adds the flag for the format of rows.
func formatFlag(flags *pflag.FlagSet, usage string) *rowFormat {
	f := new(rowFormat)
	flags.Var(f, "format", "`FORMAT` of "+usage+": csv or jsonl (default by the file's name or first byte)")
	return f
}

// rowsHelp says what rows look like.
const rowsHelp = `Rows are CSV, lines with commas, semicolons, tabs or bars between, or JSON (jsonl):
arrays, or objects with such an array as "input" or "x" or with a member
for each column. What train reads is read here, and to the same numbers. Inputs are
raw, as in the dataset (pixels 0..16 for digits, 0..255 for mnist): what scaled them
in training is in the model file. Rows are used as they come, a few hundred at once,
however many there are.

A first line of CSV is a header if none of its fields is a number, or if it has the
names that are looked for. Where the model learned from columns with names, these are
found by the header, in any order and whatever the case, and other columns are left
out; a header that lacks one is an error. Without a header inputs are in the order of
the model.

Where the model's inputs are images, a PNG or JPEG file is a row, too, and a folder of
such is rows in the order of their names. They are brought to the model's colour and
size; where it learned without --size the latter is said.`

// rowsPath returns the file that args name second, or - for the standard input.
func rowsPath(args []string) string {
	if len(args) < 2 {
		return "-"
	}
	return args[1]
}

// openRows returns the rows of a file, of images, or for - of the standard input, and says
// what is taken for granted of them.
func openRows(ctx context.Context, a *cli.App, path string, o data.RowOptions) (*data.Rows, error) {
	name := path
	if path == "-" {
		name = "standard input"
		if f, ok := a.Stdin.(*os.File); ok && terminal.IsTerminal(f) {
			a.Note("reading rows of inputs from the terminal, up to Ctrl-D: name a FILE to read one")
		}
	}
	o.Note = func(text string) { a.Note("%s: %s", name, text) }
	return data.OpenRows(ctx, path, a.Stdin, o)
}

// inputsOf returns inputs of t from a file as the network takes them.
func inputsOf(t *trained.Model, in *data.Rows, b *data.Batch) (*tensor.Dense, error) {
	inputs, err := t.Tensor(b.Inputs)
	if err != nil {
		return nil, fmt.Errorf("%s: after row %d: %w", in.Name(), b.First, err)
	}
	return inputs, nil
}

// allRows returns all raw inputs of t that a file has, and their names where the
// file has these: of its columns, some of which may be missing, or with units a number
// for each input.
func allRows(ctx context.Context, a *cli.App, path string, t *trained.Model, units bool) (rows [][]float64, names []string, err error) {
	o := t.RowOptions()
	if o.Holes = !units; units {
		o.Table, o.Inputs = nil, t.Columns
	}
	in, err := openRows(ctx, a, path, o)
	if err != nil {
		return nil, nil, err
	}
	defer in.Close()
	_, err = in.Each(ctx, func(b *data.Batch) error {
		for row := range slices.Chunk(slices.Clone(b.Inputs), len(b.Inputs)/b.N) {
			rows = append(rows, row)
		}
		return nil
	})
	if in.Named() {
		names = t.Columns
	}
	return rows, names, err
}
