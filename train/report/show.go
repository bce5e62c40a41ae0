package report

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"math"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/model"
)

// PNG returns the panel as a PNG file, by which a notebook shows a panel that a
// cell returns. For several side by side, return [Render] of them.
func (p *Panel) PNG() []byte {
	var file bytes.Buffer
	if err := png.Encode(&file, Render(p)); err != nil {
		return nil // a picture of a size that PNG cannot hold: not a panel's
	}
	return file.Bytes()
}

// String is the panel's title.
func (p *Panel) String() string {
	if p == nil || p.Plot == nil {
		return "no panel"
	}
	return p.Title.Text
}

// Images draws the rows of a (B, width·height) tensor, or of three times as many
// columns in colour, as a [Grid] of images below names, if any, the smallest number of all black and the largest white.
func Images(t *tensor.Dense, width, height, columns int, names ...string) (image.Image, error) {
	size := width * height
	if t != nil && t.Dims() == 2 && t.Shape()[1] == 3*size {
		size *= 3
	}
	if err := dense.Check(t, dense.Float(t), -1, size); err != nil {
		return nil, fmt.Errorf("report: images: %w", err)
	}
	rows := model.Rows(t)
	low, high := math.Inf(1), math.Inf(-1)
	for _, row := range rows {
		for _, x := range row {
			if !math.IsNaN(x) && !math.IsInf(x, 0) {
				low, high = min(low, x), max(high, x)
			}
		}
	}
	if !(low < high) {
		low, high = 0, 1
	}
	return Grid{Images: rows, Width: width, Height: height, Columns: columns, Low: low, High: high, Names: names}.Draw()
}
