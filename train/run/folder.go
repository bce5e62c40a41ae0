package run

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
	RecipeFile     = "recipe.yaml"            // the settings used
	RecordFile     = "run.json"               // what was run on what, how it ended, and its test score
	MetricsFile    = "metrics.jsonl"          // a line for each epoch
	ModelFile      = "model.safetensors"      // the model that is scored
	BestFile       = "best.safetensors"       // the model after the epoch with the lowest validation error
	LastFile       = "last.safetensors"       // the model after the last epoch, where that is not the one scored
	CheckpointFile = "checkpoint.safetensors" // where --resume goes on
	CurvesFile     = "curves.png"
	ReportFile     = "report.html"
	LockFile       = ".lock" // locked while a process writes to the folder

	PCNFile     = "pcn.safetensors" // of a comparison, as are the next
	MLPFile     = "mlp.safetensors"
	CompareFile = "compare.png"
)

// files are all files that a run writes to its folder, but for the lock.
var files = []string{RecipeFile, RecordFile, MetricsFile, ModelFile, BestFile, LastFile, CheckpointFile, CurvesFile, ReportFile, PCNFile, MLPFile, CompareFile}

// ErrInUse says that another process writes to a folder.
var ErrInUse = errors.New("another pcnrun is at work in it")

// Folder is a folder of a run that this process alone writes to.
type Folder struct {
	Dir  string
	lock *flock.Flock
}

// MakeFolder makes a folder if there is none, and checks that files can be written
// to it.
func MakeFolder(dir string) error {
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

// OpenFolder makes a folder and locks it.
func OpenFolder(dir string) (*Folder, error) {
	if err := MakeFolder(dir); err != nil {
		return nil, err
	}
	f := &Folder{Dir: dir, lock: flock.New(filepath.Join(dir, LockFile), flock.SetPermissions(0o666))}
	if err := bounded.Regular(f.lock.Path()); err != nil {
		return nil, err
	}
	locked, err := f.lock.TryLock()
	if err != nil {
		return nil, err
	}
	if !locked {
		return nil, fmt.Errorf("%s: %w", dir, ErrInUse)
	}
	return f, nil
}

// Release lets other processes have the folder.
func (f *Folder) Release() { f.lock.Unlock() }

// Path returns the path of a file in the folder.
func (f *Folder) Path(file string) string { return filepath.Join(f.Dir, file) }

// Holds returns a file of a run that is in the folder, "" if there is none.
func (f *Folder) Holds() string {
	for _, name := range files {
		if _, err := os.Lstat(f.Path(name)); !errors.Is(err, fs.ErrNotExist) {
			return name
		}
	}
	return ""
}

// Clean removes the temporary files that processes that were killed have left of the
// run that is in the folder.
func (f *Folder) Clean() error { return atomicfile.Clean(f.Dir, files...) }

// Clear removes the files of the run that is in the folder.
func (f *Folder) Clear() error {
	if err := f.Clean(); err != nil {
		return err
	}
	for _, name := range files {
		if err := os.Remove(f.Path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Claim opens a folder for a new run: the first of name, name-2, name-3 and so on that
// holds none.
func Claim(name string) (*Folder, error) {
	dir := filepath.FromSlash(name)
	for i := 2; ; i++ {
		f, err := OpenFolder(dir)
		switch {
		case err != nil && !errors.Is(err, ErrInUse):
			return nil, err
		case err == nil && f.Holds() == "":
			return f, nil
		case err == nil:
			f.Release()
		}
		dir = fmt.Sprintf("%s-%d", filepath.FromSlash(name), i)
	}
}

// InUse reports whether a process writes to the folder dir.
func InUse(dir string) bool {
	path := filepath.Join(dir, LockFile)
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
