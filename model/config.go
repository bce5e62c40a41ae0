package model

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"example.com/pcn/graph"
)

// Config describes a network: as a chain of dense layers by Layers and what goes with
// them, as one of Networks or a text of layers by Network, or as any graph by Nodes and
// Predictions. The zero value of a field means its default.
type Config struct {
	// Layers are the sizes of the nodes of a chain from data to label: 64, 32, 10 for 64
	// pixels and ten classes, in both directions. Its nodes are named input, hidden1,
	// hidden2 and so on, and target.
	Layers []int `json:"layers,omitempty" yaml:"layers,flow,omitempty"`
	// Direction says which end of a chain is the bottom. Default discriminative. Another
	// network says so itself: it is generative where it predicts its input and not its
	// target.
	Direction Direction `json:"direction" yaml:"direction"`
	// Activation is φ of a chain's hidden nodes, by name. Default tanh.
	Activation string `json:"activation,omitempty" yaml:"activation,omitempty"`
	// TopActivation is φ of a chain's top node. Default identity; the article's is tanh.
	TopActivation string `json:"top_activation,omitempty" yaml:"top_activation,omitempty"`
	// After puts a chain's activation behind the weights, μ = φ(W v + b) at each hidden
	// node, as most implementations have it (PCX, FabricPC, Goemaere and others 2025). By
	// default it is before them, μ = W φ(v) + b, as in the article.
	After bool `json:"after,omitempty" yaml:"after,omitempty"`
	// Precisions are the Π of a chain's nodes from data to label, one for each of
	// Layers; the top node's is not used. Default 1 for all.
	Precisions []float64 `json:"precisions,omitempty" yaml:"precisions,omitempty,flow"`
	// Energies are the forms of the energies of a chain's nodes from data to label, one
	// for each of Layers. CrossEntropy and Bernoulli are for the bottom node only, which
	// is the label of a discriminative network and the data of a generative one; the
	// top node has no energy, and its entry is Gaussian. Of a node whose precision
	// is learned Precisions has the first value. Default Gaussian for all.
	Energies []NodeEnergy `json:"energies,omitempty" yaml:"energies,omitempty,flow"`

	// Network is one of Networks, with its settings, such as resnet-mlp depth=16 width=64,
	// or a text of layers such as conv 32 5x5, gelu, max-pool 2; dense. Layers are then the
	// sizes of data and label alone, and other fields of a chain are not used. See
	// [Config.Expanded].
	Network string `json:"network,omitempty" yaml:"network,omitempty"`
	// Nodes and Predictions describe a network that is no chain. Fields of a chain are
	// then not used.
	Nodes       []Node       `json:"nodes,omitempty" yaml:"nodes,omitempty"`
	Predictions []Prediction `json:"predictions,omitempty" yaml:"predictions,omitempty"`
	// Terms are own terms of the energy, by the names under which graph.RegisterTerm knows
	// them, of a chain too.
	Terms []Term `json:"terms,omitempty" yaml:"terms,omitempty"`
	// Input and Target are the nodes at which data and labels are. Default input and
	// target.
	Input  string `json:"input,omitempty" yaml:"input,omitempty"`
	Target string `json:"target,omitempty" yaml:"target,omitempty"`

	// WeightDecay is λ: the energy has a term ½ λ ‖W‖² for each example, and the
	// Hebbian update one of −λ W, before the optimiser scales it. (The optimiser
	// adamw shrinks weights beside its update, at a pace that does not depend on the
	// energy.) Biases are left alone. Default 0.
	WeightDecay float64 `json:"weight_decay" yaml:"weight_decay"`
	// ActivityPrior is α: the energy of each node that is neither an end nor without a
	// prediction has a term ½ α ‖v‖², unless the node says otherwise. With it a
	// prediction settles in both directions, for a pass downwards is no longer at the
	// minimum. Default 0.
	ActivityPrior float64 `json:"activity_prior" yaml:"activity_prior"`
	// Parametrization says what edges are scaled by. Default that of Network where it has
	// one, else standard.
	Parametrization Parametrization `json:"parametrization" yaml:"parametrization"`
	// WeightInit says how weights are drawn. Default xavier, and normal under mupc, which
	// has no other.
	WeightInit WeightInit `json:"weight_init" yaml:"weight_init"`
	// Dtype is the type of weights and latents. Default float32.
	Dtype Dtype `json:"dtype" yaml:"dtype"`
	// Seed decides the weights. 0 is a seed like any other.
	Seed uint64 `json:"seed" yaml:"seed"`
}

