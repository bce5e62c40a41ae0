package data

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	// maxNPYHeader is the longest header to read. NumPy's own limit for files it
	// does not trust is 10,000.
	maxNPYHeader = 64 << 10

	// maxNPYDims is the most dimensions that NumPy knows.
	maxNPYDims = 32
)

// array is a NumPy array of finite numbers, row-major.
type array struct {
	shape  []int
	kind   byte   // of its elements: b for bool, i and u for integers, f for floats
	size   int    // of an element in bytes
	values values // of width 1
}

// readNPY reads an array in NumPy's NPY format, versions 1 to 3:
//
//	6 bytes       \x93NUMPY
//	2 bytes       version
//	2 or 4 bytes  length of the header, little-endian
//	header        {'descr': '<f4', 'fortran_order': False, 'shape': (60, 4), }
//	elements      of the type that descr names
//
// A header that promises more than limit bytes of elements is refused, and
// memory grows with the elements that arrive. No dimension may be 0, and r must
// end with the last element.
func readNPY(r io.Reader, limit int64) (*array, error) {
	a, order, fortran, err := readNPYHeader(r)
	if err != nil {
		return nil, err
	}
	n := 1
	for i, size := range a.shape {
		if size > math.MaxInt/(n*a.size) {
			return nil, fmt.Errorf("shape %v: the product of its first %d sizes overflows", a.shape, i+1)
		}
		n *= size
	}
	if int64(n*a.size) > limit {
		return nil, fmt.Errorf("shape %v promises %d bytes, expected at most %d", a.shape, n*a.size, limit)
	}
	if a.values, err = readElements(r, a.kind, a.size, order, n); err != nil {
		return nil, err
	}
	if fortran && len(a.shape) > 1 {
		a.values = rowMajor(a.values, a.shape)
	}
	a.values.width = 1
	return a, nil
}

var npyHeader = struct{ descr, fortran, shape *regexp.Regexp }{
	regexp.MustCompile(`'descr'\s*:\s*'([^']*)'`),
	regexp.MustCompile(`'fortran_order'\s*:\s*(True|False)`),
	regexp.MustCompile(`'shape'\s*:\s*\(([0-9,\s]*)\)`),
}

// readNPYHeader reads all that comes before the elements.
func readNPYHeader(r io.Reader) (a *array, order binary.ByteOrder, fortran bool, err error) {
	fail := func(format string, args ...any) (*array, binary.ByteOrder, bool, error) {
		return nil, nil, false, fmt.Errorf(format, args...)
	}
	var start [8]byte
	if _, err := io.ReadFull(r, start[:]); err != nil {
		return fail("magic number: %w, expected 8 bytes", early(err))
	}
	if !bytes.HasPrefix(start[:], []byte("\x93NUMPY")) {
		return fail("magic number is %q, expected \"\\x93NUMPY\": not an NPY file", start[:6])
	}
	length := make([]byte, 2)
	switch start[6] {
	case 1:
	case 2, 3:
		length = make([]byte, 4)
	default:
		return fail("version is %d, expected 1, 2 or 3", start[6])
	}
	if _, err := io.ReadFull(r, length); err != nil {
		return fail("length of the header: %w", early(err))
	}
	n := uint32(binary.LittleEndian.Uint16(length))
	if len(length) == 4 {
		n = binary.LittleEndian.Uint32(length)
	}
	if n > maxNPYHeader {
		return fail("header of %d bytes, expected at most %d", n, maxNPYHeader)
	}
	header := make([]byte, n)
	if _, err := io.ReadFull(r, header); err != nil {
		return fail("header: %w, expected %d bytes", early(err), n)
	}
	descr := npyHeader.descr.FindSubmatch(header)
	fortranOrder := npyHeader.fortran.FindSubmatch(header)
	shape := npyHeader.shape.FindSubmatch(header)
	if descr == nil || fortranOrder == nil || shape == nil {
		return fail("header %.100q, expected 'descr' (a type), 'fortran_order' and 'shape'", bytes.TrimSpace(header))
	}
	a = new(array)
	if order, err = a.setType(string(descr[1])); err != nil {
		return fail("%w", err)
	}
	for field := range strings.SplitSeq(string(shape[1]), ",") {
		if field = strings.TrimSpace(field); field == "" {
			continue
		}
		size, err := strconv.Atoi(field)
		if err != nil || size == 0 {
			return fail("shape (%.100s): want sizes of at least 1", shape[1])
		}
		if a.shape = append(a.shape, size); len(a.shape) > maxNPYDims {
			return fail("shape of more than %d dimensions", maxNPYDims)
		}
	}
	return a, order, string(fortranOrder[1]) == "True", nil
}

// setType reads a type such as <f4: byte order, kind, and bytes of an element.
func (a *array) setType(descr string) (binary.ByteOrder, error) {
	var order binary.ByteOrder = binary.LittleEndian
	known := []string{"b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8"}
	if len(descr) == 3 && strings.ContainsRune("<>|=", rune(descr[0])) && slices.Contains(known, descr[1:]) {
		if descr[0] == '>' {
			order = binary.BigEndian
		}
		a.kind, a.size = descr[1], int(descr[2]-'0')
		return order, nil
	}
	return nil, fmt.Errorf("elements of type %.40q, expected one of %s", descr, strings.Join(known, ", "))
}

