package report

import (
	"cmp"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot/plotter"
	"gorgonia.org/tensor"

	"example.com/pcn/model"
	"example.com/pcn/train"
)

// history returns one with these energies and as many scores.
func history(energies ...float64) *train.History {
	h := &train.History{Status: model.Diverged}
	for i, energy := range energies {
		e := train.Epoch{Epoch: i + 1, Settled: train.Settled{Energy: energy}, Validation: &train.Score{Accuracy: 0.5, MSE: energy}}
		if i == 2 {
			e.Diverged = 1
		}
		h.Epochs = append(h.Epochs, e)
	}
	return h
}

// drawn returns how many pixels of img have a colour of its own.
func drawn(img image.Image, c color.RGBA) int {
	n := 0
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			if img.At(x, y) == c {
				n++
			}
		}
	}
	return n
}

func TestCurves(t *testing.T) {
	for name, energies := range map[string][]float64{
		"none":       nil,
		"one":        {1},
		"constant":   {2, 2, 2},
		"zero":       {0, 0, 0},
		"negative":   {-1, 5, 1000},
		"far apart":  {1e3, 1, 1e-6},
		"not finite": {1, math.Inf(1), math.NaN()},
		"never":      {math.NaN()},
		"largest":    {math.MaxFloat64, 1, -math.MaxFloat64},
		"many":       make([]float64, 500),
	} {
		t.Run(name, func(t *testing.T) {
			panels := Curves(len(energies) == 3, Run{"PCN", history(energies...)}, Run{"MLP", history(1, 2, 3)})
			if len(panels) != 2 {
				t.Fatalf("want panels of energy and score, got %d", len(panels))
			}
			img := Render(panels...)
			some := slices.ContainsFunc(energies, drawable)
			for i, want := range []bool{some, true} {
				if got := drawn(img, palette[i]) > 0; got != want {
					t.Errorf("something is drawn in the colour of run %d: %v", i, got)
				}
			}
		})
	}
}

func TestCurvesWithoutValidation(t *testing.T) {
	h := history(3, 2, 1)
	for i := range h.Epochs {
		h.Epochs[i].Validation = nil
	}
	if n := len(Curves(true, Run{"PCN", h})); n != 1 {
		t.Errorf("want the energy alone, got %d panels", n)
	}
}

func TestFit(t *testing.T) {
	x := []float64{-1, 0, 1}
	img := Render(Fit(Line{"examples", x, x}, Line{"truth", x, x}, Line{"PCN", x, []float64{1, math.NaN(), 2}}, Line{"MLP", nil, nil}))
	if drawn(img, palette[0]) == 0 {
		t.Error("the line of the PCN is not drawn")
	}
	Render(Fit(Line{}))
}

func TestGrid(t *testing.T) {
	img, err := Grid{Images: [][]float64{{0, 5, 10, 20}, {-1, math.NaN(), 0, 0}, {0, 0, 0, 0}}, Width: 2, Height: 2, Columns: 2, High: 10}.Draw()
	if err != nil {
		t.Fatal(err)
	}
	const cell = cellSize
	if want := image.Pt(2*cell+3*gap, 2*cell+3*gap); img.Bounds().Size() != want {
		t.Fatalf("want size %v, got %v", want, img.Bounds().Size())
	}
	grey := func(v uint8) color.RGBA { return color.RGBA{v, v, v, 0xff} }
	for _, p := range []struct {
		x, y int
		want color.RGBA
	}{
		{gap, gap, grey(0)},
		{gap + cell - 1, gap, grey(128)},
		{gap, gap + cell - 1, grey(255)},
		{gap + cell - 1, gap + cell - 1, grey(255)},            // beyond high
		{2*gap + cell, gap, grey(0)},                           // beyond low
		{2*gap + 2*cell - 1, gap, color.RGBA{R: 0xd0, A: 255}}, // not a number
		{2*gap + cell, 2*gap + cell, grey(255)},                // no image
	} {
		if got := img.At(p.x, p.y); got != p.want {
			t.Errorf("at %d, %d: want %v, got %v", p.x, p.y, p.want, got)
		}
	}
}

