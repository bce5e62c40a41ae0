package train

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"gorgonia.org/tensor"

	"example.com/pcn/model"
	"example.com/pcn/train/data"
	"example.com/pcn/train/rule"
)

// Learning says how [Fit] goes about it. The zero value of a field means its
// default.
type Learning struct {
	// Rule says how a batch moves the weights, by name and settings: see [rule.New]. [Fit]
	// leaves that to its learner. Default pc.
	Rule string `yaml:"rule" json:"rule"`
	// From is the file of a model whose weights learning goes on from. The network must be
	// that model's. [Fit] leaves that to its learner, too: see [Recipe.PCN]. Default new weights.
	From string `yaml:"from,omitempty" json:"from,omitempty"`
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
	// Patience ends training after that many epochs in a row without a lower loss on
	// the validation set, see [Score]; the learner is then as after the best epoch, by its
	// State. 0 takes all epochs and leaves it as after the last.
	Patience int `yaml:"patience" json:"patience"`
	// ClassWeights says how much the examples of each class count. Default all alike.
	ClassWeights ClassWeights `yaml:"class_weights,omitempty" json:"class_weights,omitempty"`
	// Seed decides the order of the examples, and how they are varied: see
	// [data.Set.WithAugmentation].
	Seed uint64 `yaml:"seed" json:"seed"`
}

// WithDefaults returns a copy of c with the defaults filled in, or an error that
// names each bad field.
func (c Learning) WithDefaults() (Learning, error) {
	c.Rule = cmp.Or(c.Rule, rule.Default)
	c.Epochs, c.Batch, c.Rate, c.Schedule = cmp.Or(c.Epochs, 10), cmp.Or(c.Batch, 64), cmp.Or(c.Rate, 0.001), cmp.Or(c.Schedule, "constant")
	var errs []error
	if c.Epochs < 0 {
		errs = append(errs, fmt.Errorf("epochs: must be > 0, got %d", c.Epochs))
	}
	if c.Batch < 0 {
		errs = append(errs, fmt.Errorf("batch: must be > 0, got %d", c.Batch))
	}
	if c.Patience < 0 {
		errs = append(errs, fmt.Errorf("patience: must be >= 0, got %d", c.Patience))
	}
	if !(c.Rate > 0) || math.IsInf(c.Rate, 0) {
		errs = append(errs, fmt.Errorf("rate: must be a number > 0, got %v", c.Rate))
	}
	if _, _, err := c.ClassWeights.parse(); err != nil {
		errs = append(errs, fmt.Errorf("class_weights: %w", err))
	}
	if _, err := rule.New(c.Rule); err != nil {
		errs = append(errs, fmt.Errorf("rule: %w", err))
	}
	if _, err := NewSchedule(c.Schedule); err != nil {
		errs = append(errs, fmt.Errorf("schedule: %w", err))
	}
	return c, errors.Join(errs...)
}

// Epoch is the record of one pass over the training set. JSON has null for what
// is no finite number.
type Epoch struct {
	Epoch int `json:"epoch"` // from 1
	Settled
	// Validation is the score on the validation set after the epoch, nil
	// without one.
	Validation *Score `json:"validation,omitempty"`
	// Test is the score on [Options.Test] after the epoch, nil without one.
	Test *Score `json:"test,omitempty"`
	// Rate is the learning rate of the last batch.
	Rate float64 `json:"rate"`
	// Diverged is the number of batches, of Batches, that diverged while
	// settling.
	Diverged int `json:"diverged"`
	Batches  int `json:"batches"`
	// Seconds is the time spent learning, without the scores.
	Seconds float64 `json:"seconds"`
	// Elapsed is all the time since the run began, by [Options.Began], in seconds, but for
	// the scores of [Options.Test].
	Elapsed float64 `json:"elapsed"`
}

// History is what became of a training run.
type History struct {
	Epochs []Epoch `json:"epochs"`
	// Best is the epoch with the lowest loss on the validation set; the first of several. 0 without a validation set.
	Best int `json:"best"`
	// Status is Diverged when settling diverged in any batch, StepLimit
	// otherwise.
	Status model.Status `json:"status"`
	// Seconds is the time spent learning, without the validations.
	Seconds float64 `json:"seconds"`
}

// Options are what a caller of [Fit] may want beside the training.
type Options struct {
	// Event is called after each batch and each epoch. Its error ends training.
	Event func(Event) error
	// Exchange is that of the ranks that learn together, each calling Fit with the same
	// learner, Learning and examples; nil for one process alone. Weights, histories and
	// checkpoints are then the same on all of them, to the bit, and those of one process,
	// so that a checkpoint goes on with any number of ranks. They end together where ctx is
	// cancelled on any; where Event returns an error it has to on all.
	Exchange Exchange
	// From is where to go on; nil to begin.
	From *Checkpoint
	// Test is scored after each epoch too, where a published figure is that of the best such
	// score. It decides nothing. nil for the usual: one score at the end, by [Evaluate].
	Test *data.Set
	// Began is when the run began, for [Epoch.Elapsed]. Default when Fit does.
	Began time.Time
	// Logger is told how each epoch went, and of divergences; nil for nobody.
	Logger *slog.Logger
}

