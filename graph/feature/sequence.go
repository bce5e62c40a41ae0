package feature

import (
	"fmt"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/internal/op"
)

// Sequence is features one behind the other: the first takes the sources, each of the
// others what the one before makes.
type Sequence []Feature

// String returns the features, separated by commas, as [Parse] reads them.
func (s Sequence) String() string {
	names := make([]string, len(s))
	for i, f := range s {
		names[i] = f.String()
	}
	return strings.Join(names, ", ")
}

// Shape returns that of the last.
func (s Sequence) Shape(in ...tensor.Shape) (tensor.Shape, error) {
	for _, f := range s {
		out, err := f.Shape(in...)
		if err != nil {
			return nil, err
		}
		in = []tensor.Shape{out}
	}
	if len(in) != 1 {
		return nil, fmt.Errorf("sequence: must have a feature, got none")
	}
	return in[0], nil
}

// MaxSlope returns the product of the bounds.
func (s Sequence) MaxSlope(in ...tensor.Shape) float64 {
	slope := 1.0
	for _, f := range s {
		slope *= f.MaxSlope(in...)
		out, _ := f.Shape(in...) // checked before
		in = []tensor.Shape{out}
	}
	return slope
}

// UnitByUnit reports whether all are.
func (s Sequence) UnitByUnit() bool {
	for _, f := range s {
		if !f.UnitByUnit() {
			return false
		}
	}
	return true
}

// Linear reports whether all are.
func (s Sequence) Linear() bool {
	for _, f := range s {
		if !f.Linear() {
			return false
		}
	}
	return true
}

// Build adds them to a graph.
func (s Sequence) Build(b *op.Builder, shapes []tensor.Shape, in ...*G.Node) *G.Node {
	for _, f := range s {
		x := f.(interface {
			Build(b *op.Builder, shapes []tensor.Shape, in ...*G.Node) *G.Node
		}).Build(b, shapes, in...)
		if b.Err != nil {
			return nil
		}
		out, _ := f.Shape(shapes...) // checked before
		shapes, in = []tensor.Shape{out}, G.Nodes{x}
	}
	return in[0]
}
