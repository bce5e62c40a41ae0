// Package linear has the maps of a predictive coding network's edges: M(θ), linear in the
// feature ψ that it is given, with parameters that are frozen while latents settle. A map
// knows its product, its pull-back, its part in the curvature of the energy, and its
// Hebbian update; each is a file. Convolutions are several: the maps (conv.go) and their
// text (convtext.go) over a geometry (geometry.go), of which patches.go is the arithmetic,
// convolve.go the operations, and convouter.go the update.
package linear

import (
	"fmt"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/internal/op"
	"example.com/pcn/internal/registry"
)

// Map is M(θ): it turns a feature ψ (B, k) into a part of a prediction (B, n), each row of
// which has a shape as package feature has them. Its implementations are in this package.
type Map interface {
	// String returns it as configurations and drawings have it.
	String() string
	// Out returns the shape of M(θ)ψ, given that of ψ and that of the node that is
	// predicted, or which shapes it must have. It is the node's own, but for a map that
	// has geometry: what comes after the sum may change it.
	Out(psi, node tensor.Shape) (tensor.Shape, error)
	// Parameters returns what it learns, and holds, for a feature and a product of these
	// shapes, which Out has allowed.
	Parameters(psi, out tensor.Shape) []Parameter
	// Biases returns how many numbers a bias beside it has: one for each unit of out, or
	// for each channel.
	Biases(out tensor.Shape) int
	// Outer returns the map's Hebbian update, for batches of such features.
	Outer(psi, out tensor.Shape) Outer
}

// Parameter is one of θ.
type Parameter struct {
	Name  string // as in the names of tensors in files: weight, gain
	Shape []int  // of one or two dimensions
	// FanIn and FanOut are how many units of the feature a unit of the prediction is made
	// from, and the other way round: by them weights are drawn. 0 is for what begins at 1,
	// or is given.
	FanIn, FanOut int
	ZeroDiagonal  bool // elements i, i are 0, and stay so
	// Axes are what the dimensions of Shape are made of, where files have the parameter
	// with more of them: Stored is their order there. Nil is as Shape has it.
	Axes, Stored []int
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
	// one number for all rows. Into has room for these rows alone, from its first element on.
	Rows(into []*tensor.Dense, delta, psi *tensor.Dense, scale float64, lo, hi int)
}

// Block is a map's part in the curvature of the energy by the feature's units, MᵀΠM: of
// which a map has one, or none (see HasBlock). All is for k units.
type Block struct {
	Gram     *G.Node // (k, k); nil for none
	Diagonal *G.Node // (k); nil for none
	Constant float64 // of the identity
}

// HasBlock reports whether a map's part in the curvature is known. A user's own and those
// of images have only a norm.
func HasBlock(m Map) bool {
	_, has := m.(interface {
		Block(b *op.Builder, name string, precision *G.Node, theta G.Nodes) Block
	})
	return has
}

var maps = registry.New(map[string]Map{
	denseName: Dense{}, Diagonal{}.String(): Diagonal{}, Fixed{}.String(): Fixed{}, fixedName: fixedText{},
	convName: Conv{}, transposeName: ConvTranspose{},
})

// withArguments is a map whose text has words behind its name.
type withArguments interface {
	WithArguments(words []string) (Map, error)
}

// ParseMap returns the map of a text: its name, dense, diagonal, identity, fixed, conv,
// conv-transpose or a registered one, and behind it what the map can be told, such as
// conv 3x3 stride 2 pad 1 dilate 1 groups 4, dense zero-diagonal, or the rows of a matrix, fixed
// 1 0.1; 0 1. An empty text is dense.
func ParseMap(text string) (Map, error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return Dense{}, nil
	}
	m, err := maps.Parse(words[0])
	if err != nil {
		return nil, err
	}
	if with, ok := m.(withArguments); ok {
		return with.WithArguments(words[1:])
	}
	if len(words) > 1 {
		return nil, fmt.Errorf("%s: must have nothing behind its name, got %q", words[0], strings.Join(words[1:], " "))
	}
	return m, nil
}

// Default returns m, or a dense map where it is nil.
func Default(m Map) Map {
	if m == nil {
		return Dense{}
	}
	return m
}
