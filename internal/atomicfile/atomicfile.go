// Package atomicfile writes files that are either complete or not there.
package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Write calls write with a temporary file beside path, syncs it and renames it
// to path. On any error the temporary file is removed and what was at path
// stays. A new file has the mode that the umask leaves it, one in place of another
// the mode of that.
func Write(path string, write func(io.Writer) error) (err error) {
	f, err := create(path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
			err = fmt.Errorf("%s: %w", path, err)
		}
	}()
	if was, err := os.Stat(path); err == nil {
		if err := f.Chmod(was.Mode().Perm()); err != nil {
			return err
		}
	}
	if err := write(f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	syncDir(filepath.Dir(path))
	return nil
}

// suffix ends the names of temporary files: .NAME.NUMBER.part stands beside NAME.
const suffix = ".part"

// create makes a temporary file for path. [os.CreateTemp] would close it to all but
// its owner, whatever the umask.
func create(path string) (*os.File, error) {
	dir, name := filepath.Split(path)
	for {
		part := filepath.Join(dir, fmt.Sprintf(".%s.%d%s", name, rand.Uint64(), suffix))
		f, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}

// Clean removes from dir the temporary files that ended processes have left there
// of files with these names. None may be writing to them.
func Clean(dir string, names ...string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		for _, name := range names {
			number, of := strings.CutPrefix(e.Name(), "."+name+".")
			number, temporary := strings.CutSuffix(number, suffix)
			if _, err := strconv.ParseUint(number, 10, 64); !of || !temporary || err != nil {
				continue
			}
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// syncDir makes the rename itself durable where the system can; where it cannot
// (Windows) the rename is durable in the system's own time.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		d.Sync()
		d.Close()
	}
}
