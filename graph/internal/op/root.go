package op

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/vec"
)

// Root is L, lower triangular, with L Lᵀ = H, for a matrix of parameters: H (k, k) → (k, k), by
// Cholesky's factorization in float64. Where H is not positive definite, L is no numbers.
func Root() *Op {
	return &Op{
		Name: "root", In: "m", Out: 'm', Whole: true,
		Shape: func(in []tensor.Shape) (tensor.Shape, error) { return in[0].Clone(), nil },
		Faces: ByKernel(rootLower[float32], rootLower[float64]),
	}
}

func rootLower[T vec.Float](_ *Lowering[T], a Args) Kernel[T] {
	k := a.Shape[0]
	return func(m *Memory[T], _, _ int) {
		l := make([]float64, k*k)
		for i, x := range m.Buf[a.In[0]] {
			l[i] = float64(x)
		}
		_, definite := lapack64.Potrf(blas64.Symmetric{Uplo: blas.Lower, N: k, Data: l, Stride: k})
		for i := range l {
			switch {
			case !definite:
				l[i] = math.NaN()
			case i%k > i/k: // of H still
				l[i] = 0
			}
			m.Buf[a.Out][i] = T(l[i])
		}
	}
}

// Roots is √p for a vector of parameters: p (n) → (n).
func Roots() *Op {
	return &Op{Name: "roots", In: "v", Out: 'v', Faces: Rowwise("m", rootRows[float32], rootRows[float64])}
}

func rootRows[T vec.Float](dst []T, x Rows[T], _ int) {
	for i, p := range x[0] {
		dst[i] = T(math.Sqrt(float64(p)))
	}
}
