package gemm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"example.com/pcn/internal/race"
)

// systemBLAS is an OpenBLAS to compare with, and "" where none is installed.
func systemBLAS() string {
	for _, name := range []string{"libopenblas.so.0", "libopenblas.so", "/opt/homebrew/opt/openblas/lib/libopenblas.dylib", "libopenblas.dll"} {
		if _, err := openBLAS(name); err == nil {
			return name
		}
	}
	return ""
}

// use puts a kernel in use until the test ends.
func use(t testing.TB, name string) {
	t.Helper()
	before := inUse
	t.Cleanup(func() { inUse = before })
	if err := Use(name); err != nil {
		t.Fatal(err)
	}
}

// forKernels runs a test for each kernel and element type.
func forKernels(t *testing.T, names []string, f32, f64 func(*testing.T)) {
	for _, name := range names {
		t.Run("kernel="+name+"/dtype=f32", func(t *testing.T) { use(t, name); f32(t) })
		t.Run("kernel="+name+"/dtype=f64", func(t *testing.T) { use(t, name); f64(t) })
	}
}

// product is one product to test: the shapes, and how the operands lie in memory.
type product struct {
	rows, cols, depth  int
	aTransposed        bool
	bTransposed        bool
	aGap, bGap, dstGap int // elements between the rows as they are stored
	aStep              int // elements from one to the next in a stored row of A
	accumulate         bool
}

func (p product) String() string {
	return fmt.Sprintf("%dx%dx%d aT=%t bT=%t gaps=%d,%d,%d step=%d acc=%t",
		p.rows, p.cols, p.depth, p.aTransposed, p.bTransposed, p.aGap, p.bGap, p.dstGap, p.aStep, p.accumulate)
}

// strides are those of a stored rows x cols matrix, or of one stored transposed.
func strides(rows, cols, gap, step int, transposed bool) (rowStride, colStride, length int) {
	if transposed {
		colStride, rowStride, length = strides(cols, rows, gap, step, false)
		return rowStride, colStride, length
	}
	rowStride = cols*step + gap
	return rowStride, step, max(0, (rows-1)*rowStride+(cols-1)*step+1)
}

func randomProduct(rng *rand.Rand) product {
	sizes := func(n int) int {
		if rng.IntN(3) == 0 {
			return []int{1, 2, 4, 8, 10, 16, 32, 48, 64}[rng.IntN(9)]
		}
		return 1 + rng.IntN(n)
	}
	p := product{
		rows: sizes(70), cols: sizes(120), depth: sizes(90),
		aTransposed: rng.IntN(2) == 0, bTransposed: rng.IntN(2) == 0,
		aGap: rng.IntN(4), bGap: rng.IntN(4), dstGap: rng.IntN(4), aStep: 1,
		accumulate: rng.IntN(2) == 0,
	}
	if rng.IntN(4) == 0 {
		p.aStep = 2
	}
	return p
}

func random[T Float](rng *rand.Rand, n int) []T {
	s := make([]T, n)
	for i := range s {
		s[i] = T(rng.NormFloat64())
	}
	return s
}

func epsilon[T Float]() float64 {
	if unsafe.Sizeof(T(0)) == 4 {
		return 0x1p-23
	}
	return 0x1p-52
}

// margin elements of the value guard surround dst in memory: no kernel may change them.
const (
	margin = 64
	guard  = 12345
)

// guarded is a slice of n elements with guards before and after it.
func guarded[T Float](n int) (whole, s []T) {
	whole = make([]T, n+2*margin)
	for i := range whole {
		whole[i] = guard
	}
	return whole, whole[margin : margin+n : margin+n]
}

