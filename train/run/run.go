package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/report"
	"example.com/pcn/train/trained"
)

// Run is a training run in a folder that this process alone writes to, before or while it
// trains.
type Run struct {
	*Experiment
	Record *Record
	From   *train.Checkpoint // where it goes on; nil where it begins
}

// Start begins a run of a recipe in a folder, which is made if there is none and must hold
// no run. [Run.Train] trains; who is done releases the folder.
func Start(dir string, r train.Recipe) (*Run, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	began := time.Now()
	sets, err := Load(r)
	if err != nil {
		return nil, err
	}
	d, err := OpenFolder(dir)
	if err != nil {
		return nil, err
	}
	if file := d.Holds(); file != "" {
		d.Release()
		return nil, fmt.Errorf("%s: must hold no run, got %s: Resume goes on with it", dir, file)
	}
	e := NewExperiment(d, r, sets)
	e.Began = began
	return Begin(e), nil
}

// Resume goes on with the run in a folder, from its last checkpoint. A run that has come to
// its end is over: its Record has the result, and Train has nothing to do.
func Resume(dir string) (*Run, error) { return resume(dir, (*Folder).Resume) }

// Resume is the function [Resume] in a folder that this process has. The error is ErrNoRun where
// it holds none.
func (f *Folder) Resume() (*Run, error) { return f.goOn(f.where()) }

// resume opens a folder that is there to go on with its run.
func resume(dir string, how func(*Folder) (*Run, error)) (*Run, error) {
	if _, err := os.Stat(dir); err != nil { // before a folder is made
		return nil, err
	}
	f, err := OpenFolder(dir)
	if err != nil {
		return nil, err
	}
	r, err := how(f)
	if err != nil {
		f.Release()
	}
	return r, err
}

// goOn returns the run in f, which is where these say.
func (f *Folder) goOn(rec *Record, from *train.Checkpoint, err error) (*Run, error) {
	if err != nil {
		return nil, err
	}
	r := &Run{Experiment: &Experiment{Folder: f, Recipe: rec.Recipe, Began: time.Now()}, Record: rec, From: from}
	if rec.Over() {
		return r, nil
	}
	if r.Sets, err = Load(rec.Recipe); err != nil {
		return nil, err
	}
	r.Data = r.Sets.Fingerprints()
	if from != nil {
		rec.Resumed++
	}
	return r, f.Clean()
}

// Load reads the data of r, and checks that it fits.
func Load(r train.Recipe) (train.Sets, error) {
	sets, err := trained.LoadSets(r)
	if err == nil {
		err = r.CheckSets(sets)
	}
	return sets, err
}

// Begin returns a run that begins.
func Begin(e *Experiment) *Run { return &Run{Experiment: e, Record: newRecord()} }

// ErrNoRun says that a folder holds no run.
var ErrNoRun = errors.New("holds no run")

// where returns the record of the run in d, and its checkpoint: nil where it has been
// stopped before the first, or has come to its end.
func (f *Folder) where() (*Record, *train.Checkpoint, error) {
	rec, err := LoadRecord(f.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	if rec != nil && rec.Over() {
		return rec, nil, nil
	}
	from, err := train.LoadCheckpoint(f.Path(CheckpointFile))
	switch {
	case errors.Is(err, fs.ErrNotExist) && rec == nil:
		return nil, nil, fmt.Errorf("%s %w: neither %s nor %s is there", f.Dir, ErrNoRun, CheckpointFile, RecordFile)
	case errors.Is(err, fs.ErrNotExist):
		return rec, nil, nil
	case err != nil:
		return nil, nil, err
	case from.Recipe == nil:
		return nil, nil, fmt.Errorf("%s: has no recipe", f.Path(CheckpointFile))
	}
	if rec == nil {
		rec = newRecord()
	}
	rec.Recipe = *from.Recipe
	return rec, from, nil
}

// Train trains until the run's end, or until ctx is cancelled: the run then ends after the
// batch at hand, without an error and with the status Interrupted, and [Resume] goes on to
// the same bits. The folder has all of a run then, and a report where the run is over and
// not untested; r.Record has the result.
func (r *Run) Train(ctx context.Context, o Options) (*train.History, error) {
	if r.Record.Over() {
		return LoadMetrics(r.Dir, r.Record.Result.Epochs)
	}
	h, n, err := r.carryOut(ctx, o)
	if err != nil {
		return h, err
	}
	if r.Record.Over() && !r.Untested {
		if err = r.report(ctx, n, h); err != nil && ctx.Err() != nil {
			r.Record.Result.Status, err = Interrupted, nil
		}
	}
	if err != nil {
		return h, err
	}
	return h, r.Record.Save(r.Folder) // last: it says that all is there
}

// carryOut trains, and leaves in the folder all of a run but its report and, in its record,
// how it ended.
func (r *Run) carryOut(ctx context.Context, o Options) (*train.History, *model.Network, error) {
	if r.From != nil {
		if changes := r.From.Data.Changes(r.Data); changes != "" {
			return nil, nil, fmt.Errorf("%s: %s has changed since: %s", r.Path(CheckpointFile), r.Recipe.Data.Dataset, changes)
		}
	}
	sum, err := trained.Sum(r.Recipe)
	if err == nil && r.From != nil && r.Record.Origin != "" && r.Record.Origin != sum {
		err = fmt.Errorf("learning.from: %s has changed since the run began", r.Recipe.Learning.From)
	}
	if err != nil {
		return nil, nil, err
	}
	l, err := r.Recipe.PCN()
	if err != nil {
		return nil, nil, err
	}
	r.Record.Origin = sum
	n := l.Network()
	n.SetWorkers(o.Workers)
	r.Recipe.Model = n.Config()
	r.Untested = r.Record.Untested
	if o.Begin != nil {
		o.Begin(l)
	}
	r.Record.Recipe = r.Recipe
	if r.Record.Result = newResult(r.Experiment, r.Learner(), l); r.From != nil {
		r.Record.Result.setHistory(&r.From.History, r.Recipe.Learning)
		r.Record.Result.Status = Running
	}
	if err := r.Record.Save(r.Folder); err != nil {
		return nil, nil, err
	}
	if err := r.SaveRecipe(n); err != nil {
		return nil, nil, err
	}
	k := &keeper{Experiment: r.Experiment, network: n, from: r.From, every: o.Every}
	if err := k.open(); err != nil {
		return nil, nil, err
	}
	defer k.metrics.Close()
	res, h, err := r.learn(ctx, r.Learner(), l, ModelFile, o, k)
	if err != nil && res.Status != Interrupted {
		return h, nil, err
	}
	r.Record.Result = res
	if len(h.Epochs) > 0 {
		curves := report.Curves(r.Sets.Validation.Classes > 0, report.Run{Name: strings.ToUpper(r.Learner()), History: h})
		if err := report.WritePNG(r.Path(CurvesFile), report.Render(curves...)); err != nil {
			return h, nil, err
		}
	}
	return h, n, nil
}

// Learner is what the result calls the learner.
func (r *Run) Learner() string { return cmp.Or(r.Record.Result.Learner, PCN) }

// report writes the page about the run.
func (r *Run) report(ctx context.Context, n *model.Network, h *train.History) error {
	past := &Past{Dir: r.Dir, Record: r.Record, History: h, sets: &r.Sets}
	past.model = &trained.Model{Network: n, Card: trained.Card{Recipe: r.Recipe}}
	page, err := past.Page(ctx)
	if err != nil {
		return err
	}
	return page.Save(r.Path(ReportFile))
}
