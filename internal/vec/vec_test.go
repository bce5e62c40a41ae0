package vec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// random is slices for o with n elements, rows of cols.
func random[T Float](rng *rand.Rand, o op[T], n, cols int, draw func() T) [][]T {
	v := make([][]T, o.slices)
	for i := range v {
		length := n
		if o.row && i == o.slices-1 {
			length = cols
		}
		v[i] = make([]T, length)
		for j := range v[i] {
			v[i][j] = draw()
		}
	}
	if o.fix != nil {
		o.fix(v)
	}
	return v
}

func normals[T Float](rng *rand.Rand) func() T {
	return func() T { return T(3 * rng.NormFloat64()) }
}

// element is element i of each slice.
func element[T Float](o op[T], v [][]T, i int) []float64 {
	e := make([]float64, len(v))
	for k := range v {
		e[k] = float64(v[k][i%len(v[k])])
	}
	return e
}

// lengths calls f with each length to 70, for a row op as rows, and with a long one.
func lengths(row bool, f func(n, cols int)) {
	for n := range 71 {
		f(n, n)
		if row && n > 0 {
			f(3*n, n)
			f(3*n+n/2, n) // half a row is left alone
			f(n, 1)
		}
	}
	f(3000, 1000)
}

func TestElementwise(t *testing.T) { eachOp(t, testElementwise[float32], testElementwise[float64]) }

func testElementwise[T Float](t *testing.T, o op[T]) {
	rng := rand.New(rand.NewPCG(1, 2))
	lengths(o.row, func(n, cols int) {
		if n > 0 && cols == 0 {
			return
		}
		v := random(rng, o, n, cols, normals[T](rng))
		if !o.row {
			cols = 1
		}
		compare(t, o, v, o.run(v), n/max(cols, 1)*cols)
	})
}

// compare checks the first n elements of the outputs, and that nothing else has
// changed.
func compare[T Float](t *testing.T, o op[T], before, after [][]T, n int) {
	t.Helper()
	for k := range before {
		for i := range before[k] {
			if k >= o.outputs || i >= n {
				if !identical(before[k][i], after[k][i]) {
					t.Fatalf("length %d: element %d of slice %d was %v and is %v", len(before[0]), i, k, before[k][i], after[k][i])
				}
				continue
			}
			e := element(o, before, i)
			want, size := o.want(e)
			got := float64(after[k][i])
			if diff := math.Abs(got - want[k]); !(diff <= bound[T](size[k])) {
				t.Fatalf("length %d: element %d of slice %d of %v is %v, want %v, bound %g", len(before[0]), i, k, e, got, want[k], bound[T](size[k]))
			}
		}
	}
}

// Special values come out as the same kind of number as in the definition.
func TestSpecialValues(t *testing.T) {
	eachOp(t, testSpecialValues[float32], testSpecialValues[float64])
}

func testSpecialValues[T Float](t *testing.T, o op[T]) {
	inf, tiny := T(math.Inf(1)), T(tiny[T]())
	values := []T{0, T(math.Copysign(0, -1)), 1, -1, 0.5, -2, inf, -inf, T(math.NaN()), tiny, -tiny, 8 * tiny, 1e-30, -1e-30, 1e12, -1e12}
	rng := rand.New(rand.NewPCG(3, 4))
	v := random(rng, o, 5000, 5000, func() T { return values[rng.IntN(len(values))] })
	got := o.run(v)
	for i := range v[0] {
		e := element(o, v, i)
		want, size := o.want(e)
		for k := range o.outputs {
			g, w := float64(got[k][i]), want[k]
			if o.transcendental() && isInf(e) && w != w && g == g {
				continue // a limit, where the definition has ∞·0 or ∞−∞
			}
			same := math.Abs(g-w) <= bound[T](size[k])
			if w != w || math.IsInf(w, 0) || math.IsInf(size[k], 0) || size[k] != size[k] {
				same = identical(T(g), T(w)) || w == w && g == w
			}
			if !same {
				t.Errorf("output %d of %v is %v, want %v", k, e, g, w)
			}
		}
		if t.Failed() {
			return
		}
	}
}

func isInf(v []float64) bool {
	for _, x := range v {
		if math.IsInf(x, 0) {
			return true
		}
	}
	return false
}

