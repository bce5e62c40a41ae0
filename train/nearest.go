package train

import (
	"context"
	"fmt"
	"math"
	"runtime"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/pool"
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
	pool.Each(runtime.GOMAXPROCS(0), rows, func(i int) {
		if ctx.Err() != nil {
			return
		}
		units := visible[i%len(visible)]
		if among.Dtype() == tensor.Float32 {
			best[i] = nearest(seen.Values.Float32s()[i*d:(i+1)*d], among.Float32s(), units)
		} else {
			best[i] = nearest(seen.Values.Float64s()[i*d:(i+1)*d], among.Float64s(), units)
		}
	})
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return best, nil
}

// nearest returns the row of among, of the width of x, that is nearest to x by
// units.
func nearest[T float32 | float64](x, among []T, units []int) int {
	best, least := 0, math.Inf(1)
	for r := range len(among) / len(x) {
		row := among[r*len(x):][:len(x)]
		distance := 0.0
		for _, j := range units {
			diff := float64(row[j] - x[j])
			if distance += diff * diff; distance >= least {
				break
			}
		}
		if distance < least {
			best, least = r, distance
		}
	}
	return best
}
