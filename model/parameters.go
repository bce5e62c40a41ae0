package model

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
)

// slot is where a parameter of a network stands.
type slot struct {
	name       string
	shape      []int
	in, out    int   // fans; 0 for gains
	axes       []int // of the tensor in files: see linear.Parameter
	stored     []int
	prediction int
	edges      [][2]int // prediction and edge of each that has it, by index in its θ
	index      int      // in θ; −1 for the bias
	fixed      *tensor.Dense
	hollow     bool // it has a diagonal of 0
}

// slots returns where parameters stand, of each prediction θ of its edges, and its bias.
// What is never learned is among them.
func (n *Network) slots() (slots []slot) {
	shared := map[string]int{} // the first slot of its θ
	for i, p := range n.wiring.Predictions {
		in := 0 // of the first weights
		for j, e := range p.Edges {
			of := parametersOf(n.wiring, i, j)
			if len(of) > 0 {
				in = cmp.Or(in, of[0].FanIn)
			}
			first, known := shared[e.Share]
			for k, x := range of {
				if known {
					slots[first+k].edges = append(slots[first+k].edges, [2]int{i, j})
					continue
				}
				slots = append(slots, slot{
					name: n.parameterName(i, j, x.Name), shape: x.Shape, in: x.FanIn, out: x.FanOut, axes: x.Axes, stored: x.Stored,
					prediction: i, edges: [][2]int{{i, j}}, index: k, fixed: x.Value, hollow: x.ZeroDiagonal,
				})
			}
			if e.Share != "" && !known {
				shared[e.Share] = len(slots) - len(of)
			}
		}
		if p.Bias {
			slots = append(slots, slot{name: n.parameterName(i, -1, "bias"), shape: []int{n.wiring.Biases[i]}, in: in, prediction: i, index: -1})
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

// file returns the shape of the tensor in files.
func (s *slot) file() []int {
	if s.axes == nil {
		return s.shape
	}
	shape := make([]int, len(s.axes))
	for i, axis := range s.stored {
		shape[i] = s.axes[axis]
	}
	return shape
}

// toFile returns x as files have it, and fromFile sets x to what a file has.
func (s *slot) toFile(x *tensor.Dense) *tensor.Dense {
	if s.axes == nil {
		return x
	}
	stored := tensor.New(tensor.Of(x.Dtype()), tensor.WithShape(s.file()...))
	return dense.Permute(stored, x, s.axes, s.stored)
}

func (s *slot) fromFile(x, stored *tensor.Dense) {
	back := make([]int, len(s.stored))
	for i, axis := range s.stored {
		back[axis] = i
	}
	dense.Permute(x, stored, s.file(), back)
}

// list makes the list of parameters that are learned, log Π of precisions last.
func (n *Network) list() {
	n.parameters = nil
	for _, s := range n.slots() {
		if s.fixed == nil {
			n.parameters = append(n.parameters, Parameter{s.name, s.at(n), s.prediction, s.index >= 0 && s.in > 0})
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
	if n.cfg.Chain() {
		if strings.Contains(name, "precision") {
			return fmt.Sprintf("layers.%d.%s", i, name)
		}
		return fmt.Sprintf("layers.%d.W.%s", i, name)
	}
	p := n.wiring.Predictions[i]
	of := p.Of
	if before := n.wiring.Before(i); before > 0 { // another prediction of the node
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

func filled(dt tensor.Dtype, f func() float64, shape ...int) *tensor.Dense {
	return dense.Fill(tensor.New(tensor.Of(dt), tensor.WithShape(shape...)), func(int) float64 { return f() })
}
