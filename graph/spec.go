package graph

import (
	"fmt"

	"gorgonia.org/tensor"

	"example.com/pcn/graph/feature"
	"example.com/pcn/graph/linear"
)

// Spec says which energy to build: nodes, and predictions of them. Whatever goes by node
// or by prediction in this package has their order.
type Spec struct {
	Nodes       []Node       // at least one
	Predictions []Prediction // at least one
	Own         []Own        // terms of the user's own
	Steps       StepForm     // the steps that free nodes are given beside their gradients
	// Follow says that nodes move in turns, so that one that nothing else depends on, fixed in
	// part, may follow the others: the blocks of BlockSteps that are made by the example anyway,
	// those of feature.Outer, are then of its fixed units alone, and what is hidden of an
	// input holds nobody back.
	Follow bool
	// Noise says that BlockSteps are to be of gradients with noise: see [Shard.Noise].
	Noise bool
	Batch int          // examples, the rows of each latent
	Dtype tensor.Dtype // tensor.Float32 or tensor.Float64
}

// Node is a latent v, (B, d), one example a row.
type Node struct {
	Name string // of one node only
	// Shape is that of one example: (d), or (L, C) and (H, W, C) where units have
	// positions, channels last.
	Shape   tensor.Shape
	Clamped bool    // it is data; otherwise it is free
	Masked  bool    // it is free, but for units that a mask fixes
	Prior   float64 // α of an activity prior ½ α ‖v‖², 0 for none
	// Past is the node whose latent of Delay steps ago this one is, "" where it is none.
	// [Spec.Wire] adds one for each source of an edge with a delay, and they are always
	// clamped: what has been is no longer moved.
	Past  string
	Delay int
}

// Size returns d, the number of units.
func (n Node) Size() int { return n.Shape.TotalSize() }

// Prediction is what some nodes predict of one,
//
//	μ = g( Σ a M(θ) ψ(v) + b )
//
// a sum over edges, and the energy of the error that it leaves. A node may have several:
// each is a term of the energy.
type Prediction struct {
	Of     string          // the node, by name
	Edges  []Edge          // at least one
	After  feature.Feature // g; nil is the identity, and all that is not makes the latent one behind the nonlinearity
	Bias   bool            // it has b, a number for each unit, or for each channel where a map has geometry
	Energy *NodeEnergy     // nil is Gaussian
	// Precise says that its energy has a precision Π, (d).
	Precise bool
	Weight  float64 // w of its energy; 0 is 1
	// Gram says that its energy is written in Gram form: see GramPays.
	Gram bool
	// Guess says that it is where its node may begin, and no term of the energy: its Weight
	// is 0. It is Gaussian, without After or precision.
	Guess bool
}

// Edge is one summand of a prediction: a frozen map of a feature.
type Edge struct {
	From    []string        // the sources, by name: one, or as many as the feature takes
	Feature feature.Feature // ψ; nil is the identity
	Map     linear.Map      // M(θ); nil is dense
	Scale   float64         // a; 0 is 1
	// Delay takes the sources of so many steps ago, of a sequence. 0 takes those of now.
	Delay int
	// Share names θ: edges with one name have the same parameters. "" is for none.
	Share string
	// Feedback says that the prediction can be made without the source: where nodes
	// predict each other in a circle, one edge of it has to be feedback, so that there
	// is an order in which to begin.
	Feedback bool
}

// Chain returns the Spec of a chain of dense layers: node i, of sizes[i] units, is
// predicted by node i+1 through φ_i, with a bias. The first is the bottom.
func Chain(sizes []int, activations []*feature.Activation, batch int, dtype tensor.Dtype) Spec {
	s := Spec{Batch: batch, Dtype: dtype}
	for i, d := range sizes {
		s.Nodes = append(s.Nodes, Node{Name: fmt.Sprintf("v%d", i), Shape: tensor.Shape{d}})
	}
	for i, a := range activations {
		p := Prediction{Of: fmt.Sprintf("v%d", i), Bias: true}
		p.Edges = []Edge{{From: []string{fmt.Sprintf("v%d", i+1)}, Feature: a}}
		s.Predictions = append(s.Predictions, p)
	}
	return s
}
