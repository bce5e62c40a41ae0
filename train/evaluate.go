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
	// Loss is what is lower for the better of two models: where predictions are
	// probabilities (the targets' energy is cross-entropy or bernoulli) the mean energy of
	// the targets, in nats, and otherwise MSE.
	Loss float64 `json:"loss"`
}

// evaluateBatch is the number of examples predicted at once.
const evaluateBatch = 1000

// Evaluate scores l on all examples of set, in order.
func Evaluate(ctx context.Context, l Learner, set *data.Set) (Score, error) {
	a, err := Assess(ctx, l, set)
	return a.Score, err
}

// Assess is Evaluate with what stands behind the score.
func Assess(ctx context.Context, l Learner, set *data.Set) (Assessment, error) {
	b, err := newBatches(l, set, evaluateBatch)
	if err != nil {
		return Assessment{}, err
	}
	t := newTally(l.Network(), set.Classes)
	labels := set.Labels()
	err = b.each(upTo(set.Len()), 0, func(done int, batch Batch) error {
		predicted, err := predict(ctx, l, batch, set.Steps() > 1)
		if err != nil {
			return err
		}
		if err := dense.Check(predicted, batch.Targets.Dtype(), batch.Targets.Shape()...); err != nil {
			return fmt.Errorf("train: evaluate: predicted: %w", err)
		}
		rows, err := rawTargets(set, predicted)
		if err != nil {
			return err
		}
		wanted, err := rawTargets(set, batch.Targets)
		if err != nil {
			return err
		}
		for i, row := range rows {
			label, at := 0, 0
			if labels != nil {
				label, at = labels[done+i], set.FileRow(done+i)
			}
			t.add(row, wanted[i], label, at)
		}
		return nil
	})
	if err != nil {
		return Assessment{Score: Score{Examples: set.Len(), Classes: set.Classes}}, err
	}
	return t.assessment(set.Len()), nil
}

// rawTargets returns targets of set, as a network takes them, in their own units: a row for
// each step of each example.
func rawTargets(set *data.Set, targets *tensor.Dense) ([][]float64, error) {
	if k := set.TargetSize(); targets.Shape()[1] != k {
		targets = targets.Clone().(*tensor.Dense)
		if err := targets.Reshape(targets.DataSize()/k, k); err != nil {
			return nil, err
		}
	}
	raw, err := set.TargetTransform().Undo(targets)
	if err != nil {
		return nil, err
	}
	return model.Rows(raw), nil
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
