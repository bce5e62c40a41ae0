package reproduce

import (
	"context"
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/kalman"
	"example.com/pcn/train/data"
	"example.com/pcn/train/sweep"
)

// trackingMeasure is of a network that follows the dataset tracking: the mean squared error of
// the next target on the test part, beside that of the Kalman filter which knows the system.
func trackingMeasure(settings []string) (measure, error) {
	if len(settings) > 0 {
		return measure{}, fmt.Errorf("tracking: must have no settings, got %q", settings)
	}
	const filter = "Kalman filter"
	return measure{
		columns: []Column{
			{Name: "error of the next target", Digits: 3, Reference: filter},
			{Name: filter, Digits: 3},
		},
		of: tracking,
	}, nil
}

func tracking(_ context.Context, r sweep.Run, o sweep.Outcome) ([]float64, error) {
	if r.Recipe.Data.Dataset != "tracking" {
		return nil, fmt.Errorf("data.dataset: must be tracking, of which the system is known, got %s", r.Recipe.Data.Dataset)
	}
	sets, err := r.Recipe.Data.Load()
	if err != nil {
		return nil, err
	}
	filter, err := filterError(sets.Test)
	mse := math.NaN()
	if n := len(o.Epochs); n > 0 && o.Epochs[n-1].Test != nil {
		mse = o.Epochs[n-1].Test.MSE
	}
	return []float64{mse, filter}, err
}

// filterError returns the mean squared error of what the Kalman filter predicts of each step
// of tracking's sequences from all that was before.
func filterError(set *data.Set) (float64, error) {
	set = set.WithTransforms(data.Transform{}, data.Transform{})
	in, out, steps := set.InputSize(), set.TargetSize(), set.Steps()
	rows := make([]int, set.Len())
	for i := range rows {
		rows[i] = i
	}
	inputs := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(len(rows), steps*in))
	targets := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(len(rows), steps*out))
	if err := set.Gather(rows, inputs, targets); err != nil {
		return 0, err
	}
	u, y := inputs.Float64s(), targets.Float64s()
	sum := 0.0
	for i := range rows {
		filter := kalman.NewFilter(kalman.Motion())
		for t := range steps {
			at := i*steps + t
			seen := y[at*out : (at+1)*out]
			for j, predicted := range filter.Predict(u[at*in : (at+1)*in]) {
				sum += (seen[j] - predicted) * (seen[j] - predicted)
			}
			filter.Observe(seen)
		}
	}
	return sum / float64(len(y)), nil
}
