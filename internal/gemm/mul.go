package gemm

import (
	"fmt"
	"sync/atomic"
)

var watcher atomic.Pointer[func(rows, cols, depth int)]

// Watch has f told of each product that is computed from now on, on the goroutine that
// does, to measure what there is to compute; nil for nobody.
func Watch(f func(rows, cols, depth int)) {
	watcher.Store(nil)
	if f != nil {
		watcher.Store(&f)
	}
}

// Mul computes dst = A·B, or dst += A·B when accumulate is set. The shapes are
//
//	A    rows x b.Rows()       element (i, k) is a[i*rowStride+k*colStride]
//	B    b.Rows() x b.Cols()
//	dst  rows x b.Cols()       element (i, j) is dst[i*dstStride+j]
//
// so a transposed left operand is a matter of strides. A is read fastest when
// one of its strides is 1. When b.Rows() is 0 the product is zero.
//
// When done is not nil, it is called on the calling goroutine each time the rows
// lo <= i < hi of dst are complete, in order and covering all rows, while they
// are still in cache: the place for a bias, a difference or an activation. It may
// change those rows of dst.
//
// dst must not overlap a. Mul allocates nothing. It panics when b was never packed,
// rows or a stride is negative, dstStride < b.Cols(), or a slice is too short.
func Mul[T Float](dst []T, dstStride int, a []T, rowStride, colStride, rows int, b *Packed[T], accumulate bool, done func(lo, hi int)) {
	b.product(dst, dstStride, a, rowStride, colStride, rows, accumulate, false, done)
}

// product is Mul, or, where A is sparse, MulSparse.
func (b *Packed[T]) product(dst []T, dstStride int, a []T, rowStride, colStride, rows int, accumulate, sparse bool, done func(lo, hi int)) {
	if b.kernel == nil {
		panic("gemm: Mul: the right operand was never packed")
	}
	if rows < 0 {
		panic(fmt.Sprintf("gemm: Mul: %d rows", rows))
	}
	if dstStride < b.cols {
		panic(fmt.Sprintf("gemm: Mul: dst has row stride %d for %d columns", dstStride, b.cols))
	}
	checkSpan("Mul: dst", len(dst), rows, b.cols, dstStride, 1)
	checkSpan("Mul: a", len(a), rows, b.rows, rowStride, colStride)

	if f := watcher.Load(); f != nil {
		(*f)(rows, b.cols, b.rows)
	}
	blockRows := b.kernel.blockRows()
	for lo := 0; lo < rows; {
		hi := min(lo+blockRows, rows)
		block := dst[lo*dstStride:]
		switch {
		case b.rows > 0 && sparse:
			b.kernel.mulSparse(block, dstStride, a[lo*rowStride:], rowStride, hi-lo, b, accumulate)
		case b.rows > 0:
			b.kernel.mul(block, dstStride, a[lo*rowStride:], rowStride, colStride, hi-lo, b, accumulate)
		case !accumulate:
			for i := range hi - lo {
				clear(block[i*dstStride:][:b.cols])
			}
		}
		if done != nil {
			done(lo, hi)
		}
		lo = hi
	}
}
