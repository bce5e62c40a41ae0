package gemm

import (
	"unsafe"

	"example.com/pcn/internal/pool"
)

// Data have many zeros, such as the pixels around a figure, and what is multiplied by 0 can be
// left out of a sum without a bit of it changing. So of an operand that is data, lists say
// which of the depth hold anything else: of a left one for some of its rows each, of a right
// one for each panel of its columns.

// lists are some lists of depths, each in order, one behind the other.
type lists struct {
	all  []int32
	ends []int
}

func (l *lists) clear() { l.all, l.ends = l.all[:0], l.ends[:0] }

// end ends a list, of what has been appended to all.
func (l *lists) end() { l.ends = append(l.ends, len(l.all)) }

// of returns list i.
func (l *lists) of(i int) []int32 {
	lo := 0
	if i > 0 {
		lo = l.ends[i-1]
	}
	return l.all[lo:l.ends[i]]
}

// MulSparse is Mul for a left operand with many zeros, which lies row by row. As long as B is
// finite dst has the same values.
func MulSparse[T Float](dst []T, dstStride int, a []T, rowStride, rows int, b *Packed[T], accumulate bool) {
	b.product(dst, dstStride, a, rowStride, 1, rows, accumulate, true, nil)
}

// PackSparse is Pack for an operand with many zeros, which lies row by row. As long as A is
// finite products with it have the same values.
func (p *Packed[T]) PackSparse(b []T, rows, cols, rowStride int) {
	p.begin(b, rows, cols, rowStride, 1)
	p.sparse = p.kernel.packSparse(p.data, &p.filled, b, rows, cols, rowStride)
}

// packSparse has panels of one vector: the narrower they are, the more of their rows are zero.
// An operand of which the first row meets no panel with zeros alone is laid out as any other.
func (p *panels[T]) packSparse(dst []T, l *lists, b []T, rows, cols, rowStride int) bool {
	met := false
	for col := 0; col < cols && rows > 0 && !met; col += p.vector {
		met = zero(b[col:min(col+p.vector, cols)])
	}
	if !met {
		p.pack(dst, b, rows, cols, rowStride, 1)
		return false
	}
	l.clear()
	for col := 0; col < cols; col += p.vector {
		panel, n := dst[:rows*p.vector], min(p.vector, cols-col)
		dst = dst[rows*p.vector:]
		packRows(panel, b[col:], rows, n, p.vector, rowStride)
		for i := range rows {
			if !zero(panel[i*p.vector:][:n]) {
				l.all = append(l.all, int32(i))
			}
		}
		l.end()
	}
	return true
}

func zero[T Float](x []T) bool {
	var any uint32
	for _, w := range words(x) {
		any |= w
	}
	return any == 0
}

// words returns the bits of numbers, live: those of +0, and of no other, are all 0.
func words[T Float](x []T) []uint32 {
	return unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(x))), len(x)*wordsOf[T]())
}

func wordsOf[T Float]() int { return int(unsafe.Sizeof(T(0)) / 4) }

// listRows is for how many rows of a left operand there is a list.
const listRows = 8

// columns are lists for some rows each of a left operand, and the room to find them.
type columns struct {
	lists
	any []uint32 // the bits of the rows, in one
}

var scratch = pool.NewScratch(func() *columns { return &columns{} })

// findColumns lists the columns of some rows that are not zero.
func findColumns[T Float](c *columns, a []T, rowStride, rows, depth int) {
	per := wordsOf[T]()
	if cap(c.any) < depth*per {
		c.any = make([]uint32, depth*per)
	}
	any := c.any[:depth*per]
	clear(any)
	for i := range rows {
		row := words(a[i*rowStride:][:depth])
		for k := range any {
			any[k] |= row[k]
		}
	}
	for k := range depth {
		if any[k*per]|any[k*per+per-1] != 0 {
			c.all = append(c.all, int32(k))
		}
	}
	c.end()
}

func (p *panels[T]) mulSparse(dst []T, dstStride int, a []T, rowStride, rows int, b *Packed[T], accumulate bool) {
	c := scratch.Get()
	defer scratch.Put(c)
	c.clear()
	for row := 0; row < rows; row += listRows {
		findColumns(c, a[row*rowStride:], rowStride, min(listRows, rows-row), b.rows)
	}
	p.multiply(dst, dstStride, a, rowStride, 1, rows, b, accumulate, &c.lists)
}

// take multiplies by what a list has of the depth.
func (t *tile[T]) take(dst []T, dstStride int, a []T, rowStride, colStride, rows int, panel []T, cols int, at []int32, depth int, accumulate bool) {
	cut := &t.cuts[rows]
	switch {
	case len(at) == depth:
		t.mul(dst, dstStride, a, rowStride, colStride, rows, cut.tall, cut.talls, panel, cols, depth, accumulate)
	case len(at) > 0:
		t.some(dst, dstStride, a, rowStride, colStride, rows, cut.tall, cut.talls, panel, cols, at, accumulate)
	case !accumulate:
		for i := range rows {
			clear(dst[i*dstStride:][:cols])
		}
	}
}
