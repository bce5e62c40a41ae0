package feature

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/internal/op"
)

// AvgPool is the mean of each window, channel by channel. What is beyond the edge counts as
// 0, as PyTorch has it.
type AvgPool struct{ Window }

const avgPoolName = "avg-pool"

// String returns such as avg-pool 2.
func (p AvgPool) String() string { return avgPoolName + " " + p.text() }

// WithArguments returns the pooling of a window, given as the words behind the name.
func (AvgPool) WithArguments(words []string) (Feature, error) {
	w, err := parseWindow(avgPoolName, words)
	return AvgPool{w}, err
}

// Shape returns (H', W', C) of (H, W, C), or (L', C) of (L, C).
func (p AvgPool) Shape(in ...tensor.Shape) (tensor.Shape, error) {
	return p.shape(avgPoolName, in...)
}

// MaxSlope returns √(o/k) for windows of k positions, with a position in at most o of
// them: the root of the largest sum of a row of the derivative times that of a column.
func (p AvgPool) MaxSlope(in ...tensor.Shape) float64 {
	g, _ := p.on(avgPoolName, in...)
	return math.Sqrt(float64(g.overlap()) / float64(g.Places()))
}

// Linear is true.
func (AvgPool) Linear() bool { return true }

// UnitByUnit is false.
func (AvgPool) UnitByUnit() bool { return false }

// Build adds the pooling to a graph.
func (p AvgPool) Build(b *op.Builder, shapes []tensor.Shape, in ...*G.Node) *G.Node {
	g, _ := p.on(avgPoolName, shapes...) // Shape has said what is wrong with it
	return b.Apply(fmt.Sprintf("%v(%s)", p, in[0].Name()), gather(g, 1/float64(g.Places())), in[0])
}

// GlobalAvgPool is the mean over all positions, channel by channel: (C) of (H, W, C) or
// (L, C).
type GlobalAvgPool struct{}

// String returns global-avg-pool.
func (GlobalAvgPool) String() string { return "global-avg-pool" }

// pool returns the pooling with one window.
func (p GlobalAvgPool) pool(in ...tensor.Shape) (AvgPool, error) {
	s, err := positions(p.String(), in...)
	if err != nil {
		return AvgPool{}, err
	}
	return AvgPool{Window{Size: s[:len(s)-1]}}, nil
}

// Shape returns (C).
func (p GlobalAvgPool) Shape(in ...tensor.Shape) (tensor.Shape, error) {
	s, err := positions(p.String(), in...)
	if err != nil {
		return nil, err
	}
	return s[len(s)-1:].Clone(), nil
}

// MaxSlope returns 1/√k of k positions.
func (p GlobalAvgPool) MaxSlope(in ...tensor.Shape) float64 {
	of, _ := p.pool(in...)
	return of.MaxSlope(in...)
}

// Linear is true.
func (GlobalAvgPool) Linear() bool { return true }

// UnitByUnit is false.
func (GlobalAvgPool) UnitByUnit() bool { return false }

// Build adds the pooling to a graph.
func (p GlobalAvgPool) Build(b *op.Builder, shapes []tensor.Shape, in ...*G.Node) *G.Node {
	of, _ := p.pool(shapes...)
	return of.Build(b, shapes, in...)
}
