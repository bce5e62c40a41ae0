package gemm

import "example.com/pcn/internal/pool"

// Data have many zeros, such as the pixels around a figure, and what is multiplied by 0 can be
// left out of a sum without a bit of it changing. So of an operand that is data, lists say
// which of the depth hold anything else: of a left one for each tile of its rows, of a right
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
	p.Pack(b, rows, cols, rowStride, 1)
	p.sparse = p.kernel.find(&p.filled, p.data, rows, cols)
}

// find lists for each panel of an operand the rows that are not zero.
func (p *panels[T]) find(l *lists, data []T, rows, cols int) bool {
	l.clear()
	for col := 0; col < cols; col += p.panelCols() {
		width := p.vectors(min(p.panelCols(), cols-col)) * p.vector
		for i := range rows {
			if !zero(data[i*width : (i+1)*width]) {
				l.all = append(l.all, int32(i))
			}
		}
		l.end()
		data = data[rows*width:]
	}
	return true
}

func zero[T Float](x []T) bool {
	for _, v := range x {
		if v != 0 {
			return false
		}
	}
	return true
}

// columns are lists for the tiles of a left operand, and the room to find them.
type columns struct {
	lists
	filled []uint8 // by column: 1 where a row of the tile has another number than 0
}

var scratch = pool.NewScratch(func() *columns { return &columns{} })

// findColumns lists the columns of a tile that are not zero.
func findColumns[T Float](c *columns, a []T, rowStride, rows, depth int) {
	if cap(c.filled) < depth {
		c.filled = make([]uint8, depth)
	}
	filled := c.filled[:depth]
	clear(filled)
	for i := range rows {
		for k, x := range a[i*rowStride:][:depth] {
			var is uint8
			if x != 0 {
				is = 1
			}
			filled[k] |= is
		}
	}
	for k, is := range filled {
		if is != 0 {
			c.all = append(c.all, int32(k))
		}
	}
	c.end()
}

func (p *panels[T]) mulSparse(dst []T, dstStride int, a []T, rowStride, rows int, b *Packed[T], accumulate bool) {
	c := scratch.Get()
	defer scratch.Put(c)
	c.clear()
	for row := 0; row < rows; {
		n := evenShare(rows-row, p.height())
		findColumns(c, a[row*rowStride:], rowStride, n, b.rows)
		row += n
	}
	p.multiply(dst, dstStride, a, rowStride, 1, rows, b, accumulate, &c.lists)
}

// take multiplies by what a list has of the depth.
func (t *tile[T]) take(dst []T, dstStride int, a []T, rowStride, colStride, rows int, panel []T, cols, depth int, at []int32, accumulate bool) {
	switch {
	case len(at) == depth:
		t.mul(dst, dstStride, a, rowStride, colStride, rows, panel, cols, depth, accumulate)
	case len(at) > 0:
		t.some(dst, dstStride, a, rowStride, colStride, rows, panel, cols, at, accumulate)
	case !accumulate:
		for i := range rows {
			clear(dst[i*dstStride:][:cols])
		}
	}
}
