package gemm

import (
	"fmt"
	"syscall"
	"testing"
	"unsafe"
)

// atPageEnd is a slice of n elements that ends where memory that may be read ends.
func atPageEnd[T Float](t *testing.T, n int) []T {
	t.Helper()
	page := syscall.Getpagesize()
	size := n * int(unsafe.Sizeof(T(0)))
	pages := (size + page - 1) / page
	memory, err := syscall.Mmap(-1, 0, (pages+1)*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Munmap(memory) })
	if err := syscall.Mprotect(memory[pages*page:], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&memory[pages*page-size])), n)
}

// A kernel that touches what lies behind a matrix ends this test with a fault.
func testBounds[T Float](t *testing.T) {
	for rows := 1; rows <= 9; rows++ {
		for cols := 1; cols <= 33; cols += 2 {
			depth := 1 + (rows+cols)%18
			t.Run(fmt.Sprintf("%dx%d", rows, cols), func(t *testing.T) {
				a, b, dst := atPageEnd[T](t, rows*depth), atPageEnd[T](t, depth*cols), atPageEnd[T](t, rows*cols)
				var packed Packed[T]
				packed.Pack(b, depth, cols, 1, depth)
				packed.Pack(b, depth, cols, cols, 1)
				Mul(dst, cols, a, depth, 1, rows, &packed, false, nil)
				Mul(dst, cols, a, 1, rows, rows, &packed, true, nil)
				MulSparse(dst, cols, a, depth, rows, &packed, true) // a is 0
				a[rows*depth-1], b[depth*cols-1] = 1, 1
				MulSparse(dst, cols, a, depth, rows, &packed, false)
				packed.PackSparse(b, depth, cols, cols)
				Mul(dst, cols, a, depth, 1, rows, &packed, true, nil)
				Mul(dst, cols, a, 1, rows, rows, &packed, false, nil)
			})
		}
	}
}

func TestStaysInBounds(t *testing.T) {
	forKernels(t, Kernels(), testBounds[float32], testBounds[float64])
}