// testProduct compares Mul with plain loops in float64.
func testProduct[T Float](t *testing.T, rng *rand.Rand, p product) {
	t.Helper()
	aRow, aCol, aLen := strides(p.rows, p.depth, p.aGap, p.aStep, p.aTransposed)
	bRow, bCol, bLen := strides(p.depth, p.cols, p.bGap, 1, p.bTransposed)
	a, b := random[T](rng, aLen), random[T](rng, bLen)
	dstStride := p.cols + p.dstGap
	whole, dst := guarded[T](max(0, (p.rows-1)*dstStride+p.cols))
	for i := range p.rows {
		for j := range p.cols {
			dst[i*dstStride+j] = T(rng.NormFloat64())
		}
	}
	want, scale := make([]float64, len(whole)), make([]float64, len(whole))
	for i, x := range whole {
		want[i] = float64(x)
	}
	for i := range p.rows {
		for j := range p.cols {
			at := margin + i*dstStride + j
			if !p.accumulate {
				want[at] = 0
			}
			scale[at] = math.Abs(want[at])
			for k := range p.depth {
				x := float64(a[i*aRow+k*aCol]) * float64(b[k*bRow+j*bCol])
				want[at] += x
				scale[at] += math.Abs(x)
			}
		}
	}
	var packed Packed[T]
	packed.Pack(b, p.depth, p.cols, bRow, bCol)
	if packed.Rows() != p.depth || packed.Cols() != p.cols {
		t.Fatalf("packed %dx%d as %dx%d", p.depth, p.cols, packed.Rows(), packed.Cols())
	}
	next := 0
	Mul(dst, dstStride, a, aRow, aCol, p.rows, &packed, p.accumulate, func(lo, hi int) {
		if lo != next || hi <= lo || hi > p.rows {
			t.Fatalf("%v: done(%d, %d) after row %d", p, lo, hi, next)
		}
		next = hi
		for at := margin + lo*dstStride; at < margin+(hi-1)*dstStride+p.cols; at++ {
			if (at-margin)%dstStride < p.cols && !near[T](float64(whole[at]), want[at], scale[at], p.depth) {
				t.Fatalf("%v: element (%d, %d) was not ready at done: %v, want %v", p, (at-margin)/dstStride, (at-margin)%dstStride, whole[at], want[at])
			}
		}
	})
	if next != p.rows {
		t.Fatalf("%v: done stopped at row %d", p, next)
	}
	for at, got := range whole {
		if scale[at] == 0 && float64(got) != want[at] {
			t.Fatalf("%v: wrote %v at %d, outside of dst", p, got, at-margin)
		}
		if !near[T](float64(got), want[at], scale[at], p.depth) {
			t.Fatalf("%v: element (%d, %d) = %v, want %v", p, (at-margin)/dstStride, (at-margin)%dstStride, got, want[at])
		}
	}
}

// near is the error bound of a sum of n+1 terms whose absolute values sum to scale.
func near[T Float](got, want, scale float64, n int) bool {
	return math.Abs(got-want) <= float64(n+2)*epsilon[T]()*scale
}

func testProducts[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, p := range []product{
		{rows: 1, cols: 1, depth: 1, aStep: 1},
		{rows: 32, cols: 32, depth: 32, aStep: 1},
		{rows: 128, cols: 10, depth: 128, aStep: 1},
		{rows: 32, cols: 1, depth: 32, aStep: 1},
		{rows: 64, cols: 784, depth: 256, aStep: 1, bTransposed: true},
		{rows: 64, cols: 256, depth: 784, aStep: 1},
		{rows: 784, cols: 256, depth: 64, aStep: 1, aTransposed: true},
		{rows: 3, cols: 20, depth: 2500, aStep: 1, accumulate: true},
		{rows: 0, cols: 7, depth: 5, aStep: 1},
		{rows: 6, cols: 7, depth: 0, aStep: 1},
		{rows: 6, cols: 7, depth: 0, aStep: 1, accumulate: true, dstGap: 2},
	} {
		testProduct[T](t, rng, p)
	}
	for range 300 {
		testProduct[T](t, rng, randomProduct(rng))
	}
	// All numbers of rows and columns, so that each tile and mask is met, and depths that leave
	// each remainder of an unrolled loop.
	for rows := 1; rows <= 17; rows++ {
		for cols := 1; cols <= 67; cols++ {
			testProduct[T](t, rng, product{
				rows: rows, cols: cols, depth: 1 + (rows+cols)%9, aTransposed: cols%4 < 2, aStep: 1, dstGap: 1, accumulate: cols%2 == 0,
			})
		}
	}
}

