package model

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/graph/feature"
	"example.com/pcn/graph/linear"
	"example.com/pcn/internal/ram"
	"example.com/pcn/internal/recent"
)

// Network is a predictive coding network: weights, and the machines that
// settle its latents. A network is not safe for use by several goroutines; it
// uses all cores itself.
type Network struct {
	cfg         Config
	sizes       []int                 // d_0..d_L, bottom to top
	activations []*feature.Activation // by layer: φ of node i+1
	weights     []*tensor.Dense       // by layer: (d_i, d_{i+1}), predicts node i
	biases      []*tensor.Dense       // by layer: (d_i)
	energies    []NodeEnergy          // by layer: of node i
	precisions  []*tensor.Dense       // by layer: (d_i); nil where 1
	logs        []*tensor.Dense       // by layer: log Π, (d_i), where it is learned
	diagonal    []bool                // by layer: the precision was given unit by unit
	metadata    map[string]string     // attached texts
	workers     int
	handicap    graph.Handicap

	version int // of the weights
	norms   *norms
	workshop
}

// workshop is what a network makes to work with, and can make again: no copy
// has it in common.
type workshop struct {
	machines recent.List[*settler]
	key      []byte          // scratch
	starts   []*tensor.Dense // by node: see noise
	outers   []linear.Outer  // by layer: its Hebbian update
	blocks   []hebbianBlock  // of all layers
	fixed    []float64       // scratch, by layer: see constants
}

// mostMachines is how many machines a network keeps: there is one for each form of
// the energy, which a run of training has some half dozen of.
const mostMachines = 8

func newWorkshop() workshop { return workshop{machines: recent.List[*settler]{Most: mostMachines}} }

