package model

import (
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
// by λ the variance is too large by the share γ λ / 2(1 + m). The method has to be gradient
// or momentum. An example's noise depends on its place in the batch, on seed and on stream.
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
	if m != Gradient && m != Momentum {
		return errors.New("inference.method: must be gradient or momentum, under which it is known how noise spreads, got " + m.String())
	}
	return nil
}

// noise makes latents wander.
type noise struct {
	variance float64
	streams  []*rand.Rand // by shard; nil for no noise
}

// shake adds the noise to the gradients of some nodes.
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
