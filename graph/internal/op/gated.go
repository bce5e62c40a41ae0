package op

import (
	"fmt"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/pool"
	"example.com/pcn/internal/vec"
)

// Gate is a part of a node's curvature that another node's latent gates, by a feature of all
// products of a unit of each: with G of these, (n k, n k), and y of an example, (n),
//
//	a Σ_ij y_i G_ij y_j,  of blocks G_ij (k, k)
type Gate struct {
	By float64 // a
	// Own and Other are how far apart units of the node, and of the other, stand among the
	// products.
	Own, Other int
	// Seen has G of the rows of W alone that are fixed, G = Σ_r V_r ⊗ W_r, where the free units
	// of what W predicts follow: it is made by the example, of V, W and its mask.
	Seen bool
}

// inputs are those of a gate: y and G, or y, the mask, V and W.
func (g Gate) inputs() int {
	if g.Seen {
		return 4
	}
	return 2
}

// GatedStep is the step of a node of which the curvature depends on the example: for each g
// H⁻¹, with H that of Curvature and of each Gate. Its inputs are g (B, k), of each gate y (B, n)
// and G, or else y, a mask (B, d), V and W, both (d, n k), those of Curvature, and, of a node
// that is fixed in part, its mask (B, k), to which H is confined: see FreeStep.
func GatedStep(of Curvature, gates []Gate, masked bool) *Op {
	o := &Op{
		Name: fmt.Sprintf("step by %+v, gated %+v", of, gates), In: "m", Out: 'm',
		Shape: func(in []tensor.Shape) (tensor.Shape, error) { return in[0].Clone(), nil },
		Faces: ByKernel(gatedStepLower[float32](of, gates, masked), gatedStepLower[float64](of, gates, masked)),
	}
	matrices := len(of.Grams)
	for _, g := range gates {
		matrices += g.inputs()
	}
	o.In += strings.Repeat("m", matrices)
	o.In += strings.Repeat("v", len(of.Diagonal))
	if masked {
		o.In += "m"
	}
	return o
}

// at returns where unit of the node's stands among the products, with unit i of the other.
func (g Gate) at(i, unit int) int { return i*g.Other + unit*g.Own }

// addGate adds the part of an example to h (k, k), given y and G.
func addGate[T vec.Float](g Gate, h, y, gram []T, k int) {
	n := len(y)
	for i, yi := range y {
		for j, yj := range y {
			by := T(g.By) * yi * yj
			if by == 0 { // of a class all but one are
				continue
			}
			for r := range k {
				row := gram[g.at(i, r)*n*k:][:n*k]
				if g.Own == 1 {
					vec.AddScaled(h[r*k:(r+1)*k], by, row[j*g.Other:][:k])
					continue
				}
				for c := range k {
					h[r*k+c] += by * row[g.at(j, c)]
				}
			}
		}
	}
}

// addSeen adds the part of an example to h (k, k), given y, its mask, V and W.
func addSeen[T vec.Float](g Gate, h, y, mask, v, w, room []T, k int) {
	n := len(y)
	gated := func(to, row []T) {
		clear(to)
		for i, yi := range y {
			if yi == 0 {
				continue
			}
			if g.Own == 1 {
				vec.AddScaled(to, yi, row[i*g.Other:][:k])
				continue
			}
			for unit := range to {
				to[unit] += yi * row[g.at(i, unit)]
			}
		}
	}
	left, right := room[:k], room[k:2*k]
	for r, free := range mask {
		if free != 0 {
			continue
		}
		gated(left, v[r*n*k:(r+1)*n*k])
		gated(right, w[r*n*k:(r+1)*n*k])
		for i, x := range left {
			vec.AddScaled(h[i*k:(i+1)*k], T(g.By)*x, right)
		}
	}
}

func gatedStepLower[T vec.Float](of Curvature, gates []Gate, masked bool) Lower[T] {
	return func(_ *Lowering[T], a Args) Kernel[T] {
		k, end := a.Shape[1], len(a.In)
		if masked {
			end--
		}
		var by []int // by example: the y and the masks of gates
		at := 1
		for _, g := range gates {
			if by = append(by, a.In[at]); g.Seen {
				by = append(by, a.In[at+1])
			}
			at += g.inputs()
		}
		plain := a.In[at:end]
		solvers := pool.NewScratch(func() *gatedSolver[T] {
			return &gatedSolver[T]{h: make([]T, k*k), room: make([]T, 2*k), of: make([][]T, len(by)), free: newFreeSolver[T](k)}
		})
		return func(m *Memory[T], lo, hi int) {
			s := solvers.Get()
			defer solvers.Put(s)
			for r := lo; r < hi; r++ {
				fresh := r == lo
				for i, at := range by {
					x := m.Rows(at, r, r+1)
					fresh = fresh || !slices.Equal(s.of[i], x)
					s.of[i] = x
				}
				if fresh {
					s.in = s.in[:0]
					for _, at := range plain {
						s.in = append(s.in, m.Buf[at])
					}
					clear(s.h)
					fill(of, s.h, s.in, k)
					at := 1
					for _, g := range gates {
						y := m.Rows(a.In[at], r, r+1)
						if g.Seen {
							addSeen(g, s.h, y, m.Rows(a.In[at+1], r, r+1), m.Buf[a.In[at+2]], m.Buf[a.In[at+3]], s.room, k)
						} else {
							addGate(g, s.h, y, m.Buf[a.In[at+1]], k)
						}
						at += g.inputs()
					}
					if !masked {
						s.inverter.invert(s.h, k)
					}
				}
				x, g := m.Rows(a.Out, r, r+1), m.Rows(a.In[0], r, r+1)
				if masked {
					s.free.solve(x, g, s.h, m.Rows(a.In[end], r, r+1))
					continue
				}
				clear(x)
				for i, v := range g {
					vec.AddScaled(x, v, s.h[i*k:(i+1)*k])
				}
			}
		}
	}
}

// gatedSolver solves for an example, with what it found for the one before where that has
// the same gates, as all of a class have. It keeps its scratch.
type gatedSolver[T vec.Float] struct {
	h        []T   // H, or its inverse
	of       [][]T // what it is of, beside parameters
	in       [][]T // of Curvature
	room     []T   // 2 k
	inverter inverter[T]
	free     *freeSolver[T]
}
