package model

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/internal/ram"
	"example.com/pcn/internal/recent"
)

// Network is a predictive coding network: parameters, and the machines that settle its
// latents. Whatever goes by node or by prediction has their order in [Network.Spec]; of a
// chain that is from the bottom up, prediction i being that of node i. A network is not
// safe for use by several goroutines, and uses all cores itself: see [Network.Clone].
type Network struct {
	cfg           Config
	wiring        *graph.Wiring
	numbers       map[string]int // of nodes
	sizes         []int          // by node
	input, target int
	terms         []term // by prediction
	parameters    []Parameter
	metadata      map[string]string // attached texts
	workers       int
	handicap      graph.Handicap
	sharing       *exchanging // of batches with other ranks; nil for none

	version int // of the parameters
	norms   *norms
	older   *older
	workshop
}

// term is a prediction's parameters, and its energy.
type term struct {
	edges     [][]*tensor.Dense // by edge: θ, what is never learned included
	bias      *tensor.Dense     // (d); nil for none
	energy    NodeEnergy
	precision *tensor.Dense // Π, (d); nil where 1
	log       *tensor.Dense // log Π, (d), where it is learned
	unitwise  bool          // the precision was given unit by unit
}

// Parameter is what a network learns, live.
type Parameter struct {
	// Name is that of the tensor in files.
	Name  string
	Value *tensor.Dense
	// Prediction is the first prediction that it is a part of.
	Prediction int
	// Decays says that weight decay is of it: a weight, and no bias or precision.
	Decays bool
}

// workshop is what a network makes to work with, and can make again: no copy
// has it in common.
type workshop struct {
	machines recent.List[*settler]
	key      []byte          // scratch
	starts   []*tensor.Dense // by node: see noise
	learning *learning       // see Hebbian
	fixed    []float64       // scratch, by node: see constants
	noisy    bool            // machines are made for noise: see Settling.Noise
}

// mostMachines is how many machines a network keeps: there is one for each form of
// the energy, which a run of training has some half dozen of.
const mostMachines = 8

func newWorkshop() workshop { return workshop{machines: recent.List[*settler]{Most: mostMachines}} }

// New returns a network with weights drawn as cfg says. The error, if any,
// names each field that is wrong.
func New(cfg Config) (*Network, error) {
	n, err := plan(cfg)
	if err == nil {
		rng := rand.New(rand.NewPCG(n.cfg.Seed, streamWeights))
		err = n.furnish(func(s slot, x *tensor.Dense) { n.draw(rng, s, x) })
	}
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	return n, nil
}

// furnish gives a planned network its tensors: those of parameters are 0 until begin, if
// any, sets them.
func (n *Network) furnish(begin func(slot, *tensor.Dense)) error {
	parameters, _ := n.cfg.Bytes(Inference{}, 0)
	if err := ram.Check("layers", parameters); err != nil {
		return err
	}
	for _, s := range n.slots() {
		x := s.fixed
		if x == nil {
			x = tensor.New(tensor.Of(n.cfg.Dtype.Tensor()), tensor.WithShape(s.shape...))
			if begin != nil {
				begin(s, x)
			}
		}
		s.put(n, x)
	}
	_, _, precisions := n.cfg.design()
	for i := range n.terms {
		n.configurePrecision(i, precisions[n.wiring.Given[i]])
	}
	n.list()
	n.norms = newNorms(n)
	return nil
}

