// Package npy reads arrays in NumPy's NPY format.
package npy

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"example.com/pcn/internal/bounded"
)

const (
	maxHeader = 64 << 10 // bytes; NumPy's own limit for files it does not trust is 10,000
	maxDims   = 32       // that NumPy knows
)

// Array is an array of numbers.
type Array struct {
	Shape []int
	Kind  byte   // of its elements: b for bool, i and u for integers, f for floats
	Size  int    // of an element in bytes: 1, 2, 4 or 8
	Data  []byte // its elements, row-major and little-endian
}

// Read reads an array, in versions 1 to 3 of the format:
//
//	6 bytes       \x93NUMPY
//	2 bytes       version
//	2 or 4 bytes  length of the header, little-endian
//	header        {'descr': '<f4', 'fortran_order': False, 'shape': (60, 4), }
//	elements      of the type that descr names
//
// A header that promises more than limit bytes of elements is refused, and memory
// grows with the elements that arrive. r must end with the last element.
func Read(r io.Reader, limit int64) (*Array, error) {
	a, big, fortran, err := readHeader(r)
	if err != nil {
		return nil, err
	}
	bytes := a.Size
	for i, size := range a.Shape {
		if size > math.MaxInt/max(bytes, 1) {
			return nil, fmt.Errorf("shape %v: the product of its first %d sizes overflows", a.Shape, i+1)
		}
		bytes *= size
	}
	if int64(bytes) > limit {
		return nil, fmt.Errorf("shape: must be of at most %d bytes, got %v of %d", limit, a.Shape, bytes)
	}
	if a.Data, err = bounded.Read(r, bytes); err != nil {
		return nil, err
	}
	if big && a.Size > 1 {
		for element := range slices.Chunk(a.Data, a.Size) {
			slices.Reverse(element)
		}
	}
	if fortran && len(a.Shape) > 1 {
		a.Data = RowMajor(a.Data, a.Shape, a.Size)
	}
	return a, nil
}

// Number returns what turns the bytes of an element into a number.
func (a *Array) Number() func([]byte) float64 {
	whole := func(b []byte) (x uint64) {
		for i, v := range b {
			x |= uint64(v) << (8 * i)
		}
		return x
	}
	switch unused := 64 - 8*a.Size; {
	case a.Kind == 'f' && a.Size == 4:
		return func(b []byte) float64 { return float64(math.Float32frombits(uint32(whole(b)))) }
	case a.Kind == 'f':
		return func(b []byte) float64 { return math.Float64frombits(whole(b)) }
	case a.Kind == 'i':
		return func(b []byte) float64 { return float64(int64(whole(b)<<unused) >> unused) }
	}
	return func(b []byte) float64 { return float64(whole(b)) }
}

var header = struct{ descr, fortran, shape *regexp.Regexp }{
	regexp.MustCompile(`'descr'\s*:\s*'([^']*)'`),
	regexp.MustCompile(`'fortran_order'\s*:\s*(True|False)`),
	regexp.MustCompile(`'shape'\s*:\s*\(([0-9,\s]*)\)`),
}

// readHeader reads all that comes before the elements: whether they are big-endian,
// and whether they are column-major.
func readHeader(r io.Reader) (a *Array, big, fortran bool, err error) {
	fail := func(format string, args ...any) (*Array, bool, bool, error) {
		return nil, false, false, fmt.Errorf(format, args...)
	}
	var start [8]byte
	if _, err := io.ReadFull(r, start[:]); err != nil {
		return fail("magic number: must have 8 bytes: %w", bounded.Early(err))
	}
	if !bytes.HasPrefix(start[:], []byte("\x93NUMPY")) {
		return fail("magic number: must be \"\\x93NUMPY\" in an NPY file, got %q", start[:6])
	}
	length := make([]byte, 2, 4)
	switch start[6] {
	case 1:
	case 2, 3:
		length = length[:4]
	default:
		return fail("version: must be 1, 2 or 3, got %d", start[6])
	}
	if _, err := io.ReadFull(r, length); err != nil {
		return fail("length of the header: %w", bounded.Early(err))
	}
	n := binary.LittleEndian.Uint32(length[:4])
	if n > maxHeader {
		return fail("header: must have at most %d bytes, got %d", maxHeader, n)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return fail("header: must have %d bytes: %w", n, bounded.Early(err))
	}
	descr := header.descr.FindSubmatch(text)
	fortranOrder := header.fortran.FindSubmatch(text)
	shape := header.shape.FindSubmatch(text)
	if descr == nil || fortranOrder == nil || shape == nil {
		return fail("header: must have 'descr' (a type), 'fortran_order' and 'shape', got %.100q", bytes.TrimSpace(text))
	}
	a = new(Array)
	if err := a.setType(string(descr[1])); err != nil {
		return fail("%w", err)
	}
	for field := range strings.SplitSeq(string(shape[1]), ",") {
		if field = strings.TrimSpace(field); field == "" {
			continue
		}
		size, err := strconv.Atoi(field)
		if err != nil {
			return fail("shape (%.100s): %.40q is no size", shape[1], field)
		}
		if a.Shape = append(a.Shape, size); len(a.Shape) > maxDims {
			return fail("shape of more than %d dimensions", maxDims)
		}
	}
	return a, descr[1][0] == '>', string(fortranOrder[1]) == "True", nil
}

// setType reads a type such as <f4: byte order, kind, and bytes of an element.
func (a *Array) setType(descr string) error {
	known := []string{"b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8"}
	if len(descr) != 3 || !strings.ContainsRune("<>|=", rune(descr[0])) || !slices.Contains(known, descr[1:]) {
		return fmt.Errorf("descr: must be one of %s, got %.40q", strings.Join(known, ", "), descr)
	}
	a.Kind, a.Size = descr[1], int(descr[2]-'0')
	return nil
}

// RowMajor returns the column-major elements of an array of a shape, of size bytes
// each, in row-major order. Of a matrix stored row by row it makes, given the shape
// the other way round, the transpose.
func RowMajor(data []byte, shape []int, size int) []byte {
	out := make([]byte, len(data))
	index := make([]int, len(shape)) // of an element, column-major: the first runs fastest
	for from := 0; from < len(data); from += size {
		at := 0
		for d, n := range shape {
			at = at*n + index[d]
		}
		copy(out[at*size:], data[from:from+size])
		for d := range index {
			if index[d]++; index[d] < shape[d] {
				break
			}
			index[d] = 0
		}
	}
	return out
}