// TestGridNames: names take room above the rows that have any and beside all, are written
// there, and are cut where they are longer than an image is wide.
func TestGridNames(t *testing.T) {
	g := Grid{Images: slices.Repeat([][]float64{{1, 1, 1, 1}}, 5), Width: 2, Height: 2, Columns: 2, High: 1}
	size := func() image.Point {
		img, err := g.Draw()
		if err != nil {
			t.Fatal(err)
		}
		return img.Bounds().Size()
	}
	plain := size()
	g.Names = []string{"a", "", "", "", "of the last row"}
	above := size()
	line := (above.Y - plain.Y) / 2
	if above.X != plain.X || line < mostText {
		t.Errorf("%v with names above two of three rows, %v without", above, plain)
	}
	g.Rows = []string{"one", "two", strings.Repeat("three", 100), "there is no such row"}
	beside := size()
	if room := beside.X - plain.X; beside.Y != above.Y || room < 3*mostText || room > 4*cellSize {
		t.Errorf("%v with names beside, %v without", beside, above)
	}
	img, err := g.Draw()
	if err != nil {
		t.Fatal(err)
	}
	dark := func(r image.Rectangle) (n int) {
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				if img.At(x, y).(color.RGBA).R < 0x80 {
					n++
				}
			}
		}
		return n
	}
	left, wide, high := beside.X-plain.X, gap+cellSize, gap+line+cellSize
	for name, of := range map[string]struct {
		where image.Rectangle
		some  bool
	}{
		"above the first":          {image.Rect(left+gap, gap, left+wide, gap+line), true},
		"above the second":         {image.Rect(left+wide, gap, beside.X, gap+line), false},
		"beside the second row":    {image.Rect(0, high+gap, left, high+gap+cellSize), true},
		"above the last":           {image.Rect(left, high+wide, left+wide+gap, high+wide+line), true},
		"to the right of the last": {image.Rect(left+wide+gap, high+wide, beside.X, beside.Y), false},
		"images":                   {image.Rect(left+gap, gap+line, beside.X, high+cellSize+gap), false},
	} {
		if n := dark(of.where); n > 0 != of.some {
			t.Errorf("%s: %d dark pixels", name, n)
		}
	}
}

// TestAxesAreNamed: both axes of all that is drawn have names.
func TestAxesAreNamed(t *testing.T) {
	one := 0.5
	h := history(3, 2, 1)
	for i := range h.Epochs {
		e := &h.Epochs[i]
		e.Settled = train.Settled{Energy: 1, Steps: 5, NodeEnergy: []float64{1}, NodeResidual: []float64{1}, NodeCosine: []float64{1}, Reached: &one}
		e.TargetAlignment = &one
	}
	x := []float64{1, 2, 3}
	panels := slices.Concat(Curves(true, Run{"PCN", h}), Curves(false, Run{"PCN", h}), Parts(h), Settling(&model.Result{Trace: [][]float64{x, x}, ResidualTrace: [][]float64{x, x}}),
		[]*Panel{Fit(Line{"examples", x, x}), Predicted(x, x), Beside("t", "row", "%", []string{"a"}, []Point{{}}, nil, "published")})
	for _, dataset := range []string{"sine", "digits"} {
		r, err := train.DefaultRecipe(dataset, model.Discriminative, "")
		if err != nil {
			t.Fatal(err)
		}
		l, sets := learner(t, r)
		sections, err := Examine(t.Context(), l, r.Inference, sets.Validation)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range sections {
			panels = append(panels, s.Panels...)
		}
	}
	if len(panels) != 20 {
		t.Errorf("%d panels", len(panels))
	}
	for _, p := range panels {
		if p.X.Label.Text == "" || p.Y.Label.Text == "" {
			t.Errorf("%v: the axes are named %q and %q", p, p.X.Label.Text, p.Y.Label.Text)
		}
	}
}

func TestGridRefuses(t *testing.T) {
	image := [][]float64{{1, 2}}
	for name, f := range map[string]func() error{
		"width": func() error { _, err := Grid{Images: image, Height: 1, Columns: 1, High: 1}.Draw(); return err },
		"values": func() error {
			_, err := Grid{Images: image, Width: 2, Height: 2, Columns: 1, High: 1}.Draw()
			return err
		},
		"low": func() error {
			_, err := Grid{Images: image, Width: 2, Height: 1, Columns: 1, Low: 1, High: 1}.Draw()
			return err
		},
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want an error about %s, got %v", name, err)
		}
	}
}

func TestWritePNG(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.png")
	if err := WritePNG(path, Render()); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := png.Decode(f); err != nil {
		t.Error(err)
	}
	if err := WritePNG(filepath.Join(path, "y.png"), Render()); err == nil {
		t.Error("want an error for a folder that is a file")
	}
}

