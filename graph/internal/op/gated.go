package op

import (
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/pool"
	"example.com/pcn/internal/vec"
)

// Gate is a part of a node's curvature that another node's latent gates, as feature.Outer has
// it: with G of all products, (n k, n k), and y of an example, (n),
//
//	a Σ_ij y_i G_ij y_j,  of blocks G_ij (k, k)
type Gate struct {
	By    float64 // a
	First bool    // the node is the first factor of the products, and not the second
}

// GatedStep is the step of a node of which the curvature depends on the example: for each g
// H⁻¹, with H that of Curvature and of each Gate. Its inputs are g (B, k), the y of each gate
// (B, n), G of each, those of Curvature, and, of a node that is fixed in part, its mask
// (B, k), to which H is confined: see FreeStep.
func GatedStep(of Curvature, gates []Gate, masked bool) *Op {
	o := &Op{
		Name: fmt.Sprintf("step by %+v, gated %+v", of, gates), In: "m", Out: 'm',
		Shape: func(in []tensor.Shape) (tensor.Shape, error) { return in[0].Clone(), nil },
		Faces: ByKernel(gatedStepLower[float32](of, gates, masked), gatedStepLower[float64](of, gates, masked)),
	}
	for range 2*len(gates) + len(of.Grams) {
		o.In += "m"
	}
	for range of.Diagonal {
		o.In += "v"
	}
	if masked {
		o.In += "m"
	}
	return o
}

// addGate adds the part of an example to h.
func addGate[T vec.Float](g Gate, h, gram, y []T, k int) {
	n := len(y)
	at := func(i, unit int) int {
		if g.First {
			return unit*n + i
		}
		return i*k + unit
	}
	for i, yi := range y {
		for j, yj := range y {
			by := T(g.By) * yi * yj
			if by == 0 {
				continue
			}
			for r := range k {
				row := gram[at(i, r)*n*k : (at(i, r)+1)*n*k]
				if !g.First {
					vec.AddScaled(h[r*k:(r+1)*k], by, row[j*k:(j+1)*k])
					continue
				}
				for c := range k {
					h[r*k+c] += by * row[at(j, c)]
				}
			}
		}
	}
}

func gatedStepLower[T vec.Float](of Curvature, gates []Gate, masked bool) Lower[T] {
	return func(_ *Lowering[T], a Args) Kernel[T] {
		k := a.Shape[1]
		solvers := pool.NewScratch(func() *gatedSolver[T] {
			return &gatedSolver[T]{h: make([]T, k*k), ys: make([][]T, len(gates)), free: newFreeSolver[T](k)}
		})
		ys, grams, end := a.In[1:1+len(gates)], a.In[1+len(gates):1+2*len(gates)], len(a.In)
		if masked {
			end--
		}
		plain := a.In[1+2*len(gates) : end]
		return func(m *Memory[T], lo, hi int) {
			by := solvers.Get()
			defer solvers.Put(by)
			by.known = false
			for r := lo; r < hi; r++ {
				fresh := !by.known
				for i, at := range ys {
					y := m.Rows(at, r, r+1)
					fresh = fresh || !slices.Equal(by.ys[i], y)
					by.ys[i] = y
				}
				if by.known = true; fresh {
					by.in = by.in[:0]
					for _, at := range plain {
						by.in = append(by.in, m.Buf[at])
					}
					clear(by.h)
					fill(of, by.h, by.in, k)
					for i, g := range gates {
						addGate(g, by.h, m.Buf[grams[i]], by.ys[i], k)
					}
					if !masked {
						by.inverter.invert(by.h, k)
					}
				}
				x, g := m.Rows(a.Out, r, r+1), m.Rows(a.In[0], r, r+1)
				if masked {
					by.free.solve(x, g, by.h, m.Rows(a.In[end], r, r+1))
					continue
				}
				clear(x)
				for i, v := range g {
					vec.AddScaled(x, v, by.h[i*k:(i+1)*k])
				}
			}
		}
	}
}

// gatedSolver solves for an example, with what it found for the one before where that has
// the same gates, as all of a class have. It keeps its scratch.
type gatedSolver[T vec.Float] struct {
	known    bool
	h        []T   // H, or its inverse
	ys       [][]T // of the example before
	in       [][]T
	inverter inverter[T]
	free     *freeSolver[T]
}
