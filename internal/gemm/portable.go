package gemm

import "unsafe"

// portable is the kernel in plain Go, for any processor. Its tiles are 2 x 3: with
// more sums, the compiler for amd64 runs out of registers and halves the speed.
func portable() backend {
	return backend{
		name: "portable",
		f32:  &panels[float32]{vector: 3, tiles: []tile[float32]{newTile(2, portableTile[float32])}},
		f64:  &panels[float64]{vector: 3, tiles: []tile[float64]{newTile(2, portableTile[float64])}},
	}
}

// portableTile is the tileFunc for panels of 3 columns and up to 2 rows.
func portableTile[T Float](dst []T, dstStride int, a []T, rowStride, colStride, rows, _, _ int, b []T, cols, depth int, accumulate bool) {
	panel := unsafe.Slice((*[3]T)(unsafe.Pointer(unsafe.SliceData(b[:3*depth]))), depth)
	for row := 0; row < rows; row += 2 {
		out, from := dst[row*dstStride:], a[row*rowStride:]
		var c, d [3]T
		if row == rows-1 {
			if accumulate {
				copy(c[:cols], out)
			}
			c = portableRow(c, from, colStride, panel)
			copy(out, c[:cols])
			return
		}
		if accumulate {
			copy(c[:cols], out)
			copy(d[:cols], out[dstStride:])
		}
		c, d = portableRows(c, d, from, from[rowStride:], colStride, panel)
		copy(out, c[:cols])
		copy(out[dstStride:], d[:cols])
	}
}

// portableRow is c plus the product of one row a[0], a[stride], ... and a panel.
func portableRow[T Float](c [3]T, a []T, stride int, panel [][3]T) [3]T {
	c0, c1, c2 := c[0], c[1], c[2]
	i := 0
	for k := range panel {
		b := &panel[k]
		x := a[i]
		c0 += x * b[0]
		c1 += x * b[1]
		c2 += x * b[2]
		i += stride
	}
	return [3]T{c0, c1, c2}
}

// portableRows is portableRow for two rows at once: c with a0, d with a1.
func portableRows[T Float](c, d [3]T, a0, a1 []T, stride int, panel [][3]T) ([3]T, [3]T) {
	c0, c1, c2 := c[0], c[1], c[2]
	d0, d1, d2 := d[0], d[1], d[2]
	if stride == 1 { // the same without bounds to check
		a0, a1 = a0[:len(panel)], a1[:len(panel)]
		for k := range panel {
			b := &panel[k]
			x, y := a0[k], a1[k]
			c0 += x * b[0]
			d0 += y * b[0]
			c1 += x * b[1]
			d1 += y * b[1]
			c2 += x * b[2]
			d2 += y * b[2]
		}
		return [3]T{c0, c1, c2}, [3]T{d0, d1, d2}
	}
	i := 0
	for k := range panel {
		b := &panel[k]
		x, y := a0[i], a1[i]
		c0 += x * b[0]
		d0 += y * b[0]
		c1 += x * b[1]
		d1 += y * b[1]
		c2 += x * b[2]
		d2 += y * b[2]
		i += stride
	}
	return [3]T{c0, c1, c2}, [3]T{d0, d1, d2}
}
