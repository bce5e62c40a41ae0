package graph

import (
	"fmt"
	"strings"

	G "gorgonia.org/gorgonia"

	"example.com/pcn/internal/gemm"
	"example.com/pcn/internal/vec"
)

// A kernel computes one node's value for rows lo..hi of the batch.
type kernel[T vec.Float] func(m *memory[T], lo, hi int)

// lowered is a node of the graph as the machine runs it: the kernel, and the
// nodes whose values it reads. A node without a kernel is an input, or another
// name for its only dependency.
type lowered[T vec.Float] struct {
	kernel kernel[T]
	deps   G.Nodes
	packs  []int // the operands that the kernel multiplies by
	// whole says that the kernel computes all rows at once.
	whole bool
	// neg says that the buffer holds the value with its sign changed. Signs
	// travel for nothing until a kernel folds them in.
	neg bool
}

// lowerer turns the nodes of an energy's graph into kernels, once for each node.
// Two pairs of operations become one kernel each: an error takes the prediction
// it subtracts along (unless the prediction is wanted for itself), and a sum of
// gradients the slope it adds.
type lowerer[T vec.Float] struct {
	rates  map[*G.Node]rate
	uses   map[*G.Node]int // how many nodes read it
	done   map[*G.Node]lowered[T]
	energy map[*G.Node]bool
	asked  map[*G.Node]bool // read from outside: the sign must be right
	memory *memory[T]
	packs  []int // of the node that is being lowered
	apart  bool  // predictions stand for themselves, to be kept while only the latent below moves
}

func (c *lowerer[T]) lower(n *G.Node) (lowered[T], error) {
	if l, ok := c.done[n]; ok {
		return l, nil
	}
	outer := c.packs
	c.packs = nil
	l, err := c.lowerOp(n)
	l.packs, c.packs = c.packs, outer
	if err != nil {
		return l, err
	}
	c.done[n] = l
	return l, nil
}

// pack returns the number of the packed form of weights w, which the node that is
// being lowered multiplies by.
func (c *lowerer[T]) pack(w *G.Node, transpose bool) int {
	i := c.memory.pack(w, transpose)
	c.packs = append(c.packs, i)
	return i
}

// value returns the node whose buffer holds n, and whether the sign is changed.
func (c *lowerer[T]) value(n *G.Node) (*G.Node, bool, error) {
	l, err := c.lower(n)
	if err != nil || l.kernel != nil || len(l.deps) == 0 {
		return n, l.neg, err
	}
	at, neg, err := c.value(l.deps[0])
	return at, neg != l.neg, err
}

