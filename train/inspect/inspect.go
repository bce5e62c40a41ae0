// Package inspect says what a model is and how its latents settle: nodes and weights, and for
// examples that it did not learn from the course of settling, the energy still to lose, the
// curvature where they end, and how near the Hebbian update is to backpropagation's.
package inspect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/gonum/floats"
	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/internal/atomicfile"
	"example.com/pcn/internal/jsonfloat"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/report"
	"example.com/pcn/train/trained"
)

// Files that [Inspection.Draw] writes.
const (
	dotFile      = "energy.dot"
	svgFile      = "energy.svg"
	settlingFile = "settling.png"
)

// Model inspects m: with sets, from which it takes at most that many examples that m did not
// learn from, or with nil without data, and so without what needs some.
func Model(ctx context.Context, m *trained.Model, sets *train.Sets, limit int) (*Inspection, error) {
	n := m.Network
	in := describe(m.Path, n)
	in.network, in.clamps = n, n.Clamp(zeros(n, n.InputNode()), zeros(n, n.TargetNode())) // to draw
	if sets == nil {
		in.leaveOut("settling, curvature and cosines", "the file does not say what it learned from: give --dataset")
		return in, nil
	}
	part, set, err := m.Held(*sets, limit)
	if err != nil {
		return nil, err
	}
	batch, err := train.Examples(n, set)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Path, err)
	}
	in.clamps = n.Clamp(batch.Inputs, batch.Targets)
	if err := in.settle(ctx, m.Recipe.Inference); err != nil {
		return nil, err
	}
	in.Settled.Dataset, in.Settled.Part = m.Recipe.Data.Dataset, part
	if !in.Result.Finite() {
		in.leaveOut("curvature and cosines", "the energy is not finite")
		return in, nil
	}
	if err := in.compare(batch); err != nil {
		return nil, err
	}
	straight, err := train.TargetAlignment(ctx, n, in.Result, batch, m.Recipe.Inference, alignmentRate)
	if err != nil {
		return nil, err
	}
	in.Settled.TargetAlignment = &straight
	return in, in.bend(ctx)
}

// alignmentRate is that of the step whose target alignment is told: small, so that it is the
// direction's.
const alignmentRate = 0.001

// spectrumExamples is the number of examples whose curvature is looked at.
const spectrumExamples = 8

func zeros(n *model.Network, node int) *tensor.Dense {
	return tensor.New(tensor.Of(n.Config().Dtype.Tensor()), tensor.WithShape(1, n.Size(node)))
}

// describe says what is to be said without data.
func describe(path string, n *model.Network) *Inspection {
	cfg := n.Config()
	in := &Inspection{Model: path, Network: cfg}
	spec := n.Spec()
	for l, name := range n.Nodes() {
		node := Node{Name: name, Size: n.Size(l), Shape: spec.Nodes[l].Shape, Role: "hidden"}
		switch l {
		case n.InputNode():
			node.Role = "inputs"
		case n.TargetNode():
			node.Role = "targets"
		}
		if n.Predicted(l) {
			p := n.Precision(l)
			low, high, mean := slices.Min(p), slices.Max(p), jsonfloat.Float(floats.Sum(p)/float64(len(p)))
			if low != high {
				node.Precisions = &Extent{jsonfloat.Float(low), jsonfloat.Float(high)}
			} else {
				mean = jsonfloat.Float(low)
			}
			node.Precision = &mean
		}
		in.Nodes = append(in.Nodes, node)
	}
	for i, p := range spec.Predictions {
		for j, e := range p.Edges {
			info := Prediction{
				Of: p.Of, From: strings.Join(e.From, "+"), Map: fmt.Sprint(e.Map), Feature: e.Feature.String(), After: p.After.String(), Scale: jsonfloat.Float(e.Scale),
				By: model.Between(p, e), prediction: i,
			}
			if w := n.EdgeWeights(i, j); w != nil {
				frobenius, spectral := n.WeightNorms(i, j)
				info.Shape, info.Frobenius, info.Spectral = w.Shape(), (*jsonfloat.Float)(&frobenius), (*jsonfloat.Float)(&spectral)
			}
			in.Predictions = append(in.Predictions, info)
		}
	}
	for _, p := range n.Parameters() {
		in.Weights += p.Shape().TotalSize()
	}
	return in
}

