package fetch

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"example.com/pcn/train/data"

	"example.com/pcn/internal/bounded"
)

// Check checks a file of a set in a folder, which may be plain or packed by gzip
// as [data.IDXPath] finds it, and returns its path. Without such a file the error
// is an [io/fs.ErrNotExist].
func (f File) Check(dir string) (path string, err error) {
	path, err = data.IDXPath(dir, f.Name)
	if err != nil {
		return "", err
	}
	if err := f.verify(path, strings.HasSuffix(path, ".gz")); err != nil {
		return path, fmt.Errorf("%s: %w", path, err)
	}
	return path, nil
}

// verify checks what is in a file, reading no further than the size that is
// expected.
func (f File) verify(path string, packed bool) error {
	file, err := bounded.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	var r io.Reader = file
	if packed {
		z, err := gzip.NewReader(file)
		if err != nil {
			return fmt.Errorf("not a gzip file: %w", bounded.Early(err))
		}
		r = z
	}
	sum := sha256.New()
	n, err := io.Copy(sum, io.LimitReader(r, f.Size+1))
	if err != nil {
		return fmt.Errorf("must have %d bytes: %w after %d", f.Size, err, n)
	}
	if n > f.Size {
		return fmt.Errorf("must have %d bytes, got more", f.Size)
	}
	if n < f.Size {
		return fmt.Errorf("must have %d bytes, got %d", f.Size, n)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != f.SHA256 {
		return fmt.Errorf("SHA-256: must be %s, got %s", f.SHA256, got)
	}
	return nil
}