func (c *lowerer[T]) lowerOp(n *G.Node) (lowered[T], error) {
	in := children(n)
	neg := make([]bool, len(in))
	for i, child := range in {
		var err error
		if in[i], neg[i], err = c.value(child); err != nil {
			return lowered[T]{}, err
		}
	}
	at := make([]int, len(in))
	for i, child := range in {
		at[i] = c.memory.at(child)
	}
	dst := c.memory.at(n)

	switch o := n.Op().(type) {
	case nil: // an input
		return lowered[T]{}, nil

	case activate:
		return lowered[T]{kernel: activateKernel[T](o.fn, dst, at[0]), deps: in}, nil

	case affine:
		w := c.pack(in[1], true)
		return lowered[T]{deps: in, kernel: func(m *memory[T], lo, hi int) {
			out := m.rows(dst, lo, hi)
			m.product(out, at[0], w, lo, hi)
			vec.AddRow(out, m.vector(at[2]))
		}}, nil

	case difference:
		if mu := in[1]; isOp[affine](mu) && c.rates[mu] == rateStep && !c.apart {
			of := children(mu) // f, W, b
			f, negF, err := c.value(of[0])
			if err != nil {
				return lowered[T]{}, err
			}
			if !negF {
				x, b, w := c.memory.at(f), c.memory.at(of[2]), c.pack(of[1], true)
				return lowered[T]{deps: G.Nodes{in[0], f, of[1], of[2]}, kernel: func(m *memory[T], lo, hi int) {
					out := m.rows(dst, lo, hi)
					m.product(out, x, w, lo, hi)
					vec.Residual(out, m.rows(at[0], lo, hi), m.vector(b))
				}}, nil
			}
		}
		return lowered[T]{deps: in, kernel: func(m *memory[T], lo, hi int) {
			vec.Sub(m.rows(dst, lo, hi), m.rows(at[0], lo, hi), m.rows(at[1], lo, hi))
		}}, nil

	case negate:
		return lowered[T]{deps: in, neg: true}, nil

	case scale:
		by := T(o.by)
		return lowered[T]{deps: in, neg: neg[0], kernel: func(m *memory[T], lo, hi int) {
			out := m.rows(dst, lo, hi)
			copy(out, m.rows(at[0], lo, hi))
			vec.Scale(out, by)
		}}, nil

	case weigh:
		return lowered[T]{deps: in, neg: neg[0], kernel: func(m *memory[T], lo, hi int) {
			vec.Weigh(m.rows(dst, lo, hi), m.rows(at[0], lo, hi), m.vector(at[1]))
		}}, nil

	case mask:
		negative := neg[0]
		return lowered[T]{deps: in, kernel: func(m *memory[T], lo, hi int) {
			out := m.rows(dst, lo, hi)
			vec.Weigh(out, m.rows(at[0], lo, hi), m.rows(at[1], lo, hi))
			if negative {
				vec.Neg(out, out)
			}
		}}, nil

	case pullback, push:
		w := c.pack(in[1], isOp[push](n))
		if neg[0] && c.asked[n] {
			return lowered[T]{deps: in, kernel: func(m *memory[T], lo, hi int) {
				out := m.rows(dst, lo, hi)
				m.product(out, at[0], w, lo, hi)
				vec.Neg(out, out)
			}}, nil
		}
		return lowered[T]{deps: in, neg: neg[0], kernel: func(m *memory[T], lo, hi int) {
			m.product(m.rows(dst, lo, hi), at[0], w, lo, hi)
		}}, nil

	case slope:
		return lowered[T]{deps: in, kernel: slopeKernel(o.fn, dst, -1, sign[T](neg[2]), at[2], at[0], at[1])}, nil

	case gaussian:
		c.energy[n] = true
		p := -1
		if o.precise() {
			p = at[1]
		}
		return lowered[T]{deps: in, kernel: func(m *memory[T], lo, hi int) {
			for r := lo; r < hi; r++ {
				if eps := m.rows(at[0], r, r+1); p < 0 {
					m.energies[dst][r] = vec.HalfSquares(eps)
				} else {
					m.energies[dst][r] = vec.HalfSquaresWeighed(eps, m.vector(p))
				}
			}
		}}, nil

	case predict:
		f := familyOf[T](o.kind)
		return lowered[T]{deps: in, kernel: func(m *memory[T], lo, hi int) {
			for r := lo; r < hi; r++ {
				f.predict(m.rows(dst, r, r+1), m.rows(at[0], r, r+1))
			}
		}}, nil

	case deviation:
		f := familyOf[T](o.kind)
		return lowered[T]{deps: in, kernel: func(m *memory[T], lo, hi int) {
			for r := lo; r < hi; r++ {
				f.err(m.rows(dst, r, r+1), m.rows(at[0], r, r+1), m.rows(at[1], r, r+1), m.optional(at, 2, r))
			}
		}}, nil

	case likelihood:
		c.energy[n] = true
		f := familyOf[T](o.kind)
		return lowered[T]{deps: in, kernel: func(m *memory[T], lo, hi int) {
			for r := lo; r < hi; r++ {
				m.energies[dst][r] = f.energy(m.rows(at[0], r, r+1), m.rows(at[1], r, r+1), m.optional(at, 3, r))
			}
		}}, nil

	case prior:
		c.energy[n] = true
		return lowered[T]{deps: in, kernel: func(m *memory[T], lo, hi int) {
			for r := lo; r < hi; r++ {
				m.energies[dst][r] = o.alpha * vec.HalfSquares(m.rows(at[0], r, r+1))
			}
		}}, nil

	case shrink:
		return lowered[T]{deps: in, kernel: func(m *memory[T], lo, hi int) {
			out := m.rows(dst, lo, hi)
			copy(out, m.rows(at[0], lo, hi))
			vec.Scale(out, T(o.alpha))
		}}, nil

	case gram:
		right := len(in) - 1
		w, k := c.pack(in[right], false), n.Shape()[1]
		return lowered[T]{deps: in, kernel: func(m *memory[T], lo, hi int) {
			gemm.Mul(m.rows(dst, lo, hi), k, m.buf[at[0]][lo:], 1, k, hi-lo, &m.packs[w].Packed, false, nil) // lo to hi are rows of G
		}}, nil

	case weighRows:
		return lowered[T]{deps: in, kernel: func(m *memory[T], lo, hi int) {
			for r := lo; r < hi; r++ {
				row := m.rows(dst, r, r+1)
				copy(row, m.rows(at[0], r, r+1))
				vec.Scale(row, m.vector(at[1])[r])
			}
		}}, nil

	case inverse:
		k := n.Shape()[0]
		curvature, by := curvatureRef[T](o, k), new(inverter[T])
		return lowered[T]{deps: in, whole: true, kernel: func(m *memory[T], _, _ int) {
			operands := [2][]T{m.buf[at[0]]}
			if len(at) > 1 {
				operands[1] = m.buf[at[1]]
			}
			curvature(m.buf[dst], operands[:len(at)])
			by.invert(m.buf[dst], k)
		}}, nil

	case curvature:
		fill := curvatureRef[T](o.inverse, n.Shape()[0])
		return lowered[T]{deps: in, whole: true, kernel: func(m *memory[T], _, _ int) {
			operands := [2][]T{m.buf[at[0]]}
			if len(at) > 1 {
				operands[1] = m.buf[at[1]]
			}
			fill(m.buf[dst], operands[:len(at)])
		}}, nil

	case freeStep:
		return lowered[T]{deps: in, kernel: freeStepKernel(dst, sign[T](neg[0]), at[0], at[1], at[2], n.Shape()[1])}, nil

	case unweigh:
		return lowered[T]{deps: in, neg: neg[0], kernel: func(m *memory[T], lo, hi int) {
			out, p := m.rows(dst, lo, hi), m.vector(at[1])
			for i, x := range m.rows(at[0], lo, hi) {
				out[i] = x / p[i%len(p)]
			}
		}}, nil

	case center:
		return lowered[T]{deps: in, kernel: func(m *memory[T], lo, hi int) {
			vec.SubRow(m.rows(dst, lo, hi), m.rows(at[0], lo, hi), m.vector(at[1]))
		}}, nil

	case gramGradient:
		g := c.pack(in[1], false)
		return lowered[T]{deps: in, kernel: func(m *memory[T], lo, hi int) {
			out := m.rows(dst, lo, hi)
			m.product(out, at[0], g, lo, hi)
			vec.Sub(out, out, m.rows(at[2], lo, hi))
		}}, nil

	case gramEnergy:
		c.energy[n] = true
		return lowered[T]{deps: in, kernel: func(m *memory[T], lo, hi int) {
			for r := lo; r < hi; r++ {
				f, h, a := m.rows(at[0], r, r+1), m.rows(at[1], r, r+1), m.rows(at[2], r, r+1)
				m.energies[dst][r] = m.energies[at[3]][r] + (vec.Dot(f, h)-vec.Dot(f, a))/2
			}
		}}, nil

	case total:
		c.energy[n] = true
		return lowered[T]{deps: in, kernel: func(m *memory[T], lo, hi int) {
			for r := lo; r < hi; r++ {
				sum := 0.0
				for _, i := range at {
					sum += m.energies[i][r]
				}
				m.energies[dst][r] = sum
			}
		}}, nil
	}

	if isSum(n) {
		a, b := 0, 1
		if isOp[slope](in[0]) {
			a, b = 1, 0
		}
		if s := in[b]; isOp[slope](s) && c.uses[s] == 1 && !neg[a] {
			of := children(s) // v, φ(v), g
			g, negG, err := c.value(of[2])
			if err != nil {
				return lowered[T]{}, err
			}
			fn := s.Op().(slope).fn
			return lowered[T]{
				deps:   G.Nodes{in[a], of[0], of[1], g},
				kernel: slopeKernel(fn, dst, at[a], sign[T](negG), c.memory.at(g), c.memory.at(of[0]), c.memory.at(of[1])),
			}, nil
		}
		if neg[0] {
			a, b = 1, 0
		} else {
			a, b = 0, 1
		}
		combine := vec.Add[T]
		if neg[b] {
			combine = vec.Sub[T]
		}
		return lowered[T]{deps: in, neg: neg[a], kernel: func(m *memory[T], lo, hi int) {
			combine(m.rows(dst, lo, hi), m.rows(at[a], lo, hi), m.rows(at[b], lo, hi))
		}}, nil
	}
	return lowered[T]{}, fmt.Errorf("graph: the machine has no kernel for %v", n.Op())
}

