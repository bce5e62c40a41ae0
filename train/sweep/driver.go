package sweep

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"example.com/pcn/internal/atomicfile"
	"example.com/pcn/internal/bounded"
	"example.com/pcn/train"
	"example.com/pcn/train/run"
	"example.com/pcn/train/trained"
)

// Files in the folder of a sweep, beside the folders of its runs.
const (
	PlanFile  = "sweep.yaml" // a copy of the file that says what to try
	TableFile = "sweep.json" // what came of it
	CSVFile   = "sweep.csv"
	PlotsFile = "sweep.png"
)

var (
	// ErrRun says that a folder is of a run.
	ErrRun = errors.New("holds a run")
	// ErrOther says that a folder is of other runs.
	ErrOther = errors.New("holds runs of other settings")
)

// Driver carries out the runs of a plan, or those of a shard, in a folder that has a folder
// for each. It may be stopped at any time, and several processes may be at it: runs that
// have ended are kept, and others go on where they are.
type Driver struct {
	Dir   string
	Plan  *Plan
	Shard Shard
	Every run.Interval // how often a run writes a checkpoint
	// Program and Version are of who drives, for the records of the runs.
	Program, Version string
	// Name is that of the file that says the plan, for errors, Text what is in it, File the
	// name of the copy that the folder has, and Read reads that.
	Name string
	Text []byte
	File string
	Read func(path string) (*Plan, error)
	// Workers is how many runs are carried out side by side, each on its share of the cores.
	Workers int
	// Spares has a run that fails leave the others alone: its outcome says why. By default
	// it ends them.
	Spares bool
	// Ended is told of each run of the shard that has ended, now or before, and how many
	// have; nil for nobody.
	Ended func(r Run, o Outcome, done int, now bool)
	// Waits is told of the runs that other processes are at, when there is nothing else left
	// to do, and again when they are fewer; nil for nobody.
	Waits func(runs []Run)

	mu   sync.Mutex // guards done, and calls of Ended
	done int
	errs sync.Map // by Run.Name
}

// NewDriver returns what carries out the sweep of a file in the folder dir or, without a
// file, the one that the folder has.
func NewDriver(file, dir string) (*Driver, error) {
	d := &Driver{Dir: dir, Shard: Shard{1, 1}, Workers: runtime.GOMAXPROCS(0), File: PlanFile, Read: Load}
	d.Name = cmp.Or(file, d.Path(PlanFile))
	var err error
	if d.Plan, err = Load(d.Name); err != nil {
		return nil, err
	}
	d.Text, err = bounded.ReadFile(d.Name)
	return d, err
}

// Path returns the path of a file or of a run in the folder.
func (d *Driver) Path(name string) string { return filepath.Join(d.Dir, name) }

// Mine returns the runs of the shard.
func (d *Driver) Mine() []Run { return d.Shard.Of(d.Plan.Runs()) }

// Done is how many runs of the shard have ended.
func (d *Driver) Done() int { return d.done }

// Begin finds what does not fit its data before anything is learned, and makes the folder
// the plan's, or checks that it is.
func (d *Driver) Begin(ctx context.Context) error {
	if err := d.fit(); err != nil {
		return err
	}
	if there, err := d.begun(); there || err != nil {
		return err
	}
	release, err := d.Lock(ctx)
	if err != nil {
		return err
	}
	defer release()
	if there, err := d.begun(); there || err != nil { // by another shard, in the meantime
		return err
	}
	return atomicfile.Write(d.Path(d.File), func(w io.Writer) error {
		_, err := w.Write(d.Text)
		return err
	})
}

// begun reports whether the folder is the plan's. It is an error where it is another's.
func (d *Driver) begun() (bool, error) {
	there, err := d.Read(d.Path(d.File))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err == nil && !there.Same(d.Plan):
		err = ErrOther
	}
	return true, err
}

