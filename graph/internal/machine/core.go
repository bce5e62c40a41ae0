package machine

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/internal/op"
	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/vec"
)

// core is an Engine in one dtype.
type core[T vec.Float] struct {
	plan     Plan
	shapes   []tensor.Shape // of the plan's frozen inputs
	memory   *op.Memory[T]
	frozen   freezing[T]
	batch    []op.Kernel[T]
	lists    [][]op.Kernel[T]
	numbers  map[*G.Node]int
	rows     []int // numbers that have rows to be allocated
	energies []int // numbers that have energies to be allocated
	same     [][2]int
	capacity int
}

func newCore[T vec.Float](p Plan) (*core[T], error) {
	c := op.NewLowering[T](p.Graph, rates(p), p.Asked, p.Unfused)
	c.Memory.Repacks = p.Repack
	m := &core[T]{plan: p, memory: c.Memory, numbers: map[*G.Node]int{}}
	number := func(n *G.Node) (int, error) {
		i, err := c.Number(n)
		m.numbers[n] = i
		return i, err
	}
	for _, nodes := range []G.Nodes{p.Frozen, p.Data, p.Latents, p.Asked} {
		for _, n := range nodes {
			if n == nil {
				continue
			}
			if _, err := number(n); err != nil {
				return nil, err
			}
		}
	}
	for _, n := range p.Frozen {
		m.shapes = append(m.shapes, n.Shape())
	}
	run := &program[T]{Lowering: c, needed: map[int]bool{}}
	for _, s := range p.Scripts {
		lists, err := run.follow(s, m.numbers, number)
		if err != nil {
			return nil, err
		}
		for at, list := range lists {
			for len(m.lists) <= at {
				m.lists = append(m.lists, nil)
			}
			m.lists[at] = list
		}
	}
	m.batch = run.of(op.RateBatch)
	var frozen []int
	for _, n := range p.Frozen {
		frozen = append(frozen, m.numbers[n])
	}
	m.frozen = freezingOf(c, frozen, run.needed)
	for i, in := range c.Instructions {
		switch {
		case !run.needed[i]:
		case in.Rate == op.RateWeights:
			m.memory.Buf[in.Out] = make([]T, in.Rows*in.Cols)
		case in.Energy:
			m.energies = append(m.energies, in.Out)
		default:
			m.rows = append(m.rows, in.Out)
		}
	}
	for _, n := range p.Latents {
		m.rows = append(m.rows, m.numbers[n])
	}
	for _, pair := range p.Same {
		m.same = append(m.same, [2]int{m.numbers[pair[0]], m.numbers[pair[1]]})
	}
	m.Reserve(p.Rows)
	return m, nil
}

func (m *core[T]) Reserve(n int) {
	if n <= m.capacity {
		return
	}
	m.capacity = n
	for _, i := range m.rows {
		m.memory.Buf[i] = make([]T, n*m.memory.Width[i])
	}
	for _, i := range m.energies {
		m.memory.Energies[i] = make([]float64, n)
	}
	for _, pair := range m.same {
		m.memory.Energies[pair[1]] = m.memory.Energies[pair[0]]
	}
}

func (m *core[T]) Freeze(workers int, still G.Nodes) error {
	changed := make([]bool, len(m.plan.Frozen))
	for i, n := range m.plan.Frozen {
		v := n.Value()
		if of := m.plan.InPlaceOf[n]; v == nil && of != nil {
			v = of.Value()
		}
		data, err := m.backing(n, v, m.shapes[i]...)
		if err != nil {
			return err
		}
		m.memory.Buf[m.numbers[n]] = data
		changed[i] = !slices.Contains(still, n)
	}
	m.frozen.run(m.memory, workers, changed)
	return nil
}

func (m *core[T]) Set(n *G.Node, v G.Value, rows int) error {
	at := m.numbers[n]
	data, err := m.backing(n, v, rows, m.memory.Width[at])
	if err != nil {
		return err
	}
	m.memory.Buf[at] = data
	return nil
}

func (m *core[T]) Begin(lo, hi int) { m.run(m.batch, lo, hi) }

func (m *core[T]) Run(list, lo, hi int) { m.run(m.lists[list], lo, hi) }

func (m *core[T]) run(list []op.Kernel[T], lo, hi int) {
	for _, k := range list {
		k(m.memory, lo, hi)
	}
}

func (m *core[T]) Kernels(list int) int {
	if list < 0 {
		return len(m.batch)
	}
	return len(m.lists[list])
}

func (m *core[T]) Number(n *G.Node) int { return m.numbers[n] }

func (m *core[T]) View(number, lo, hi int) *tensor.Dense {
	return tensor.New(tensor.WithShape(hi-lo, m.memory.Width[number]), tensor.WithBacking(m.memory.Rows(number, lo, hi)))
}

func (m *core[T]) Energies(number int) []float64 { return m.memory.Energies[number] }

func (m *core[T]) Copy(dst, src, lo, hi int) {
	copy(m.memory.Rows(dst, lo, hi), m.memory.Rows(src, lo, hi))
}

func (m *core[T]) PutSum(dst, x, y, mask, lo, hi int) {
	to, a, b := m.memory.Rows(dst, lo, hi), m.memory.Rows(x, lo, hi), m.memory.Rows(y, lo, hi)
	if mask < 0 {
		vec.Add(to, a, b)
		return
	}
	for i, free := range m.memory.Rows(mask, lo, hi) {
		if free != 0 {
			to[i] = a[i] + b[i]
		}
	}
}

// backing returns the elements of v, n's value, which must be a tensor of that shape.
func (m *core[T]) backing(n *G.Node, v G.Value, shape ...int) ([]T, error) {
	d, _ := v.(*tensor.Dense)
	if err := dense.Check(d, m.plan.Dtype, shape...); err != nil {
		return nil, fmt.Errorf("graph: %s: %w", n.Name(), err)
	}
	return dense.Of[T](d)[:tensor.ProdInts(shape)], nil
}
