package learn

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/gemm"
	"example.com/pcn/internal/mpi"
	"example.com/pcn/internal/plural"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/run"
	"example.com/pcn/train/trained"
)

// ranks are the processes of an MPI job, which train one network together. Rank 0 leads: it
// alone has a folder, writes and speaks. The others follow, with the same data and recipe,
// and say nothing but their errors. Nil is this process alone.
type ranks struct {
	*mpi.World
	interrupt context.CancelFunc
	led       bool // rank 0 has told the others what to do
	ended     bool // nothing is left that ranks do together
}

// task is what rank 0 tells the others to do.
type task struct {
	Nothing    bool // what was asked for is done
	Recipe     train.Recipe
	Checkpoint []byte // where to go on; nil to begin
}

// graceOfLoss is how long a rank may take to end by itself when another is lost.
const graceOfLoss = 6 * time.Second

// together has do done by all ranks that mpirun has started, or by this process alone.
func together(a *cli.App, f *trainFlags, do func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		if f.mpi == "off" {
			return do(c, args)
		}
		launch, err := mpi.Started()
		if err != nil {
			return fmt.Errorf("--mpi: %w", err)
		}
		path := f.mpi
		switch {
		case path == "auto":
			path = ""
		case launch == nil:
			return cli.Usagef("--mpi %s: mpirun must have started this process with others, and has not", path)
		}
		if launch == nil {
			return do(c, args)
		}
		world, err := mpi.Join(launch, path)
		if err != nil {
			return fmt.Errorf("%v: %w; --mpi takes the path of the library, and with --mpi off each process trains by itself", launch, err)
		}
		ctx, cancel := context.WithCancel(c.Context())
		c.SetContext(ctx)
		f.ranks = &ranks{World: world, interrupt: cancel}
		if os.Getenv("GOMAXPROCS") == "" {
			runtime.GOMAXPROCS(world.Cores())
		}
		errs := a.Stderr
		if f.ranks.follows() {
			a.Stdout, a.Stderr, a.Quiet = io.Discard, io.Discard, true
		}
		go func() {
			<-world.Lost()
			time.Sleep(graceOfLoss) // its work may be long until it looks at what others have
			fmt.Fprintf(errs, "pcnrun: rank %d: %v\n", world.Rank(), world.Err())
			os.Exit(cli.ExitFailure)
		}()
		err = do(c, args)
		if err == nil && !f.ranks.follows() && !f.ranks.led {
			_, err = f.ranks.tell(task{Nothing: true})
		}
		if f.ranks.ended {
			world.Leave(nil)
		} else if lost := world.Leave(err); err == nil {
			err = lost
		}
		if err != nil && f.ranks.follows() && !f.ranks.ended {
			err = fmt.Errorf("rank %d: %w", world.Rank(), err)
		}
		return err
	}
}

// follows reports whether this is one of several ranks, and not the first.
func (r *ranks) follows() bool { return r != nil && r.Rank() > 0 }

// exchange returns the exchange of the ranks; nil for this process alone.
func (r *ranks) exchange() train.Exchange {
	if r == nil {
		return nil
	}
	return r.World
}

// stopping reports whether any rank is to stop, on all of them.
func (r *ranks) stopping(ctx context.Context) (bool, error) {
	stop, err := train.Any(r.exchange(), ctx.Err() != nil)
	if stop && r != nil {
		r.interrupt()
		r.end()
	}
	return stop, err
}

// end notes that nothing is left that ranks do together.
func (r *ranks) end() {
	if r != nil {
		r.ended = true
	}
}

// describe prints who trains together.
func (r *ranks) describe(w io.Writer, batch int) {
	if r == nil {
		return
	}
	fmt.Fprintf(w, "mpi      %s of %v\n", plural.Of(r.Ranks(), "rank"), r.World)
	if groups := model.Groups(batch); groups < r.Ranks() {
		fmt.Fprintf(w, "note     a batch of %d is shared by %s at most: --batch takes more\n", batch, plural.Of(groups, "rank"))
	}
}

// tell tells all ranks what rank 0 has them do.
func (r *ranks) tell(t task) (task, error) {
	text, err := json.Marshal(t)
	if err != nil {
		return t, err
	}
	if text, err = r.Send(text); err != nil {
		return t, err
	}
	return t, json.Unmarshal(text, &t)
}

// lead tells the others to train as e says, from a checkpoint or from the beginning.
func (r *ranks) lead(e *run.Experiment, from *train.Checkpoint) error {
	if r == nil {
		return nil
	}
	t := task{Recipe: e.Recipe}
	if from != nil {
		var b bytes.Buffer
		if err := from.Write(&b); err != nil {
			return err
		}
		t.Checkpoint = b.Bytes()
	}
	r.led = true
	if _, err := r.tell(t); err != nil {
		return err
	}
	return r.agree(e.Recipe, e.Data)
}

// follow does what rank 0 says, with the recipe r of this rank's own command line; nil
// where that has none.
func (k *ranks) follow(ctx context.Context, r *train.Recipe) error {
	t, err := k.tell(task{})
	if err != nil || t.Nothing {
		return err
	}
	if r == nil {
		r = &t.Recipe
	}
	sets, err := trained.LoadSets(*r)
	if err != nil {
		return err
	}
	if err := r.CheckSets(sets); err != nil {
		return err
	}
	if err := k.agree(*r, sets.Fingerprints()); err != nil {
		return err
	}
	l, err := r.PCN()
	if err != nil {
		return err
	}
	opts := train.Options{Exchange: k.World, Logger: slog.New(slog.DiscardHandler), Event: func(train.Event) error {
		stop, err := k.stopping(ctx)
		if err == nil && stop {
			err = context.Canceled
		}
		return err
	}}
	if t.Checkpoint != nil {
		if opts.From, err = train.ReadCheckpoint(t.Checkpoint); err != nil {
			return err
		}
	}
	if _, err = train.Fit(context.WithoutCancel(ctx), l, r.Learning, sets.Train, sets.Validation, opts); err == nil {
		k.end()
	}
	return err
}

// agree holds that all ranks are the same program with the same recipe and data. All find
// the same fault.
func (r *ranks) agree(recipe train.Recipe, data train.Fingerprints) error {
	program, err := programHash()
	if err != nil {
		return err
	}
	origin, err := trained.Sum(recipe)
	if err != nil {
		return err
	}
	own := map[string]string{"pcnrun": program, "kernel": gemm.Kernel(), "model": origin}
	for name, x := range map[string]any{"recipe": recipe, "data": data} {
		text, err := json.Marshal(x)
		if err != nil {
			return err
		}
		own[name] = fmt.Sprintf("%x", sha256.Sum256(text))
	}
	text, err := json.Marshal(own)
	if err != nil {
		return err
	}
	all, err := r.All(text)
	if err != nil {
		return err
	}
	said := make([]map[string]string, len(all))
	var errs []error
	for rank, text := range all {
		if err := json.Unmarshal(text, &said[rank]); err != nil {
			return fmt.Errorf("%s: %w", r.Name(rank), err)
		}
		for _, what := range []string{"pcnrun", "kernel", "recipe", "model", "data"} {
			if is, want := said[rank][what], said[0][what]; is != want {
				errs = append(errs, fmt.Errorf("%s: %s: must be that of %s, %.12s, got %.12s", r.Name(rank), what, r.Name(0), want, is))
			}
		}
	}
	return errors.Join(errs...)
}

// programHash returns a hash of this program.
func programHash() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}
