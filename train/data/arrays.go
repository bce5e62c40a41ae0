package data

import (
	"archive/zip"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"example.com/pcn/internal/bounded"
	"example.com/pcn/internal/quoted"
)

// defaultTargets is the array that is learned when none is named.
const defaultTargets = "y"

// Names that arrays of inputs, and of what is to be learned, have where none is given. The
// one that comes first is taken.
var (
	inputArrays  = []string{"x", "inputs", "input", "images", "features", "data"}
	targetArrays = []string{defaultTargets, "labels", "label", "targets", "target", "classes"}
)

// arrays are the arrays that a file or folder holds by name. open returns an
// [fs.ErrNotExist] for one that is not there, and otherwise its bytes and how
// many of them there can be at most.
type arrays interface {
	open(name string) (r io.ReadCloser, limit int64, err error)
	path(name string) string
	names() []string
}

// npzFile is an NPZ file: a zip of NPY files.
type npzFile struct {
	*zip.Reader
	file string
}

func (z npzFile) path(name string) string { return z.file + ": " + name }

func (z npzFile) names() []string {
	var names []string
	for _, f := range z.File {
		names = append(names, strings.TrimSuffix(f.Name, ".npy"))
	}
	return names
}

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

func (d npyFolder) names() []string {
	paths, _ := filepath.Glob(filepath.Join(escapeGlob(string(d)), "*.npy"))
	for i, path := range paths {
		paths[i] = strings.TrimSuffix(filepath.Base(path), ".npy")
	}
	return paths
}

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

// readArrays reads the arrays of inputs and of what is to be learned or, where there are
// none, those of a training and a test part. cols may name them.
func readArrays(src arrays, cols Columns) (rest, test *Set, err error) {
	xs, ys := inputArrays, targetArrays
	if len(cols.Inputs) > 0 {
		xs = cols.Inputs
	}
	if learned := cols.learned(); len(learned) > 0 && !slices.Equal(learned, []string{defaultTargets}) { // which an unnamed one is, once it is known what it holds
		ys = learned
	}
	if len(cols.Drop) > 0 || len(cols.Inputs) > 1 || len(cols.Targets) > 1 {
		return nil, nil, &ColumnError{fmt.Sprintf("data: %s: must be the name of one array of inputs, and one to learn, got inputs %q, targets %q and %q to drop", src.path("x"), cols.Inputs, cols.Targets, cols.Drop)}
	}
	x, y := findArray(src, xs, ""), findArray(src, ys, "")
	if x != "" {
		rest, err = readPair(src, x, cmp.Or(y, ys[0]), cols)
		return rest, nil, err
	}
	x, y = findArray(src, xs, "train"), findArray(src, ys, "train")
	if x == "" {
		return nil, nil, &ColumnError{fmt.Sprintf("data: %s: must have arrays x and y or x_train, y_train, x_test and y_test, or names for others of inputs and to learn, got %s", src.path(xs[0]), quoted.List(src.names()))}
	}
	if rest, err = readPair(src, x, cmp.Or(y, ys[0]+"_train"), cols); err != nil {
		return nil, nil, err
	}
	if x = findArray(src, xs, "test"); x == "" {
		return rest, nil, nil
	}
	if rest.Classes > 0 { // the test part is what the training part is
		cols.Label, cols.Targets = y, nil
	} else if cols.Sequence.IsZero() {
		cols.Targets = []string{y}
	}
	if rest.ClassNames != nil {
		cols.Classes = rest.ClassNames
	}
	cols.testing = true
	if test, err = readPair(src, x, cmp.Or(findArray(src, ys, "test"), ys[0]+"_test"), cols); err != nil {
		return nil, nil, err
	}
	if err := agree(rest, test, src.path(x)); err != nil {
		return nil, nil, err
	}
	return rest, test, nil
}

// findArray returns the array of src that has one of these names, whatever the case,
// alone or with the name of a part: x, x_train or train_x. Empty where none has.
func findArray(src arrays, names []string, part string) string {
	for _, name := range names {
		forms := []string{name}
		if part != "" {
			forms = []string{name + "_" + part, part + "_" + name}
		}
		for _, is := range src.names() {
			if slices.Contains(forms, is) {
				return is
			}
		}
		for _, is := range src.names() {
			if slices.ContainsFunc(forms, func(form string) bool { return strings.EqualFold(form, is) }) {
				return is
			}
		}
	}
	return ""
}

// readPair reads one set from the arrays of its inputs and targets.
func readPair(src arrays, x, y string, cols Columns) (*Set, error) {
	inputs, err := readArray(src, x)
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
		return nil, &ColumnError{fmt.Sprintf("data: %s: must be an array, the targets of %s, got none of %s", src.path(y), x, quoted.List(src.names()))}
	}
	if err != nil {
		return nil, err
	}
	if err := targets.learned(s, y, cols); err != nil {
		return nil, fmt.Errorf("data: %s: %w", src.path(y), err)
	}
	if s.labels != nil && !cols.testing && len(cols.Classes) == 0 && s.Classes < 2 {
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
