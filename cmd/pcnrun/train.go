package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/pcn/internal/gemm"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/report"
)

func (a *app) trainCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "train [" + strings.Join(train.Datasets, "|") + "|PATH]",
		Short: "Train a network and score it on the test part",
		Long: `Train a predictive coding network on a dataset, digits by default, and score it
once on the test part at the end.

The folder of the run gets
  model.safetensors       the model that is scored, renewed after each epoch: of
                          the last epoch, or with --patience of the best
  best.safetensors        the model of the epoch with the lowest squared error on the
                          validation part
  last.safetensors        that of the last epoch, where it is not the one scored
  checkpoint.safetensors  where --resume goes on
  recipe.yaml             the settings used
  metrics.jsonl           a line for each epoch
  run.json                the command, the settings, the machine, and the result
  curves.png, report.html pictures
A folder that holds a run is not written to without --force or --resume.

A run that was interrupted or killed goes on from its last checkpoint with
--resume, and ends with the same bits as if it had never stopped. It does not go on
with data that has changed since, nor from a file that was damaged. With
--resume-or-start the same command line begins a run and, given again, goes on with
it: for jobs that a batch system queues again.

Processes that mpirun has started, of Open MPI or MPICH, train one network together:
see 'pcnrun help scaling'. The bits are those of one process.

` + datasetHelp + "\n\n" + recipeHelp,
		Example: `  pcnrun train
  pcnrun train digits --direction generative --epochs 20
  pcnrun train mnist --data ~/mnist --limit 5000 --layers 784,128,10
  pcnrun train mnist --limit 5000 --recipe article --json
  pcnrun train flowers.csv --label kind
  pcnrun train photos --test more-photos
  pcnrun train --resume runs/mnist
  mpirun -n 4 pcnrun train mnist --batch 512
  sbatch --requeue --wrap 'srun pcnrun train mnist --out runs/a --resume-or-start'`,
		PreRun:    interruptOnPipe,
		Args:      datasetArgs,
		ValidArgs: train.Datasets,
	}
	f := &trainFlags{recipeFlags: addRecipeFlags(c, "runs/DATASET")}
	f.every.Set(defaultInterval)
	f.flags.Var(&f.every, "checkpoint-every", "how often a checkpoint is written: N epochs, Nb batches, or a time such\nas 30s; one is always written at the end and when interrupted")
	f.flags.StringVar(&f.resume, "resume", "", "go on with the run in `DIR`, with its own settings")
	f.flags.BoolVar(&f.orStart, "resume-or-start", false, "go on with the run in the folder of --out, which must be of the same\nsettings, or begin it where there is none (default runs/DATASET)")
	f.flags.StringVar(&f.mpi, "mpi", "auto", "whether the processes that mpirun starts train one network: auto, off, or the\n`PATH` of the MPI library to open")
	c.RunE = a.together(f, func(c *cobra.Command, args []string) error {
		if f.resume != "" {
			if err := f.resumeAlone(c, args); err != nil {
				return err
			}
			if a.ranks.follows() {
				return a.follow(c.Context(), nil)
			}
			return a.resume(c, f)
		}
		if f.orStart && f.force {
			return usagef("--resume-or-start and --force do not go together")
		}
		r, err := f.recipe(args, "digits")
		if err != nil {
			return err
		}
		if a.ranks.follows() {
			return a.follow(c.Context(), &r)
		}
		if f.orStart {
			return a.resumeOrStart(c.Context(), f, r)
		}
		return a.start(c.Context(), f, r, func() (*folder, error) { return f.claim("runs/" + r.Data.Name()) })
	})
	return c
}

// trainFlags are the flags of train.
type trainFlags struct {
	*recipeFlags
	every   interval
	resume  string
	orStart bool // or resume
	mpi     string
}

// start begins a run in the folder that open opens.
func (a *app) start(ctx context.Context, f *trainFlags, r train.Recipe, open func() (*folder, error)) error {
	e, err := prepare(r, open)
	if err != nil {
		return err
	}
	defer e.release()
	return a.train(ctx, f, e, newRecord(a.args), nil)
}

// train trains in the folder of e, from a checkpoint or from the beginning, and
// reports what came of it.
func (a *app) train(ctx context.Context, f *trainFlags, e *experiment, rec *record, from *train.Checkpoint) error {
	if err := a.ranks.lead(e, from); err != nil {
		return err
	}
	past, err := a.carryOut(ctx, e, rec, from, f.every, a.info())
	if err == nil {
		a.ranks.end()
	}
	if err == nil && rec.over() {
		if err = past.writeReport(ctx, e.path(reportFile)); err != nil && ctx.Err() != nil {
			rec.Result.Status, err = interrupted, nil
		}
	}
	if err == nil {
		err = rec.save(e.folder) // last: it says that all is there
	}
	if err != nil {
		if e.holdsRun() != "" {
			err = fmt.Errorf("%w; when that is mended, 'pcnrun train --resume %s' goes on", err, e.dir)
		}
		return err
	}
	if !rec.over() {
		if f.json {
			if err := printJSON(a.stdout, rec.Result); err != nil {
				return err
			}
		}
		return fmt.Errorf("%w; 'pcnrun train --resume %s' goes on", interruption(rec.Result), e.dir)
	}
	fmt.Fprintf(a.info(), "wrote %s, %s and %s\n", rec.Result.Model, e.path(curvesFile), e.path(reportFile))
	if err := a.printResult(f, rec.Result); err != nil {
		return err
	}
	if last := past.history.Epochs[len(past.history.Epochs)-1]; math.IsNaN(last.Energy) || math.IsInf(last.Energy, 0) {
		return fmt.Errorf("training failed at epoch %d: the energy is no longer a number", last.Epoch)
	}
	return nil
}

