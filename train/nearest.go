package train

import (
	"context"
	"fmt"
	"math"
	"runtime"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/pool"
	"example.com/pcn/internal/vec"
	"example.com/pcn/model"
)

// Nearest returns for each row of seen the row of among, (N, d), whose squared
// distance is least over the units that seen fixes, the first of several: the
// nearest neighbour, a baseline for what [model.Network.Complete] does.
func Nearest(ctx context.Context, seen model.Clamp, among *tensor.Dense) ([]int, error) {
	if err := dense.Check(among, dense.Float(among), -1, -1); err != nil {
		return nil, fmt.Errorf("train: nearest: among: %w", err)
	}
	if err := dense.Check(seen.Values, among.Dtype(), -1, among.Shape()[1]); err != nil {
		return nil, fmt.Errorf("train: nearest: seen: values: %w", err)
	}
	rows, d := seen.Values.Shape()[0], among.Shape()[1]
	visible := make([][]int, 1)
	for j := range d {
		visible[0] = append(visible[0], j)
	}
	if seen.Fixed != nil {
		m := seen.Fixed.Shape()
		if err := dense.Check(seen.Fixed, dense.Float(seen.Fixed), -1, d); err != nil || m[0] != 1 && m[0] != rows {
			return nil, fmt.Errorf("train: nearest: seen: fixed: must be of shape (%d, %d) or (1, %d), got %v", rows, d, d, m)
		}
		visible = make([][]int, m[0])
		for i := range m[0] * d {
			if dense.At(seen.Fixed, i) != 0 {
				visible[i/d] = append(visible[i/d], i%d)
			}
		}
	}
	best := make([]int, rows)
	block := nearestBlock // of rows that see the same units
	if len(visible) > 1 {
		block = 1
	}
	pool.Each(runtime.GOMAXPROCS(0), (rows+block-1)/block, func(b int) {
		if ctx.Err() != nil {
			return
		}
		lo, hi := b*block, min((b+1)*block, rows)
		units := visible[lo%len(visible)]
		if among.Dtype() == tensor.Float32 {
			nearest(best[lo:hi], seen.Values.Float32s()[lo*d:hi*d], among.Float32s(), d, units)
		} else {
			nearest(best[lo:hi], seen.Values.Float64s()[lo*d:hi*d], among.Float64s(), d, units)
		}
	})
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return best, nil
}

// nearestBlock is for how many rows together an example is looked at, and nearestPart of how
// many units, before it may prove too far off.
const (
	nearestBlock = 32
	nearestPart  = 64
)

// nearest sets best to the rows of among, of width d, that are nearest to those of x by units.
func nearest[T vec.Float](best []int, x, among []T, d int, units []int) {
	take := func(dst, row []T) {
		for i, j := range units {
			dst[i] = row[j]
		}
	}
	n := len(units)
	seen, row, difference, least := make([]T, len(best)*n), make([]T, n), make([]T, nearestPart), make([]float64, len(best))
	for i := range best {
		take(seen[i*n:(i+1)*n], x[i*d:(i+1)*d])
		least[i] = math.Inf(1)
	}
	for r := range len(among) / d {
		take(row, among[r*d:(r+1)*d])
		for i := range best {
			distance := 0.0
			for lo := 0; lo < n && distance < least[i]; lo += nearestPart {
				hi := min(lo+nearestPart, n)
				part := difference[:hi-lo]
				vec.Sub(part, row[lo:hi], seen[i*n+lo:i*n+hi])
				distance += 2 * vec.HalfSquares(part)
			}
			if distance < least[i] {
				best[i], least[i] = r, distance
			}
		}
	}
}
