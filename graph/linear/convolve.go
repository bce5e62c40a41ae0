package linear

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/internal/op"
	"example.com/pcn/internal/gemm"
	"example.com/pcn/internal/pool"
	"example.com/pcn/internal/vec"
)

// convolve is a convolution, wide (B, h·w·c), θ → narrow (B, h'·w'·o), or its pull-back,
// narrow, θ → wide. Each is the other's derivative; θ is frozen.
func convolve(g geometry, back bool) *op.Op {
	name, from, to := "convolve ", g.wide, g.narrow
	if back {
		name, from, to = "convolve back ", to, from
	}
	return &op.Op{
		Name: name + g.text(), In: "mm", Out: 'm', Wrt: "x-", Signs: []op.Sign{op.Carried, op.Plain}, Adds: true, Product: true,
		Shape: func(in []tensor.Shape) (tensor.Shape, error) {
			if in[0][1] != from.units() || !in[1].Eq(g.theta()) {
				return nil, fmt.Errorf("must be of (B, %d) and %v, got %v and %v", from.units(), g.theta(), in[0], in[1])
			}
			return tensor.Shape{in[0][0], to.units()}, nil
		},
		Derivative: func(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
			x, err := G.ApplyOp(convolve(g, !back), grad, in[1])
			return G.Nodes{x, nil}, err
		},
		Faces: op.Faces{
			Do32: convolveDo[float32](g, back), Do64: convolveDo[float64](g, back),
			Lower32: convolveLower[float32](g, back), Lower64: convolveLower[float64](g, back),
		},
	}
}

func convolveDo[T vec.Float](g geometry, back bool) op.Reference[T] {
	return func(dst []T, in [][]T, shapes []tensor.Shape) float64 {
		x, theta := in[0], in[1]
		wide, narrow := g.wide.units(), g.narrow.units()
		for row := range shapes[0][0] {
			g.each(func(w, n, t int) {
				if w, n = w+row*wide, n+row*narrow; back {
					dst[w] += x[n] * theta[t]
				} else {
					dst[n] += x[w] * theta[t]
				}
			})
		}
		return 0
	}
}

// convolveLower multiplies patches by θ as it is laid out when it is frozen.
func convolveLower[T vec.Float](g geometry, back bool) op.Lower[T] {
	return func(c *op.Lowering[T], a op.Args) op.Kernel[T] {
		p := newPlan(g, back, usual)
		rooms := pool.NewScratch(func() *room[T] { return &room[T]{} })
		theta := op.Children(a.Node)[1]
		var packs []int
		for i := range p.parts {
			part := &p.parts[i]
			n, rows := part.operands(p.blocks)
			for k := range n {
				packs = append(packs, c.PackAs(theta, op.Layout[T]{
					Name: fmt.Sprintf("%v %v %d %d", g.text(), back, i, k), Rows: rows, Cols: p.result.c / p.blocks,
					Lay: func(by *gemm.Packed[T], theta []T) {
						r := rooms.Get()
						defer rooms.Put(r)
						lay(p, part, k, r, by, theta)
					},
				}))
			}
		}
		x := a.In[0]
		return func(m *op.Memory[T], lo, hi int) {
			r := rooms.Get()
			defer rooms.Put(r)
			r.operands = r.operands[:0]
			for _, i := range packs {
				r.operands = append(r.operands, m.Operand(i))
			}
			out := m.Rows(a.Out, lo, hi)
			if a.Plus >= 0 && a.Plus != a.Out {
				copy(out, m.Rows(a.Plus, lo, hi))
			}
			// All errors but the targets' are 0 where settling begins.
			if x := m.Rows(x, lo, hi); !allZero(x) {
				multiply(p, r, out, x, hi-lo, a.Plus >= 0)
			} else if a.Plus < 0 {
				clear(out)
			}
		}
	}
}

func allZero[T vec.Float](x []T) bool {
	return !slices.ContainsFunc(x, func(v T) bool { return v != 0 })
}
