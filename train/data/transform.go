package data

import (
	"fmt"
	"math"
	"slices"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
)

// A Transform maps each feature x of an example to
//
//	x' = (x - Shift) * Scale
//
// Shift and Scale hold one number per feature, or a single number for all
// features, or none: an empty Shift is 0 and an empty Scale is 1, so that the
// zero Transform is the identity. Shift is in the units of x, Scale in units of
// x' per unit of x.
//
// Fill holds the number, in the units of x, that is taken for a feature that is missing,
// which is NaN. Where it is empty NaN stays NaN.
type Transform struct {
	Shift, Scale []float64
	Fill         []float64 `json:",omitempty"`
}

// PixelRange returns the transform that maps pixels from 0..max to lo..hi, for
// example PixelRange(-1, 1, 255) for bytes. It needs lo != hi and max != 0;
// other values give a transform that [Transform.Check] refuses.
func PixelRange(lo, hi, max float64) Transform {
	scale := (hi - lo) / max
	if lo == 0 {
		return Transform{Scale: []float64{scale}}
	}
	return Transform{Shift: []float64{-lo / scale}, Scale: []float64{scale}}
}

// Invert returns the transform that undoes t: x = (x' + Shift*Scale) / Scale. It
// brings numbers back to their original units; see [Transform.Undo] for those that
// are float32.
func (t Transform) Invert() Transform {
	var inv Transform
	if len(t.Shift) > 0 {
		inv.Shift = make([]float64, max(len(t.Shift), len(t.Scale)))
		for j := range inv.Shift {
			inv.Shift[j] = -at(t.Shift, j, 0) * at(t.Scale, j, 1)
		}
	}
	if len(t.Scale) > 0 {
		inv.Scale = make([]float64, len(t.Scale))
		for j, s := range t.Scale {
			inv.Scale[j] = 1 / s
		}
	}
	return inv
}

// Check reports whether t can be applied to examples of size features: Shift and
// Scale must each have 0, 1 or size numbers, all finite, and no Scale may be 0.
func (t Transform) Check(size int) error {
	if err := t.checkLengths(size); err != nil {
		return err
	}
	return t.checkNumbers()
}

func (t Transform) checkLengths(size int) error {
	if n := len(t.Shift); n > 1 && n != size {
		return fmt.Errorf("len(Shift): must be 0, 1 or %d, got %d", size, n)
	}
	if n := len(t.Scale); n > 1 && n != size {
		return fmt.Errorf("len(Scale): must be 0, 1 or %d, got %d", size, n)
	}
	if n := len(t.Fill); n != 0 && n != size {
		return fmt.Errorf("len(Fill): must be 0 or %d, got %d", size, n)
	}
	return nil
}

func (t Transform) checkNumbers() error {
	for j, x := range t.Shift {
		if !finite(x) {
			return fmt.Errorf("shift[%d]: must be a finite number, got %v", j, x)
		}
	}
	for j, x := range t.Scale {
		if !finite(x) || x == 0 {
			return fmt.Errorf("scale[%d]: must be a finite number other than 0, got %v", j, x)
		}
	}
	for j, x := range t.Fill {
		if !finite(x) {
			return fmt.Errorf("fill[%d]: must be a finite number, got %v", j, x)
		}
	}
	return nil
}

// Apply transforms x in place. x is a row-major tensor of shape (n, features),
// float32 or float64; it stays as it was when an error is returned.
func (t Transform) Apply(x *tensor.Dense) error {
	if err := dense.Check(x, dense.Float(x), -1, -1); err != nil {
		return fmt.Errorf("data: transform: %w", err)
	}
	size := x.Shape()[1]
	if err := t.Check(size); err != nil {
		return fmt.Errorf("data: transform: %w", err)
	}
	dense.Fill(x, func(i int) float64 { return t.value(i%size, dense.At(x, i)) })
	return nil
}

// Tensor returns the images of raw rows of width numbers, one after the other, in a
// tensor of shape (n, width) and type dt, float32 or float64. They are rounded to it
// once they are transformed, and not before: of a time in seconds since 1970 float32
// holds two minutes. A number that the type cannot hold then is an error; NaN is
// NaN.
func (t Transform) Tensor(dt tensor.Dtype, rows []float64, width int) (*tensor.Dense, error) {
	if err := t.Check(width); err != nil {
		return nil, fmt.Errorf("data: transform: %w", err)
	}
	x := tensor.New(tensor.Of(dt), tensor.WithShape(len(rows)/width, width))
	for i, raw := range rows {
		dense.Set(x, i, t.value(i%width, raw))
		if math.IsInf(dense.At(x, i), 0) {
			return nil, fmt.Errorf("column %d: must be a number within %v once scaled, got %v", i%width+1, dt, raw)
		}
	}
	return x, nil
}

// Undo returns the raw rows whose images are those of x, of shape (n, features): in
// float64 where they are shifted, since they may take more digits than x has, and
// else in the type of x.
func (t Transform) Undo(x *tensor.Dense) (*tensor.Dense, error) {
	t = t.Invert()
	raw := x.Clone().(*tensor.Dense)
	if x.Dtype() == tensor.Float32 && slices.ContainsFunc(t.Shift, func(x float64) bool { return x != 0 }) {
		raw = tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(x.Shape().Clone()...))
		dense.Copy(raw, x)
	}
	return raw, t.Apply(raw)
}

// value returns the image of x, feature j.
func (t Transform) value(j int, x float64) float64 {
	if len(t.Fill) > 0 && math.IsNaN(x) {
		x = t.Fill[j]
	}
	return (x - at(t.Shift, j, 0)) * at(t.Scale, j, 1)
}

// uniform reports whether t is the same for all features.
func (t Transform) uniform() bool { return len(t.Shift) <= 1 && len(t.Scale) <= 1 }

func (t Transform) clone() Transform {
	return Transform{slices.Clone(t.Shift), slices.Clone(t.Scale), slices.Clone(t.Fill)}
}

// at returns feature j of one half of a Transform.
func at(x []float64, j int, empty float64) float64 {
	switch len(x) {
	case 0:
		return empty
	case 1:
		return x[0]
	}
	if j >= len(x) {
		return math.NaN() // which Check refuses
	}
	return x[j]
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