// New returns a network with weights drawn as cfg says. The error, if any,
// names each field that is wrong.
func New(cfg Config) (*Network, error) {
	cfg, err := cfg.WithDefaults()
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	parameters, _ := cfg.Bytes(Inference{}, 0)
	if err := ram.Check("layers", parameters); err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	n := &Network{cfg: cfg, sizes: bottomUp(cfg.Direction, cfg.Layers), workers: runtime.GOMAXPROCS(0), workshop: newWorkshop()}
	hidden, _ := feature.ParseActivation(cfg.Activation)
	top, _ := feature.ParseActivation(cfg.TopActivation)
	dt := cfg.Dtype.Tensor()
	n.energies = make([]NodeEnergy, n.Depth())
	n.precisions, n.logs, n.diagonal = make([]*tensor.Dense, n.Depth()), make([]*tensor.Dense, n.Depth()), make([]bool, n.Depth())
	copy(n.energies, bottomUp(cfg.Direction, cfg.Energies))
	rng := rand.New(rand.NewPCG(cfg.Seed, streamWeights))
	for i := range n.Depth() {
		below, above := n.sizes[i], n.sizes[i+1]
		var bound, biasBound float64
		switch cfg.WeightInit {
		case Xavier:
			bound = math.Sqrt(6 / float64(below+above))
		case PyTorch:
			bound = 1 / math.Sqrt(float64(above))
			biasBound = bound
		}
		n.weights = append(n.weights, uniform(rng, dt, bound, below, above))
		n.biases = append(n.biases, uniform(rng, dt, biasBound, below))
		n.configurePrecision(i)
		phi := hidden
		if i == n.Depth()-1 {
			phi = top
		}
		n.activations = append(n.activations, phi)
	}
	n.norms = newNorms(n)
	return n, nil
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

// Depth returns L, the number of layers of weights; nodes are 0..L.
func (n *Network) Depth() int { return len(n.sizes) - 1 }

// Size returns d_l, the number of units of node l.
func (n *Network) Size(l int) int { return n.sizes[l] }

// InputNode and TargetNode return the ends at which data and labels are: 0 and
// L, or L and 0.
func (n *Network) InputNode() int {
	if n.cfg.Direction == Generative {
		return 0
	}
	return n.Depth()
}

// TargetNode returns the node of the labels: see [Network.InputNode].
func (n *Network) TargetNode() int { return n.Depth() - n.InputNode() }

// Weights returns W of layer i, which predicts node i from node i+1: shape
// (d_i, d_{i+1}), live. Call [Network.Changed] after changing it.
func (n *Network) Weights(i int) *tensor.Dense { return n.weights[i] }

// Biases returns b of layer i, shape (d_i), live.
func (n *Network) Biases(i int) *tensor.Dense { return n.biases[i] }

// Parameters returns the live weights and biases: W and b of layer 0, then of
// layer 1, and so on; and then log Π, (d_i), of each node whose precision is
// learned. [Update.Directions] has the same order.
func (n *Network) Parameters() []*tensor.Dense {
	var p []*tensor.Dense
	for i := range n.weights {
		p = append(p, n.weights[i], n.biases[i])
	}
	return appendSome(p, n.logs)
}

// appendSome appends those of d that are not nil.
func appendSome(p, d []*tensor.Dense) []*tensor.Dense {
	for _, x := range d {
		if x != nil {
			p = append(p, x)
		}
	}
	return p
}

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
func (n *Network) String() string {
	sizes := make([]string, len(n.cfg.Layers))
	for i, d := range n.cfg.Layers {
		sizes[i] = fmt.Sprint(d)
	}
	energy := ""
	for i, e := range n.energies {
		if e != Gaussian {
			energy += fmt.Sprintf(" %v at node %d,", e, i)
		}
	}
	return fmt.Sprintf("%s %v, %s,%s %v, %d weights", strings.Join(sizes, "-"), n.cfg.Direction, n.cfg.Activation, energy, n.cfg.Dtype, n.count())
}

// count returns the number of weights and biases.
func (n *Network) count() (total int) {
	for _, p := range n.Parameters() {
		total += p.Shape().TotalSize()
	}
	return total
}

// Energy returns the network's energy with the nodes clamped that c fixes, as an expression graph of its own: to look at, to draw, or to run on
// any of Gorgonia's machines. Weights are bound; latents and masks are not.
func (n *Network) Energy(c Clamps) (*graph.Energy, error) {
	rows, err := n.check(c)
	if err != nil {
		return nil, err
	}
	var f form
	f.clamped, f.masked = n.nodes(c)
	return n.build(f, rows)
}

// build makes the energy for batches of rows examples and binds the weights.
func (n *Network) build(f form, rows int) (*graph.Energy, error) {
	s := graph.Chain(n.sizes, n.activations, rows, n.cfg.Dtype.Tensor())
	s.Steps = f.method.form()
	for l := range s.Nodes {
		node := &s.Nodes[l]
		node.Clamped, node.Masked = f.clamped[l], f.masked[l]
		if l > 0 && l < n.Depth() {
			node.Prior = n.cfg.ActivityPrior
		}
	}
	for i := range s.Predictions {
		p := &s.Predictions[i]
		p.Energy, p.Precise, p.Gram = n.energies[i].Form(), n.precisions[i] != nil, f.gram != nil && f.gram[i]
	}
	e, err := graph.Build(s)
	if err != nil {
		return nil, err
	}
	for i, t := range e.Terms {
		for node, value := range map[*G.Node]*tensor.Dense{t.Edges[0].Parameters[0]: n.weights[i], t.Bias: n.biases[i], t.Precision: n.precisions[i]} {
			if node == nil {
				continue
			}
			if err := G.Let(node, value); err != nil {
				return nil, fmt.Errorf("model: %s: %w", node.Name(), err)
			}
		}
	}
	return e, nil
}

// NodeEnergy returns the form of node i's energy; the top node has none.
func (n *Network) NodeEnergy(i int) NodeEnergy { return n.energies[i] }

// Activation returns φ of node i+1, the upper node of layer i.
func (n *Network) Activation(i int) *feature.Activation { return n.activations[i] }