// carryOut trains in the folder of e, from a checkpoint or from the beginning, and
// leaves there all of a run but its report and, in its record, how it ended: the
// caller saves that when all is there. A run that was interrupted has ended so, without
// an error.
func (a *app) carryOut(ctx context.Context, e *experiment, rec *record, from *train.Checkpoint, every interval, lines io.Writer) (*pastRun, error) {
	if from != nil {
		if changes := from.Data.Changes(e.data); changes != "" {
			return nil, fmt.Errorf("%s: %s has changed since: %s", e.path(checkpointFile), e.recipe.Data.Dataset, changes)
		}
	}
	l, err := e.recipe.PCN()
	if err != nil {
		return nil, err
	}
	n := l.Network()
	n.SetWorkers(e.workers)
	e.recipe.Model = n.Config()
	e.untested = rec.Untested
	a.describe(e, lines, l)
	rec.Recipe = e.recipe
	if rec.Result = newResult(e, pcnName, l); from != nil {
		rec.Result.setHistory(&from.History, e.sets.Train.Classes > 0, e.recipe.Learning)
		rec.Result.Status = running
	}
	if err := rec.save(e.folder); err != nil {
		return nil, err
	}
	if err := e.saveRecipe(n); err != nil {
		return nil, err
	}
	k := &keeper{experiment: e, network: n, from: from, every: every}
	if err := k.open(); err != nil {
		return nil, err
	}
	defer k.metrics.Close()
	res, h, err := a.learn(ctx, e, pcnName, l, e.path(modelFile), lines, k)
	if err != nil && res.Status != interrupted {
		return nil, err
	}
	rec.Result = res
	if len(h.Epochs) > 0 {
		curves := report.Curves(e.sets.Validation.Classes > 0, report.Run{Name: "PCN", History: h})
		if err := report.WritePNG(e.path(curvesFile), report.Render(curves...)); err != nil {
			return nil, err
		}
	}
	return &pastRun{dir: e.dir, record: rec, recipe: e.recipe, history: h, network: n, sets: &e.sets}, nil
}

// printResult prints what came of a run that has ended.
func (a *app) printResult(f *trainFlags, res result) error {
	if f.json {
		return printJSON(a.stdout, res)
	}
	paint(a.stdout, bold, res.summary())
	_, err := fmt.Fprintln(a.stdout)
	return err
}

// resume goes on with the run in the folder that --resume names.
func (a *app) resume(c *cobra.Command, f *trainFlags) error {
	if _, err := os.Stat(f.resume); err != nil {
		return fmt.Errorf("--resume: %w", err) // before a folder is made
	}
	d, err := openFolder(f.resume)
	if err != nil {
		return fmt.Errorf("--resume: %w", err)
	}
	defer d.release()
	rec, from, err := a.where(d)
	if err != nil {
		return fmt.Errorf("--resume: %w", err)
	}
	return a.goOn(c.Context(), f, d, rec, from)
}

// goOn goes on with the run in d, which is where these say.
func (a *app) goOn(ctx context.Context, f *trainFlags, d *folder, rec *record, from *train.Checkpoint) error {
	if rec.over() {
		if _, err := model.Load(d.path(modelFile), model.Config{}); err != nil { // of which it has the score
			return err
		}
		fmt.Fprintf(a.info(), "%s has come to its end before; 'pcnrun report %[1]s' renews its report\n", d.dir)
		return a.printResult(f, rec.Result)
	}
	if from == nil {
		fmt.Fprintf(a.info(), "%s has no checkpoint yet: the run begins anew\n", d.dir)
	} else {
		fmt.Fprintf(a.info(), "resume   %s at epoch %d, batch %d\n", d.dir, len(from.History.Epochs)+1, from.Batch+1)
	}
	if was := rec.Machine.Kernel; was != gemm.Kernel() {
		a.warn("the run began with the kernel %s and goes on with %s: its numbers will differ by rounding", was, gemm.Kernel())
	}
	e, err := prepare(rec.Recipe, func() (*folder, error) { return d, d.clean() })
	if err != nil {
		return err
	}
	rec.Resumed++
	return a.train(ctx, f, e, rec, from)
}

// where returns the record of the run in d, and its checkpoint: nil where it has been
// stopped before the first, or has come to its end.
func (a *app) where(d *folder) (*record, *train.Checkpoint, error) {
	rec, err := loadRecord(d.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	if rec != nil && rec.over() {
		return rec, nil, nil
	}
	from, err := train.LoadCheckpoint(d.path(checkpointFile))
	switch {
	case errors.Is(err, fs.ErrNotExist) && rec == nil:
		return nil, nil, fmt.Errorf("%s holds no run: neither %s nor %s is there", d.dir, checkpointFile, recordFile)
	case errors.Is(err, fs.ErrNotExist):
		return rec, nil, nil
	case err != nil:
		return nil, nil, err
	case from.Recipe == nil:
		return nil, nil, fmt.Errorf("%s: has no recipe", d.path(checkpointFile))
	}
	if rec == nil {
		rec = newRecord(a.args)
	}
	rec.Recipe = *from.Recipe
	return rec, from, nil
}

// resumeAlone refuses settings beside --resume.
func (f *trainFlags) resumeAlone(c *cobra.Command, args []string) error {
	allowed := map[string]bool{"resume": true, "json": true, "checkpoint-every": true, "mpi": true}
	var others []string
	f.flags.Visit(func(flag *pflag.Flag) {
		if !allowed[flag.Name] && c.InheritedFlags().Lookup(flag.Name) == nil {
			others = append(others, "--"+flag.Name)
		}
	})
	if others = append(others, args...); len(others) > 0 {
		return usagef("--resume goes on with the run's own settings, and takes no %s", strings.Join(others, " "))
	}
	return nil
}