func isOp[O G.Op](n *G.Node) bool {
	_, ok := n.Op().(O)
	return ok
}

// isSum reports whether n is Gorgonia's own addition, with which Grad sums the
// gradients that reach a node from its several uses. Its type is unexported.
func isSum(n *G.Node) bool {
	return n.Op().Arity() == 2 && strings.HasPrefix(n.Op().String(), "+ ")
}

func sign[T vec.Float](neg bool) T {
	if neg {
		return -1
	}
	return 1
}

func activateKernel[T vec.Float](a Activation, dst, x int) kernel[T] {
	if b, ok := a.(builtin); ok {
		return func(m *memory[T], lo, hi int) { vec.Apply(b.fn, m.rows(dst, lo, hi), m.rows(x, lo, hi)) }
	}
	return func(m *memory[T], lo, hi int) {
		out := m.rows(dst, lo, hi)
		for i, v := range m.rows(x, lo, hi) {
			out[i] = T(a.Value(float64(v)))
		}
	}
}

// slopeKernel is dst = a + s·g ⊙ φ'(x), y = φ(x); a < 0 for none.
func slopeKernel[T vec.Float](fn Activation, dst, a int, s T, g, x, y int) kernel[T] {
	addend := func(m *memory[T], lo, hi int) []T {
		if a < 0 {
			return nil
		}
		return m.rows(a, lo, hi)
	}
	if b, ok := fn.(builtin); ok {
		return func(m *memory[T], lo, hi int) {
			vec.MulSlope(b.fn, m.rows(dst, lo, hi), addend(m, lo, hi), s, m.rows(g, lo, hi), m.rows(x, lo, hi), m.rows(y, lo, hi))
		}
	}
	return func(m *memory[T], lo, hi int) {
		out, add := m.rows(dst, lo, hi), addend(m, lo, hi)
		gs, xs, ys := m.rows(g, lo, hi), m.rows(x, lo, hi), m.rows(y, lo, hi)
		for i := range out {
			v := s * gs[i] * T(fn.Slope(float64(xs[i]), float64(ys[i])))
			if add != nil {
				v += add[i]
			}
			out[i] = v
		}
	}
}

