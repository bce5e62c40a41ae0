package model

import (
	"cmp"
	"errors"
	"fmt"
	"math"
)

// Inference says how free latents settle.
type Inference struct {
	// Method says how latents move in a step. Default gradient.
	Method Method `json:"method" yaml:"method"`
	// Steps is T, the most steps to take. Default 20.
	Steps int `json:"steps" yaml:"steps"`
	// Tolerance ends settling when the gradient's norm over the free latents is
	// this share of the largest it has had and, by an estimate, hardly any of the
	// energy's fall is left, shard by shard. 0 takes all steps.
	Tolerance float64 `json:"tolerance" yaml:"tolerance"`
	// Rate is γ, the size of a step. Default 0.1 for the methods that go along
	// the gradient, 0.05 for adam, 0.6 for preconditioned, 1 for chain and the
	// Gauss-Seidel ones, and 0.2 for error-coordinates.
	Rate float64 `json:"rate" yaml:"rate"`
	// Lag is how far weights may move, as a share of their norm, before what a method
	// divides by is made of them anew while a network learns: H⁻¹ of gauss-seidel and the
	// other preconditioned ones, and what chain has. 0 has it made anew after each change.
	// Whatever the lag, the guard has it made anew at once where it finds a rise, and
	// [Network.Predict] and what is like it always do. Default 0.1 where a batch takes one
	// step, of which making it would be most, and 0 where it takes more: there an old one
	// costs accuracy (784-128-128-128-10, 4 passes of gauss-seidel, 5,000 images of MNIST:
	// half a point).
	Lag Lag `json:"lag,omitzero" yaml:"lag,omitempty"`
	// NodeRates are what Rate is multiplied by at some nodes, by their names. Default 1.
	NodeRates map[string]float64 `json:"node_rates,omitempty" yaml:"node_rates,omitempty,flow"`
	// NodeSteps are the most steps in which some nodes move, by their names; 0, the
	// default, is all of Steps.
	NodeSteps map[string]int `json:"node_steps,omitempty" yaml:"node_steps,omitempty,flow"`
	// Momentum is the share of its velocity that a latent keeps in a step, under momentum.
	// Default 0.9.
	Momentum float64 `json:"momentum,omitempty" yaml:"momentum,omitempty"`
	// Beta1 and Beta2 are the shares of their running means that adam keeps. Default 0.9
	// and 0.999.
	Beta1 float64 `json:"beta1,omitempty" yaml:"beta1,omitempty"`
	Beta2 float64 `json:"beta2,omitempty" yaml:"beta2,omitempty"`
	// Unguarded takes Rate as it is. By default a rate at which the energy could
	// rise is lowered (see [Network.MaxRate]), and halved where it does rise.
	Unguarded bool `json:"unguarded" yaml:"unguarded"`
	// Start is where the free latents begin. Default top-down.
	Start Start `json:"start" yaml:"start"`
	// StaleErrors leaves the errors as they were before the last step, as the
	// article does. By default they are taken again where the latents end.
	StaleErrors bool `json:"stale_errors" yaml:"stale_errors"`
	// Plain keeps the energy of a clamped bottom node in its plain form. By
	// default it is written in Gram form where that takes fewer operations: the
	// same energy and gradient, but for rounding. See graph.GramPays.
	Plain bool `json:"plain" yaml:"plain"`
	// Trace records the energy and the gradient before each step in Result.Trace
	// and Result.ResidualTrace, and the gradient at the end in Result.EndResidual.
	Trace bool `json:"-" yaml:"-"`
	// Estimate asks for Result.ToLose, for which a dozen of the examples settle on for
	// some steps, and for Result.EndResidual.
	Estimate bool `json:"-" yaml:"-"`
}

// String says how latents settle, and where steps and rate are those that come with the
// method.
func (inf Inference) String() string {
	steps, own := "1 step", ""
	if inf.Steps != 1 {
		steps = fmt.Sprintf("at most %d steps", inf.Steps)
	}
	if of, err := (Inference{Method: inf.Method}).WithDefaults(); err == nil && of.Steps == inf.Steps && of.Rate == inf.Rate {
		own = ", the method's own"
	}
	return fmt.Sprintf("%s, %s at rate %g%s", inf.Method, steps, inf.Rate, own)
}

// WithDefaults returns a copy of inf with the defaults filled in, or an error
// that names each bad field.
func (inf Inference) WithDefaults() (Inference, error) {
	var errs []error
	bad := func(format string, a ...any) { errs = append(errs, fmt.Errorf(format, a...)) }
	kind, err := methods.Parse(inf.Method.String())
	if err != nil {
		bad("method: %v", err)
	}
	inf.Steps, inf.Rate = cmp.Or(inf.Steps, 20), cmp.Or(inf.Rate, kind.Rate)
	if inf.Steps < 0 {
		bad("steps: must be > 0, got %d", inf.Steps)
	}
	if !(inf.Tolerance >= 0) || inf.Tolerance >= 1 {
		bad("tolerance: must be >= 0 and < 1, got %v", inf.Tolerance)
	}
	if err == nil && !(inf.Rate > 0) || math.IsInf(inf.Rate, 0) {
		bad("rate: must be a number > 0, got %v", inf.Rate)
	}
	if err := inf.Lag.check(); err != nil {
		bad("lag: %v", err)
	}
	for name, r := range inf.NodeRates {
		if !(r > 0) || math.IsInf(r, 0) {
			bad("node_rates.%s: must be a number > 0, got %v", name, r)
		}
	}
	for name, s := range inf.NodeSteps {
		if s < 0 {
			bad("node_steps.%s: must be >= 0, got %d", name, s)
		}
	}
	for field, share := range map[string]float64{"momentum": inf.Momentum, "beta1": inf.Beta1, "beta2": inf.Beta2} {
		if !(share >= 0 && share < 1) {
			bad("%s: must be >= 0 and < 1, got %v", field, share)
		}
	}
	if err := valid(&inf.Start); err != nil {
		bad("start: %v", err)
	}
	return inf, errors.Join(errs...)
}
