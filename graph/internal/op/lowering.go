package op

import (
	"fmt"
	"slices"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/gemm"
	"example.com/pcn/internal/vec"
)

// Rate is how often a value changes.
type Rate uint8

const (
	RateWeights Rate = iota // depends on parameters only: once a change of them
	RateBatch               // depends on data: once a batch
	RateStep                // depends on a latent that moves: at each step
)

// Instruction is a kernel, with the number that it fills and those that it reads.
type Instruction[T vec.Float] struct {
	Kernel     Kernel[T]
	Out        int
	Reads      []int
	Packs      []int // the operands that it multiplies by
	Rate       Rate
	Whole      bool // computes all rows at once
	Rows, Cols int  // of the result; at RateWeights they are those of a matrix of parameters
	Energy     bool
}

// Args say what a kernel is to compute.
type Args struct {
	Node  *G.Node
	Shape tensor.Shape // of the result
	Out   int          // the number to fill
	In    []int        // the numbers of the inputs; nil where the operation is Lazy
	Neg   []bool       // of each input: its sign is changed, where the operation takes it so
	// Plus is a number whose value is added to the result, −1 for none. It may be Out.
	Plus int
}

// Lowering turns the nodes of a graph into instructions, once for each node. A value
// may stand under its number with its sign changed (see [Sign]). Two things are saved
// on the way: an operation may have an input computed in place, where nobody else reads
// it ([Lowering.Into]), and a sum gives a summand to the kernel of another that adds
// for nothing ([Op.Adds]).
type Lowering[T vec.Float] struct {
	Memory       *Memory[T]
	Instructions []Instruction[T]
	Producer     map[int]int // by number: the instruction that fills it

	rates   map[*G.Node]Rate
	uses    map[*G.Node]int
	asked   map[*G.Node]bool
	unfused bool
	places  map[*G.Node]place
	mended  map[int]int // by number of a value with a changed sign: that of the value itself
	now     *Instruction[T]
	err     error
}

// place is where a node's value stands.
type place struct {
	number int
	neg    bool // with its sign changed
}

// NewLowering returns a lowering for the nodes of a graph with these rates. Asked are
// the nodes that are read from outside, which stand for themselves and with their own
// sign. Unfused has predictions and what they are summed from stand for themselves, for a
// machine that moves one node at a time and computes nothing twice.
func NewLowering[T vec.Float](g *G.ExprGraph, rates map[*G.Node]Rate, asked G.Nodes, unfused bool) *Lowering[T] {
	c := &Lowering[T]{
		Memory: &Memory[T]{}, Producer: map[int]int{}, rates: rates, uses: map[*G.Node]int{}, asked: map[*G.Node]bool{},
		unfused: unfused, places: map[*G.Node]place{}, mended: map[int]int{},
	}
	for _, n := range g.AllNodes() {
		c.uses[n] = g.To(n.ID()).Len()
	}
	for _, n := range asked {
		c.asked[n] = true
	}
	return c
}

// Number returns the number under which n's value stands with its own sign, lowering
// what it needs.
func (c *Lowering[T]) Number(n *G.Node) (int, error) {
	p := c.mend(n, c.lower(n))
	return p, c.err
}

// Value returns the number that the instruction at hand reads n under, and whether the
// sign is changed.
func (c *Lowering[T]) Value(n *G.Node) (number int, neg bool) {
	p := c.lower(n)
	c.now.Reads = append(c.now.Reads, p.number)
	return p.number, p.neg
}

// Positive is Value with n's own sign.
func (c *Lowering[T]) Positive(n *G.Node) int {
	number := c.mend(n, c.lower(n))
	c.now.Reads = append(c.now.Reads, number)
	return number
}

// Pack returns the number of matrix w laid out as a right operand, or of its transpose,
// for the instruction at hand.
func (c *Lowering[T]) Pack(w *G.Node, transpose bool) int {
	rows, cols := w.Shape()[0], w.Shape()[1]
	if transpose {
		return c.PackAs(w, Layout[T]{"transpose", cols, rows, func(p *gemm.Packed[T], w []T) { p.Pack(w, cols, rows, 1, cols) }})
	}
	return c.PackAs(w, Layout[T]{"", rows, cols, func(p *gemm.Packed[T], w []T) { p.Pack(w, rows, cols, cols, 1) }})
}

