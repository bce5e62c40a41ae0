package linear

import (
	"fmt"

	"gorgonia.org/tensor"

	"example.com/pcn/graph/internal/window"
)

// geometry is that of a convolution: which places of two images meet, and at which weight.
// The wide image is the one that windows, the places of the kernel, are over, with zeros
// around it; the narrow one has a position for each window. A convolution takes wide to narrow,
// its pull-back narrow to wide, and the transposed convolution is the same with its ends
// exchanged. An image of (L, C) is one of a single row.
//
// θ is (kh·kw·c/groups, o), with c channels of the wide image and o of the narrow one: a
// row for each unit that the kernel covers, channels last.
type geometry struct {
	window.Grid
	wide, narrow image
	groups       int
}

// image is rows × columns of positions with c channels.
type image struct {
	size [2]int
	c    int
}

func (i image) positions() int { return i.size[0] * i.size[1] }

func (i image) units() int { return i.positions() * i.c }

// rows and cols are those of θ.
func (g *geometry) rows() int { return g.Places() * g.wide.c / g.groups }
func (g *geometry) cols() int { return g.narrow.c }

func (g *geometry) theta() tensor.Shape { return tensor.Shape{g.rows(), g.cols()} }

// text tells one geometry from another.
func (g *geometry) text() string { return fmt.Sprintf("%+v", *g) }

// each calls f with the places in the wide image, in the narrow one and in θ that meet:
// what a convolution is, in plain loops.
func (g *geometry) each(f func(wide, narrow, theta int)) {
	c, o := g.wide.c/g.groups, g.narrow.c/g.groups
	g.Each(func(position, window, place int) {
		for group := range g.groups {
			wide, narrow := position*g.wide.c+group*c, window*g.narrow.c+group*o
			for i := range c {
				theta := (place*c+i)*g.narrow.c + group*o
				for j := range o {
					f(wide+i, narrow+j, theta+j)
				}
			}
		}
	})
}

// phase is a part of the positions of a product: those that meet the same weights. A
// convolution has one phase. Its pull-back has one for each remainder by the stride.
type phase struct {
	from, step, count [2]int   // the positions from + i·step of the product, i < count
	stride            [2]int   // position i meets the places i·stride + tap.at of the source
	taps              [2][]tap // by rows, columns
}

// tap is a row or a column of the kernel.
type tap struct{ at, of int }

// phases returns those of the convolution, or of its pull-back.
func (g *geometry) phases(back bool) []phase {
	stride := [2]int{g.Grid[0].Stride, g.Grid[1].Stride}
	if !back {
		p := phase{step: [2]int{1, 1}, count: g.narrow.size, stride: stride}
		for axis, a := range g.Grid {
			for k := range a.Size {
				p.taps[axis] = append(p.taps[axis], tap{a.Position(0, k), k})
			}
		}
		return []phase{p}
	}
	// A place u of the wide image meets weight k at (u + before − k·dilation) / stride of
	// the narrow one, where that is a whole number.
	var all []phase
	for row := range min(stride[0], g.wide.size[0]) {
		for col := range min(stride[1], g.wide.size[1]) {
			p := phase{from: [2]int{row, col}, step: stride, stride: [2]int{1, 1}}
			for axis, a := range g.Grid {
				from := p.from[axis]
				p.count[axis] = (a.In-from-1)/a.Stride + 1
				for k := a.Size - 1; k >= 0; k-- {
					if at := from - a.Position(0, k); at%a.Stride == 0 {
						p.taps[axis] = append(p.taps[axis], tap{at / a.Stride, k})
					}
				}
			}
			all = append(all, p)
		}
	}
	return all
}

// run is a piece of a row of the kernel, of which the units stand side by side in the
// source too.
type run struct {
	at    int // the column of the source, of the first position
	width int // columns
}

// runs returns the pieces of the columns of a phase: a whole row where nothing is left out
// between them.
func (p *phase) runs(groups int) (runs []run) {
	for i, t := range p.taps[1] {
		if i > 0 && groups == 1 && t.at == p.taps[1][i-1].at+1 {
			runs[len(runs)-1].width++
		} else {
			runs = append(runs, run{t.at, 1})
		}
	}
	return runs
}