func TestTicks(t *testing.T) {
	for _, test := range []struct {
		low, high float64
		want      string
	}{
		{0, 1, "0.0 0.2 0.4 0.6 0.8 1.0"},
		{0.021, 0.134, "0.04 0.06 0.08 0.10 0.12"},
		{-1.2, 1.2, "-1.0 -0.5 0.0 0.5 1.0"},
		{1, 100, "20 40 60 80 100"},
		{-0.04, 0.9, "0.0 0.2 0.4 0.6 0.8"},
		{-5, 70, "0 20 40 60"},
		{0, 3e12, "0 5e+11 1e+12 1.5e+12 2e+12 2.5e+12 3e+12"},
		{1e12, 1e12 + 3e3, "1000000000000 1000000000500 1000000001000 1000000001500 1000000002000 1000000002500 1000000003000"},
		{1e300, 1e300 * (1 + 3e-9), "1e+300 1.0000000005e+300 1.000000001e+300 1.0000000015e+300 1.000000002e+300 1.0000000025e+300"},
		{1e300, 1e300, ""}, // counting up from there stays there
		{1 << 60, 1<<60 + 256, ""},
		{-math.MaxFloat64, math.MaxFloat64, ""},
		{math.NaN(), math.NaN(), ""},
	} {
		var got []string
		for _, tick := range (niceTicks{}).Ticks(test.low, test.high) {
			got = append(got, tick.Label)
		}
		if s := strings.Join(got, " "); s != test.want {
			t.Errorf("%v to %v: want %s, got %s", test.low, test.high, test.want, s)
		}
	}
	for _, test := range []struct {
		low, high float64
		want      string
	}{
		{0, 1, "1 2 5 10"},
		{-3, 0.1, "0.001 0.01 0.1 1"},
		{-12.5, 1, "1e-12 1e-10 1e-08 1e-06 0.0001 0.01 1"},
		{2, 2, "100"},
	} {
		got := []string{}
		for _, tick := range (logTicks{}).Ticks(test.low, test.high) {
			if tick.Label != "" {
				got = append(got, tick.Label)
			}
		}
		if s := strings.Join(got, " "); s != test.want {
			t.Errorf("10^%v to 10^%v: want %s, got %s", test.low, test.high, test.want, s)
		}
	}
}

// TestTellApart: numbers that hardly differ, or not at all, have an axis on which
// floats can be told apart.
func TestTellApart(t *testing.T) {
	for _, test := range []struct{ y, low, high float64 }{{0, -1, 1}, {2, 1, 3}, {1e300, 5e299, 1.5e300}, {-1e-30, -1.5e-30, -5e-31}} {
		p := Lines("", "", "", Line{Y: []float64{test.y, test.y * (1 + 1e-15)}})
		room := 0.05 * (test.high - test.low)
		if math.Abs(p.Y.Min-test.low+room) > 1e-9*room || math.Abs(p.Y.Max-test.high-room) > 1e-9*room {
			t.Errorf("%v: an axis from %v to %v", test.y, p.Y.Min, p.Y.Max)
		}
		if n := len((niceTicks{}).Ticks(p.Y.Min, p.Y.Max)); n < 3 || n > 8 {
			t.Errorf("%v: %d ticks", test.y, n)
		}
	}
}

// TestThin: of many points those are drawn that stand out.
func TestThin(t *testing.T) {
	points := make(plotter.XYs, 1_234_567)
	for i := range points {
		points[i].X = float64(i)
	}
	points[777_777].Y, points[777_778].Y = 5, -5
	got := thin(points)
	if n := len(got); n > maxPoints+1 {
		t.Errorf("%d points are left", n)
	}
	if !slices.Contains(got, points[777_777]) || !slices.Contains(got, points[777_778]) || got[len(got)-1] != points[len(points)-1] {
		t.Error("the highest, the lowest or the last is gone")
	}
	if !slices.IsSortedFunc(got, func(a, b plotter.XY) int { return cmp.Compare(a.X, b.X) }) {
		t.Error("the points are out of order")
	}
}

