package run

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"example.com/pcn/train"
	"example.com/pcn/train/trained"
)

// Past is what the folder of a run says.
type Past struct {
	Dir     string
	Record  *Record
	History *train.History

	model *trained.Model // nil until it is wanted, as are sets
	sets  *train.Sets
}

// Open reads the folder of a run, which may be under way.
func Open(dir string) (*Past, error) {
	r := &Past{Dir: dir}
	var err error
	if r.Record, err = LoadRecord(dir); err != nil {
		return nil, fmt.Errorf("%s holds no run: %w", dir, err)
	}
	known := r.Record.Result.Epochs
	if r.Record.Result.Status == Running { // run.json is of its beginning
		known = 0
	}
	if r.History, err = LoadMetrics(dir, known); err != nil {
		return nil, err
	}
	if res := &r.Record.Result; res.Status == Running { // run.json does not know how far it is
		res.setHistory(r.History, train.Learning{})
		if res.Status = Running; !InUse(dir) {
			res.Status = Stopped
		}
	}
	return r, nil
}

// List opens the runs in a folder and in the folders within. unread says of each that it
// could not open why.
func List(dir string) (runs []*Past, unread []error, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() != RecordFile {
			return err
		}
		r, err := Open(filepath.Dir(path))
		if err != nil {
			unread = append(unread, err)
			return nil
		}
		runs = append(runs, r)
		return nil
	})
	return runs, unread, err
}

// Within opens the run in a folder or, where it holds none, those in the folders within, such as
// of a sweep or a comparison. It is an error where one cannot be read, or there is none.
func Within(dir string) ([]*Past, error) {
	r, err := Open(dir)
	if err == nil {
		return []*Past{r}, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	runs, unread, listing := List(dir)
	switch {
	case len(unread) > 0:
		return nil, errors.Join(unread...)
	case listing != nil || len(runs) == 0:
		return nil, err
	}
	return runs, nil
}

// Model opens the model that the run has left.
func (r *Past) Model() (*trained.Model, error) {
	return trained.Load(filepath.Join(r.Dir, ModelFile), r.Record.Recipe)
}

// classes reports whether the run learned classes.
func (r *Past) classes() bool { return !r.Record.Recipe.Data.Regression() }

// load returns the model and the data, and reads them where they are not there yet.
func (r *Past) load() (*trained.Model, *train.Sets, error) {
	if r.model == nil {
		m, err := r.Model()
		if err != nil {
			return nil, nil, err
		}
		sets, _, err := m.Sets() // the notes are of the test part, which is not used
		if err != nil {
			return nil, nil, err
		}
		r.model, r.sets = m, &sets
	}
	return r.model, r.sets, nil
}
