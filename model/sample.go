package model

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/internal/dense"
)

// Sampling says how [Network.Sample] draws.
type Sampling struct {
	// Temperature T is the variance of noise at a unit of precision 1: see
	// [Recall]. 0 draws nothing at random.
	Temperature float64
	// Seed decides what is drawn.
	Seed uint64
	// Mix is above 0 where all free latents are to be sampled together, by Langevin
	// dynamics with noise of variance T: for so many steps behind those of the inference.
	Mix int
	// Window is then how many of the last steps the inputs are the mean of. Default 1, of
	// which the inputs have the variance that the network gives them.
	Window int
}

// Sample draws inputs (B, d) that fit targets (B, k). Where the inputs follow from the
// targets by one prediction of each node it samples along these: each hidden unit is
// drawn from a normal distribution around its prediction, of variance T/Π, and the inputs
// are what they then predict. Elsewhere, as in a discriminative chain, they begin at
// numbers drawn with variance T and settle as inf says. At T = 0 it generates as
// [Network.Generate] does. With [Sampling.Mix] it samples what the energy says of the inputs,
// exp(−E/T), in any network of which each free node has a prediction or a prior; the method
// of inf is to be one under which latents wander, and its rate small but where Gauss–Seidel is
// exact: see [Settling.Noise].
func (n *Network) Sample(ctx context.Context, targets *tensor.Dense, how Sampling, inf Inference) (*tensor.Dense, error) {
	if !(how.Temperature >= 0) || math.IsInf(how.Temperature, 0) {
		return nil, fmt.Errorf("model: sample: temperature: must be a number >= 0, got %v", how.Temperature)
	}
	c := n.Clamp(nil, targets)
	if how.Mix > 0 {
		return n.langevin(ctx, c, how, inf)
	}
	if how.Temperature == 0 {
		inputs, _, err := n.infer(ctx, c, n.InputNode(), inf)
		return inputs, err
	}
	clamps, rows, err := n.check(c)
	if err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(how.Seed, streamSample))
	draw := func(l int) *tensor.Dense {
		return filled(n.cfg.Dtype.Tensor(), func() float64 { return math.Sqrt(how.Temperature) * rng.NormFloat64() }, rows, n.sizes[l])
	}
	if n.PassFrom(n.target) != nil {
		c[n.wiring.Nodes[n.input].Name] = Clamp{Start: draw(n.input)}
		inputs, _, err := n.infer(ctx, c, n.input, inf)
		return inputs, err
	}
	noise := make([]*tensor.Dense, len(n.sizes))
	for _, l := range n.wiring.Order {
		if l != n.target && l != n.input {
			noise[l] = draw(l)
		}
	}
	s, err := n.settler(clamps, rows, Inference{Plain: true}, false)
	if err != nil {
		return nil, err
	}
	s.machine.Each(func(shard *graph.Shard) {
		for _, l := range s.open {
			if ctx.Err() != nil {
				return
			}
			if shard.Predict(s.by[l]); noise[l] != nil {
				n.disturb(shard.Latent(l), l, noise[l], shard.Lo)
			}
		}
	})
	if ctx.Err() != nil {
		return nil, fmt.Errorf("model: sample: %w", context.Cause(ctx))
	}
	return clone(s.machine.Latent(n.input)), nil
}

// langevin samples the inputs by Langevin dynamics.
func (n *Network) langevin(ctx context.Context, c Clamps, how Sampling, inf Inference) (*tensor.Dense, error) {
	for l, node := range n.wiring.Nodes {
		if l != n.target && node.Past == "" && !n.hasEnergy(l) {
			return nil, fmt.Errorf("model: sample: node %s: must have a prediction or a prior, for else it wanders without bound", node.Name)
		}
	}
	s, err := n.Begin(c, inf)
	if err != nil {
		return nil, err
	}
	window := max(how.Window, 1)
	var mean *tensor.Dense
	err = s.Wander(ctx, Langevin{how.Temperature, max(how.Mix-window, 0), window, how.Seed, streamSample}, func() (err error) {
		x := s.settler.machine.Latent(n.input)
		if i := n.wiring.First[n.input]; i >= 0 && !n.wiring.Predictions[i].Energy.Settles() { // it has no noise but its prediction's
			if x, err = n.inputPredictions(s.Result()); err != nil {
				return err
			}
		}
		if mean == nil {
			mean = tensor.New(tensor.Of(x.Dtype()), tensor.WithShape(x.Shape()...))
		}
		dense.AddScaled(mean, 1/float64(window), x)
		return nil
	})
	return mean, err
}

// disturb adds noise, from its row lo on, to latent v of node l, divided by the
// root of the node's precision.
func (n *Network) disturb(v *tensor.Dense, l int, noise *tensor.Dense, lo int) {
	d := n.sizes[l]
	for i := range v.Shape().TotalSize() {
		x := dense.At(noise, lo*d+i)
		if p := n.terms[n.wiring.First[l]].precision; p != nil {
			x /= math.Sqrt(dense.At(p, i%d))
		}
		dense.Set(v, i, dense.At(v, i)+x)
	}
}

// streamSample is the random stream of [Network.Sample].
const streamSample = 401
