package op

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

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

// TestFreeStep holds the step of a node that is fixed in part against a solve of the
// free units' part of H.
func TestFreeStep(t *testing.T) {
	const k, rows = 6, 4
	rng := rand.New(rand.NewPCG(2, 2))
	h := gramOfRandom[float64](k)
	g, mask, x := make([]float64, rows*k), make([]float64, rows*k), make([]float64, rows*k)
	for i := range g {
		g[i], mask[i] = rng.NormFloat64(), float64(rng.IntN(2))
	}
	freeStepDo(x, [][]float64{g, h, mask}, []tensor.Shape{{rows, k}, {k, k}, {rows, k}, {rows, k}})
	for r := range rows {
		for i := range k {
			at := r*k + i
			if mask[at] == 0 {
				if x[at] != 0 {
					t.Errorf("fixed unit %d of row %d has a step, %v", i, r, x[at])
				}
				continue
			}
			sum := 0.0
			for j := range k {
				sum += x[r*k+j] * h[j*k+i] // fixed units have no step
			}
			if math.Abs(sum-g[at]) > 1e-3*(1+math.Abs(g[at])) {
				t.Errorf("unit %d of row %d: (step H) is %v, the gradient %v", i, r, sum, g[at])
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
