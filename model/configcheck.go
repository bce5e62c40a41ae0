package model

import (
	"cmp"
	"math"
	"reflect"
	"slices"

	"example.com/pcn/graph"
	"example.com/pcn/graph/feature"
	"example.com/pcn/graph/linear"
)

// checkChain reports what is wrong with the short form, and fills in its defaults.
func (c *Config) checkChain(bad func(format string, a ...any)) {
	c.Activation, c.TopActivation = cmp.Or(c.Activation, "tanh"), cmp.Or(c.TopActivation, "identity")
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
			bad("layers[%d]: must make at most %d weights with the layer before, got %d × %d", i, maxWeights, a, b)
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
	if c.Input != "" || c.Target != "" {
		bad("input: must be left out, as target, where there are layers, got %q and %q", c.Input, c.Target)
	}
}

// checkEnergies reports what is wrong with a chain's energies.
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
		case e.Form() == nil:
			bad("energies[%d]: %v", i, e.check())
		case e == GaussianLearned && len(c.Precisions) == len(c.Layers) && !(math.Abs(math.Log(c.Precisions[i])) <= MaxLogPrecision):
			bad("precisions[%d]: must be within e^±%d where it is learned, got %v", i, MaxLogPrecision, c.Precisions[i])
		case i == top && e != Gaussian:
			bad("energies[%d]: must be %v at the top of a %v network, which has no energy, got %v", i, Gaussian, c.Direction, e)
		case e.Form() == graph.Gaussian || len(c.Energies) != len(c.Layers):
		case !e.Form().Settles() && i != bottom:
			bad("energies[%d]: %v is for the bottom node, energies[%d] of a %v network", i, e, bottom, c.Direction)
		case e == CrossEntropy && c.Layers[i] == 1:
			bad("layers[%d]: must be at least 2 classes for %v, got 1", i, e)
		case len(c.Precisions) == len(c.Layers) && c.Precisions[i] != 1:
			bad("precisions[%d]: must be 1 where energies[%d] is %v, got %v", i, i, e, c.Precisions[i])
		}
	}
}

// checkDirection makes the direction of nodes and predictions, those of full, that of c, and
// reports where another was asked for.
func (c *Config) checkDirection(full Config, bad func(format string, a ...any)) {
	predicts := func(node string) bool {
		return slices.ContainsFunc(full.Predictions, func(p Prediction) bool { return p.Of == node && !p.Guess })
	}
	input, target := full.ports()
	switch {
	case !predicts(input) && c.Direction == Generative:
		bad("direction: must be %v where nothing predicts node %s, got %v", Discriminative, input, c.Direction)
	case predicts(input) && !predicts(target):
		c.Direction = Generative
	}
}

// checkGraph reports what is wrong with nodes and predictions, and fills in which are
// the input and the target.
func (c *Config) checkGraph(bad func(format string, a ...any)) {
	for field, value := range map[string]any{
		"layers": c.Layers, "activation": c.Activation, "top_activation": c.TopActivation,
		"after": c.After, "precisions": c.Precisions, "energies": c.Energies,
	} {
		if !reflect.ValueOf(value).IsZero() {
			bad("%s: must be left out where there are nodes and predictions, which say it, got %v", field, value)
		}
	}
	size := map[string]int{}
	for _, n := range c.Nodes {
		size[n.Name] = n.shape().TotalSize()
		if len(n.Shape) > 0 && n.Size != 0 && n.Size != size[n.Name] {
			bad("nodes: %s: size: must be left out where there is a shape, got %d", n.Name, n.Size)
		}
	}
	for field, name := range map[string]*string{"input": &c.Input, "target": &c.Target} {
		*name = cmp.Or(*name, field)
		if _, ok := size[*name]; !ok {
			bad("%s: must be one of the nodes, got %q", field, *name)
		}
	}
	if c.Input == c.Target {
		bad("target: must be another node than the input, got %q", c.Input)
	}
	for i := range c.Predictions {
		p := &c.Predictions[i]
		if _, ok := size[p.Of]; !ok {
			bad("predictions[%d].of: must be one of the nodes, got %q", i, p.Of)
		}
		if _, err := feature.Parse(p.After); err != nil {
			bad("predictions[%d].after: %v", i, err)
		}
		if err := p.Energy.check(); err != nil {
			bad("predictions[%d].energy: %v", i, err)
		}
		if !(p.Precision >= 0) || math.IsInf(p.Precision, 0) {
			bad("predictions[%d].precision: must be a number > 0, got %v", i, p.Precision)
		}
		if p.Energy == CrossEntropy && size[p.Of] == 1 {
			bad("predictions[%d].energy: must have at least 2 classes for %v, and node %s has 1", i, p.Energy, p.Of)
		}
		if p.Energy.Form() != nil && p.Energy.Form() != graph.Gaussian && p.Precision != 0 && p.Precision != 1 {
			bad("predictions[%d].precision: must be 1 where the energy is %v, got %v", i, p.Energy, p.Precision)
		}
		if p.Energy == GaussianLearned && p.Precision != 0 && !(math.Abs(math.Log(p.Precision)) <= MaxLogPrecision) {
			bad("predictions[%d].precision: must be within e^±%d where it is learned, got %v", i, MaxLogPrecision, p.Precision)
		}
		for j, e := range p.From {
			k := 0
			for _, name := range e.Nodes {
				k += size[name]
			}
			if d := size[p.Of]; d > 0 && k > maxWeights/d {
				bad("predictions[%d].from[%d]: must have at most %d weights, got %d × %d", i, j, maxWeights, d, k)
			}
			if _, err := feature.Parse(e.Feature); err != nil {
				bad("predictions[%d].from[%d].feature: %v", i, j, err)
			}
			if _, err := linear.ParseMap(e.Map); err != nil {
				bad("predictions[%d].from[%d].map: %v", i, j, err)
			}
		}
	}
}