// memory is what the kernels work on: the values of the nodes, each by a
// number. What has rows has one for each example of the batch.
type memory[T vec.Float] struct {
	number   map[*G.Node]int
	nodes    []*G.Node
	width    []int       // columns of a matrix with rows
	buf      [][]T       // by node; nil until bound or allocated
	energies [][]float64 // by node: energy of each row
	packs    []packed[T]
	repacks  bool // each product lays its weights out anew: see Handicap
}

// packed is a weight matrix laid out as the right operand of a product.
type packed[T vec.Float] struct {
	weights   int  // the node
	transpose bool // used as Wᵀ
	gemm.Packed[T]
}

// at returns the number of n.
func (m *memory[T]) at(n *G.Node) int {
	if i, ok := m.number[n]; ok {
		return i
	}
	i := len(m.nodes)
	m.number[n] = i
	m.nodes = append(m.nodes, n)
	width := 0
	if n.IsMatrix() {
		width = n.Shape()[1]
	}
	m.width = append(m.width, width)
	m.buf = append(m.buf, nil)
	m.energies = append(m.energies, nil)
	return i
}

// pack returns the number of the packed form of weights w.
func (m *memory[T]) pack(w *G.Node, transpose bool) int {
	at := m.at(w)
	for i := range m.packs {
		if m.packs[i].weights == at && m.packs[i].transpose == transpose {
			return i
		}
	}
	m.packs = append(m.packs, packed[T]{weights: at, transpose: transpose})
	return len(m.packs) - 1
}

// packInto lays out the weights of pack i in p.
func (m *memory[T]) packInto(p *gemm.Packed[T], i int) {
	of := &m.packs[i]
	s := m.nodes[of.weights].Shape()
	if w := m.buf[of.weights]; of.transpose {
		p.Pack(w, s[1], s[0], 1, s[1])
	} else {
		p.Pack(w, s[0], s[1], s[1], 1)
	}
}

func (m *memory[T]) rows(i, lo, hi int) []T {
	w := m.width[i]
	return m.buf[i][lo*w : hi*w]
}

// optional returns row r of the i-th of some nodes, nil where there are fewer.
func (m *memory[T]) optional(at []int, i, r int) []T {
	if i >= len(at) {
		return nil
	}
	return m.rows(at[i], r, r+1)
}

func (m *memory[T]) vector(i int) []T { return m.buf[i] }

// product sets dst to rows lo..hi of node x times packed operand w.
func (m *memory[T]) product(dst []T, x, w, lo, hi int) {
	p, d := &m.packs[w].Packed, m.width[x]
	if m.repacks {
		p = new(gemm.Packed[T])
		m.packInto(p, w)
	}
	gemm.Mul(dst, p.Cols(), m.rows(x, lo, hi), d, 1, hi-lo, p, false, nil)
}