func TestMul(t *testing.T) {
	names := Kernels()
	if blas := systemBLAS(); blas != "" {
		names = append(names, blas)
	}
	forKernels(t, names, testProducts[float32], testProducts[float64])
}

// A second opinion on the numbers that no plain loop of ours has a part in.
func TestOpenBLASAgrees(t *testing.T) {
	blas := systemBLAS()
	if blas == "" {
		t.Skip("no OpenBLAS is installed")
	}
	const rows, cols, depth = 61, 100, 333
	rng := rand.New(rand.NewPCG(3, 4))
	a, b := random[float64](rng, rows*depth), random[float64](rng, depth*cols)
	multiply := func(name string) []float64 {
		use(t, name)
		var packed Packed[float64]
		packed.Pack(b, depth, cols, cols, 1)
		dst := make([]float64, rows*cols)
		Mul(dst, cols, a, depth, 1, rows, &packed, false, nil)
		return dst
	}
	want := multiply(blas)
	for _, name := range Kernels() {
		for i, got := range multiply(name) {
			if math.Abs(got-want[i]) > 1e-12 {
				t.Fatalf("%s: element %d = %v, OpenBLAS has %v", name, i, got, want[i])
			}
		}
	}
}

// Cutting a product in rows or in columns must not change a bit of it.
func testSameBits[T Float](t *testing.T) {
	const rows, cols, depth = 83, 131, 97
	rng := rand.New(rand.NewPCG(5, 6))
	for _, transposed := range []bool{false, true} {
		rowStride, colStride, _ := strides(rows, depth, 0, 1, transposed)
		a, b, start := random[T](rng, rows*depth), random[T](rng, depth*cols), random[T](rng, rows*cols)
		multiply := func(dst []T, rowLo, rowHi, colLo, colHi int) {
			var packed Packed[T]
			packed.Pack(b[colLo:], depth, colHi-colLo, cols, 1)
			Mul(dst[rowLo*cols+colLo:], cols, a[rowLo*rowStride:], rowStride, colStride, rowHi-rowLo, &packed, true, nil)
		}
		want := append([]T(nil), start...)
		multiply(want, 0, rows, 0, cols)
		for range 40 {
			got := append([]T(nil), start...)
			for rowLo := 0; rowLo < rows; {
				rowHi := min(rows, rowLo+1+rng.IntN(40))
				for colLo := 0; colLo < cols; {
					colHi := min(cols, colLo+1+rng.IntN(70))
					multiply(got, rowLo, rowHi, colLo, colHi)
					colLo = colHi
				}
				rowLo = rowHi
			}
			for i := range want {
				if got[i] != want[i] {
					t.Fatalf("transposed=%t: element (%d, %d) = %v in a part, %v in the whole", transposed, i/cols, i%cols, got[i], want[i])
				}
			}
		}
	}
}

func TestSameBitsInParts(t *testing.T) {
	forKernels(t, Kernels(), testSameBits[float32], testSameBits[float64])
}

// sparse makes numbers of which most are 0, whole stretches of them.
func sparse[T Float](rng *rand.Rand, n int) []T {
	s := make([]T, n)
	for i := 0; i < n; i += 1 + rng.IntN(60) {
		for end := min(n, i+rng.IntN(20)); i < end; i++ {
			s[i] = T(rng.NormFloat64())
		}
	}
	return s
}

