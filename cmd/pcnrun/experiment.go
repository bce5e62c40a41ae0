package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"example.com/pcn/internal/atomicfile"
	"example.com/pcn/internal/gemm"
	"example.com/pcn/model"
	"example.com/pcn/train"
)

// Names of the learners.
const (
	pcnName = "pcn"
	mlpName = "mlp"
)

// Files in the folder of an experiment.
const (
	modelFile  = "model.safetensors"
	recipeFile = "recipe.yaml"
	curvesFile = "curves.png"
)

// experiment is a recipe with its data and a folder for what comes of it.
type experiment struct {
	recipe train.Recipe
	sets   train.Sets
	dir    string
}

// prepare loads the data of r and finds what is wrong before anything is
// learned.
func prepare(r train.Recipe, dir string) (*experiment, error) {
	sets, err := r.Data.Load()
	if err != nil {
		return nil, err
	}
	if err := fits(r.Model.Layers, sets); err != nil {
		return nil, usageError{err}
	}
	return &experiment{recipe: r, sets: sets, dir: dir}, makeFolder(dir)
}

// fits checks the sizes of the ends of a network.
func fits(layers []int, sets train.Sets) error {
	inputs, targets := sets.Train.InputSize(), sets.Train.TargetSize()
	if layers[0] == inputs && layers[len(layers)-1] == targets {
		return nil
	}
	what := "targets"
	if sets.Train.Classes > 0 {
		what = "classes"
	}
	return fmt.Errorf("layers %s do not fit %s: give --layers %d,...,%d for its %d inputs and %d %s",
		commas(layers), sets.Train.Name, inputs, targets, inputs, targets, what)
}

// makeFolder makes a folder and checks that files can be written to it.
func makeFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	f, err := os.CreateTemp(dir, ".pcnrun.*")
	if err != nil {
		return fmt.Errorf("--out: cannot write to the folder: %w", err)
	}
	f.Close()
	return os.Remove(f.Name())
}

// path returns the path of a file in the folder.
func (e *experiment) path(file string) string { return filepath.Join(e.dir, file) }

// describe prints what is about to be learned from what.
func (e *experiment) describe(w io.Writer, n *model.Network) {
	fmt.Fprintf(w, "data     %s: %d examples to learn from, %d for validation, %d for the test\n",
		e.recipe.Data.Dataset, e.sets.Train.Len(), e.sets.Validation.Len(), e.sets.Test.Len())
	fmt.Fprintf(w, "network  %v\n", n)
	fmt.Fprintf(w, "kernel   %s on %d cores\n", gemm.Kernel(), runtime.GOMAXPROCS(0))
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
// the test part at the end. An interrupted run has a result and an error.
func (a *app) learn(ctx context.Context, e *experiment, name string, l train.Learner, path string, lines io.Writer) (result, *train.History, error) {
	n := l.Network()
	res := result{Learner: name, evaluation: newEvaluation(e.recipe, n, e.sets.Test), TrainExamples: e.sets.Train.Len()}
	if name == pcnName {
		res.Method = e.recipe.Inference.Method.String()
	}
	if err := describeModel(n, e); err != nil {
		return res, nil, err
	}
	fitting, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var unsaved error
	p := &progress{app: a, lines: lines, learner: name, unguarded: e.recipe.Inference.Unguarded}
	h, err := train.Fit(fitting, l, e.recipe.Learning, e.sets.Train, e.sets.Validation, train.Options{Event: func(ev train.Event) {
		p.event(ev)
		if ev.Done == nil || unsaved != nil {
			return
		}
		if unsaved = n.Save(path); unsaved != nil {
			stop(unsaved)
			return
		}
		res.Model = path
	}})
	p.clear()
	res.setHistory(h, e.sets.Validation)
	a.warnFarFromRest(h)
	if unsaved != nil {
		err = unsaved
	}
	var score train.Score
	if err == nil {
		score, err = train.Evaluate(ctx, l, e.sets.Test)
	}
	if err == nil {
		res.setTest(score, e.sets.Test)
	} else if ctx.Err() != nil {
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

// farFromRest is the share of the gradient that settling may leave before that
// is worth a warning, and farBehind the share of it that a node may have left,
// beside the node with the most, to be named with it.
const (
	farFromRest = 0.5
	farBehind   = 0.5
)

// warnFarFromRest says where latents were still moving when the weights learned
// from them.
func (a *app) warnFarFromRest(h *train.History) {
	if len(h.Epochs) == 0 {
		return
	}
	last := h.Epochs[len(h.Epochs)-1]
	if last.Steps < 2 || !(last.Residual > farFromRest) {
		return // a single step has nothing to be compared with
	}
	lose := ""
	if last.ToLose != nil {
		lose = fmt.Sprintf(", and about %s of the energy still to lose", percent(*last.ToLose))
	}
	a.warn("settling ended far from rest: %.0f %% of the gradient was left, most of it at %s%s; give more --steps or another --method",
		100*last.Residual, furthest(last.NodeResidual), lose)
}

// furthest names the nodes with the most of the gradient, the furthest first.
func furthest(residual []float64) string {
	var nodes []int
	for l, r := range residual {
		if r > 0 && r >= farBehind*slices.Max(residual) {
			nodes = append(nodes, l)
		}
	}
	slices.SortStableFunc(nodes, func(a, b int) int { return cmp.Compare(residual[b], residual[a]) })
	if len(nodes) == 1 {
		return fmt.Sprintf("node %d", nodes[0])
	}
	text := make([]string, len(nodes))
	for i, l := range nodes {
		text[i] = fmt.Sprintf("%d (%.0f %%)", l, 100*residual[l])
	}
	return "nodes " + strings.Join(text, ", ")
}
