package rule

import (
	"context"
	"errors"
	"fmt"

	"example.com/pcn/internal/dense"
	"example.com/pcn/model"
)

// MCPC is Monte Carlo predictive coding: latents do not rest but sample their posterior, by
// Langevin dynamics,
//
//	v ← v − γ ∂E/∂v + √(2 γ variance) ξ
//
// and the weights move once, by the mean of PC's update over the samples (Oliviers, Bogacz
// and Meulemans 2024). It is expectation maximisation with an expectation in place of PC's
// point: where PC learns a wrong variance of the data, MCPC learns the right one.
//
// Latents first settle without noise, as the inference says, then take Mix steps with noise,
// and then Samples steps, of each of which an update is taken. Which methods of the inference
// there can be, with noise of their own scale in place of the above, and how small the rate has
// to be, is with [model.Settling.Noise]: under gauss-seidel a linear network is sampled exactly.
type MCPC struct {
	Variance float64 // default 1
	Mix      int     // default 50
	Samples  int     // default 100
}

// String implements [Rule].
func (m *MCPC) String() string {
	return fmt.Sprintf("mcpc variance=%v mix=%d samples=%d", m.Variance, m.Mix, m.Samples)
}

// Set implements [Settable].
func (m *MCPC) Set(key, value string) error {
	switch key {
	case "variance":
		return named(key, number(value, 0, 1e6, &m.Variance))
	case "mix":
		return named(key, whole(value, 0, &m.Mix))
	case "samples":
		return named(key, whole(value, 1, &m.Samples))
	}
	return unknown(key, "variance", "mix", "samples")
}

// Method implements [Wanting].
func (*MCPC) Method() model.Method { return model.Gradient }

// Prepare implements [Rule].
func (*MCPC) Prepare(c model.Config, inf model.Inference) (model.Inference, error) {
	if err := c.Wanders(inf); err != nil {
		return inf, err
	}
	if inf.StaleErrors {
		return inf, errors.New("inference.stale_errors: must be false, for latents do not rest")
	}
	inf.Tolerance = 0        // recipes have one, and latents do not rest
	inf.Lag = model.LagOf(0) // as noise has it, so that nothing is made twice
	return inf.WithDefaults()
}

// streamLangevin is the random stream of the first batch's noise.
const streamLangevin = 1 << 32

// Learn implements [Rule].
func (m *MCPC) Learn(ctx context.Context, l *Lesson) (*model.Result, error) {
	s, err := l.Begin(l.Clamps)
	if err != nil {
		return nil, err
	}
	mean := l.Update(1).Directions()
	for _, d := range mean {
		d.Zero()
	}
	var r *model.Result
	err = s.Wander(ctx, model.Langevin{Variance: m.Variance, Mix: m.Mix, Samples: m.Samples, Seed: l.Seed, Stream: streamLangevin + uint64(l.Batch)}, func() error {
		if r = s.Result(); !r.Finite() {
			return errNotFinite
		}
		if err := l.Hebbian(r, l.Update(0)); err != nil {
			return err
		}
		for i, d := range l.Update(0).Directions() {
			dense.AddScaled(mean[i], 1/float64(m.Samples), d)
		}
		return nil
	})
	switch {
	case errors.Is(err, errNotFinite):
		return r, nil
	case err != nil:
		return nil, err
	}
	return r, l.Move(l.Update(1))
}

// errNotFinite ends sampling where the energy is no number any longer.
var errNotFinite = errors.New("the energy is not finite")
