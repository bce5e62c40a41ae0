package model

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"example.com/pcn/graph"
	"example.com/pcn/internal/registry"
)

// Method names how free latents move in a step. The preconditioned ones use that
// weights are frozen: H, the sum of w Π of what predicts a node and a² c² Wᵀ Π W of what it
// predicts, bounds the energy's curvature at the node: see graph.StepForm. It is inverted as
// often as Inference.Lag says, and not after each change of the weights. [RegisterMethod] adds others.
type Method string

// The built-in methods.
const (
	// Gradient descent, v ← v − γ g, all nodes at once: the article's method.
	Gradient Method = ""
	// Momentum is heavy-ball descent, u ← 0.9 u + g, v ← v − γ u (Polyak 1964).
	Momentum Method = "momentum"
	// Nesterov is accelerated descent, begun anew where it would climb (O'Donoghue
	// and Candès 2015, the gradient scheme).
	Nesterov Method = "nesterov"
	// Adam is Kingma and Ba's rule (2015, algorithm 1) on the latents.
	Adam Method = "adam"
	// Lion moves each unit by the sign of its gradient's running mean (Chen and others
	// 2023), by the same length whatever the gradient's.
	Lion Method = "lion"
	// Preconditioned moves all nodes at once, v ← v − γ H⁻¹ g.
	Preconditioned Method = "preconditioned"
	// GaussSeidel moves node after node, those that predict nothing first, v ← v − γ H⁻¹
	// g, each seeing its neighbours' new values. A step is one pass.
	GaussSeidel Method = "gauss-seidel"
	// SymmetricGaussSeidel goes there and back again. A step is both.
	SymmetricGaussSeidel Method = "symmetric-gauss-seidel"
	// RedBlack is Gauss–Seidel in two turns, each of nodes that do not meet in the energy:
	// of a chain every other one.
	RedBlack Method = "red-black"
	// Chain moves all nodes at once by the inverse of a whole chain's curvature,
	// couplings between the nodes included (graph.ChainSteps): in a linear network a
	// step ends at the equilibrium.
	Chain Method = "chain"
	// ErrorCoordinates descends by the errors in place of the latents: each latent is
	// its prediction and an error, and a step in an error moves all that is predicted
	// from it along. Signals cross a deep network in one step (Goemaere et al. 2025).
	ErrorCoordinates Method = "error-coordinates"
)

// Moves is a method: what it wants of the graph, and how it moves latents.
type Moves struct {
	Rate float64        // default of Inference.Rate
	Form graph.StepForm // the steps that it takes from the graph
	// Bounded says that its rate is to stay below [Network.MaxRate].
	Bounded bool
	// Turns returns which nodes move together, turn by turn, of the free nodes in the
	// order in which they are predicted, last first; meet reports whether two of them are
	// parts of one term of the energy. Nil is one turn of all. Several turns are for a Form
	// of graph.BlockSteps.
	Turns func(nodes []int, meet func(a, b int) bool) [][]int
	// New returns a mover for a shard.
	New func(inf Inference) Mover
}

// Mover moves the free latents of one shard. It is used again for each batch.
type Mover interface {
	// Begin is called where a shard begins to settle, with the nodes that are free.
	Begin(s *graph.Shard, nodes []int)
	// Move moves some nodes, whose gradients and steps are fresh, each at its own rate.
	Move(s *graph.Shard, nodes []int, rates []float64)
	// End is called where the shard has settled, unless it has come to rest: it is then to
	// stay where it is.
	End(s *graph.Shard, nodes []int)
	// Remembers says that a move depends on more than where the latents are: they are
	// then not put back to where the energy was lowest.
	Remembers() bool
}

