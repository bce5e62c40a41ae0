package op

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/vec"
)

// gramOfRandom returns WᵀW, (k, k), for a random W (2k, k).
func gramOfRandom[T vec.Float](k int) []T {
	rng := rand.New(rand.NewPCG(1, 1))
	w := make([]T, 2*k*k)
	for i := range w {
		w[i] = T(rng.NormFloat64())
	}
	g := make([]T, k*k)
	gramDo(g, [][]T{w}, []tensor.Shape{{2 * k, k}, {k, k}})
	return g
}

// TestInverse holds H⁻¹ H against the identity.
func TestInverse(t *testing.T) {
	const k = 7
	g, q, p := gramOfRandom[float64](k), make([]float64, k*k), []float64{1, 2, 3, 4, 5, 6, 7}
	for i := range k {
		q[i*k+i] = 2
	}
	h := Curvature{Grams: []float64{0.25, 3}, Diagonal: []float64{0.5}, Constant: 0.1}
	inv := make([]float64, k*k)
	h.Inverse().Do64(inv, [][]float64{g, q, p}, []tensor.Shape{{k, k}, {k, k}, {k}, {k, k}})
	for i := range k {
		for j := range k {
			sum := 0.0
			for r := range k {
				a := g[r*k+j]/4 + 3*q[r*k+j]
				if r == j {
					a += p[r]/2 + 0.1
				}
				sum += inv[i*k+r] * a
			}
			if want := map[bool]float64{true: 1}[i == j]; math.Abs(sum-want) > 1e-12 {
				t.Errorf("(H⁻¹ H)[%d, %d] = %v", i, j, sum)
			}
		}
	}
}

// TestInverter inverts by blocks what is inverted row by row, sizes that fill no
// block among them.
func TestInverter(t *testing.T) {
	var v inverter[float64]
	for _, k := range []int{1, 31, 32, 33, 64, 97, 128} {
		a := gramOfRandom[float64](k)
		want := slices.Clone(a)
		invert(want, k, k)
		v.invert(a, k)
		for i, x := range a {
			if math.Abs(x-want[i]) > 1e-9*(1+math.Abs(want[i])) {
				t.Fatalf("%d: element %d is %v, want %v", k, i, x, want[i])
			}
		}
	}
}

// TestFreeStep holds the step of units that are free, of each example its own, against
// the solution by a dense matrix, where H is as good as singular too.
func TestFreeStep(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	normal := func(n int) []float64 {
		x := make([]float64, n)
		for i := range x {
			x[i] = rng.NormFloat64()
		}
		return x
	}
	for _, rows := range []int{3, 12, 60} { // of W: H = WᵀW + ridge
		const k, batch = 20, 6
		var h mat.SymDense
		h.SymOuterK(1, mat.NewDense(rows, k, normal(rows*k)).T())
		g, free, x := normal(batch*k), make([]float64, batch*k), make([]float64, batch*k)
		for i := range k {
			h.SetSym(i, i, h.At(i, i)+0.01)
		}
		for i := range free {
			free[i] = float64(rng.IntN(2))
			g[i] *= free[i]
		}
		FreeStep().Do64(x, [][]float64{g, mat.DenseCopyOf(&h).RawMatrix().Data, free}, []tensor.Shape{{batch, k}, {k, k}, {batch, k}, {batch, k}})
		for b := range batch {
			masked := mat.NewDense(k, k, nil)
			for i := range k {
				for j := range k {
					masked.Set(i, j, h.At(i, j)*free[b*k+i]*free[b*k+j])
				}
				masked.Set(i, i, masked.At(i, i)+1-free[b*k+i])
			}
			var want mat.VecDense
			if err := want.SolveVec(masked, mat.NewVecDense(k, g[b*k:(b+1)*k])); err != nil {
				t.Fatal(err)
			}
			norm := mat.Norm(&want, 2)
			for i := range k {
				if math.Abs(x[b*k+i]-want.AtVec(i)) > 1e-2*norm || free[b*k+i] == 0 && x[b*k+i] != 0 {
					t.Fatalf("H of rank %d: example %d: x[%d] = %v, want %v", rows, b, i, x[b*k+i], want.AtVec(i))
				}
			}
		}
	}
}

func BenchmarkInverse(b *testing.B) {
	for _, k := range []int{64, 128, 256} {
		h, a := gramOfRandom[float32](k), make([]float32, k*k)
		var v inverter[float32]
		for name, by := range map[string]func(){"blocks": func() { v.invert(a, k) }, "rows": func() { invert(a, k, k) }} {
			b.Run(fmt.Sprintf("size=%d/by=%s", k, name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					copy(a, h)
					by()
				}
			})
		}
	}
}
