package feature

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/internal/op"
	"example.com/pcn/internal/pool"
	"example.com/pcn/internal/vec"
)

// MaxPool is the largest of each window, channel by channel. Of several that are equal the
// first has the slope, as PyTorch has it; what is beyond the edge is never the largest.
type MaxPool struct{ Window }

const maxPoolName = "max-pool"

// String returns such as max-pool 3x3 stride 2 pad 1.
func (p MaxPool) String() string { return maxPoolName + " " + p.text() }

// WithArguments returns the pooling of a window, given as the words behind the name.
func (MaxPool) WithArguments(words []string) (Feature, error) {
	w, err := parseWindow(maxPoolName, words)
	return MaxPool{w}, err
}

// Shape returns (H', W', C) of (H, W, C), or (L', C) of (L, C).
func (p MaxPool) Shape(in ...tensor.Shape) (tensor.Shape, error) {
	return p.shape(maxPoolName, in...)
}

// MaxSlope returns the root of how many windows a position may be in: 1 where they do not
// overlap.
func (p MaxPool) MaxSlope(in ...tensor.Shape) float64 {
	g, _ := p.on(maxPoolName, in...)
	return math.Sqrt(float64(g.overlap()))
}

// Linear is false.
func (MaxPool) Linear() bool { return false }

// UnitByUnit is false.
func (MaxPool) UnitByUnit() bool { return false }

// Build adds the pooling to a graph.
func (p MaxPool) Build(b *op.Builder, shapes []tensor.Shape, in ...*G.Node) *G.Node {
	g, _ := p.on(maxPoolName, shapes...) // Shape has said what is wrong with it
	return b.Apply(fmt.Sprintf("%v(%s)", p, in[0].Name()), maxPool(g), in[0])
}

// maxPool is the largest of each window: (B, positions) → (B, windows).
func maxPool(g grid) *op.Op {
	return &op.Op{
		Name: fmt.Sprintf("%s %v", maxPoolName, g), In: "m", Out: 'm', Wrt: "x",
		Shape: func(in []tensor.Shape) (tensor.Shape, error) {
			if in[0][1] != g.inputs() {
				return nil, fmt.Errorf("must have %d columns, got %v", g.inputs(), in[0])
			}
			return tensor.Shape{in[0][0], g.outputs()}, nil
		},
		Derivative: func(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
			d, err := G.ApplyOp(unpool(g), in[0], out, grad)
			return G.Nodes{d}, err
		},
		Faces: op.Faces{Do32: maxPoolDo[float32](g), Do64: maxPoolDo[float64](g), Lower32: maxPoolLower[float32](g), Lower64: maxPoolLower[float64](g)},
	}
}

func maxPoolDo[T vec.Float](g grid) op.Reference[T] {
	return func(dst []T, in [][]T, shapes []tensor.Shape) float64 {
		for r := range shapes[0][0] {
			x, y := in[0][r*g.inputs():], dst[r*g.outputs():][:g.outputs()]
			for i := range y {
				y[i] = T(math.Inf(-1))
			}
			g.Each(func(position, window, _ int) {
				for ch := range g.c {
					y[window*g.c+ch] = max(y[window*g.c+ch], x[position*g.c+ch])
				}
			})
		}
		return 0
	}
}

func maxPoolLower[T vec.Float](g grid) op.Lower[T] {
	runs, step := g.runs()
	lowest := make([]T, g.outputs())
	for i := range lowest {
		lowest[i] = T(math.Inf(-1))
	}
	return func(_ *op.Lowering[T], a op.Args) op.Kernel[T] {
		return func(m *op.Memory[T], lo, hi int) {
			for r := lo; r < hi; r++ {
				x, y := m.Rows(a.In[0], r, r+1), m.Rows(a.Out, r, r+1)
				copy(y, lowest)
				for _, u := range runs {
					vec.MaxGroups(y[u.out:], x[u.in:], u.n, g.c, step)
				}
			}
		}
	}
}

// unpool is the derivative of maxPool: x (B, positions), its pooling y (B, windows), and
// g (B, windows) → (B, positions), of each window's g at its first position that is y.
func unpool(g grid) *op.Op {
	return &op.Op{
		Name: fmt.Sprintf("%s' %v", maxPoolName, g), In: "mmm", Out: 'm', Signs: []op.Sign{op.Plain, op.Plain, op.Taken}, Adds: true,
		Shape: func(in []tensor.Shape) (tensor.Shape, error) { return in[0].Clone(), nil },
		Faces: op.Faces{Do32: unpoolDo[float32](g), Do64: unpoolDo[float64](g), Lower32: unpoolLower[float32](g), Lower64: unpoolLower[float64](g)},
	}
}

func unpoolDo[T vec.Float](g grid) op.Reference[T] {
	return func(dst []T, in [][]T, shapes []tensor.Shape) float64 {
		for r := range shapes[0][0] {
			x, y, grad, d := in[0][r*g.inputs():], in[1][r*g.outputs():], in[2][r*g.outputs():], dst[r*g.inputs():]
			taken := make([]bool, g.outputs())
			g.Each(func(position, window, _ int) {
				for ch := range g.c {
					if i, o := position*g.c+ch, window*g.c+ch; x[i] == y[o] && !taken[o] {
						d[i] += grad[o]
						taken[o] = true
					}
				}
			})
		}
		return 0
	}
}

// unpoolLower gives each position what no earlier one of the window has taken.
func unpoolLower[T vec.Float](g grid) op.Lower[T] {
	runs, step := g.runs()
	return func(_ *op.Lowering[T], a op.Args) op.Kernel[T] {
		rooms := pool.NewScratch(func() *[]T { room := make([]T, g.outputs()); return &room })
		return func(m *op.Memory[T], lo, hi int) {
			room := rooms.Get()
			defer rooms.Put(room)
			rest := *room
			for r := lo; r < hi; r++ {
				x, y, grad, dst := m.Rows(a.In[0], r, r+1), m.Rows(a.In[1], r, r+1), m.Rows(a.In[2], r, r+1), m.Rows(a.Out, r, r+1)
				if copy(rest, grad); a.Neg[2] {
					vec.Neg(rest, grad)
				}
				m.Begin(a, r)
				for _, u := range runs {
					vec.TakeGroups(dst[u.in:], rest[u.out:], x[u.in:], y[u.out:], u.n, g.c, step)
				}
			}
		}
	}
}
