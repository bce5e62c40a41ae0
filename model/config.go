package model

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"example.com/pcn/graph"
	"example.com/pcn/graph/feature"
)

// Config describes a network. The zero value of a field means its default; only
// Layers has none.
type Config struct {
	// Layers are the sizes of the nodes from data to label: 64, 32, 10 for 64
	// pixels and ten classes, in both directions.
	Layers []int `json:"layers" yaml:"layers,flow"`
	// Direction says which end is the bottom. Default discriminative.
	Direction Direction `json:"direction" yaml:"direction"`
	// Activation is φ of the hidden nodes, by name. Default tanh.
	Activation string `json:"activation" yaml:"activation"`
	// TopActivation is φ of the top node. Default identity; the article's is tanh.
	TopActivation string `json:"top_activation" yaml:"top_activation"`
	// Precisions are the Π of the nodes from data to label, one for each of
	// Layers; the top node's is not used. Default 1 for all.
	Precisions []float64 `json:"precisions,omitempty" yaml:"precisions,omitempty,flow"`
	// Energies are the forms of the nodes' energies from data to label, one for
	// each of Layers. CrossEntropy and Bernoulli are for the bottom node only, which
	// is the label of a discriminative network and the data of a generative one; the
	// top node has no energy, and its entry is Gaussian. Of a node whose precision
	// is learned Precisions has the first value. Default Gaussian for all.
	Energies []NodeEnergy `json:"energies,omitempty" yaml:"energies,omitempty,flow"`
	// WeightDecay is λ: the energy has a term ½ λ ‖W‖² for each example, and the
	// Hebbian update one of −λ W, before the optimiser scales it. (The optimiser
	// adamw shrinks weights beside its update, at a pace that does not depend on the
	// energy.) Biases are left alone. Default 0.
	WeightDecay float64 `json:"weight_decay" yaml:"weight_decay"`
	// ActivityPrior is α: the energy of each node between bottom and top has a term
	// ½ α ‖v‖². With it a prediction settles in both directions, for a pass downwards
	// is no longer at the minimum. Default 0.
	ActivityPrior float64 `json:"activity_prior" yaml:"activity_prior"`
	// WeightInit says how weights are drawn. Default xavier.
	WeightInit WeightInit `json:"weight_init" yaml:"weight_init"`
	// Dtype is the type of weights and latents. Default float32.
	Dtype Dtype `json:"dtype" yaml:"dtype"`
	// Seed decides the weights. 0 is a seed like any other.
	Seed uint64 `json:"seed" yaml:"seed"`
}

// maxWeights bounds a layer, so that a mistaken size is refused and not tried.
const maxWeights = 1 << 30

// WithDefaults returns a copy of c with the defaults filled in, or an error that
// names each bad field.
func (c Config) WithDefaults() (Config, error) {
	c.Layers = slices.Clone(c.Layers)
	c.Precisions = slices.Clone(c.Precisions)
	c.Energies = slices.Clone(c.Energies)
	if c.Activation == "" {
		c.Activation = "tanh"
	}
	if c.TopActivation == "" {
		c.TopActivation = "identity"
	}

	var errs []error
	bad := func(format string, a ...any) { errs = append(errs, fmt.Errorf(format, a...)) }
	if len(c.Layers) < 2 {
		bad("layers: must name at least 2 sizes, data and label, got %v", c.Layers)
	}
	for i, d := range c.Layers {
		if d <= 0 {
			bad("layers[%d]: must be > 0, got %d", i, d)
		}
	}
	for i := 1; i < len(c.Layers); i++ {
		if a, b := c.Layers[i-1], c.Layers[i]; a > 0 && b > 0 && a > maxWeights/b {
			bad("layers[%d]: %d × %d weights are more than the %d that a layer may have", i, a, b, maxWeights)
		}
	}
	if n := len(c.Precisions); n != 0 && n != len(c.Layers) {
		bad("precisions: must be one for each of the %d layers, got %d", len(c.Layers), n)
	}
	for i, p := range c.Precisions {
		if !(p > 0) || math.IsInf(p, 0) {
			bad("precisions[%d]: must be a number > 0, got %v", i, p)
		}
	}
	c.checkEnergies(bad)
	for field, name := range map[string]string{"activation": c.Activation, "top_activation": c.TopActivation} {
		if _, err := feature.ParseActivation(name); err != nil {
			bad("%s: %v", field, err)
		}
	}
	for _, e := range []struct {
		field string
		value int
		names []string
	}{
		{"direction", int(c.Direction), directions},
		{"weight_init", int(c.WeightInit), weightInits},
		{"dtype", int(c.Dtype), dtypes},
	} {
		if e.value < 0 || e.value >= len(e.names) {
			bad("%s: must be one of %v, got %d", e.field, e.names, e.value)
		}
	}
	return c, errors.Join(errs...)
}

