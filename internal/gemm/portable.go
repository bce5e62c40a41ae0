package gemm

import "unsafe"

// portable is the kernel in plain Go, for any processor. It multiplies two rows by four
// columns at a time: eight sums, two elements of A, one of B and a product fit in the 15
// registers that the compiler has on amd64. With twelve sums it is half as fast.
func portable() backend {
	return backend{
		name: "portable",
		f32:  &panels[float32]{vector: 4, tiles: []tile[float32]{newTile(blockRows, portableTile[float32], portableSome[float32])}},
		f64:  &panels[float64]{vector: 4, tiles: []tile[float64]{newTile(blockRows, portableTile[float64], portableSome[float64])}},
	}
}

// portableTile is the tileFunc for panels of 4 columns and any number of rows, which it
// takes two by two.
func portableTile[T Float](dst []T, dstStride int, a []T, rowStride, colStride, rows, _, _ int, b []T, cols, depth int, accumulate bool) {
	b = b[:4*depth]
	fours := 0 // the part of the depth for portableFours
	if colStride == 1 {
		fours = depth &^ 3
	}
	for i := 0; i < rows; i += 2 {
		j := min(i+1, rows-1) // an odd last row is computed twice
		a0, a1 := a[i*rowStride:][:(depth-1)*colStride+1], a[j*rowStride:][:(depth-1)*colStride+1]
		dst0, dst1 := dst[i*dstStride:][:cols], dst[j*dstStride:][:cols]
		var part [2][4]T
		c, d := &part[0], &part[1]
		if cols == 4 {
			c, d = (*[4]T)(dst0), (*[4]T)(dst1)
		} else if accumulate {
			copy(c[:], dst0)
			copy(d[:], dst1)
		}
		var c0, c1, c2, c3, d0, d1, d2, d3 T
		if accumulate {
			c0, c1, c2, c3 = c[0], c[1], c[2], c[3]
			d0, d1, d2, d3 = d[0], d[1], d[2], d[3]
		}
		if fours > 0 {
			c0, c1, c2, c3, d0, d1, d2, d3 = portableFours(c0, c1, c2, c3, d0, d1, d2, d3, &a0[0], &a1[0], &b[0], fours)
		}
		if rest := depth - fours; rest > 0 {
			k := fours * colStride
			c0, c1, c2, c3, d0, d1, d2, d3 = portableSteps(c0, c1, c2, c3, d0, d1, d2, d3, &a0[k], &a1[k], colStride, &b[4*fours], rest)
		}
		c[0], c[1], c[2], c[3] = c0, c1, c2, c3
		d[0], d[1], d[2], d[3] = d0, d1, d2, d3
		if cols < 4 {
			copy(dst0, c[:])
			copy(dst1, d[:])
		}
	}
}

// The two loops below take and return their sums in registers. Each is a single block,
// with no bounds to check and its condition at the end: only there does the compiler add
// each product before it computes the next one. In other loops it leaves the additions to
// the end of the body, and runs out of registers for what is to be added. A product then
// takes hardly more than three instructions on amd64, the least without vectors: one loads
// or copies a factor, one multiplies it, one adds.

// portableFours adds to the sums c the product of a panel at b and a row at a0, whose
// elements are contiguous, and to d that of a row at a1. The depth is a multiple of 4 and
// not 0.
func portableFours[T Float](c0, c1, c2, c3, d0, d1, d2, d3 T, a0, a1, b *T, depth int) (_, _, _, _, _, _, _, _ T) {
	size := unsafe.Sizeof(*b)
	p0, p1, p := unsafe.Pointer(a0), unsafe.Pointer(a1), unsafe.Pointer(b)
	end := uintptr(depth) * 4 * size
	for i, j := uintptr(0), uintptr(0); ; {
		a0, a1, b := (*[4]T)(unsafe.Add(p0, j)), (*[4]T)(unsafe.Add(p1, j)), (*[16]T)(unsafe.Add(p, i))
		x := a0[0]
		y := a1[0]
		c0 += x * b[0]
		d0 += y * b[0]
		c1 += x * b[1]
		d1 += y * b[1]
		c2 += x * b[2]
		d2 += y * b[2]
		c3 += x * b[3]
		d3 += y * b[3]
		x = a0[1]
		y = a1[1]
		c0 += x * b[4]
		d0 += y * b[4]
		c1 += x * b[5]
		d1 += y * b[5]
		c2 += x * b[6]
		d2 += y * b[6]
		c3 += x * b[7]
		d3 += y * b[7]
		x = a0[2]
		y = a1[2]
		c0 += x * b[8]
		d0 += y * b[8]
		c1 += x * b[9]
		d1 += y * b[9]
		c2 += x * b[10]
		d2 += y * b[10]
		c3 += x * b[11]
		d3 += y * b[11]
		x = a0[3]
		y = a1[3]
		c0 += x * b[12]
		d0 += y * b[12]
		c1 += x * b[13]
		d1 += y * b[13]
		c2 += x * b[14]
		d2 += y * b[14]
		c3 += x * b[15]
		d3 += y * b[15]
		j += 4 * size
		i += 16 * size
		if i >= end {
			break
		}
	}
	return c0, c1, c2, c3, d0, d1, d2, d3
}

// portableSteps is portableFours for elements that are stride apart, and any depth but 0.
func portableSteps[T Float](c0, c1, c2, c3, d0, d1, d2, d3 T, a0, a1 *T, stride int, b *T, depth int) (_, _, _, _, _, _, _, _ T) {
	size := unsafe.Sizeof(*b)
	p0, p1, p := unsafe.Pointer(a0), unsafe.Pointer(a1), unsafe.Pointer(b)
	step, end := uintptr(stride)*size, uintptr(depth)*4*size
	for i, j := uintptr(0), uintptr(0); ; {
		b := (*[4]T)(unsafe.Add(p, i))
		x := *(*T)(unsafe.Add(p0, j))
		y := *(*T)(unsafe.Add(p1, j))
		c0 += x * b[0]
		d0 += y * b[0]
		c1 += x * b[1]
		d1 += y * b[1]
		c2 += x * b[2]
		d2 += y * b[2]
		c3 += x * b[3]
		d3 += y * b[3]
		j += step
		i += 4 * size
		if i >= end {
			break
		}
	}
	return c0, c1, c2, c3, d0, d1, d2, d3
}

// portableSome is the someFunc for panels of 4 columns.
func portableSome[T Float](dst []T, dstStride int, a []T, rowStride, colStride, rows, _, _ int, b []T, cols int, at []int32, accumulate bool) {
	for i := range rows {
		to, x := dst[i*dstStride:][:cols], a[i*rowStride:]
		var c [4]T
		if accumulate {
			copy(c[:], to)
		}
		c0, c1, c2, c3 := c[0], c[1], c[2], c[3]
		for _, k := range at {
			row, y := (*[4]T)(b[4*k:]), x[int(k)*colStride]
			c0 += y * row[0]
			c1 += y * row[1]
			c2 += y * row[2]
			c3 += y * row[3]
		}
		c = [4]T{c0, c1, c2, c3}
		copy(to, c[:])
	}
}
