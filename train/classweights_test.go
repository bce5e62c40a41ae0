package train

import (
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/model"
	"example.com/pcn/train/data"
)

// scarce returns digits of which the eights are cut to a few.
func scarce(t *testing.T, s *data.Set, eights int) *data.Set {
	t.Helper()
	var rows []int
	for i, k := range s.Labels() {
		if k == 8 {
			eights--
		}
		if k != 8 || eights >= 0 {
			rows = append(rows, i)
		}
	}
	return s.Subset(rows)
}

// TestClassWeightsFindTheRare: where a class is rare, more of it is found with balanced weights,
// and the bits are those of any number of cores.
func TestClassWeightsFindTheRare(t *testing.T) {
	r := recipe(t, "digits", model.Discriminative, "", 1)
	r.Learning.Epochs = 10
	sets, err := r.Data.Load()
	must(t, err)
	rare := scarce(t, sets.Train, 6)
	teach := func(w ClassWeights, workers int) (Assessment, *model.Network) {
		r.Learning.ClassWeights = w
		l, err := r.PCN()
		must(t, err)
		l.Network().SetWorkers(workers)
		_, err = Fit(t.Context(), l, r.Learning, rare, nil, Options{})
		must(t, err)
		a, err := Assess(t.Context(), l, sets.Test)
		must(t, err)
		return a, l.Network()
	}
	plain, _ := teach("", 2)
	balanced, n := teach(Balanced, 2)
	if was, is := plain.Classification.Classes[8].Recall, balanced.Classification.Classes[8].Recall; is < was+0.2 {
		t.Errorf("the recall of the rare class is %.2f, and was %.2f without weights", is, was)
	}
	if balanced.Accuracy < plain.Accuracy {
		t.Errorf("accuracy %.3f, and %.3f without weights", balanced.Accuracy, plain.Accuracy)
	}
	_, one := teach(Balanced, 1)
	for i, p := range one.Parameters() {
		if !slices.Equal(dense.Floats(p), dense.Floats(n.Parameters()[i])) {
			t.Errorf("parameter %d: one core has other bits than two", i)
		}
	}
}

// TestClassWeightsText: what is read, and for which classes.
func TestClassWeightsText(t *testing.T) {
	set, err := data.ReadCSV(strings.NewReader("x,kind\n1,a\n2,a\n3,a\n4,\"b,c\"\n"), "t", data.Columns{Label: "kind"})
	must(t, err)
	for text, want := range map[string][]float64{
		"":                nil,
		"balanced":        {4. / 6, 2},
		"a=0.5":           {0.5, 1},
		`"b,c=3", a=1e-2`: {0.01, 3},
		"rare=2":          {},
	} {
		var w ClassWeights
		must(t, w.UnmarshalText([]byte(text)))
		got, err := w.byClass(set)
		if len(want) == 0 && text != "" {
			if err == nil || !strings.Contains(err.Error(), `must be of the classes "a", "b,c", got "rare"`) {
				t.Errorf("%s: %v, %v", text, got, err)
			}
		} else if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"even", "a=0", "a=-1", "a=x", "a", `"a=1`, "a=1,"} {
		if err := new(ClassWeights).UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), "must be balanced, or classes and their weights > 0 such as spam=5,ham=1") {
			t.Errorf("%s: %v", text, err)
		}
	}
	numbers, err := data.NewRegression("n", 1, []float64{1}, []float64{2})
	must(t, err)
	if _, err := Balanced.byClass(numbers); err == nil || !strings.Contains(err.Error(), "must be left out where numbers are learned") {
		t.Error(err)
	}
}

// TestWeightsOfABatch are numbers above 0, one for each example.
func TestWeightsOfABatch(t *testing.T) {
	l := must1(recipe(t, "digits", model.Discriminative, "", 1).PCN())
	x, y := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(2, 64)), tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(2, 10))
	for want, weights := range map[string][]float64{"must be one for each of the 2 inputs, got 1": {1}, "weights[1]: must be a number > 0, got 0": {1, 0}} {
		if _, err := l.Learn(t.Context(), Batch{Inputs: x, Targets: y, Weights: weights}, 0.1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", weights, err)
		}
	}
}
