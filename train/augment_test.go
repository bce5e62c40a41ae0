package train

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"example.com/pcn/model"
	"example.com/pcn/train/data"
)

// witness is a learner that notes what it is given: of each example in each epoch what
// it learns from, and of each call what it predicts for.
type witness struct {
	learned   map[int][][]float64 // inputs by example, an epoch after the other
	predicted []float64
	targets   int
}

func (w *witness) Network() *model.Network { return nil }

func (w *witness) Learn(_ context.Context, b Batch, _ float64) (Step, error) {
	for i, row := range model.Rows(b.Inputs) {
		w.learned[b.Examples[i]] = append(w.learned[b.Examples[i]], slices.Clone(row))
	}
	return Step{}, nil
}

func (w *witness) Predict(_ context.Context, inputs *tensor.Dense) (*tensor.Dense, error) {
	w.predicted = append(w.predicted, inputs.Float64s()...)
	return tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(inputs.Shape()[0], w.targets)), nil
}

func (w *witness) State() model.State         { return model.State{} }
func (w *witness) SetState(model.State) error { return nil }

// TestAugmentationOfTraining notes what Fit learns from: each example as it is drawn
// for its epoch, whatever the batch, the order and the number of cores, and another
// each epoch; while the validation and test parts stay as they are.
func TestAugmentationOfTraining(t *testing.T) {
	const epochs = 4
	d := Data{Dataset: "digits", Limit: 75, Validation: 40, Seed: 1, Augment: data.Augmentation{Flip: true, Shift: 2, Crop: 1, Noise: 0.1}}
	sets, err := d.Load()
	must(t, err)
	plain, err := Data{Dataset: "digits", Limit: 75, Validation: 40, Seed: 1}.Load()
	must(t, err)
	see := func(c Learning, cores int) *witness {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		w := &witness{learned: map[int][][]float64{}, targets: 10}
		_, err := Fit(context.Background(), w, c, sets.Train, sets.Validation, Options{})
		must(t, err)
		return w
	}
	seen := see(Learning{Epochs: epochs, Batch: 32, Seed: 7}, 1)
	x := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(1, 64))
	changes := 0
	for example, inputs := range seen.learned {
		must(t, plain.Train.Gather([]int{example}, x, nil))
		if len(inputs) != epochs {
			t.Fatalf("example %d is learned from %d times", example, len(inputs))
		}
		for i, input := range inputs {
			if !slices.Equal(input, x.Float64s()) {
				changes++
			}
			if i > 0 && slices.Equal(input, inputs[i-1]) && slices.Equal(input, inputs[0]) && i == epochs-1 {
				t.Errorf("example %d is the same in each epoch", example)
			}
		}
	}
	if len(seen.learned) != 75 || changes < 75*epochs*9/10 {
		t.Errorf("%d examples, varied %d times", len(seen.learned), changes)
	}
	same := func(a, b *witness) bool {
		return maps.EqualFunc(a.learned, b.learned, func(a, b [][]float64) bool { return slices.EqualFunc(a, b, slices.Equal) })
	}
	for name, c := range map[string]Learning{"cores": {Epochs: epochs, Batch: 32, Seed: 7}, "batches": {Epochs: epochs, Batch: 75, Seed: 7}} {
		if !same(seen, see(c, 8)) {
			t.Errorf("other %s see other images", name)
		}
	}
	if same(seen, see(Learning{Epochs: epochs, Batch: 32, Seed: 8}, 1)) {
		t.Error("another seed sees the same images")
	}
	var from *Checkpoint
	_, err = Fit(context.Background(), &witness{learned: map[int][][]float64{}, targets: 10}, Learning{}, sets.Train, nil, Options{Event: func(e Event) error {
		from = e.Checkpoint()
		return nil
	}})
	must(t, err)
	_, err = Fit(context.Background(), &witness{}, Learning{}, plain.Train, nil, Options{From: from})
	if want := "train: checkpoint: was made with the augmentation flip,shift=2,crop=1,noise=0.1, and this is none"; err == nil || err.Error() != want {
		t.Errorf("resumed without the augmentation: got error %v, want %q", err, want)
	}
	all, err := wholeOf(plain.Validation)
	must(t, err)
	if !slices.Equal(seen.predicted[:len(all)], all) || len(seen.predicted) != epochs*len(all) {
		t.Error("validation images are varied")
	}
	for name, pair := range map[string][2]*data.Set{"validation": {sets.Validation, plain.Validation}, "test": {sets.Test, plain.Test}, "training": {sets.Train, plain.Train}} {
		varied, err := wholeOf(pair[0])
		must(t, err)
		if as, err := wholeOf(pair[1]); err != nil || !slices.Equal(varied, as) {
			t.Errorf("the %s part is gathered otherwise: %v", name, err)
		}
	}
}

// wholeOf returns all inputs of a set.
func wholeOf(s *data.Set) ([]float64, error) {
	x := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(s.Len(), s.InputSize()))
	return x.Float64s(), s.Gather(upTo(s.Len()), x, nil)
}

