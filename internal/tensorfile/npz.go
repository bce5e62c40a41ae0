package tensorfile

import (
	"archive/zip"
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

	"codeberg.org/sbinet/npyio/npz"
	"github.com/nlpodyssey/safetensors"
	"gorgonia.org/tensor"
)

// Extension ends the names of arrays in an NPZ file.
const extension = ".npy"

// WriteNPZ writes matrices and vectors of float32 or float64 as an NPZ file, as
// NumPy's savez_compressed does, and texts beside them as arrays of bytes. Of the
// same content the same bytes come.
func WriteNPZ(w io.Writer, tensors map[string]*tensor.Dense, texts map[string]string) error {
	arrays := map[string]any{}
	for name, text := range texts {
		arrays[name] = []byte(text)
	}
	for name, d := range tensors {
		var err error
		if arrays[name], err = nested(d); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	names := make([]string, 0, len(arrays))
	for name := range arrays {
		names = append(names, name)
	}
	slices.Sort(names)
	z := npz.NewWriter(w)
	for _, name := range names {
		if err := z.Write(name+extension, arrays[name]); err != nil {
			return err
		}
	}
	return z.Close()
}

// nested returns d as a slice, of slices where it is a matrix.
func nested(d *tensor.Dense) (any, error) {
	switch x := d.Data().(type) {
	case []float32:
		return nestedOf(d, x)
	case []float64:
		return nestedOf(d, x)
	}
	return nil, fmt.Errorf("dtype must be float32 or float64, got %v", d.Dtype())
}

func nestedOf[T float32 | float64](d *tensor.Dense, x []T) (any, error) {
	switch d.Dims() {
	case 1:
		return x, nil
	case 2:
		return slices.Collect(slices.Chunk(x, d.Shape()[1])), nil
	}
	return nil, fmt.Errorf("want a vector or matrix, got shape %v", d.Shape())
}

// IsNPZ reports whether data begins as NPZ files do, which are ZIP archives.
func IsNPZ(data []byte) bool { return bytes.HasPrefix(data, []byte("PK")) }

const (
	maxNPYHeader = 10_000 // bytes; NumPy's own limit for files it does not trust
	maxNPYDims   = 32     // that NumPy knows

	// An NPZ file may hold spareBytes and beside them maxRatio bytes for each of
	// its own.
	spareBytes = 4 << 20
	maxRatio   = 64
)

// ReadNPZ reads the arrays of floats in an NPZ file, by name, as little-endian
// and row-major views, and the arrays of bytes (uint8) as texts. What it
// allocates is bounded by the size of data.
func ReadNPZ(data []byte) (map[string]safetensors.TensorView, map[string]string, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, nil, fmt.Errorf("not an NPZ file: %w", err)
	}
	left := spareBytes + maxRatio*uint64(len(data))
	tensors, texts := map[string]safetensors.TensorView{}, map[string]string{}
	for _, f := range z.File {
		name, ok := strings.CutSuffix(f.Name, extension)
		if !ok {
			return nil, nil, fmt.Errorf("holds %.100q, want arrays, of names that end in %s", f.Name, extension)
		}
		_, isTensor := tensors[name]
		_, isText := texts[name]
		if isTensor || isText {
			return nil, nil, fmt.Errorf("holds two arrays %.100q", name)
		}
		if f.UncompressedSize64 > left {
			return nil, nil, fmt.Errorf("%.100q: unpacked, the arrays take more than %d times the file", name, maxRatio)
		}
		left -= f.UncompressedSize64
		a, err := readArray(f)
		if err == nil && a.kind == "u1" && len(a.shape) == 1 {
			texts[name] = string(a.data)
			continue
		}
		if err == nil {
			tensors[name], err = a.view()
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%.100q: %w", name, err)
		}
	}
	return tensors, texts, nil
}

// array is an array as an NPY file holds it.
type array struct {
	kind    string // and size of an element: f4, f8 or u1
	big     bool   // the byte order is big-endian
	fortran bool   // column-major
	shape   []uint64
	data    []byte
}