// What is left out where an operand has zeros changes no bit.
func testSparse[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	for range 300 {
		rows, cols, depth, gap := 1+rng.IntN(70), 1+rng.IntN(120), rng.IntN(90), rng.IntN(4)
		dense, left, right := random[T](rng, max(rows*depth, depth*(cols+gap))), sparse[T](rng, rows*(depth+gap)), sparse[T](rng, depth*(cols+gap))
		accumulate := rng.IntN(2) == 0
		start := random[T](rng, rows*cols)
		same := func(what string, multiply, without func(dst []T)) {
			got, want := append([]T(nil), start...), append([]T(nil), start...)
			multiply(got)
			without(want)
			for i := range want {
				if got[i] != want[i] {
					t.Fatalf("%s %dx%dx%d accumulate=%t: element (%d, %d) = %v, and %v where nothing is left out", what, rows, cols, depth, accumulate, i/cols, i%cols, got[i], want[i])
				}
			}
		}
		var plain, packed Packed[T]
		plain.Pack(dense, depth, cols, cols, 1)
		same("left", func(dst []T) { MulSparse(dst, cols, left, depth+gap, rows, &plain, accumulate) },
			func(dst []T) { Mul(dst, cols, left, depth+gap, 1, rows, &plain, accumulate, nil) })
		plain.Pack(right, depth, cols, cols+gap, 1)
		packed.PackSparse(right, depth, cols, cols+gap)
		for _, transposed := range []bool{false, true} {
			rowStride, colStride, _ := strides(rows, depth, 0, 1, transposed)
			same("right", func(dst []T) { Mul(dst, cols, dense, rowStride, colStride, rows, &packed, accumulate, nil) },
				func(dst []T) { Mul(dst, cols, dense, rowStride, colStride, rows, &plain, accumulate, nil) })
		}
		packed.Pack(dense, depth, cols, cols, 1)
		plain.Pack(dense, depth, cols, cols, 1)
		same("packed again", func(dst []T) { Mul(dst, cols, dense, depth, 1, rows, &packed, accumulate, nil) },
			func(dst []T) { Mul(dst, cols, dense, depth, 1, rows, &plain, accumulate, nil) })
	}
}

func TestSparse(t *testing.T) {
	forKernels(t, Kernels(), testSparse[float32], testSparse[float64])
}

// A NaN or an infinity in A stays in its row, one in B in its column; a NaN that
// dst held before shows only when accumulating.
func testNaN[T Float](t *testing.T) {
	const rows, cols, depth = 17, 37, 9
	nan := T(math.NaN())
	for _, accumulate := range []bool{false, true} {
		for badRow := range rows {
			badCol := (badRow * 7) % cols
			a, b, dst := make([]T, rows*depth), make([]T, depth*cols), make([]T, rows*cols)
			for i := range dst {
				dst[i] = nan
			}
			if accumulate {
				clear(dst)
			}
			a[badRow*depth+badRow%depth] = nan
			b[(badRow%depth)*cols+badCol] = T(math.Inf(1))
			var packed Packed[T]
			packed.Pack(b, depth, cols, cols, 1)
			Mul(dst, cols, a, depth, 1, rows, &packed, accumulate, nil)
			for i, x := range dst {
				want := i/cols == badRow || i%cols == badCol // NaN * x, 0 * Inf
				if got := x != x; got != want {
					t.Fatalf("accumulate=%t: element (%d, %d) = %v with NaN in row %d of A and Inf in column %d of B", accumulate, i/cols, i%cols, x, badRow, badCol)
				}
			}
		}
	}
}

func TestNaN(t *testing.T) {
	forKernels(t, Kernels(), testNaN[float32], testNaN[float64])
}

func testEpilogue[T Float](t *testing.T) {
	const rows, cols, depth = 150, 20, 11
	rng := rand.New(rand.NewPCG(7, 8))
	a, b := random[T](rng, rows*depth), random[T](rng, depth*cols)
	var packed Packed[T]
	packed.Pack(b, depth, cols, cols, 1)
	plain, biased := make([]T, rows*cols), make([]T, rows*cols)
	Mul(plain, cols, a, depth, 1, rows, &packed, false, nil)
	Mul(biased, cols, a, depth, 1, rows, &packed, false, func(lo, hi int) {
		for i := lo * cols; i < hi*cols; i++ {
			biased[i] += 3
		}
	})
	for i := range plain {
		if biased[i] != plain[i]+3 {
			t.Fatalf("element %d = %v, want %v", i, biased[i], plain[i]+3)
		}
	}
}

