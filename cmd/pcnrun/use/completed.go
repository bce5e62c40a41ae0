package use

import (
	"fmt"

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
