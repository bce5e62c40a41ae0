package train

import (
	"path/filepath"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"example.com/pcn/model"
	"example.com/pcn/train/data"
)

// TestStyles: the same rows in nine styles, which a script has written, are learned from
// to the same score, and a model scores the same on them in any style.
func TestStyles(t *testing.T) {
	for _, tt := range []struct {
		name, place string
		inputs      int
		d           Data
	}{
		{"iris", "5", 4, Data{Label: "y"}},
		{"diabetes", "11", 10, Data{Target: []string{"y"}}},
	} {
		var plain, first Score // of its own model, and of the first
		var network *model.Network
		var sets Sets
		for i, style := range []string{"plain", "semicolons", "tabs", "bars", "mark", "utf16", "index", "headless", "shuffled"} {
			d := tt.d
			d.Seed = DefaultSplit
			if d.Dataset = filepath.Join("testdata/styles", tt.name+"-"+style+".csv"); style == "headless" {
				if d.Label = ""; d.Target == nil {
					d.Label = tt.place
				} else {
					d.Target = []string{tt.place}
				}
			}
			r, err := OwnRecipe(d, model.Discriminative)
			if err != nil {
				t.Fatal(err)
			}
			if r.Model.Layers[0] != tt.inputs {
				t.Errorf("%s: %d inputs, want %d", d.Dataset, r.Model.Layers[0], tt.inputs)
			}
			r.Learning.Epochs = 20
			r.SetSeed(1)
			read, err := r.Data.Load()
			if err != nil {
				t.Fatal(err)
			}
			l, err := r.PCN()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Fit(t.Context(), l, r.Learning, read.Train, read.Validation, Options{}); err != nil {
				t.Fatal(err)
			}
			score, err := Evaluate(t.Context(), l, read.Test)
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				plain, network, sets = score, l.Network(), read
				if score.Accuracy < 0.6 && score.Classes > 0 {
					t.Errorf("%s: accuracy %v: nothing was learned", d.Dataset, score.Accuracy)
				}
			}
			if shuffled := style == "shuffled"; !shuffled && score != plain { // which draws other weights for an input
				t.Errorf("%s: score %+v, want %+v", d.Dataset, score, plain)
			}

			// The rows of any style, read by the table of the first.
			o := data.RowOptions{Columns: data.Columns{Table: sets.Train.Table(), Label: tt.d.Label, Targets: tt.d.Target}, Outputs: 1}
			if tt.d.Label != "" {
				o.Classes = []string{"setosa", "versicolor", "virginica"}
			}
			rows, err := data.OpenRows(t.Context(), d.Dataset, nil, o)
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			whole, err := AssessRows(t.Context(), network, rows, func(b *data.Batch) (*tensor.Dense, error) {
				in, err := sets.Train.InputTransform().Tensor(tensor.Float32, b.Inputs, tt.inputs)
				if err != nil {
					return nil, err
				}
				predicted, _, err := network.Predict(t.Context(), in, r.Inference)
				if err != nil {
					return nil, err
				}
				return sets.Train.TargetTransform().Undo(predicted)
			})
			if err != nil {
				t.Fatal(err)
			}
			score = whole.Score
			if i == 0 {
				first = score
			}
			if score != first || score.Examples != 60 {
				t.Errorf("%s: by the first model %+v, want %+v", d.Dataset, score, first)
			}
		}
	}
}

// TestOwnRegressionEnds: a regression on a table ends early, a classification does not, and
// what is taken for granted of a test part is said.
func TestOwnRegressionEnds(t *testing.T) {
	folder := "testdata/styles/"
	for _, tt := range []struct {
		d    Data
		want int
	}{
		{Data{Dataset: folder + "diabetes-plain.csv", Target: []string{"y"}}, ownPatience},
		{Data{Dataset: folder + "iris-plain.csv", Label: "y", Test: folder + "iris-headless.csv"}, 0},
	} {
		r, err := OwnRecipe(tt.d, model.Discriminative)
		if err != nil || r.Learning.Patience != tt.want {
			t.Errorf("%s: patience %d, %v, want %d", tt.d.Dataset, r.Learning.Patience, err, tt.want)
		}
		sets, err := tt.d.Load()
		if err != nil {
			t.Fatal(err)
		}
		said := slices.Contains(sets.Remarks(), "test part: there is no header: columns are taken in the order of the model")
		if said != (tt.d.Test != "") {
			t.Errorf("%s: said %q", tt.d.Dataset, sets.Remarks())
		}
	}
}
