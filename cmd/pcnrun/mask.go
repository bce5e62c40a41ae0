package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strconv"
	"strings"
)

// hidden says of rows of units which are hidden: one for all rows, or one each.
type hidden [][]bool

// at reports whether unit j of row i is hidden.
func (h hidden) at(i, j int) bool { return h[i%len(h)][j] }

const maskHelp = "top, bottom, left or right of an image, random:SHARE, drawn by\nthe recipe's seed, or a CSV file with a 1 for each unit to hide and a 0 for each\nto leave, in one line for all examples or one each"

// hide returns what --mask says of n inputs of t, which are images of a shape where
// that is not nil: all channels of a pixel are hidden, or none.
func (a *app) hide(ctx context.Context, mask string, n int, shape []int, t *trained) (hidden, error) {
	d := t.network.Size(t.network.InputNode())
	images := shape != nil
	if !images {
		shape = []int{1, d, 1}
	}
	h, w, channels := shape[0], shape[1], shape[2]
	var hides func(x, y int) bool
	switch kind, text, _ := strings.Cut(mask, ":"); kind {
	case "top", "bottom", "left", "right":
		if !images {
			return nil, usagef("--mask: must be random:SHARE or a file, since the inputs are no images, got %s", mask)
		}
		hides = map[string]func(x, y int) bool{
			"top":    func(_, y int) bool { return y < h/2 },
			"bottom": func(_, y int) bool { return y >= h-h/2 },
			"left":   func(x, _ int) bool { return x < w/2 },
			"right":  func(x, _ int) bool { return x >= w-w/2 },
		}[kind]
		n = 1
	case "random":
		p, err := strconv.ParseFloat(text, 64)
		if err != nil || !(p > 0 && p < 1) {
			return nil, usagef("--mask: must be random:SHARE with a share between 0 and 1, got %s", mask)
		}
		rng := rand.New(rand.NewPCG(t.recipe.Data.Seed, streamMask))
		hides = func(int, int) bool { return rng.Float64() < p }
	default:
		return a.maskFile(ctx, mask, n, t)
	}
	out := make(hidden, n)
	for i := range out {
		out[i] = make([]bool, d)
		for pixel := range h * w {
			hide := hides(pixel%w, pixel/w)
			for c := range channels {
				out[i][pixel*channels+c] = hide
			}
		}
	}
	return out, nil
}

// streamMask is the random stream of hidden units, drawn from the data's seed.
const streamMask = 301

// maskFile reads a mask for n inputs of t.
func (a *app) maskFile(ctx context.Context, path string, n int, t *trained) (hidden, error) {
	numbers, _, err := a.allRows(ctx, path, t, true)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usagef("--mask: must be top, bottom, left, right, random:SHARE or a file that is there, got %s", path)
	}
	if err != nil {
		return nil, fmt.Errorf("--mask: %w", err)
	}
	if len(numbers) != 1 && len(numbers) != n {
		return nil, fmt.Errorf("--mask %s: must be 1 line or one for each of the %d examples, got %d", path, n, len(numbers))
	}
	out := make(hidden, len(numbers))
	for i, row := range numbers {
		out[i] = make([]bool, len(row))
		for j, x := range row {
			if x != 0 && x != 1 {
				return nil, fmt.Errorf("--mask %s: row %d, column %d: must be 0 or 1, got %v", path, i+1, j+1, x)
			}
			out[i][j] = x == 1
		}
	}
	return out, nil
}