// A NaN latent stays one, in the activation and in the gradient, whatever the
// bits of the NaN.
func TestNaNStays(t *testing.T) {
	for _, b := range builtin() {
		use(t, b)
		x, y, dst, ones := make([]float32, 1<<14), make([]float32, 1<<14), make([]float32, 1<<14), make([]float32, 1<<14)
		for i := range x {
			x[i] = math.Float32frombits(0x7f800001 + uint32(i)<<9 + uint32(i)&1<<31)
			ones[i] = 1
		}
		for i, name := range funcNames {
			Apply(Func(i), y, x)
			MulSlope(Func(i), dst, nil, 1, ones, x, y)
			for j := range x {
				if y[j] == y[j] {
					t.Fatalf("%s: φ(NaN %#x) = %v", name, math.Float32bits(x[j]), y[j])
				}
				if Func(i) != Identity && dst[j] == dst[j] {
					t.Fatalf("%s: φ'(NaN %#x) = %v", name, math.Float32bits(x[j]), dst[j])
				}
			}
		}
	}
}

// At a kink the slope is the documented one.
func TestKinks(t *testing.T) { eachType(t, testKinks[float32], testKinks[float64]) }

func testKinks[T Float](t *testing.T) {
	below, above := T(math.Nextafter32(1, 0)), T(math.Nextafter32(1, 2))
	for _, c := range []struct {
		f        Func
		x, slope T
	}{
		{ReLU, 0, 0}, {ReLU, T(math.Copysign(0, -1)), 0}, {ReLU, T(tiny[T]()), 1}, {ReLU, -1, 0},
		{LeakyReLU, 0, Leak}, {LeakyReLU, T(tiny[T]()), 1}, {LeakyReLU, -3, Leak},
		{HardTanh, 1, 0}, {HardTanh, -1, 0}, {HardTanh, below, 1}, {HardTanh, -below, 1}, {HardTanh, above, 0},
		{SELU, 0, seluScale * seluAlpha}, {SELU, above, T(seluScale)}, {ELU, 0, 1},
		{HardTanh, 0, 1}, {HardTanh, T(math.Inf(-1)), 0},
	} {
		x, y, dst := []T{c.x}, make([]T, 1), make([]T, 1)
		Apply(c.f, y, x)
		MulSlope(c.f, dst, nil, 1, []T{1}, x, y)
		if dst[0] != c.slope {
			t.Errorf("%s'(%v) = %v, want %v", funcNames[c.f], c.x, dst[0], c.slope)
		}
	}
}

// eachType runs a test for each backend and element type.
func eachType(t *testing.T, f32, f64 func(*testing.T)) {
	for _, b := range builtin() {
		t.Run("kernel="+b.name+"/dtype=f32", func(t *testing.T) { use(t, b); f32(t) })
		t.Run("kernel="+b.name+"/dtype=f64", func(t *testing.T) { use(t, b); f64(t) })
	}
}

// An element on its own gives the bits that it gives in any place.
func TestPositionDoesNotMatter(t *testing.T) {
	eachOp(t, testPositionDoesNotMatter[float32], testPositionDoesNotMatter[float64])
}

func testPositionDoesNotMatter[T Float](t *testing.T, o op[T]) {
	rng := rand.New(rand.NewPCG(5, 6))
	const cols = 37
	v := random(rng, o, 3*cols, cols, normals[T](rng))
	whole := o.run(v)
	for i := range v[0] {
		one := make([][]T, len(v))
		for k := range v {
			at := i % len(v[k])
			one[k] = v[k][at : at+1]
		}
		one = o.run(one)
		for k := range o.outputs {
			if !identical(one[k][0], whole[k][i]) {
				t.Fatalf("element %d of slice %d is %v alone and %v in its place", i, k, one[k][0], whole[k][i])
			}
		}
	}
}

// The output may be any of the inputs.
func TestAliases(t *testing.T) { eachOp(t, testAliases[float32], testAliases[float64]) }

func testAliases[T Float](t *testing.T, o op[T]) {
	if o.outputs > 1 {
		return
	}
	rng := rand.New(rand.NewPCG(7, 8))
	for k := 1; k < o.slices; k++ {
		for n := range 71 {
			if n == 0 || o.row && k == o.slices-1 && n == 1 {
				continue
			}
			cols := max(1, n/2)
			if o.row && k == o.slices-1 {
				cols = n // the row is all of the output
			}
			v := random(rng, o, n, cols, normals[T](rng))
			copy(v[0], v[k])
			want := o.run(v)[0]
			v[0] = v[k]
			o.call(v)
			for i := range want {
				if !identical(v[0][i], want[i]) {
					t.Fatalf("slice %d as output, length %d: element %d is %v, want %v", k, n, i, v[0][i], want[i])
				}
			}
		}
	}
}

