package report

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"

	vgdraw "gonum.org/v1/plot/vg/draw"
)

// Sizes of a grid in pixels. A page shows it at half of them, so that its text is sharp on
// any screen.
const (
	cellSize = 112 // an image is at least about this wide or high
	gap      = 6

	mostText, leastText = 22, 10 // size of names, by that of the images

	maxPixels = 1 << 24 // of a grid of images that are enlarged
)

// Grid is images side by side in rows, with names. Each has Width × Height values from the top
// left, row by row, or in colour three, red, green and blue, for each pixel.
type Grid struct {
	Images        [][]float64
	Width, Height int
	Columns       int     // images in a row
	Low, High     float64 // are drawn black and white, and what lies beyond is cut off

	// Names stand above images, as many as there are: those of the first Columns images
	// head columns. An empty one takes no room.
	Names []string
	// Rows stand to the left of rows.
	Rows []string
}

// Draw draws the grid. A pixel with a value that is not a number is red. Images are enlarged
// by a whole factor, the less the more they are, without smoothing; names that are too long
// are cut.
//
// It is an error when an image has another number of values, or a size, columns or the range
// makes no sense.
func (g Grid) Draw() (image.Image, error) {
	if g.Width <= 0 || g.Height <= 0 || g.Columns <= 0 {
		return nil, fmt.Errorf("report: grid: width, height and columns must be > 0, got %d, %d and %d", g.Width, g.Height, g.Columns)
	}
	if !(g.Low < g.High) {
		return nil, fmt.Errorf("report: grid: low and high: must be low < high, got %v and %v", g.Low, g.High)
	}
	for i, values := range g.Images {
		if n := len(values); n != g.Width*g.Height && n != 3*g.Width*g.Height {
			return nil, fmt.Errorf("report: grid: images[%d]: must have %d×%d values, or 3 times as many in colour, got %d", i, g.Width, g.Height, n)
		}
	}
	columns := max(min(g.Columns, len(g.Images)), 1)
	rows := (len(g.Images) + columns - 1) / columns
	scale := max(cellSize/max(g.Width, g.Height), 1)
	for scale > 1 && columns*rows*(g.Width*scale+gap)*(g.Height*scale+gap) > maxPixels {
		scale--
	}
	dx, dy := g.Width*scale+gap, g.Height*scale+gap

	style := text.Style{Color: ink, Font: sized(float64(min(max(dx/5, leastText), mostText))), YAlign: text.YCenter, Handler: plot.DefaultTextHandler}
	line := int(style.FontExtents().Height.Points()) + gap // a line of text
	left, most := 0, float64(max(3*dx, 10*mostText))
	for _, name := range g.Rows[:min(rows, len(g.Rows))] {
		left = max(left, int(math.Ceil(style.Width(fitted(style, name, most)).Points()))+gap)
	}
	tops, height := make([]int, rows), gap // of the images of a row
	for row := range tops {
		if names := g.Names[min(row*columns, len(g.Names)):min((row+1)*columns, len(g.Names))]; strings.Join(names, "") != "" {
			height += line
		}
		tops[row] = height
		height += dy
	}

	c := vgimg.NewWith(vgimg.UseWH(vg.Length(left+columns*dx+gap), vg.Length(height)), vgimg.UseDPI(72))
	out, on := c.Image(), vgdraw.New(c)
	write := func(x, y int, align text.XAlignment, name string, room float64) {
		style.XAlign = align
		on.FillText(style, vg.Point{X: vg.Length(x), Y: vg.Length(height - y)}, fitted(style, name, room))
	}
	for row, name := range g.Rows[:min(rows, len(g.Rows))] {
		write(left, tops[row]+(dy-gap)/2, text.XRight, name, most)
	}
	for i, values := range g.Images {
		x0, y0 := left+gap+i%columns*dx, tops[i/columns]
		if i < len(g.Names) {
			write(x0+(dx-gap)/2, y0-line/2, text.XCenter, g.Names[i], float64(dx))
		}
		channels := len(values) / (g.Width * g.Height)
		for y := range g.Height * scale {
			for x := range g.Width * scale {
				pixel := (y/scale*g.Width + x/scale) * channels
				out.Set(x0+x, y0+y, shade(values[pixel:pixel+channels], g.Low, g.High))
			}
		}
	}
	return out, nil
}

// fitted returns as much of a name, on one line, as has room.
func fitted(style text.Style, name string, room float64) string {
	name = strings.Join(strings.Fields(name), " ")
	short := []rune(name)
	for len(short) > 1 && style.Width(name).Points() > room {
		short = short[:len(short)-1]
		name = string(short) + "…"
	}
	return name
}

// counted names n things by their numbers from 0, or each so many of them together.
func counted(n, each int) (names []string) {
	for i := 0; i < n; i += each {
		name := fmt.Sprint(i)
		if last := min(i+each, n) - 1; last > i {
			name = fmt.Sprintf("%d–%d", i, last)
		}
		names = append(names, name)
	}
	return names
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