// settle settles the clamped batch and enters how it went.
func (in *Inspection) settle(ctx context.Context, inf model.Inference) error {
	n, c := in.network, in.clamps
	inf.Estimate = true
	inf, err := inf.WithDefaults()
	if err != nil {
		return err
	}
	r, err := n.Settle(ctx, c, inf)
	if err != nil {
		return err
	}
	in.Result = r
	if in.panels, err = report.Settle(ctx, n, c, inf); err != nil {
		return err
	}
	rows := float64(len(r.ExampleEnergy))
	s := &Settled{
		Examples: len(r.ExampleEnergy), Inference: inf, Status: r.Status.String(), Settled: train.NewSettled(r),
		Start: r.Began / rows, Left: r.ToLose / rows,
	}
	reached := r.Reached()
	s.Reached = &reached
	if r.EndResidual != nil { // of stale errors it is not known
		s.Residual, s.NodeResidual = floats.Norm(r.EndResidual, 2), r.EndResidual
	}
	in.Settled = s
	for l, x := range s.NodeResidual {
		if c[in.Nodes[l].Name].Values == nil {
			in.Nodes[l].Residual = (*jsonfloat.Float)(&x)
		}
		if n.Predicted(l) {
			in.Nodes[l].Energy = (*jsonfloat.Float)(&s.NodeEnergy[l])
		}
	}
	if linear(n) {
		e, err := n.Equilibrium(c)
		if err != nil {
			return err
		}
		at := e.Energy / rows
		s.Equilibrium = &at
	}
	return nil
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
func (in *Inspection) compare(batch train.Batch) error {
	cosines, err := train.Cosines(in.network, in.Result, batch)
	if errors.Is(err, model.ErrNotFeedforward) {
		in.leaveOut("cosines", strings.TrimPrefix(err.Error(), "train: backprop: "))
		return nil
	}
	for i := range in.Predictions {
		if p := &in.Predictions[i]; p.prediction < len(cosines) {
			p.Cosine = (*jsonfloat.Float)(&cosines[p.prediction])
		}
	}
	return err
}

// bend enters the curvature of the first examples, in float64.
func (in *Inspection) bend(ctx context.Context) error {
	n, c, r := in.network, in.clamps, in.Result
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
	k := Curvature{Examples: len(spectra), Free: h.Size(0), Exact: true, LowLeast: jsonfloat.Float(math.Inf(1)), RateBound: jsonfloat.Float(exact.MaxRate(of))}
	for _, s := range spectra {
		share := 1 / float64(len(spectra))
		k.LowMean += jsonfloat.Float(share * s.Low)
		k.HighMean += jsonfloat.Float(share * s.High)
		k.ConditionMean += jsonfloat.Float(share * s.Condition())
		k.LowLeast, k.HighLargest = min(k.LowLeast, jsonfloat.Float(s.Low)), max(k.HighLargest, jsonfloat.Float(s.High))
		k.ConditionWorst = max(k.ConditionWorst, jsonfloat.Float(s.Condition()))
		k.Exact = k.Exact && s.Exact
	}
	k.RateMeasured = 1 / k.HighLargest
	in.Curvature = &k
	return nil
}

// Draw writes to a folder the energy as a graph and, with data, the course of settling.
func (in *Inspection) Draw(dir string) error {
	e, err := in.network.Energy(in.clamps)
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
	if in.Result == nil {
		return nil
	}
	in.Figure = filepath.Join(dir, settlingFile)
	return report.WritePNG(in.Figure, report.Render(in.panels...))
}
