package train_test

import (
	"context"
	"fmt"
	"log"
	"slices"

	"gorgonia.org/tensor"

	"example.com/pcn/model"
	"example.com/pcn/train"
)

// nearestMean is a learner that is no network: it keeps the mean of each class's inputs,
// and predicts the class whose mean is nearest.
type nearestMean struct {
	means *tensor.Dense // (k, d); nil before the first batch
	seen  *tensor.Dense // (k), examples of each class
}

func (*nearestMean) Network() *model.Network { return nil }

func (l *nearestMean) Learn(_ context.Context, batch train.Batch, _ float64) (train.Step, error) {
	d, k := batch.Inputs.Shape()[1], batch.Targets.Shape()[1]
	if l.means == nil {
		l.means = tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(k, d))
		l.seen = tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(k))
	}
	var step train.Step
	for i, class := range model.Argmax(batch.Targets) {
		x, mean := batch.Inputs.Float64s()[i*d:][:d], l.means.Float64s()[class*d:][:d]
		l.seen.Float64s()[class]++
		for j := range mean {
			diff := x[j] - mean[j]
			step.Energy += diff * diff / 2 / float64(batch.Inputs.Shape()[0])
			mean[j] += diff / l.seen.Float64s()[class]
		}
	}
	return step, nil
}

func (l *nearestMean) Predict(_ context.Context, inputs *tensor.Dense) (*tensor.Dense, error) {
	rows, d, k := inputs.Shape()[0], inputs.Shape()[1], l.seen.Shape()[0]
	targets := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(rows, k))
	for i := range rows {
		distance := make([]float64, k)
		for class := range distance {
			for j, x := range inputs.Float64s()[i*d:][:d] {
				diff := x - l.means.Float64s()[class*d+j]
				distance[class] += diff * diff
			}
		}
		nearest := slices.Index(distance, slices.Min(distance))
		targets.Float64s()[i*k+nearest] = 1
	}
	return targets, nil
}

// State is all that it remembers, from which a run goes on.
func (l *nearestMean) State() (s model.State) {
	s.SetTensor("means", l.means)
	s.SetTensor("seen", l.seen)
	return s
}

func (l *nearestMean) SetState(s model.State) error {
	s = s.Clone()
	l.means, l.seen = s.Tensors["means"], s.Tensors["seen"]
	return nil
}

// A learner of one's own, here one that is no network.
func ExampleLearner() {
	sets, err := train.Data{Dataset: "digits", Validation: 200, Seed: 1}.Load()
	if err != nil {
		log.Fatal(err)
	}
	ctx, l := context.Background(), &nearestMean{}
	if _, err := train.Fit(ctx, l, train.Learning{Epochs: 1}, sets.Train, sets.Validation, train.Options{}); err != nil {
		log.Fatal(err)
	}
	score, err := train.Evaluate(ctx, l, sets.Test)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(score)
	// Output:
	// accuracy 87.78 % on 270 examples
}
