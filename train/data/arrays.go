package data

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"example.com/pcn/internal/bounded"
)

// defaultTargets is the array that is learned when none is named.
const defaultTargets = "y"

// arrays are the arrays that a file or folder holds by name. open returns an
// [fs.ErrNotExist] for one that is not there, and otherwise its bytes and how
// many of them there can be at most.
type arrays interface {
	open(name string) (r io.ReadCloser, limit int64, err error)
	path(name string) string
}

// npzFile is an NPZ file: a zip of NPY files.
type npzFile struct {
	*zip.Reader
	file string
}

func (z npzFile) path(name string) string { return z.file + ": " + name }

func (z npzFile) open(name string) (io.ReadCloser, int64, error) {
	for _, f := range z.File {
		if f.Name != name+".npy" && f.Name != name {
			continue
		}
		// The sizes are the file's own word, so that each bounds the other.
		limit := bounded.Unpacked(int64(f.CompressedSize64)) // at most the file's
		if f.UncompressedSize64 < uint64(limit) {
			limit = int64(f.UncompressedSize64)
		}
		r, err := f.Open()
		return r, limit, err
	}
	return nil, 0, fs.ErrNotExist
}

// npyFolder is a folder of NPY files.
type npyFolder string

func (d npyFolder) path(name string) string { return filepath.Join(string(d), name+".npy") }

func (d npyFolder) open(name string) (io.ReadCloser, int64, error) {
	f, err := openFile(d.path(name))
	if err != nil {
		return nil, 0, err
	}
	return readCloser{f, f.Close}, f.size, nil
}

type readCloser struct {
	io.Reader
	close func() error
}

func (r readCloser) Close() error { return r.close() }

// readNPZ reads the sets of an NPZ file of size bytes. See [Read].
func readNPZ(r io.ReaderAt, size int64, path string, cols Columns) (rest, test *Set, err error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, nil, fmt.Errorf("data: %s: %w", path, err)
	}
	for _, f := range z.File {
		if f.CompressedSize64 > uint64(size) {
			return nil, nil, fmt.Errorf("data: %s: %.40q: must have at most the file's %d bytes, got %d", path, f.Name, size, f.CompressedSize64)
		}
	}
	return readArrays(npzFile{z, path}, cols)
}

func readNPZFile(path string, cols Columns) (rest, test *Set, err error) {
	f, size, err := bounded.OpenSized(path)
	if err != nil {
		return nil, nil, fmt.Errorf("data: %w", err)
	}
	defer f.Close()
	return readNPZ(f, size, path, cols)
}

// readArrays reads x and y or, where there is no x, x_train, y_train, x_test and
// y_test, with cols' name in place of y.
func readArrays(src arrays, cols Columns) (rest, test *Set, err error) {
	y := defaultTargets
	switch {
	case cols.Label != "":
		y = cols.Label
	case len(cols.Targets) == 1:
		y = cols.Targets[0]
	case len(cols.Targets) > 1:
		return nil, nil, &ColumnError{fmt.Sprintf("data: %s: targets: must be the name of one array, got %q", src.path("x"), cols.Targets)}
	}
	rest, err = readPair(src, "x", y, cols)
	if err == nil || !errors.Is(err, errNoInputs) {
		return rest, nil, err
	}
	rest, err = readPair(src, "x_train", y+"_train", cols)
	if errors.Is(err, errNoInputs) {
		return nil, nil, fmt.Errorf("data: %s: must have arrays x and y or x_train, y_train, x_test and y_test: %w", src.path("x"), fs.ErrNotExist)
	}
	if err != nil {
		return nil, nil, err
	}
	if cols.Label == "" && len(cols.Targets) == 0 && cols.Sequence.IsZero() { // the test part is what the training part is
		if rest.Classes > 0 {
			cols.Label = y
		} else {
			cols.Targets = []string{y}
		}
	}
	if test, err = readPair(src, "x_test", y+"_test", cols); err != nil {
		if errors.Is(err, errNoInputs) {
			return rest, nil, nil
		}
		return nil, nil, err
	}
	if err := agree(rest, test, src.path("x_test")); err != nil {
		return nil, nil, err
	}
	return rest, test, nil
}

// errNoInputs says that there is no array of inputs of that name.
var errNoInputs = errors.New("no inputs")

// readPair reads one set from the arrays of its inputs and targets.
func readPair(src arrays, x, y string, cols Columns) (*Set, error) {
	inputs, err := readArray(src, x)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoInputs
	}
	if err != nil {
		return nil, err
	}
	if !cols.Sequence.IsZero() {
		var targets *array
		if len(cols.Targets) > 0 {
			if targets, err = readArray(src, y); err != nil {
				return nil, err
			}
		}
		s, err := cols.Sequence.sequences(inputs, targets)
		if err != nil {
			return nil, fmt.Errorf("data: %s: %w", src.path(x), err)
		}
		return s, nil
	}
	s := new(Set)
	if err := inputs.inputs(s); err != nil {
		return nil, fmt.Errorf("data: %s: %w", src.path(x), err)
	}
	targets, err := readArray(src, y)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &ColumnError{fmt.Sprintf("data: %s: must be an array, the targets of %s, got none", src.path(y), x)}
	}
	if err != nil {
		return nil, err
	}
	switch {
	case cols.Label != "" || len(cols.Targets) == 0 && targets.Kind != 'f':
		err = targets.labels(s)
	default:
		err = targets.targets(s)
	}
	if err != nil {
		return nil, fmt.Errorf("data: %s: %w", src.path(y), err)
	}
	if s.labels != nil && len(cols.Classes) == 0 && s.Classes < 2 && !strings.HasSuffix(y, "_test") {
		return nil, fmt.Errorf("data: %s: must have at least 2 classes, got labels that are all 0", src.path(y))
	}
	var transform Transform
	if s.White > 0 {
		transform = PixelRange(0, 1, s.White)
	}
	return s.WithTransforms(transform, Transform{}), nil
}

func readArray(src arrays, name string) (*array, error) {
	r, limit, err := src.open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("data: %s: %w", src.path(name), err)
	}
	defer r.Close()
	a, err := readNPY(r, limit)
	if err != nil {
		return nil, fmt.Errorf("data: %s: %w", src.path(name), err)
	}
	return a, nil
}
