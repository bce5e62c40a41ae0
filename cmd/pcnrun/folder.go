package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"example.com/pcn/internal/atomicfile"
	"example.com/pcn/internal/bounded"
)

// Files in the folder of a run.
const (
	recipeFile     = "recipe.yaml"            // the settings used
	recordFile     = "run.json"               // what was run on what, how it ended, and its test score
	metricsFile    = "metrics.jsonl"          // a line for each epoch
	modelFile      = "model.safetensors"      // the model that is scored
	bestFile       = "best.safetensors"       // the model after the epoch with the lowest validation error
	lastFile       = "last.safetensors"       // the model after the last epoch, where that is not the one scored
	checkpointFile = "checkpoint.safetensors" // where --resume goes on
	curvesFile     = "curves.png"
	reportFile     = "report.html"
	lockFile       = ".lock" // locked while a process writes to the folder

	pcnFile     = "pcn.safetensors" // of a comparison, as are the next
	mlpFile     = "mlp.safetensors"
	compareFile = "compare.png"
)

// runFiles are all files that a run writes to its folder, but for the lock.
var runFiles = []string{recipeFile, recordFile, metricsFile, modelFile, bestFile, lastFile, checkpointFile, curvesFile, reportFile, pcnFile, mlpFile, compareFile}

// errInUse says that another process writes to a folder.
var errInUse = errors.New("another pcnrun is at work in it")

// folder is a folder of a run that this process alone writes to.
type folder struct {
	dir  string
	lock *flock.Flock
}

// makeFolder makes a folder if there is none, and checks that files can be written
// to it.
func makeFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	probe, err := os.CreateTemp(dir, ".pcnrun.*")
	if err != nil {
		return fmt.Errorf("cannot write to the folder: %w", err)
	}
	probe.Close()
	return os.Remove(probe.Name())
}

// openFolder makes a folder and locks it.
func openFolder(dir string) (*folder, error) {
	if err := makeFolder(dir); err != nil {
		return nil, err
	}
	f := &folder{dir: dir, lock: flock.New(filepath.Join(dir, lockFile), flock.SetPermissions(0o666))}
	if err := bounded.Regular(f.lock.Path()); err != nil {
		return nil, err
	}
	locked, err := f.lock.TryLock()
	if err != nil {
		return nil, err
	}
	if !locked {
		return nil, fmt.Errorf("%s: %w", dir, errInUse)
	}
	return f, nil
}

// release lets other processes have the folder.
func (f *folder) release() { f.lock.Unlock() }

// path returns the path of a file in the folder.
func (f *folder) path(file string) string { return filepath.Join(f.dir, file) }

// holdsRun returns a file of a run that is in the folder, "" if there is none.
func (f *folder) holdsRun() string {
	for _, name := range runFiles {
		if _, err := os.Lstat(f.path(name)); !errors.Is(err, fs.ErrNotExist) {
			return name
		}
	}
	return ""
}

// clean removes the temporary files that processes that were killed have left of the
// run that is in the folder.
func (f *folder) clean() error { return atomicfile.Clean(f.dir, runFiles...) }

// clear removes the files of the run that is in the folder.
func (f *folder) clear() error {
	if err := f.clean(); err != nil {
		return err
	}
	for _, name := range runFiles {
		if err := os.Remove(f.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// claim opens the folder for a new run: the one of --out, which must hold no run
// unless --force says that it may go, or else the first of name, name-2, name-3
// and so on that holds none.
func (f *recipeFlags) claim(name string) (*folder, error) {
	numbered := f.out == "" && !f.force
	dir := f.out
	if dir == "" {
		dir = filepath.FromSlash(name)
	}
	for i := 2; ; i++ {
		d, err := openFolder(dir)
		if err != nil && !(numbered && errors.Is(err, errInUse)) {
			return nil, fmt.Errorf("--out: %w", err)
		}
		if err == nil {
			file := d.holdsRun()
			switch {
			case file == "":
				return d, nil
			case f.force:
				return d, d.clear()
			}
			d.release()
			if !numbered {
				return nil, usagef("--out %s: holds a run already, of which %s is a part: name another folder, or give --force to overwrite it", dir, file)
			}
		}
		dir = fmt.Sprintf("%s-%d", filepath.FromSlash(name), i)
	}
}

// inUse reports whether a process writes to the folder dir.
func inUse(dir string) bool {
	path := filepath.Join(dir, lockFile)
	if bounded.Regular(path) != nil {
		return false
	}
	lock := flock.New(path, flock.SetFlag(os.O_RDONLY))
	locked, err := lock.TryRLock()
	if locked {
		lock.Unlock()
	}
	return err == nil && !locked
}
