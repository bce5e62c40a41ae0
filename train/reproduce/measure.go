package reproduce

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/sweep"
)

// Column is a figure of a run.
type Column struct {
	Name   string `json:"name"`
	Unit   string `json:"unit,omitempty"`
	Digits int    `json:"digits"` // behind the point
	// Published says that the published figures are of this, by their protocol.
	Published bool `json:"published"`
	// Reference names the next column, where that is the same figure of something else on the
	// same examples, to be drawn beside this one.
	Reference string `json:"reference,omitempty"`
}

// measure is what a table's runs are measured by.
type measure struct {
	columns []Column
	// of returns the figure of each column, NaN where there is none.
	of func(ctx context.Context, r sweep.Run, o sweep.Outcome) ([]float64, error)
}

// measures are made of their settings, by their names.
var measures = map[string]func(settings []string) (measure, error){
	"accuracy":  accuracyMeasure,
	"time":      timeMeasure,
	"recall":    recallMeasure,
	"both-ways": bothWaysMeasure,
	"tracking":  trackingMeasure,
}

// Measures returns the names of what a table's runs may be measured by: accuracy, of the
// last epoch, of the epoch with the lowest error on the validation part, and of the best
// epoch on the test part; time 97.5 98, until that accuracy on the validation part; recall, of
// what a memory has seen; both-ways, accuracy and what is generated; tracking, the error of
// the next target beside a Kalman filter's.
func Measures() []string {
	var names []string
	for name := range measures {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// newMeasure returns a measure by its name and settings.
func newMeasure(text string) (measure, error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		words = []string{"accuracy"}
	}
	make, ok := measures[words[0]]
	if !ok {
		return measure{}, fmt.Errorf("must be one of %s, got %q", strings.Join(Measures(), ", "), text)
	}
	return make(words[1:])
}

func accuracyMeasure(settings []string) (measure, error) {
	if len(settings) > 0 {
		return measure{}, fmt.Errorf("accuracy: must have no settings, got %q", settings)
	}
	m := measure{columns: []Column{
		{Name: "last epoch", Unit: "%", Digits: 2},
		{Name: "validation, last epoch", Unit: "%", Digits: 2},
		{Name: "epoch by validation", Unit: "%", Digits: 2},
		{Name: "best test epoch", Unit: "%", Digits: 2, Published: true},
	}}
	m.of = func(_ context.Context, _ sweep.Run, o sweep.Outcome) ([]float64, error) {
		last, validation, selected, best := math.NaN(), math.NaN(), math.NaN(), math.NaN()
		lowest := math.Inf(1)
		for _, e := range o.Epochs {
			if e.Test == nil { // it ended there, for numbers that are none
				last, validation, selected, best = math.NaN(), math.NaN(), math.NaN(), math.NaN()
				break
			}
			last = 100 * e.Test.Accuracy
			best = fmax(best, last)
			if v := e.Validation; v != nil {
				validation = 100 * v.Accuracy
				if v.Loss < lowest {
					lowest, selected = v.Loss, last
				}
			}
		}
		return []float64{last, validation, selected, best}, nil
	}
	return m, nil
}

// fmax is the larger number, of one alone that.
func fmax(a, b float64) float64 {
	if math.IsNaN(a) {
		return b
	}
	return max(a, b)
}

// timeMeasure is of the seconds until the validation accuracies that are given in percent.
func timeMeasure(settings []string) (measure, error) {
	var m measure
	var goals []float64
	for _, text := range settings {
		goal, err := strconv.ParseFloat(text, 64)
		if err != nil || !(goal > 0 && goal <= 100) {
			return m, fmt.Errorf("time: must have accuracies in percent, got %q", text)
		}
		goals = append(goals, goal)
		m.columns = append(m.columns,
			Column{Name: "learning to " + text + " %", Unit: "s", Digits: 2},
			Column{Name: "run to " + text + " %", Unit: "s", Digits: 2},
			Column{Name: "test there", Unit: "%", Digits: 2})
	}
	if len(goals) == 0 {
		return m, fmt.Errorf("time: must have accuracies in percent, such as time 97.5 98, got none")
	}
	m.of = func(_ context.Context, _ sweep.Run, o sweep.Outcome) (all []float64, _ error) {
		for _, goal := range goals {
			learning, run, test := math.NaN(), math.NaN(), math.NaN()
			seconds := 0.0
			for _, e := range o.Epochs {
				seconds += e.Seconds
				if reached(e, goal) {
					learning, run, test = seconds, e.Elapsed, 100*e.Test.Accuracy
					break
				}
			}
			all = append(all, learning, run, test)
		}
		return all, nil
	}
	return m, nil
}

// reached reports whether an epoch ends with that accuracy in percent on the validation part.
func reached(e train.Epoch, goal float64) bool {
	return e.Validation != nil && e.Test != nil && 100*e.Validation.Accuracy >= goal-1e-9
}

// learned returns the network that has come of a run, and what it was to learn: the sets, and
// the examples of the training set.
func learned(r sweep.Run, o sweep.Outcome) (n *model.Network, sets train.Sets, seen train.Batch, err error) {
	if n, err = model.Load(o.Model, model.Config{}); err != nil {
		return n, sets, seen, err
	}
	if sets, err = r.Recipe.Data.Load(); err != nil {
		return n, sets, seen, err
	}
	seen, err = train.Examples(n, sets.Train)
	return n, sets, seen, err
}
