package gemm

import "fmt"

// check multiplies small matrices of small whole numbers, whose products are
// exact in any order, and compares with plain loops. The shapes meet every width
// of panel, full and ragged rows, both orders of the left operand, and both
// settings of accumulate.
func check[T Float](k kernel[T]) error {
	shapes := []struct{ rows, cols, depth int }{{1, 1, 1}, {5, 10, 3}, {13, 49, 7}, {29, 100, 4}}
	for _, s := range shapes {
		for _, transposed := range []bool{false, true} {
			for _, accumulate := range []bool{false, true} {
				if err := checkShape(k, s.rows, s.cols, s.depth, transposed, accumulate); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func checkShape[T Float](k kernel[T], rows, cols, depth int, transposed, accumulate bool) error {
	rowStride, colStride := depth, 1
	if transposed {
		rowStride, colStride = 1, rows
	}
	a := make([]T, rows*depth)
	for i := range a {
		a[i] = T(i%7 - 3)
	}
	b := make([]T, depth*cols)
	for i := range b {
		b[i] = T(i%5 - 2)
	}
	dst := make([]T, rows*cols)
	for i := range dst {
		dst[i] = T(i % 3)
	}

	packed := Packed[T]{rows: depth, cols: cols, kernel: k}
	packed.resize(k.packedLen(depth, cols))
	k.pack(packed.data, b, depth, cols, cols, 1)
	k.mul(dst, cols, a, rowStride, colStride, rows, &packed, accumulate)

	for i := range rows {
		for j := range cols {
			var want T
			if accumulate {
				want = T((i*cols + j) % 3)
			}
			for l := range depth {
				want += a[i*rowStride+l*colStride] * b[l*cols+j]
			}
			if got := dst[i*cols+j]; got != want {
				return fmt.Errorf("%T product %dx%dx%d, element (%d, %d): must be %v, got %v", want, rows, cols, depth, i, j, want, got)
			}
		}
	}
	return nil
}
