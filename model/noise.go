package model

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"example.com/pcn/graph"
	"example.com/pcn/internal/dense"
)

// Noise has the free latents wander from the next Step on, by Langevin dynamics: they come
// to be samples of exp(−E / variance), for which noise is added to the gradient,
//
//	g ← g + √(2 variance (1 − m) / γ) ξ,  ξ from N(0, 1)
//
// with γ the rate of the node, and m what momentum keeps of a velocity, 0 along the gradient
// (Oliviers, Bogacz and Meulemans 2024). The rate has to be small: where the energy curves
// by λ the variance is too large by the share γ λ / 2(1 + m). The method has to be gradient,
// momentum or error-coordinates; under the last it is the errors that wander, by the
// gradient that they have, which samples the same: what takes errors to latents changes no
// volume. Methods that divide by the curvature H would need noise of covariance H⁻¹, with
// which a pass of Gauss–Seidel would be Gibbs sampling, and of that no root is kept. An
// example's noise depends on its place in the batch, on seed and on stream.
func (s *Settling) Noise(variance float64, seed, stream uint64) error {
	if err := s.inf.Method.Wanders(); err != nil {
		return fmt.Errorf("model: noise: %w", err)
	}
	if !(variance >= 0) || math.IsInf(variance, 0) {
		return fmt.Errorf("model: noise: variance: must be a number >= 0, got %v", variance)
	}
	s.settler.noise = noise{variance: variance}
	for i := range s.settler.machine.Shards() {
		s.settler.noise.streams = append(s.settler.noise.streams, rand.New(rand.NewPCG(seed, stream<<16+uint64(i))))
	}
	return nil
}

// Wanders returns why latents cannot have noise under the method, nil where they can: see
// [Settling.Noise].
func (m Method) Wanders() error {
	if m != Gradient && m != Momentum && m != ErrorCoordinates {
		return errors.New("inference.method: must be gradient, momentum or error-coordinates, under which it is known how noise spreads, got " + m.String())
	}
	return nil
}

// noise makes latents wander.
type noise struct {
	variance float64
	streams  []*rand.Rand // by shard; nil for no noise
}

// shake adds the noise to what some nodes are moved along.
func (st *descent) shake(shard *graph.Shard, nodes []int) {
	if st.noise.streams == nil {
		return
	}
	rng, keep := st.noise.streams[shard.Index], 0.0
	if m, ok := st.mover.(*HeavyBall); ok {
		keep = m.Keep
	}
	for _, l := range nodes {
		g := shard.Gradient(l)
		if st.moves.Form == graph.ErrorSteps {
			g = shard.Step(l)
		}
		deviation := math.Sqrt(2 * st.noise.variance * (1 - keep) / st.rates[l])
		first := shard.Lo * g.Shape()[1]
		for i := range g.DataSize() {
			x := deviation * rng.NormFloat64()
			if st.partly[l] == nil || dense.At(st.masks[l], first+i) != 0 {
				dense.Set(g, i, dense.At(g, i)+x)
			}
		}
	}
}

// Langevin says how the latents of a batch are sampled: see [Settling.Wander].
type Langevin struct {
	// Variance is that of the noise: the latents come to be samples of exp(−E / Variance).
	Variance float64
	// Mix is how many steps with noise come before the first sample.
	Mix int
	// Samples is how many steps come then, each of which makes a sample.
	Samples int
	// Seed and Stream decide the noise.
	Seed, Stream uint64
}

// Wander has the latents settle without noise for the steps of the inference, mix, and then
// calls each at every sample. It ends at the first error.
func (s *Settling) Wander(ctx context.Context, how Langevin, each func() error) error {
	steps := func(n int) (err error) {
		for ; n > 0 && err == nil; n-- {
			err = s.Step(ctx)
		}
		return err
	}
	if err := steps(s.inf.Steps); err != nil {
		return err
	}
	if err := s.Noise(how.Variance, how.Seed, how.Stream); err != nil {
		return err
	}
	if err := steps(how.Mix); err != nil {
		return err
	}
	for range how.Samples {
		if err := steps(1); err != nil {
			return err
		}
		if err := each(); err != nil {
			return err
		}
	}
	return nil
}
