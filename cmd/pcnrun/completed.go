package main

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/atomicfile"
	"example.com/pcn/internal/plural"
	"example.com/pcn/model"
	"example.com/pcn/train"
)

// completion is what --json prints of completed inputs. Errors are on the hidden
// units, or with --denoise on all, in units of the network's inputs.
type completion struct {
	Dataset     string  `json:"dataset,omitempty"`
	Model       string  `json:"model"`
	Training    bool    `json:"training,omitempty"` // the examples are those that it learned from
	Input       string  `json:"input,omitempty"`
	Mask        string  `json:"mask,omitempty"`
	Denoise     number  `json:"denoise,omitempty"`
	Examples    int     `json:"examples"`
	Method      string  `json:"method"`
	Temperature *number `json:"temperature,omitempty"` // of the classes
	MSE         *number `json:"mse,omitempty"`         // like the other errors, where the truth is known
	MSEMean     *number `json:"mse_mean,omitempty"`    // the mean training input's
	MSERatio    *number `json:"mse_ratio,omitempty"`   // the one as a share of the other
	MSENearest  *number `json:"mse_nearest,omitempty"` // the nearest training example's
	MSENoisy    *number `json:"mse_noisy,omitempty"`   // what was given's, with --denoise
	// NearestRatio is MSENearest as a share of MSEMean.
	NearestRatio    *number `json:"nearest_ratio,omitempty"`
	Accuracy        *number `json:"accuracy,omitempty"`         // of the class by what was left
	AccuracyAll     *number `json:"accuracy_all,omitempty"`     // with nothing hidden and no noise
	NearestAccuracy *number `json:"nearest_accuracy,omitempty"` // of the nearest training example's class
	Classes         []any   `json:"classes,omitempty"`          // of --input's lines: the name, or the number
	Completed       string  `json:"completed,omitempty"`
	Figure          string  `json:"figure,omitempty"`
}

// compare enters how near rows are to the truth, and how near the baselines are.
func (r *completion) compare(ctx context.Context, t *trained, sets train.Sets, p *puzzle, rows [][]float64, denoise bool, labels, classes []int) error {
	counts := func(i, j int) bool { return denoise || p.hidden.at(i, j) }
	mse, units := p.mse(func(i int) []float64 { return rows[i] }, counts)
	if units > 0 {
		r.MSE = pointer(mse)
	}
	if denoise {
		given := model.Rows(p.seen.Values)
		mse, _ := p.mse(func(i int) []float64 { return given[i] }, counts)
		r.MSENoisy = pointer(mse)
	}
	if labels != nil {
		r.Accuracy = pointer(train.Accuracy(classes, labels))
	}
	if sets.Train == nil || units == 0 && labels == nil {
		return nil
	}
	all, err := train.Examples(t.network, sets.Train)
	if err != nil {
		return err
	}
	examples := model.Rows(all.Inputs)
	nearest, err := train.Nearest(ctx, p.seen, all.Inputs)
	if err != nil {
		return err
	}
	if units > 0 {
		mean := columnMeans(examples)
		ofMean, _ := p.mse(func(int) []float64 { return mean }, counts)
		ofNearest, _ := p.mse(func(i int) []float64 { return examples[nearest[i]] }, counts)
		r.MSEMean, r.MSERatio = pointer(ofMean), pointer(mse/ofMean)
		r.MSENearest, r.NearestRatio = pointer(ofNearest), pointer(ofNearest/ofMean)
	}
	if labels != nil {
		theirs := sets.Train.Labels()
		guess := make([]int, len(labels))
		for i, e := range nearest {
			guess[i] = theirs[e]
		}
		r.NearestAccuracy = pointer(train.Accuracy(guess, labels))
	}
	return nil
}

func pointer(x float64) *number { return (*number)(&x) }

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
		line("%s by what is left, %s with all; the nearest training example's class %.2f %%", accuracyText(float64(*r.Accuracy)), accuracyText(float64(*r.AccuracyAll)), 100**r.NearestAccuracy)
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
func (a *app) writeRows(path string, p *puzzle, rows [][]float64, dt tensor.Dtype) error {
	write := func(w io.Writer) error {
		out := bufio.NewWriter(w)
		for i, name := range p.names {
			if i > 0 {
				out.WriteByte(',')
			}
			out.WriteString(csvField(name))
		}
		if p.names != nil {
			out.WriteByte('\n')
		}
		var line []byte
		for i, row := range rows {
			line = line[:0]
			for j := range row {
				if j > 0 {
					line = append(line, ',')
				}
				if p.given(i, j) {
					line = appendRow(line, p.raw[i][j:j+1], tensor.Float64)
				} else {
					line = appendRow(line, row[j:j+1], dt)
				}
			}
			out.Write(append(line, '\n'))
		}
		return out.Flush()
	}
	if path == "-" {
		return write(a.stdout)
	}
	return atomicfile.Write(path, write)
}
