package data

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
	err   error  // why the transform cannot be applied, whatever the width
	table *table // the images of all bytes, when they are the same for all features

	shift, scale []float64 // the transform, written out for each feature
}

// table holds the image of every byte.
type table struct {
	f32 [256]float32
	f64 [256]float64
}

// newScaler makes t ready for values of width features. A t that does not fit is
// left to check.
func newScaler(t Transform, width int) scaler {
	s := scaler{Transform: t.clone(), err: t.checkNumbers()}
	if s.check(width) != nil {
		return s
	}
	if t.uniform() {
		s.table = new(table)
		for b := range s.table.f64 {
			x := t.value(0, float64(b))
			s.table.f32[b], s.table.f64[b] = float32(x), x
		}
	}
	s.shift, s.scale = make([]float64, width), make([]float64, width)
	for j := range width {
		s.shift[j], s.scale[j] = at(t.Shift, j, 0), at(t.Scale, j, 1)
	}
	return s
}

func (s *scaler) check(width int) error {
	if s.err != nil {
		return s.err
	}
	return s.checkLengths(width)
}

func (s *scaler) table32() *[256]float32 {
	if s.table == nil {
		return nil
	}
	return &s.table.f32
}

func (s *scaler) table64() *[256]float64 {
	if s.table == nil {
		return nil
	}
	return &s.table.f64
}

// gather fills dst, of shape (len(rows), v.width), with the rows of v named by
// index[rows[i]], or by rows[i] when index is nil. images is the scaler's table
// in the type of dst.
func gather[D float32 | float64](dst []D, v *values, s *scaler, images *[256]D, index, rows []int) {
	w := v.width
	for i, r := range rows {
		if index != nil {
			r = index[r]
		}
		out := dst[i*w : (i+1)*w]
		switch {
		case v.floats != nil:
			scaleRow(out, v.floats[r*w:(r+1)*w], s.shift, s.scale)
		case images != nil:
			lookupRow(out, v.bytes[r*w:(r+1)*w], images)
		default:
			scaleRow(out, v.bytes[r*w:(r+1)*w], s.shift, s.scale)
		}
	}
}

// gatherMoved is gather of the inputs of s, with each image moved as is drawn for it.
func gatherMoved[D float32 | float64](dst []D, s *Set, drawn *drawing, rows []int) {
	v, w := &s.inputs, s.inputs.width
	for i, r := range rows {
		m, out := drawn.move(r), dst[i*w:(i+1)*w]
		if r = s.row(r); v.floats != nil {
			scaleMoved(out, v.floats[r*w:(r+1)*w], &s.input, m, s.Shape, s.background)
		} else {
			scaleMoved(out, v.bytes[r*w:(r+1)*w], &s.input, m, s.Shape, s.background)
		}
	}
}

func lookupRow[D float32 | float64](dst []D, src []byte, images *[256]D) {
	dst = dst[:len(src)]
	for j, b := range src {
		dst[j] = images[b]
	}
}

func scaleRow[D float32 | float64, S byte | float64](dst []D, src []S, shift, scale []float64) {
	dst, shift, scale = dst[:len(src)], shift[:len(src)], scale[:len(src)]
	for j, x := range src {
		dst[j] = D((float64(x) - shift[j]) * scale[j])
	}
}

// oneHot fills dst, of shape (len(rows), classes), with the image of 1 in the
// column of each example's class and of 0 elsewhere.
func oneHot[D float32 | float64](dst []D, classes int, labels []int, t Transform, index, rows []int) {
	for i, r := range rows {
		if index != nil {
			r = index[r]
		}
		out := dst[i*classes : (i+1)*classes]
		for j := range out {
			out[j] = D(t.value(j, 0))
		}
		out[labels[r]] = D(t.value(labels[r], 1))
	}
}