// PackAs is Pack for an operand that is made of w in another way.
func (c *Lowering[T]) PackAs(w *G.Node, layout Layout[T]) int {
	at := c.Positive(w)
	packs := &c.Memory.Packs
	i := slices.IndexFunc(*packs, func(p Packed[T]) bool { return p.Matrix == at && p.Layout.Name == layout.Name })
	if i < 0 {
		i = len(*packs)
		*packs = append(*packs, Packed[T]{Matrix: at, Layout: layout})
	}
	c.now.Packs = append(c.now.Packs, i)
	return i
}

// Into returns a kernel that computes n under another number, out, as a part of the
// instruction at hand, and adds the value plus to it where that is not −1. Ok is false
// where others read n too, or it changes less often: then it has to stand for itself.
func (c *Lowering[T]) Into(n *G.Node, out, plus int) (k Kernel[T], ok bool) {
	o, of := n.Op().(*Op)
	if !of || plus >= 0 && !o.Adds {
		return nil, false
	}
	in := Children(n)
	for i, s := range o.Signs {
		if s == Carried && c.lower(in[i]).neg {
			return nil, false
		}
	}
	k, _, ok = c.IntoSigned(n, out, plus)
	return k, ok
}

// IntoSigned is Into where the result may have its sign changed, which it says.
func (c *Lowering[T]) IntoSigned(n *G.Node, out, plus int) (k Kernel[T], neg, ok bool) {
	o, of := n.Op().(*Op)
	if !of || o.Name == negateName || !c.once(n) {
		return nil, false, false
	}
	k, neg = c.kernel(n, o, Children(n), out, plus)
	return k, neg, true
}

// kernel returns the kernel of n, with its result under out, and whether the result's
// sign is changed.
func (c *Lowering[T]) kernel(n *G.Node, o *Op, in G.Nodes, out, plus int) (k Kernel[T], neg bool) {
	a := Args{Node: n, Shape: n.Shape(), Out: out, Plus: plus}
	if !o.Lazy {
		a.In, a.Neg = make([]int, len(in)), make([]bool, len(in))
		for i, child := range in {
			if o.Signs == nil || o.Signs[i] == Plain {
				a.In[i] = c.Positive(child)
				continue
			}
			a.In[i], a.Neg[i] = c.Value(child)
			if o.Signs[i] == Carried {
				neg = neg != a.Neg[i]
			}
		}
	}
	return lowerOf[T](o)(c, a), neg
}

func lowerOf[T vec.Float](o *Op) Lower[T] {
	if f, ok := any(o.Lower32).(Lower[T]); ok {
		return f
	}
	return any(o.Lower64).(Lower[T])
}

// lower makes the instruction of n, unless there is one, and those of its inputs.
func (c *Lowering[T]) lower(n *G.Node) place {
	if p, ok := c.places[n]; ok || c.err != nil {
		return p
	}
	outer := c.now
	defer func() { c.now = outer }()
	if n.Op() == nil {
		p := place{number: c.Memory.add(n.Shape())}
		c.places[n] = p
		return p
	}
	in := Children(n)
	if o, ok := n.Op().(*Op); ok && o.Name == negateName {
		p := c.lower(in[0])
		p.neg = !p.neg
		c.places[n] = p
		return p
	}
	p := place{number: c.Memory.add(n.Shape())}
	c.now = &Instruction[T]{Out: p.number, Rate: c.rates[n], Energy: n.IsScalar()}
	if s := n.Shape(); !n.IsScalar() {
		c.now.Rows, c.now.Cols = s[0], s.TotalSize()/s[0]
	}
	switch o, ok := n.Op().(*Op); {
	case ok:
		c.now.Whole = o.Whole
		c.now.Kernel, p.neg = c.kernel(n, o, in, p.number, -1)
	case isSum(n):
		c.now.Kernel, p.neg = c.Sum(in, p.number)
	default:
		c.err = fmt.Errorf("graph: the machine has no kernel for %v", n.Op())
		return p
	}
	if p.neg && c.asked[n] { // it stands for itself
		p.neg = false
		c.now.Kernel = inTurn([]Kernel[T]{c.now.Kernel, func(m *Memory[T], lo, hi int) {
			out := m.Rows(p.number, lo, hi)
			vec.Neg(out, out)
		}})
	}
	c.add(*c.now)
	c.places[n] = p
	return p
}

