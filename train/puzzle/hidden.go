package puzzle

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// Hidden says of rows of units which are hidden: one for all rows, or one each.
type Hidden [][]bool

// At reports whether unit j of row i is hidden.
func (h Hidden) At(i, j int) bool { return h[i%len(h)][j] }

// Any reports whether anything is hidden.
func (h Hidden) Any() bool {
	return slices.ContainsFunc(h, func(row []bool) bool { return slices.Contains(row, true) })
}

// Missing returns h with the units hidden too that rows do not tell: those that are NaN.
func (h Hidden) Missing(rows [][]float64) Hidden {
	if !slices.ContainsFunc(rows, func(row []float64) bool { return slices.ContainsFunc(row, math.IsNaN) }) {
		return h
	}
	out := make(Hidden, len(rows))
	for i, row := range rows {
		out[i] = make([]bool, len(row))
		for j, x := range row {
			out[i][j] = math.IsNaN(x) || h.At(i, j)
		}
	}
	return out
}

// Masks are what [Mask] takes.
const Masks = "top, bottom, left, right or random:SHARE"

// ErrNoMask says that a text is none of [Masks].
var ErrNoMask = errors.New("must be " + Masks)

// streamMask is the random stream of hidden units.
const streamMask = 301

// Mask returns what a text hides of n rows of d units: a half of images of a shape (height,
// width, channels), the same of all, or at random a share of the pixels of each, drawn from
// seed. All channels of a pixel are hidden, or none. shape is nil where rows are no images.
func Mask(text string, n, d int, shape []int, seed uint64) (Hidden, error) {
	images := shape != nil
	if !images {
		shape = []int{1, d, 1}
	}
	if len(shape) != 3 || shape[0]*shape[1]*shape[2] != d {
		return nil, fmt.Errorf("shape: must be a height, a width and channels of %d units, got %v", d, shape)
	}
	height, width, channels := shape[0], shape[1], shape[2]
	var hides func(x, y int) bool
	switch kind, share, _ := strings.Cut(text, ":"); kind {
	case "top", "bottom", "left", "right":
		if !images {
			return nil, fmt.Errorf("must be random:SHARE or a file, since the inputs are no images, got %s", text)
		}
		hides = map[string]func(x, y int) bool{
			"top":    func(_, y int) bool { return y < height/2 },
			"bottom": func(_, y int) bool { return y >= height-height/2 },
			"left":   func(x, _ int) bool { return x < width/2 },
			"right":  func(x, _ int) bool { return x >= width-width/2 },
		}[kind]
		n = 1
	case "random":
		p, err := strconv.ParseFloat(share, 64)
		if err != nil || !(p > 0 && p < 1) {
			return nil, fmt.Errorf("must be random:SHARE with a share between 0 and 1, got %s", text)
		}
		rng := rand.New(rand.NewPCG(seed, streamMask))
		hides = func(int, int) bool { return rng.Float64() < p }
	default:
		return nil, ErrNoMask
	}
	out := make(Hidden, n)
	for i := range out {
		out[i] = make([]bool, d)
		for pixel := range height * width {
			hide := hides(pixel%width, pixel/width)
			for c := range channels {
				out[i][pixel*channels+c] = hide
			}
		}
	}
	return out, nil
}

// MaskRows returns what rows of numbers, 1 to hide and 0 to leave, hide of n rows: one row
// for all, or one each.
func MaskRows(rows [][]float64, n int) (Hidden, error) {
	if len(rows) != 1 && len(rows) != n {
		return nil, fmt.Errorf("must be 1 line or one for each of the %d examples, got %d", n, len(rows))
	}
	out := make(Hidden, len(rows))
	for i, row := range rows {
		out[i] = make([]bool, len(row))
		for j, x := range row {
			if x != 0 && x != 1 {
				return nil, fmt.Errorf("row %d, column %d: must be 0 or 1, got %v", i+1, j+1, x)
			}
			out[i][j] = x == 1
		}
	}
	return out, nil
}
