package feature

import (
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/shape"
)

// TestShapes holds what becomes of a shape, by the text of a feature, which is written as it
// is read.
func TestShapes(t *testing.T) {
	for _, c := range []struct{ text, in, want string }{
		{"max-pool 2", "24x24x32", "12x12x32"},
		{"max-pool 3x3 stride 2 pad 1", "32x32x3", "16x16x3"},
		{"max-pool 2", "7x5", "3x5"},
		{"max-pool 1x2 stride 1x3", "4x8x1", "4x3x1"},
		{"avg-pool 2 stride 1", "4x4x2", "3x3x2"},
		{"global-avg-pool", "7x7x512", "512"},
		{"upsample 2", "7x7x64", "14x14x64"},
		{"upsample 2x1", "7x7x64", "14x7x64"},
		{"upsample 3", "7x4", "21x4"},
		{"flatten", "7x7x64", "3136"},
		{"reshape 7x7x64", "3136", "7x7x64"},
		{"gelu, max-pool 2, flatten", "4x4x2", "8"},
		{"leaky-relu 0.2, max-pool 2", "4x4x2", "2x2x2"},
	} {
		f, err := Parse(c.text)
		if err != nil {
			t.Fatal(err)
		}
		if f.String() != c.text {
			t.Errorf("%s: is written %v", c.text, f)
		}
		in, _ := shape.Parse(c.in, 1)
		want, _ := shape.Parse(c.want, 1)
		if got, err := f.Shape(in); err != nil || !got.Eq(tensor.Shape(want)) {
			t.Errorf("%s of %s: got %v, error %v, want %s", c.text, c.in, got, err, c.want)
		}
	}
}

func TestFaults(t *testing.T) {
	for want, c := range map[string]struct{ text, in string }{
		"max-pool: must have a size behind its name, such as max-pool 2":                                 {"max-pool", ""},
		`max-pool: size: must be numbers >= 1 such as 3 or 3x3, got "0"`:                                 {"max-pool 0", ""},
		`avg-pool: must have stride and pad behind its size, got "step"`:                                 {"avg-pool 2 step 2", ""},
		"avg-pool: stride: must have a number behind it":                                                 {"avg-pool 2 stride", ""},
		"avg-pool: pad: must stand once":                                                                 {"avg-pool 3 pad 1 pad 1", ""},
		`upsample: must have a factor behind its name, such as upsample 2, got ""`:                       {"upsample", ""},
		`reshape: must have a shape behind its name, such as reshape 7x7x64, got "2 3"`:                  {"reshape 2 3", ""},
		`flatten: must have nothing behind its name, got "2"`:                                            {"flatten 2", ""},
		"max-pool: must have a source with positions and channels, (L, C) or (H, W, C), got (12)":        {"max-pool 2", "12"},
		"max-pool: size: must be a number >= 1, or one for each dimension of the positions 6, got [2 2]": {"max-pool 2x2", "6x3"},
		"max-pool: pad: must be at most half of size, 2, got 2":                                          {"max-pool 2 pad 2", "4x4x1"},
		"avg-pool: size: must fit into positions of 2×4, got 3":                                          {"avg-pool 3", "2x4x1"},
		"upsample: must have a factor >= 1, or one for each dimension of the positions 2×4, got [1 2 3]": {"upsample 1x2x3", "2x4x1"},
		"reshape: must be to one to three numbers of as many units as 8, got [3 3]":                      {"reshape 3x3", "8"},
		"concat: must have at least two sources, got 1":                                                  {"concat", "8"},
		"outer: must have two sources, got 1":                                                            {"outer", "8"},
		"global-avg-pool: must have a source with positions and channels, (L, C) or (H, W, C), got (8)":  {"global-avg-pool", "8"},
	} {
		f, err := Parse(c.text)
		if err == nil {
			in, _ := shape.Parse(c.in, 1)
			_, err = f.Shape(tensor.Shape(in))
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s of %s: got error %v, want %s", c.text, c.in, err, want)
		}
	}
	if _, err := (Concat{}).Shape(tensor.Shape{2, 3, 1}, tensor.Shape{3, 2, 1}); err == nil || err.Error() != "concat: must have sources with the same positions, got 2×3×1 and 3×2×1" {
		t.Errorf("concat of other positions: got error %v", err)
	}
	if _, err := (Outer{}).Shape(tensor.Shape{2}, tensor.Shape{3, 2, 1}); err == nil || err.Error() != "outer: must have sources without positions, got 3×2×1" {
		t.Errorf("outer of positions: got error %v", err)
	}
}
