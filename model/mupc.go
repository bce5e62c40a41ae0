package model

import (
	"fmt"
	"math"

	"example.com/pcn/graph"
	"example.com/pcn/graph/linear"
	"example.com/pcn/internal/enum"
)

// Parametrization names what the edges of a network are scaled by.
type Parametrization string

const (
	// Standard leaves each edge the scale that it is given.
	Standard Parametrization = "standard"
	// MuPC multiplies it by what keeps latents of one size at any width and depth, with
	// weights of unit variance (Innocenti and others 2025). With fan for how many units a
	// unit of the prediction is made from by the edge, K for how many of the prediction's
	// edges have weights, and L for how many predictions with weights the longest path has,
	// it is
	//
	//	1/(fan √K)       of a node that predicts no other, the end
	//	1/√(fan K L)     where an edge without weights, the residual, is summed with it
	//	1/√(fan K)       of any other edge with weights
	//	1                without weights
	MuPC Parametrization = "mupc"
)

// Parametrizations returns the names that there are.
func Parametrizations() []string { return []string{string(Standard), string(MuPC)} }

// check returns which names there are, where there is none such.
func (p Parametrization) check() error {
	_, err := enum.Index(Parametrizations(), string(p))
	return err
}

// UnmarshalText takes a name; none is the default.
func (p *Parametrization) UnmarshalText(b []byte) error {
	if *p = Parametrization(b); *p == "" {
		return nil
	}
	return p.check()
}

// muPC returns what multiplies the scales of a network's edges, by prediction and edge: see
// [MuPC]. It is an error where nodes predict each other in a circle.
func muPC(w *graph.Wiring) ([][]float64, error) {
	scales := make([][]float64, len(w.Predictions))
	weights := make([]int, len(w.Predictions)) // K, edges with weights
	for i, p := range w.Predictions {
		scales[i] = make([]float64, len(p.Edges))
		for j := range p.Edges {
			if in, _ := fans(w, i, j); in > 0 {
				weights[i]++
			}
			scales[i][j] = 1
		}
	}
	paths, err := longest(w, weights)
	if err != nil {
		return nil, err
	}
	depth := 0 // L
	source := make([]bool, len(w.Nodes))
	for _, path := range paths {
		depth = max(depth, path)
	}
	for _, from := range w.From {
		for _, nodes := range from {
			for _, l := range nodes {
				source[l] = true
			}
		}
	}
	for i, p := range w.Predictions {
		residual := weights[i] > 0 && weights[i] < len(p.Edges)
		for j := range p.Edges {
			in, _ := fans(w, i, j)
			v, k := float64(in), float64(weights[i])
			switch {
			case v == 0:
			case !source[w.Of[i]]:
				scales[i][j] = 1 / (v * math.Sqrt(k))
			case residual:
				scales[i][j] = 1 / math.Sqrt(v*k*float64(depth))
			default:
				scales[i][j] = 1 / math.Sqrt(v*k)
			}
		}
	}
	return scales, nil
}

// fans returns the fans of the weights of edge j of prediction i, 0 where it has none.
func fans(w *graph.Wiring, i, j int) (in, out int) {
	for _, x := range parametersOf(w, i, j) {
		in, out = max(in, x.FanIn), max(out, x.FanOut)
	}
	return in, out
}

// longest returns, by node, how many predictions with weights the longest path to it has.
func longest(w *graph.Wiring, weights []int) ([]int, error) {
	const unseen, onPath = -1, -2
	paths := make([]int, len(w.Nodes))
	for l := range paths {
		paths[l] = unseen
	}
	var err error
	var visit func(l int)
	visit = func(l int) {
		paths[l] = onPath
		most := 0
		for i, of := range w.Of {
			if of != l {
				continue
			}
			for _, nodes := range w.From[i] {
				for _, source := range nodes {
					if paths[source] == onPath {
						err = fmt.Errorf("parametrization: must be standard where nodes predict each other in a circle, as %s does %s and back, for the scales are by the length of the longest path: got mupc", w.Nodes[source].Name, w.Nodes[l].Name)
						return
					}
					if paths[source] == unseen {
						if visit(source); err != nil {
							return
						}
					}
					most = max(most, paths[source]+min(weights[i], 1))
				}
			}
		}
		paths[l] = most
	}
	for l := range paths {
		if paths[l] == unseen && err == nil {
			visit(l)
		}
	}
	return paths, err
}

// parametersOf returns what the map of edge j of prediction i learns, and holds.
func parametersOf(w *graph.Wiring, i, j int) []linear.Parameter {
	return w.Predictions[i].Edges[j].Map.Parameters(w.Features[i][j], w.Sums[i])
}
