package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"example.com/pcn/train"
	"example.com/pcn/train/report"
)

// Comparison is a network beside the identical perceptron.
type Comparison struct {
	PCN    *Result `json:"pcn"`
	MLP    *Result `json:"mlp,omitempty"` // absent when interrupted before
	Figure string  `json:"figure,omitempty"`
	// Seeds are the comparisons by seed, where there are several; PCN and MLP are the first,
	// and Means of the test scores of all.
	Seeds []Comparison     `json:"seeds,omitempty"`
	Means map[string]Score `json:"means,omitempty"`
}

// Results are those that there are, of all seeds.
func (c Comparison) Results() (all []Result) {
	if len(c.Seeds) > 0 {
		for _, of := range c.Seeds {
			all = append(all, of.Results()...)
		}
		return all
	}
	for _, r := range []*Result{c.PCN, c.MLP} {
		if r != nil {
			all = append(all, *r)
		}
	}
	return all
}

// Write writes the comparison as people read it: a line for each run, and the means.
func (c Comparison) Write(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "learner\ttest\tseconds of learning\tstatus")
	for _, r := range c.Results() {
		fmt.Fprintf(t, "%s\t%s\t%.3g\t%s\n", strings.ToUpper(r.Learner), r.TestText(), r.Seconds, r.StatusText())
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, learner := range []string{PCN, MLP} {
		mean, ok := c.Means[learner]
		if !ok {
			continue
		}
		classes, score := c.PCN.TestAccuracy != nil, "MSE"
		if classes {
			score = "accuracy"
		}
		if _, err := fmt.Fprintf(w, "%s   %s %s, mean ± s.e. of %d seeds\n", strings.ToUpper(learner), score, mean.Text(classes), len(c.Seeds)); err != nil {
			return err
		}
	}
	return nil
}

// errInterrupted ends a comparison of which a run was interrupted.
var errInterrupted = errors.New("interrupted")

// Compare trains the network of e, and the identical perceptron by backpropagation, with so many
// seeds, each as a run with a folder of its own in that of e, such as pcn-s1, and reports on
// them. teach is to train a run, by [Run.Train]. Where one of them was interrupted there is no
// error, and the comparison lacks what follows.
func (e *Experiment) Compare(ctx context.Context, count int, teach func(*Run) error) (*Comparison, error) {
	l, err := e.Recipe.PCN()
	if err != nil {
		return nil, err
	}
	if _, err := e.Recipe.Baseline().PCN(); err != nil {
		return nil, err
	}
	if err := e.SaveRecipe(l.Network()); err != nil {
		return nil, err
	}
	all := &Comparison{}
	add := func(of Comparison) {
		if all.PCN == nil {
			all.PCN, all.MLP = of.PCN, of.MLP
		}
		if count > 1 {
			all.Seeds = append(all.Seeds, of)
		}
	}
	var runs []*Past
	for i := range count {
		seeded := e.Recipe
		if i > 0 {
			seeded.SetSeed(e.Recipe.Learning.Seed + uint64(i))
		}
		var both Comparison
		for _, side := range []struct {
			name   string
			recipe train.Recipe
			into   **Result
		}{{PCN, seeded, &both.PCN}, {MLP, seeded.Baseline(), &both.MLP}} {
			past, err := e.side(side.name, side.recipe, teach, side.into)
			if err != nil && !errors.Is(err, errInterrupted) {
				return nil, err
			}
			if err != nil {
				add(both)
				return all, nil
			}
			runs = append(runs, past)
		}
		add(both)
	}
	if count > 1 {
		all.Means = map[string]Score{}
		for i, name := range []string{PCN, MLP} {
			var scores []float64
			for j := i; j < len(runs); j += 2 {
				scores = append(scores, runs[j].Record.Result.score())
			}
			all.Means[name] = Mean(scores)
		}
	}
	all.Figure = e.Path(CompareFile)
	return all, e.picture(ctx, runs)
}

// side carries out one run of a comparison.
func (e *Experiment) side(name string, recipe train.Recipe, teach func(*Run) error, into **Result) (*Past, error) {
	f, err := OpenFolder(e.Path(sideName(name, recipe.Learning.Seed)))
	if err != nil {
		return nil, err
	}
	defer f.Release()
	if file := f.Holds(); file != "" {
		return nil, fmt.Errorf("%s: must hold no run, got %s", f.Dir, file)
	}
	of := NewExperiment(f, recipe, e.Sets)
	r := Begin(of)
	r.Record.Result.Learner = name
	err = teach(r)
	if r.Record.Result.Status != "" { // it has begun
		*into = &r.Record.Result
	}
	switch {
	case err != nil:
		return nil, err
	case !r.Record.Over():
		return nil, errInterrupted
	}
	return Open(f.Dir)
}

// score is the one on the test part.
func (r Result) score() float64 {
	switch {
	case r.TestAccuracy != nil:
		return float64(*r.TestAccuracy)
	case r.TestMSE != nil:
		return float64(*r.TestMSE)
	}
	return math.NaN()
}

// picture draws the runs of a comparison, and writes the page about them.
func (e *Experiment) picture(ctx context.Context, runs []*Past) error {
	page, err := ComparePage(runs)
	if err != nil {
		return err
	}
	var curves []report.Run
	for _, r := range runs {
		curves = append(curves, report.Run{Name: filepath.Base(r.Dir), History: r.History})
	}
	panels := report.Curves(e.Sets.Test.Classes > 0, curves...)
	panels[0].Title.Text = "Settled energy (PCN) and loss (MLP)"
	if e.Recipe.Data.Dataset == "sine" {
		var named []report.Named
		for _, r := range runs[:2] {
			m, err := r.Model()
			if err != nil {
				return err
			}
			l, err := m.Learner()
			if err != nil {
				return err
			}
			named = append(named, report.Named{Name: filepath.Base(r.Dir), Learner: l})
		}
		fit, err := report.Regression(ctx, e.Sets.Test, "sin x", math.Sin, named...)
		if err != nil {
			return err
		}
		panels = append(panels, fit)
	}
	page.Sections = append(page.Sections[:1:1], append([]report.Section{{Title: "Seed by seed", Panels: panels}}, page.Sections[1:]...)...)
	if err := report.WritePNG(e.Path(CompareFile), report.Render(panels...)); err != nil {
		return err
	}
	return page.Save(e.Path(ReportFile))
}
