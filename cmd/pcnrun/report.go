package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"example.com/pcn/internal/plural"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/report"
	"example.com/pcn/train/rule"
)

func (a *app) reportCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "report DIR...",
		Short: "Write a page about a run, or compare several",
		Long: `Write report.html in the folder of a run: one file with its curves, its confusion
matrix, images that are taken for another class, what a generative network generates
and completes, how it settles, the weights next to images, the feature maps of one as it
settles, the machine, and the command that gives it again.

Of several folders a page is written that compares their runs, in a table and in
curves. A folder among them that holds no run is left out.

Examples come from the validation part. The test part is not touched: its score is
the one that the run itself recorded.`,
		Example: `  pcnrun report runs/digits
  pcnrun report runs/digits runs/digits-2 --out compare.html`,
		Args: cobra.MinimumNArgs(1),
	}
	c.Flags().SortFlags = false
	out := c.Flags().String("out", "", "HTML `FILE` (default report.html in DIR; of several, compare.html)")
	json := jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		var runs []*pastRun
		for _, dir := range args {
			r, err := openRun(dir)
			if info, _ := os.Stat(dir); errors.Is(err, fs.ErrNotExist) && info != nil && info.IsDir() && len(args) > 1 {
				a.warn("%v: left out", err) // it may be a comparison's, or a sweep's
				continue
			}
			if err != nil {
				return err
			}
			runs = append(runs, r)
		}
		if len(runs) == 0 {
			return fmt.Errorf("none of %s holds a run", strings.Join(args, ", "))
		}
		path, page := cmp.Or(*out, "compare.html"), comparePage
		if len(runs) == 1 {
			path, page = cmp.Or(*out, filepath.Join(runs[0].dir, reportFile)), runPage
		}
		p, err := page(c.Context(), runs)
		if err != nil {
			return err
		}
		if err := p.Save(path); err != nil {
			return err
		}
		if *json {
			return printJSON(a.stdout, map[string]any{"report": path, "runs": listed(runs)})
		}
		_, err = fmt.Fprintf(a.stdout, "wrote %s\n", path)
		return err
	}
	return c
}

// pastRun is what the folder of a run says.
type pastRun struct {
	dir     string
	record  *record
	recipe  train.Recipe
	history *train.History
	network *model.Network // nil where there is no model yet
	sets    *train.Sets    // nil until they are wanted
}

// openRun reads the folder of a run.
func openRun(dir string) (*pastRun, error) {
	r := &pastRun{dir: dir}
	var err error
	if r.record, err = loadRecord(dir); err != nil {
		return nil, fmt.Errorf("%s holds no run: %w", dir, err)
	}
	r.recipe = r.record.Recipe
	known := r.record.Result.Epochs
	if r.record.Result.Status == running { // run.json is of its beginning
		known = 0
	}
	if r.history, err = loadMetrics(dir, known); err != nil {
		return nil, err
	}
	if res := &r.record.Result; res.Status == running { // run.json does not know how far it is
		res.setHistory(r.history, r.classes(), train.Learning{})
		if res.Status = running; !inUse(dir) {
			res.Status = stopped
		}
	}
	return r, nil
}

// classes reports whether the run learned classes.
func (r *pastRun) classes() bool { return !r.recipe.Data.Regression() }

