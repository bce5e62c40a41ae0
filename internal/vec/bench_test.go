package vec

import (
	"fmt"
	"testing"
)

// A benchmarked call, with the number of slices of full length that it reads and
// writes.
type benchmarked struct {
	name    string
	streams int
	call    func()
}

func benchmarks[T Float](n int) []benchmarked {
	dst, x, y, z := ramp[T](n), ramp[T](n), ramp[T](n), ramp[T](n)
	row := ramp[T](min(n, 256))
	list := []benchmarked{
		{"Add", 3, func() { Add(dst, x, y) }},
		{"Sub", 3, func() { Sub(dst, x, y) }},
		{"Neg", 2, func() { Neg(dst, x) }},
		{"Scale", 2, func() { Scale(dst, 1) }},
		{"AddScaled", 3, func() { AddScaled(dst, 0.001, x) }},
		{"AddRow", 2, func() { AddRow(dst, row) }},
		{"SubRow", 2, func() { SubRow(dst, x, row) }},
		{"Residual", 3, func() { Residual(dst, x, row) }},
		{"Weigh", 2, func() { Weigh(dst, x, row) }},
		{"HalfSquares", 1, func() { HalfSquares(x) }},
		{"HalfSquaresWeighed", 2, func() { HalfSquaresWeighed(x, y) }},
		{"Dot", 2, func() { Dot(x, y) }},
		{"Momentum", 5, func() { Momentum(dst, x, y, 0.9, 0.001) }},
		{"Adam", 7, func() { Adam(dst, x, y, z, 0.9, 0.999, 0.001, 1, 1e-8, 0) }},
	}
	for f, name := range funcNames {
		list = append(list,
			benchmarked{"Apply" + name, 2, func() { Apply(Func(f), dst, x) }},
			benchmarked{"MulSlope" + name, 5, func() { MulSlope(Func(f), dst, x, 1, y, z, x) }},
		)
	}
	return list
}

func Benchmark(b *testing.B) {
	for _, backend := range builtin() {
		for _, n := range []int{10, 256, 8192} {
			benchAll[float32](b, backend, "f32", 4, n)
			benchAll[float64](b, backend, "f64", 8, n)
		}
	}
}

func benchAll[T Float](b *testing.B, backend backend, dtype string, size, n int) {
	for _, bm := range benchmarks[T](n) {
		b.Run(fmt.Sprintf("op=%s/dtype=%s/n=%d/kernel=%s", bm.name, dtype, n, backend.name), func(b *testing.B) {
			use(b, backend)
			b.ReportAllocs()
			for b.Loop() {
				bm.call()
			}
			elements := float64(n) * float64(b.N)
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/elements, "ns/elem")
			b.ReportMetric(elements*float64(bm.streams*size)/float64(b.Elapsed().Nanoseconds()), "GB/s")
		})
	}
}

// ramp is n numbers from 0.1 to 1.
func ramp[T Float](n int) []T {
	x := make([]T, n)
	for i := range x {
		x[i] = 0.1 + 0.9*T(i)/T(n)
	}
	return x
}