// readArray reads an array in the NPY format, versions 1 to 3: a magic number,
// the version, the length of the header, the header, which is a Python literal,
// and the elements.
func readArray(f *zip.File) (*array, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	// One byte more than is promised, so that the checksum is verified.
	all, err := io.ReadAll(io.LimitReader(r, int64(f.UncompressedSize64)+1))
	if err != nil {
		return nil, err
	}
	if len(all) < 12 || !bytes.HasPrefix(all, []byte("\x93NUMPY")) {
		return nil, errors.New("not an NPY array")
	}
	length, text := uint32(binary.LittleEndian.Uint16(all[8:])), all[10:]
	switch all[6] {
	case 1:
	case 2, 3:
		length, text = binary.LittleEndian.Uint32(all[8:]), all[12:]
	default:
		return nil, fmt.Errorf("NPY version must be 1, 2 or 3, got %d", all[6])
	}
	if length > maxNPYHeader || int(length) > len(text) {
		return nil, fmt.Errorf("NPY header of %d bytes, want at most %d and all of them", length, maxNPYHeader)
	}
	a, err := parseHeader(text[:length])
	if err != nil {
		return nil, err
	}
	a.data = text[length:]
	want := uint64(a.size())
	for _, n := range a.shape {
		if n > math.MaxInt32 || want > math.MaxInt/max(n, 1) {
			return nil, fmt.Errorf("shape %v is too large", a.shape)
		}
		want *= n
	}
	if want != uint64(len(a.data)) {
		return nil, fmt.Errorf("shape %v of %s takes %d bytes, got %d", a.shape, a.kind, want, len(a.data))
	}
	return a, nil
}

// size is that of an element in bytes.
func (a *array) size() int { return int(a.kind[1] - '0') }

var npyHeader = struct{ descr, fortran, shape *regexp.Regexp }{
	regexp.MustCompile(`'descr'\s*:\s*'([<>|=])(f4|f8|u1)'`),
	regexp.MustCompile(`'fortran_order'\s*:\s*(True|False)`),
	regexp.MustCompile(`'shape'\s*:\s*\(([0-9,\s]*)\)`),
}

func parseHeader(text []byte) (*array, error) {
	descr := npyHeader.descr.FindSubmatch(text)
	fortran := npyHeader.fortran.FindSubmatch(text)
	shape := npyHeader.shape.FindSubmatch(text)
	if descr == nil || fortran == nil || shape == nil {
		return nil, fmt.Errorf("want an array of float32, float64 or, for a text, uint8, got %.100q", bytes.TrimSpace(text))
	}
	a := &array{kind: string(descr[2]), big: descr[1][0] == '>', fortran: string(fortran[1]) == "True"}
	for field := range strings.SplitSeq(string(shape[1]), ",") {
		if field = strings.TrimSpace(field); field == "" {
			continue
		}
		n, err := strconv.ParseUint(field, 10, 64)
		if err != nil || len(a.shape) == maxNPYDims {
			return nil, fmt.Errorf("shape (%.100s): want at most %d sizes", shape[1], maxNPYDims)
		}
		a.shape = append(a.shape, n)
	}
	return a, nil
}

// view returns a, which must be of floats, as a view.
func (a *array) view() (safetensors.TensorView, error) {
	if a.kind == "u1" {
		return safetensors.TensorView{}, fmt.Errorf("must be of float32 or float64, or a text of one dimension, got uint8 of shape %v", a.shape)
	}
	if len(a.shape) != 1 && len(a.shape) != 2 {
		return safetensors.TensorView{}, fmt.Errorf("must be a vector or matrix, got shape %v", a.shape)
	}
	dtype := safetensors.F32
	if a.kind == "f8" {
		dtype = safetensors.F64
	}
	data := a.data
	if a.big {
		for x := range slices.Chunk(data, a.size()) {
			slices.Reverse(x)
		}
	}
	if a.fortran && len(a.shape) == 2 {
		data = transpose(data, int(a.shape[1]), int(a.shape[0]), a.size())
	}
	return safetensors.NewTensorView(dtype, a.shape, data)
}

// Transpose returns the transpose of a matrix.
func Transpose(v safetensors.TensorView) (safetensors.TensorView, error) {
	s := v.Shape()
	if len(s) != 2 {
		return v, fmt.Errorf("must be a matrix, got shape %v", s)
	}
	data := transpose(v.Data(), int(s[0]), int(s[1]), int(v.DType().Size()))
	return safetensors.NewTensorView(v.DType(), []uint64{s[1], s[0]}, data)
}

// transpose returns the transpose of rows × columns elements of size bytes.
func transpose(data []byte, rows, columns, size int) []byte {
	out := make([]byte, 0, len(data))
	if len(data) == 0 {
		return out // however many rows or columns
	}
	for j := range columns {
		for i := range rows {
			at := (i*columns + j) * size
			out = append(out, data[at:at+size]...)
		}
	}
	return out
}
