package train

import (
	"context"
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/model"
	"example.com/pcn/train/data"
)

// Score is how well a learner predicts a set.
type Score struct {
	Examples int `json:"examples"`
	Classes  int `json:"classes,omitempty"` // 0 for a regression
	// Accuracy is the share of examples whose largest predicted target is their
	// class, 0..1. It is 0 for a regression.
	Accuracy float64 `json:"accuracy"`
	// MSE is the mean over examples of ‖target − prediction‖² / k, in the units
	// of the raw targets.
	MSE float64 `json:"mse"`
}

// evaluateBatch is the number of examples predicted at once.
const evaluateBatch = 1000

// Evaluate scores l on all examples of set, in order.
func Evaluate(ctx context.Context, l Learner, set *data.Set) (Score, error) {
	b, err := newBatches(l, set, evaluateBatch)
	if err != nil {
		return Score{}, err
	}
	units := set.TargetTransform()
	score := Score{Examples: set.Len(), Classes: set.Classes}
	correct := 0
	labels := set.Labels()
	err = b.each(upTo(set.Len()), 0, func(done int, batch Batch) error {
		predicted, err := predict(ctx, l, batch, set.Steps() > 1)
		if err != nil {
			return err
		}
		if err := dense.Check(predicted, batch.Targets.Dtype(), batch.Targets.Shape()...); err != nil {
			return fmt.Errorf("train: evaluate: predicted: %w", err)
		}
		if labels != nil {
			correct += right(model.Argmax(predicted), labels[done:])
		}
		score.MSE += squaredError(predicted, batch.Targets, units)
		return nil
	})
	if err != nil {
		return score, err
	}
	score.MSE /= float64(set.Len() * set.Steps() * set.TargetSize())
	score.Accuracy = float64(correct) / float64(set.Len())
	return score, nil
}

// tracker is a learner that knows sequences.
type tracker interface {
	Track(ctx context.Context, batch Batch) (*tensor.Dense, error)
}

// predict returns the targets that l predicts of a batch.
func predict(ctx context.Context, l Learner, batch Batch, sequences bool) (*tensor.Dense, error) {
	if t, ok := l.(tracker); ok && sequences {
		return t.Track(ctx, batch)
	}
	return l.Predict(ctx, batch.Inputs)
}

// Accuracy returns the share of classes, 0..1, that are the labels of the same
// examples, such as those of a [model.Completion]. It is NaN where they are not of
// the same number, or there are none.
func Accuracy(classes, labels []int) float64 {
	if len(classes) != len(labels) {
		return math.NaN()
	}
	return float64(right(classes, labels)) / float64(len(classes))
}

// Confusion counts how often each of k classes, a row, was taken for each, a column.
func Confusion(classes, labels []int, k int) [][]int {
	counts := make([][]int, k)
	for i := range counts {
		counts[i] = make([]int, k)
	}
	for i, c := range classes {
		counts[labels[i]][c]++
	}
	return counts
}

// right returns how many of classes are the labels.
func right(classes, labels []int) int {
	n := 0
	for i, c := range classes {
		if c == labels[i] {
			n++
		}
	}
	return n
}

// squaredError is Σ (predicted − target)² in raw units.
func squaredError(predicted, targets *tensor.Dense, units data.Transform) float64 {
	k := predicted.Shape()[1]
	sum := 0.0
	for i := range predicted.DataSize() {
		diff := dense.At(predicted, i) - dense.At(targets, i)
		if n := len(units.Scale); n > 0 { // one for all, or one for each column
			diff /= units.Scale[i%k%n]
		}
		sum += diff * diff
	}
	return sum
}