// checkEnergies reports what is wrong with the energies.
func (c *Config) checkEnergies(bad func(format string, a ...any)) {
	if n := len(c.Energies); n != 0 && n != len(c.Layers) {
		bad("energies: must be one for each of the %d layers, got %d", len(c.Layers), n)
	}
	bottom, top := len(c.Layers)-1, 0
	if c.Direction == Generative {
		bottom, top = top, bottom
	}
	for i, e := range c.Energies {
		switch {
		case e < 0 || int(e) >= len(energies):
			bad("energies[%d]: must be one of %v, got %d", i, energies, int(e))
		case e == GaussianLearned && len(c.Precisions) == len(c.Layers) && !(math.Abs(math.Log(c.Precisions[i])) <= MaxLogPrecision):
			bad("precisions[%d]: must be within e^±%d where it is learned, got %v", i, MaxLogPrecision, c.Precisions[i])
		case i == top && e != Gaussian:
			bad("energies[%d]: must be %v at the top of a %v network, which has no energy, got %v", i, Gaussian, c.Direction, e)
		case e.Form() == graph.Gaussian || len(c.Energies) != len(c.Layers):
		case i != bottom:
			bad("energies[%d]: %v is for the bottom node, energies[%d] of a %v network", i, e, bottom, c.Direction)
		case e == CrossEntropy && c.Layers[i] == 1:
			bad("layers[%d]: must be at least 2 classes for %v, got 1", i, e)
		case len(c.Precisions) == len(c.Layers) && c.Precisions[i] != 1:
			bad("precisions[%d]: must be 1 where energies[%d] is %v, got %v", i, i, e, c.Precisions[i])
		}
	}
	for field, x := range map[string]float64{"weight_decay": c.WeightDecay, "activity_prior": c.ActivityPrior} {
		if !(x >= 0) || math.IsInf(x, 0) {
			bad("%s: must be a number >= 0, got %v", field, x)
		}
	}
}

// bottomUp returns s from bottom to top, given from data to label.
func bottomUp[T any](d Direction, s []T) []T {
	s = slices.Clone(s)
	if d == Discriminative {
		slices.Reverse(s)
	}
	return s
}

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
	// NodeRates are what Rate is multiplied by at each node, from data to label.
	// Default 1 for all.
	NodeRates []float64 `json:"node_rates,omitempty" yaml:"node_rates,omitempty,flow"`
	// NodeSteps are the most steps in which each node moves, from data to label; 0
	// for all of Steps, which is the default.
	NodeSteps []int `json:"node_steps,omitempty" yaml:"node_steps,omitempty,flow"`
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

// WithDefaults returns a copy of inf with the defaults filled in, or an error
// that names each bad field.
func (inf Inference) WithDefaults() (Inference, error) {
	var errs []error
	bad := func(format string, a ...any) { errs = append(errs, fmt.Errorf(format, a...)) }
	rate, known := defaultRates[inf.Method]
	if !known {
		bad("method: must be one of %v, got %d", methods, int(inf.Method))
	}
	if inf.Steps == 0 {
		inf.Steps = 20
	}
	if inf.Rate == 0 {
		inf.Rate = rate
	}
	if inf.Steps < 0 {
		bad("steps: must be > 0, got %d", inf.Steps)
	}
	if !(inf.Tolerance >= 0) || inf.Tolerance >= 1 {
		bad("tolerance: must be >= 0 and < 1, got %v", inf.Tolerance)
	}
	if known && !(inf.Rate > 0) || math.IsInf(inf.Rate, 0) {
		bad("rate: must be a number > 0, got %v", inf.Rate)
	}
	for i, r := range inf.NodeRates {
		if !(r > 0) || math.IsInf(r, 0) {
			bad("node_rates[%d]: must be a number > 0, got %v", i, r)
		}
	}
	for i, s := range inf.NodeSteps {
		if s < 0 {
			bad("node_steps[%d]: must be >= 0, got %d", i, s)
		}
	}
	if inf.Start < 0 || int(inf.Start) >= len(starts) {
		bad("start: must be one of %v, got %d", starts, int(inf.Start))
	}
	return inf, errors.Join(errs...)
}

// Validate returns all that is wrong with c, each error naming its field.
func (c Config) Validate() error {
	_, err := c.WithDefaults()
	return err
}
