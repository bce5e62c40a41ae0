package fetch

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// Archive is a tar file, packed by gzip, that holds all files of a set, in any folder.
// Its size and checksum are those of the packed file.
type Archive struct {
	File
	// Others are files that are taken along, of which the archive's checksum is all that
	// is known.
	Others []string
}

// unpack writes files of the archive at from, which was verified, to a folder, and
// verifies them.
func (a *Archive) unpack(from, folder string, files []File) error {
	file, err := os.Open(from)
	if err != nil {
		return err
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		return fmt.Errorf("%s: %w", a.Name, err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%s: %w", a.Name, err)
		}
		name := path.Base(h.Name)
		if h.Typeflag != tar.TypeReg || !slices.Contains(a.Others, name) && !slices.ContainsFunc(files, func(f File) bool { return f.Name == name }) {
			continue
		}
		if err := (File{Name: name, Size: h.Size}).write(filepath.Join(folder, name), r); err != nil {
			return fmt.Errorf("%s: %s: %w", a.Name, name, err)
		}
	}
	for _, f := range files {
		if _, err := f.Check(folder); err != nil {
			return fmt.Errorf("%s: %w", a.Name, err)
		}
	}
	return nil
}
