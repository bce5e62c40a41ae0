package run

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"example.com/pcn/internal/plural"
	"example.com/pcn/train/report"
	"example.com/pcn/train/rule"
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
		Title:   "pcn on " + res.Dataset,
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
	panels := append(report.Curves(r.classes(), report.Run{Name: "PCN", History: r.History}), report.Parts(r.History)...)
	text := strings.TrimSpace(learningText + " " + upper(r.History.Overfits()))
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

// ComparePage sets runs side by side.
func ComparePage(runs []*Past) (*report.Page, error) {
	table := &report.Table{Head: []string{"run"}} // each a column
	for _, name := range []string{"validation", "test", "status", "epochs", "best epoch", "seconds", "dataset", "direction", "layers", "rule", "method", "steps", "optimizer", "rate", "batch", "seed"} {
		table.Rows = append(table.Rows, []string{name})
	}
	commands := &report.Table{Head: []string{"run", "command"}}
	var curves []report.Run
	datasets := map[string]bool{}
	for _, r := range runs {
		res := r.Record.Result
		table.Head = append(table.Head, r.Dir)
		for i, value := range []string{
			res.ValidationText(), res.TestText(), res.StatusText(), fmt.Sprint(res.Epochs), res.BestText(), fmt.Sprintf("%.3g", float64(res.Seconds)),
			res.Dataset, res.Direction, strings.Trim(strings.ReplaceAll(fmt.Sprint(res.Layers), " ", ","), "[]"), cmp.Or(res.Rule, rule.Default), res.Method, fmt.Sprint(r.Record.Recipe.Inference.Steps),
			r.Record.Recipe.Optimizer, fmt.Sprint(r.Record.Recipe.Learning.Rate), fmt.Sprint(r.Record.Recipe.Learning.Batch), fmt.Sprint(res.Seed),
		} {
			table.Rows[i] = append(table.Rows[i], value)
		}
		commands.Rows = append(commands.Rows, []string{r.Dir, r.Record.Command})
		curves = append(curves, report.Run{Name: filepath.Base(r.Dir), History: r.History})
		datasets[res.Dataset] = true
	}
	classes := runs[0].classes()
	for _, r := range runs {
		if r.classes() != classes {
			return nil, fmt.Errorf("%s has classes and %s has none, or the other way round: their scores cannot be compared", runs[0].Dir, r.Dir)
		}
	}
	p := &report.Page{Title: plural.Of(len(runs), "run"), Sections: []report.Section{
		{Title: "Runs", Table: table},
		{Title: "Learning", Panels: report.Curves(classes, curves...)},
		{Title: "Commands", Table: commands},
	}}
	if len(datasets) > 1 {
		p.Summary = "The runs are of different datasets."
	}
	return p, nil
}
