package data

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
)

// cifarSide is the width and the height of CIFAR's images.
const cifarSide = 32

// cifar is a form of CIFAR's files: records of labels and an image, without a header.
type cifar struct {
	train  []string // files, one behind the other
	test   string
	labels []int  // how many classes each label of an image has; the last is learned
	names  string // file with the name of each class
}

var (
	cifar10 = cifar{
		train:  []string{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
		test:   "test_batch.bin",
		labels: []int{10},
		names:  "batches.meta.txt",
	}
	cifar100 = cifar{
		train:  []string{"train.bin"},
		test:   "test.bin",
		labels: []int{20, 100},
		names:  "fine_label_names.txt",
	}
)

// CIFAR10 reads a folder in the binary format of CIFAR-10, 32×32 pixels in colour of
// 10 classes: data_batch_1.bin to data_batch_5.bin for training, and test_batch.bin,
// each plain or compressed by gzip with the extension .gz. The names of the classes are
// in batches.meta.txt; without it they are numbers.
//
// The files have all of a colour together; the sets have the three colours of a pixel
// one after the other. Pixels stay bytes, which the sets' transform maps to [0, 1].
//
// This was tried on files made in the format, and not on CIFAR's own.
func CIFAR10(dir string) (train, test *Set, err error) { return cifar10.read(dir) }

// CIFAR100 reads a folder in the binary format of CIFAR-100, which is that of
// [CIFAR10] but for its files, train.bin and test.bin, and for two labels: the one of
// 100 classes is learned, whose names are in fine_label_names.txt.
func CIFAR100(dir string) (train, test *Set, err error) { return cifar100.read(dir) }

func (c *cifar) read(dir string) (train, test *Set, err error) {
	names, err := c.readNames(dir)
	if err != nil {
		return nil, nil, err
	}
	if train, err = c.readPart(dir, "train", c.train, names); err != nil {
		return nil, nil, err
	}
	test, err = c.readPart(dir, "test", []string{c.test}, names)
	return train, test, err
}

// classes returns how many there are.
func (c *cifar) classes() int { return c.labels[len(c.labels)-1] }

// files returns the names of all files that must be there.
func (c *cifar) files() []string { return append(slices.Clone(c.train), c.test) }

// readNames returns the names of the classes, nil where there is no file of them.
func (c *cifar) readNames(dir string) ([]string, error) {
	path, err := IDXPath(dir, c.names)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	const most = 1 << 16
	text, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil {
		return nil, fmt.Errorf("data: %s: %w", path, err)
	}
	var names []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" {
			names = append(names, line)
		}
	}
	if len(names) != c.classes() {
		return nil, fmt.Errorf("data: %s: must have %d lines, the name of a class each, got %d", path, c.classes(), len(names))
	}
	return names, nil
}

// readPart reads the training or the test part of a folder.
func (c *cifar) readPart(dir, part string, files, names []string) (*Set, error) {
	s := &Set{
		Name: folderName(dir) + "/" + part, Shape: []int{cifarSide, cifarSide, 3}, White: 255,
		Classes: c.classes(), ClassNames: names, inputs: values{width: 3 * cifarSide * cifarSide},
	}
	for _, name := range files {
		path, err := IDXPath(dir, name)
		if err != nil {
			return nil, err
		}
		f, err := openFile(path)
		if err != nil {
			return nil, err
		}
		err = c.readRecords(f, s)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("data: %s: %w", path, err)
		}
	}
	return s.WithTransforms(PixelRange(0, 1, s.White), Transform{}), nil
}

// readRecords adds the images of a file to s.
func (c *cifar) readRecords(r io.Reader, s *Set) error {
	const plane = cifarSide * cifarSide
	record := make([]byte, len(c.labels)+3*plane)
	for at := 0; ; at++ {
		n, err := io.ReadFull(r, record)
		switch {
		case errors.Is(err, io.EOF) && at > 0:
			return nil
		case errors.Is(err, io.EOF):
			return errors.New("must hold an image at least, got no bytes")
		case errors.Is(err, io.ErrUnexpectedEOF):
			return fmt.Errorf("image %d: must have %d bytes, got the first %d: the file is cut short, or is no such file", at+1, len(record), n)
		case err != nil:
			return fmt.Errorf("image %d: %w", at+1, err)
		}
		for i, classes := range c.labels {
			if int(record[i]) >= classes {
				return fmt.Errorf("image %d: label: must be 0..%d, got %d", at+1, classes-1, record[i])
			}
		}
		s.labels = append(s.labels, int(record[len(c.labels)-1]))
		planes := record[len(c.labels):]
		for i := range plane {
			s.inputs.bytes = append(s.inputs.bytes, planes[i], planes[plane+i], planes[2*plane+i])
		}
		s.n++
	}
}
