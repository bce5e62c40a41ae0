package data

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"path/filepath"
	"strings"
	"testing"
)

// TestRemarks: what may be a mistake about data is said, and nothing of data without.
func TestRemarks(t *testing.T) {
	text := func(header string, n int, line func(i int) string) string {
		for i := range n {
			header += line(i) + "\n"
		}
		return header
	}
	label, target := Columns{Label: "y"}, Columns{Targets: []string{"y"}}
	for name, tt := range map[string]struct {
		text string
		cols Columns
		want []string
	}{
		"nothing odd":   {text("a,y\n", 9, func(i int) string { return fmt.Sprintf("%d,%d", i*i%7, i%2) }), label, nil},
		"an index":      {text("id,y\n", 9, func(i int) string { return fmt.Sprintf("%d,%d", i+1, i%2) }), label, []string{`column "id" is another number in each example`}},
		"unnamed":       {text(",a,y\n", 9, func(i int) string { return fmt.Sprintf("%d,%d,%d", i*i, i*i%7, i%2) }), label, []string{`column 1 ("") has no name and counts the rows: it is left out`}},
		"constant":      {text("a,b,y\n", 9, func(i int) string { return fmt.Sprintf("%d,7,%d", i*i%7, i%2) }), label, []string{`1 input with the same number everywhere, which says nothing: "b"`}},
		"a regression":  {text("a,y\n", 900, func(i int) string { return fmt.Sprintf("%d,%d", i*i%7, i%150) }), label, []string{"the label has 150 different numbers, each a class: to regress on it"}},
		"one number":    {"a,y\n1,0\n3,0.0\n2,1\n", label, []string{"3 labels are 2 classes"}},
		"one-hot":       {"a,y,z\n1,0,1\n3,1,0\n2,0,1\n", Columns{Targets: []string{"y", "z"}}, []string{"the 2 targets are 0 but for a 1"}},
		"numbers above": {text("0,1,y\n", 3, func(i int) string { return fmt.Sprintf("%d,%d,%d", i*i%7, i*i*i, i%2) }), target, []string{"though some are numbers"}},
		"a rare class":  {text("a,y\n", 30, func(i int) string { return fmt.Sprintf("%d,%c", i*i%7, "abz"[min(i%2+i/29*2, 2)]) }), label, []string{`1 of 3 classes with a single example, which cannot be both learned and tested, such as "z"`}},
		"two cases":     {text("a,y\n", 30, func(i int) string { return fmt.Sprintf("%d,%c", i*i%7, "abA"[i%3]) }), label, []string{`classes "A" and "a" differ by case alone`}},
		"units":         {text("a,y\n", 30, func(i int) string { return fmt.Sprintf("%d.5 %%,%d", i*i%7, i%2) }), label, []string{`column 1 ("a") has numbers with units: 0.5 % is 0.5`}},
		"Latin-1":       {"Gr\xf6\xdfe,y\n1,0\n3,1\n", label, []string{"taken for Latin-1"}},
	} {
		s, err := ReadCSV(strings.NewReader(tt.text), name, tt.cols)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		parts, err := Split(s, 1, .5)
		if err != nil {
			t.Fatal(err)
		}
		got := parts[0].Remarks()
		if len(got) != len(tt.want) || len(got) > 0 && !strings.Contains(got[0], tt.want[0]) {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}

	dir := t.TempDir()
	grey := image.NewRGBA(image.Rect(0, 0, 2, 2))
	draw.Draw(grey, grey.Rect, image.NewUniform(color.Gray{200}), image.Point{}, draw.Src)
	write(t, filepath.Join(dir, "a/1.png"), pngOf(t, grey))
	write(t, filepath.Join(dir, "b/1.png"), pngOf(t, grey))
	for colours := range 2 {
		s, err := Images(dir, nil, ImageForm{})
		if err != nil || len(s.Remarks()) != colours {
			t.Errorf("got %v and %q", err, s.Remarks())
		}
		grey.Set(1, 1, color.RGBA{255, 0, 0, 255})
		write(t, filepath.Join(dir, "b/1.png"), pngOf(t, grey))
	}
}