func TestDoneMayChangeDst(t *testing.T) {
	forKernels(t, Kernels(), testEpilogue[float32], testEpilogue[float64])
}

func testAllocs[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	const rows, cols, depth = 70, 50, 33
	a, b, dst := random[T](rng, rows*depth), random[T](rng, depth*cols), make([]T, rows*cols)
	zeros := sparse[T](rng, max(len(a), len(b)))
	var packed Packed[T]
	packed.Pack(b, depth, cols, cols, 1)
	calls := 0
	done := func(lo, hi int) { calls++ }
	for what, f := range map[string]func(){
		"Mul":             func() { Mul(dst, cols, a, depth, 1, rows, &packed, true, done) },
		"Mul, transposed": func() { Mul(dst, cols, a, 1, rows, rows, &packed, false, nil) },
		"MulSparse":       func() { MulSparse(dst, cols, zeros, depth, rows, &packed, false) },
		"PackSparse":      func() { packed.PackSparse(zeros, depth, cols, cols) },
		"Pack":            func() { packed.Pack(b, depth, cols, cols, 1) },
		"Pack, smaller and transposed": func() {
			packed.Pack(b, cols-1, depth, 1, cols)
			packed.Pack(b, depth, cols, cols, 1)
		},
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", what, n)
		}
	}
}

func TestAllocatesNothing(t *testing.T) {
	names := Kernels()
	if blas := systemBLAS(); blas != "" && !race.Enabled {
		names = append(names, blas)
	}
	forKernels(t, names, testAllocs[float32], testAllocs[float64])
}

func TestConcurrentMul(t *testing.T) {
	const rows, cols, depth = 40, 70, 30
	rng := rand.New(rand.NewPCG(11, 12))
	a, b := random[float32](rng, rows*depth), random[float32](rng, depth*cols)
	names := Kernels()
	if blas := systemBLAS(); blas != "" {
		names = append(names, blas)
	}
	for _, name := range names {
		t.Run("kernel="+name, func(t *testing.T) {
			use(t, name)
			var packed Packed[float32]
			packed.Pack(b, depth, cols, cols, 1)
			want := make([]float32, rows*cols)
			Mul(want, cols, a, depth, 1, rows, &packed, false, nil)
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					dst := make([]float32, rows*cols)
					for range 50 {
						Mul(dst, cols, a, depth, 1, rows, &packed, false, nil)
						for i := range dst {
							if dst[i] != want[i] {
								t.Errorf("element %d = %v, want %v", i, dst[i], want[i])
								return
							}
						}
					}
				})
			}
			wg.Wait()
		})
	}
}

func TestPackedKeepsItsKernel(t *testing.T) {
	const rows, cols, depth = 9, 33, 21
	rng := rand.New(rand.NewPCG(13, 14))
	a, b := random[float64](rng, rows*depth), random[float64](rng, depth*cols)
	for _, name := range Kernels() {
		use(t, name)
		var packed Packed[float64]
		packed.Pack(b, depth, cols, cols, 1)
		want, got := make([]float64, rows*cols), make([]float64, rows*cols)
		Mul(want, cols, a, depth, 1, rows, &packed, false, nil)
		for _, other := range Kernels() {
			use(t, other)
			Mul(got, cols, a, depth, 1, rows, &packed, false, nil)
			for i := range want {
				if got[i] != want[i] {
					t.Fatalf("packed for %s, multiplied while %s is in use: element %d = %v, want %v", name, other, i, got[i], want[i])
				}
			}
		}
	}
}

func TestUse(t *testing.T) {
	for _, name := range append(Kernels(), "auto") {
		use(t, name)
		if name != "auto" && Kernel() != name {
			t.Errorf("Kernel() = %q after Use(%q)", Kernel(), name)
		}
	}
	use(t, "portable")
	for name, want := range map[string]string{
		"fortran":          "available: auto",
		"":                 "available: auto",
		"/nowhere/libx.so": "/nowhere/libx.so",
	} {
		err := Use(name)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "portable") {
			t.Errorf("Use(%q) = %v, want an error with %q and what is available", name, err, want)
		}
		if Kernel() != "portable" {
			t.Fatalf("Use(%q) failed and left %q in use", name, Kernel())
		}
	}
}

