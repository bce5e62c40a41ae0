// Package learn has the commands that train: one run, a comparison, a sweep, a table of the field.
package learn

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/gemm"
	"example.com/pcn/internal/quoted"
	"example.com/pcn/internal/ranks"
	"example.com/pcn/internal/terminal"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/run"
)

// Train is the command train.
func Train(a *cli.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "train [" + strings.Join(train.Datasets, "|") + "|PATH]",
		Short: "Train a network and score it on the test part",
		Long: `Train a predictive coding network on a dataset, digits by default, and score it
once on the test part at the end.

About ten epochs, passes over the examples, have a line: the energy (what learning
makes small: half the sum of the squared prediction errors), the accuracy on the
validation part, which is not learned from, and the time. With -v every epoch has
one, with how latents settled: steps, rate, the residual (what was left of the
gradient) and the share of the energy's fall to rest that was made.

The folder of the run gets
  model.safetensors       the model that is scored, renewed after each epoch: of
                          the last epoch, or with --patience of the best
  best.safetensors        the model of the epoch with the lowest loss on the validation
                          part: the cross-entropy where that is the label's energy,
                          and else the squared error
  last.safetensors        that of the last epoch, where it is not the one scored
  checkpoint.safetensors  where --resume goes on
  recipe.yaml             the settings used
  metrics.jsonl           a line for each epoch
  run.json                the command, the settings, the machine, and the result
  curves.png, report.html pictures
A folder that holds a run is not written to without --force or --resume.

A run that was interrupted or killed goes on from its last checkpoint with
--resume, and ends with the same bits as if it had never stopped. It does not go on
with data that has changed since, nor from a file that was damaged. With --epochs
beside it a run goes on to that many, also one that has come to its end. With
--resume-or-start the same command line begins a run and, given again, goes on with
it: for jobs that a batch system queues again.

Processes that mpirun has started, of Open MPI or MPICH, train one network together:
see 'pcnrun help scaling'. The bits are those of one process.

` + cli.DatasetHelp + "\n\n" + cli.RecipeHelp,
		Example: `  pcnrun train
  pcnrun train digits --direction generative --epochs 20
  pcnrun train mnist --data ~/mnist --limit 5000 --layers 784,128,10
  pcnrun train mnist --limit 5000 --recipe article --json
  pcnrun train flowers.csv --label kind
  pcnrun train photos --test more-photos
  pcnrun train --resume runs/mnist
  pcnrun train --resume runs/mnist --epochs 50
  mpirun -n 4 pcnrun train mnist --batch 512
  sbatch --requeue --wrap 'srun pcnrun train mnist --out runs/a --resume-or-start'`,
		PreRun: cli.InterruptOnPipe,
		Args:   cli.DatasetArgs,
	}
	f := &trainFlags{RecipeFlags: cli.AddRecipeFlags(c, "runs/DATASET")}
	f.Flags.Var(&f.every, "checkpoint-every", "how often a checkpoint is written: N epochs, Nb batches, or a time such as 30s; one is always written at the end and when interrupted")
	f.Flags.StringVar(&f.resume, "resume", "", "go on with the run in `DIR`, with its own settings but for more --epochs")
	f.Flags.BoolVar(&f.orStart, "resume-or-start", false, "go on with the run in the folder of --out, which must be of the same settings, or begin it where there is none (default runs/DATASET)")
	f.Flags.StringVar(&f.mpi, "mpi", "auto", "whether the processes that mpirun starts train one network: auto, off, or the `PATH` of the MPI library to open")
	c.RunE = together(a, f, func(c *cobra.Command, args []string) error {
		if f.resume != "" {
			if err := f.resumeAlone(c, args); err != nil {
				return err
			}
			if f.ranks.Follows() {
				return f.ranks.Follow(c.Context(), nil)
			}
			return resume(a, c, f)
		}
		if f.orStart && f.Force {
			return cli.Usagef("--resume-or-start and --force do not go together")
		}
		r, err := f.Recipe(args, "digits")
		if err != nil {
			return err
		}
		if f.ranks.Follows() {
			return f.ranks.Follow(c.Context(), &r)
		}
		if f.orStart {
			return resumeOrStart(c.Context(), a, f, r)
		}
		return start(c.Context(), a, f, r, func() (*run.Folder, error) { return f.Claim("runs/" + r.Data.Name()) })
	})
	return c
}

// trainFlags are the flags of train.
type trainFlags struct {
	*cli.RecipeFlags
	every   run.Interval
	resume  string
	orStart bool // or resume
	mpi     string
	ranks   *ranks.Ranks // that train together; nil for this process alone
}

// start begins a run in the folder that open opens.
func start(ctx context.Context, a *cli.App, f *trainFlags, r train.Recipe, open func() (*run.Folder, error)) error {
	e, err := prepare(r, open)
	if err != nil {
		return err
	}
	defer e.Release()
	return teach(ctx, a, f, run.Begin(e))
}

