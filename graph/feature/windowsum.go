package feature

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/internal/op"
	"example.com/pcn/internal/vec"
)

// Two linear operations on windows, each of which is the other's derivative: an average is
// the first, and upsampling the second.

// gather is the sum of each window, times a: (B, positions) → (B, windows).
func gather(g grid, a float64) *op.Op {
	return windowSum(g, a, "gather", g.inputs(), g.outputs(), true, spread)
}

// spread is what windows give to each of their positions, times a:
// (B, windows) → (B, positions).
func spread(g grid, a float64) *op.Op {
	return windowSum(g, a, "spread", g.outputs(), g.inputs(), false, gather)
}

func windowSum(g grid, a float64, name string, from, to int, gathers bool, derivative func(grid, float64) *op.Op) *op.Op {
	return &op.Op{
		Name: fmt.Sprintf("%s %v times %v", name, g, a), In: "m", Out: 'm', Wrt: "x", Signs: []op.Sign{op.Carried}, Adds: true,
		Shape: func(in []tensor.Shape) (tensor.Shape, error) {
			if in[0][1] != from {
				return nil, fmt.Errorf("must have %d columns, got %v", from, in[0])
			}
			return tensor.Shape{in[0][0], to}, nil
		},
		Derivative: func(_ G.Nodes, _, grad *G.Node) (G.Nodes, error) {
			d, err := G.ApplyOp(derivative(g, a), grad)
			return G.Nodes{d}, err
		},
		Faces: op.Faces{
			Do32: windowSumDo[float32](g, a, from, to, gathers), Do64: windowSumDo[float64](g, a, from, to, gathers),
			Lower32: windowSumLower[float32](g, a, gathers), Lower64: windowSumLower[float64](g, a, gathers),
		},
	}
}

func windowSumDo[T vec.Float](g grid, a float64, from, to int, gathers bool) op.Reference[T] {
	return func(dst []T, in [][]T, shapes []tensor.Shape) float64 {
		for r := range shapes[0][0] {
			x, y := in[0][r*from:], dst[r*to:]
			g.Each(func(position, window, _ int) {
				in, out := position*g.c, window*g.c
				for ch := range g.c {
					if gathers {
						y[out+ch] += T(a) * x[in+ch]
					} else {
						y[in+ch] += T(a) * x[out+ch]
					}
				}
			})
		}
		return 0
	}
}

func windowSumLower[T vec.Float](g grid, by float64, gathers bool) op.Lower[T] {
	runs, step := g.runs()
	return func(_ *op.Lowering[T], a op.Args) op.Kernel[T] {
		return func(m *op.Memory[T], lo, hi int) {
			for r := lo; r < hi; r++ {
				x, y := m.Rows(a.In[0], r, r+1), m.Rows(a.Out, r, r+1)
				m.Begin(a, r)
				for _, u := range runs {
					if gathers {
						vec.AddScaledGroups(y[u.out:], T(by), x[u.in:], u.n, g.c, g.c, step)
					} else {
						vec.AddScaledGroups(y[u.in:], T(by), x[u.out:], u.n, g.c, step, g.c)
					}
				}
			}
		}
	}
}
