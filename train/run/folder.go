package run

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"example.com/pcn/internal/atomicfile"
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
	CompareFile    = "compare.png" // of a comparison
)

// files are all files that a run writes to its folder, but for whose it is.
var files = []string{RecipeFile, RecordFile, MetricsFile, ModelFile, BestFile, LastFile, CheckpointFile, CurvesFile, ReportFile, CompareFile}

// ErrInUse says that another process writes to a folder.
var ErrInUse = errors.New("another pcnrun is at work in it")

// Folder is a folder of a run that this process alone writes to.
type Folder struct {
	Dir string
	*claim
}

// MakeFolder makes a folder if there is none, and checks that files can be written
// to it.
func MakeFolder(dir string) error {
	_, err := makeFolder(dir)
	return err
}

// makeFolder is MakeFolder, and returns the time by the clock of the file system.
func makeFolder(dir string) (now time.Time, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return now, err
	}
	probe, err := os.CreateTemp(dir, ".pcnrun.*")
	if err != nil {
		return now, fmt.Errorf("cannot write to the folder: %w", err)
	}
	info, err := probe.Stat()
	if err == nil {
		now = info.ModTime()
	}
	return now, errors.Join(err, probe.Close(), os.Remove(probe.Name()))
}

// OpenFolder makes a folder and claims it. The error is ErrInUse where another process has.
func OpenFolder(dir string) (*Folder, error) {
	now, err := makeFolder(dir)
	if err != nil {
		return nil, err
	}
	c, err := take(dir, now)
	if err != nil {
		return nil, err
	}
	return &Folder{dir, c}, nil
}

// Release lets other processes have the folder.
func (f *Folder) Release() { f.release() }

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

// sideName is the name of the folder of a learner's run in that of a comparison.
func sideName(learner string, seed any) string { return fmt.Sprintf("%s-s%v", learner, seed) }

// Clear removes the files of the run, or of the comparison and its runs, that is in the folder.
func (f *Folder) Clear() error {
	if err := f.Clean(); err != nil {
		return err
	}
	for _, name := range files {
		if err := os.Remove(f.Path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for _, learner := range []string{PCN, MLP} {
		sides, err := fs.Glob(os.DirFS(f.Dir), sideName(learner, "*"))
		if err != nil {
			return err
		}
		for _, name := range sides {
			side, err := OpenFolder(f.Path(name))
			if err != nil {
				return err
			}
			err = side.Clear()
			side.Release()
			if err != nil {
				return err
			}
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
	folder := filepath.Join(dir, claimFolder)
	held, err := token(folder)
	return err == nil && held != "" && inUse(folder, held, time.Now())
}