// teach trains, and reports what came of it.
func teach(ctx context.Context, a *cli.App, f *trainFlags, r *run.Run) error {
	if r.Record.Command == "" {
		r.Record.Command, r.Record.Version = "pcnrun "+quoted.Shell(a.Args...), cli.Version()
	}
	if err := f.ranks.Lead(r.Experiment, r.From); err != nil {
		return err
	}
	var h *train.History
	err := learn(a, r, a.Info(), func(o run.Options) (_ *train.History, err error) {
		o.Every = f.every
		o.Exchange = f.ranks.Exchange()
		show := o.Event
		o.Event = func(ev train.Event) {
			show(ev)
			f.ranks.Event(ev) // of which training has the error
		}
		o.Begin = func(l *train.PCN) {
			describe(a, r.Experiment, a.Info(), l)
			f.ranks.Describe(a.Info(), r.Recipe.Learning.Batch)
		}
		if h, err = r.Train(ctx, o); err == nil {
			f.ranks.End()
		}
		return h, err
	})
	res := r.Record.Result
	switch {
	case err != nil && r.Holds() != "":
		return fmt.Errorf("%w; when that is mended, 'pcnrun train --resume %s' goes on", err, r.Dir)
	case err != nil:
		return err
	case !r.Record.Over():
		if f.JSON {
			if err := cli.PrintJSON(a.Stdout, res); err != nil {
				return err
			}
		}
		return fmt.Errorf("%w; 'pcnrun train --resume %s' goes on", interruption(res), r.Dir)
	}
	fmt.Fprintf(a.Info(), "wrote %s, %s and %s to %s\n", run.ModelFile, run.CurvesFile, run.ReportFile, r.Dir)
	a.Hint()
	if err := printResult(a, f, res); err != nil {
		return err
	}
	if last := h.Epochs[len(h.Epochs)-1]; !last.Finite() {
		return fmt.Errorf("training failed at epoch %d: the energy is no longer a number", last.Epoch)
	}
	return nil
}

// printResult prints what came of a run that has ended.
func printResult(a *cli.App, f *trainFlags, res run.Result) error {
	if f.JSON {
		return cli.PrintJSON(a.Stdout, res)
	}
	terminal.Paint(a.Stdout, terminal.Bold, res.Summary())
	_, err := fmt.Fprintln(a.Stdout)
	return err
}

// resume goes on with the run in the folder that --resume names.
func resume(a *cli.App, c *cobra.Command, f *trainFlags) error {
	var r *run.Run
	var err error
	if epochs := f.Flags.Lookup("epochs"); epochs.Changed {
		var n int
		if n, err = strconv.Atoi(epochs.Value.String()); err == nil {
			r, err = run.ResumeTo(f.resume, n)
		}
	} else {
		r, err = run.Resume(f.resume)
	}
	if err != nil {
		return fmt.Errorf("--resume: %w", err)
	}
	defer r.Release()
	if s := r.Recipe.Learning.Schedule; f.Flags.Changed("epochs") && s != "constant" {
		a.Note("the rate goes on as the schedule %s has it in a run of %d epochs", s, r.Recipe.Learning.Epochs)
	}
	return goOn(c.Context(), a, f, r)
}

// resumeOrStart goes on with the run in the folder of --out, which must be of the
// settings of recipe, or begins it there.
func resumeOrStart(ctx context.Context, a *cli.App, f *trainFlags, recipe train.Recipe) error {
	d, err := run.OpenFolder(cmp.Or(f.Out, filepath.FromSlash("runs/"+recipe.Data.Name())))
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	defer d.Release()
	if d.Holds() == "" {
		return start(ctx, a, f, recipe, func() (*run.Folder, error) { return d, nil })
	}
	r, err := d.Resume()
	if err != nil {
		return fmt.Errorf("--resume-or-start: %w", err)
	}
	others, err := run.Differences(r.Recipe, recipe)
	if err != nil {
		return err
	}
	if len(others) > 0 {
		return cli.Usagef("--resume-or-start: %s holds a run of other settings: %s", d.Dir, strings.Join(others, ", "))
	}
	return goOn(ctx, a, f, r)
}

// goOn goes on with a run.
func goOn(ctx context.Context, a *cli.App, f *trainFlags, r *run.Run) error {
	if r.Record.Over() {
		if _, err := model.Load(r.Path(run.ModelFile), model.Config{}); err != nil { // of which it has the score
			return err
		}
		fmt.Fprintf(a.Info(), "%s has come to its end before; 'pcnrun report %[1]s' renews its report\n", r.Dir)
		return printResult(a, f, r.Record.Result)
	}
	if r.From == nil {
		fmt.Fprintf(a.Info(), "%s has no checkpoint yet: the run begins anew\n", r.Dir)
	} else {
		fmt.Fprintf(a.Info(), "resume   %s at epoch %d, batch %d\n", r.Dir, len(r.From.History.Epochs)+1, r.From.Batch+1)
	}
	if was := r.Record.Machine.Kernel; was != gemm.Kernel() {
		a.Warn("the run began with the kernel %s and goes on with %s: its numbers will differ by rounding", was, gemm.Kernel())
	}
	cli.LogSets(r.Recipe.Data, r.Sets)
	return teach(ctx, a, f, r)
}

// resumeAlone refuses settings beside --resume.
func (f *trainFlags) resumeAlone(c *cobra.Command, args []string) error {
	allowed := map[string]bool{"resume": true, "epochs": true, "json": true, "checkpoint-every": true, "mpi": true}
	var others []string
	f.Flags.Visit(func(flag *pflag.Flag) {
		if !allowed[flag.Name] && c.InheritedFlags().Lookup(flag.Name) == nil {
			others = append(others, "--"+flag.Name)
		}
	})
	if others = append(others, args...); len(others) > 0 {
		return cli.Usagef("--resume goes on with the run's own settings, and takes no %s beside more --epochs", strings.Join(others, " "))
	}
	return nil
}