// plan returns the network of a configuration, without tensors.
func plan(cfg Config) (*Network, error) {
	cfg, err := cfg.WithDefaults()
	if err != nil {
		return nil, err
	}
	spec, energies, _ := cfg.design()
	wiring, err := spec.Wire()
	if err != nil {
		return nil, err
	}
	if cfg.Parametrization == MuPC {
		scales, err := muPC(wiring)
		if err != nil {
			return nil, err
		}
		for i, of := range scales {
			for j, a := range of {
				wiring.Predictions[i].Edges[j].Scale *= a
			}
		}
	}
	n := &Network{cfg: cfg, wiring: wiring, numbers: map[string]int{}, workers: runtime.GOMAXPROCS(0), older: &older{}, workshop: newWorkshop()}
	for l, node := range wiring.Nodes {
		n.numbers[node.Name] = l
		n.sizes = append(n.sizes, node.Size())
	}
	input, target := cfg.ports()
	n.input, n.target = n.numbers[input], n.numbers[target]
	for i, p := range wiring.Predictions {
		n.terms = append(n.terms, term{energy: energies[wiring.Given[i]], edges: make([][]*tensor.Dense, len(p.Edges))})
	}
	var names []string // of tensors in files
	for _, s := range n.slots() {
		names = append(names, s.name)
	}
	for i := range n.terms {
		names = append(names, n.precisionName(i))
	}
	slices.Sort(names)
	for i, name := range names[1:] {
		if names[i] == name {
			return nil, fmt.Errorf("predictions: must have parameters of different names, got %s twice: rename a node or what is shared", name)
		}
	}
	return n, nil
}

// Config returns the configuration, with its defaults filled in.
func (n *Network) Config() Config {
	c, _ := n.cfg.WithDefaults() // a copy
	return c
}

// Spec returns the network as nodes and predictions, none of them clamped, with its
// defaults: masked are those of which what is free is missing data.
func (n *Network) Spec() graph.Spec { return n.wiring.Spec }

// Nodes returns the names of the nodes.
func (n *Network) Nodes() []string {
	names := make([]string, len(n.sizes))
	for l, node := range n.wiring.Nodes {
		names[l] = node.Name
	}
	return names
}

// Node returns the number of a node, or which nodes there are.
func (n *Network) Node(name string) (int, error) {
	return n.named("node", name)
}

// named returns the number of the node that a field names.
func (n *Network) named(field, name string) (int, error) {
	if l, ok := n.numbers[name]; ok {
		return l, nil
	}
	return 0, fmt.Errorf("model: %s: must be one of %s, got %q", field, strings.Join(n.Nodes(), ", "), name)
}

// Predictions returns the number of predictions: L of a chain of L+1 nodes.
func (n *Network) Predictions() int { return len(n.terms) }

// Predicted reports whether node l has a prediction, and so an energy.
func (n *Network) Predicted(l int) bool { return n.wiring.First[l] >= 0 }

// Form returns the form of the energy of node l, that of its first prediction; nil where it
// has none.
func (n *Network) Form(l int) *graph.NodeEnergy {
	if !n.Predicted(l) {
		return nil
	}
	return n.wiring.Predictions[n.wiring.First[l]].Energy
}

// hasEnergy reports whether node l has a part in the energy.
func (n *Network) hasEnergy(l int) bool {
	return n.Predicted(l) || n.wiring.Nodes[l].Prior > 0 || slices.ContainsFunc(n.wiring.OwnOf, func(nodes []int) bool { return nodes[0] == l })
}

// Size returns the number of units of node l.
func (n *Network) Size(l int) int { return n.sizes[l] }

// InputNode returns the node of the data.
func (n *Network) InputNode() int { return n.input }

// TargetNode returns the node of the labels.
func (n *Network) TargetNode() int { return n.target }

// Feedforward reports whether a pass from the inputs alone, each node at its prediction,
// predicts the targets: the inputs have no prediction, and all else follows from them in
// the one way that it is predicted. Such a network is an ordinary one of that shape, and
// backpropagation can train it: see [Network.Backprop].
func (n *Network) Feedforward() bool { return n.PassFrom(n.input) == nil }

// PassFrom returns why a pass from node top alone, each of the others at its prediction,
// is not where the network comes to rest with that node fixed; nil where it is.
func (n *Network) PassFrom(top int) error {
	return n.falls(func(l int) bool { return l == top })
}

