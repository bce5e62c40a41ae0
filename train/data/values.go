package data

import (
	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
)

// values is a matrix of raw values, row-major. It holds bytes as long as every
// value is a whole number 0..255, as those of images are, and float64 from the
// first value on that is not.
type values struct {
	width  int // columns
	bytes  []byte
	floats []float64 // in use, in place of bytes, when not nil
}

func (v *values) append(x float64) {
	if v.floats != nil {
		v.floats = append(v.floats, x)
		return
	}
	if b := byte(x); x >= 0 && x <= 255 && float64(b) == x {
		v.bytes = append(v.bytes, b)
		return
	}
	v.floats = make([]float64, len(v.bytes), 2*len(v.bytes)+1)
	for i, b := range v.bytes {
		v.floats[i] = float64(b)
	}
	v.bytes = nil
	v.floats = append(v.floats, x)
}

// at returns column j of row i.
func (v *values) at(i, j int) float64 {
	if v.floats != nil {
		return v.floats[i*v.width+j]
	}
	return float64(v.bytes[i*v.width+j])
}

// scaler is a transform made ready for values of either kind.
type scaler struct {
	Transform
	err    error         // why the transform cannot be applied, whatever the width
	images *[256]float64 // of all bytes, when they are the same for all features

	shift, scale []float64 // the transform, written out for each feature
}

// newScaler makes t ready for values of width features at each of so many steps. A t that
// does not fit is left to check.
func newScaler(t Transform, width, steps int) scaler {
	s := scaler{Transform: t.clone(), err: t.checkNumbers()}
	if s.check(width) != nil {
		return s
	}
	if t.uniform() {
		s.images = new([256]float64)
		for b := range s.images {
			s.images[b] = t.value(0, float64(b))
		}
	}
	s.shift, s.scale = make([]float64, steps*width), make([]float64, steps*width)
	for j := range s.shift {
		s.shift[j], s.scale[j] = at(t.Shift, j%width, 0), at(t.Scale, j%width, 1)
	}
	return s
}

func (s *scaler) check(width int) error {
	if s.err != nil {
		return s.err
	}
	return s.checkLengths(width)
}

// gather fills dst, of shape (len(rows), v.width), with examples of a set, of whose inputs
// or targets v are the values.
func (s *scaler) gather(dst *tensor.Dense, v *values, of *Set, rows []int) {
	for i, r := range rows {
		lo, hi := i*v.width, (i+1)*v.width
		if dst.Dtype() == tensor.Float32 {
			scaleRow(s, dst.Float32s()[lo:hi], v, of.row(r))
		} else {
			scaleRow(s, dst.Float64s()[lo:hi], v, of.row(r))
		}
	}
}

// scaleRow sets dst to the image of row r of v.
func scaleRow[D float32 | float64](s *scaler, dst []D, v *values, r int) {
	lo, hi := r*v.width, (r+1)*v.width
	switch {
	case v.floats != nil:
		for j, x := range v.floats[lo:hi] {
			if x != x && len(s.Fill) > 0 {
				x = s.Fill[j]
			}
			dst[j] = D((x - s.shift[j]) * s.scale[j])
		}
	case s.images != nil:
		for j, b := range v.bytes[lo:hi] {
			dst[j] = D(s.images[b])
		}
	default:
		for j, b := range v.bytes[lo:hi] {
			dst[j] = D((float64(b) - s.shift[j]) * s.scale[j])
		}
	}
}

// gatherMoved is gather of the inputs of s, with each image moved as is drawn for it.
func (s *Set) gatherMoved(dst *tensor.Dense, drawn *drawing, rows []int) {
	for i, r := range rows {
		lo, hi := i*s.inputs.width, (i+1)*s.inputs.width
		if dst.Dtype() == tensor.Float32 {
			scaleMoved(s, dst.Float32s()[lo:hi], s.row(r), drawn.move(r))
		} else {
			scaleMoved(s, dst.Float64s()[lo:hi], s.row(r), drawn.move(r))
		}
	}
}

// oneHot fills dst, of shape (len(rows), Classes), with the image of 1 in the column of
// each example's class and of 0 elsewhere.
func (s *Set) oneHot(dst *tensor.Dense, rows []int) {
	for i, r := range rows {
		for j := range s.Classes {
			dense.Set(dst, i*s.Classes+j, s.target.value(j, 0))
		}
		k := s.labels[s.row(r)]
		dense.Set(dst, i*s.Classes+k, s.target.value(k, 1))
	}
}
