// Package feature has what an edge of a predictive coding network takes of its sources
// before its map: ψ, a function without parameters that is differentiable by latents.
// It is an [Activation] of one source, unit by unit, or [Concat] of several.
package feature

// Feature is ψ of one or more sources. Its implementations are in this package.
type Feature interface {
	// String returns it as configurations and drawings have it.
	String() string
	// Size returns the number of units of ψ, given those of the sources, or which sources
	// it must have.
	Size(in ...int) (int, error)
}

// Default returns f, or the identity where it is nil.
func Default(f Feature) Feature {
	if f == nil {
		return Identity
	}
	return f
}

// Slope returns the largest slope of a feature by a unit.
func Slope(f Feature) float64 {
	switch f := f.(type) {
	case *Activation:
		return f.maxSlope
	case Concat:
		if f.Activation != nil {
			return f.Activation.maxSlope
		}
	}
	return 1
}
