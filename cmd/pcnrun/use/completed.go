package use

import (
	"bufio"
	"fmt"
	"io"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/atomicfile"
	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/plural"
	"example.com/pcn/train/puzzle"
)

// completion is what --json prints of completed inputs.
type completion struct {
	Dataset     string      `json:"dataset,omitempty"`
	Model       string      `json:"model"`
	Training    bool        `json:"training,omitempty"` // the examples are those that it learned from
	Input       string      `json:"input,omitempty"`
	Mask        string      `json:"mask,omitempty"`
	Denoise     cli.Number  `json:"denoise,omitempty"`
	Examples    int         `json:"examples"`
	Method      string      `json:"method"`
	Temperature *cli.Number `json:"temperature,omitempty"` // of the classes
	puzzle.Score
	Classes   []any  `json:"classes,omitempty"` // of --input's lines: the name, or the number
	Completed string `json:"completed,omitempty"`
	Figure    string `json:"figure,omitempty"`
}

// text says the same in lines.
func (r *completion) text() string {
	out := ""
	line := func(format string, args ...any) { out += fmt.Sprintf(format, args...) + "\n" }
	what := "hidden units"
	if r.Denoise > 0 {
		what = "noise taken off"
	}
	of := plural.Of(r.Examples, "example")
	if r.Training {
		of = plural.Of(r.Examples, "training example")
	}
	switch r.Input {
	case "":
		of += " of " + r.Dataset
	case "-":
		of += " of the standard input"
	default:
		of += " of " + r.Input
	}
	switch {
	case r.MSE == nil:
		line("%s filled in on %s", what, of)
	case r.MSERatio == nil:
		line("%s  MSE %.4g on %s", what, *r.MSE, of)
	default:
		line("%s  MSE %.4g, %.3g of the mean training input's, on %s; the nearest training example's %.3g", what, *r.MSE, *r.MSERatio, of, *r.NearestRatio)
	}
	if r.MSENoisy != nil {
		line("with noise  MSE %.4g", *r.MSENoisy)
	}
	if r.Accuracy != nil {
		line("accuracy %.2f %% by what is left, accuracy %.2f %% with all; the nearest training example's class %.2f %%", 100**r.Accuracy, 100**r.AccuracyAll, 100**r.NearestAccuracy)
	}
	if r.Figure != "" {
		line("wrote %s", r.Figure)
	}
	if r.Completed != "" && r.Completed != "-" {
		line("wrote %s", r.Completed)
	}
	return out
}

// writeRows writes what rows fill in of p as CSV, and what was given as it was, below
// a header where columns have names, to a file, or for - to the standard output.
func writeRows(a *cli.App, path string, p *puzzle.Puzzle, names []string, rows [][]float64, dt tensor.Dtype) error {
	write := func(w io.Writer) error {
		out := bufio.NewWriter(w)
		for i, name := range names {
			if i > 0 {
				out.WriteByte(',')
			}
			out.WriteString(cli.CSVField(name))
		}
		if names != nil {
			out.WriteByte('\n')
		}
		var line []byte
		for i, row := range rows {
			line = line[:0]
			for j := range row {
				if j > 0 {
					line = append(line, ',')
				}
				if p.Given(i, j) {
					line = appendRow(line, p.Raw[i][j:j+1], tensor.Float64)
				} else {
					line = appendRow(line, row[j:j+1], dt)
				}
			}
			out.Write(append(line, '\n'))
		}
		return out.Flush()
	}
	if path == "-" {
		return write(a.Stdout)
	}
	return atomicfile.Write(path, write)
}
