package learn

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/plural"
	"example.com/pcn/train"
	"example.com/pcn/train/data"
	"example.com/pcn/train/rule"
	"example.com/pcn/train/run"
)

// prepare loads the data of r, finds what is wrong before anything is learned,
// and opens a folder.
func prepare(r train.Recipe, open func() (*run.Folder, error)) (*run.Experiment, error) {
	began := time.Now()
	sets, err := cli.LoadSets(r)
	if err != nil {
		return nil, err
	}
	d, err := open()
	if err != nil {
		return nil, err
	}
	e := run.NewExperiment(d, r, sets)
	e.Began = began
	return e, nil
}

// describe prints what is about to be learned from what, and how.
func describe(a *cli.App, e *run.Experiment, w io.Writer, l *train.PCN) {
	fmt.Fprintf(w, "data     %s: %s to learn from, %d for validation, %d for the test\n",
		e.Recipe.Data.Dataset, plural.Of(e.Sets.Train.Len(), "example"), e.Sets.Validation.Len(), e.Sets.Test.Len())
	for _, remark := range e.Sets.Remarks() {
		fmt.Fprintf(w, "note     %s\n", remark)
	}
	if a := e.Sets.Train.Augmentation(); a != (data.Augmentation{}) {
		onto := ""
		if a.Shift > 0 {
			onto = fmt.Sprintf(", onto a background of %v", e.Sets.Train.Background())
		}
		fmt.Fprintf(w, "augment  %v%s\n", a, onto)
	}
	if from := e.Recipe.Learning.From; from != "" {
		fmt.Fprintf(w, "from     %s, whose columns, classes and scales are kept\n", from)
	}
	fmt.Fprintf(w, "network  %v\n", l.Network())
	if _, ok := e.Recipe.ForNetwork(e.Recipe.Model.Network); ok { // which the data would not make one expect
		fmt.Fprintf(w, "recipe   %s at rate %v, schedule %s", e.Recipe.Optimizer, e.Recipe.Learning.Rate, e.Recipe.Learning.Schedule)
		full, _ := e.Recipe.Model.Expanded() // a network was made of it
		for _, p := range full.Predictions {
			if p.Precision != 0 {
				fmt.Fprintf(w, ", precision of %s %v", p.Of, p.Precision)
			}
		}
		fmt.Fprintln(w)
	}
	if r := l.Rule().String(); r != rule.Default {
		fmt.Fprintf(w, "rule     %s\n", r)
	}
	if inf := l.Inference(); inf.Steps > 0 && (a.Verbose || !e.Recipe.SettlesByDefault()) {
		fmt.Fprintf(w, "settling %v\n", inf)
	}
	if text := e.Recipe.PatienceByFew(e.Sets); text != "" {
		a.Warn("%s: --validation holds out more", text)
	}
}

// learn lets do train by e with options that show how it goes.
func learn(a *cli.App, r *run.Run, lines io.Writer, do func(run.Options) (*train.History, error)) error {
	p := &progress{app: a, lines: lines, learner: r.Learner(), bar: a.Bar(), unguarded: r.Recipe.Inference.Unguarded}
	h, err := do(run.Options{Logger: slog.Default(), Event: p.event})
	p.bar.Clear()
	if h == nil {
		return err
	}
	if text := r.Record.Result.MoreSteps; text != "" {
		a.Warn("%s: --steps gives more, and some --method need fewer", text)
	}
	if text := h.Overfits(); text != "" && r.Recipe.Learning.Patience == 0 {
		a.Note("%s; --patience keeps the best, and more examples or a smaller network help", text)
	}
	return err
}

// interruption is the error of runs of which the last was interrupted: it says
// which models there are.
func interruption(results ...run.Result) error {
	var models []string
	for _, r := range results {
		if r.Model != "" {
			models = append(models, fmt.Sprintf("%s is the %s after epoch %d", r.Model, r.Learner, r.Epochs))
		}
	}
	if len(models) == 0 {
		return errors.New("interrupted before the first epoch was over: no model was written")
	}
	return fmt.Errorf("interrupted: %s", strings.Join(models, ", "))
}