// fit checks each point on its data, which most have in common.
func (d *Driver) fit() error {
	sets := map[string]train.Sets{}
	for i := range d.Plan.Points {
		p := &d.Plan.Points[i]
		if p.Err != nil {
			continue
		}
		key := fmt.Sprintf("%#v %s", p.Recipe.Data, p.Recipe.Learning.From)
		of, ok := sets[key]
		var err error
		if !ok {
			if of, err = trained.LoadSets(p.Recipe); err == nil {
				clear(sets) // one at a time is enough of memory
				sets[key] = of
			}
		}
		if err == nil {
			if err = p.Recipe.CheckSets(of); err != nil {
				err = fmt.Errorf("%s: point %d: %w", d.Name, p.Number, err)
			}
		}
		if err != nil && !d.Spares {
			return err
		}
		p.Err = err
	}
	return nil
}

// Run carries out the runs of the shard that have not ended, and waits for those that other
// processes are at. Where ctx ends first, its cause is the error.
func (d *Driver) Run(ctx context.Context) error {
	left := d.Mine()
	workers := max(1, min(d.Workers, len(left)))
	cores := max(1, runtime.GOMAXPROCS(0)/workers)
	for waiting := 0; ; {
		var mu sync.Mutex
		var busy []Run
		err := Each(ctx, workers, left, func(ctx context.Context, r Run) error {
			err := d.carryOut(ctx, r, cores)
			switch {
			case errors.Is(err, run.ErrInUse):
				mu.Lock()
				busy = append(busy, r)
				mu.Unlock()
				return nil
			case err == nil || ctx.Err() != nil:
				return err
			}
			err = fmt.Errorf("%s: %w", d.Path(r.Name()), err)
			if d.Spares {
				d.errs.Store(r.Name(), err)
				return nil
			}
			return err
		})
		if err != nil || len(busy) == 0 {
			return err
		}
		if d.Waits != nil && len(busy) != waiting {
			d.Waits(busy)
		}
		left, waiting = busy, len(busy)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(time.Second):
		}
	}
}

// carryOut carries out a run unless it has ended.
func (d *Driver) carryOut(ctx context.Context, r Run, cores int) error {
	dir := d.Path(r.Name())
	o, err := past(dir, r)
	if err == nil && o != nil {
		d.end(r, *o, false)
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Remove(d.Path(TableFile)); err != nil && !errors.Is(err, fs.ErrNotExist) { // it will be another
		return err
	}
	if o, err = d.take(ctx, r, cores); err != nil {
		return err
	}
	d.end(r, *o, true)
	return nil
}

// end counts a run that has ended.
func (d *Driver) end(r Run, o Outcome, now bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.done++
	if d.Ended != nil {
		d.Ended(r, o, d.done, now)
	}
}

// Left returns the runs of a shard that have not ended.
func (d *Driver) Left(s Shard) (left []Run, err error) {
	for _, r := range s.Of(d.Plan.Runs()) {
		o, err := past(d.Path(r.Name()), r)
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !d.Spares {
			return nil, err
		}
		if o == nil {
			left = append(left, r)
		}
	}
	return left, nil
}

// Outcomes returns what came of all runs of all shards, in their order, and how many have
// neither ended nor failed.
func (d *Driver) Outcomes() (outcomes []Outcome, missing int, err error) {
	for _, p := range d.Plan.Points {
		for _, r := range d.Plan.RunsOf(p) {
			o, err := past(d.Path(r.Name()), r)
			if errors.Is(err, fs.ErrNotExist) {
				err = nil
			}
			if err != nil && !d.Spares {
				return nil, 0, err
			}
			if failed, ok := d.errs.Load(r.Name()); ok {
				err = failed.(error)
			}
			switch err = cmp.Or(p.Err, err); {
			case err != nil:
				o = &Outcome{Err: err}
			case o == nil:
				o = &Outcome{}
				missing++
			}
			outcomes = append(outcomes, *o)
		}
	}
	return outcomes, missing, nil
}

// Lock keeps other processes out of the folder, such as to write there what has come of the
// runs. It waits for those that are in it.
func (d *Driver) Lock(ctx context.Context) (release func(), err error) {
	for {
		release, err = lock(d.Dir)
		if !errors.Is(err, run.ErrInUse) {
			return release, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
