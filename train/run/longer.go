package run

import (
	"fmt"

	"example.com/pcn/train"
)

// ResumeTo is [Resume] with another number of epochs, more than the run has, whether or not it
// has come to its end. Where the rate has a schedule it is that of the longer run from now on.
func ResumeTo(dir string, epochs int) (*Run, error) {
	d, err := openRun(dir)
	if err != nil {
		return nil, err
	}
	rec, from, err := d.Lengthen(epochs)
	return d.resume(rec, from, err)
}

// Lengthen gives the run in f another number of epochs, more than it has, and says where it
// goes on, as [Folder.Where] does. The checkpoint in the folder is of the longer run then.
func (f *Folder) Lengthen(epochs int) (*Record, *train.Checkpoint, error) {
	if _, _, err := f.Where(); err != nil { // which says what is missing
		return nil, nil, err
	}
	path := f.Path(CheckpointFile)
	from, err := train.LoadCheckpoint(path)
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
	rec, err := LoadRecord(f.Dir)
	if err != nil {
		rec = newRecord()
	}
	rec.Recipe, rec.Result.Status = *from.Recipe, Running
	return rec, from, nil
}
