package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"gonum.org/v1/gonum/floats"
	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/internal/atomicfile"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/data"
	"example.com/pcn/train/report"
)

// Files that inspect writes.
const (
	dotFile      = "energy.dot"
	svgFile      = "energy.svg"
	settlingFile = "settling.png"
)

// spectrumExamples is the number of examples whose curvature is looked at.
const spectrumExamples = 8

func (a *app) inspectCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "inspect MODEL",
		Short: "Show what a model is, and how its latents settle",
		Long: `Show a model's nodes and weights and, for examples of the dataset that it learned
from, how its latents settle with both ends clamped: the energy and what is left
of the gradient by node where they end, as a share of the largest before a step,
the energy still to lose, the curvature (the extreme eigenvalues of the energy's
Hessian by the free latents, of the first 8 examples) with the inference rate that
it allows, and for each prediction the cosine of the Hebbian update and backprop's
direction. The examples are of the validation part or, where there is none, of the
test part.

The folder given by --out gets energy.dot and energy.svg, the energy as a graph,
and settling.png, the course of energy and gradient by node.

` + modelHelp + `
Without --dataset, what needs data is left out for such a file.`,
		Example: `  pcnrun inspect runs/digits/model.safetensors
  pcnrun inspect runs/digits/model.safetensors --method gauss-seidel --steps 5 --json`,
		Args: wantArgs(1, 1),
	}
	f := addForeignFlags(c.Flags())
	dataDirFlag(c.Flags())
	pixelsFlag(c.Flags(), "the recipe's")
	addInferenceFlags(c.Flags())
	limit := c.Flags().Int("limit", 64, "most examples, `N`, to settle")
	out := c.Flags().String("out", "", "`DIR` for what is written (default beside MODEL)")
	json := jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if *limit < 1 {
			return usagef("--limit: must be a whole number >= 1, got %d", *limit)
		}
		if *out == "" {
			*out = filepath.Dir(args[0])
		}
		return a.inspect(c.Context(), f, args[0], *limit, *out, *json)
	}
	return c
}

// alignmentRate is that of the step whose target alignment is told: small, so that it is the
// direction's.
const alignmentRate = 0.001

func (a *app) inspect(ctx context.Context, f *modelFlags, path string, limit int, out string, json bool) error {
	t, err := f.open(path, false)
	if err != nil {
		return err
	}
	n := t.network
	in := describeNetwork(path, n)
	clamps := n.Clamp(zeros(n, n.InputNode()), zeros(n, n.TargetNode())) // to draw
	var settled *model.Result
	if t.recipe.Data.Dataset == "" {
		in.leaveOut("settling, curvature and cosines", "the file does not say what it learned from: give --dataset")
	} else {
		part, set, err := t.examples(limit, a.warn)
		if err != nil {
			return err
		}
		batch, err := train.Examples(n, set)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		clamps = n.Clamp(batch.Inputs, batch.Targets)
		if settled, err = in.settle(ctx, t, clamps); err != nil {
			return err
		}
		in.Settled.Dataset, in.Settled.Part = t.recipe.Data.Dataset, part
		if !settled.Finite() {
			in.leaveOut("curvature and cosines", "the energy is not finite")
		} else {
			if err := in.compare(n, settled, batch); err != nil {
				return err
			}
			straight, err := train.TargetAlignment(ctx, n, settled, batch, t.recipe.Inference, alignmentRate)
			if err != nil {
				return err
			}
			in.Settled.TargetAlignment = &straight
			if err := in.bend(ctx, n, clamps, settled); err != nil {
				return err
			}
		}
	}
	if err := makeFolder(out); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	if err := in.draw(n, clamps, settled, out); err != nil {
		return err
	}
	if json {
		return printJSON(a.stdout, in)
	}
	return in.print(a.stdout, n)
}

func zeros(n *model.Network, node int) *tensor.Dense {
	return tensor.New(tensor.Of(n.Config().Dtype.Tensor()), tensor.WithShape(1, n.Size(node)))
}

// describeNetwork says what is to be said without data.
func describeNetwork(path string, n *model.Network) *inspection {
	cfg := n.Config()
	in := &inspection{Model: path, Network: cfg}
	spec := n.Spec()
	for l, name := range n.Nodes() {
		node := nodeInfo{Name: name, Size: n.Size(l), Shape: spec.Nodes[l].Shape, Role: "hidden"}
		switch l {
		case n.InputNode():
			node.Role = "inputs"
		case n.TargetNode():
			node.Role = "targets"
		}
		if n.Predicted(l) {
			p := n.Precision(l)
			low, high, mean := slices.Min(p), slices.Max(p), number(floats.Sum(p)/float64(len(p)))
			if low != high {
				node.Precisions = &extent{number(low), number(high)}
			} else {
				mean = number(low)
			}
			node.Precision = &mean
		}
		in.Nodes = append(in.Nodes, node)
	}
	for i, p := range spec.Predictions {
		for j, e := range p.Edges {
			info := predictionInfo{
				Of: p.Of, From: strings.Join(e.From, "+"), Map: fmt.Sprint(e.Map), Feature: e.Feature.String(), After: p.After.String(), Scale: number(e.Scale),
				by: model.Between(p, e), prediction: i,
			}
			if w := n.EdgeWeights(i, j); w != nil {
				frobenius, spectral := n.WeightNorms(i, j)
				info.Shape, info.Frobenius, info.Spectral = w.Shape(), (*number)(&frobenius), (*number)(&spectral)
			}
			in.Predictions = append(in.Predictions, info)
		}
	}
	for _, p := range n.Parameters() {
		in.Weights += p.Shape().TotalSize()
	}
	return in
}

