package reproduce

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/floats"

	"example.com/pcn/internal/dense"
	"example.com/pcn/model"
	"example.com/pcn/train/sweep"
)

// bothWaysMeasure is of a network that classifies and generates: the accuracy, and the
// classes whose image is nearest to the mean training image of that class.
func bothWaysMeasure(settings []string) (measure, error) {
	m, err := accuracyMeasure(settings)
	if err != nil {
		return m, fmt.Errorf("both-ways: %w", err)
	}
	accuracy := m.of
	for i := range m.columns {
		m.columns[i].Published = i == 0 // theirs is of the last epoch
	}
	m.columns = append(m.columns, Column{Name: "generated right", Unit: "%", Digits: 0})
	m.of = func(ctx context.Context, r sweep.Run, o sweep.Outcome) ([]float64, error) {
		all, err := accuracy(ctx, r, o)
		if err != nil {
			return nil, err
		}
		share, err := generated(ctx, r, o)
		return append(all, 100*share), err
	}
	return m, nil
}

// generated returns the share of classes that generate an image of their own.
func generated(ctx context.Context, r sweep.Run, o sweep.Outcome) (float64, error) {
	n, sets, seen, err := learned(r, o)
	if err != nil {
		return 0, err
	}
	labels := make([]int, sets.Train.Classes)
	for k := range labels {
		labels[k] = k
	}
	targets, err := n.OneHot(labels)
	if err != nil {
		return 0, err
	}
	images, _, err := n.Generate(ctx, targets, model.Inference{Method: model.GaussSeidel, Steps: 100})
	if err != nil {
		return 0, err
	}
	inputs := n.Size(n.InputNode())
	means, counts := make([][]float64, len(labels)), make([]float64, len(labels))
	for k := range means {
		means[k] = make([]float64, inputs)
	}
	for i, k := range sets.Train.Labels() {
		counts[k]++
		for j := range inputs {
			means[k][j] += dense.At(seen.Inputs, i*inputs+j)
		}
	}
	right := 0
	for k, image := range model.Rows(images) {
		distances := make([]float64, len(labels))
		for of, mean := range means {
			for j, x := range mean {
				d := image[j] - x/max(counts[of], 1)
				distances[of] += d * d
			}
		}
		if floats.MinIdx(distances) == k {
			right++
		}
	}
	return float64(right) / float64(len(labels)), nil
}
