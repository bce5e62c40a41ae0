package feature

import (
	"fmt"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/internal/op"
	"example.com/pcn/internal/shape"
)

// Flatten is the source without its positions: (H·W·C) of (H, W, C). Its units are the
// same, in the same order.
type Flatten struct{}

// String returns flatten.
func (Flatten) String() string { return "flatten" }

// Shape returns (d), of any source.
func (f Flatten) Shape(in ...tensor.Shape) (tensor.Shape, error) {
	if len(in) != 1 {
		return nil, fmt.Errorf("%v: must have one source, got %d", f, len(in))
	}
	return tensor.Shape{in[0].TotalSize()}, nil
}

// MaxSlope returns 1.
func (Flatten) MaxSlope(...tensor.Shape) float64 { return 1 }

// Linear is true.
func (Flatten) Linear() bool { return true }

// UnitByUnit is true.
func (Flatten) UnitByUnit() bool { return true }

// Build returns the source.
func (Flatten) Build(_ *op.Builder, _ []tensor.Shape, in ...*G.Node) *G.Node { return in[0] }

// Reshape gives a source another shape, of as many units, in the same order.
type Reshape struct{ To []int }

const reshapeName = "reshape"

// String returns such as reshape 7x7x64.
func (r Reshape) String() string { return reshapeName + " " + shape.Typed(r.To) }

// WithArguments returns the reshaping to what stands behind the name.
func (Reshape) WithArguments(words []string) (Feature, error) {
	if len(words) != 1 {
		return nil, fmt.Errorf("%s: must have a shape behind its name, such as %[1]s 7x7x64, got %q", reshapeName, strings.Join(words, " "))
	}
	to, err := shape.Parse(words[0], 1)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", reshapeName, err)
	}
	return Reshape{to}, nil
}

// Shape returns To.
func (r Reshape) Shape(in ...tensor.Shape) (tensor.Shape, error) {
	if len(in) != 1 {
		return nil, fmt.Errorf("%s: must have one source, got %d", reshapeName, len(in))
	}
	if to := tensor.Shape(r.To); len(to) == 0 || len(to) > 3 || to.TotalSize() != in[0].TotalSize() {
		return nil, fmt.Errorf("%s: must be to one to three numbers of as many units as %s, got %v", reshapeName, shape.Text(in[0]), r.To)
	}
	return tensor.Shape(r.To).Clone(), nil
}

// MaxSlope returns 1.
func (Reshape) MaxSlope(...tensor.Shape) float64 { return 1 }

// Linear is true.
func (Reshape) Linear() bool { return true }

// UnitByUnit is true.
func (Reshape) UnitByUnit() bool { return true }

// Build returns the source.
func (Reshape) Build(_ *op.Builder, _ []tensor.Shape, in ...*G.Node) *G.Node { return in[0] }
