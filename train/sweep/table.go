package sweep

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"example.com/pcn/internal/jsonfloat"
	"example.com/pcn/internal/plural"
	"example.com/pcn/train"
	"example.com/pcn/train/run"
)

// Outcome is what came of a run: its score on the validation part, of which one
// is there, unless it has none.
type Outcome struct {
	Accuracy *float64 // 0..1, for classes
	MSE      *float64 // for a regression
	Diverged bool     // settling diverged in some batch
	// Epochs are the records of all epochs of a run that is Tested.
	Epochs []train.Epoch
	Model  string // the file of the model
	Err    error  // why there is nothing of this
}

// String says it in a line.
func (o Outcome) String() string {
	if o.Err != nil {
		return o.Err.Error()
	}
	text := run.Completed
	if o.Diverged {
		text = run.Diverged
	}
	if o.Accuracy != nil || o.MSE != nil {
		text = "validation " + (run.Evaluation{TestAccuracy: (*run.Number)(o.Accuracy), TestMSE: (*run.Number)(o.MSE)}).TestText() + ", " + text
	}
	if n := len(o.Epochs); n > 0 && o.Epochs[n-1].Test != nil {
		var tested run.Evaluation
		tested.SetTest(*o.Epochs[n-1].Test)
		text = fmt.Sprintf("test %s after %s, %s", tested.TestText(), plural.Of(n, "epoch"), text)
	}
	return text
}

// Row is a point with its scores.
type Row struct {
	Point      int       `json:"point"`
	Values     []string  `json:"values"` // one for each of Table.Keys
	Validation run.Score `json:"validation"`
	Diverged   int       `json:"diverged"` // runs in which settling diverged
}

// Winner is the best point, and what it is worth.
type Winner struct {
	Point int `json:"point"`
	// Test is the score on the test part, which no other point is scored on.
	Test     run.Score `json:"test"`
	Examples int       `json:"examples"`
}

// Table has the points of a sweep, the best first. Points without a score, because
// the energy of a run was no longer a number, come last.
type Table struct {
	Score  string   `json:"score"` // accuracy or mse
	Keys   []string `json:"keys"`
	Seeds  []uint64 `json:"seeds"`
	Rows   []Row    `json:"rows"`
	Winner *Winner  `json:"winner"` // null where no point has a score
}

// The names of scores.
const (
	accuracy = "accuracy"
	mse      = "mse"
)

// NewTable returns the table of a plan's runs, in their order. Its Winner has no
// test score yet.
func NewTable(p *Plan, outcomes []Outcome) *Table {
	if p == nil {
		p = &Plan{}
	}
	t := &Table{Score: accuracy, Keys: p.Keys, Seeds: p.Seeds}
	for _, o := range outcomes {
		if o.MSE != nil {
			t.Score = mse
		}
	}
	for i, point := range p.Points {
		row := Row{Point: point.Number, Values: point.Values}
		var scores []float64
		for j := range p.Seeds {
			var o Outcome // of a run that has none
			if at := i*len(p.Seeds) + j; at < len(outcomes) {
				o = outcomes[at]
			}
			if o.Diverged {
				row.Diverged++
			}
			switch {
			case t.Score == mse && o.MSE != nil:
				scores = append(scores, *o.MSE)
			case t.Score == accuracy && o.Accuracy != nil:
				scores = append(scores, *o.Accuracy)
			default:
				scores = append(scores, math.NaN())
			}
		}
		row.Validation = run.Mean(scores)
		t.Rows = append(t.Rows, row)
	}
	rank := func(r Row) float64 {
		switch mean := r.Validation.Mean; {
		case mean == nil:
			return math.Inf(1)
		case t.Score == accuracy:
			return -float64(*mean)
		default:
			return float64(*mean)
		}
	}
	slices.SortStableFunc(t.Rows, func(a, b Row) int { return cmp.Compare(rank(a), rank(b)) })
	if len(t.Rows) > 0 && t.Rows[0].Validation.Mean != nil {
		t.Winner = &Winner{Point: t.Rows[0].Point}
	}
	return t
}

// Text returns a score of the table as people read it.
func (t *Table) Text(s run.Score) string { return s.Text(t.Score == accuracy) }

// ScoreName says what the scores are.
func (t *Table) ScoreName() string {
	if t.Score == mse {
		return "MSE"
	}
	return "accuracy"
}

// Write writes the table as people read it.
func (t *Table) Write(w io.Writer) error {
	tab := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintf(tab, "point\t%s\tvalidation %s\truns\tdiverged\n", strings.Join(t.Keys, "\t"), t.ScoreName())
	for _, r := range t.Rows {
		fmt.Fprintf(tab, "%d\t%s\t%s\t%d\t%d\n", r.Point, strings.Join(r.Values, "\t"), t.Text(r.Validation), len(t.Seeds), r.Diverged)
	}
	return tab.Flush()
}

// WriteCSV writes the table as CSV; the winner alone has a test score.
func (t *Table) WriteCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	c.Write(slices.Concat([]string{"point"}, t.Keys, []string{
		"runs", "diverged", "validation_" + t.Score, "validation_standard_error", "test_" + t.Score, "test_standard_error",
	}))
	for _, r := range t.Rows {
		var test run.Score
		if t.Winner != nil && t.Winner.Point == r.Point {
			test = t.Winner.Test
		}
		c.Write(slices.Concat([]string{strconv.Itoa(r.Point)}, r.Values, []string{
			strconv.Itoa(len(t.Seeds)), strconv.Itoa(r.Diverged),
			number(r.Validation.Mean), number(r.Validation.StandardError), number(test.Mean), number(test.StandardError),
		}))
	}
	c.Flush()
	return c.Error()
}

// number writes a number in full, nothing for none.
func number(x *jsonfloat.Float) string {
	if x == nil {
		return ""
	}
	return strconv.FormatFloat(float64(*x), 'g', -1, 64)
}
