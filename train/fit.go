package train

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"time"

	"example.com/pcn/model"
	"example.com/pcn/train/data"
)

// Learning says how [Fit] goes about it. The zero value of a field means its
// default.
type Learning struct {
	// Epochs is the number of passes over the training set. Default 10.
	Epochs int `yaml:"epochs" json:"epochs"`
	// Batch is the number of examples of a batch; the last of an epoch may have
	// fewer. Default 64.
	Batch int `yaml:"batch" json:"batch"`
	// Rate is the learning rate given to the learner's optimiser. Default 0.001.
	Rate float64 `yaml:"rate" json:"rate"`
	// Schedule is the course of the rate, by name: see [NewSchedule]. Default
	// constant.
	Schedule string `yaml:"schedule" json:"schedule"`
	// Seed decides the order of the examples.
	Seed uint64 `yaml:"seed" json:"seed"`
}

// WithDefaults returns a copy of c with the defaults filled in, or an error that
// names each bad field.
func (c Learning) WithDefaults() (Learning, error) {
	if c.Epochs == 0 {
		c.Epochs = 10
	}
	if c.Batch == 0 {
		c.Batch = 64
	}
	if c.Rate == 0 {
		c.Rate = 0.001
	}
	if c.Schedule == "" {
		c.Schedule = "constant"
	}
	var errs []error
	if c.Epochs < 0 {
		errs = append(errs, fmt.Errorf("epochs: must be > 0, got %d", c.Epochs))
	}
	if c.Batch < 0 {
		errs = append(errs, fmt.Errorf("batch: must be > 0, got %d", c.Batch))
	}
	if !(c.Rate > 0) || math.IsInf(c.Rate, 0) {
		errs = append(errs, fmt.Errorf("rate: must be a number > 0, got %v", c.Rate))
	}
	if _, err := NewSchedule(c.Schedule); err != nil {
		errs = append(errs, fmt.Errorf("schedule: %w", err))
	}
	return c, errors.Join(errs...)
}

// Epoch is the record of one pass over the training set.
type Epoch struct {
	Epoch int // from 1
	// Energy is the mean over the examples of [Step.Energy].
	Energy float64
	// Validation is the score on the validation set after the epoch, nil
	// without one.
	Validation *Score
	// Rate is the learning rate of the last batch, InferenceRate the smallest at
	// which latents settled.
	Rate          float64
	InferenceRate float64
	// Steps, Residual and NodeResidual are means of the [Step]'s over the
	// examples.
	Steps, Residual float64
	NodeResidual    []float64
	// ToLose is the energy that latents had still to lose when the weights learned
	// from them, as an estimated share of their energy, in the last batch of the
	// epoch. It takes as long as some hundred steps, and is estimated in ten epochs
	// of a run; nil in others, and for backprop.
	ToLose *float64
	// Diverged is the number of batches, of Batches, that diverged while
	// settling, and Node the node where the last of them did.
	Diverged int
	Batches  int
	Node     int
	// Seconds is the time spent learning, without the validation.
	Seconds float64
}

// History is what became of a training run.
type History struct {
	Epochs []Epoch
	// Status is Diverged when settling diverged in any batch, StepLimit
	// otherwise.
	Status model.Status
	// Seconds is the time spent learning, without the validations.
	Seconds float64
}

// Event tells a callback how far [Fit] has come: after each batch, and with
// Done not nil after each epoch.
type Event struct {
	Epoch, Epochs  int // Epoch from 1
	Batch, Batches int // batches done in this epoch
	Step           Step
	Done           *Epoch
}

// Options are what a caller of [Fit] may want beside the training.
type Options struct {
	Event  func(Event)  // called after each batch and each epoch
	Logger *slog.Logger // told of divergences
}

// The random stream of the order of examples, drawn from Learning.Seed.
const streamShuffle = 101

// errNotFinite ends a run of which the energy is no longer a number.
var errNotFinite = errors.New("train: the energy is not finite")

// Fit teaches l the training set and scores it on the validation set, which
// may be nil, after each epoch.
//
// It ends early, with the history so far, when ctx is cancelled (the error is
// context.Cause) and when the energy is no longer finite: Status is then
// Diverged, and the weights are those before that batch.
func Fit(ctx context.Context, l Learner, c Learning, training, validation *data.Set, opts Options) (*History, error) {
	h := &History{}
	c, err := c.WithDefaults()
	if err != nil {
		return h, fmt.Errorf("train: %w", err)
	}
	schedule, err := NewSchedule(c.Schedule)
	if err != nil {
		return h, err
	}
	b, err := newBatches(l, training, c.Batch)
	if err != nil {
		return h, err
	}
	rng := rand.New(rand.NewPCG(c.Seed, streamShuffle))
	for epoch := range c.Epochs {
		began := time.Now()
		e := Epoch{Epoch: epoch + 1, Batches: b.count(), InferenceRate: math.Inf(1)}
		order := rng.Perm(training.Len())
		err := b.each(order, func(done int, batch Batch) error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			e.Rate = c.Rate * schedule.Factor((float64(epoch)+float64(done)/float64(len(order)))/float64(c.Epochs))
			batch.Estimate = done+len(batch.Examples) == len(order) && 10*(epoch+1)/c.Epochs > 10*epoch/c.Epochs
			step, err := l.Learn(ctx, batch, e.Rate)
			if err != nil {
				return err
			}
			share := float64(len(batch.Examples)) / float64(len(order))
			e.Energy += share * step.Energy
			e.Steps += share * step.Steps
			e.Residual += share * step.Residual
			if e.NodeResidual == nil {
				e.NodeResidual = make([]float64, len(step.NodeResidual))
			}
			for l, r := range step.NodeResidual {
				e.NodeResidual[l] += share * r
			}
			if batch.Estimate && step.Steps > 0 && step.Energy > 0 {
				share := step.ToLose / step.Energy
				e.ToLose = &share
			}
			e.InferenceRate = min(e.InferenceRate, step.InferenceRate)
			number := done/b.size + 1
			if step.Status == model.Diverged {
				if h.Status != model.Diverged && opts.Logger != nil {
					opts.Logger.Warn("settling diverged", "epoch", e.Epoch, "batch", number, "node", step.Node, "energy", step.Energy)
				}
				h.Status = model.Diverged
				e.Diverged++
				e.Node = step.Node
			}
			if opts.Event != nil {
				opts.Event(Event{Epoch: e.Epoch, Epochs: c.Epochs, Batch: number, Batches: e.Batches, Step: step})
			}
			if !step.Learned {
				return errNotFinite
			}
			return nil
		})
		e.Seconds = time.Since(began).Seconds()
		if errors.Is(err, errNotFinite) {
			h.add(e, c, opts)
			return h, nil
		}
		if err != nil {
			return h, err
		}
		if validation != nil && validation.Len() > 0 {
			score, err := Evaluate(ctx, l, validation)
			if err != nil {
				return h, err
			}
			e.Validation = &score
		}
		h.add(e, c, opts)
	}
	return h, nil
}

func (h *History) add(e Epoch, c Learning, opts Options) {
	h.Epochs = append(h.Epochs, e)
	h.Seconds += e.Seconds
	if opts.Event != nil {
		opts.Event(Event{Epoch: e.Epoch, Epochs: c.Epochs, Batch: e.Batches, Batches: e.Batches, Done: &e})
	}
}