func TestUseRefusesWhatIsNoBLAS(t *testing.T) {
	for _, lib := range []string{"libc.so.6", "/usr/lib/libSystem.B.dylib", "kernel32.dll"} {
		if err := Use(lib); err == nil {
			t.Fatalf("Use(%q) took a library that is no BLAS", lib)
		} else if strings.Contains(err.Error(), "sgemm_") {
			return // it opened, and the missing symbol is named
		}
	}
	t.Skip("none of the usual system libraries can be opened here")
}

// faulty is a kernel that forgets what dst held.
type faulty struct{ kernel[float32] }

func (f faulty) mul(dst []float32, dstStride int, a []float32, rowStride, colStride, rows int, b *Packed[float32], _ bool) {
	f.kernel.mul(dst, dstStride, a, rowStride, colStride, rows, b, false)
}

func TestFaultyKernelIsRefused(t *testing.T) {
	before := Kernel()
	p := portable()
	err := useFirst([]backend{{name: "faulty", f32: faulty{p.f32}, f64: p.f64}})
	if err == nil || !strings.Contains(err.Error(), "faulty refused") {
		t.Errorf("error %v, want one that says that faulty is refused", err)
	}
	if Kernel() != before {
		t.Errorf("%q is in use", Kernel())
	}
}

// The environment is read when the package starts, so the test starts itself again.
func TestEnvironment(t *testing.T) {
	if os.Getenv("GEMM_TEST_PRINTS_KERNEL") != "" {
		fmt.Printf("%s, error %v\n", Kernel(), Err())
		os.Exit(0)
	}
	program, err := os.Executable()
	if err != nil {
		t.Skip("the test does not find itself: ", err)
	}
	use(t, "auto")
	auto := Kernel()
	for name, want := range map[string]string{
		"":         auto + ", error <nil>",
		"portable": "portable, error <nil>",
		"fortran":  auto + ", error PCN_GEMM: gemm: no kernel \"fortran\"",
	} {
		child := exec.Command(program, "-test.run=^TestEnvironment$")
		child.Env = append(os.Environ(), "PCN_GEMM="+name, "GEMM_TEST_PRINTS_KERNEL=1")
		out, err := child.CombinedOutput()
		if err != nil || !strings.HasPrefix(string(out), want) {
			t.Errorf("PCN_GEMM=%s: %v, output %q, want %q", name, err, out, want)
		}
	}
}

func TestPanics(t *testing.T) {
	var packed Packed[float32]
	packed.Pack(make([]float32, 6), 2, 3, 3, 1)
	a, dst := make([]float32, 8), make([]float32, 12)
	for what, f := range map[string]func(){
		"never packed":    func() { Mul(dst, 3, a, 2, 1, 4, &Packed[float32]{}, false, nil) },
		"a too short":     func() { Mul(dst, 3, a[:7], 2, 1, 4, &packed, false, nil) },
		"dst too short":   func() { Mul(dst[:11], 3, a, 2, 1, 4, &packed, false, nil) },
		"dst too narrow":  func() { Mul(dst, 2, a, 2, 1, 4, &packed, false, nil) },
		"negative stride": func() { Mul(dst, 3, a, -2, 1, 4, &packed, false, nil) },
		"negative rows":   func() { Mul(dst, 3, a, 2, 1, -1, &packed, false, nil) },
		"no columns":      func() { new(Packed[float32]).Pack(nil, 2, 0, 1, 1) },
		"b too short":     func() { new(Packed[float32]).Pack(make([]float32, 5), 2, 3, 3, 1) },
	} {
		func() {
			defer func() {
				if r := recover(); r == nil || !strings.HasPrefix(fmt.Sprint(r), "gemm: ") {
					t.Errorf("%s: recovered %v, want a panic of the package", what, r)
				}
			}()
			f()
		}()
	}
}
