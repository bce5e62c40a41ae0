package model

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/graph/feature"
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

	version int // of the parameters
	norms   *norms
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
}

// mostMachines is how many machines a network keeps: there is one for each form of
// the energy, which a run of training has some half dozen of.
const mostMachines = 8

func newWorkshop() workshop { return workshop{machines: recent.List[*settler]{Most: mostMachines}} }

// New returns a network with weights drawn as cfg says. The error, if any,
// names each field that is wrong.
func New(cfg Config) (*Network, error) {
	n, err := plan(cfg)
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	parameters, _ := n.cfg.Bytes(Inference{}, 0)
	if err := ram.Check("layers", parameters); err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	rng := rand.New(rand.NewPCG(n.cfg.Seed, streamWeights))
	for _, s := range n.slots() {
		s.put(n, n.draw(rng, s))
	}
	_, _, precisions := n.cfg.design()
	for i := range n.terms {
		n.configurePrecision(i, precisions[n.wiring.Given[i]])
	}
	n.list()
	n.norms = newNorms(n)
	return n, nil
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
	n := &Network{cfg: cfg, wiring: wiring, numbers: map[string]int{}, workers: runtime.GOMAXPROCS(0), workshop: newWorkshop()}
	for l, node := range spec.Nodes {
		n.numbers[node.Name] = l
		n.sizes = append(n.sizes, node.Size)
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

// featureSize returns the number of units of the feature of edge j of prediction i.
func (n *Network) featureSize(i, j int) int {
	var sizes []int
	for _, l := range n.wiring.From[i][j] {
		sizes = append(sizes, n.sizes[l])
	}
	k, _ := n.wiring.Predictions[i].Edges[j].Feature.Size(sizes...) // checked before
	return k
}

// slot is where a parameter of a network stands.
type slot struct {
	name       string
	shape      []int
	prediction int
	edges      [][2]int // prediction and edge of each that has it, by index in its θ
	index      int      // in θ; −1 for the bias
	fixed      *tensor.Dense
}

// slots returns where parameters stand, of each prediction θ of its edges, and its bias.
// What is never learned is among them.
func (n *Network) slots() (slots []slot) {
	shared := map[string]int{} // the first slot of its θ
	for i, p := range n.wiring.Predictions {
		d := n.sizes[n.wiring.Of[i]]
		for j, e := range p.Edges {
			of, _ := e.Map.Parameters(n.featureSize(i, j), d) // checked before
			first, known := shared[e.Share]
			for k, x := range of {
				if known {
					slots[first+k].edges = append(slots[first+k].edges, [2]int{i, j})
					continue
				}
				slots = append(slots, slot{name: n.parameterName(i, j, x.Name), shape: x.Shape, prediction: i, edges: [][2]int{{i, j}}, index: k, fixed: x.Value})
			}
			if e.Share != "" && !known {
				shared[e.Share] = len(slots) - len(of)
			}
		}
		if p.Bias {
			slots = append(slots, slot{name: n.parameterName(i, -1, "bias"), shape: []int{d}, prediction: i, index: -1})
		}
	}
	return slots
}

// put puts a tensor where it stands.
func (s *slot) put(n *Network, x *tensor.Dense) {
	if s.index < 0 {
		n.terms[s.prediction].bias = x
		return
	}
	for _, at := range s.edges {
		theta := &n.terms[at[0]].edges[at[1]]
		for len(*theta) <= s.index {
			*theta = append(*theta, nil)
		}
		(*theta)[s.index] = x
	}
}

// at returns the tensor that stands there.
func (s *slot) at(n *Network) *tensor.Dense {
	if s.index < 0 {
		return n.terms[s.prediction].bias
	}
	return n.terms[s.edges[0][0]].edges[s.edges[0][1]][s.index]
}

// draw returns a tensor for a slot: weights and biases at random, gains 1.
func (n *Network) draw(rng *rand.Rand, s slot) *tensor.Dense {
	dt, bound := n.cfg.Dtype.Tensor(), 0.0
	switch {
	case s.fixed != nil:
		return s.fixed
	case s.index >= 0 && len(s.shape) == 1:
		return filled(dt, func() float64 { return 1 }, s.shape...)
	case s.index < 0 && n.cfg.WeightInit == PyTorch:
		bound = 1 / math.Sqrt(float64(n.featureSize(s.prediction, 0)))
	case s.index < 0:
	case n.cfg.WeightInit == PyTorch:
		bound = 1 / math.Sqrt(float64(s.shape[1]))
	default:
		bound = math.Sqrt(6 / float64(s.shape[0]+s.shape[1]))
	}
	return uniform(rng, dt, bound, s.shape...)
}

// list makes the list of parameters that are learned, log Π of precisions last.
func (n *Network) list() {
	n.parameters = nil
	for _, s := range n.slots() {
		if s.fixed == nil {
			n.parameters = append(n.parameters, Parameter{s.name, s.at(n), s.prediction, s.index >= 0 && len(s.shape) > 1})
		}
	}
	for i, t := range n.terms {
		if t.log != nil {
			n.parameters = append(n.parameters, Parameter{n.parameterName(i, -1, "log_precision"), t.log, i, false})
		}
	}
}

// parameterName returns the name of a parameter in files: of a chain that of the
// article's PyTorch module, layers.0.W.weight from the bottom up; else by prediction and
// source, hidden.image.weight. j < 0 is what the prediction as a whole has.
func (n *Network) parameterName(i, j int, name string) string {
	if len(n.cfg.Layers) > 0 {
		if strings.Contains(name, "precision") {
			return fmt.Sprintf("layers.%d.%s", i, name)
		}
		return fmt.Sprintf("layers.%d.W.%s", i, name)
	}
	p := n.wiring.Predictions[i]
	of := p.Of
	if before := i - n.wiring.First[n.wiring.Of[i]]; before > 0 { // another prediction of the node
		of = fmt.Sprintf("%s.%d", of, before+1)
	}
	if j < 0 {
		return of + "." + name
	}
	if share := p.Edges[j].Share; share != "" {
		return share + "." + name
	}
	from := strings.Join(p.Edges[j].From, "+")
	for _, e := range p.Edges[:j] {
		if slices.Equal(e.From, p.Edges[j].From) {
			from += "'" // another edge from there
		}
	}
	return of + "." + from + "." + name
}

// The random streams drawn from one seed.
const (
	streamWeights = iota + 1
	streamNorms
	streamStart
)

func uniform(rng *rand.Rand, dt tensor.Dtype, bound float64, shape ...int) *tensor.Dense {
	return filled(dt, func() float64 { return bound * (2*rng.Float64() - 1) }, shape...)
}

func filled(dt tensor.Dtype, f func() float64, shape ...int) *tensor.Dense {
	d := tensor.New(tensor.Of(dt), tensor.WithShape(shape...))
	switch data := d.Data().(type) {
	case []float32:
		for i := range data {
			data[i] = float32(f())
		}
	case []float64:
		for i := range data {
			data[i] = f()
		}
	}
	return d
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
	if l, ok := n.numbers[name]; ok {
		return l, nil
	}
	return 0, fmt.Errorf("model: node: must be one of %s, got %q", strings.Join(n.Nodes(), ", "), name)
}

// Predicts returns the node that prediction i is of.
func (n *Network) Predicts(i int) int { return n.wiring.Of[i] }

// Predictions returns the number of predictions: L of a chain of L+1 nodes.
func (n *Network) Predictions() int { return len(n.terms) }

// Predicted reports whether node l has a prediction, and so an energy.
func (n *Network) Predicted(l int) bool { return n.wiring.First[l] >= 0 }

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
func (n *Network) Feedforward() bool {
	return n.falls(func(l int) bool { return l == n.input })
}

// falls reports whether a pass from the nodes that are fixed leaves every error 0: those
// have no prediction, and the others one each, without feedback or prior.
func (n *Network) falls(fixed func(l int) bool) bool {
	for l, node := range n.wiring.Nodes {
		if fixed(l) != (n.wiring.First[l] < 0) || node.Prior > 0 || len(n.wiring.Own) > 0 {
			return false
		}
	}
	for i, l := range n.wiring.Of {
		if i != n.wiring.First[l] || slices.ContainsFunc(n.wiring.Predictions[i].Edges, func(e graph.Edge) bool { return e.Feedback }) {
			return false
		}
	}
	return true
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

// Energy returns the network's energy with the nodes clamped that c fixes, as an
// expression graph of its own: to look at, to draw, or to run on any of Gorgonia's
// machines. Parameters are bound; latents and masks are not.
func (n *Network) Energy(c Clamps) (*graph.Energy, error) {
	clamps, rows, err := n.check(c)
	if err != nil {
		return nil, err
	}
	var f form
	f.clamped, f.masked = n.held(clamps)
	return n.build(f, rows)
}

// Allows returns why a method of settling is not for the network, nil where it is.
func (c Config) Allows(m Method) error {
	n, err := plan(c)
	if err != nil {
		return err
	}
	f := form{clamped: make([]bool, len(n.sizes)), masked: make([]bool, len(n.sizes)), method: m}
	f.clamped[n.input], f.clamped[n.target] = true, true
	for l := range n.sizes {
		f.masked[l] = !f.clamped[l] && slices.ContainsFunc(n.wiring.Predictions, func(p graph.Prediction) bool {
			return p.Of == n.wiring.Nodes[l].Name && !p.Energy.Settles()
		})
	}
	_, err = n.build(f, 1)
	return err
}

// build makes the energy for batches of rows examples and binds the parameters.
func (n *Network) build(f form, rows int) (*graph.Energy, error) {
	s := n.wiring.Spec
	s.Batch, s.Steps = rows, f.method.moves().Form
	s.Nodes, s.Predictions = slices.Clone(s.Nodes), slices.Clone(s.Predictions)
	for l := range s.Nodes {
		s.Nodes[l].Clamped, s.Nodes[l].Masked = f.clamped[l], f.masked[l]
	}
	for i := range s.Predictions {
		s.Predictions[i].Precise, s.Predictions[i].Gram = n.terms[i].precision != nil, f.gram != nil && f.gram[i]
	}
	e, err := graph.Build(s)
	if err != nil {
		return nil, err
	}
	return e, n.bind(e)
}

// bind gives a graph the parameters and precisions that the network has.
func (n *Network) bind(e *graph.Energy) (err error) {
	let := func(node *G.Node, value *tensor.Dense) {
		if node != nil && value != nil && err == nil {
			if err = G.Let(node, value); err != nil {
				err = fmt.Errorf("model: %s: %w", node.Name(), err)
			}
		}
	}
	for i, t := range e.Terms {
		for j, edge := range t.Edges {
			for k, x := range n.terms[i].edges[j] {
				let(edge.Parameters[k], x)
			}
		}
		let(t.Bias, n.terms[i].bias)
		let(t.Precision, n.terms[i].precision)
	}
	return err
}

// NodeEnergy returns the form of prediction i's energy.
func (n *Network) NodeEnergy(i int) NodeEnergy { return n.terms[i].energy }

// Activation returns φ of the first edge of prediction i, of a chain that of node i+1;
// nil where the edge has another kind of feature.
func (n *Network) Activation(i int) *feature.Activation {
	a, _ := n.wiring.Predictions[i].Edges[0].Feature.(*feature.Activation)
	return a
}
