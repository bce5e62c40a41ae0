package model

import (
	"cmp"
	"fmt"
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

// checkEnergies reports what is wrong with a chain's energies and precisions.
func (c *Config) checkEnergies(bad func(format string, a ...any)) {
	if n := len(c.Energies); n != 0 && n != len(c.Layers) {
		bad("energies: must be one for each of the %d layers, got %d", len(c.Layers), n)
		return
	}
	bottom, top := len(c.Layers)-1, 0
	if c.Direction == Generative {
		bottom, top = top, bottom
	}
	for i, d := range c.Layers {
		e, p := Gaussian, 1.0
		if len(c.Energies) > 0 {
			e = c.Energies[i]
		}
		if len(c.Precisions) == len(c.Layers) {
			p = c.Precisions[i]
		}
		switch {
		case e.Form() == nil:
		case i == top && e != Gaussian:
			bad("energies[%d]: must be %v at the top of a %v network, which has no energy, got %v", i, Gaussian, c.Direction, e)
		case !e.Form().Settles() && i != bottom:
			bad("energies[%d]: %v is for the bottom node, energies[%d] of a %v network", i, e, bottom, c.Direction)
		}
		checkEnergy(fmt.Sprintf("energies[%d]", i), e, fmt.Sprintf("precisions[%d]", i), p, d, bad)
	}
}

// checkEnergy reports what is wrong with the energy of a prediction of so many units, and with
// its precision, by the names that these have in the configuration.
func checkEnergy(energy string, e NodeEnergy, precision string, p float64, units int, bad func(format string, a ...any)) {
	form := e.Form()
	switch {
	case form == nil:
		bad("%s: %v", energy, e.check())
	case e == CrossEntropy && units == 1:
		bad("%s: must be of at least 2 classes where it is %v, got 1", energy, e)
	}
	switch {
	case !(p > 0) || math.IsInf(p, 0):
		bad("%s: must be a number > 0, got %v", precision, p)
	case form != nil && form != graph.Gaussian && p != 1:
		bad("%s: must be 1 where %s is %v, got %v", precision, energy, e, p)
	case e == GaussianLearned && !(math.Abs(math.Log(p)) <= MaxLogPrecision):
		bad("%s: must be within e^±%d where it is learned, got %v", precision, MaxLogPrecision, p)
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
		checkEnergy(fmt.Sprintf("predictions[%d].energy", i), p.Energy, fmt.Sprintf("predictions[%d].precision", i), cmp.Or(p.Precision, 1), size[p.Of], bad)
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