// readElements reads n elements, which must end r.
func readElements(r io.Reader, kind byte, size int, order binary.ByteOrder, n int) (values, error) {
	if size == 1 && kind != 'i' {
		data, err := readExactly(r, n)
		return values{bytes: data}, err
	}
	element := elementOf(kind, size, order)
	var v values
	buffer := make([]byte, min(n*size, firstChunk)) // a multiple of size
	for left := n * size; left > 0; {
		chunk := buffer[:min(left, len(buffer))]
		if m, err := io.ReadFull(r, chunk); err != nil {
			return values{}, fmt.Errorf("data: %w after %d bytes, expected %d", early(err), n*size-left+m, n*size)
		}
		for i := 0; i < len(chunk); i += size {
			x := element(chunk[i : i+size])
			if !finite(x) {
				return values{}, fmt.Errorf("element %d is %v, expected a finite number", (n*size-left+i)/size, x)
			}
			v.append(x)
		}
		left -= len(chunk)
	}
	return v, atEnd(r, n*size)
}

// elementOf returns what turns the bytes of an element into a number.
func elementOf(kind byte, size int, order binary.ByteOrder) func([]byte) float64 {
	switch kind {
	case 'f':
		if size == 4 {
			return func(b []byte) float64 { return float64(math.Float32frombits(order.Uint32(b))) }
		}
		return func(b []byte) float64 { return math.Float64frombits(order.Uint64(b)) }
	case 'i':
		switch size {
		case 1:
			return func(b []byte) float64 { return float64(int8(b[0])) }
		case 2:
			return func(b []byte) float64 { return float64(int16(order.Uint16(b))) }
		case 4:
			return func(b []byte) float64 { return float64(int32(order.Uint32(b))) }
		}
		return func(b []byte) float64 { return float64(int64(order.Uint64(b))) }
	}
	switch size {
	case 2:
		return func(b []byte) float64 { return float64(order.Uint16(b)) }
	case 4:
		return func(b []byte) float64 { return float64(order.Uint32(b)) }
	}
	return func(b []byte) float64 { return float64(order.Uint64(b)) }
}

// rowMajor returns column-major values of a shape in row-major order.
func rowMajor(v values, shape []int) values {
	n := len(v.bytes) + len(v.floats)
	out := values{}
	if v.floats != nil {
		out.floats = make([]float64, n)
	} else {
		out.bytes = make([]byte, n)
	}
	index := make([]int, len(shape)) // of the element at i, column-major: the first runs fastest
	for i := range n {
		at := 0
		for d, size := range shape {
			at = at*size + index[d]
		}
		if v.floats != nil {
			out.floats[at] = v.floats[i]
		} else {
			out.bytes[at] = v.bytes[i]
		}
		for d := range index {
			if index[d]++; index[d] < shape[d] {
				break
			}
			index[d] = 0
		}
	}
	return out
}

// inputs makes the array the inputs of s: (n), (n, features) or images (n,
// height, width). Bytes are taken for pixels 0..255 where they are images, and
// other numbers for pixels from 0 to the largest.
func (a *array) inputs(s *Set) error {
	rank := len(a.shape)
	if rank == 4 && a.shape[3] == 1 {
		rank = 3 // images of one channel
	}
	if rank < 1 || rank > 3 {
		return fmt.Errorf("shape %v, expected (n), (n, features) or images (n, height, width)", a.shape)
	}
	s.n, s.inputs = a.shape[0], a.values
	s.inputs.width = 1
	for _, size := range a.shape[1:] {
		s.inputs.width *= size
	}
	if rank < 3 {
		return nil
	}
	s.Height, s.Width, s.White = a.shape[1], a.shape[2], 255
	if a.kind != 'u' || a.size != 1 {
		s.White = 0
		for i := range s.n * s.inputs.width {
			s.White = max(s.White, a.values.at(i, 0))
		}
		if s.White == 0 {
			return errors.New("no pixel is above 0, expected images")
		}
	}
	return nil
}

// labels makes the array the classes of s.
func (a *array) labels(s *Set) error {
	if err := a.rows(s, 1); err != nil {
		return err
	}
	s.labels = make([]int, s.n)
	for i := range s.labels {
		x := a.values.at(i, 0)
		if !(x >= 0 && x < maxClasses) || x != float64(int(x)) {
			return fmt.Errorf("element %d is %v, expected a class 0..%d", i, x, maxClasses-1)
		}
		s.labels[i] = int(x)
		s.Classes = max(s.Classes, int(x)+1)
	}
	return nil
}

// targets makes the array the targets of s.
func (a *array) targets(s *Set) error {
	if err := a.rows(s, 0); err != nil {
		return err
	}
	s.targets = a.values
	s.targets.width = len(a.values.bytes)/s.n + len(a.values.floats)/s.n
	return nil
}

// rows checks that the array has a row for each example of s, of width numbers or
// of any when width is 0.
func (a *array) rows(s *Set, width int) error {
	ok := len(a.shape) == 1 || len(a.shape) == 2 && (width == 0 || a.shape[1] == width)
	if !ok || a.shape[0] != s.n {
		want := fmt.Sprintf("(%d)", s.n)
		if width == 0 {
			want += fmt.Sprintf(" or (%d, targets)", s.n)
		}
		return fmt.Errorf("shape %v, expected %s for as many examples", a.shape, want)
	}
	return nil
}
