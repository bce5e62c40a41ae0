package train_test

import (
	"context"
	"fmt"
	"log"
	"math"

	"gorgonia.org/tensor"

	"example.com/pcn/model"
	"example.com/pcn/train"
)

// signs is signSGD (Bernstein and others 2018) with a running mean of the directions.
// Updates stay local: each number moves by its own direction.
type signs struct{ mean []*tensor.Dense }

// String returns the name under which it is registered.
func (*signs) String() string { return "signs" }

func (o *signs) Step(params, directions []*tensor.Dense, rate float64) error {
	for i, p := range params {
		if i == len(o.mean) { // the first step
			o.mean = append(o.mean, tensor.New(tensor.Of(p.Dtype()), tensor.WithShape(p.Shape()...)))
		}
		x, d, m := p.Float32s(), directions[i].Float32s(), o.mean[i].Float32s()
		for j := range x {
			m[j] = 0.9*m[j] + 0.1*d[j]
			x[j] += float32(math.Copysign(rate, float64(m[j])))
		}
	}
	return nil
}

// State has all that decides the next step, so that a resumed run has the same bits.
func (o *signs) State() (s model.State) {
	s.AddList("mean", o.mean)
	return s
}

func (o *signs) SetState(s model.State) error {
	o.mean = s.Clone().List("mean") // s is the checkpoint's
	return nil
}

// An optimiser of one's own in a recipe.
func ExampleRegisterOptimizer() {
	if err := train.RegisterOptimizer("signs", func() train.Optimizer { return &signs{} }); err != nil {
		log.Fatal(err)
	}
	recipe, err := train.ParseRecipe([]byte(`
data: {dataset: digits, seed: 1}
model: {layers: [64, 32, 10]}
inference: {method: gauss-seidel, steps: 1}
learning: {epochs: 5, batch: 32, rate: 0.002, schedule: linear}
optimizer: signs
`))
	if err != nil {
		log.Fatal(err)
	}
	sets, err := recipe.Data.Load()
	if err != nil {
		log.Fatal(err)
	}
	learner, err := recipe.PCN()
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if _, err := train.Fit(ctx, learner, recipe.Learning, sets.Train, nil, train.Options{}); err != nil {
		log.Fatal(err)
	}
	score, err := train.Evaluate(ctx, learner, sets.Test)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("above 90 %:", score.Accuracy > 0.9)
	// Output:
	// above 90 %: true
}

// A schedule of two halves, of which the second has a tenth of the rate, behind a warm-up.
func ExampleRegisterSchedule() {
	err := train.RegisterSchedule("step", func(done float64) float64 {
		if done < 0.5 {
			return 1
		}
		return 0.1
	})
	if err != nil {
		log.Fatal(err)
	}
	learning, err := train.Learning{Rate: 0.01, Schedule: "step warmup=0.2"}.WithDefaults()
	if err != nil {
		log.Fatal(err)
	}
	schedule, err := train.NewSchedule(learning.Schedule)
	if err != nil {
		log.Fatal(err)
	}
	for _, done := range []float64{0, 0.1, 0.2, 0.7} {
		fmt.Printf("%.2f done: rate %.4f\n", done, learning.Rate*schedule.Factor(done))
	}
	// Output:
	// 0.00 done: rate 0.0000
	// 0.10 done: rate 0.0050
	// 0.20 done: rate 0.0100
	// 0.70 done: rate 0.0010
}
