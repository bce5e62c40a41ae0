// Package linear has the maps of a predictive coding network's edges: M(θ), linear in the
// feature that it is given, with parameters that are frozen while latents settle. A map
// knows its product, its pull-back, its part in the curvature of the energy, and its
// Hebbian update; each is a file.
package linear

import (
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/registry"
)

// Map is M(θ): it turns a feature ψ (B, k) into a part of a prediction (B, n). Its
// implementations are in this package.
type Map interface {
	// String returns it as configurations and drawings have it.
	String() string
	// Parameters returns what it learns, and holds, for a feature of k units and a
	// prediction of n, or which sizes it must have.
	Parameters(k, n int) ([]Parameter, error)
	// Outer returns the map's Hebbian update, for batches of such features.
	Outer(k, n int) Outer
}

// Parameter is one of θ.
type Parameter struct {
	Name  string // as in the names of tensors in files: weight, gain
	Shape []int  // of one or two dimensions
	// FanIn and FanOut are how many units of the feature a unit of the prediction is made
	// from, and the other way round: by them weights are drawn. 0 is for what begins at 1,
	// or is given.
	FanIn, FanOut int
	// Value is given for what is never learned; nil for what is.
	Value *tensor.Dense
}

// Outer is ⊗, the Hebbian update of a map: for an error δ (B, n) at its output and its
// feature ψ (B, k) it gives the mean over the examples of the derivative of ⟨δ, M(θ)ψ⟩ by
// each parameter. It keeps scratch, and so belongs to one goroutine at a time, but for
// calls of Rows on other rows.
type Outer interface {
	// Prepare does once a batch what all rows need. It comes before Rows, of the same batch.
	Prepare(delta, psi *tensor.Dense)
	// Rows sets rows lo to hi of each parameter's update, all of which have as many rows: scale · δ ⊗ ψ, with scale
	// one number for all rows, such as 1/B.
	Rows(into []*tensor.Dense, delta, psi *tensor.Dense, scale float64, lo, hi int)
}

// Block is a map's part in the curvature of the energy by the feature's units, MᵀΠM: of
// which a map has one. All is for k units.
type Block struct {
	Gram     *G.Node // (k, k); nil for none
	Diagonal *G.Node // (k); nil for none
	Constant float64 // of the identity
	None     bool    // the map has no part that is known
}

var maps = registry.New(map[string]Map{
	Dense{}.String(): Dense{}, Diagonal{}.String(): Diagonal{}, Fixed{}.String(): Fixed{},
})

// ParseMap returns the map of that name: dense, diagonal or identity.
func ParseMap(name string) (Map, error) { return maps.Parse(name) }

// Default returns m, or a dense map where it is nil.
func Default(m Map) Map {
	if m == nil {
		return Dense{}
	}
	return m
}
