package vec

import (
	"flag"
	"math"
	"runtime"
	"sync"
	"testing"
)

var allFloats = flag.Bool("all", false, "test the approximations at every float32")

// An approximation is a float32 function with bounds on its error.
type approximation struct {
	name     string
	eval     func(dst, x, scratch []float32)
	want     func(x float64) float64
	absolute float64 // up to 1, relative beyond
	relative float64 // where the value is not below 2⁻¹²⁰; 0 for no bound
	low, top float64 // bounds of the values
}

func approximations() []approximation {
	apply := func(f Func) func(dst, x, scratch []float32) {
		return func(dst, x, _ []float32) { Apply(f, dst, x) }
	}
	slope := func(f Func) func(dst, x, scratch []float32) {
		return func(dst, x, scratch []float32) {
			for i := range scratch {
				scratch[i] = 1
			}
			MulSlope(f, dst, nil, 1, scratch, x, x)
		}
	}
	inf := math.Inf(1)
	return []approximation{
		{"tanh", apply(Tanh), math.Tanh, 4e-7, 4e-7, -1, 1},
		{"sigmoid", apply(Sigmoid), sigmoid, 2e-7, 3e-7, 0, 1},
		{"softplus", apply(Softplus), func(x float64) float64 { return Value(Softplus, x) }, 2e-7, 3e-7, 0, inf},
		{"gelu", apply(GELU), func(x float64) float64 { return Value(GELU, x) }, 2e-7, 0, -0.17, inf},
		{"silu", apply(SiLU), func(x float64) float64 { return Value(SiLU, x) }, 2e-7, 0, -0.28, inf},
		{"elu", apply(ELU), func(x float64) float64 { return Value(ELU, x) }, 2e-7, 0, -1, inf},
		{"selu", apply(SELU), func(x float64) float64 { return Value(SELU, x) }, 2e-7, 0, -1.7581, inf},
		{"mish", apply(Mish), func(x float64) float64 { return Value(Mish, x) }, 2e-7, 0, -0.31, inf},
		{"siluSlope", slope(SiLU), func(x float64) float64 { return Slope(SiLU, x, 0) }, 4e-7, 0, -0.1, 1.1},
		{"mishSlope", slope(Mish), func(x float64) float64 { return Slope(Mish, x, 0) }, 4e-7, 0, -0.114, 1.089},
		{"seluSlope", slope(SELU), func(x float64) float64 { return Slope(SELU, x, 0) }, 3e-7, 0, 0, 1.7581},
		{"softplusSlope", slope(Softplus), sigmoid, 2e-7, 3e-7, 0, 1},
		{"geluSlope", slope(GELU), func(x float64) float64 { return Slope(GELU, x, 0) }, 3e-7, 0, -0.13, 1.13},
	}
}

// The approximations are within their bounds over all of float32: at every
// number with -all, else at every 1024th or, with -short, every 16384th.
func TestApproximations(t *testing.T) {
	for _, b := range builtin() {
		use(t, b)
		for _, a := range approximations() {
			t.Run("kernel="+b.name+"/f="+a.name, func(t *testing.T) { testApproximation(t, a) })
		}
	}
}

func testApproximation(t *testing.T, a approximation) {
	step := uint64(1 << 10)
	switch {
	case *allFloats:
		step = 1
	case testing.Short():
		step = 1 << 14
	}
	const block = 1 << 12
	var mu sync.Mutex
	var absolute, relative, atAbsolute, atRelative float64
	workers := uint64(runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			x, y, scratch := make([]float32, block), make([]float32, block), make([]float32, block)
			var abs, rel, atAbs, atRel float64
			for from := worker * block * step; from < 1<<32; from += workers * block * step {
				for i := range x {
					x[i] = math.Float32frombits(uint32(from + uint64(i)*step))
				}
				a.eval(y, x, scratch)
				for i := range x {
					got, at := float64(y[i]), float64(x[i])
					if at != at || math.IsInf(at, 0) {
						if at != at && got == got {
							t.Errorf("at NaN: %v", got)
							return
						}
						continue
					}
					want := a.want(at)
					if math.Abs(want) > math.MaxFloat32 && math.IsInf(got, 0) {
						continue
					}
					diff := math.Abs(got - want)
					if e := diff / max(1, math.Abs(want)); !(e <= abs) {
						abs, atAbs = e, at
					}
					if e := diff / math.Abs(want); math.Abs(want) > 0x1p-120 && !(e <= rel) {
						rel, atRel = e, at
					}
					if !(got >= a.low && got <= a.top) {
						t.Errorf("at %v: %v is not between %v and %v", at, got, a.low, a.top)
						return
					}
				}
			}
			mu.Lock()
			defer mu.Unlock()
			if !(abs <= absolute) {
				absolute, atAbsolute = abs, atAbs
			}
			if !(rel <= relative) {
				relative, atRelative = rel, atRel
			}
		})
	}
	wg.Wait()
	t.Logf("largest errors: %.3g at %v, relative %.3g at %v", absolute, atAbsolute, relative, atRelative)
	if !(absolute <= a.absolute) {
		t.Errorf("error %g at %v, bound %g", absolute, atAbsolute, a.absolute)
	}
	if a.relative > 0 && !(relative <= a.relative) {
		t.Errorf("relative error %g at %v, bound %g", relative, atRelative, a.relative)
	}
}
