package model

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"example.com/pcn/graph"
	"example.com/pcn/internal/dense"
)

// Noise has the free latents wander from the next Step on, by Langevin dynamics: they come
// to be samples of exp(−E / variance), for which noise is added to the gradient,
//
//	g ← g + √(2 variance (1 − m) / γ) ξ          along the gradient
//	g ← g + √(variance (2 − γ) / γ) L ξ          by blocks of H = L Lᵀ
//
// with ξ from N(0, 1), γ the rate of the node, and m what momentum keeps of a velocity, 0
// along the gradient (Oliviers, Bogacz and Meulemans 2024).
//
// Along the gradient the rate has to be small: where the energy curves by λ the variance is
// too large by the share γ λ / 2(1 + m). Under error-coordinates it is the errors that wander,
// by the gradient that they have, which samples the same: what takes errors to latents changes
// no volume.
//
// By blocks a node moves v ← v − γ H⁻¹ g with noise of covariance variance γ (2 − γ) H⁻¹. Where
// H is the energy's curvature by the node, as in a linear network that is Gaussian, with no
// node in one prediction twice, the node so draws its latents from their distribution given
// the others: under gauss-seidel, symmetric-gauss-seidel and red-black the samples are exact at
// any rate below 2, with rate 1 Gibbs sampling, and with others Adler's over-relaxation (1981).
// Where H is but a bound, as where features are not linear, the rate has to be small, and the
// variance is too small by at most γ / 2 of itself. Under preconditioned, which moves all nodes
// at once, the rate has to be small in any network. H is of the parameters as they are,
// whatever [Inference.Lag] says; of a node of which it differs from example to example, as
// below feature.Outer, there is no noise.
//
// The method has to be one of these. An example's noise depends on its place in the batch, on
// seed and on stream. What [Settling.Latent] and its like have returned before is no longer live.
func (s *Settling) Noise(variance float64, seed, stream uint64) error {
	if err := s.inf.wanders(); err != nil {
		return fmt.Errorf("model: noise: %w", err)
	}
	if !(variance >= 0) || math.IsInf(variance, 0) {
		return fmt.Errorf("model: noise: variance: must be a number >= 0, got %v", variance)
	}
	s.inf.Lag = LagOf(0)
	if was := s.settler; was.moves.Form == graph.BlockSteps && !s.own.noisy { // which is for this batch and those to come
		s.own.noisy = true
		if err := s.begin(); err != nil {
			s.own.noisy = false
			return fmt.Errorf("model: noise: %w", err)
		}
		s.settler.nudge = was.nudge
		for _, l := range was.open {
			dense.Copy(s.settler.machine.Latent(l), was.machine.Latent(l))
		}
	}
	s.settler.noise = noise{variance: variance}
	for i := range s.settler.machine.Shards() {
		s.settler.noise.streams = append(s.settler.noise.streams, rand.New(rand.NewPCG(seed, stream<<16+uint64(i))))
	}
	return nil
}

// Wanders returns why latents of the network cannot have noise where they settle as inf says,
// nil where they can: see [Settling.Noise]. Data and labels are fixed, but for the nodes that
// are named free.
func (c Config) Wanders(inf Inference, free ...string) error {
	if err := inf.wanders(); err != nil {
		return err
	}
	if err := c.allows(form{method: inf.Method, noisy: true}, free); err != nil {
		return fmt.Errorf("inference.method: %w", err)
	}
	return nil
}

// wanders is Wanders for any network.
func (inf Inference) wanders() error {
	inf, err := inf.WithDefaults()
	if err != nil {
		return err
	}
	moves, most := inf.Method.moves(), inf.Rate
	for _, by := range inf.NodeRates {
		most = max(most, inf.Rate*by)
	}
	switch moves.New(inf).(type) {
	case AlongGradient, *HeavyBall, *AlongErrors:
		return nil
	case AlongSteps:
		if moves.Form == graph.BlockSteps && most < 2 {
			return nil
		} else if moves.Form == graph.BlockSteps {
			return fmt.Errorf("inference.rate: must be below 2 at each node, where latents have noise under %v, got %v", inf.Method, most)
		}
	}
	return fmt.Errorf("inference.method: must be gradient, momentum, error-coordinates, preconditioned, gauss-seidel, symmetric-gauss-seidel or red-black, under which it is known how noise spreads, got %v", inf.Method)
}

// noise makes latents wander.
type noise struct {
	variance float64
	streams  []*rand.Rand // by shard; nil for no noise
}

// stir draws the noise that the machine gives the steps of some nodes by blocks.
func (st *descent) stir(shard *graph.Shard, nodes []int) {
	if st.noise.streams == nil || st.moves.Form != graph.BlockSteps {
		return
	}
	rng := st.noise.streams[shard.Index]
	for _, l := range nodes {
		deviation := math.Sqrt(st.noise.variance * (2/st.rates[l] - 1))
		dense.Fill(shard.Noise(l), func(int) float64 { return deviation * rng.NormFloat64() })
	}
}

// shake adds the noise to what some nodes are moved along, where it is not by blocks.
func (st *descent) shake(shard *graph.Shard, nodes []int) {
	if st.noise.streams == nil || st.moves.Form == graph.BlockSteps {
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
