package report

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/data"
)

// TestMisuse calls what a user can call with what is missing, zero or of another
// network: what has an error to return says what must be, the rest draws nothing,
// and none panics.
func TestMisuse(t *testing.T) {
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	n, err := model.New(model.Config{Layers: []int{4, 3, 2}})
	must(err)
	l, err := train.NewPCN(n, nil, model.Inference{}, &train.SGD{})
	must(err)
	sine := data.Sine(20, 0.1, 1)
	truth := func(x float64) float64 { return x }
	ints := tensor.New(tensor.Of(tensor.Int), tensor.WithShape(2, 4))
	for name, c := range map[string]struct {
		call func() error
		want string // contained in the error
	}{
		"examine: no learner":      {func() error { _, err := Examine(ctx, nil, model.Inference{}, sine); return err }, "report: learner: must be one, got none"},
		"examine: no set":          {func() error { _, err := Examine(ctx, l, model.Inference{}, nil); return err }, "the set: must have examples, got none"},
		"examine: no examples":     {func() error { _, err := Examine(ctx, l, model.Inference{}, sine.Subset(nil)); return err }, "sine: must have examples, got none"},
		"examine: another's":       {func() error { _, err := Examine(ctx, l, model.Inference{}, sine); return err }, "sine: must have 4 inputs as the network takes, got 1"},
		"regression: no set":       {func() error { _, err := Regression(ctx, nil, "", truth); return err }, "must have a set and a truth"},
		"regression: no truth":     {func() error { _, err := Regression(ctx, sine, "", nil); return err }, "must have a set and a truth"},
		"regression: no learner":   {func() error { _, err := Regression(ctx, sine, "", truth, Named{Name: "x"}); return err }, `"x": must be a learner, got none`},
		"regression: another's":    {func() error { _, err := Regression(ctx, sine, "", truth, Named{"x", l}); return err }, `"x": train: sine: must have 4 inputs as the network takes, got 1`},
		"grid: nothing":            {func() error { _, err := Grid{}.Draw(); return err }, "must be > 0"},
		"images: nothing":          {func() error { _, err := Images(nil, 2, 2, 2); return err }, "images: must be float64 of shape (B, 4), got none"},
		"images: integers":         {func() error { _, err := Images(ints, 2, 2, 2); return err }, "images: must be float64 of shape (B, 4), got int"},
		"PNG: no picture":          {func() error { return WritePNG(filepath.Join(t.TempDir(), "x.png"), nil) }, "must have a picture, got none"},
		"page: no panel":           {func() error { return (&Page{Sections: []Section{{Panels: []*Panel{nil}}}}).Write(io.Discard) }, "panel: must have a plot, got none"},
		"page: no picture":         {func() error { return (&Page{Sections: []Section{{Images: []Image{{}}}}}).Write(io.Discard) }, "must be a picture, got none"},
		"panel: SVG of a zero one": {func() error { _, err := new(Panel).SVG(); return err }, "panel: must have a plot, got none"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.call(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want one with %q", err, c.want)
			}
		})
	}
	uneven := []Line{{X: []float64{1}}, {Y: []float64{1, 2}}, {X: []float64{1}, Y: []float64{1, 2}}, {X: []float64{1, 2}, Y: []float64{1}}}
	for name, panels := range map[string][]*Panel{
		"none":            nil,
		"nil":             {nil, {}},
		"curves":          Curves(true, Run{}, Run{History: &train.History{}}),
		"parts":           append(Parts(nil), Parts(&train.History{})...),
		"settling":        append(Settling(nil), Settling(&model.Result{EndResidual: []float64{1}})...),
		"lines and a fit": {Lines("", "", "", uneven...), Fit(Line{}, uneven...), Fit(uneven[0])},
		"points":          {Points("", "", "", nil, nil), Points("", "", "", []string{"a"}, []Point{{X: -4}, {X: 1e9}})},
	} {
		if Render(panels...) == nil {
			t.Errorf("%s: no picture", name)
		}
	}
	must((&Page{Sections: []Section{{Table: &Table{}, Squares: &Confusion{Counts: [][]int{{1, 2}, {3}}}}, {Squares: &Confusion{}}}}).Write(io.Discard))
	if (*Panel)(nil).String() != "no panel" || new(Confusion).Name(-1) != "-1" || new(Panel).PNG() == nil {
		t.Error("what is zero is not said to be")
	}
}