// The random stream of the order of examples, drawn from Learning.Seed.
const streamShuffle = 101

// errNotFinite ends an epoch in which the energy is no longer a number.
var errNotFinite = errors.New("train: the energy is not finite")

// Fit teaches l the training set, varied as it is augmented, and scores it on the
// validation set, which may be nil, after each epoch.
//
// It ends early, with the history so far, when ctx is cancelled, after the batch or the
// scores at hand, and so with a batch at least, of which a callback can keep a checkpoint
// (the error is context.Cause), when Options.Event returns an error, when
// the validation loss has not been lower for Learning.Patience epochs, and when the energy
// is no longer finite: Status is then Diverged, and the weights are those before that batch.
//
// With Options.From it goes on where that checkpoint was made, given the same
// examples, a learner of the same settings and the same Learning: all that
// follows, but for the seconds, is then the same to the bit as without an
// interruption.
func Fit(ctx context.Context, l Learner, c Learning, training, validation *data.Set, opts Options) (*History, error) {
	f, err := newFitting(l, c, training, validation, opts)
	if err != nil {
		return &History{}, err
	}
	for !f.over() {
		if err := f.epoch(ctx); err != nil {
			return f.history, err
		}
	}
	return f.history, f.putBestBack()
}

// fitting is a training run under way.
type fitting struct {
	learner    Learner
	settings   Learning
	schedule   Schedule
	batches    *batches
	validation *data.Set // nil without one
	opts       Options

	weights   []float64           // by example of the training set; nil where all count alike
	began     time.Time           // by which Elapsed counts
	data      func() Fingerprints // of the training and validation sets
	history   *History
	stream    *rand.PCG   // of the order of the examples
	drawn     []byte      // the stream before the order of the epoch under way was drawn
	record    Epoch       // of the epoch under way
	batch     int         // batches of it that are done; 0 between epochs
	notFinite bool        // the energy no longer is
	best      model.State // the learner's after the best epoch, where there is patience
}

