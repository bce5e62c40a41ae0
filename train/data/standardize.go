package data

import (
	"math"
	"slices"

	"example.com/pcn/internal/enum"
)

const (
	// farthest is how many deviations from the mean a standardized input may lie.
	farthest = 5

	// fullLength is the number of standardized inputs up to which each has unit
	// variance.
	fullLength = 64
)

// Per says what has a mean and a variance of its own where inputs are standardized.
type Per int

const (
	PerNone    Per = iota // inputs are not standardized
	PerColumn             // each feature, such as a column of a file or a pixel of an image
	PerChannel            // each channel of images
)

// Pers are the names of the values of Per, in their order.
var Pers = []string{"none", "column", "channel"}

// String returns the name.
func (p Per) String() string { return enum.Name(p, Pers) }

// MarshalText returns the name.
func (p Per) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText takes a name.
func (p *Per) UnmarshalText(text []byte) error { return enum.Parse(p, Pers, string(text)) }

// Standardization returns the transforms that give each feature of this set's raw
// values, or all features of a channel together, zero mean and unit variance over all
// examples; [PerNone] returns those that the set has. What is missing does not count, and
// is then taken for the mean. Per channel that is all there is
// to it, and a channel without variance keeps scale 1. Per column there are two
// exceptions, without which many features would drown what they say:
//   - A feature that is nearly constant, such as a pixel that is black in all images
//     but one, has a variance so small that the one would lie dozens of deviations
//     away. No example lies farther than 5 from the mean: where one would, the
//     farthest lies there. A feature without variance is as wide as the median one.
//   - Features add up. Where there are more than 64, all are scaled so that an example
//     has the mean length that 64 of unit variance have.
//
// Of the targets of a regression, each has unit variance, or keeps scale 1 where it
// has none. The target transform is the identity when the targets are classes.
//
// Take it from the training set and give it to every set:
//
//	input, target := train.Standardization(data.PerColumn)
//	train = train.WithTransforms(input, target)
//	test = test.WithTransforms(input, target)
func (s *Set) Standardization(per Per) (input, target Transform) {
	input, target = s.InputTransform(), s.TargetTransform()
	if s.Len() == 0 {
		return input, target
	}
	if s.labels == nil {
		mean, deviation, _ := s.spans(&s.targets, s.TargetSize())
		target = scaleBy(mean, deviation)
	}
	switch {
	case per == PerColumn:
		input = s.perColumn()
	case per == PerChannel && len(s.Shape) == 3:
		mean, deviation, _ := s.spans(&s.inputs, s.Shape[2])
		pixels := s.Shape[0] * s.Shape[1]
		input = scaleBy(slices.Repeat(mean, pixels), slices.Repeat(deviation, pixels))
	}
	if s.table != nil {
		input.Fill, _, _ = s.spans(&s.inputs, s.InputSize())
	}
	return input, target
}

// perColumn returns the transform of the inputs, each feature by itself.
func (s *Set) perColumn() Transform {
	mean, deviation, reach := s.spans(&s.inputs, s.InputSize())
	var wide []float64
	for j, d := range deviation {
		if deviation[j] = max(d, reach[j]/farthest); d > 0 {
			wide = append(wide, deviation[j])
		}
	}
	typical := 1.0
	if slices.Sort(wide); wide != nil {
		typical = wide[len(wide)/2]
	}
	for j, d := range deviation {
		if d == 0 {
			deviation[j] = typical
		}
		deviation[j] *= max(1, math.Sqrt(float64(len(deviation))/fullLength))
	}
	return scaleBy(mean, deviation)
}

// spans returns the mean of each group of columns, the standard deviation, exactly 0
// where all numbers are the same, and how far the farthest is from the mean. Column j
// is of group j modulo groups: each by itself where there are as many. What is missing
// does not count; where all is, the mean is 0.
func (s *Set) spans(v *values, groups int) (mean, deviation, reach []float64) {
	mean, deviation, reach = make([]float64, groups), make([]float64, groups), make([]float64, groups)
	first, n := make([]float64, groups), make([]float64, groups)
	varies := make([]bool, groups)
	each := func(enter func(g int, x float64)) {
		for i := range s.Len() {
			r := s.row(i)
			for at := 0; at < v.width; at += groups {
				for g := range groups {
					if x := v.at(r, at+g); x == x {
						enter(g, x)
					}
				}
			}
		}
	}
	if v.floats != nil {
		each(func(g int, _ float64) { n[g]++ })
	} else {
		for g := range n { // none is missing among bytes
			n[g] = float64(s.Len() * (v.width / groups))
		}
	}
	known := make([]bool, groups)
	each(func(g int, x float64) {
		if !known[g] {
			first[g], known[g] = x, true
		}
		varies[g] = varies[g] || x != first[g]
		mean[g] += x / n[g]
	})
	for g := range mean {
		if !varies[g] {
			mean[g] = first[g] // without rounding
		}
	}
	each(func(g int, x float64) {
		d := x - mean[g]
		deviation[g] += d * d / n[g]
		reach[g] = max(reach[g], math.Abs(d))
	})
	for g, variance := range deviation {
		deviation[g] = math.Sqrt(variance)
	}
	return mean, deviation, reach
}

// scaleBy returns the transform that takes off the mean and divides by a deviation,
// unless that is 0 or beyond float64.
func scaleBy(mean, deviation []float64) Transform {
	scale := make([]float64, len(deviation))
	for j, d := range deviation {
		if scale[j] = 1 / d; !finite(scale[j]) || scale[j] == 0 {
			scale[j] = 1
		}
	}
	return Transform{Shift: mean, Scale: scale}
}
