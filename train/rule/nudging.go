package rule

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"strconv"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/enum"
	"example.com/pcn/model"
)

// Sign says to which side targets are nudged.
type Sign int

// Signs of a nudge. Positive is towards the targets and Negative away from them; ByBatch
// and ByEpoch are either, drawn at random once a batch and once an epoch. Centred settles a
// batch with both.
const (
	Positive Sign = iota
	Negative
	ByBatch
	ByEpoch
	Centred
)

var signs = []string{"positive", "negative", "batch", "epoch", "centred"}

// String returns the name.
func (s Sign) String() string { return enum.Name(s, signs) }

// Nudging is predictive coding with targets that lie a share β of the way from what the
// network predicts, μ, to what it should predict, y. Hard, the targets' node is fixed at
//
//	μ(0) + β (y − μ(0))
//
// with μ(0) of a pass from the inputs; Soft, it is free, and drawn by ½ β ‖v − y‖². Latents
// settle, and the weights move by
//
//	Δθ / β   or, centred,   (Δθ(β) − Δθ(−β)) / 2β
//
// with Δθ of [PC]. Positive, negative and a random sign are PN, NN and CN of Pinchetti and
// others (2025); two phases are the centred estimate of equilibrium propagation (Laborieux
// and others 2021).
//
// As β → 0, soft nudging comes to be backpropagation, and hard nudging backpropagation of S⁻¹ (y − μ)
// in place of y − μ, with S = I + Σ P Pᵀ in a linear network of precision 1, and P the
// products of the weights above each node. Of one phase the difference falls as β, centred
// as β². Hard, β = 1 is PC.
type Nudging struct {
	Beta float64 // the first |β|, above 0 and at most 1; default 0.2
	Ramp float64 // by which |β| grows each epoch, up to 1
	Sign Sign
	Soft bool
}

// String implements [Rule].
func (g *Nudging) String() string {
	return fmt.Sprintf("nudging beta=%v ramp=%v sign=%v soft=%v", g.Beta, g.Ramp, g.Sign, g.Soft)
}

// Set implements [Settable].
func (g *Nudging) Set(key, value string) (err error) {
	switch key {
	case "beta":
		return named(key, number(value, 1e-9, 1, &g.Beta))
	case "ramp":
		return named(key, number(value, 0, 1, &g.Ramp))
	case "sign":
		return named(key, enum.Parse(&g.Sign, signs, value))
	case "soft":
		if g.Soft, err = strconv.ParseBool(value); err != nil {
			return fmt.Errorf("soft: must be true or false, got %q", value)
		}
		return nil
	}
	return unknown(key, "beta", "ramp", "sign", "soft")
}

// Prepare implements [Rule].
func (g *Nudging) Prepare(c model.Config, inf model.Inference) (model.Inference, error) {
	most := g.Beta
	if g.Ramp > 0 {
		most = 1
	}
	if g.Sign != Positive {
		most = -most
	}
	if g.Soft {
		if err := c.NudgesSoftly(most, inf.Method); err != nil {
			return inf, err
		}
	} else if err := c.Nudges(most); err != nil {
		return inf, err
	}
	return inf.WithDefaults()
}

// Streams of random signs.
const (
	streamBatch = 301
	streamEpoch = 302
)

// betas returns the β of each phase of a lesson.
func (g *Nudging) betas(l *Lesson) []float64 {
	beta := min(1, g.Beta+g.Ramp*float64(l.Epoch))
	stream, at := streamBatch, l.Batch
	switch g.Sign {
	case Negative:
		return []float64{-beta}
	case Centred:
		return []float64{-beta, beta}
	case ByEpoch:
		stream, at = streamEpoch, l.Epoch
	case Positive:
		return []float64{beta}
	}
	if rand.New(rand.NewPCG(l.Seed, uint64(stream)<<32+uint64(at))).IntN(2) == 0 {
		beta = -beta
	}
	return []float64{beta}
}

// Learn implements [Rule].
func (g *Nudging) Learn(ctx context.Context, l *Lesson) (r *model.Result, err error) {
	n := l.Network
	var passed *tensor.Dense // what a pass predicts
	if !g.Soft {
		if passed, err = n.PredictGiven(ctx, l.Clamps, model.Inference{}); err != nil {
			return nil, err
		}
	}
	betas := g.betas(l)
	sum, scale := l.Update(1), 0.0 // of the phases
	for phase, beta := range betas {
		if g.Soft {
			r, err = g.soft(ctx, l, beta)
		} else {
			r, err = g.hard(ctx, l, passed, beta)
		}
		if err != nil || !r.Finite() {
			return r, err
		}
		if err := l.Hebbian(r, l.Update(0)); err != nil {
			return nil, err
		}
		share := 1 / (beta * float64(len(betas)))
		scale += share
		for i, d := range l.Update(0).Directions() {
			if phase == 0 {
				sum.Directions()[i].Zero()
			}
			dense.AddScaled(sum.Directions()[i], share, d)
		}
	}
	for i, p := range n.Named() { // decay is no part of a nudge
		if decay := n.Config().WeightDecay; p.Decays && decay != 0 {
			dense.AddScaled(sum.Directions()[i], decay*(scale-1), p.Value)
		}
	}
	return r, l.Move(sum)
}

// hard settles with the targets' node fixed.
func (g *Nudging) hard(ctx context.Context, l *Lesson, passed *tensor.Dense, beta float64) (*model.Result, error) {
	name := l.Network.Nodes()[l.Network.TargetNode()]
	y := l.Targets
	at := dense.Fill(tensor.New(tensor.Of(y.Dtype()), tensor.WithShape(y.Shape()...)), func(i int) float64 {
		mu := dense.At(passed, i)
		return mu + beta*(dense.At(y, i)-mu)
	})
	c := maps.Clone(l.Clamps)
	c[name] = model.Clamp{Values: at}
	return l.Network.Settle(ctx, c, l.Inference)
}

// soft settles with the targets' node drawn.
func (g *Nudging) soft(ctx context.Context, l *Lesson, beta float64) (*model.Result, error) {
	name := l.Network.Nodes()[l.Network.TargetNode()]
	c := maps.Clone(l.Clamps)
	delete(c, name)
	s, err := l.Begin(c)
	if err != nil {
		return nil, err
	}
	if err := s.Nudge(name, l.Targets, beta); err != nil {
		return nil, err
	}
	for range l.Inference.Steps {
		if err := s.Step(ctx); err != nil {
			return nil, err
		}
	}
	return s.Result(), nil
}