func newFitting(l Learner, c Learning, training, validation *data.Set, opts Options) (*fitting, error) {
	c, err := c.WithDefaults()
	if err != nil {
		return nil, fmt.Errorf("train: learning: %w", err)
	}
	if validation != nil && validation.Len() == 0 {
		validation = nil
	}
	if c.Patience > 0 && validation == nil {
		return nil, errors.New("train: patience: needs a validation set")
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	f := &fitting{learner: l, settings: c, validation: validation, opts: opts, history: &History{}, stream: rand.NewPCG(c.Seed, streamShuffle)}
	if f.began = opts.Began; f.began.IsZero() {
		f.began = time.Now()
	}
	f.data = sync.OnceValue(Sets{Train: training, Validation: validation}.Fingerprints)
	if f.schedule, err = NewSchedule(c.Schedule); err != nil {
		return nil, err
	}
	if f.batches, err = newBatches(l, training, c.Batch); err != nil {
		return nil, err
	}
	f.batches.gather = func(rows []int, inputs, targets *tensor.Dense) error {
		return training.GatherAugmented(rows, c.Seed, f.record.Epoch, inputs, targets)
	}
	if f.weights, err = c.ClassWeights.byExample(training); err != nil {
		return nil, fmt.Errorf("train: learning: class_weights: %w", err)
	}
	for name, set := range map[string]*data.Set{"validation": validation, "test": opts.Test} {
		if set == nil {
			continue
		}
		if err := f.batches.taken.fits(set); err != nil {
			return nil, fmt.Errorf("%w: the %s set", err, name)
		}
	}
	if opts.From != nil {
		if err := f.resume(opts.From); err != nil {
			return nil, fmt.Errorf("train: checkpoint: %w", err)
		}
	}
	return f, nil
}

// over reports whether nothing is left to learn.
func (f *fitting) over() bool {
	done := len(f.history.Epochs)
	return f.batch == 0 && (f.notFinite || done >= f.settings.Epochs ||
		f.settings.Patience > 0 && f.history.Best > 0 && done-f.history.Best >= f.settings.Patience)
}

// epoch goes on with the epoch under way, or begins the next.
func (f *fitting) epoch(ctx context.Context) error {
	if f.batch == 0 {
		f.record = Epoch{Epoch: len(f.history.Epochs) + 1, Batches: f.batches.count(), Settled: Settled{InferenceRate: math.Inf(1)}}
	}
	f.drawn, _ = f.stream.MarshalBinary() // never fails
	order := rand.New(f.stream).Perm(f.batches.set.Len())
	began, before := time.Now(), f.record.Seconds
	atHand := context.WithoutCancel(ctx)
	var err error
	if !f.notFinite {
		err = f.batches.each(order, f.batch, func(done int, batch Batch) error {
			share := float64(done) / float64(len(order))
			f.record.Rate = f.settings.Rate * f.schedule.Factor((float64(f.record.Epoch-1)+share)/float64(f.settings.Epochs))
			batch.Estimate = done+len(batch.Examples) == len(order) && f.estimates()
			batch.Epoch, batch.Number, batch.Seed = f.record.Epoch-1, (f.record.Epoch-1)*f.record.Batches+f.batch, f.settings.Seed
			batch.Weights = weightsOf(f.weights, batch.Examples)
			var step Step
			if err := f.shared(func() (err error) {
				step, err = f.learner.Learn(atHand, batch, f.record.Rate)
				return err
			}); err != nil {
				return err
			}
			f.add(step, float64(len(batch.Examples))/float64(done+len(batch.Examples)))
			f.record.Seconds = before + time.Since(began).Seconds()
			f.record.Elapsed = time.Since(f.began).Seconds()
			if err := f.tell(ctx, Event{Step: step}); err != nil {
				return err
			}
			if f.notFinite {
				return errNotFinite
			}
			return nil
		})
	}
	if err != nil && !errors.Is(err, errNotFinite) {
		return err
	}
	if err := f.shared(func() (err error) {
		f.record.Validation, err = f.score(atHand, f.validation)
		return err
	}); err != nil {
		return err
	}
	scored := time.Now()
	f.record.Elapsed = scored.Sub(f.began).Seconds()
	if f.record.Test, err = f.score(atHand, f.opts.Test); err != nil {
		return err
	}
	f.began = f.began.Add(time.Since(scored)) // what decides nothing takes no time
	return f.end(ctx)
}

// score scores a set, which may be nil.
func (f *fitting) score(ctx context.Context, set *data.Set) (*Score, error) {
	if f.notFinite || set == nil {
		return nil, nil
	}
	score, err := Evaluate(ctx, f.learner, set)
	return &score, err
}

// estimates reports whether the energy to lose is estimated in the epoch under way:
// in ten of a run, the last among them.
func (f *fitting) estimates() bool {
	n, of := f.record.Epoch, f.settings.Epochs
	return 10*n/of > 10*(n-1)/of
}

// add enters a batch, that share of the examples so far, in the record.
func (f *fitting) add(step Step, share float64) {
	f.batch++
	f.notFinite = !step.Finite()
	e := &f.record
	e.Settled.add(step.Settled, share)
	if f.batch == 1 && step.InferenceRate > 0 {
		f.opts.Logger.Debug("first batch", "epoch", e.Epoch, "inference_rate", step.InferenceRate, "energy_form", step.energyForm(), "steps", step.Steps, "residual", step.Residual)
	}
	if step.Status != model.Diverged {
		return
	}
	if f.history.Status != model.Diverged {
		f.opts.Logger.Warn("settling diverged", "epoch", e.Epoch, "batch", f.batch, "node", step.Nodes.Of(step.Node), "energy", step.Energy)
	}
	f.history.Status = model.Diverged
	e.Diverged++
	e.Node = step.Node
}

// end closes the epoch under way.
func (f *fitting) end(ctx context.Context) error {
	h, e := f.history, f.record
	best := e.Validation != nil && (h.Best == 0 || better(*e.Validation, *h.Epochs[h.Best-1].Validation))
	h.Epochs = append(h.Epochs, e)
	h.Seconds += e.Seconds
	f.batch = 0
	f.opts.Logger.Debug("epoch", "epoch", e.Epoch, "rate", e.Rate, "inference_rate", e.InferenceRate, "energy", e.Energy, "residual", e.Residual, "diverged_batches", e.Diverged, "best", best)
	if best {
		h.Best = e.Epoch
		if f.settings.Patience > 0 {
			f.best = f.learner.State().Clone()
		}
	}
	return f.tell(ctx, Event{Batch: e.Batches, Done: &e, Best: best, Last: f.over()})
}

// better reports whether a is a better score than b: by the loss, for classes, too, whose
// accuracy on few examples reaches its highest by chance.
func better(a, b Score) bool {
	return a.Loss < b.Loss || math.IsNaN(b.Loss) && !math.IsNaN(a.Loss)
}

// tell calls back, with what is not in e filled in, and then ends training where it is to
// stop.
func (f *fitting) tell(ctx context.Context, e Event) error {
	e.Epoch, e.Epochs, e.Batches, e.fitting, e.stopping = f.record.Epoch, f.settings.Epochs, f.record.Batches, f, f.asks(ctx)
	if e.Done == nil {
		e.Batch = f.batch
	}
	if f.opts.Event != nil {
		if err := f.opts.Event(e); err != nil {
			return err
		}
	}
	return stop(ctx, e.stopping)
}

// putBestBack gives the learner the state of the best epoch, where it was kept.
func (f *fitting) putBestBack() error {
	if best := f.history.Best; f.settings.Patience == 0 || best == 0 || best == len(f.history.Epochs) {
		return nil
	}
	if err := f.learner.SetState(f.best); err != nil {
		return fmt.Errorf("train: the best epoch: %w", err)
	}
	return nil
}
