package sweep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"time"

	"example.com/pcn/internal/atomicfile"
	"example.com/pcn/internal/bounded"
	"example.com/pcn/internal/sealed"
	"example.com/pcn/train"
	"example.com/pcn/train/report"
	"example.com/pcn/train/run"
	"example.com/pcn/train/trained"
)

// lock makes a folder, which must hold no run itself, and keeps other processes out of it.
func lock(dir string) (release func(), err error) {
	d, err := run.OpenFolder(dir)
	if err != nil {
		return nil, err
	}
	if file := d.Holds(); file != "" {
		d.Release()
		return nil, fmt.Errorf("%s: %w, of which %s is a part", dir, ErrRun, file)
	}
	return d.Release, nil
}

// past returns what came of the run in a folder, nil where it has not come to its end.
func past(dir string, r Run) (*Outcome, error) {
	rec, err := run.LoadRecord(dir)
	if err == nil {
		err = of(dir, r, rec.Recipe)
	}
	if err != nil || !rec.Over() {
		return nil, err
	}
	return outcome(dir, r, rec)
}

// of returns why a folder, which has that recipe, is not of run r.
func of(dir string, r Run, recipe train.Recipe) error {
	if !reflect.DeepEqual(recipe, r.Recipe) {
		return fmt.Errorf("%s: is of a run of other settings", dir)
	}
	return nil
}

// take carries out a run, or what is left of it, on that many cores, and returns what came of
// it. The error is run.ErrInUse where another process is at it. Where ctx ends first, its cause
// is the error, and the run can be taken up again.
func (d *Driver) take(ctx context.Context, r Run, cores int) (*Outcome, error) {
	f, err := run.OpenFolder(d.Path(r.Name()))
	if err != nil {
		return nil, err
	}
	defer f.Release()
	under, err := f.Resume()
	if errors.Is(err, run.ErrNoRun) {
		under, err = begin(f, r.Recipe)
	}
	if err == nil {
		err = of(f.Dir, r, under.Recipe)
	}
	switch {
	case err != nil:
		return nil, err
	case under.Record.Over(): // in the meantime
		return outcome(f.Dir, r, under.Record)
	}
	rec := under.Record
	if rec.Command == "" { // it is new, or its record is gone, and the checkpoint is all that matters
		rec.Command, rec.Version = d.Program+" train --config "+f.Path(run.RecipeFile), d.Version
	}
	rec.Untested = true
	if _, err := under.Train(ctx, run.Options{Every: d.Every, Workers: cores, EpochTests: r.Tested}); err != nil {
		return nil, err
	}
	if !rec.Over() {
		return nil, context.Cause(ctx)
	}
	return outcome(f.Dir, r, rec)
}

// begin returns the run of a recipe in a folder that holds none.
func begin(f *run.Folder, r train.Recipe) (*run.Run, error) {
	began := time.Now()
	sets, err := run.Load(r)
	if err != nil {
		return nil, err
	}
	e := run.NewExperiment(f, r, sets)
	e.Began = began
	return run.Begin(e), f.Clear() // what was left of one
}

// outcome returns what came of the run in a folder, which has ended.
func outcome(dir string, r Run, rec *run.Record) (*Outcome, error) {
	o := &Outcome{
		Accuracy: (*float64)(rec.Result.ValidationAccuracy), MSE: (*float64)(rec.Result.ValidationMSE),
		Diverged: rec.Result.Status == run.Diverged, Model: filepath.Join(dir, run.ModelFile),
	}
	if r.Tested {
		h, err := run.LoadMetrics(dir, rec.Result.Epochs)
		if err != nil {
			return nil, err
		}
		o.Epochs = h.Epochs
	}
	return o, nil
}

// test scores the models of the winner on the test part. What there is to say of it is in
// notes.
func (d *Driver) test(ctx context.Context, w *Winner) (notes []string, err error) {
	var scores []float64
	for _, r := range d.Plan.Runs() {
		if r.Point != w.Point {
			continue
		}
		m, err := trained.Load(filepath.Join(d.Path(r.Name()), run.ModelFile), r.Recipe)
		if err != nil {
			return notes, err
		}
		sets, more, err := m.Sets()
		notes = append(notes, more...)
		if err != nil {
			return notes, err
		}
		l, err := m.Learner()
		if err != nil {
			return notes, err
		}
		score, err := train.Evaluate(ctx, l, sets.Test)
		if err != nil {
			return notes, err
		}
		if w.Examples = score.Examples; sets.Test.Classes > 0 {
			scores = append(scores, score.Accuracy)
		} else {
			scores = append(scores, score.MSE)
		}
	}
	w.Test = run.Mean(scores)
	return notes, nil
}

// Table returns what came of the runs of a sweep, all of which have ended, as it was written
// to the folder before if it was, and else with the best scored on the test part and written
// now. What there is to say of the test part is in notes.
func (d *Driver) Table(ctx context.Context, outcomes []Outcome) (t *Table, notes []string, err error) {
	release, err := d.Lock(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer release()
	if err := atomicfile.Clean(d.Dir, d.File, TableFile, CSVFile, PlotsFile); err != nil {
		return nil, nil, err
	}
	if text, err := bounded.ReadFile(d.Path(TableFile)); err == nil {
		t := &Table{}
		if err := sealed.Unmarshal(text, t); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", d.Path(TableFile), err)
		}
		return t, nil, nil
	}
	t = NewTable(d.Plan, outcomes)
	if t.Winner != nil {
		if notes, err = d.test(ctx, t.Winner); err != nil {
			return nil, notes, err
		}
	}
	if err := report.WritePNG(d.Path(PlotsFile), report.Render(t.Panels()...)); err != nil {
		return nil, notes, err
	}
	if err := atomicfile.Write(d.Path(CSVFile), t.WriteCSV); err != nil {
		return nil, notes, err
	}
	text, err := sealed.Marshal(t)
	if err != nil {
		return nil, notes, err
	}
	return t, notes, atomicfile.Write(d.Path(TableFile), func(w io.Writer) error { // last: it says that all is there
		_, err := w.Write(append(text, '\n'))
		return err
	})
}
