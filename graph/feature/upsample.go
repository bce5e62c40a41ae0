package feature

import (
	"fmt"
	"math"
	"slices"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/internal/op"
	"example.com/pcn/internal/shape"
)

// Upsample repeats each position, as often as By says along each dimension: the value of
// the nearest.
type Upsample struct {
	By []int // a number for each dimension of positions, or one for all
}

const upsampleName = "upsample"

// String returns such as upsample 2.
func (u Upsample) String() string { return upsampleName + " " + shape.Typed(u.By) }

// WithArguments returns the upsampling by what stands behind the name.
func (Upsample) WithArguments(words []string) (Feature, error) {
	if len(words) != 1 {
		return nil, fmt.Errorf("%s: must have a factor behind its name, such as %[1]s 2, got %q", upsampleName, strings.Join(words, " "))
	}
	by, err := shape.Parse(words[0], 1)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", upsampleName, err)
	}
	return Upsample{by}, nil
}

// windows returns the windows over what is made, one for each position of the source.
func (u Upsample) windows(in ...tensor.Shape) (g grid, made tensor.Shape, err error) {
	s, err := positions(upsampleName, in...)
	if err != nil {
		return g, nil, err
	}
	if n := len(u.By); n != 1 && n != len(s)-1 || slices.Min(u.By) < 1 {
		return g, nil, fmt.Errorf("%s: must have a factor >= 1, or one for each dimension of the positions %s, got %v", upsampleName, shape.Text(s[:len(s)-1]), u.By)
	}
	made = s.Clone()
	for i := range s[:len(s)-1] {
		made[i] *= u.By[i%len(u.By)]
	}
	g, err = Window{Size: u.By}.on(upsampleName, made)
	return g, made, err
}

// Shape returns (a·H, b·W, C) of (H, W, C), or (a·L, C) of (L, C).
func (u Upsample) Shape(in ...tensor.Shape) (tensor.Shape, error) {
	_, made, err := u.windows(in...)
	return made, err
}

// MaxSlope returns √k, where a position is repeated k times.
func (u Upsample) MaxSlope(in ...tensor.Shape) float64 {
	g, _, _ := u.windows(in...)
	return math.Sqrt(float64(g.Places()))
}

// Linear is true.
func (Upsample) Linear() bool { return true }

// UnitByUnit is false.
func (Upsample) UnitByUnit() bool { return false }

// Build adds the upsampling to a graph.
func (u Upsample) Build(b *op.Builder, shapes []tensor.Shape, in ...*G.Node) *G.Node {
	g, _, _ := u.windows(shapes...) // Shape has said what is wrong with it
	return b.Apply(fmt.Sprintf("%v(%s)", u, in[0].Name()), spread(g, 1), in[0])
}
