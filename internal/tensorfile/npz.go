package tensorfile

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"codeberg.org/sbinet/npyio/npz"
	"github.com/nlpodyssey/safetensors"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/bounded"
	"example.com/pcn/internal/npy"
)

// Extension ends the names of arrays in an NPZ file.
const extension = ".npy"

// WriteNPZ writes arrays of one to four dimensions of float32 or float64 as an NPZ file, as
// NumPy's savez_compressed does, and texts beside them as arrays of bytes, among
// which is their hash: see [Check]. Of the same content the same bytes come.
func WriteNPZ(w io.Writer, tensors map[string]*tensor.Dense, texts map[string]string) error {
	_, texts, err := withSum(tensors, texts)
	if err != nil {
		return err
	}
	arrays := map[string]any{}
	for name, text := range texts {
		arrays[name] = []byte(text)
	}
	for name, d := range tensors {
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

// nested returns d as a slice, of slices where it has several dimensions.
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
	s := d.Shape()
	rows := slices.Collect(slices.Chunk(x, s[len(s)-1]))
	switch len(s) {
	case 1:
		return x, nil
	case 2:
		return rows, nil
	case 3:
		return slices.Collect(slices.Chunk(rows, s[1])), nil
	case 4:
		return slices.Collect(slices.Chunk(slices.Collect(slices.Chunk(rows, s[2])), s[1])), nil
	}
	return nil, fmt.Errorf("must be of one to four dimensions, got shape %v", s)
}

// IsNPZ reports whether data begins as NPZ files do, which are ZIP archives.
func IsNPZ(data []byte) bool { return bytes.HasPrefix(data, []byte("PK")) }

// ReadNPZ reads the arrays of floats in an NPZ file, by name, as little-endian
// and row-major views, and the arrays of bytes (uint8) as texts. What it
// allocates is bounded by the size of data.
func ReadNPZ(data []byte) (map[string]safetensors.TensorView, map[string]string, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, nil, fmt.Errorf("not an NPZ file: %w", err)
	}
	left := uint64(bounded.Unpacked(int64(len(data))))
	tensors, texts := map[string]safetensors.TensorView{}, map[string]string{}
	for _, f := range z.File {
		name, ok := strings.CutSuffix(f.Name, extension)
		if !ok {
			return nil, nil, fmt.Errorf("must hold arrays, of names that end in %s, got %.100q", extension, f.Name)
		}
		_, isTensor := tensors[name]
		_, isText := texts[name]
		if isTensor || isText {
			return nil, nil, fmt.Errorf("holds two arrays %.100q", name)
		}
		if f.UncompressedSize64 > left {
			return nil, nil, fmt.Errorf("%.100q: %w", name, bounded.ErrTooLarge)
		}
		left -= f.UncompressedSize64
		a, err := readArray(f)
		if err == nil && a.Kind == 'u' && a.Size == 1 && len(a.Shape) == 1 {
			texts[name] = string(a.Data)
			continue
		}
		if err == nil {
			tensors[name], err = view(a)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%.100q: %w", name, err)
		}
	}
	return tensors, texts, nil
}

func readArray(f *zip.File) (*npy.Array, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return npy.Read(r, int64(f.UncompressedSize64))
}

// view returns an array, which must be of floats, as a view.
func view(a *npy.Array) (safetensors.TensorView, error) {
	if a.Kind != 'f' {
		return safetensors.TensorView{}, fmt.Errorf("must be of float32 or float64, or a text (uint8) of one dimension, got %c%d of shape %v", a.Kind, a.Size, a.Shape)
	}
	if len(a.Shape) < 1 || len(a.Shape) > 4 {
		return safetensors.TensorView{}, fmt.Errorf("must be of one to four dimensions, got shape %v", a.Shape)
	}
	dtype := safetensors.F32
	if a.Size == 8 {
		dtype = safetensors.F64
	}
	var shape []uint64
	for _, n := range a.Shape {
		shape = append(shape, uint64(n))
	}
	return safetensors.NewTensorView(dtype, shape, a.Data)
}

// Transpose returns the transpose of a matrix.
func Transpose(v safetensors.TensorView) (safetensors.TensorView, error) {
	s := v.Shape()
	if len(s) != 2 {
		return v, fmt.Errorf("must be a matrix, got shape %v", s)
	}
	data := npy.RowMajor(v.Data(), []int{int(s[1]), int(s[0])}, int(v.DType().Size()))
	return safetensors.NewTensorView(v.DType(), []uint64{s[1], s[0]}, data)
}
