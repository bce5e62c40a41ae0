package train

import (
	"strings"
	"testing"

	"example.com/pcn/model"
)

// TestMoreSteps: it is told where twice the steps change what is learned or scored, and not
// where they do not, however far from rest latents are.
func TestMoreSteps(t *testing.T) {
	deep := []int{64, 32, 32, 32, 32, 10}
	for _, c := range []struct {
		direction model.Direction
		layers    []int
		steps     int
		rate      float64
		rule      string
		want      string
	}{
		{model.Discriminative, deep, 1, 0.1, "", "learns something else after 1 step of settling than after 2"},
		{model.Discriminative, deep, 20, 0.1, "", ""},
		{model.Discriminative, []int{64, 32, 10}, 2, 0.01, "", ""}, // some percent of the fall
		{model.Discriminative, deep, 1, 0.1, "backprop", ""},
		{model.Generative, []int{64, 32, 10}, 2, 0.1, "", "latents have not settled after 2 steps: with 4 the same weights have accuracy "},
		{model.Generative, []int{64, 32, 10}, 100, 0.1, "", ""},
	} {
		r := recipe(t, "digits", c.direction, "", 1)
		r.Model.Layers, r.Model.Precisions, r.Model.Energies = c.layers, nil, nil
		r.Inference = model.Inference{Method: model.Gradient, Steps: c.steps, Rate: c.rate}
		r.Learning.Epochs, r.Learning.Rule = 3, c.rule
		sets, err := r.Data.Load()
		must(t, err)
		l, err := r.PCN()
		must(t, err)
		_, err = Fit(t.Context(), l, r.Learning, sets.Train, nil, Options{})
		must(t, err)
		got, err := l.MoreSteps(t.Context(), sets.Validation)
		if err != nil || !strings.Contains(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%v: got %q, %v", c, got, err)
		}
	}
}
