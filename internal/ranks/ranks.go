// Package ranks has the processes of an MPI job train one network together.
package ranks

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

	"example.com/pcn/internal/gemm"
	"example.com/pcn/internal/mpi"
	"example.com/pcn/internal/plural"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/run"
	"example.com/pcn/train/trained"
)

// Ranks are the processes of an MPI job. Rank 0 leads: it alone has a folder, writes and
// speaks. The others follow, with the same data and recipe, and say nothing but their errors.
// Nil is this process alone.
type Ranks struct {
	*mpi.World
	Interrupt func() // ends what this rank is at

	led   bool // rank 0 has told the others what to do
	ended bool // nothing is left that ranks do together
}

// task is what rank 0 tells the others to do.
type task struct {
	Nothing    bool // what was asked for is done
	Recipe     train.Recipe
	Checkpoint []byte // where to go on; nil to begin
}

// graceOfLoss is how long a rank may take to end by itself when another is lost.
const graceOfLoss = 6 * time.Second

// ErrAlone says that ranks are asked for, and mpirun has not started this process.
var ErrAlone = errors.New("mpirun must have started this process with others, and has not")

// Join waits for all ranks that mpirun has started: nil where it has started none. library is
// the path of the MPI library, auto for that of mpirun, or off to be alone. Leave is to be
// called at the end.
func Join(library string) (*Ranks, error) {
	if library == "off" {
		return nil, nil
	}
	launch, err := mpi.Started()
	if err != nil {
		return nil, fmt.Errorf("--mpi: %w", err)
	}
	if library == "auto" {
		library = ""
	} else if launch == nil {
		return nil, ErrAlone
	}
	if launch == nil {
		return nil, nil
	}
	world, err := mpi.Join(launch, library)
	if err != nil {
		return nil, fmt.Errorf("%v: %w; --mpi takes the path of the library, and with --mpi off each process trains by itself", launch, err)
	}
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(world.Cores())
	}
	return &Ranks{World: world}, nil
}

// OnLoss has do called when another rank is lost, unless this one ends before that.
func (r *Ranks) OnLoss(do func()) {
	go func() {
		<-r.Lost()
		time.Sleep(graceOfLoss) // its work may be long until it looks at what others have
		do()
	}()
}

// Leave ends what ranks do together, with this one's error, and returns that or, where another
// is lost, that.
func (r *Ranks) Leave(err error) error {
	if err == nil && !r.Follows() && !r.led {
		_, err = r.tell(task{Nothing: true})
	}
	if r.ended {
		r.World.Leave(nil)
	} else if lost := r.World.Leave(err); err == nil {
		err = lost
	}
	if err != nil && r.Follows() && !r.ended {
		err = fmt.Errorf("rank %d: %w", r.Rank(), err)
	}
	return err
}

// Follows reports whether this is one of several ranks, and not the first.
func (r *Ranks) Follows() bool { return r != nil && r.Rank() > 0 }

// Exchange returns the exchange of the ranks; nil for this process alone.
func (r *Ranks) Exchange() train.Exchange {
	if r == nil {
		return nil
	}
	return r.World
}

// Event has this rank end as one that is interrupted where any rank is.
func (r *Ranks) Event(ev train.Event) error {
	if r == nil {
		return nil
	}
	stopping, err := ev.Stopping()
	if stopping {
		r.Interrupt()
		r.End()
	}
	return err
}

// End notes that nothing is left that ranks do together.
func (r *Ranks) End() {
	if r != nil {
		r.ended = true
	}
}

// Describe prints who trains together.
func (r *Ranks) Describe(w io.Writer, batch int) {
	if r == nil {
		return
	}
	fmt.Fprintf(w, "mpi      %s of %v\n", plural.Of(r.Ranks(), "rank"), r.World)
	if groups := model.Groups(batch); groups < r.Ranks() {
		fmt.Fprintf(w, "note     a batch of %d is shared by %s at most: --batch takes more\n", batch, plural.Of(groups, "rank"))
	}
}

// tell tells all ranks what rank 0 has them do.
func (r *Ranks) tell(t task) (task, error) {
	text, err := json.Marshal(t)
	if err != nil {
		return t, err
	}
	if text, err = r.Send(text); err != nil {
		return t, err
	}
	return t, json.Unmarshal(text, &t)
}

// Lead tells the others to train as e says, from a checkpoint or from the beginning.
func (r *Ranks) Lead(e *run.Experiment, from *train.Checkpoint) error {
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

// Follow does what rank 0 says, with the recipe r of this rank's own command line; nil
// where that has none.
func (k *Ranks) Follow(ctx context.Context, r *train.Recipe) error {
	t, err := k.tell(task{})
	if err != nil || t.Nothing {
		return err
	}
	if r == nil {
		r = &t.Recipe
	}
	sets, err := run.Load(*r)
	if err != nil {
		return err
	}
	if err := k.agree(*r, sets.Fingerprints()); err != nil {
		return err
	}
	l, err := r.PCN()
	if err != nil {
		return err
	}
	opts := train.Options{Exchange: k.World, Logger: slog.New(slog.DiscardHandler), Event: k.Event}
	if t.Checkpoint != nil {
		if opts.From, err = train.ReadCheckpoint(t.Checkpoint); err != nil {
			return err
		}
	}
	if _, err = train.Fit(ctx, l, r.Learning, sets.Train, sets.Validation, opts); err == nil {
		k.End()
	}
	return err
}

// agree holds that all ranks are the same program with the same recipe and data. All find
// the same fault.
func (r *Ranks) agree(recipe train.Recipe, data train.Fingerprints) error {
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