// runPage is the report of one run.
func runPage(ctx context.Context, runs []*pastRun) (*report.Page, error) {
	r := runs[0]
	m, res := r.record.Machine, r.record.Result
	p := &report.Page{
		Title:   "pcn on " + res.Dataset,
		Summary: fmt.Sprintf("%s, %s after %s", res.testLine(), res.statusText(), plural.Of(res.Epochs, "epoch")),
		Facts: []report.Fact{
			{Name: "run", Value: r.dir},
			{Name: "network", Value: r.recipe.Model.String()},
			{Name: "settling", Value: settlingText(r.recipe.Inference)},
			{Name: "learning", Value: fmt.Sprintf("%s at rate %g (%s), batches of %d, seed %d", r.recipe.Optimizer, r.recipe.Learning.Rate, r.recipe.Learning.Schedule, r.recipe.Learning.Batch, res.Seed)},
			{Name: "examples", Value: fmt.Sprintf("%d learned from, %d for validation, %d for the test", res.TrainExamples, r.recipe.Data.Validation, res.TestExamples)},
			{Name: "best epoch", Value: best(res)},
			{Name: "time", Value: fmt.Sprintf("%.3g s of learning, begun %s, resumed %s", float64(res.Seconds), r.record.Started.Format("2006-01-02 15:04:05 MST"), plural.Of(r.record.Resumed, "time"))},
			{Name: "machine", Value: fmt.Sprintf("%s, %s, %s, %s, kernel %s", m.CPU, plural.Of(m.Cores, "core"), m.System, m.Go, m.Kernel)},
			{Name: "pcnrun", Value: r.record.Version},
		},
		Command: r.record.Command,
	}
	if len(r.history.Epochs) == 0 {
		return p, nil
	}
	panels := append(report.Curves(r.classes(), report.Run{Name: "PCN", History: r.history}), report.Parts(r.history)...)
	p.Sections = append(p.Sections, report.Section{Title: "Learning", Panels: panels})
	if err := r.load(); err != nil {
		return nil, err
	}
	if r.sets.Validation.Len() == 0 {
		p.Sections = append(p.Sections, report.Section{Title: "Examples", Text: "There is no validation part to take examples from."})
		return p, nil
	}
	l, err := train.NewPCN(r.network, nil, r.recipe.Inference, &train.SGD{})
	if err != nil {
		return nil, err
	}
	sections, err := report.Examine(ctx, l, r.recipe.Inference, r.sets.Validation)
	p.Sections = append(p.Sections, sections...)
	return p, err
}

// writeReport writes the report of the run to path.
func (r *pastRun) writeReport(ctx context.Context, path string) error {
	page, err := runPage(ctx, []*pastRun{r})
	if err != nil {
		return err
	}
	return page.Save(path)
}

// load reads the model and the data, where they are not there yet.
func (r *pastRun) load() error {
	if r.network == nil || r.sets == nil {
		t, err := reopen(filepath.Join(r.dir, modelFile), r.recipe)
		if err != nil {
			return err
		}
		sets, err := t.load(func(string, ...any) {}) // of the test part, which is not used
		if err != nil {
			return err
		}
		r.network, r.sets = t.network, &sets
	}
	return nil
}

// comparePage sets runs side by side.
func comparePage(_ context.Context, runs []*pastRun) (*report.Page, error) {
	table := &report.Table{Head: []string{"run"}} // each a column
	for _, name := range []string{"validation", "test", "status", "epochs", "best epoch", "seconds", "dataset", "direction", "layers", "rule", "method", "steps", "optimizer", "rate", "batch", "seed"} {
		table.Rows = append(table.Rows, []string{name})
	}
	commands := &report.Table{Head: []string{"run", "command"}}
	var curves []report.Run
	datasets := map[string]bool{}
	for _, r := range runs {
		res := r.record.Result
		table.Head = append(table.Head, r.dir)
		for i, value := range []string{
			res.validationText(), res.testText(), res.statusText(), fmt.Sprint(res.Epochs), best(res), fmt.Sprintf("%.3g", float64(res.Seconds)),
			res.Dataset, res.Direction, commas(res.Layers), cmp.Or(res.Rule, rule.Default), res.Method, fmt.Sprint(r.recipe.Inference.Steps),
			r.recipe.Optimizer, fmt.Sprint(r.recipe.Learning.Rate), fmt.Sprint(r.recipe.Learning.Batch), fmt.Sprint(res.Seed),
		} {
			table.Rows[i] = append(table.Rows[i], value)
		}
		commands.Rows = append(commands.Rows, []string{r.dir, r.record.Command})
		curves = append(curves, report.Run{Name: filepath.Base(r.dir), History: r.history})
		datasets[res.Dataset] = true
	}
	classes := runs[0].classes()
	for _, r := range runs {
		if r.classes() != classes {
			return nil, usagef("%s has classes and %s has none, or the other way round: their scores cannot be compared", runs[0].dir, r.dir)
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

// best names the best epoch.
func best(r result) string {
	if r.BestEpoch == 0 {
		return "none was scored"
	}
	return fmt.Sprint(r.BestEpoch)
}

// validationText is the score on the validation part.
func (r result) validationText() string {
	switch {
	case r.ValidationAccuracy != nil:
		return accuracyText(float64(*r.ValidationAccuracy))
	case r.ValidationMSE != nil:
		return mseText(float64(*r.ValidationMSE))
	}
	return "-"
}
