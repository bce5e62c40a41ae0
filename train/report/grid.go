package report

import (
	"fmt"
	"image"
	"image/color"
	"math"
)

// Sizes of a grid in pixels.
const (
	cellSize  = 112 // a cell is at least this wide and high where images are small
	smallCell = 64  // the same in a page
	gap       = 6

	maxPixels = 1 << 24 // of a grid of images that are enlarged
)

// Grid draws images side by side in rows of columns, each given as its width ×
// height values from the top left, row by row, or in colour by three values, red,
// green and blue, for each pixel; low is drawn black and high white, and what lies
// beyond is cut off. A pixel with a value that is not a number is drawn red. Images are enlarged by a whole factor, the less the more they are, without
// smoothing.
//
// It is an error when an image has another number of values, or a size, columns
// or the range makes no sense.
func Grid(images [][]float64, width, height, columns int, low, high float64) (image.Image, error) {
	return gridOf(images, width, height, columns, low, high, cellSize)
}

// gridOf is Grid with cells of about a size.
func gridOf(images [][]float64, width, height, columns int, low, high float64, cell int) (image.Image, error) {
	if width <= 0 || height <= 0 || columns <= 0 {
		return nil, fmt.Errorf("report: grid: width, height and columns must be > 0, got %d, %d and %d", width, height, columns)
	}
	if !(low < high) {
		return nil, fmt.Errorf("report: grid: low and high: must be low < high, got %v and %v", low, high)
	}
	for i, values := range images {
		if n := len(values); n != width*height && n != 3*width*height {
			return nil, fmt.Errorf("report: grid: images[%d]: must have %d×%d values, or 3 times as many in colour, got %d", i, width, height, n)
		}
	}
	columns = max(min(columns, len(images)), 1)
	rows := (len(images) + columns - 1) / columns
	scale := max(cell/max(width, height), 1)
	for scale > 1 && columns*rows*(width*scale+gap)*(height*scale+gap) > maxPixels {
		scale--
	}
	dx, dy := width*scale+gap, height*scale+gap
	out := image.NewRGBA(image.Rect(0, 0, columns*dx+gap, rows*dy+gap))
	for i := range out.Pix {
		out.Pix[i] = 0xff
	}
	for i, values := range images {
		x0, y0 := gap+i%columns*dx, gap+i/columns*dy
		channels := len(values) / (width * height)
		for y := range height * scale {
			for x := range width * scale {
				pixel := (y/scale*width + x/scale) * channels
				out.Set(x0+x, y0+y, shade(values[pixel:pixel+channels], low, high))
			}
		}
	}
	return out, nil
}

// shade returns the colour of a pixel of 1 or 3 values in the range from low to high.
func shade(pixel []float64, low, high float64) color.RGBA {
	var of [3]uint8
	for i := range of {
		x := pixel[i%len(pixel)]
		if math.IsNaN(x) {
			return color.RGBA{R: 0xd0, A: 0xff}
		}
		of[i] = uint8(math.Round(255 * min(max((x-low)/(high-low), 0), 1)))
	}
	return color.RGBA{of[0], of[1], of[2], 0xff}
}
