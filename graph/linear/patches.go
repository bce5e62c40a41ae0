package linear

import (
	"slices"

	"example.com/pcn/internal/gemm"
	"example.com/pcn/internal/vec"
)

// plan is how a convolution, or its pull-back, is computed: for each phase the patches of
// the source, a position a row, times the weights laid out for it. Patches are made in
// tiles that stay in cache, so that an image is never spread out as a whole.
type plan struct {
	geometry
	back           bool
	source, result image
	parts          []part
}

// part is a phase with what follows from it.
type part struct {
	phase
	runs  []run
	each  int  // channels of a group of the source
	depth int  // of a patch of one group
	tile  int  // positions
	plain bool // the patches are the source itself
}

// tileUnits is how many units of patches are made at a time, and tileRows the least number
// of positions: with fewer the weights would be read too often.
const (
	tileUnits = 32 << 10
	tileRows  = 24
)

func newPlan(g geometry, back bool) *plan {
	p := &plan{geometry: g, back: back, source: g.wide, result: g.narrow}
	if back {
		p.source, p.result = g.narrow, g.wide
	}
	each := p.source.c / g.groups
	for _, ph := range g.phases(back) {
		depth := len(ph.taps[0]) * len(ph.taps[1]) * each
		p.parts = append(p.parts, part{
			phase: ph, runs: ph.runs(g.groups), each: each, depth: depth, tile: max(tileRows, tileUnits/max(depth, 1)/tileRows*tileRows),
			plain: depth == each && ph.count == p.source.size && ph.stride == [2]int{1, 1} && ph.taps[0][0].at == 0 && ph.taps[1][0].at == 0,
		})
	}
	return p
}

// room is what a plan works in.
type room[T vec.Float] struct {
	patches, product []T
	operands         []*gemm.Packed[T]
}

// resized returns s with n elements.
func resized[T any](s []T, n int) []T { return slices.Grow(s[:0], n)[:n] }

// multiply sets dst to the product of some examples of the source x, or adds it. The room
// has the operand of each part and group: see lay.
func multiply[T vec.Float](p *plan, r *room[T], dst, x []T, examples int, add bool) {
	n := p.result.c / p.groups
	for i := range p.parts {
		part := &p.parts[i]
		positions := examples * part.count[0] * part.count[1]
		for lo := 0; lo < positions; lo += part.tile {
			hi := min(lo+part.tile, positions)
			for group := range p.groups {
				a, stride := x, p.source.c
				if part.plain {
					a = x[lo*p.source.c+group*part.each:]
				} else {
					r.patches = resized(r.patches, (hi-lo)*part.depth)
					fill(r.patches, part, p.source, x, lo, hi, group*part.each, 0, part.depth)
					a, stride = r.patches, part.depth
				}
				by := r.operands[i*p.groups+group]
				if len(p.parts) == 1 { // of all positions, in their order
					gemm.Mul(dst[lo*p.result.c+group*n:], p.result.c, a, stride, 1, hi-lo, by, add, nil)
					continue
				}
				r.product = resized(r.product, (hi-lo)*n)
				gemm.Mul(r.product, n, a, stride, 1, hi-lo, by, false, nil)
				spread(dst, part, p.result, r.product, lo, hi, group*n, n, add)
			}
		}
	}
}

// fill sets dst to units klo to khi of the patches of positions lo to hi of some examples,
// of the channels of a group from c on.
func fill[T vec.Float](dst []T, p *part, source image, x []T, lo, hi, c, klo, khi int) {
	rows, cols := source.size[0], source.size[1]
	of := cols * source.c           // units of a row of the source
	line := p.each * len(p.taps[1]) // units of a row of the kernel
	perExample := p.count[0] * p.count[1]
	example, at := lo/perExample, lo%perExample
	row, col := at/p.count[1], at%p.count[1]
	for range hi - lo {
		image := x[example*rows*of : (example+1)*rows*of]
		for i := klo / max(line, 1); i*line < khi; i++ {
			from, to := max(klo-i*line, 0), min(khi-i*line, line)
			out := dst[:to-from]
			dst = dst[to-from:]
			y := row*p.stride[0] + p.taps[0][i].at
			if y < 0 || y >= rows {
				clear(out)
				continue
			}
			begin := 0 // of the run, in the row of the kernel
			for _, r := range p.runs {
				end := begin + r.width*p.each
				if begin < to && end > from {
					left := col*p.stride[1] + r.at // the column of the first tap
					a, b := max(begin, from), min(end, to)
					// what is inside of the source
					in := min(max(a, begin-left*p.each), b)
					past := max(min(b, begin+(cols-left)*p.each), in)
					clear(out[a-from : in-from])
					if in < past {
						// one tap is a group's channels of a position, several are all of theirs
						copy(out[in-from:past-from], image[y*of+left*source.c+c+in-begin:])
					}
					clear(out[past-from : b-from])
				}
				begin = end
			}
		}
		if col++; col == p.count[1] {
			col = 0
			if row++; row == p.count[0] {
				row = 0
				example++
			}
		}
	}
}

// spread puts the product of positions lo to hi of a phase, n channels from c on, where
// they stand in the result, or adds it.
func spread[T vec.Float](dst []T, p *part, result image, product []T, lo, hi, c, n int, add bool) {
	perExample := p.count[0] * p.count[1]
	for at := lo; at < hi; at++ {
		example, in := at/perExample, at%perExample
		row, col := p.from[0]+in/p.count[1]*p.step[0], p.from[1]+in%p.count[1]*p.step[1]
		out := dst[((example*result.size[0]+row)*result.size[1]+col)*result.c+c:][:n]
		if from := product[(at-lo)*n:][:n]; add {
			vec.Add(out, out, from)
		} else {
			copy(out, from)
		}
	}
}

// lay lays θ out as the operand of a part and a group, (depth, channels of the result): the
// rows of its taps, and for the pull-back each of them transposed, in the room.
func lay[T vec.Float](p *plan, r *room[T], by *gemm.Packed[T], part, group int, theta []T) {
	ph := &p.parts[part]
	c, o := p.wide.c/p.groups, p.narrow.c/p.groups
	if !p.back {
		by.Pack(theta[group*o:], ph.depth, o, p.narrow.c, 1)
		return
	}
	r.patches = resized(r.patches, ph.depth*c)
	at := 0
	for _, y := range ph.taps[0] {
		for _, x := range ph.taps[1] {
			tap := theta[(y.of*p.kernel[1]+x.of)*c*p.narrow.c+group*o:]
			for j := range o {
				for i := range c {
					r.patches[at] = tap[i*p.narrow.c+j]
					at++
				}
			}
		}
	}
	by.Pack(r.patches, ph.depth, c, c, 1)
}
