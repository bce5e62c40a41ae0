package feature

import (
	"fmt"
	"slices"

	"gorgonia.org/tensor"

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

// axis is a window along one dimension of positions.
type axis struct{ in, out, size, stride, pad int }

// inside returns the windows, from lo to hi, of which place k is a position.
func (a axis) inside(k int) (lo, hi int) {
	for lo < a.out && a.position(lo, k) < 0 {
		lo++
	}
	for hi = lo; hi < a.out && a.position(hi, k) < a.in; hi++ {
	}
	return lo, hi
}

// position returns that of place k of a window.
func (a axis) position(window, k int) int { return window*a.stride + k - a.pad }

// grid is windows over positions of c channels each. Where positions have one dimension
// there is one row of them.
type grid struct {
	rows, cols axis
	c          int
}

// on returns the windows over a source of that shape.
func (w Window) on(name string, in ...tensor.Shape) (g grid, err error) {
	s, err := positions(name, in...)
	if err != nil {
		return g, err
	}
	dims := len(s) - 1
	g = grid{rows: axis{1, 1, 1, 1, 0}, c: s[dims]}
	axes := []*axis{&g.rows, &g.cols}[2-dims:]
	for _, field := range []struct {
		name    string
		numbers []int
		least   int
		put     func(a *axis, n int)
	}{
		{"size", w.Size, 1, func(a *axis, n int) { a.size, a.stride = n, n }},
		{"stride", w.Stride, 1, func(a *axis, n int) { a.stride = n }},
		{"pad", w.Pad, 0, func(a *axis, n int) { a.pad = n }},
	} {
		if field.numbers == nil && field.name != "size" {
			continue
		}
		if n := len(field.numbers); n != 1 && n != dims || slices.Min(field.numbers) < field.least {
			return g, fmt.Errorf("%s: %s: must be a number >= %d, or one for each dimension of the positions %s, got %v", name, field.name, field.least, shape.Text(s[:dims]), field.numbers)
		}
		for i, a := range axes {
			field.put(a, field.numbers[i%len(field.numbers)])
		}
	}
	for i, a := range axes {
		if a.in = s[i]; 2*a.pad > a.size {
			return g, fmt.Errorf("%s: pad: must be at most half of size, %d, got %d", name, a.size, a.pad)
		}
		if a.in+2*a.pad < a.size {
			return g, fmt.Errorf("%s: size: must fit into positions of %s, got %s", name, shape.Text(s[:dims]), w.text())
		}
		a.out = (a.in+2*a.pad-a.size)/a.stride + 1
	}
	return g, nil
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

// shape returns that of a number for each window and channel, for a source of so many
// dimensions.
func (g grid) shape(dims int) tensor.Shape {
	return tensor.Shape{g.rows.out, g.cols.out, g.c}[3-dims:]
}

// places is how many positions a window has, those beyond the edge included.
func (g grid) places() int { return g.rows.size * g.cols.size }

// overlap bounds how many windows a position may be in.
func (g grid) overlap() int {
	return ((g.rows.size + g.rows.stride - 1) / g.rows.stride) * ((g.cols.size + g.cols.stride - 1) / g.cols.stride)
}

// inputs and outputs are how many units there are of positions and of windows.
func (g grid) inputs() int  { return g.rows.in * g.cols.in * g.c }
func (g grid) outputs() int { return g.rows.out * g.cols.out * g.c }

// window returns the units at which the positions of a window begin, in their order.
func (g grid) window(row, col int) (at []int) {
	for k := range g.rows.size {
		for l := range g.cols.size {
			i, j := g.rows.position(row, k), g.cols.position(col, l)
			if i >= 0 && i < g.rows.in && j >= 0 && j < g.cols.in {
				at = append(at, (i*g.cols.in+j)*g.c)
			}
		}
	}
	return at
}

// run is windows side by side and one place of each: n groups of channels, in the source
// from unit in on, each a step behind the one before, and of the windows from unit out on.
type run struct{ in, out, n int }

// runs returns what is to be done for all windows, each of which finds its positions in
// their order, and the step from one group of a source to the next.
func (g grid) runs() (all []run, step int) {
	for row := range g.rows.out {
		for k := range g.rows.size {
			i := g.rows.position(row, k)
			if i < 0 || i >= g.rows.in {
				continue
			}
			for l := range g.cols.size {
				if lo, hi := g.cols.inside(l); lo < hi {
					all = append(all, run{(i*g.cols.in + g.cols.position(lo, l)) * g.c, (row*g.cols.out + lo) * g.c, hi - lo})
				}
			}
		}
	}
	return all, g.cols.stride * g.c
}

// String tells the windows from others in the name of an operation.
func (g grid) String() string {
	s := fmt.Sprintf("%d×%d×%d", g.rows.in, g.cols.in, g.c)
	for _, a := range []axis{g.rows, g.cols} {
		s += fmt.Sprintf(" %d/%d/%d", a.size, a.stride, a.pad)
	}
	return s
}