func TestImageDataRefused(t *testing.T) {
	for want, d := range map[string]Data{
		"train: data: augment: must be none, or noise, of inputs that are not images, got flip,shift=1":       {Dataset: "sine", Augment: data.Augmentation{Flip: true, Shift: 1}},
		"train: data: augment: must move images of 8×8 pixels by less than 8, got crop=8":                     {Dataset: "digits", Augment: data.Augmentation{Crop: 8}},
		"train: data: standardize: must be none or column for sine, whose inputs are not images, got channel": {Dataset: "sine", Standardize: data.PerChannel},
		"train: no folder of cifar10 found: 'pcnrun data get cifar10' downloads it; or name":                  {Dataset: "cifar10"},
	} {
		t.Chdir(t.TempDir())
		t.Setenv("PCN_DATA", t.TempDir())
		t.Setenv("XDG_CACHE_HOME", t.TempDir())
		if _, err := d.Load(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got error %v, want %q", err, want)
		}
	}
}

// TestNodeOfImages gives images to a network whose node has another shape of as many
// numbers: what it would take for neighbours are none.
func TestNodeOfImages(t *testing.T) {
	digits, err := data.Digits()
	must(t, err)
	c := model.Config{
		Nodes:       []model.Node{{Name: "input", Shape: []int{4, 16, 1}}, {Name: "target", Size: 10}},
		Predictions: []model.Prediction{{Of: "target", From: []model.Edge{{Nodes: []string{"input"}}}}},
	}
	for want, shape := range map[string][]int{"": {8, 8, 1}, "train: digits: node input: must have shape [8 8 1], as the images have, got [4 16 1]": {4, 16, 1}} {
		c.Nodes[0].Shape = shape
		n, err := model.New(c)
		must(t, err)
		if err := Fits(n, digits); want == "" && err != nil || want != "" && (err == nil || err.Error() != want) {
			t.Errorf("got error %v, want %q", err, want)
		}
	}
}

// shapes writes a folder of images of coloured shapes, of sizes of their own: disks and
// squares in two colours, a class for each pair, at any place, on a noisy ground. Of
// disks and squares, and of both colours in grey, there are as many pixels.
func shapes(t testing.TB, each int) string {
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(5, 5))
	colours := map[string]color.RGBA{"orange": {220, 110, 30, 255}, "violet": {142, 109, 250, 255}} // one luma
	for _, name := range slices.Sorted(maps.Keys(colours)) {
		for _, form := range []string{"disk", "square"} {
			class := filepath.Join(dir, name+"-"+form)
			must(t, os.Mkdir(class, 0o777))
			for i := range each {
				width, height := 36+rng.IntN(12), 36+rng.IntN(12)
				m := image.NewRGBA(image.Rect(0, 0, width, height))
				x0, y0, r := 15+rng.Float64()*float64(width-30), 15+rng.Float64()*float64(height-30), 9+3*rng.Float64()
				for y := range height {
					for x := range width {
						ground := uint8(20 + rng.IntN(40))
						m.Set(x, y, color.RGBA{ground, ground, ground, 255})
						dx, dy := math.Abs(float64(x)-x0), math.Abs(float64(y)-y0)
						side := r * math.Sqrt(math.Pi) / 2
						if form == "disk" && math.Hypot(dx, dy) < r || form == "square" && dx < side && dy < side {
							m.Set(x, y, colours[name])
						}
					}
				}
				f, err := os.Create(filepath.Join(class, fmt.Sprintf("%03d.png", i)))
				must(t, err)
				must(t, png.Encode(f, m))
				must(t, f.Close())
			}
		}
	}
	return dir
}

// TestColourFolder learns the colours and forms of a folder of images of several sizes,
// resized, standardized per channel and augmented, at seed 1: the majority has 25 %.
// In grey the two colours are one, and no more than the form can be told.
func TestColourFolder(t *testing.T) {
	if testing.Short() {
		t.Skip("learns for seconds")
	}
	dir := shapes(t, 60)
	accuracy := func(colour data.Colour) float64 {
		d := Data{Dataset: dir, Size: data.Size{Width: 12, Height: 12}, Colour: colour, Standardize: data.PerChannel, Augment: data.Augmentation{Flip: true, Shift: 1}, Seed: 1}
		r, err := OwnRecipe(d, model.Discriminative)
		must(t, err)
		r.SetSeed(1)
		sets, err := r.Data.Load()
		must(t, err)
		l, err := r.PCN()
		must(t, err)
		_, err = Fit(context.Background(), l, r.Learning, sets.Train, sets.Validation, Options{})
		must(t, err)
		score, err := Evaluate(context.Background(), l, sets.Test)
		must(t, err)
		t.Logf("%s: %v, %v", sets.Train, r.Model.Layers, score)
		return score.Accuracy
	}
	if got := accuracy(""); got < 0.9 {
		t.Errorf("in colour %.3g are right, want at least 0.9", got)
	}
	if got := accuracy(data.Grey); got > 0.75 {
		t.Errorf("in grey %.3g are right, want at most 0.75: what is learned is not the colour", got)
	}
}
