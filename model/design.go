package model

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/graph/feature"
	"example.com/pcn/graph/linear"
	"example.com/pcn/internal/plural"
	"example.com/pcn/internal/shape"
)

// The names of a chain's nodes, from data to label.
const (
	inputName  = "input"
	targetName = "target"
)

// chainNames returns the names of a chain of so many nodes, from data to label.
func chainNames(nodes int) []string {
	names := make([]string, nodes)
	for i := range names {
		names[i] = fmt.Sprintf("hidden%d", i)
	}
	names[0], names[nodes-1] = inputName, targetName
	return names
}

// design writes a configuration with its defaults down as a Spec, in the order of the
// configuration, with what the graph leaves to the network, by prediction: the form of the
// energy, and the precision.
func (c *Config) design() (s graph.Spec, energies []NodeEnergy, precisions []float64) {
	s.Dtype, s.Batch = c.Dtype.Tensor(), 1
	full, _ := c.Expanded() // checked before
	nodes, predictions := full.Nodes, full.Predictions
	if full.Chain() {
		nodes, predictions = c.chain()
	}
	number := map[string]int{}
	for i, n := range nodes {
		number[n.Name] = i
		s.Nodes = append(s.Nodes, graph.Node{Name: n.Name, Shape: n.shape(), Prior: n.Prior})
	}
	predicted := map[string]bool{}
	for _, p := range predictions {
		predicted[p.Of] = predicted[p.Of] || !p.Guess
		if _, known := number[p.Of]; known && !p.Energy.Form().Settles() {
			s.Nodes[number[p.Of]].Masked = true // what is free of it is missing data
		}
		of := graph.Prediction{Of: p.Of, Bias: !p.Unbiased, Energy: p.Energy.Form(), Weight: p.Weight, Guess: p.Guess, After: parsed(p.After, 1)}
		for _, e := range p.From {
			edge := graph.Edge{From: e.Nodes, Feature: parsed(e.Feature, len(e.Nodes)), Scale: e.Scale, Delay: e.Delay, Share: e.Share, Feedback: e.Feedback}
			edge.Map, _ = linear.ParseMap(e.Map) // checked before
			if fixed, ok := edge.Map.(linear.Fixed); ok {
				edge.Map = fixed.In(s.Dtype)
			}
			of.Edges = append(of.Edges, edge)
		}
		s.Predictions = append(s.Predictions, of)
		energies = append(energies, p.Energy)
		precisions = append(precisions, cmp.Or(p.Precision, 1))
	}
	for _, t := range c.Terms {
		s.Own = append(s.Own, graph.Own{Term: t.Name, Nodes: t.Nodes})
	}
	input, target := c.ports()
	for i := range s.Nodes {
		if n := &s.Nodes[i]; n.Prior == 0 && n.Name != input && n.Name != target && predicted[n.Name] {
			n.Prior = c.ActivityPrior
		}
	}
	return s, energies, precisions
}

// faults returns what is wrong with the graph that nodes and predictions make, each
// naming the node or prediction by its place, too.
func (c *Config) faults() (errs []error) {
	spec, _, _ := c.design()
	w, err := spec.Wire()
	if err == nil && c.Parametrization == MuPC {
		if _, err := muPC(w); err != nil {
			return []error{err}
		}
	}
	if err == nil {
		return nil
	}
	for _, err := range err.(interface{ Unwrap() []error }).Unwrap() {
		f := err.(*graph.Fault)
		place := ""
		switch {
		case f.Node >= 0:
			place = fmt.Sprintf("nodes[%d]: ", f.Node)
		case f.Prediction >= 0:
			place = fmt.Sprintf("predictions[%d]: ", f.Prediction)
		}
		errs = append(errs, errors.New(place+strings.TrimPrefix(f.Text, place)))
	}
	return errs
}

// parsed returns the feature of a text, which has been looked at before, of so many sources:
// several stand side by side, whether or not it says so, unless it takes two or more itself.
func parsed(text string, sources int) feature.Feature {
	f, _ := feature.Parse(text)
	first := f
	if s, ok := f.(feature.Sequence); ok {
		first = s[0]
	}
	unit := tensor.Shape{1}
	_, err := first.Shape(unit, unit)
	switch {
	case sources < 2 || err == nil:
		return f
	case f == feature.Feature(feature.Identity):
		return feature.Concat{}
	}
	return feature.Sequence{feature.Concat{}, f}
}

// ports returns the names of the nodes of data and labels.
func (c *Config) ports() (input, target string) {
	return cmp.Or(c.Input, inputName), cmp.Or(c.Target, targetName)
}

