package vec

import (
	"syscall"
	"testing"
	"unsafe"
)

// atPageEnd is a slice of n elements that ends where memory that may be read ends.
func atPageEnd[T Float](t *testing.T, n int) []T {
	t.Helper()
	page := syscall.Getpagesize()
	memory, err := syscall.Mmap(-1, 0, 2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Munmap(memory) })
	if err := syscall.Mprotect(memory[page:], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	all := unsafe.Slice((*T)(unsafe.Pointer(&memory[0])), page/int(unsafe.Sizeof(T(0))))
	return all[len(all)-n:]
}

// A kernel that touches what lies behind a slice ends this test with a fault.
func TestStaysInBounds(t *testing.T) { eachOp(t, testBounds[float32], testBounds[float64]) }

func testBounds[T Float](t *testing.T, o op[T]) {
	const most = 70
	v := make([][]T, o.slices)
	for k := range v {
		v[k] = atPageEnd[T](t, most)
	}
	for n := 1; n <= most; n++ {
		cut := make([][]T, len(v))
		for k := range v {
			cut[k] = v[k][most-n:]
		}
		o.call(cut)
		if o.row { // rows of one and two columns
			for cols := 1; cols <= 2; cols++ {
				cut[len(cut)-1] = v[len(v)-1][most-cols:]
				o.call(cut)
			}
		}
		x, y := cut[0], v[0][most-n:]
		HalfSquares(x)
		HalfSquaresOfRows(make([]float64, 1+n/3), 1, x)
		HalfSquaresWeighed(x, y)
		Dot(x, y)
	}
}

// TestGroupsStayInBounds is TestStaysInBounds for functions of groups.
func TestGroupsStayInBounds(t *testing.T) {
	eachType(t, testGroupBounds[float32], testGroupBounds[float64])
}

func testGroupBounds[T Float](t *testing.T) {
	const most = 3 * 2 * 40
	v := make([][]T, 5)
	for k := range v {
		v[k] = atPageEnd[T](t, most)
	}
	for _, o := range groupOps[T]() {
		for c := 1; c <= 40; c++ {
			cut := make([][]T, len(o.far))
			for k := range cut {
				if cut[k] = v[k][most-reach(3, c, c):]; o.far[k] == 'f' {
					cut[k] = v[k][most-reach(3, c, 2*c):]
				}
			}
			o.call(cut, 3, c, 2*c)
		}
	}
}
