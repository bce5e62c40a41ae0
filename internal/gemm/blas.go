//go:build (linux || darwin || windows) && (amd64 || arm64)

package gemm

import (
	"fmt"
	"runtime"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
)

// openBLAS loads a BLAS shared library and tells an OpenBLAS to use one thread.
// The library stays loaded: operands packed for it may outlive the next Use.
//
// The library is called by the Fortran names, which take all their arguments by
// address: a call then needs no reflection and no memory.
func openBLAS(path string) (backend, error) {
	library, err := loadLibrary(path)
	if err != nil {
		return backend{}, err
	}
	sgemm, err := librarySymbol(library, "sgemm_")
	if err != nil {
		return backend{}, fmt.Errorf("lacks the symbol sgemm_: %w", err)
	}
	dgemm, err := librarySymbol(library, "dgemm_")
	if err != nil {
		return backend{}, fmt.Errorf("lacks the symbol dgemm_: %w", err)
	}
	if setThreads, err := librarySymbol(library, "openblas_set_num_threads"); err == nil {
		purego.SyscallN(setThreads, 1)
	}
	return backend{name: path, f32: newLibraryKernel[float32](sgemm), f64: newLibraryKernel[float64](dgemm)}, nil
}

// libraryKernel is the kernel that leaves the product to a BLAS library. Its packed operand
// is the row-major matrix.
type libraryKernel[T Float] struct {
	gemm  uintptr   // address of sgemm_ or dgemm_
	calls sync.Pool // of *libraryCall[T]
}

// libraryCall holds what a call passes by address, and the addresses: the slice of
// a variadic call would be allocated each time. The whole numbers have 64 bits so
// that a library with either size of integer reads them right.
type libraryCall[T Float] struct {
	transB, transA byte
	m, n, k        int64
	ldb, lda, ldc  int64
	alpha, beta    T
	arguments      [15]uintptr
	left           []T // a row-major copy of a left operand whose strides BLAS cannot take
}

func newLibraryKernel[T Float](gemm uintptr) *libraryKernel[T] {
	return &libraryKernel[T]{gemm: gemm, calls: sync.Pool{New: func() any { return new(libraryCall[T]) }}}
}

func (*libraryKernel[T]) packedLen(rows, cols int) int { return rows * cols }

func (*libraryKernel[T]) pack(dst, b []T, rows, cols, rowStride, colStride int) {
	copyMatrix(dst, b, rows, cols, rowStride, colStride)
}

func (*libraryKernel[T]) blockRows() int { return 128 }

// mul computes the transpose of dst, column-major as Fortran has it, as the
// product of the transposes of B and A.
func (k *libraryKernel[T]) mul(dst []T, dstStride int, a []T, rowStride, colStride, rows int, b *Packed[T], accumulate bool) {
	c := k.calls.Get().(*libraryCall[T])
	defer k.calls.Put(c)
	c.transB, c.transA = 'N', 'N'
	c.m, c.n, c.k = int64(b.cols), int64(rows), int64(b.rows)
	c.ldb, c.ldc = int64(b.cols), int64(dstStride)
	c.alpha, c.beta = 1, 0
	if accumulate {
		c.beta = 1
	}
	switch {
	case colStride == 1 && rowStride >= b.rows:
		c.lda = int64(rowStride)
	case rowStride == 1 && colStride >= rows:
		c.transA, c.lda = 'T', int64(colStride)
	default:
		if n := rows * b.rows; cap(c.left) < n {
			c.left = make([]T, n)
		}
		copyMatrix(c.left[:rows*b.rows], a, rows, b.rows, rowStride, colStride)
		a, c.lda = c.left, int64(b.rows)
	}
	c.arguments = [...]uintptr{
		address(&c.transB), address(&c.transA),
		address(&c.m), address(&c.n), address(&c.k),
		address(&c.alpha),
		address(unsafe.SliceData(b.data)), address(&c.ldb),
		address(unsafe.SliceData(a)), address(&c.lda),
		address(&c.beta),
		address(unsafe.SliceData(dst)), address(&c.ldc),
		1, 1, // the lengths of transB and transA, which some Fortran compilers pass
	}
	purego.SyscallN(k.gemm, c.arguments[:]...)
	runtime.KeepAlive(b)
	runtime.KeepAlive(a)
	runtime.KeepAlive(dst)
}

// mulSparse is mul: a BLAS leaves nothing out.
func (k *libraryKernel[T]) mulSparse(dst []T, dstStride int, a []T, rowStride, rows int, b *Packed[T], accumulate bool) {
	k.mul(dst, dstStride, a, rowStride, 1, rows, b, accumulate)
}

func (k *libraryKernel[T]) packSparse(dst []T, _ *lists, b []T, rows, cols, rowStride int) bool {
	k.pack(dst, b, rows, cols, rowStride, 1)
	return false
}

// address is the address of what lies on the heap, as all that mul passes does: a
// slice that goes through an interface's method is never on a stack, which may move.
func address[E any](p *E) uintptr { return uintptr(unsafe.Pointer(p)) }

// copyMatrix copies a matrix to dst, row-major and without gaps.
func copyMatrix[T Float](dst, src []T, rows, cols, rowStride, colStride int) {
	for i := range rows {
		row := dst[i*cols:][:cols]
		if colStride == 1 {
			copy(row, src[i*rowStride:])
			continue
		}
		for j := range row {
			row[j] = src[i*rowStride+j*colStride]
		}
	}
}