func (c *Lowering[T]) add(i Instruction[T]) {
	c.Producer[i.Out] = len(c.Instructions)
	c.Instructions = append(c.Instructions, i)
}

// mend returns the number of n's value with its own sign, given where it stands.
func (c *Lowering[T]) mend(n *G.Node, p place) int {
	if !p.neg {
		return p.number
	}
	if at, ok := c.mended[p.number]; ok {
		return at
	}
	out := c.Memory.add(n.Shape())
	i := Instruction[T]{Out: out, Reads: []int{p.number}, Rate: c.rates[n], Rows: n.Shape()[0], Cols: c.Memory.Width[out]}
	i.Kernel = func(m *Memory[T], lo, hi int) { vec.Neg(m.Rows(out, lo, hi), m.Rows(p.number, lo, hi)) }
	c.add(i)
	c.mended[p.number] = out
	return out
}

// Sum returns the kernel of a sum of matrices, and whether the result's sign is
// changed, which it is where all summands' are. It begins with a summand that has its
// own sign; one that adds for nothing comes last.
func (c *Lowering[T]) Sum(in G.Nodes, out int) (k Kernel[T], neg bool) {
	into := func(n *G.Node, plus int) (Kernel[T], bool) {
		if o, ok := n.Op().(*Op); c.unfused && ok && o.Product {
			return nil, false // it is kept for itself
		}
		return c.Into(n, out, plus)
	}
	order := slices.Clone(in)
	first := slices.IndexFunc(order, func(n *G.Node) bool { return !c.lower(n).neg })
	if first < 0 {
		first, neg = 0, true
	}
	order[0], order[first] = order[first], order[0]
	if o, ok := order[0].Op().(*Op); len(order) == 2 && !neg && ok && o.Adds && c.once(order[0]) && !c.lower(order[1]).neg {
		order[0], order[1] = order[1], order[0]
	}
	var kernels []Kernel[T]
	sum := out // where it stands so far
	if k, ok := into(order[0], -1); ok {
		kernels = append(kernels, k)
	} else {
		sum, _ = c.Value(order[0])
	}
	for _, n := range order[1:] {
		so := sum
		sum = out
		if !neg {
			if k, ok := into(n, so); ok {
				kernels = append(kernels, k)
				continue
			}
		}
		x, changed := c.Value(n)
		combine := vec.Add[T]
		if changed != neg {
			combine = vec.Sub[T]
		}
		kernels = append(kernels, func(m *Memory[T], lo, hi int) {
			combine(m.Rows(out, lo, hi), m.Rows(so, lo, hi), m.Rows(x, lo, hi))
		})
	}
	return inTurn(kernels), neg
}

// once reports whether n is read once, by the instruction at hand, and changes as often.
func (c *Lowering[T]) once(n *G.Node) bool {
	return c.uses[n] == 1 && !c.asked[n] && c.rates[n] == c.now.Rate
}

// inTurn returns a kernel that runs others one after the other.
func inTurn[T vec.Float](kernels []Kernel[T]) Kernel[T] {
	switch len(kernels) {
	case 1:
		return kernels[0]
	case 2:
		first, second := kernels[0], kernels[1]
		return func(m *Memory[T], lo, hi int) {
			first(m, lo, hi)
			second(m, lo, hi)
		}
	}
	return func(m *Memory[T], lo, hi int) {
		for _, k := range kernels {
			k(m, lo, hi)
		}
	}
}

// isSum reports whether n is Gorgonia's own addition, with which Grad sums the
// gradients that reach a node from its several uses. Its type is unexported.
func isSum(n *G.Node) bool {
	return n.Op().Arity() == 2 && strings.HasPrefix(n.Op().String(), "+ ")
}
