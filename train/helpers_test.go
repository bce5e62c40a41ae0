package train

import (
	"context"
	"math/rand/v2"
	"testing"

	"gorgonia.org/tensor"

	"example.com/pcn/model"
	"example.com/pcn/train/data"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// recipe returns a default recipe with its seed set.
func recipe(t testing.TB, dataset string, direction model.Direction, name string, seed uint64) Recipe {
	t.Helper()
	r, err := DefaultRecipe(dataset, direction, name)
	must(t, err)
	r.Data.Seed = seed // each with its split
	r.SetSeed(seed)
	return r
}

// fit trains l by r and returns its history and its score on the test part.
func fit(t testing.TB, r Recipe, l Learner) (*History, Score) {
	t.Helper()
	sets, err := r.Data.Load()
	must(t, err)
	h, err := Fit(context.Background(), l, r.Learning, sets.Train, sets.Validation, Options{})
	must(t, err)
	s, err := Evaluate(context.Background(), l, sets.Test)
	must(t, err)
	return h, s
}

// mnist returns the folder of MNIST, or skips the test.
func mnist(t testing.TB) string {
	t.Helper()
	dir, ok := data.Find("mnist")
	if !ok {
		t.Skip("MNIST is not here: set PCN_DATA to the folder that holds mnist/")
	}
	return dir
}

func normal(rng *rand.Rand, shape ...int) *tensor.Dense {
	x := make([]float64, tensor.Shape(shape).TotalSize())
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(x))
}

func must1[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}
