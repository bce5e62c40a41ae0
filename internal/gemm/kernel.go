package gemm

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// kernel is a way to multiply: it decides how a right operand is laid out, and
// multiplies by operands that it has laid out.
type kernel[T Float] interface {
	// packedLen is the number of elements of a packed rows x cols operand.
	packedLen(rows, cols int) int
	// pack lays out the operand of Packed.Pack in dst, of length packedLen.
	pack(dst, b []T, rows, cols, rowStride, colStride int)
	// blockRows is how many rows Mul hands to mul at most.
	blockRows() int
	// mul is Mul without checks and without done, for rows > 0 and b.rows > 0.
	mul(dst []T, dstStride int, a []T, rowStride, colStride, rows int, b *Packed[T], accumulate bool)
	// mulSparse is mul for a left operand with many zeros, which lies row by row.
	mulSparse(dst []T, dstStride int, a []T, rowStride, rows int, b *Packed[T], accumulate bool)
	// packSparse is pack for an operand with many zeros, which lies row by row. It lists what
	// is not zero, and reports whether mul leaves the rest out.
	packSparse(dst []T, l *lists, b []T, rows, cols, rowStride int) bool
}

// backend is a kernel for each element type under one name.
type backend struct {
	name string
	f32  kernel[float32]
	f64  kernel[float64]
}

var (
	inUse  backend // set by Use
	envErr error   // what PCN_GEMM asked for in vain
)

func init() {
	if err := Use("auto"); err != nil {
		panic(err) // the portable kernel fails its own check
	}
	if name := os.Getenv("PCN_GEMM"); name != "" {
		if err := Use(name); err != nil {
			envErr = fmt.Errorf("PCN_GEMM: %w", err)
		}
	}
}

// Err says why the kernel that the environment variable PCN_GEMM names is not in
// use, or is nil. In that case the kernel is the one that was chosen without it.
func Err() error { return envErr }

// Kernel is the name of the kernel in use: "avx512", "avx2", "portable" or the
// path or file name of a BLAS shared library.
func Kernel() string { return inUse.name }

// Kernels lists the package's own kernels that this machine can run, the
// preferred one first. The last is always "portable".
func Kernels() []string {
	var names []string
	for _, b := range builtin() {
		names = append(names, b.name)
	}
	return names
}

// Use chooses the kernel for operands that are packed from now on; operands that
// were packed before keep theirs. The name is one of [Kernels], the path to a BLAS
// shared library that exports sgemm_ and dgemm_, or "auto": the preferred one of
// Kernels or, where the package has no assembly for the processor, a BLAS library
// under one of its usual names if there is one.
//
// A kernel must first pass a check against plain loops. The error says what is
// wrong with the kernel and what is available, and leaves the choice as it was.
//
// Use must not run at the same time as Mul or Pack.
func Use(name string) error {
	if name == "auto" {
		return useFirst(append(autoBLAS(), builtin()...))
	}
	for _, b := range builtin() {
		if b.name == name {
			return useFirst([]backend{b})
		}
	}
	if !strings.ContainsAny(name, `/\.`) {
		return fmt.Errorf("gemm: no kernel %q on this machine; available: auto, %s, or the path to a BLAS shared library",
			name, strings.Join(Kernels(), ", "))
	}
	b, err := openBLAS(name)
	if err != nil {
		return fmt.Errorf("gemm: BLAS %s: %w; available: auto, %s", name, err, strings.Join(Kernels(), ", "))
	}
	return useFirst([]backend{b})
}

// useFirst puts the first of the candidates in use that passes its check.
func useFirst(candidates []backend) error {
	var errs []error
	for _, b := range candidates {
		err := errors.Join(check(b.f32), check(b.f64))
		if err == nil {
			inUse = b
			return nil
		}
		errs = append(errs, fmt.Errorf("gemm: kernel %s refused: %w", b.name, err))
	}
	return errors.Join(errs...)
}

// current is the kernel in use for one element type.
func current[T Float]() kernel[T] {
	var k kernel[T]
	switch k := any(&k).(type) {
	case *kernel[float32]:
		*k = inUse.f32
	case *kernel[float64]:
		*k = inUse.f64
	}
	return k
}
