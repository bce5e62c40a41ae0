package run

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"example.com/pcn/internal/plural"
	"example.com/pcn/train/report"
)

// learningText says what the curves of learning are.
const learningText = "An epoch is one pass over the examples. The energy, half the sum of the squared prediction errors, is what " +
	"settling makes small by moving latents, and learning by moving weights. Validation examples are not learned from. " +
	"The relaxed share is how much of the energy's fall to rest settling has made, the residual what was left of the gradient, " +
	"and the cosine how alike a node's update is to backpropagation's: 1 for the same direction."

// Page is the report of the run.
func (r *Past) Page(ctx context.Context) (*report.Page, error) {
	on, res := r.Record.Machine, r.Record.Result
	p := &report.Page{
		Title:   res.Learner + " on " + res.Dataset,
		Summary: fmt.Sprintf("%s, %s after %s", res.TestLine(), res.StatusText(), plural.Of(res.Epochs, "epoch")),
		Facts: []report.Fact{
			{Name: "run", Value: r.Dir},
			{Name: "network", Value: r.Record.Recipe.Model.String()},
			{Name: "settling", Value: r.Record.Recipe.Inference.String()},
			{Name: "learning", Value: fmt.Sprintf("%s at rate %g (%s), batches of %d, seed %d", r.Record.Recipe.Optimizer, r.Record.Recipe.Learning.Rate, r.Record.Recipe.Learning.Schedule, r.Record.Recipe.Learning.Batch, res.Seed)},
			{Name: "examples", Value: fmt.Sprintf("%d learned from, %d for validation, %d for the test", res.TrainExamples, r.Record.Recipe.Data.Validation, res.TestExamples)},
			{Name: "best epoch", Value: res.BestText()},
			{Name: "time", Value: fmt.Sprintf("%.3g s of learning, begun %s, resumed %s", float64(res.Seconds), r.Record.Started.Format("2006-01-02 15:04:05 MST"), plural.Of(r.Record.Resumed, "time"))},
			{Name: "machine", Value: fmt.Sprintf("%s, %s, %s, %s, kernel %s", on.CPU, plural.Of(on.Cores, "core"), on.System, on.Go, on.Kernel)},
			{Name: "pcnrun", Value: r.Record.Version},
		},
		Command: r.Record.Command,
	}
	if len(r.History.Epochs) == 0 {
		return p, nil
	}
	panels := append(report.Curves(r.classes(), report.Run{Name: strings.ToUpper(r.Record.Result.Learner), History: r.History}), report.Parts(r.History)...)
	text := strings.TrimSpace(learningText + " " + upper(r.History.Overfits()) + " " + upper(r.Record.Result.MoreSteps))
	p.Sections = append(p.Sections, report.Section{Title: "Learning", Text: text, Panels: panels})
	m, sets, err := r.load()
	if err != nil {
		return nil, err
	}
	if sets.Validation.Len() == 0 {
		p.Sections = append(p.Sections, report.Section{Title: "Examples", Text: "There is no validation part to take examples from."})
		return p, nil
	}
	l, err := m.Learner()
	if err != nil {
		return nil, err
	}
	sections, err := report.Examine(ctx, l, r.Record.Recipe.Inference, sets.Validation)
	p.Sections = append(p.Sections, sections...)
	return p, err
}

// upper makes a clause a sentence.
func upper(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// mostCurves is how many groups have curves: the best of more.
const mostCurves = 12

// ComparePage sets runs side by side, those that differ by their seeds alone as one, with what
// differs between them.
func ComparePage(runs []*Past) (*report.Page, error) {
	groups, err := Groups(runs)
	if err != nil {
		return nil, err
	}
	classes := runs[0].classes()
	for _, r := range runs {
		if r.classes() != classes {
			return nil, fmt.Errorf("%s has classes and %s has none, or the other way round: their scores cannot be compared", runs[0].Dir, r.Dir)
		}
	}
	keys := differing(groups)
	table := &report.Table{Head: []string{"run", "seeds", "settings", "validation", "test", "status", "epochs", "best epoch", "seconds"}}
	commands := &report.Table{Head: []string{"run", "command"}}
	for _, g := range groups {
		best := g.Runs[0].Record.Result.BestText()
		if len(g.Runs) > 1 {
			best = fmt.Sprintf("%.3g", g.mean(func(r *Past) float64 { return float64(r.Record.Result.BestEpoch) }))
		}
		table.Rows = append(table.Rows, []string{g.Name(), g.SeedsText(), inLine(g.of(keys)), g.ValidationText(), g.TestText(), g.StatusText(),
			fmt.Sprintf("%.3g", g.mean(func(r *Past) float64 { return float64(r.Record.Result.Epochs) })), best,
			fmt.Sprintf("%.3g", g.mean(func(r *Past) float64 { return float64(r.Record.Result.Seconds) }))})
		commands.Rows = append(commands.Rows, []string{g.Name(), g.Runs[0].Record.Command})
	}
	text := "A run is a row."
	if len(groups) < len(runs) {
		text = "Runs that differ by their seeds alone are one row: their mean and, behind ±, its standard error."
	}
	learning := report.Section{Title: "Learning"}
	shown := groups
	if len(groups) > mostCurves {
		shown = slices.SortedStableFunc(slices.Values(groups), func(a, b Group) int { return cmp.Compare(b.worth(), a.worth()) })[:mostCurves]
		learning.Text = fmt.Sprintf("The %d best on the validation part, of %d.", mostCurves, len(groups))
	}
	var curves []report.Run
	for _, g := range shown {
		curves = append(curves, report.Run{Name: filepath.Base(g.Name()), History: g.history()})
	}
	learning.Panels = report.Curves(classes, curves...)
	p := &report.Page{Title: plural.Of(len(runs), "run"), Sections: []report.Section{
		{Title: "Runs", Text: text + " Of the settings those are shown that differ.", Table: table}, learning,
		{Title: "Commands", Table: commands},
	}}
	if slices.Contains(keys, "data.dataset") {
		p.Summary = "The runs are of different datasets."
	} else {
		p.Summary = fmt.Sprintf("On %s.", runs[0].Record.Result.Dataset)
	}
	return p, nil
}
