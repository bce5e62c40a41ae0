package vec

import (
	"math"
	"strings"
	"testing"
)

// An op is an elementwise function under test. Its slices are outputs first.
type op[T Float] struct {
	name    string
	slices  int
	outputs int
	row     bool          // the last slice is a row of the others
	fix     func(v [][]T) // makes the slices ones that the function may be given
	call    func(v [][]T)
	// want is the outputs for one element of each slice, in float64, and for each
	// output the size that its rounding error is in proportion to.
	want func(v []float64) (out, size []float64)
}

// wantOne is want of a function of one output.
func wantOne(f func(v []float64) (out, size float64)) func([]float64) ([]float64, []float64) {
	return func(v []float64) ([]float64, []float64) {
		out, size := f(v)
		return []float64{out}, []float64{size}
	}
}

// bound is the bound on the rounding error of a result of the given size.
func bound[T Float](size float64) float64 { return 6*epsilon[T]()*size + 1e4*tiny[T]() }

func ops[T Float]() []op[T] {
	const a, m = -0.375, 0.75 // exact in T
	abs := math.Abs
	list := []op[T]{
		{name: "Add", slices: 3, outputs: 1, call: func(v [][]T) { Add(v[0], v[1], v[2]) },
			want: wantOne(func(v []float64) (float64, float64) { return v[1] + v[2], abs(v[1]) + abs(v[2]) })},
		{name: "Sub", slices: 3, outputs: 1, call: func(v [][]T) { Sub(v[0], v[1], v[2]) },
			want: wantOne(func(v []float64) (float64, float64) { return v[1] - v[2], abs(v[1]) + abs(v[2]) })},
		{name: "Neg", slices: 2, outputs: 1, call: func(v [][]T) { Neg(v[0], v[1]) },
			want: wantOne(func(v []float64) (float64, float64) { return -v[1], 0 })},
		{name: "Scale", slices: 1, outputs: 1, call: func(v [][]T) { Scale(v[0], a) },
			want: wantOne(func(v []float64) (float64, float64) { return a * v[0], abs(v[0]) })},
		{name: "AddScaled", slices: 2, outputs: 1, call: func(v [][]T) { AddScaled(v[0], a, v[1]) },
			want: wantOne(func(v []float64) (float64, float64) { return v[0] + a*v[1], abs(v[0]) + abs(v[1]) })},
		{name: "AddRow", slices: 2, outputs: 1, row: true, call: func(v [][]T) { AddRow(v[0], v[1]) },
			want: wantOne(func(v []float64) (float64, float64) { return v[0] + v[1], abs(v[0]) + abs(v[1]) })},
		{name: "SubRow", slices: 3, outputs: 1, row: true, call: func(v [][]T) { SubRow(v[0], v[1], v[2]) },
			want: wantOne(func(v []float64) (float64, float64) { return v[1] - v[2], abs(v[1]) + abs(v[2]) })},
		{name: "Weigh", slices: 3, outputs: 1, row: true, call: func(v [][]T) { Weigh(v[0], v[1], v[2]) },
			want: wantOne(func(v []float64) (float64, float64) { return v[1] * v[2], abs(v[1] * v[2]) })},
		{name: "Residual", slices: 3, outputs: 1, row: true, call: func(v [][]T) { Residual(v[0], v[1], v[2]) },
			want: wantOne(func(v []float64) (float64, float64) {
				return v[1] - v[0] - v[2], abs(v[0]) + abs(v[1]) + abs(v[2])
			})},
		{name: "ResidualWithoutBias", slices: 2, outputs: 1, call: func(v [][]T) { Residual(v[0], v[1], nil) },
			want: wantOne(func(v []float64) (float64, float64) { return v[1] - v[0], abs(v[0]) + abs(v[1]) })},
		{name: "Momentum", slices: 3, outputs: 2, call: func(v [][]T) { Momentum(v[0], v[1], v[2], m, a) },
			want: func(v []float64) ([]float64, []float64) {
				x, speed, d := v[0], v[1], v[2]
				size := abs(speed) + abs(d)
				speed = m*speed + d
				return []float64{x + a*speed, speed}, []float64{abs(x) + size, size}
			}},
		{name: "Adam", slices: 4, outputs: 3, call: func(v [][]T) {
			Adam(v[0], v[1], v[2], v[3], m, 0.875, 0.5, 1.5, 1.0/1024, 0.25)
		},
			fix: func(v [][]T) {
				for i, x := range v[2] { // a mean of squares
					v[2][i] = T(abs(float64(x)))
				}
			},
			want: func(v []float64) ([]float64, []float64) {
				x, mean, square, d := v[0], v[1], v[2], v[3]
				size := abs(mean) + abs(d)
				mean = m*mean + (1-m)*d
				square = 0.875*square + 0.125*d*d
				root := math.Sqrt(1.5*square) + 1.0/1024
				return []float64{x + 0.5*mean/root - 0.25*x, mean, square}, []float64{abs(x) + size/root, size, square}
			}},
	}
	for i, name := range funcNames {
		f := Func(i)
		fix := func(v [][]T) { // y = φ(x)
			for i, x := range v[2] {
				v[3][i] = T(Value(f, float64(x)))
			}
		}
		list = append(list,
			op[T]{name: "Apply" + name, slices: 2, outputs: 1, call: func(v [][]T) { Apply(f, v[0], v[1]) },
				want: wantOne(func(v []float64) (float64, float64) { return Value(f, v[1]), max(1, abs(Value(f, v[1]))) })},
			op[T]{name: "MulSlope" + name, slices: 4, outputs: 1, fix: fix,
				call: func(v [][]T) { MulSlope(f, v[0], nil, a, v[1], v[2], v[3]) },
				want: wantOne(func(v []float64) (float64, float64) { return a * v[1] * Slope(f, v[2], v[3]), 2 * abs(v[1]) })},
			op[T]{name: "AddSlope" + name, slices: 5, outputs: 1, fix: fix,
				call: func(v [][]T) { MulSlope(f, v[0], v[4], a, v[1], v[2], v[3]) },
				want: wantOne(func(v []float64) (float64, float64) {
					return v[4] + a*v[1]*Slope(f, v[2], v[3]), abs(v[4]) + 2*abs(v[1])
				})})
	}
	return list
}

