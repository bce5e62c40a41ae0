package feature

import (
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"example.com/pcn/graph/internal/window"
	"example.com/pcn/internal/shape"
)

// Window is what a pooling looks at, position by position: for (L, C) of one dimension,
// for (H, W, C) of two. Each of its fields has a number for each of them, or one for all.
type Window struct {
	Size   []int
	Stride []int // from one window to the next; nil is Size
	Pad    []int // positions beyond each edge, at most half of Size; nil is 0
}

// text returns the window as it stands behind a name: 3x3 stride 2 pad 1.
func (w Window) text() string {
	s := shape.Typed(w.Size)
	if w.Stride != nil {
		s += " stride " + shape.Typed(w.Stride)
	}
	if w.Pad != nil {
		s += " pad " + shape.Typed(w.Pad)
	}
	return s
}

// parseWindow returns the window of words such as 3x3 stride 2 pad 1.
func parseWindow(name string, words []string) (w Window, err error) {
	if len(words) == 0 {
		return w, fmt.Errorf("%s: must have a size behind its name, such as %[1]s 2", name)
	}
	if w.Size, err = shape.Parse(words[0], 1); err != nil {
		return w, fmt.Errorf("%s: size: %w", name, err)
	}
	for rest := words[1:]; len(rest) > 0; rest = rest[2:] {
		var of *[]int
		least := 1
		switch rest[0] {
		case "stride":
			of = &w.Stride
		case "pad":
			of, least = &w.Pad, 0
		default:
			return w, fmt.Errorf("%s: must have stride and pad behind its size, got %q", name, rest[0])
		}
		if len(rest) < 2 {
			return w, fmt.Errorf("%s: %s: must have a number behind it", name, rest[0])
		}
		if *of != nil {
			return w, fmt.Errorf("%s: %s: must stand once", name, rest[0])
		}
		if *of, err = shape.Parse(rest[1], least); err != nil {
			return w, fmt.Errorf("%s: %s: %w", name, rest[0], err)
		}
	}
	return w, nil
}

// grid is windows over positions of c channels each.
type grid struct {
	window.Grid
	c int
}

// on returns the windows over a source of that shape.
func (w Window) on(name string, in ...tensor.Shape) (g grid, err error) {
	s, err := positions(name, in...)
	if err != nil {
		return g, err
	}
	dims := len(s) - 1
	g = grid{window.Grid{window.One, window.One}, s[dims]}
	axes := g.Grid[2-dims:]
	for _, field := range []struct {
		name    string
		numbers []int
		least   int
		put     func(a *window.Axis, n int)
	}{
		{"size", w.Size, 1, func(a *window.Axis, n int) { a.Size, a.Stride = n, n }},
		{"stride", w.Stride, 1, func(a *window.Axis, n int) { a.Stride = n }},
		{"pad", w.Pad, 0, func(a *window.Axis, n int) { a.Before = n }},
	} {
		if field.numbers == nil && field.name != "size" {
			continue
		}
		if n := len(field.numbers); n != 1 && n != dims || slices.Min(field.numbers) < field.least {
			return g, fmt.Errorf("%s: %s: must be a number >= %d, or one for each dimension of the positions %s, got %v", name, field.name, field.least, shape.Text(s[:dims]), field.numbers)
		}
		for i := range axes {
			field.put(&axes[i], field.numbers[i%len(field.numbers)])
		}
	}
	for i := range axes {
		a := &axes[i]
		if a.In = s[i]; 2*a.Before > a.Size {
			return g, fmt.Errorf("%s: pad: must be at most half of size, %d, got %d", name, a.Size, a.Before)
		}
		if a.Fit(2 * a.Before); a.Out == 0 {
			return g, fmt.Errorf("%s: size: must fit into positions of %s, got %s", name, shape.Text(s[:dims]), w.text())
		}
	}
	return g, nil
}

// shape returns that of a number for each window and channel.
func (w Window) shape(name string, in ...tensor.Shape) (tensor.Shape, error) {
	g, err := w.on(name, in...)
	if err != nil {
		return nil, err
	}
	return tensor.Shape{g.Grid[0].Out, g.Grid[1].Out, g.c}[3-len(in[0]):], nil
}

// positions returns the shape of a source, which must have positions.
func positions(name string, in ...tensor.Shape) (tensor.Shape, error) {
	if len(in) != 1 {
		return nil, fmt.Errorf("%s: must have one source, got %d", name, len(in))
	}
	if n := len(in[0]); n != 2 && n != 3 {
		return nil, fmt.Errorf("%s: must have a source with positions and channels, (L, C) or (H, W, C), got %v", name, in[0])
	}
	return in[0], nil
}

// overlap bounds how many windows a position may be in.
func (g grid) overlap() int {
	n := 1
	for _, a := range g.Grid {
		n *= (a.Size + a.Stride - 1) / a.Stride
	}
	return n
}

// inputs and outputs are how many units there are of positions and of windows.
func (g grid) inputs() int  { return g.Grid[0].In * g.Grid[1].In * g.c }
func (g grid) outputs() int { return g.Grid[0].Out * g.Grid[1].Out * g.c }

// run is windows side by side and one place of each: n groups of channels, in the source
// from unit in on, each a step behind the one before, and of the windows from unit out on.
type run struct{ in, out, n int }

// runs returns what is to be done for all windows, each of which finds its positions in
// their order, and the step from one group of a source to the next.
func (g grid) runs() (all []run, step int) {
	rows, cols := g.Grid[0], g.Grid[1]
	for row := range rows.Out {
		for k := range rows.Size {
			i := rows.Position(row, k)
			if !rows.Has(i) {
				continue
			}
			for l := range cols.Size {
				if lo, hi := cols.Inside(l); lo < hi {
					all = append(all, run{(i*cols.In + cols.Position(lo, l)) * g.c, (row*cols.Out + lo) * g.c, hi - lo})
				}
			}
		}
	}
	return all, cols.Stride * g.c
}

// String tells the windows from others in the name of an operation.
func (g grid) String() string {
	s := fmt.Sprintf("%d×%d×%d", g.Grid[0].In, g.Grid[1].In, g.c)
	for _, a := range g.Grid {
		s += fmt.Sprintf(" %d/%d/%d", a.Size, a.Stride, a.Before)
	}
	return s
}
