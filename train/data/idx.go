package data

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"example.com/pcn/internal/bounded"
)

// The names of the files are these, one behind the other.
const (
	trainPart  = "train"
	testPart   = "t10k"
	imagesFile = "-images-idx3-ubyte"
	labelsFile = "-labels-idx1-ubyte"
)

// idxFiles are the files that IDX reads.
var idxFiles = []string{trainPart + imagesFile, trainPart + labelsFile, testPart + imagesFile, testPart + labelsFile}

// IDX reads a folder in the format of MNIST: images and labels for training and
// for testing, in the files
//
//	train-images-idx3-ubyte  train-labels-idx1-ubyte
//	t10k-images-idx3-ubyte   t10k-labels-idx1-ubyte
//
// each plain or compressed by gzip with the extension .gz. Names with a dot, as
// train-images.idx3-ubyte, are found too; the plain file is preferred. The sets
// are named after the folder, as mnist/train and mnist/test.
//
// Classes is the largest training label plus 1, at least 2, for both sets. Pixels
// stay bytes, which the sets' transform maps to [0, 1].
func IDX(dir string) (train, test *Set, err error) {
	if info, err := os.Stat(dir); err != nil {
		return nil, nil, fmt.Errorf("data: %w", err)
	} else if !info.IsDir() {
		return nil, nil, fmt.Errorf("data: %s: must be a folder of IDX files, got a file", dir)
	}
	if train, err = idxSet(dir, trainPart, "train"); err != nil {
		return nil, nil, err
	}
	if test, err = idxSet(dir, testPart, "test"); err != nil {
		return nil, nil, err
	}
	if train.Classes < 2 {
		return nil, nil, fmt.Errorf("data: %s: must have at least 2 classes, got training labels that are all 0", dir)
	}
	if test.Classes > train.Classes {
		return nil, nil, fmt.Errorf("data: %s: the test labels: must be 0..%d as in training, got %d", dir, train.Classes-1, test.Classes-1)
	}
	test.Classes = train.Classes
	if !slices.Equal(test.Shape, train.Shape) {
		return nil, nil, fmt.Errorf("data: %s: test images: must have %s as in training, got %s", dir, shapeText(train.Shape), shapeText(test.Shape))
	}
	return train, test, nil
}

// idxSet reads the images and labels of one part of a folder.
func idxSet(dir, prefix, part string) (*Set, error) {
	imagesPath, err := IDXPath(dir, prefix+imagesFile)
	if err != nil {
		return nil, err
	}
	labelsPath, err := IDXPath(dir, prefix+labelsFile)
	if err != nil {
		return nil, err
	}
	shape, labels, err := readIDXFile(labelsPath, 1) // the small file first
	if err != nil {
		return nil, err
	}
	n := shape[0]
	shape, pixels, err := readIDXFile(imagesPath, 3)
	if err != nil {
		return nil, err
	}
	if shape[0] != n {
		return nil, fmt.Errorf("data: %s: must hold %d images, as %s has labels, got %d", imagesPath, n, labelsPath, shape[0])
	}
	s := &Set{
		Name:   folderName(dir) + "/" + part,
		Shape:  []int{shape[1], shape[2], 1},
		White:  255,
		n:      n,
		inputs: values{width: shape[1] * shape[2], bytes: pixels},
		labels: make([]int, n),
	}
	for i, k := range labels {
		s.labels[i] = int(k)
		s.Classes = max(s.Classes, int(k)+1)
	}
	return s.WithTransforms(PixelRange(0, 1, s.White), Transform{}), nil
}

// folderName returns the last element of a folder's path, also for ".".
func folderName(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	return filepath.Base(dir)
}

