package model

import (
	"fmt"
	"strings"

	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/graph/feature"
)

// Line is a line of a network's outline: an edge, or a node that nothing predicts.
type Line struct {
	Node  string `json:"node"`
	Shape []int  `json:"shape"`
	// From is the sources of the edge, and By what lies between: a scale that is not 1,
	// the map, and what it takes of them. They are empty where nothing predicts the node.
	From  string  `json:"from,omitempty"`
	By    string  `json:"by,omitempty"`
	Scale float64 `json:"scale,omitempty"`
	// Parameters is how many numbers the edge learns, and the first of a prediction its
	// bias; those that it shares count where they come first.
	Parameters int `json:"parameters"`
	// MultiplyAdds is how many the map does in a step of settling for an example, for its
	// product and its pull-back. An edge from the input alone does none, for its product
	// is that of the batch.
	MultiplyAdds int `json:"multiply_adds"`
}

// Outline returns the network in lines, each node behind those that it is predicted from.
// No tensors are made for it.
func (c Config) Outline() ([]Line, error) {
	n, err := plan(c)
	if err != nil {
		return nil, err
	}
	learned := map[[2]int]int{} // by prediction and edge
	for _, s := range n.slots() {
		at := [2]int{s.prediction, 0}
		if s.index >= 0 {
			at = s.edges[0]
		}
		if s.fixed == nil {
			learned[at] += tensor.Shape(s.shape).TotalSize()
		}
	}
	var lines []Line
	for _, l := range n.wiring.Order {
		node := n.wiring.Nodes[l]
		if !n.Predicted(l) {
			lines = append(lines, Line{Node: node.Name, Shape: node.Shape})
		}
		for i, p := range n.wiring.Predictions {
			if n.wiring.Of[i] != l {
				continue
			}
			for j, e := range p.Edges {
				line := Line{Node: node.Name, Shape: node.Shape, From: strings.Join(e.From, " + "), By: Between(p, e), Scale: e.Scale, Parameters: learned[[2]int{i, j}]}
				if len(n.wiring.From[i][j]) > 1 || n.wiring.From[i][j][0] != n.input {
					in, out := fans(n.wiring, i, j)
					line.MultiplyAdds = 2 * min(in*n.wiring.Sums[i].TotalSize(), out*n.wiring.Features[i][j].TotalSize()) // a stride skips the others
				}
				lines = append(lines, line)
			}
		}
	}
	return lines, nil
}

// Between says what lies between the nodes of an edge of a prediction.
func Between(p graph.Prediction, e graph.Edge) string {
	var s strings.Builder
	if after := p.After.String(); after != identity {
		s.WriteString(after + " of ")
	}
	if e.Scale != 1 {
		fmt.Fprintf(&s, "%.4g ", e.Scale)
	}
	s.WriteString(e.Map.String())
	if of := e.Feature.String(); of != identity {
		s.WriteString(" of " + of)
	}
	return s.String()
}

var identity = feature.Identity.String()
