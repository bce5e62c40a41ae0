package puzzle

import (
	"context"
	"errors"
	"math"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/jsonfloat"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/data"
)

// Score is how near a completion is to the truth, and how near baselines are. Errors are on
// the hidden units, or where there was noise on all, in units of the network's inputs. A
// field is nil where it is not known.
type Score struct {
	MSE             *jsonfloat.Float `json:"mse,omitempty"`
	MSEMean         *jsonfloat.Float `json:"mse_mean,omitempty"`         // the mean training input's
	MSERatio        *jsonfloat.Float `json:"mse_ratio,omitempty"`        // MSE as a share of MSEMean
	MSENearest      *jsonfloat.Float `json:"mse_nearest,omitempty"`      // the nearest training example's
	MSENoisy        *jsonfloat.Float `json:"mse_noisy,omitempty"`        // what was given's, with noise
	NearestRatio    *jsonfloat.Float `json:"nearest_ratio,omitempty"`    // MSENearest as a share of MSEMean
	Accuracy        *jsonfloat.Float `json:"accuracy,omitempty"`         // of the class by what was left
	AccuracyAll     *jsonfloat.Float `json:"accuracy_all,omitempty"`     // with nothing hidden and no noise
	NearestAccuracy *jsonfloat.Float `json:"nearest_accuracy,omitempty"` // of the nearest training example's class
}

// Score scores what n made of the puzzle, beside the training set that n learned from, and of
// classes, whose labels these are. Either may be nil. AccuracyAll takes another completion:
// see [Puzzle.Answer].
func (p *Puzzle) Score(ctx context.Context, n *model.Network, training *data.Set, done *model.Completion, labels []int) (s Score, err error) {
	rows := model.Rows(p.filled(done))
	mse, units := p.mse(func(i int) []float64 { return rows[i] })
	if units > 0 {
		s.MSE = pointer(mse)
	}
	if p.Sigma > 0 {
		given := model.Rows(p.Seen.Values)
		noisy, _ := p.mse(func(i int) []float64 { return given[i] })
		s.MSENoisy = pointer(noisy)
	}
	if labels != nil {
		s.Accuracy = pointer(train.Accuracy(done.Classes, labels))
	}
	if training == nil || units == 0 && labels == nil {
		return s, nil
	}
	all, err := train.Examples(n, training)
	if err != nil {
		return s, err
	}
	examples := model.Rows(all.Inputs)
	nearest, err := train.Nearest(ctx, p.Seen, all.Inputs)
	if err != nil {
		return s, err
	}
	if units > 0 {
		mean := columnMeans(examples)
		ofMean, _ := p.mse(func(int) []float64 { return mean })
		ofNearest, _ := p.mse(func(i int) []float64 { return examples[nearest[i]] })
		s.MSEMean, s.MSERatio = pointer(ofMean), pointer(mse/ofMean)
		s.MSENearest, s.NearestRatio = pointer(ofNearest), pointer(ofNearest/ofMean)
	}
	if labels != nil {
		theirs := training.Labels()
		guess := make([]int, len(labels))
		for i, e := range nearest {
			guess[i] = theirs[e]
		}
		s.NearestAccuracy = pointer(train.Accuracy(guess, labels))
	}
	return s, nil
}

// Answer is what a network makes of a puzzle.
type Answer struct {
	*model.Completion
	Filled *tensor.Dense // what is filled in, in the units of the data
	Score
}

// Answer has n solve the puzzle, and scores what it makes of it as [Puzzle.Score] does and,
// where labels are known, beside what it makes of inputs of which nothing is hidden. To take
// off noise n must predict its inputs.
func (p *Puzzle) Answer(ctx context.Context, n *model.Network, how model.Recall, inf model.Inference, training *data.Set, labels []int) (*Answer, error) {
	done, err := p.Solve(ctx, n, how, inf)
	if err != nil {
		return nil, err
	}
	if p.filled(done) == nil {
		return nil, errors.New("puzzle: noise: must be of inputs that the network predicts")
	}
	a := &Answer{Completion: done}
	if a.Filled, err = p.Units.Undo(p.filled(done)); err != nil {
		return nil, err
	}
	if a.Score, err = p.Score(ctx, n, training, done, labels); err != nil || labels == nil {
		return a, err
	}
	all, err := p.tensor(func(i, j int) float64 { return p.Raw[i][j] })
	if err != nil {
		return nil, err
	}
	whole, err := n.Complete(ctx, model.Clamp{Values: all}, how, inf)
	if err != nil {
		return nil, err
	}
	a.AccuracyAll = pointer(train.Accuracy(whole.Classes, labels))
	return a, nil
}

func pointer(x float64) *jsonfloat.Float { return (*jsonfloat.Float)(&x) }

// mse returns the mean squared error of guess(i), in the network's units, over the units
// that count where the truth is known, and how many those are.
func (p *Puzzle) mse(guess func(i int) []float64) (mse float64, units int) {
	for i, row := range p.Truth {
		for j, x := range row {
			if (p.Sigma > 0 || p.Hidden.At(i, j)) && !math.IsNaN(x) {
				d := guess(i)[j] - x
				mse += d * d
				units++
			}
		}
	}
	return mse / float64(units), units
}

// columnMeans returns the mean of each column.
func columnMeans(rows [][]float64) []float64 {
	mean := make([]float64, len(rows[0]))
	for _, row := range rows {
		for j, x := range row {
			mean[j] += x / float64(len(rows))
		}
	}
	return mean
}
