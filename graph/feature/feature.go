// Package feature has what an edge of a predictive coding network takes of its sources
// before its map: ψ, a function without parameters that is differentiable by latents.
// It is an [Activation] of one source, unit by unit, [Concat] or [Outer] of several, one of
// those that know positions, such as [MaxPool], or a [Sequence] of them.
//
// A value of one example has a shape: (d), or (L, C) and (H, W, C) of what has positions,
// channels last. In a graph it is a row, of all its units: position by position, and of each
// its channels side by side.
package feature

import "gorgonia.org/tensor"

// Feature is ψ of one or more sources. Its implementations are in this package.
type Feature interface {
	// String returns it as configurations and drawings have it.
	String() string
	// Shape returns the shape of ψ, given those of the sources, or which sources it must
	// have.
	Shape(in ...tensor.Shape) (tensor.Shape, error)
	// MaxSlope returns a bound on the spectral norm of its derivative, given the shapes of
	// the sources, which Shape has allowed; of [Normalise] and [Outer], which have no bound
	// of use, what the norm mostly is.
	MaxSlope(in ...tensor.Shape) float64
	// Linear reports whether ψ is linear.
	Linear() bool
	// UnitByUnit reports whether each unit of ψ depends on one unit of a source alone, in
	// their order. Where it does not, no block of curvature is known, but of products, as [Outer]
	// has them.
	UnitByUnit() bool
}

// Default returns f, or the identity where it is nil.
func Default(f Feature) Feature {
	if f == nil {
		return Identity
	}
	return f
}