// run calls the function on copies and returns them.
func (o op[T]) run(v [][]T) [][]T {
	c := make([][]T, len(v))
	for i := range v {
		c[i] = append([]T(nil), v[i]...)
	}
	o.call(c)
	return c
}

// eachOp runs a test for each backend, element type and op.
func eachOp(t *testing.T, f32 func(*testing.T, op[float32]), f64 func(*testing.T, op[float64])) {
	for _, b := range builtin() {
		t.Run("kernel="+b.name, func(t *testing.T) {
			use(t, b)
			for _, o := range ops[float32]() {
				t.Run("dtype=f32/op="+o.name, func(t *testing.T) { f32(t, o) })
			}
			for _, o := range ops[float64]() {
				t.Run("dtype=f64/op="+o.name, func(t *testing.T) { f64(t, o) })
			}
		})
	}
}

// epsilon is the unit of the last place of 1.
func epsilon[T Float]() float64 {
	if is32[T]() {
		return 0x1p-23
	}
	return 0x1p-52
}

func is32[T Float]() bool {
	_, ok := any(T(0)).(float32)
	return ok
}

// tiny is the smallest number above 0.
func tiny[T Float]() float64 {
	if is32[T]() {
		return math.SmallestNonzeroFloat32
	}
	return math.SmallestNonzeroFloat64
}

// identical reports whether two numbers have the same bits, or are both NaN.
func identical[T Float](x, y T) bool {
	if x != x || y != y {
		return x != x && y != y
	}
	return x == y && math.Signbit(float64(x)) == math.Signbit(float64(y))
}

// transcendental reports whether float32 results are approximations.
func (o op[T]) transcendental() bool {
	for _, name := range []string{"Tanh", "Sigmoid", "GELU", "Softplus", "SiLU", "ELU", "SELU", "Mish"} {
		if strings.HasSuffix(o.name, name) {
			return true
		}
	}
	return false
}
