package linear

import (
	"fmt"

	"gorgonia.org/tensor"
)

// geometry is that of a convolution: which places of two images meet, and at which weight.
// The wide image is the one that the kernel moves over, with zeros around it; the narrow
// one has a position for each place of the kernel. A convolution takes wide to narrow,
// its pull-back narrow to wide, and the transposed convolution is the same with its ends
// exchanged. An image of (L, C) is one of a single row.
//
// θ is (kh·kw·c/groups, o), with c channels of the wide image and o of the narrow one: a
// row for each unit that the kernel covers, channels last.
type geometry struct {
	wide, narrow             image
	kernel, stride, dilation [2]int // rows, columns
	before                   [2]int // zeros in front of the wide image
	groups                   int
}

// image is rows × columns of positions with c channels.
type image struct {
	size [2]int
	c    int
}

func (i image) positions() int { return i.size[0] * i.size[1] }

func (i image) units() int { return i.positions() * i.c }

// rows and cols are those of θ.
func (g *geometry) rows() int { return g.kernel[0] * g.kernel[1] * g.wide.c / g.groups }
func (g *geometry) cols() int { return g.narrow.c }

func (g *geometry) theta() tensor.Shape { return tensor.Shape{g.rows(), g.cols()} }

// text tells one geometry from another.
func (g *geometry) text() string { return fmt.Sprintf("%+v", *g) }

// each calls f with the places in the wide image, in the narrow one and in θ that meet:
// what a convolution is, in plain loops.
func (g *geometry) each(f func(wide, narrow, theta int)) {
	c, o := g.wide.c/g.groups, g.narrow.c/g.groups
	for y := range g.narrow.size[0] {
		for x := range g.narrow.size[1] {
			for dy := range g.kernel[0] {
				for dx := range g.kernel[1] {
					row, col := y*g.stride[0]+dy*g.dilation[0]-g.before[0], x*g.stride[1]+dx*g.dilation[1]-g.before[1]
					if row < 0 || row >= g.wide.size[0] || col < 0 || col >= g.wide.size[1] {
						continue // zeros
					}
					for group := range g.groups {
						wide := (row*g.wide.size[1]+col)*g.wide.c + group*c
						narrow := (y*g.narrow.size[1]+x)*g.narrow.c + group*o
						for i := range c {
							theta := ((dy*g.kernel[1]+dx)*c+i)*g.narrow.c + group*o
							for j := range o {
								f(wide+i, narrow+j, theta+j)
							}
						}
					}
				}
			}
		}
	}
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
	if !back {
		p := phase{step: [2]int{1, 1}, count: g.narrow.size, stride: g.stride}
		for axis := range p.taps {
			for k := range g.kernel[axis] {
				p.taps[axis] = append(p.taps[axis], tap{k*g.dilation[axis] - g.before[axis], k})
			}
		}
		return []phase{p}
	}
	// A place u of the wide image meets weight k at (u + before − k·dilation) / stride of
	// the narrow one, where that is a whole number.
	var all []phase
	for row := range min(g.stride[0], g.wide.size[0]) {
		for col := range min(g.stride[1], g.wide.size[1]) {
			p := phase{from: [2]int{row, col}, step: g.stride, stride: [2]int{1, 1}}
			for axis, from := range p.from {
				p.count[axis] = (g.wide.size[axis]-from-1)/g.stride[axis] + 1
				for k := g.kernel[axis] - 1; k >= 0; k-- {
					if at := from + g.before[axis] - k*g.dilation[axis]; at%g.stride[axis] == 0 {
						p.taps[axis] = append(p.taps[axis], tap{at / g.stride[axis], k})
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
