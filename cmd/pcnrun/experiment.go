package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"strconv"
	"strings"
	"time"

	"example.com/pcn/internal/atomicfile"
	"example.com/pcn/internal/gemm"
	"example.com/pcn/internal/plural"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/data"
	"example.com/pcn/train/rule"
)

// Names of the learners.
const (
	pcnName = "pcn"
	mlpName = "mlp"
)

// experiment is a recipe with its data and a folder for what comes of it.
type experiment struct {
	recipe   train.Recipe
	sets     train.Sets
	data     train.Fingerprints // of sets
	workers  int                // cores to use, all if 0
	untested bool               // the test part is not for this run
	began    time.Time          // when its data was to be loaded
	// epochTests has the test part scored after each epoch, for a table of figures that are
	// of the best such score.
	epochTests bool
	*folder
}

// prepare loads the data of r, finds what is wrong before anything is learned,
// and opens a folder.
func prepare(r train.Recipe, open func() (*folder, error)) (*experiment, error) {
	began := time.Now()
	sets, err := r.Data.Load()
	if err != nil {
		return nil, err
	}
	logSets(r.Data, sets)
	if err := fits(r, sets); err != nil {
		return nil, usageError{err}
	}
	d, err := open()
	if err != nil {
		return nil, err
	}
	return &experiment{recipe: r, sets: sets, data: sets.Fingerprints(), began: began, folder: d}, nil
}

// fits checks that a network has the sizes that the data has at its ends, and fits in
// memory.
func fits(r train.Recipe, sets train.Sets) error {
	inputs, targets := sets.Train.InputSize(), sets.Train.TargetSize()
	input, target := r.Model.Ends()
	if input == inputs && target == targets {
		if err := train.FitsImages(r.Model, sets.Train); err != nil {
			return err
		}
		return r.CheckMemory(sets.Train.Len())
	}
	what := "targets"
	if sets.Train.Classes > 0 {
		what = "classes"
	}
	if !r.Model.Chain() {
		return fmt.Errorf("input and target: must have %d and %d units for the %d inputs and %d %s of %s, got %d and %d", inputs, targets, inputs, targets, what, sets.Train.Name, input, target)
	}
	return fmt.Errorf("layers: must be %d,...,%d for the %d inputs and %d %s of %s, got %s",
		inputs, targets, inputs, targets, what, sets.Train.Name, commas(r.Model.Layers))
}

// few is a number of examples of which chance decides more than a point of accuracy.
const few = 100

// describe prints what is about to be learned from what, and how.
func (a *app) describe(e *experiment, w io.Writer, l *train.PCN) {
	fmt.Fprintf(w, "data     %s: %s to learn from, %d for validation, %d for the test\n",
		e.recipe.Data.Dataset, plural.Of(e.sets.Train.Len(), "example"), e.sets.Validation.Len(), e.sets.Test.Len())
	for _, remark := range e.sets.Remarks() {
		fmt.Fprintf(w, "note     %s\n", remark)
	}
	if a := e.sets.Train.Augmentation(); a != (data.Augmentation{}) {
		onto := ""
		if a.Shift > 0 {
			onto = fmt.Sprintf(", onto a background of %v", e.sets.Train.Background())
		}
		fmt.Fprintf(w, "augment  %v%s\n", a, onto)
	}
	fmt.Fprintf(w, "network  %v\n", l.Network())
	if r := l.Rule().String(); r != rule.Default {
		fmt.Fprintf(w, "rule     %s\n", r)
	}
	if inf := l.Inference(); inf.Steps > 0 {
		fmt.Fprintf(w, "settling %s\n", settlingText(inf))
	}
	a.ranks.describe(w, e.recipe.Learning.Batch)
	fmt.Fprintf(w, "kernel   %s on %s\n", gemm.Kernel(), plural.Of(runtime.GOMAXPROCS(0), "core"))
	if count := e.sets.Validation.Len(); e.recipe.Learning.Patience > 0 && count < few {
		a.warn("--patience goes by a validation part of %s, few to tell a better model by: --validation holds out more", plural.Of(count, "example"))
	}
}

// settlingText says how latents settle, and where steps and rate are those that come
// with the method.
func settlingText(inf model.Inference) string {
	own := ""
	if of, err := (model.Inference{Method: inf.Method}).WithDefaults(); err == nil && of.Steps == inf.Steps && of.Rate == inf.Rate {
		own = ", the method's own"
	}
	return fmt.Sprintf("%s, %s at rate %g%s", inf.Method, atMost(inf.Steps), inf.Rate, own)
}

// recipeText returns the settings used, as n has filled them in.
func (e *experiment) recipeText(n *model.Network) ([]byte, error) {
	r := e.recipe
	r.Model = n.Config()
	return r.YAML()
}

// saveRecipe writes the settings used to a file in the folder.
func (e *experiment) saveRecipe(n *model.Network) error {
	text, err := e.recipeText(n)
	if err != nil {
		return err
	}
	return atomicfile.Write(e.path(recipeFile), func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// learn teaches l, writes the model to path after each epoch, and scores it on
// the test part at the end, unless e is untested. What k keeps, which may be nil,
// is kept besides. An interrupted run ends after a batch and has a result and an
// error.
func (a *app) learn(ctx context.Context, e *experiment, name string, l *train.PCN, path string, lines io.Writer, k *keeper) (result, *train.History, error) {
	n := l.Network()
	res := newResult(e, name, l)
	if err := describeModel(n, e); err != nil {
		return res, nil, err
	}
	p := &progress{app: a, lines: lines, learner: name, settles: l.Inference().Steps > 0, unguarded: e.recipe.Inference.Unguarded}
	opts := train.Options{Exchange: a.ranks.exchange(), Logger: slog.Default(), Began: e.began, Event: func(ev train.Event) error {
		p.event(ev)
		stopping, err := a.ranks.stopping(ctx) // once: what is kept then is what resuming finds
		if err != nil {
			return err
		}
		if ev.Done != nil {
			if err := n.Save(path); err != nil {
				return err
			}
			res.Model = path
		}
		if k != nil {
			if err := k.event(ev, stopping); err != nil {
				return err
			}
		}
		if stopping {
			return context.Cause(ctx)
		}
		return nil
	}}
	if k != nil {
		opts.From = k.from
	}
	if e.epochTests {
		opts.Test = e.sets.Test
	}
	h, err := train.Fit(context.WithoutCancel(ctx), l, e.recipe.Learning, e.sets.Train, e.sets.Validation, opts)
	p.clear()
	res.setHistory(h, e.sets.Train.Classes > 0, e.recipe.Learning)
	a.warnFarFromRest(h, l.Inference().Steps == 0 || e.recipe.SettlesByDefault())
	if err == nil && (res.Model == "" || h.Best != len(h.Epochs) && e.recipe.Learning.Patience > 0) {
		err = n.Save(path) // the best is back, or nothing was left to learn
		res.Model = path
	}
	if err == nil && !e.untested {
		var score train.Score
		if score, err = train.Evaluate(ctx, l, e.sets.Test); err == nil {
			res.setTest(score, e.sets.Test)
		}
	}
	if err != nil && ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		res.Status = interrupted
	}
	return res, h, err
}

// interruption is the error of runs of which the last was interrupted: it says
// which models there are.
func interruption(results ...result) error {
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

// commas writes sizes as --layers takes them.
func commas(sizes []int) string {
	text := make([]string, len(sizes))
	for i, size := range sizes {
		text[i] = strconv.Itoa(size)
	}
	return strings.Join(text, ",")
}
