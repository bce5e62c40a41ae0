package report

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"example.com/pcn/model"
	"example.com/pcn/train"
)

// pictures returns how many SVG and PNG pictures are in a page, each of which
// must be complete.
func pictures(t *testing.T, page string) (svgs, pngs int) {
	t.Helper()
	for _, m := range regexp.MustCompile(`src="data:image/([a-z+]+);base64,([^"]*)"`).FindAllStringSubmatch(strings.ReplaceAll(page, "&#43;", "+"), -1) {
		data, err := base64.StdEncoding.DecodeString(m[2])
		if err != nil {
			t.Fatal(err)
		}
		switch m[1] {
		case "png":
			pngs++
			if _, err := png.Decode(bytes.NewReader(data)); err != nil {
				t.Error(err)
			}
		case "svg+xml":
			svgs++
			for d := xml.NewDecoder(bytes.NewReader(data)); ; {
				if _, err := d.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return svgs, pngs
}

func write(t *testing.T, p *Page) string {
	t.Helper()
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestExamine looks at networks that have learned nothing: what there is to see
// depends on the data and the direction alone, and each example is counted once.
func TestExamine(t *testing.T) {
	for _, c := range []struct {
		dataset   string
		direction model.Direction
		dtype     model.Dtype
		titles    string
		svgs      int
	}{
		{"digits", model.Generative, model.Float32, "Settling Classes Generated Completed Filters", 2},
		{"digits", model.Discriminative, model.Float64, "Settling Classes Filters", 2},
		{"sine", model.Discriminative, model.Float32, "Settling Fit", 4},
	} {
		r, err := train.DefaultRecipe(c.dataset, c.direction, "")
		if err != nil {
			t.Fatal(err)
		}
		r.Model.Dtype, r.Data.Validation = c.dtype, 30
		sets, err := r.Data.Load()
		if err != nil {
			t.Fatal(err)
		}
		if c.dataset == "digits" {
			sets.Validation.ClassNames = strings.Fields("zero one two three four five six seven eight nine")
		}
		l, err := r.PCN()
		if err != nil {
			t.Fatal(err)
		}
		sections, err := Examine(context.Background(), l, r.Inference, sets.Validation)
		if err != nil {
			t.Fatal(err)
		}
		if i := slices.IndexFunc(sections, func(s Section) bool { return s.Title == "Generated" }); i >= 0 && sections[i].Images[3].Caption != "three" {
			t.Errorf("the image of class 3 is said to be of %q", sections[i].Images[3].Caption)
		}
		var titles []string
		images := 0
		for _, s := range sections {
			titles = append(titles, s.Title)
			images += len(s.Images)
			if s.Squares == nil {
				continue
			}
			if name := s.Squares.Name(9); name != "nine" {
				t.Errorf("%s: class 9 is named %q", c.dataset, name)
			}
			want := make([]int, sets.Validation.Classes)
			for _, label := range sets.Validation.Labels() {
				want[label]++
			}
			for class, row := range s.Squares.Counts {
				for _, n := range row {
					want[class] -= n
				}
				if want[class] != 0 {
					t.Errorf("%s: class %d is counted %d times too few", c.dataset, class, want[class])
				}
			}
		}
		if got := strings.Join(titles, " "); got != c.titles {
			t.Errorf("%s %v: sections %s, want %s", c.dataset, c.direction, got, c.titles)
		}
		svgs, pngs := pictures(t, write(t, &Page{Title: "x", Sections: sections}))
		if svgs != c.svgs || pngs != images {
			t.Errorf("%s %v: %d SVG and %d PNG pictures, want %d and %d", c.dataset, c.direction, svgs, pngs, c.svgs, images)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := Examine(ctx, l, r.Inference, sets.Validation); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	}
}

// TestPageEscapes puts markup where text belongs.
func TestPageEscapes(t *testing.T) {
	bad := `<img src=x onerror="alert(1)">`
	page := write(t, &Page{
		Title: bad, Summary: bad, Command: bad, Facts: []Fact{{bad, bad}},
		Sections: []Section{{Title: bad, Text: bad, Table: &Table{Head: []string{bad}, Rows: [][]string{{bad}}}, Squares: &Confusion{Counts: [][]int{{2, 2}, {0, 0}}, Names: []string{bad}}}},
	})
	if !strings.Contains(page, "<th>&lt;img src=x onerror=&#34;alert(1)&#34;&gt;</th><th>1</th></tr>") {
		t.Error("the confusion matrix has not the names of its classes")
	}
	if strings.Contains(page, "<img") {
		t.Error("markup was taken over")
	}
	if !strings.Contains(page, "rgba(0,114,178,0.50)") || !strings.Contains(page, "rgba(213,94,0,0.50)") {
		t.Error("the confusion matrix has no colours")
	}
}

func TestSVG(t *testing.T) {
	x := []float64{0, 1, 2}
	for name, lines := range map[string][]Line{
		"none":         nil,
		"one point":    {{"a", x[:1], []float64{1}}},
		"not positive": {{"a", x, []float64{-1, 0, math.NaN()}}},
		"constant":     {{"a", x, []float64{2, 2, 2}}},
		"many":         make([]Line, 30),
		"far apart":    {{"a", x, []float64{1e-300, 1, 1e300}}, {"b", x, []float64{1, 2, math.Inf(1)}}},
	} {
		if text, err := Lines(name, "x", "y", lines...).SVG(); err != nil || len(text) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	many := make([]Line, 12)
	for i := range many {
		many[i] = Line{"node", x, x}
	}
	if p := Lines("", "", "", many...); len(p.legend) != 2 {
		t.Errorf("a legend of %d entries for 12 lines", len(p.legend))
	}
}

// TestPicturesOfConvolutions: of a network that takes images through convolutions there are
// its kernels and its channels, of the steps that are taken, and of one that makes images too.
func TestPicturesOfConvolutions(t *testing.T) {
	for _, c := range []struct {
		titles      string
		predictions []model.Prediction
		filters     int // side by side
	}{
		{"Settling Classes Filters Feature maps", []model.Prediction{
			{Of: "seen", From: []model.Edge{{Nodes: []string{"input"}, Map: "conv 3 pad same"}}},
			{Of: "pooled", From: []model.Edge{{Nodes: []string{"seen"}, Feature: "tanh, max-pool 2", Map: "diagonal"}}},
			{Of: "target", From: []model.Edge{{Nodes: []string{"pooled"}, Feature: "tanh"}}},
		}, 4},
		{"Settling Classes Generated Completed Filters Feature maps", []model.Prediction{
			{Of: "pooled", From: []model.Edge{{Nodes: []string{"target"}}}},
			{Of: "seen", From: []model.Edge{{Nodes: []string{"pooled"}, Feature: "tanh, upsample 2", Map: "diagonal"}}},
			{Of: "input", From: []model.Edge{{Nodes: []string{"seen"}, Feature: "tanh", Map: "conv-transpose 3 pad 1"}}},
		}, 4},
	} {
		r, err := train.DefaultRecipe("digits", model.Discriminative, "")
		if err != nil {
			t.Fatal(err)
		}
		r.Model = model.Config{
			Nodes:       []model.Node{{Name: "input", Shape: []int{8, 8, 1}}, {Name: "seen", Shape: []int{8, 8, 4}}, {Name: "pooled", Shape: []int{4, 4, 4}}, {Name: "target", Size: 10}},
			Predictions: c.predictions,
		}
		r.Data.Validation, r.Inference = 30, model.Inference{Steps: 8}
		l, sets := learner(t, r)
		sections, err := Examine(context.Background(), l, r.Inference, sets.Validation)
		if err != nil {
			t.Fatal(err)
		}
		var titles []string
		for _, s := range sections {
			titles = append(titles, s.Title)
			switch s.Title {
			case "Filters":
				if b := s.Images[0].Picture.Bounds(); len(s.Images) != 1 || b.Dx()/(3*(cellSize/3)+gap) != c.filters || b.Dy() != gap+3*(cellSize/3)+gap {
					t.Errorf("%d pictures of filters, the first of %v: %s", len(s.Images), b, s.Images[0].Caption)
				}
			case "Feature maps":
				if len(s.Images) != 2 || s.Images[0].Caption != "seen, 8×8×4" {
					t.Errorf("%s: %d pictures, the first of %s", s.Text, len(s.Images), s.Images[0].Caption)
				}
				if height := s.Images[0].Picture.Bounds().Dy(); height/(cellSize+gap) != 4 {
					t.Errorf("the channels' picture is %d high", height)
				}
			}
		}
		if got := strings.Join(titles, " "); got != c.titles {
			t.Errorf("sections %s, want %s", got, c.titles)
		}
	}
}