func TestSettling(t *testing.T) {
	trace := [][]float64{{1, 0.1, 0, 2, 3, 4}, {0.5, 0.05, 0, 1, 1, math.NaN()}, {0.1, 0, 0, 0.5, math.Inf(1), 1}}
	for name, r := range map[string]*model.Result{"full": {Trace: trace, ResidualTrace: trace}, "empty": {}} {
		panels := Settling(r)
		if len(panels) != 2 {
			t.Fatalf("want energy and gradient, got %d panels", len(panels))
		}
		img := Render(panels...)
		for i, c := range palette {
			if drawn(img, c) > 0 != (name == "full" && i != 2) {
				t.Errorf("%s: colour %d drawn is %v", name, i, drawn(img, c) > 0)
			}
		}
	}
}

// TestSettle: some twenty steps are shown of settling, whether it takes one or a thousand.
func TestSettle(t *testing.T) {
	n, err := model.New(model.Config{Layers: []int{2, 3, 2}, Dtype: model.Float64})
	if err != nil {
		t.Fatal(err)
	}
	batch := tensor.New(tensor.WithShape(1, 2), tensor.WithBacking([]float64{1, -1}))
	for _, steps := range []int{1, 20, 1000} {
		panels, err := Settle(t.Context(), n, n.Clamp(batch, batch), model.Inference{Steps: steps, Rate: 0.1, Tolerance: 0.5})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range panels {
			if p.X.Max != shownSteps {
				t.Errorf("%d steps: %q goes up to step %v, want %d", steps, p.Title.Text, p.X.Max, shownSteps)
			}
		}
	}
}

// TestSettlingOfOneStep: the curves go on to where the step ended, on an axis of one
// step.
func TestSettlingOfOneStep(t *testing.T) {
	r := &model.Result{
		Trace: [][]float64{{2, 0}}, NodeEnergy: []float64{0.5, 0.3},
		ResidualTrace: [][]float64{{0, 1, 0}}, EndResidual: []float64{0, 0.4, 0},
	}
	for i, explained := range []int{2, 1} {
		p := Settling(r)[i]
		if p.X.Min != 0 || p.X.Max != 1 {
			t.Errorf("%v: an axis from %v to %v", p, p.X.Min, p.X.Max)
		}
		if p.Y.Max-p.Y.Min < 0.5 {
			t.Errorf("%v: the curve goes from %v to %v", p, p.Y.Max, p.Y.Min)
		}
		if len(p.legend) != explained {
			t.Errorf("%v: %d entries in the legend, want %d", p, len(p.legend), explained)
		}
	}
	if len(r.Trace) != 1 || len(r.ResidualTrace) != 1 {
		t.Error("the result was changed")
	}
}

// TestParts: clamped nodes have no residual, and one step leaves none to tell of.
func TestParts(t *testing.T) {
	h := &train.History{Epochs: []train.Epoch{
		{Epoch: 1, Settled: train.Settled{Steps: 5, NodeEnergy: []float64{1, 2}, NodeResidual: []float64{0, 0.5, 0}}},
		{Epoch: 2, Settled: train.Settled{Steps: 5, NodeEnergy: []float64{1, 1}, NodeResidual: []float64{0, 0.2, 0}}},
	}}
	panels := Parts(h)
	if len(panels) != 2 || len(panels[0].legend) != 2 || len(panels[1].legend) != 1 {
		t.Fatalf("want energies of 2 nodes and the residual of 1, got %v", panels)
	}
	if drawn(Render(panels[1]), palette[1]) == 0 {
		t.Error("node 1 has not its own colour")
	}
	for i := range h.Epochs {
		h.Epochs[i].Steps = 1
	}
	if panels := Parts(h); len(panels) != 1 {
		t.Errorf("one step: want the energies alone, got %v", panels)
	}
	h.Epochs[1].Reached = new(float64)
	*h.Epochs[1].Reached = 0.75
	h.Epochs[1].NodeCosine = []float64{0, 0.9, 1}
	panels = Parts(h)
	if len(panels) != 3 || len(panels[2].legend) != 2 || panels[1].Title.Text != "Relaxed share" || panels[1].Y.Min != 0 || panels[1].Y.Max != 1 {
		t.Errorf("estimated once: want the energies, the relaxed share and two cosines, got %v", panels)
	}
}

// learner returns an untaught learner of a recipe, and its data.
func learner(t *testing.T, r train.Recipe) (*train.PCN, train.Sets) {
	t.Helper()
	sets, err := r.Data.Load()
	if err != nil {
		t.Fatal(err)
	}
	l, err := r.PCN()
	if err != nil {
		t.Fatal(err)
	}
	return l, sets
}
