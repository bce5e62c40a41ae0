package reproduce

import (
	"context"
	"fmt"

	"example.com/pcn/internal/dense"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/sweep"
)

// recalledMSE is the mean squared error of the hidden inputs up to which an example is
// recalled, where it is also the nearest of all that were seen.
const recalledMSE = 0.01

// recallMeasure is of the training examples that a network recalls of their first half, with
// no target fixed.
func recallMeasure(settings []string) (measure, error) {
	if len(settings) > 0 {
		return measure{}, fmt.Errorf("recall: must have no settings, got %q", settings)
	}
	return measure{
		columns: []Column{
			{Name: "recalled", Unit: "%", Digits: 1, Published: true},
			{Name: "MSE of hidden inputs", Digits: 5},
		},
		of: recall,
	}, nil
}

func recall(ctx context.Context, r sweep.Run, o sweep.Outcome) ([]float64, error) {
	n, _, seen, err := learned(r, o)
	if err != nil {
		return nil, err
	}
	inputs := n.Size(n.InputNode())
	half := inputs / 2
	hidden := model.Hide(seen.Inputs, func(_, unit int) bool { return unit >= half })
	done, err := n.Complete(ctx, hidden, model.Recall{}, model.Inference{Method: model.Nesterov, Steps: 300, Rate: 1})
	if err != nil {
		return nil, err
	}
	nearest, err := train.Nearest(ctx, model.Clamp{Values: done.Inputs}, seen.Inputs)
	if err != nil {
		return nil, err
	}
	recalled, all := 0, 0.0
	for i, at := range nearest {
		mse := 0.0
		for j := half; j < inputs; j++ {
			d := dense.At(done.Inputs, i*inputs+j) - dense.At(seen.Inputs, i*inputs+j)
			mse += d * d / float64(inputs-half)
		}
		all += mse / float64(len(nearest))
		if at == i && mse <= recalledMSE {
			recalled++
		}
	}
	return []float64{100 * float64(recalled) / float64(len(nearest)), all}, nil
}
