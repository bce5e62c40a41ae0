package gemm

import (
	"fmt"
	"unsafe"
)

// cacheLine is the alignment of packed operands in bytes: a vector that
// straddles two lines costs two loads.
const cacheLine = 64

// Packed is a right operand of shape Rows x Cols, laid out for the kernel that
// was in use when it was packed. It keeps a copy of the operand and stays usable,
// with that kernel, after [Use] has chosen another.
//
// The zero value is ready for Pack. Any number of goroutines may multiply by the
// same Packed, as long as none packs it.
type Packed[T Float] struct {
	rows, cols int
	kernel     kernel[T]
	memory     []T // what data is cut from
	data       []T // the elements in the kernel's order, aligned to cacheLine
	sparse     bool
	filled     lists // where it is sparse: by panel, which is of one vector, the rows that are not zero
}

// Pack copies the rows x cols matrix whose element (i, j) is
// b[i*rowStride+j*colStride] into p, in place of what p held. A row-major matrix
// has strides (cols, 1); its transpose, of shape cols x rows, is
// Pack(b, cols, rows, 1, cols).
//
// It costs one pass over the operand, and allocates only when the operand is
// larger than any that p held before. It panics when cols < 1, rows < 0, a stride
// is negative or b is too short.
func (p *Packed[T]) Pack(b []T, rows, cols, rowStride, colStride int) {
	p.begin(b, rows, cols, rowStride, colStride)
	p.kernel.pack(p.data, b, rows, cols, rowStride, colStride)
}

// begin makes room for an operand.
func (p *Packed[T]) begin(b []T, rows, cols, rowStride, colStride int) {
	if rows < 0 || cols < 1 {
		panic(fmt.Sprintf("gemm: Pack: shape: must be at least 0x1, got %dx%d", rows, cols))
	}
	checkSpan("Pack: b", len(b), rows, cols, rowStride, colStride)
	p.rows, p.cols, p.sparse = rows, cols, false
	p.kernel = current[T]()
	p.resize(p.kernel.packedLen(rows, cols))
}

// Rows is the number of rows of the operand, the depth of a product with it.
func (p *Packed[T]) Rows() int { return p.rows }

// Cols is the number of columns of the operand and of a product with it.
func (p *Packed[T]) Cols() int { return p.cols }

// resize makes data n elements long and aligned, with undefined contents.
func (p *Packed[T]) resize(n int) {
	var zero T
	perLine := cacheLine / int(unsafe.Sizeof(zero))
	if cap(p.memory) < n+perLine-1 {
		p.memory = make([]T, n+perLine-1)
	}
	memory := p.memory[:cap(p.memory)]
	offset := 0
	if past := int(uintptr(unsafe.Pointer(unsafe.SliceData(memory))) % cacheLine); past != 0 {
		offset = (cacheLine - past) / int(unsafe.Sizeof(zero))
	}
	p.data = memory[offset : offset+n]
}

// checkSpan panics unless a slice of the given length holds a rows x cols matrix
// with these strides.
func checkSpan(what string, length, rows, cols, rowStride, colStride int) {
	if rowStride < 0 || colStride < 0 {
		panic(fmt.Sprintf("gemm: %s: strides: must be >= 0, got (%d, %d)", what, rowStride, colStride))
	}
	if rows == 0 || cols == 0 {
		return
	}
	if need := (rows-1)*rowStride + (cols-1)*colStride + 1; length < need {
		panic(fmt.Sprintf("gemm: %s: must have %d elements for shape %dx%d with strides (%d, %d), got %d",
			what, need, rows, cols, rowStride, colStride, length))
	}
}