var methods = registry.New(map[string]Moves{
	gradientName:     {Rate: 0.1, Bounded: true, New: func(Inference) Mover { return AlongGradient{} }},
	string(Momentum): {Rate: 0.1, Bounded: true, New: func(inf Inference) Mover { return &HeavyBall{Keep: cmp.Or(inf.Momentum, 0.9)} }},
	string(Nesterov): {Rate: 0.1, Bounded: true, New: func(Inference) Mover { return &Accelerated{} }},
	string(Adam): {Rate: 0.05, New: func(inf Inference) Mover {
		return &AdamMover{Beta1: cmp.Or(inf.Beta1, 0.9), Beta2: cmp.Or(inf.Beta2, 0.999)}
	}},
	string(Lion): {Rate: 0.01, New: func(inf Inference) Mover {
		return &LionMover{Beta1: cmp.Or(inf.Beta1, 0.9), Beta2: cmp.Or(inf.Beta2, 0.99)}
	}},
	string(Preconditioned):       {Rate: 0.6, Form: graph.BlockSteps, New: along},
	string(GaussSeidel):          {Rate: 1, Form: graph.BlockSteps, Turns: oneByOne, New: along},
	string(SymmetricGaussSeidel): {Rate: 1, Form: graph.BlockSteps, Turns: thereAndBack, New: along},
	string(RedBlack):             {Rate: 1, Form: graph.BlockSteps, Turns: colours, New: along},
	string(Chain):                {Rate: 1, Form: graph.ChainSteps, New: along},
	string(ErrorCoordinates):     {Rate: 0.2, Form: graph.ErrorSteps, New: func(Inference) Mover { return &AlongErrors{} }},
})

func along(Inference) Mover { return AlongSteps{} }

// RegisterMethod makes a method known by name to Inference.Method, in place of one
// registered under that name before.
func RegisterMethod(name Method, m Moves) error {
	if m.New == nil || !(m.Rate > 0) {
		return fmt.Errorf("model: method %q: must have a rate > 0 and a mover, got rate %v", string(name), m.Rate)
	}
	if err := methods.Add(string(name), m); err != nil {
		return fmt.Errorf("model: method: %w", err)
	}
	return nil
}

// Methods returns the names of the methods of settling, sorted.
func Methods() []string { return methods.Names() }

// gradientName is the name of the zero Method.
const gradientName = "gradient"

// String returns the name.
func (m Method) String() string {
	if m == Gradient {
		return gradientName
	}
	return string(m)
}

// MarshalText returns the name.
func (m Method) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText takes the name of a method.
func (m *Method) UnmarshalText(b []byte) error {
	if _, err := methods.Parse(string(b)); err != nil {
		return err
	}
	if *m = Method(b); *m == gradientName {
		*m = Gradient
	}
	return nil
}

// UnmarshalJSON takes a name as a file has it. Whether there is such a method is for who
// knows the field: see [Inference.WithDefaults].
func (m *Method) UnmarshalJSON(b []byte) error {
	err := json.Unmarshal(b, (*string)(m))
	if *m == gradientName {
		*m = Gradient
	}
	return err
}

// moves returns what the name stands for, which has been looked up before.
func (m Method) moves() Moves {
	x, _ := methods.Parse(m.String())
	return x
}

func oneByOne(nodes []int, _ func(a, b int) bool) (turns [][]int) {
	for _, l := range nodes {
		turns = append(turns, []int{l})
	}
	return turns
}

func thereAndBack(nodes []int, meet func(a, b int) bool) [][]int {
	turns := oneByOne(nodes, meet)
	for _, l := range slices.Backward(nodes[:max(len(nodes)-1, 0)]) {
		turns = append(turns, []int{l})
	}
	return turns
}

// colours gives each node the first colour that none that it meets has.
func colours(nodes []int, meet func(a, b int) bool) (turns [][]int) {
	for _, l := range nodes {
		at := slices.IndexFunc(turns, func(turn []int) bool {
			return !slices.ContainsFunc(turn, func(k int) bool { return meet(l, k) })
		})
		if at < 0 {
			turns = append(turns, nil)
			at = len(turns) - 1
		}
		turns[at] = append(turns[at], l)
	}
	return turns
}