// falls returns why a pass from the nodes that are fixed leaves an error that is not 0: it
// does not where those have no prediction, and the others one each, without feedback or
// prior.
func (n *Network) falls(fixed func(l int) bool) error {
	for l, node := range n.wiring.Nodes {
		switch {
		case node.Past != "": // is fixed, too, and has none
		case fixed(l) && n.wiring.First[l] >= 0:
			return fmt.Errorf("node %s: is fixed, and has a prediction", node.Name)
		case !fixed(l) && n.wiring.First[l] < 0:
			return fmt.Errorf("node %s: has no prediction", node.Name)
		case node.Prior > 0:
			return fmt.Errorf("node %s: has an activity prior", node.Name)
		}
	}
	if len(n.wiring.Own) > 0 {
		return fmt.Errorf("term %s: is of the user's own", n.wiring.Own[0].Term)
	}
	for i, l := range n.wiring.Of {
		name := n.wiring.Nodes[l].Name
		if n.wiring.Predictions[i].Guess {
			continue
		}
		if i != n.wiring.First[l] {
			return fmt.Errorf("node %s: has several predictions", name)
		}
		if slices.ContainsFunc(n.wiring.Predictions[i].Edges, func(e graph.Edge) bool { return e.Feedback }) {
			return fmt.Errorf("node %s: has feedback", name)
		}
	}
	return nil
}

// Weights returns θ of the first edge of prediction i: of a chain W, (d_i, d_{i+1}), by
// which node i+1 predicts node i. It is live: call [Network.Changed] after changing it.
// Nil where that edge has no parameters.
func (n *Network) Weights(i int) *tensor.Dense { return n.EdgeWeights(i, 0) }

// EdgeWeights returns likewise θ of edge j, in the order of [Network.Spec].
func (n *Network) EdgeWeights(i, j int) *tensor.Dense {
	if t := n.terms[i]; j < len(t.edges) && len(t.edges[j]) > 0 {
		return t.edges[j][0]
	}
	return nil
}

// Biases returns b of prediction i, (d), live; nil where it has none.
func (n *Network) Biases(i int) *tensor.Dense { return n.terms[i].bias }

// Parameters returns what is learned, live: of each prediction θ of its edges, those that
// it shares with an earlier one left out, and its bias; and then log Π, (d), of each
// precision that is learned. [Update.Directions] has the same order.
func (n *Network) Parameters() []*tensor.Dense {
	p := make([]*tensor.Dense, len(n.parameters))
	for i, x := range n.parameters {
		p[i] = x.Value
	}
	return p
}

// Named returns the same with their names.
func (n *Network) Named() []Parameter { return slices.Clone(n.parameters) }

// Changed tells the network that its parameters have been changed from outside.
// Learned precisions follow their logarithms, which are kept within
// ±[MaxLogPrecision].
func (n *Network) Changed() {
	n.version++
	n.refreshPrecisions()
}

// SetWorkers sets the number of cores used, all if w <= 0. It changes no
// result.
func (n *Network) SetWorkers(w int) {
	if w <= 0 {
		w = runtime.GOMAXPROCS(0)
	}
	n.workers = w
}

// Workers returns the number of cores used.
func (n *Network) Workers() int { return n.workers }

// SetHandicap switches off parts of the machines that settle the network, to
// measure what each saves. It changes no result.
func (n *Network) SetHandicap(h graph.Handicap) {
	n.handicap = h
	n.workshop = newWorkshop()
}

// String describes the network in a line.
func (n *Network) String() string { return fmt.Sprintf("%v, %d weights", n.cfg, n.count()) }

// count returns the number of parameters.
func (n *Network) count() (total int) {
	for _, p := range n.parameters {
		total += p.Value.Shape().TotalSize()
	}
	return total
}

// NodeEnergy returns the form of prediction i's energy.
func (n *Network) NodeEnergy(i int) NodeEnergy { return n.terms[i].energy }
