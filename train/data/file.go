package data

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"

	"example.com/pcn/internal/bounded"
)

// maxDeflateRatio is the most bytes that a byte of a gzip file can stand for.
const maxDeflateRatio = 1032

// file is an open data file, unpacked as it is read when it is compressed.
type file struct {
	io.Reader
	f    *os.File
	size int64 // the most bytes that reading it can give
}

// openFile opens a regular file.
func openFile(path string) (*file, error) {
	f, size, err := bounded.OpenSized(path)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	r, err := unpack(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("data: %s: %w", path, err)
	}
	if _, ok := r.(*gzip.Reader); ok {
		r, size = bounded.Unpacking(r, size), bounded.Unpacked(size)
	}
	return &file{Reader: r, f: f, size: size}, nil
}

// Close ends the reading. Its error says nothing about what was read.
func (f *file) Close() error { return f.f.Close() }

// unpack returns what r holds, unpacked when it begins like a gzip file.
func unpack(r io.Reader) (io.Reader, error) {
	b := bufio.NewReaderSize(r, 64<<10)
	if magic, _ := b.Peek(2); !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return b, nil // an error of Peek comes back at the first Read
	}
	z, err := gzip.NewReader(b)
	if err != nil {
		return nil, fmt.Errorf("gzip header: %w", err)
	}
	return z, nil
}
