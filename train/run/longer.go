package run

import (
	"fmt"

	"example.com/pcn/train"
)

// ResumeTo is [Resume] with another number of epochs, more than the run has, whether or not it
// has come to its end. Where the rate has a schedule it is that of the longer run from now on.
func ResumeTo(dir string, epochs int) (*Run, error) {
	return resume(dir, func(f *Folder) (*Run, error) { return f.goOn(f.lengthen(epochs)) })
}

// lengthen gives the run in f another number of epochs, more than it has, and says where it
// goes on, as where does. The checkpoint in the folder is of the longer run then.
func (f *Folder) lengthen(epochs int) (*Record, *train.Checkpoint, error) {
	path := f.Path(CheckpointFile)
	rec, from, err := f.where() // which says what is missing
	if err == nil && from == nil {
		from, err = train.LoadCheckpoint(path)
	}
	if err != nil {
		return nil, nil, err
	}
	of := &from.Learning
	switch {
	case from.Recipe == nil:
		return nil, nil, fmt.Errorf("%s: has no recipe", path)
	case epochs <= of.Epochs:
		return nil, nil, fmt.Errorf("%s: epochs: must be more than the %d that the run has, got %d", f.Dir, of.Epochs, epochs)
	case from.NotFinite:
		return nil, nil, fmt.Errorf("%s: ended because its energy is no longer a number: more epochs cannot go on from there", f.Dir)
	case of.Patience > 0 && from.History.Best > 0 && len(from.History.Epochs)-from.History.Best >= of.Patience:
		return nil, nil, fmt.Errorf("%s: ended by its patience of %d epochs: more of them change nothing", f.Dir, of.Patience)
	}
	of.Epochs, from.Recipe.Learning.Epochs = epochs, epochs
	if err := from.Save(path); err != nil {
		return nil, nil, err
	}
	rec.Recipe, rec.Result.Status = *from.Recipe, Running
	return rec, from, nil
}
