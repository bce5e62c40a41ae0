package data

import (
	"math"
	"slices"
)

const (
	// farthest is how many deviations from the mean a standardized input may lie.
	farthest = 5

	// fullLength is the number of standardized inputs up to which each has unit
	// variance.
	fullLength = 64
)

// Standardization returns the transforms that give each feature of this set's raw
// values zero mean and unit variance (dividing by Len), but for two things by which
// many features would drown what they say:
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
//	input, target := train.Standardization()
//	train = train.WithTransforms(input, target)
//	test = test.WithTransforms(input, target)
func (s *Set) Standardization() (input, target Transform) {
	if s.Len() == 0 {
		return Transform{}, Transform{}
	}
	mean, deviation, reach := s.spans(&s.inputs)
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
	input = scaleBy(mean, deviation)
	if s.labels == nil {
		mean, deviation, _ := s.spans(&s.targets)
		target = scaleBy(mean, deviation)
	}
	return input, target
}

// spans returns the mean of each column, the standard deviation, exactly 0 where all
// numbers are the same, and how far the farthest is from the mean.
func (s *Set) spans(v *values) (mean, deviation, reach []float64) {
	n := s.Len()
	mean, deviation, reach = make([]float64, v.width), make([]float64, v.width), make([]float64, v.width)
	varies := make([]bool, v.width)
	for i := range n {
		r := s.row(i)
		for j := range mean {
			x := v.at(r, j)
			varies[j] = varies[j] || x != v.at(s.row(0), j)
			mean[j] += x / float64(n)
		}
	}
	for j := range mean {
		if !varies[j] {
			mean[j] = v.at(s.row(0), j) // without rounding
		}
	}
	for i := range n {
		r := s.row(i)
		for j, m := range mean {
			d := v.at(r, j) - m
			deviation[j] += d * d / float64(n)
			reach[j] = max(reach[j], math.Abs(d))
		}
	}
	for j, variance := range deviation {
		deviation[j] = math.Sqrt(variance)
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