// chain returns the nodes and predictions of the short form, the bottom first.
func (c *Config) chain() (nodes []Node, predictions []Prediction) {
	names, sizes := bottomUp(c.Direction, chainNames(len(c.Layers))), bottomUp(c.Direction, c.Layers)
	energies, precisions := bottomUp(c.Direction, c.Energies), bottomUp(c.Direction, c.Precisions)
	top := len(names) - 1
	for l, name := range names {
		nodes = append(nodes, Node{Name: name, Size: sizes[l]})
		if l == top {
			continue
		}
		p := Prediction{Of: name, Energy: Gaussian}
		edge := Edge{Nodes: []string{names[l+1]}, Feature: c.Activation}
		if l+1 == top {
			edge.Feature = c.TopActivation
		}
		if c.After {
			if l > 0 {
				p.After = c.Activation
			}
			if l+1 < top {
				edge.Feature = ""
			}
		}
		if len(energies) > 0 {
			p.Energy = energies[l]
		}
		if len(precisions) > 0 {
			p.Precision = precisions[l]
		}
		p.From = []Edge{edge}
		predictions = append(predictions, p)
	}
	return nodes, predictions
}

// Chain reports whether the network is a chain of dense layers, by Layers.
func (c Config) Chain() bool {
	return c.Network == "" && len(c.Nodes) == 0 && len(c.Predictions) == 0
}

// NodeNames returns the names of the network's nodes, those of a chain from data to label.
func (c Config) NodeNames() (names []string) {
	if c, _ = c.Expanded(); len(c.Nodes) == 0 {
		return chainNames(max(len(c.Layers), 2))
	}
	for _, n := range c.Nodes {
		names = append(names, n.Name)
	}
	return names
}

// Count returns how many numbers a network of this configuration learns, 0 where the
// configuration is wrong; none is made for it.
func (c Config) Count() (total int) {
	n, err := plan(c)
	if err != nil {
		return 0
	}
	for _, s := range n.slots() {
		if s.fixed == nil {
			total += tensor.Shape(s.shape).TotalSize()
		}
	}
	return total
}

// Sizes returns the sizes of the nodes, in the order of NodeNames.
func (c Config) Sizes() (sizes []int) {
	if c, _ = c.Expanded(); len(c.Nodes) == 0 {
		return slices.Clone(c.Layers)
	}
	for _, n := range c.Nodes {
		sizes = append(sizes, n.shape().TotalSize())
	}
	return sizes
}

// Ends returns the sizes of the nodes of data and labels, 0 where there is none.
func (c Config) Ends() (input, target int) {
	c, _ = c.Expanded()
	sizes := append(c.Sizes(), 0)
	end := func(name string) int {
		i := slices.Index(c.NodeNames(), name)
		if i < 0 || i >= len(sizes) {
			return 0
		}
		return sizes[i]
	}
	in, out := c.ports()
	return end(in), end(out)
}

// Kind is the direction of a chain, and graph of another network.
func (c Config) Kind() string {
	if !c.Chain() {
		return "graph"
	}
	return c.Direction.String()
}

// String describes the network in a line.
func (c Config) String() string {
	predictions, sizes := c.Predictions, make([]string, len(c.Sizes()))
	var text string
	if full, err := c.Expanded(); c.Network != "" && err == nil {
		predictions = full.Predictions
		ends := map[string]string{}
		for _, n := range full.Nodes {
			ends[n.Name] = shape.Text(n.shape())
		}
		input, target := full.ports()
		text = fmt.Sprintf("%s from %s to %s", c.Network, ends[input], ends[target])
	} else if len(c.Nodes) > 0 {
		for i, n := range c.Nodes {
			sizes[i] = n.Name + " " + shape.Text(n.shape())
		}
		text = fmt.Sprintf("%s, %s", strings.Join(sizes, ", "), plural.Of(len(predictions), "prediction"))
	} else if len(c.Layers) > 0 {
		_, predictions = c.chain()
		for i, d := range c.Layers {
			sizes[i] = fmt.Sprint(d)
		}
		text = fmt.Sprintf("%s %v, %s", strings.Join(sizes, "-"), c.Direction, cmp.Or(c.Activation, "tanh"))
	}
	for _, p := range predictions {
		if p.Energy != Gaussian {
			text += fmt.Sprintf(", %v at %s", p.Energy, p.Of)
		}
	}
	if c.Parametrization == MuPC {
		text += ", mupc"
	}
	return fmt.Sprintf("%s, %v", text, c.Dtype)
}
