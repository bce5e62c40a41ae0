// Package machine runs an expression graph over a batch, faster than Gorgonia's own
// machines and to the same values. It lowers the graph's operations to kernels (see
// package op), sorts these by how often what they compute changes, and makes a list of
// them for each thing that it is asked for.
package machine

import (
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Plan says what to compute of a graph.
type Plan struct {
	Graph  *G.ExprGraph
	Dtype  tensor.Dtype
	Rows   int     // of the batches for which room is made at first
	Frozen G.Nodes // inputs that are bound to the graph: parameters and precisions
	// InPlaceOf are, by a frozen input that may be bound to nothing, those whose values it
	// then has.
	InPlaceOf map[*G.Node]*G.Node
	Data      G.Nodes // inputs with a row for each example, which change once a batch
	Latents   G.Nodes // inputs with a row for each example, which move
	Asked     G.Nodes // read from outside after a list that computes them: see Engine.Number
	Scripts   []Script
	Same      [][2]*G.Node // two ways to compute one energy: the second stands where the first does
	// Unfused is for turns of single nodes, which compute nothing twice: see op.NewLowering.
	Unfused bool
	// Repack and OneRate switch off what makes a machine fast: see graph.Handicap.
	Repack, OneRate bool
}

// Script is a course of acts. What one act has computed, and what moves have left
// untouched, the next ones do not compute again.
type Script []Act

// Act computes some nodes, as one list of kernels, or lets latents move.
type Act struct {
	List  int     // the number of the list, −1 for one that nobody runs
	Zero  G.Nodes // of a value for each example, which are known to be 0 and are not computed
	Nodes G.Nodes // nil entries are left out
	Moves G.Nodes // latents that have moved after it
}

// Engine is a machine, whatever its dtype.
type Engine interface {
	// Reserve makes room for batches of up to rows examples.
	Reserve(rows int)
	// Freeze takes the values bound to the frozen inputs, in place, and does the work
	// that depends on them alone, but for what depends on still ones only, which are as
	// they were the last time.
	Freeze(workers int, still G.Nodes) error
	// Set gives an input with a row for each example its values, in place.
	Set(n *G.Node, v G.Value, rows int) error
	// Begin does a batch's work for rows lo to hi.
	Begin(lo, hi int)
	// Run runs a list for rows lo to hi.
	Run(list, lo, hi int)
	// Kernels returns the length of a list, or of a batch's work where it is −1.
	Kernels(list int) int
	// Number returns the number of an asked node or a latent.
	Number(n *G.Node) int
	// View returns rows lo to hi of a value as a tensor.
	View(number, lo, hi int) *tensor.Dense
	// Energies returns the energy of each example.
	Energies(number int) []float64
	// Copy sets rows lo to hi of one value to those of another.
	Copy(dst, src, lo, hi int)
	// PutSum sets rows lo to hi of dst to x + y, where mask is not 0; −1 is no mask.
	PutSum(dst, x, y, mask, lo, hi int)
}

// New returns a machine for a plan.
func New(p Plan) (Engine, error) {
	if p.Dtype == tensor.Float32 {
		return newCore[float32](p)
	}
	return newCore[float64](p)
}