// examples returns the first examples that the network did not learn from, and
// which part of the dataset they are of.
func (t *trained) examples(limit int, warn func(string, ...any)) (part string, set *data.Set, err error) {
	sets, err := t.load(warn)
	if err != nil {
		return "", nil, err
	}
	part, set = "validation", sets.Validation
	if set.Len() == 0 {
		part, set = "test", sets.Test
	}
	set = set.Limit(limit)
	if err := train.Fits(t.network, set); err != nil {
		return "", nil, fmt.Errorf("%s: %w", t.path, err)
	}
	return part, set, nil
}

// settle settles the clamped batch and enters how it went.
func (in *inspection) settle(ctx context.Context, t *trained, c model.Clamps) (*model.Result, error) {
	n, inf := t.network, t.recipe.Inference
	inf.Trace, inf.Estimate = true, true
	inf, err := inf.WithDefaults()
	if err != nil {
		return nil, usageError{err}
	}
	r, err := n.Settle(ctx, c, inf)
	if err != nil {
		return nil, err
	}
	logSettled(r)
	rows := float64(len(r.ExampleEnergy))
	s := &settledInfo{
		Examples: len(r.ExampleEnergy), Inference: inf, Status: r.Status.String(), Settled: train.NewSettled(r),
		Start: r.Began / rows, Left: r.ToLose / rows, Reached: r.Reached(),
	}
	if r.EndResidual != nil { // of stale errors it is not known
		s.Residual, s.NodeResidual = floats.Norm(r.EndResidual, 2), r.EndResidual
	}
	in.Settled = s
	for l, x := range s.NodeResidual {
		if c[in.Nodes[l].Name].Values == nil {
			in.Nodes[l].Residual = (*number)(&x)
		}
		if n.Predicted(l) {
			in.Nodes[l].Energy = (*number)(&s.NodeEnergy[l])
		}
	}
	if linear(n) {
		e, err := n.Equilibrium(c)
		if err != nil {
			return nil, err
		}
		at := e.Energy / rows
		s.Equilibrium = &at
	}
	return r, nil
}

// linear reports whether the network has an equilibrium in closed form: all
// features are linear, and all energies Gaussian.
func linear(n *model.Network) bool {
	for _, p := range n.Spec().Predictions {
		nonlinear := func(e graph.Edge) bool { return !e.Feature.Linear() }
		if slices.ContainsFunc(p.Edges, nonlinear) || !p.After.Linear() || p.Energy != graph.Gaussian {
			return false
		}
	}
	return len(n.Spec().Own) == 0
}

// compare enters the cosines.
func (in *inspection) compare(n *model.Network, r *model.Result, batch train.Batch) error {
	cosines, err := train.Cosines(n, r, batch)
	if errors.Is(err, model.ErrNotFeedforward) {
		in.leaveOut("cosines", strings.TrimPrefix(err.Error(), "train: backprop: "))
		return nil
	}
	for i := range in.Predictions {
		if p := &in.Predictions[i]; p.prediction < len(cosines) {
			p.Cosine = (*number)(&cosines[p.prediction])
		}
	}
	return err
}

// bend enters the curvature of the first examples, in float64.
func (in *inspection) bend(ctx context.Context, n *model.Network, c model.Clamps, r *model.Result) error {
	exact, err := n.As(model.Float64)
	if err != nil {
		return err
	}
	few := func(t *tensor.Dense) *tensor.Dense {
		rows := model.Rows(t)
		rows = rows[:min(len(rows), spectrumExamples)]
		return tensor.New(tensor.WithShape(len(rows), t.Shape()[1]), tensor.WithBacking(slices.Concat(rows...)))
	}
	of := exact.Clamp(few(c[in.Nodes[n.InputNode()].Name].Values), few(c[in.Nodes[n.TargetNode()].Name].Values))
	var latents []*tensor.Dense
	for _, v := range r.Latents {
		latents = append(latents, few(v))
	}
	h, err := exact.Hessian(of, latents)
	if err != nil {
		return err
	}
	if h.Size(0) == 0 {
		in.leaveOut("curvature", "no node is free")
		return nil
	}
	spectra, err := h.Spectra(ctx)
	if err != nil {
		return err
	}
	k := curvature{Examples: len(spectra), Free: h.Size(0), Exact: true, LowLeast: number(math.Inf(1)), RateBound: number(exact.MaxRate(of))}
	for _, s := range spectra {
		share := 1 / float64(len(spectra))
		k.LowMean += number(share * s.Low)
		k.HighMean += number(share * s.High)
		k.ConditionMean += number(share * s.Condition())
		k.LowLeast, k.HighLargest = min(k.LowLeast, number(s.Low)), max(k.HighLargest, number(s.High))
		k.ConditionWorst = max(k.ConditionWorst, number(s.Condition()))
		k.Exact = k.Exact && s.Exact
	}
	k.RateMeasured = 1 / k.HighLargest
	in.Curvature = &k
	return nil
}

// draw writes the files.
func (in *inspection) draw(n *model.Network, c model.Clamps, r *model.Result, dir string) error {
	e, err := n.Energy(c)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name  string
		write func(io.Writer) error
	}{{dotFile, e.WriteDOT}, {svgFile, e.WriteSVG}} {
		path := filepath.Join(dir, f.name)
		if err := atomicfile.Write(path, f.write); err != nil {
			return err
		}
		in.Graph = append(in.Graph, path)
	}
	if r == nil {
		return nil
	}
	in.Figure = filepath.Join(dir, settlingFile)
	return report.WritePNG(in.Figure, report.Render(report.Settling(r)...))
}
