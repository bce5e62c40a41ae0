package data

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
)

const (
	// maxDeflateRatio is the most bytes that a byte of a gzip file can stand for.
	maxDeflateRatio = 1032

	// maxUnpacked bounds what a small gzip file may grow to.
	maxUnpacked = 4 << 30
)

// file is an open data file, unpacked as it is read when it is compressed.
type file struct {
	io.Reader
	f    *os.File
	size int64 // the most bytes that reading it can give
}

// regular describes a regular file, and refuses anything else, which might block
// or never end.
func regular(path string) (os.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("data: %s: must be a regular file, got one of type %v", path, info.Mode().Type())
	}
	return info, nil
}

// openFile opens a regular file.
func openFile(path string) (*file, error) {
	info, err := regular(path)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	r, err := unpack(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("data: %s: %w", path, err)
	}
	size := info.Size()
	if _, ok := r.(*gzip.Reader); ok {
		size = min(size*maxDeflateRatio, maxUnpacked)
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
