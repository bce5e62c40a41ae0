package gemm

// panels is the kernel that cuts the right operand in panels of columns and the
// product in tiles that fit in registers.
//
// A panel holds its columns for all of the depth, row after row. All panels are
// len(tiles) vectors wide but the last, which has just as many vectors as its
// columns need; what is left of its last vector is zero. A panel is multiplied by
// the tile function for its number of vectors.
type panels[T Float] struct {
	vector int       // columns of a vector
	tiles  []tile[T] // tiles[v-1] multiplies by a panel of v vectors

	transpose transposeFunc[T] // nil for none
}

// transposeFunc sets rows of dst, 8 elements of each, to columns of src, 8 rows of each: of so
// many squares of 8×8, at least one.
type transposeFunc[T Float] func(dst []T, dstStride int, src []T, srcStride, squares int)

// tile multiplies by one panel, a few rows at a time.
type tile[T Float] struct {
	mul  tileFunc[T]
	some someFunc[T]
	cuts [blockRows + 1]cut // of so many rows
}

// cut says how rows are cut in tiles: the first talls of them have tall rows, the others one
// less.
type cut struct{ tall, talls int }

// newTile returns a tile of at most so many rows. Rows are cut in as few as there can be, of
// as equal size.
func newTile[T Float](rows int, mul tileFunc[T], some someFunc[T]) tile[T] {
	t := tile[T]{mul: mul, some: some}
	for n := 1; n <= blockRows; n++ {
		tiles := (n + rows - 1) / rows
		tall := (n + tiles - 1) / tiles
		t.cuts[n] = cut{tall, n - tiles*(tall-1)}
	}
	return t
}

// tileFunc computes the rows x cols matrix dst (row stride dstStride) as the product
// of a (rows x depth with both strides) and a panel b (depth x its vectors), or adds
// the product to dst, in tiles as cut says. All products of an element are added in the
// order of the depth. rows and depth are at least 1; cols lies in the panel's last vector.
// Nothing is read or written outside of the three matrices.
type tileFunc[T Float] func(dst []T, dstStride int, a []T, rowStride, colStride, rows, tall, talls int, b []T, cols, depth int, accumulate bool)

// someFunc is a tileFunc that takes of the depth, the panel's rows, only those that at lists,
// in order; at least one.
type someFunc[T Float] func(dst []T, dstStride int, a []T, rowStride, colStride, rows, tall, talls int, b []T, cols int, at []int32, accumulate bool)

// panelCols is the width of all panels but the last.
func (p *panels[T]) panelCols() int { return p.vector * len(p.tiles) }

// vectors is the number of vectors that hold the given number of columns.
func (p *panels[T]) vectors(cols int) int { return (cols + p.vector - 1) / p.vector }

func (p *panels[T]) packedLen(rows, cols int) int {
	return rows * p.vectors(cols) * p.vector
}

func (p *panels[T]) pack(dst, b []T, rows, cols, rowStride, colStride int) {
	if rows == 0 {
		return
	}
	for col := 0; col < cols; col += p.panelCols() {
		n := min(p.panelCols(), cols-col)
		width := p.vectors(n) * p.vector
		panel := dst[:rows*width]
		dst = dst[rows*width:]
		switch {
		case colStride == 1:
			packRows(panel, b[col:], rows, n, width, rowStride)
		default:
			p.packCols(panel, b[col*colStride:], rows, n, width, rowStride, colStride)
		}
	}
}

// packRows fills a panel from rows that are contiguous in b.
func packRows[T Float](panel, b []T, rows, cols, width, rowStride int) {
	for i := range rows {
		row := panel[i*width:][:width]
		copy(row, b[i*rowStride:][:cols])
		clear(row[cols:])
	}
}

// packCols fills a panel from b column by column: eight at a time, so that a line of
// the panel is met less often, where columns are contiguous in b.
func (p *panels[T]) packCols(panel, b []T, rows, cols, width, rowStride, colStride int) {
	j, done := 0, 0
	if p.transpose != nil && rows >= 8 {
		done = rows &^ 7
	}
	for ; j+8 <= cols && rowStride == 1; j += 8 {
		if done > 0 {
			p.transpose(panel[j:], width, b[j*colStride:], colStride, done/8)
		}
		b0, b1, b2, b3 := b[j*colStride:][:rows], b[(j+1)*colStride:][:rows], b[(j+2)*colStride:][:rows], b[(j+3)*colStride:][:rows]
		b4, b5, b6, b7 := b[(j+4)*colStride:][:rows], b[(j+5)*colStride:][:rows], b[(j+6)*colStride:][:rows], b[(j+7)*colStride:][:rows]
		for i := done; i < rows; i++ {
			eight := (*[8]T)(panel[i*width+j:])
			eight[0] = b0[i]
			eight[1] = b1[i]
			eight[2] = b2[i]
			eight[3] = b3[i]
			eight[4] = b4[i]
			eight[5] = b5[i]
			eight[6] = b6[i]
			eight[7] = b7[i]
		}
	}
	for ; j < width; j++ {
		for i := range rows {
			var x T
			if j < cols {
				x = b[i*rowStride+j*colStride]
			}
			panel[i*width+j] = x
		}
	}
}

// blockRows is the number of rows for which a panel is used before the next one. From
// 24 up the speed does not depend on it; 48 is a whole number of tiles of 8 and of 6,
// and 48 rows of the product stay in the second-level cache.
const blockRows = 48

func (p *panels[T]) blockRows() int { return blockRows }

func (p *panels[T]) mul(dst []T, dstStride int, a []T, rowStride, colStride, rows int, b *Packed[T], accumulate bool) {
	p.multiply(dst, dstStride, a, rowStride, colStride, rows, b, accumulate, nil)
}

// multiply is mul, which leaves out the zeros that are known: of A by left, and of B.
func (p *panels[T]) multiply(dst []T, dstStride int, a []T, rowStride, colStride, rows int, b *Packed[T], accumulate bool, left *lists) {
	rest, width := b.data, p.panelCols()
	if b.sparse {
		width = p.vector
	}
	for number, col := 0, 0; col < b.cols; number, col = number+1, col+width {
		cols, vectors := width, width/p.vector
		if left := b.cols - col; left < width {
			cols, vectors = left, p.vectors(left)
		}
		panel := rest[:b.rows*vectors*p.vector]
		rest = rest[len(panel):]
		t, to := &p.tiles[vectors-1], dst[col:]
		switch {
		case left != nil:
			for row, i := 0, 0; row < rows; row, i = row+listRows, i+1 {
				t.take(to[row*dstStride:], dstStride, a[row*rowStride:], rowStride, colStride, min(listRows, rows-row), panel, cols, left.of(i), b.rows, accumulate)
			}
		case b.sparse:
			t.take(to, dstStride, a, rowStride, colStride, rows, panel, cols, b.filled.of(number), b.rows, accumulate)
		default:
			cut := &t.cuts[rows]
			t.mul(to, dstStride, a, rowStride, colStride, rows, cut.tall, cut.talls, panel, cols, b.rows, accumulate)
		}
	}
}
