package data

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"example.com/pcn/internal/quoted"
)

// Read reads data of one's own: path is
//   - a file of rows, .csv, .tsv or .jsonl, or one of them with .gz: all columns but
//     those named are inputs, see [ReadCSV];
//   - an NPZ file, or an NPY file or folder of NPY files, with the arrays x and y
//     or, as Keras' mnist.npz, x_train, y_train, x_test and y_test, whatever the case;
//     images, features or data may stand for x, and labels or targets for y, or other
//     names that cols has. x is of shape (n), (n, features), (n, height, width) or
//     (n, height, width, channels), and y (n) or (n, targets), of bool, integers,
//     float32 or float64. Where cols does not say, a y of floats is to regress on, unless
//     it has few whole numbers or each row is a 1 among zeros, and any other holds
//     classes;
//   - a folder of images for each class, see [Images]; or two folders of such
//     folders, named train and test;
//   - a folder of IDX files, see [IDX], or of CIFAR's, see [CIFAR10] and [CIFAR100].
//
// test is nil when there is no test part. The sets are named after the path. All
// that is said of foreign files in the package's overview holds. A name that
// cols lacks, or that is not in the file, is a [ColumnError].
func Read(path string, cols Columns) (rest, test *Set, err error) {
	if err := cols.Check(); err != nil {
		return nil, nil, fmt.Errorf("data: %s: %w", path, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, fmt.Errorf("data: %w", err)
	}
	if info.IsDir() {
		rest, test, err = readFolder(path, cols)
	} else {
		rest, test, err = readFile(path, cols)
	}
	if err != nil {
		return nil, nil, err
	}
	if n := len(cols.Classes); n > 0 {
		for _, s := range []*Set{rest, test} {
			if s == nil {
				continue
			}
			if s.Classes > n {
				return nil, nil, fmt.Errorf("data: %s: labels: must be 0..%d, got %d", path, n-1, s.Classes-1)
			}
			s.Classes = n
		}
	}
	rest.Name = BaseName(path)
	if test != nil {
		rest.Name, test.Name = rest.Name+"/train", rest.Name+"/test"
	}
	return rest, test, nil
}

// HasArrays reports whether a path is an NPZ or NPY file, or a folder of NPY
// files: what [Read] reads arrays of.
func HasArrays(path string) bool {
	switch extension(path) {
	case ".npz", ".npy":
		return true
	}
	return len(npyFolder(path).names()) > 0
}

// BaseName returns the name of a file or folder without its extensions.
func BaseName(path string) string {
	name, _, _ := strings.Cut(folderName(path), ".")
	if name == "" {
		return folderName(path)
	}
	return name
}

func readFile(path string, cols Columns) (rest, test *Set, err error) {
	if err := cols.formless(path); err != nil {
		return nil, nil, err
	}
	switch ext := extension(path); ext {
	case ".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson":
		if !cols.Sequence.IsZero() {
			rest, err = readSequences(path, cols)
			return rest, nil, err
		}
		if cols.Label == "" && len(cols.Targets) == 0 {
			among := "by place from 1, since there is no header"
			if names := columnNames(path); names != nil {
				among = "among " + quoted.List(names)
			}
			return nil, nil, &ColumnError{fmt.Sprintf("data: %s: which column is to be learned? name the label, or the targets of a regression, %s", path, among)}
		}
		rest, err = CSV(path, cols)
		return rest, nil, err
	case ".npz":
		return readNPZFile(path, cols)
	case ".npy":
		return readArrays(npyFolder(filepath.Dir(path)), cols)
	default:
		return nil, nil, fmt.Errorf("data: %s: must end in .csv, .tsv, .jsonl, .npz or .npy, or be a folder, got %q", path, ext)
	}
}

func readFolder(dir string, cols Columns) (rest, test *Set, err error) {
	if HasArrays(dir) {
		if err := cols.formless(dir); err != nil {
			return nil, nil, err
		}
		return readArrays(npyFolder(dir), cols)
	}
	if !cols.Sequence.IsZero() {
		return nil, nil, &ColumnError{fmt.Sprintf("data: %s: sequence: must be left out, since images make no sequences, got %v", dir, cols.Sequence)}
	}
	if len(cols.learned())+len(cols.Inputs)+len(cols.Drop) > 0 {
		return nil, nil, &ColumnError{fmt.Sprintf("data: %s: must have neither label nor target, nor inputs, since a folder of images has no columns", dir)}
	}
	for _, known := range []struct {
		file string // which only such a folder has
		read func(dir string) (train, test *Set, err error)
	}{{trainPart + imagesFile, IDX}, {cifar10.test, cifar10.read}, {cifar100.test, cifar100.read}} {
		_, err := IDXPath(dir, known.file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = cols.formless(dir)
		}
		if err != nil {
			return nil, nil, err
		}
		return known.read(dir)
	}
	names, err := visible(dir)
	if err != nil {
		return nil, nil, err
	}
	if !slices.Equal(names, []string{"test", "train"}) {
		rest, err = Images(dir, cols.Classes, cols.imageForm())
		return rest, nil, err
	}
	if rest, err = Images(filepath.Join(dir, "train"), cols.Classes, cols.imageForm()); err != nil {
		return nil, nil, err
	}
	cols.colour = rest.colour()
	if test, err = Images(filepath.Join(dir, "test"), rest.classNames(), cols.imageForm()); err != nil {
		return nil, nil, err
	}
	if err := agree(rest, test, filepath.Join(dir, "test")); err != nil {
		return nil, nil, err
	}
	return rest, test, nil
}

// escapeGlob returns the pattern that matches path alone.
func escapeGlob(path string) string {
	if os.PathSeparator == '\\' {
		return path // a backslash cannot escape there
	}
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// agree returns why test, read from path, cannot test what learns from train; it
// gives test the classes of train.
func agree(train, test *Set, path string) error {
	switch {
	case train.InputSize() != test.InputSize() || !slices.Equal(train.Shape, test.Shape):
		return fmt.Errorf("data: %s: must have %d inputs%s as in training, got %d%s", path, train.InputSize(), pixelsText(train), test.InputSize(), pixelsText(test))
	case (train.labels == nil) != (test.labels == nil):
		return fmt.Errorf("data: %s: classes in one of training and test, and targets in the other", path)
	case train.labels == nil && train.TargetSize() != test.TargetSize():
		return fmt.Errorf("data: %s: must have %d targets as in training, got %d", path, train.TargetSize(), test.TargetSize())
	case test.Classes > train.Classes:
		return fmt.Errorf("data: %s: test labels: must be 0..%d as in training, got %d", path, train.Classes-1, test.Classes-1)
	}
	test.Classes, test.ClassNames = train.Classes, train.ClassNames
	test.White = train.White
	*test = *test.WithTransforms(train.InputTransform(), train.TargetTransform())
	return nil
}

func pixelsText(s *Set) string {
	if s.Shape == nil {
		return ""
	}
	return ", " + shapeText(s.Shape)
}

// ReadTest reads the test part of what train is the training part of: a path as
// for [Read] with the same columns, inputs and classes, and no parts of its own.
func ReadTest(path string, cols Columns, train *Set) (*Set, error) {
	if train == nil {
		return nil, fmt.Errorf("data: %s: training part: must be a set, got none", path)
	}
	if train.labels != nil {
		cols.Classes = train.classNames()
	}
	cols.Table = train.table
	cols.colour = train.colour()
	if cols.Label == "" && len(cols.Targets) == 0 && train.labels == nil && cols.Sequence.IsZero() {
		cols.Targets = []string{defaultTargets}
	}
	cols.testing = true
	all, test, err := Read(path, cols)
	if err != nil {
		return nil, err
	}
	if test != nil {
		return nil, fmt.Errorf("data: %s: must be the test part alone, got a training and a test part", path)
	}
	all.testing = true
	return all, agree(train, all, path)
}