// Node is a latent of a network, (B, d).
type Node struct {
	// Name is of one node only.
	Name string `json:"name" yaml:"name"`
	// Size is d, the number of units of a node that has no Shape.
	Size int `json:"size,omitempty" yaml:"size,omitempty"`
	// Shape is that of a node whose units have positions, (L, C) or (H, W, C), channels
	// last.
	Shape []int `json:"shape,omitempty" yaml:"shape,flow,omitempty"`
	// Prior is α of a term ½ α ‖v‖². Default Config.ActivityPrior.
	Prior float64 `json:"prior,omitempty" yaml:"prior,omitempty"`
}

// shape returns Shape, or that of Size.
func (n Node) shape() tensor.Shape {
	if len(n.Shape) > 0 {
		return n.Shape
	}
	return tensor.Shape{n.Size}
}

// Prediction is what some nodes predict of one: see graph.Prediction.
type Prediction struct {
	// Of is the node that is predicted, by name.
	Of string `json:"of" yaml:"of"`
	// From are the summands.
	From []Edge `json:"from" yaml:"from"`
	// After is g, a feature of the sum. Default identity.
	After string `json:"after,omitempty" yaml:"after,omitempty"`
	// Unbiased leaves the bias out.
	Unbiased bool `json:"unbiased,omitempty" yaml:"unbiased,omitempty"`
	// Energy is the form of its energy. Default Gaussian.
	Energy NodeEnergy `json:"energy,omitempty" yaml:"energy,omitempty"`
	// Precision is Π, the first where it is learned. Default 1.
	Precision float64 `json:"precision,omitempty" yaml:"precision,omitempty"`
	// Weight is w of its energy. Default 1.
	Weight float64 `json:"weight,omitempty" yaml:"weight,omitempty"`
	// Guess says that it is where the node begins to settle, from what is fixed, and no term
	// of the energy; it learns what the node settles to. See rule hybrid.
	Guess bool `json:"guess,omitempty" yaml:"guess,omitempty"`
}

// Edge is a summand of a prediction: see graph.Edge.
type Edge struct {
	// Nodes are the sources: one, or several side by side.
	Nodes []string `json:"nodes" yaml:"nodes,flow"`
	// Feature is ψ of the sources, as feature.Parse reads it: tanh, or gelu, max-pool 2.
	// Default identity. Several sources are put side by side before it, their channels where
	// they have positions, unless it is outer, of two.
	Feature string `json:"feature,omitempty" yaml:"feature,omitempty"`
	// Map is M, as linear.ParseMap reads it: dense, dense zero-diagonal, diagonal, identity,
	// fixed 1 0.1; 0 1 (the rows of a matrix that is given), conv 3x3 stride 2 pad 1, conv-transpose 4x4 stride 2 pad 1. Default dense.
	Map string `json:"map,omitempty" yaml:"map,omitempty"`
	// Scale is a. Default 1.
	Scale float64 `json:"scale,omitempty" yaml:"scale,omitempty"`
	// Delay takes the sources of so many steps ago, of a sequence: see [Network.Advance].
	Delay int `json:"delay,omitempty" yaml:"delay,omitempty"`
	// Share names parameters that several edges have in common.
	Share string `json:"share,omitempty" yaml:"share,omitempty"`
	// Feedback says that the prediction can be made without the sources.
	Feedback bool `json:"feedback,omitempty" yaml:"feedback,omitempty"`
}

// Term is an own term of the energy: see graph.OwnTerm.
type Term struct {
	// Name is that of graph.RegisterTerm, and Nodes are those whose latents it is given.
	Name  string   `json:"name" yaml:"name"`
	Nodes []string `json:"nodes" yaml:"nodes,flow"`
}

