package run

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"example.com/pcn/internal/atomicfile"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/trained"
)

// Experiment is a recipe with its data and a folder for what comes of it.
type Experiment struct {
	*Folder
	Recipe   train.Recipe
	Sets     train.Sets
	Untested bool      // the test part is not for this run
	Began    time.Time // when its data was to be loaded; zero for when it learns

	Data train.Fingerprints // of Sets
}

// NewExperiment returns the experiment of a recipe whose data, sets, fits it.
func NewExperiment(d *Folder, r train.Recipe, sets train.Sets) *Experiment {
	return &Experiment{Folder: d, Recipe: r, Sets: sets, Data: sets.Fingerprints()}
}

// Options are what who trains may want beside the training. The zero value is ready to use.
type Options struct {
	Every   Interval // how often a checkpoint is written
	Workers int      // cores to use, all if 0
	// EpochTests has the test part scored after each epoch, for a table of figures that are
	// of the best such score.
	EpochTests bool
	// Exchange is that of the ranks that learn together, of which one alone has the run: see
	// [train.Options.Exchange]. nil for this process alone.
	Exchange train.Exchange
	// Begin is told of the learner before its first batch, and Event of each batch and each
	// epoch. They may be nil.
	Begin func(*train.PCN)
	Event func(train.Event)
	// Logger is told how it goes; nil for nobody.
	Logger *slog.Logger
}

// SaveRecipe writes the settings used, as n has filled them in, to a file in the folder.
func (e *Experiment) SaveRecipe(n *model.Network) error {
	r := e.Recipe
	r.Model = n.Config()
	text, err := r.YAML()
	if err != nil {
		return err
	}
	return atomicfile.Write(e.Path(RecipeFile), func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// learn teaches l, which goes by a name in the result, writes the model to a file of the
// folder after each epoch, and scores it on the test part at the end, unless e is untested.
// When ctx is cancelled it ends after a batch, with a result and an error. What k keeps comes
// besides.
func (e *Experiment) learn(ctx context.Context, name string, l *train.PCN, file string, o Options, k *keeper) (Result, *train.History, error) {
	n, path := l.Network(), e.Path(file)
	res := newResult(e, name, l)
	if err := trained.Describe(n, e.Recipe, e.Sets, e.Data); err != nil {
		return res, nil, err
	}
	opts := train.Options{Exchange: o.Exchange, Logger: o.Logger, Began: e.Began, Event: func(ev train.Event) error {
		if o.Event != nil {
			o.Event(ev)
		}
		if ev.Done != nil {
			if err := n.Save(path); err != nil {
				return err
			}
			res.Model = path
		}
		return k.event(ev)
	}}
	opts.From = k.from
	if o.EpochTests {
		opts.Test = e.Sets.Test
	}
	h, err := train.Fit(ctx, l, e.Recipe.Learning, e.Sets.Train, e.Sets.Validation, opts)
	res.setHistory(h, e.Recipe.Learning)
	if err == nil && (res.Model == "" || h.Best != len(h.Epochs) && e.Recipe.Learning.Patience > 0) {
		err = n.Save(path) // the best is back, or nothing was left to learn
		res.Model = path
	}
	if err == nil && !e.Untested {
		var score train.Score
		if score, err = train.Evaluate(ctx, l, e.Sets.Test); err == nil {
			res.SetTest(score)
		}
	}
	if err == nil && !e.Untested && !e.Recipe.SettlesByDefault() && res.Status != Diverged { // the weights are kept already
		res.MoreSteps, err = l.MoreSteps(ctx, e.Sets.Validation)
	}
	if err != nil && ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		res.Status = Interrupted
	}
	return res, h, err
}