func TestSums(t *testing.T) { eachType(t, testSums[float32], testSums[float64]) }

func testSums[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	draw := normals[T](rng)
	for n := range 300 {
		x, y := make([]T, n), make([]T, n)
		var squares, weighed, dot, size float64
		for i := range x {
			x[i], y[i] = draw(), draw()
			a, b := float64(x[i]), float64(y[i])
			squares += a * a / 2
			weighed += b * a * a / 2
			dot += a * b
			size += math.Abs(b*a*a) + math.Abs(a*b) + a*a
		}
		for _, s := range []struct {
			name string
			sum  func(x, y []T) float64
			want float64
		}{
			{"HalfSquares", func(x, _ []T) float64 { return HalfSquares(x) }, squares},
			{"HalfSquaresWeighed", HalfSquaresWeighed[T], weighed},
			{"Dot", Dot[T], dot},
			{"HalfSquaresOfRows", func(x, _ []T) float64 { return ofRows(t, x) }, 3 * squares},
		} {
			got := s.sum(x, y)
			if diff := math.Abs(got - s.want); diff > 1e-15*size {
				t.Fatalf("%s of %d elements is %v, want %v", s.name, n, got, s.want)
			}
			for offset := range 17 { // the order does not depend on the address
				moved := s.sum(append(make([]T, offset), x...)[offset:], append(make([]T, offset), y...)[offset:])
				if moved != got {
					t.Fatalf("%s of %d elements is %v, and %v elsewhere in memory", s.name, n, got, moved)
				}
			}
			for i := range n {
				keep := x[i]
				x[i] = T(math.NaN())
				if sum := s.sum(x, y); sum == sum {
					t.Fatalf("%s of %d elements with a NaN at %d is %v", s.name, n, i, sum)
				}
				x[i] = keep
			}
		}
	}
}

// ofRows is HalfSquaresOfRows of x, times 3, given that the same of several rows of them
// each is what it is of one.
func ofRows[T Float](t *testing.T, x []T) float64 {
	t.Helper()
	var one, three [3]float64
	HalfSquaresOfRows(one[:1], 3, x)
	HalfSquaresOfRows(three[:], 3, slices.Concat(x, x, x))
	for _, sum := range three {
		if math.Float64bits(sum) != math.Float64bits(one[0]) {
			t.Fatalf("rows of %d elements: sums %v, of one row %v", len(x), three, one[0])
		}
	}
	return one[0]
}

// Kernels allocate nothing.
func TestAllocations(t *testing.T) { eachOp(t, testAllocations[float32], testAllocations[float64]) }

func testAllocations[T Float](t *testing.T, o op[T]) {
	rng := rand.New(rand.NewPCG(11, 12))
	v := random(rng, o, 100, 50, normals[T](rng))
	if n := testing.AllocsPerRun(10, func() { o.call(v) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	sums := make([]float64, 2)
	if n := testing.AllocsPerRun(10, func() {
		HalfSquares(v[0])
		HalfSquaresWeighed(v[0], v[0])
		Dot(v[0], v[0])
		HalfSquaresOfRows(sums, 1, v[0])
	}); n != 0 {
		t.Errorf("sums: %v allocations", n)
	}
}

// An input that is too short is refused.
func TestShortInputs(t *testing.T) { eachOp(t, testShortInputs[float32], testShortInputs[float64]) }

func testShortInputs[T Float](t *testing.T, o op[T]) {
	for k := 1; k < o.slices; k++ {
		if o.row && k == o.slices-1 {
			continue
		}
		v := random(rand.New(rand.NewPCG(13, 14)), o, 20, 10, func() T { return 1 })
		v[k] = v[k][:19:19]
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("slice %d is short: no panic", k)
				}
			}()
			o.call(v)
		}()
	}
}

// Rows without columns have no elements.
func TestEmptyRow(t *testing.T) {
	x := []float32{1, 2}
	for _, b := range builtin() {
		use(t, b)
		AddRow(x, nil)
		SubRow(x, x, []float32{})
		Weigh(x, x, []float32{})
		Residual(x, x, []float32{})
	}
	if fmt.Sprint(x) != "[1 2]" {
		t.Error(x)
	}
}
