package train

import (
	"context"
	"fmt"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/model"
	"example.com/pcn/train/data"
)

// EvaluateRows scores what predict says of rows, as they come, against what they hold to be
// learned: classes, or numbers in their own units, which are the units of what predict
// returns, (N, k).
func EvaluateRows(ctx context.Context, rows *data.Rows, predict func(*data.Batch) (*tensor.Dense, error)) (Score, error) {
	var score Score
	correct, width := 0, 0
	n, err := rows.Each(ctx, func(b *data.Batch) error {
		predicted, err := predict(b)
		if err != nil {
			return err
		}
		if err := dense.Check(predicted, dense.Float(predicted), b.N, -1); err != nil {
			return fmt.Errorf("train: evaluate: predicted: %w", err)
		}
		width = predicted.Shape()[1]
		if len(b.Labels) > 0 {
			score.Classes = width
			correct += right(model.Argmax(predicted), b.Labels)
		}
		for i, row := range model.Rows(predicted) {
			for j, x := range row {
				want := 0.0
				switch {
				case len(b.Targets) > 0:
					want = b.Targets[i*width+j]
				case b.Labels[i] == j:
					want = 1
				}
				score.MSE += (x - want) * (x - want)
			}
		}
		return nil
	})
	if err != nil {
		return score, err
	}
	score.Examples = n
	score.Accuracy, score.MSE = float64(correct)/float64(n), score.MSE/float64(n*width)
	return score, nil
}
