package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/pcn/internal/gemm"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/run"
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

` + datasetHelp + "\n\n" + recipeHelp,
		Example: `  pcnrun train
  pcnrun train digits --direction generative --epochs 20
  pcnrun train mnist --data ~/mnist --limit 5000 --layers 784,128,10
  pcnrun train mnist --limit 5000 --recipe article --json
  pcnrun train flowers.csv --label kind
  pcnrun train photos --test more-photos
  pcnrun train --resume runs/mnist
  sbatch --requeue --wrap 'srun pcnrun train mnist --out runs/a --resume-or-start'`,
		PreRun:    interruptOnPipe,
		Args:      datasetArgs,
		ValidArgs: train.Datasets,
	}
	f := &trainFlags{recipeFlags: addRecipeFlags(c, "runs/DATASET")}
	f.flags.Var(&f.every, "checkpoint-every", "how often a checkpoint is written: N epochs, Nb batches, or a time such\nas 30s; one is always written at the end and when interrupted")
	f.flags.StringVar(&f.resume, "resume", "", "go on with the run in `DIR`, with its own settings")
	f.flags.BoolVar(&f.orStart, "resume-or-start", false, "go on with the run in the folder of --out, which must be of the same\nsettings, or begin it where there is none (default runs/DATASET)")
	c.RunE = func(c *cobra.Command, args []string) error {
		if f.resume != "" {
			return a.resume(c, f, args)
		}
		if f.orStart && f.force {
			return usagef("--resume-or-start and --force do not go together")
		}
		r, err := f.recipe(args, "digits")
		if err != nil {
			return err
		}
		if f.orStart {
			return a.resumeOrStart(c.Context(), f, r)
		}
		return a.start(c.Context(), f, r, func() (*run.Folder, error) { return f.claim("runs/" + r.Data.Name()) })
	}
	return c
}

// trainFlags are the flags of train.
type trainFlags struct {
	*recipeFlags
	every   run.Interval
	resume  string
	orStart bool // or resume
}

// start begins a run in the folder that open opens.
func (a *app) start(ctx context.Context, f *trainFlags, r train.Recipe, open func() (*run.Folder, error)) error {
	e, err := prepare(r, open)
	if err != nil {
		return err
	}
	defer e.Release()
	return a.train(ctx, f, run.Begin(e))
}

// train trains, and reports what came of it.
func (a *app) train(ctx context.Context, f *trainFlags, r *run.Run) error {
	if r.Record.Command == "" {
		r.Record.Command, r.Record.Version = commandLine(a.args), version()
	}
	var h *train.History
	err := a.learn(r.Experiment, run.PCN, a.info(), func(o run.Options) (_ *train.History, err error) {
		o.Every = f.every
		o.Begin = func(l *train.PCN) { a.describe(r.Experiment, a.info(), l) }
		h, err = r.Train(ctx, o)
		return h, err
	})
	res := r.Record.Result
	switch {
	case err != nil && r.Holds() != "":
		return fmt.Errorf("%w; when that is mended, 'pcnrun train --resume %s' goes on", err, r.Dir)
	case err != nil:
		return err
	case !r.Record.Over():
		if f.json {
			if err := printJSON(a.stdout, res); err != nil {
				return err
			}
		}
		return fmt.Errorf("%w; 'pcnrun train --resume %s' goes on", interruption(res), r.Dir)
	}
	fmt.Fprintf(a.info(), "wrote %s, %s and %s\n", res.Model, r.Path(run.CurvesFile), r.Path(run.ReportFile))
	if err := a.printResult(f, res); err != nil {
		return err
	}
	if last := h.Epochs[len(h.Epochs)-1]; !last.Finite() {
		return fmt.Errorf("training failed at epoch %d: the energy is no longer a number", last.Epoch)
	}
	return nil
}

// printResult prints what came of a run that has ended.
func (a *app) printResult(f *trainFlags, res run.Result) error {
	if f.json {
		return printJSON(a.stdout, res)
	}
	paint(a.stdout, bold, res.Summary())
	_, err := fmt.Fprintln(a.stdout)
	return err
}

// resume goes on with the run in the folder that --resume names.
func (a *app) resume(c *cobra.Command, f *trainFlags, args []string) error {
	if err := f.resumeAlone(c, args); err != nil {
		return err
	}
	if _, err := os.Stat(f.resume); err != nil {
		return fmt.Errorf("--resume: %w", err) // before a folder is made
	}
	d, err := run.OpenFolder(f.resume)
	if err != nil {
		return fmt.Errorf("--resume: %w", err)
	}
	defer d.Release()
	rec, from, err := d.Where()
	if err != nil {
		return fmt.Errorf("--resume: %w", err)
	}
	return a.goOn(c.Context(), f, d, rec, from)
}

// resumeOrStart goes on with the run in the folder of --out, which must be of the
// settings r, or begins it there.
func (a *app) resumeOrStart(ctx context.Context, f *trainFlags, r train.Recipe) error {
	d, err := run.OpenFolder(cmp.Or(f.out, filepath.FromSlash("runs/"+r.Data.Name())))
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	defer d.Release()
	if d.Holds() == "" {
		return a.start(ctx, f, r, func() (*run.Folder, error) { return d, nil })
	}
	rec, from, err := d.Where()
	if err != nil {
		return fmt.Errorf("--resume-or-start: %w", err)
	}
	others, err := run.Differences(rec.Recipe, r)
	if err != nil {
		return err
	}
	if len(others) > 0 {
		return usagef("--resume-or-start: %s holds a run of other settings: %s", d.Dir, strings.Join(others, ", "))
	}
	return a.goOn(ctx, f, d, rec, from)
}

// goOn goes on with the run in d, which is where these say.
func (a *app) goOn(ctx context.Context, f *trainFlags, d *run.Folder, rec *run.Record, from *train.Checkpoint) error {
	if rec.Over() {
		if _, err := model.Load(d.Path(run.ModelFile), model.Config{}); err != nil { // of which it has the score
			return err
		}
		fmt.Fprintf(a.info(), "%s has come to its end before; 'pcnrun report %[1]s' renews its report\n", d.Dir)
		return a.printResult(f, rec.Result)
	}
	if from == nil {
		fmt.Fprintf(a.info(), "%s has no checkpoint yet: the run begins anew\n", d.Dir)
	} else {
		fmt.Fprintf(a.info(), "resume   %s at epoch %d, batch %d\n", d.Dir, len(from.History.Epochs)+1, from.Batch+1)
	}
	if was := rec.Machine.Kernel; was != gemm.Kernel() {
		a.warn("the run began with the kernel %s and goes on with %s: its numbers will differ by rounding", was, gemm.Kernel())
	}
	e, err := prepare(rec.Recipe, func() (*run.Folder, error) { return d, d.Clean() })
	if err != nil {
		return err
	}
	return a.train(ctx, f, run.GoOn(e, rec, from))
}

// resumeAlone refuses settings beside --resume.
func (f *trainFlags) resumeAlone(c *cobra.Command, args []string) error {
	allowed := map[string]bool{"resume": true, "json": true, "checkpoint-every": true}
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

// claim opens the folder for a new run: the one of --out, which must hold no run
// unless --force says that it may go, or else the first of name, name-2, name-3
// and so on that holds none.
func (f *recipeFlags) claim(name string) (*run.Folder, error) {
	open := run.Claim
	if f.out != "" || f.force {
		open = run.OpenFolder
	}
	d, err := open(cmp.Or(f.out, name))
	if err != nil {
		return nil, fmt.Errorf("--out: %w", err)
	}
	switch file := d.Holds(); {
	case file == "":
		return d, nil
	case f.force:
		return d, d.Clear()
	default:
		d.Release()
		return nil, usagef("--out %s: holds a run already, of which %s is a part: name another folder, or give --force to overwrite it", d.Dir, file)
	}
}

// commandLine returns a command line of pcnrun as a shell reads it.
func commandLine(args []string) string {
	words := []string{"pcnrun"}
	for _, arg := range args {
		if strings.ContainsFunc(arg, func(r rune) bool {
			return !strings.ContainsRune("-_=./,:+@%", r) && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
		}) || arg == "" {
			arg = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
		words = append(words, arg)
	}
	return strings.Join(words, " ")
}
