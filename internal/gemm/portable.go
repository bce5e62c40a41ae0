package gemm

import "unsafe"

// portable is the kernel in plain Go, for any processor. Its tiles are 2 x 3: with
// more sums, the compiler for amd64 runs out of registers and halves the speed.
func portable() backend {
	return backend{
		name: "portable",
		f32:  &panels[float32]{vector: 3, tiles: []tile[float32]{{rows: 2, mul: portableTile[float32], some: portableSome[float32]}}},
		f64:  &panels[float64]{vector: 3, tiles: []tile[float64]{{rows: 2, mul: portableTile[float64], some: portableSome[float64]}}},
	}
}

// portableTile is the tileFunc for panels of 3 columns.
func portableTile[T Float](dst []T, dstStride int, a []T, rowStride, colStride, rows int, b []T, cols, depth int, accumulate bool) {
	panel := unsafe.Slice((*[3]T)(unsafe.Pointer(unsafe.SliceData(b[:3*depth]))), depth)
	for row := 0; row < rows; row += 2 {
		var c, d [3]T
		to, from := dst[row*dstStride:], a[row*rowStride:]
		if row+1 == rows {
			if accumulate {
				copy(c[:cols], to)
			}
			c = portableRow(c, from, colStride, panel)
			copy(to, c[:cols])
			return
		}
		if accumulate {
			copy(c[:cols], to)
			copy(d[:cols], to[dstStride:])
		}
		c, d = portableRows(c, d, from, from[rowStride:], colStride, panel)
		copy(to, c[:cols])
		copy(to[dstStride:], d[:cols])
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

// portableSome is the someFunc for panels of 3 columns.
func portableSome[T Float](dst []T, dstStride int, a []T, rowStride, colStride, rows int, b []T, cols int, at []int32, accumulate bool) {
	for i := range rows {
		to, x := dst[i*dstStride:][:cols], a[i*rowStride:]
		var c [3]T
		if accumulate {
			copy(c[:], to)
		}
		c0, c1, c2 := c[0], c[1], c[2]
		for _, k := range at {
			row, y := (*[3]T)(b[3*k:]), x[int(k)*colStride]
			c0 += y * row[0]
			c1 += y * row[1]
			c2 += y * row[2]
		}
		c = [3]T{c0, c1, c2}
		copy(to, c[:])
	}
}
