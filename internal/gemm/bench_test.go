package gemm

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// benchShapes are rows x columns x depth, with A stored row-major or transposed.
var benchShapes = []struct {
	rows, cols, depth int
	transposed        bool
}{
	{64, 256, 256, false},
	{64, 256, 784, false},
	{256, 784, 256, false},
	{128, 128, 128, false},
	{128, 10, 128, false},
	{32, 32, 32, false},
	{32, 256, 784, false},
	{32, 784, 256, false},
	{64, 256, 1024, false},
	{784, 256, 64, true},
	{256, 784, 32, true},
}

func BenchmarkMul(b *testing.B) {
	names := append(Kernels(), "gonum")
	if blas := systemBLAS(); blas != "" {
		names = append(names, blas)
	}
	for _, name := range names {
		for _, shape := range benchShapes {
			shapeName := fmt.Sprintf("shape=%dx%dx%d", shape.rows, shape.cols, shape.depth)
			if shape.transposed {
				shapeName += "T"
			}
			rowStride, colStride, _ := strides(shape.rows, shape.depth, 0, 1, shape.transposed)
			b.Run("kernel="+name+"/dtype=f32/"+shapeName, func(b *testing.B) {
				if name == "gonum" {
					benchGonum(b, shape.rows, shape.cols, shape.depth, shape.transposed)
					return
				}
				benchMul[float32](b, name, shape.rows, shape.cols, shape.depth, rowStride, colStride)
			})
			if name != "gonum" {
				b.Run("kernel="+name+"/dtype=f64/"+shapeName, func(b *testing.B) {
					benchMul[float64](b, name, shape.rows, shape.cols, shape.depth, rowStride, colStride)
				})
			}
		}
	}
}

func benchMul[T Float](b *testing.B, name string, rows, cols, depth, rowStride, colStride int) {
	use(b, name)
	rng := rand.New(rand.NewPCG(1, 2))
	left, right, dst := random[T](rng, rows*depth), random[T](rng, depth*cols), make([]T, rows*cols)
	var packed Packed[T]
	packed.Pack(right, depth, cols, cols, 1)
	b.ReportAllocs()
	for b.Loop() {
		Mul(dst, cols, left, rowStride, colStride, rows, &packed, false, nil)
	}
	reportRate(b, rows, cols, depth)
}

func benchGonum(b *testing.B, rows, cols, depth int, transposed bool) {
	rng := rand.New(rand.NewPCG(1, 2))
	left, right, dst := random[float32](rng, rows*depth), random[float32](rng, depth*cols), make([]float32, rows*cols)
	transA, lda := blas.NoTrans, depth
	if transposed {
		transA, lda = blas.Trans, rows
	}
	b.ReportAllocs()
	for b.Loop() {
		gonum.Implementation{}.Sgemm(transA, blas.NoTrans, rows, cols, depth, 1, left, lda, right, cols, 0, dst, cols)
	}
	reportRate(b, rows, cols, depth)
}

func reportRate(b *testing.B, rows, cols, depth int) {
	flops := 2 * float64(rows) * float64(cols) * float64(depth) * float64(b.N)
	b.ReportMetric(flops/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}

func BenchmarkPack(b *testing.B) {
	const rows, cols = 256, 784
	for _, name := range Kernels() {
		for _, transposed := range []bool{false, true} {
			b.Run(fmt.Sprintf("kernel=%s/dtype=f32/shape=%dx%d/transposed=%t", name, rows, cols, transposed), func(b *testing.B) {
				use(b, name)
				rowStride, colStride, n := strides(rows, cols, 0, 1, transposed)
				matrix := make([]float32, n)
				var packed Packed[float32]
				b.ReportAllocs()
				b.SetBytes(int64(4 * n))
				for b.Loop() {
					packed.Pack(matrix, rows, cols, rowStride, colStride)
				}
			})
		}
	}
}
