package train

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorgonia.org/tensor"

	"example.com/pcn/model"
	"example.com/pcn/train/data"
)

func TestRecipes(t *testing.T) {
	for _, dataset := range Datasets {
		for _, direction := range []model.Direction{model.Discriminative, model.Generative} {
			for _, name := range []string{"default", ArticleRecipe} {
				r, err := DefaultRecipe(dataset, direction, name)
				must(t, err)
				if err := r.Validate(); err != nil {
					t.Errorf("%s %v %s: %v", dataset, direction, name, err)
				}
				if r.Data.Dataset != dataset || (name == "default" && r.Model.Direction != direction) {
					t.Errorf("%s %v %s is for %s %v", dataset, direction, name, r.Data.Dataset, r.Model.Direction)
				}
				text, err := r.YAML()
				must(t, err)
				again, err := ParseRecipe(text)
				must(t, err)
				if diff := cmp.Diff(r, again); diff != "" {
					t.Errorf("%s %v %s does not survive YAML:\n%s", dataset, direction, name, diff)
				}
			}
		}
	}
	if r := recipe(t, "mnist", model.Generative, ArticleRecipe, 0); !r.Inference.Unguarded || !r.Inference.StaleErrors ||
		r.Inference.Start != model.Zeros || r.Optimizer != "sgd" || r.Model.TopActivation != "tanh" || r.Data.Pixels[0] != -1 {
		t.Errorf("the article's recipe is %+v", r)
	}
	for want, text := range map[string]string{
		"1:1: colour: unknown key":                                  "colour: red\n",
		"2:11: learning.epochs: must be a whole number":             "learning:\n  epochs: many\n",
		`must be one of discriminative, generative, got "sideways"`: "model:\n  direction: sideways\n",
	} {
		if _, err := ParseRecipe([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseRecipe(%q): got error %v, want one with %q", text, err, want)
		}
	}
	bad := recipe(t, "digits", model.Discriminative, "", 1)
	bad.Learning.Rate, bad.Inference.Steps, bad.Model.Layers[1], bad.Data.Limit, bad.Optimizer, bad.Data.Pixels = -1, -2, 0, -3, "newton", []float64{1, 0}
	err := bad.Validate()
	for _, want := range []string{
		"learning.rate: must be a number > 0, got -1", "inference.steps: must be > 0, got -2", "model.layers[1]: must be > 0, got 0",
		"data.limit: must be >= 0, got -3", `optimizer: must be one of adam, adamw, momentum, sgd`, "data.pixels: must be a range [low, high], got [1 0]",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Validate: got %v, want %q among it", err, want)
		}
	}
}

// TestPartsAreDisjoint checks how the datasets are cut: the parts of one seed
// share no example, and standardisation comes from the training part.
func TestPartsAreDisjoint(t *testing.T) {
	sets, err := Data{Dataset: "sine", Validation: 100, Limit: 500, Standardize: data.PerColumn, Seed: 4}.Load()
	must(t, err)
	if sets.Train.Len() != 500 || sets.Validation.Len() != 100 || sets.Test.Len() != 210 {
		t.Fatalf("parts of %d, %d and %d examples", sets.Train.Len(), sets.Validation.Len(), sets.Test.Len())
	}
	seen := map[float64]bool{}
	for _, s := range []*data.Set{sets.Train, sets.Validation, sets.Test} {
		rows := make([]int, s.Len())
		for i := range rows {
			rows[i] = i
		}
		x := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(len(rows), 1))
		must(t, s.Gather(rows, x, nil))
		mean := 0.0
		for _, v := range x.Float64s() {
			if seen[v] {
				t.Fatalf("x = %v is in two parts", v)
			}
			seen[v] = true
			mean += v / float64(len(rows))
		}
		if s == sets.Train && math.Abs(mean) > 1e-12 {
			t.Errorf("the training part has mean %v", mean)
		}
	}
	if _, err := (Data{Dataset: "digits", Validation: 5000}).Load(); err == nil || !strings.Contains(err.Error(), "leaves none of the 1527") {
		t.Errorf("a validation part larger than the dataset: %v", err)
	}
	if _, err := (Data{Dataset: "mnist", Dir: t.TempDir()}).Load(); err == nil {
		t.Error("an empty folder was accepted")
	}
}

func TestSetsThatDoNotFit(t *testing.T) {
	r := recipe(t, "digits", model.Discriminative, "", 1)
	sets, err := r.Data.Load()
	must(t, err)
	for want, layers := range map[string][]int{
		"digits: must have 63 inputs as the network takes, got 64": {63, 10, 10},
		"digits: must have 9 targets as the network has, got 10":   {64, 10, 9},
	} {
		r.Model.Layers = layers
		l, err := r.PCN()
		must(t, err)
		if _, err := Fit(context.Background(), l, r.Learning, sets.Train, nil, Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Fit: got error %v, want one with %q", err, want)
		}
	}
}

// TestSettlesByDefault changes recipes in how latents settle, and elsewhere.
func TestSettlesByDefault(t *testing.T) {
	own := Recipe{Data: Data{Dataset: "./own.csv"}, Inference: must1(readRecipe(ownFile(model.Discriminative))).Inference}
	for name, r := range map[string]Recipe{
		"digits": recipe(t, "digits", model.Discriminative, "", 1), "mnist": recipe(t, "mnist", model.Generative, "", 2),
		"article": recipe(t, "sine", model.Generative, ArticleRecipe, 1), "own": own,
	} {
		r.Learning.Epochs, r.Model.Layers = 3, []int{1, 2, 3}
		if !r.SettlesByDefault() {
			t.Errorf("%s: settles otherwise than by default", name)
		}
		r.Inference.Steps++
		if r.SettlesByDefault() {
			t.Errorf("%s: a step more is no default", name)
		}
	}
}