// MarshalYAML leaves the direction out where it is no chain's: nodes and predictions have it.
func (c Config) MarshalYAML() (any, error) {
	type config Config
	if c.Chain() {
		return config(c), nil
	}
	return struct {
		config    `yaml:",inline"`
		Direction *Direction `json:"direction,omitempty" yaml:"direction,omitempty"`
	}{config: config(c)}, nil
}

// MarshalJSON is [Config.MarshalYAML] in JSON.
func (c Config) MarshalJSON() ([]byte, error) {
	v, err := c.MarshalYAML()
	if err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

// maxWeights bounds a layer, so that a mistaken size is refused and not tried.
const maxWeights = 1 << 30

// WithDefaults returns a copy of c with the defaults filled in, or an error that
// names each bad field.
func (c Config) WithDefaults() (Config, error) {
	c.Layers, c.Precisions, c.Energies = slices.Clone(c.Layers), slices.Clone(c.Precisions), slices.Clone(c.Energies)
	c.Nodes, c.Predictions = slices.Clone(c.Nodes), slices.Clone(c.Predictions)
	var errs []error
	bad := func(format string, a ...any) { errs = append(errs, fmt.Errorf(format, a...)) }
	for field, e := range map[string]coded{"direction": &c.Direction, "dtype": &c.Dtype} {
		if err := valid(e); err != nil {
			bad("%s: %v", field, err)
		}
	}
	full, err := c.Expanded()
	if err != nil {
		bad("%v", err)
	}
	c.Parametrization = cmp.Or(c.Parametrization, full.Parametrization, Standard)
	if err := c.Parametrization.check(); err != nil {
		bad("parametrization: %v", err)
	}
	if c.WeightInit == "" && c.Parametrization == MuPC {
		c.WeightInit = UnitNormal
	}
	c.WeightInit = cmp.Or(c.WeightInit, Xavier)
	if err := c.WeightInit.check(); err != nil {
		bad("weight_init: %v", err)
	} else if c.Parametrization == MuPC && c.WeightInit != UnitNormal {
		bad("weight_init: must be %v where the parametrization is mupc, got %v", UnitNormal, c.WeightInit)
	}
	for field, x := range map[string]float64{"weight_decay": c.WeightDecay, "activity_prior": c.ActivityPrior} {
		if !(x >= 0) || math.IsInf(x, 0) {
			bad("%s: must be a number >= 0, got %v", field, x)
		}
	}
	for i, t := range c.Terms {
		if _, err := graph.ParseTerm(t.Name); err != nil {
			bad("terms[%d].name: %v", i, err)
		}
		for _, name := range t.Nodes {
			if !slices.Contains(c.NodeNames(), name) {
				bad("terms[%d].nodes: must be of %s, got %q", i, strings.Join(c.NodeNames(), ", "), name)
			}
		}
	}
	switch {
	case err != nil:
	case c.Network != "":
		var inside []error
		full.Parametrization = c.Parametrization
		full.checkGraph(func(format string, a ...any) { inside = append(inside, fmt.Errorf(format, a...)) })
		if len(inside) == 0 {
			inside = full.faults()
		}
		if len(inside) > 0 { // what one word says may be wrong at many nodes
			bad("network: %v", inside[0])
		}
		c.checkDirection(full, bad)
	case len(c.Nodes) > 0 || len(c.Predictions) > 0:
		c.checkGraph(bad)
		if c.checkDirection(c, bad); len(errs) == 0 {
			errs = c.faults()
		}
	default:
		c.checkChain(bad)
	}
	return c, errors.Join(errs...)
}

// Validate returns all that is wrong with c, each error naming its field.
func (c Config) Validate() error {
	_, err := c.WithDefaults()
	return err
}

// bottomUp returns s from bottom to top, given from data to label.
func bottomUp[T any](d Direction, s []T) []T {
	s = slices.Clone(s)
	if d == Discriminative {
		slices.Reverse(s)
	}
	return s
}