// IDXPath returns which of the names that a file of a folder may have is there:
// for train-images-idx3-ubyte that one, the one with .gz, train-images.idx3-ubyte
// or that with .gz. When there is none the error is an [fs.ErrNotExist].
func IDXPath(dir, name string) (string, error) {
	names := []string{name, name + ".gz"}
	if at := strings.LastIndex(name, "-idx"); at >= 0 {
		dotted := name[:at] + "." + name[at+1:]
		names = append(names, dotted, dotted+".gz")
	}
	for _, name := range names {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err == nil {
			return path, nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("data: %w", err)
		}
	}
	return "", fmt.Errorf("data: %s: must hold one of %s: %w", dir, strings.Join(names, ", "), fs.ErrNotExist)
}

func readIDXFile(path string, dims int) (shape []int, data []byte, err error) {
	f, err := openFile(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	return ReadIDX(f, path, dims, f.size)
}

// ReadIDX reads an array of unsigned bytes in the IDX format, not compressed: its
// shape and its elements, row-major. The format is
//
//	2 bytes     0
//	1 byte      type of the elements, here 0x08, unsigned byte
//	1 byte      number of dimensions
//	4 bytes     size of each dimension, big-endian
//	1 byte      each element
//
// dims is the number of dimensions to expect, 3 for images and 1 for labels, or 0
// for any. A header that promises more than limit elements is refused; 0 means
// as many as there are. Memory never grows beyond 64 MB or twice what arrived,
// whatever the header promises. No dimension may be 0, and r must end with the
// last element. Errors begin with name.
func ReadIDX(r io.Reader, name string, dims int, limit int64) (shape []int, data []byte, err error) {
	shape, size, err := readIDXHeader(r, dims)
	if err == nil && limit > 0 && int64(size) > limit {
		err = fmt.Errorf("shape %v: must promise at most %d bytes, got %d", shape, limit, size)
	}
	if err == nil {
		data, err = bounded.Read(r, size)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("data: %s: %w", name, err)
	}
	return shape, data, nil
}

// readIDXHeader returns the shape and the number of elements.
func readIDXHeader(r io.Reader, dims int) (shape []int, size int, err error) {
	var word [4]byte
	if _, err := io.ReadFull(r, word[:]); err != nil {
		return nil, 0, fmt.Errorf("magic number: must have 4 bytes: %w", bounded.Early(err))
	}
	if word[0] != 0 || word[1] != 0 {
		return nil, 0, fmt.Errorf("magic number: must be 0x000008 and the number of dimensions, got 0x%08X: not an IDX file", word)
	}
	if word[2] != 0x08 {
		return nil, 0, fmt.Errorf("magic number: dtype: must be 0x08 unsigned byte, got 0x%02X %s", word[2], cmp.Or(idxTypes[word[2]], "unknown"))
	}
	rank := int(word[3])
	if rank == 0 || dims > 0 && rank != dims {
		return nil, 0, fmt.Errorf("magic number: dimensions: must be %s, got %d", cmp.Or(idxDims[dims], fmt.Sprint(dims)), rank)
	}
	size = 1
	for i := range rank {
		if _, err := io.ReadFull(r, word[:]); err != nil {
			return nil, 0, fmt.Errorf("size of dimension %d of %d: must have 4 bytes: %w", i, rank, bounded.Early(err))
		}
		n := int64(binary.BigEndian.Uint32(word[:]))
		if n == 0 {
			return nil, 0, fmt.Errorf("size of dimension %d of %d: must be at least 1, got 0", i, rank)
		}
		if n > int64(math.MaxInt/size) {
			return nil, 0, fmt.Errorf("size of dimension %d of %d is %d, and the product of %v with it overflows", i, rank, n, shape)
		}
		size *= int(n)
		shape = append(shape, int(n))
	}
	return shape, size, nil
}

// What errors call types of elements, and numbers of dimensions.
var (
	idxTypes = map[byte]string{0x09: "signed byte", 0x0B: "int16", 0x0C: "int32", 0x0D: "float32", 0x0E: "float64"}
	idxDims  = map[int]string{0: "at least 1", 1: "1 for labels", 3: "3 for images"}
)
