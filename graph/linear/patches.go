package linear

import (
	"slices"

	"example.com/pcn/internal/gemm"
	"example.com/pcn/internal/vec"
)

// plan is how a convolution, or its pull-back, is computed: for each phase the patches of
// the source, a position a row, times the weights laid out for it. Patches are made in
// tiles that stay in cache, so that an image is never spread out as a whole. Where rows of
// the kernel are wide they need not be made at all: see lines.
type plan struct {
	geometry
	back           bool
	source, result image
	parts          []part
	blocks         int // groups, of which several may be taken together
	operands       int // of all parts
}

// part is a phase with what follows from it.
type part struct {
	phase
	runs  []run
	each  int  // channels of a block of the source
	depth int  // of a patch of one block
	tile  int  // positions
	plain bool // the patches are the source itself
	lines bool // see lines
	first int  // of its operands
}

// operands returns how many operands a part has, one for each row of the kernel or for each
// block, and how many rows each.
func (p *part) operands(blocks int) (n, rows int) {
	if p.lines {
		return len(p.taps[0]), p.each * len(p.taps[1])
	}
	return blocks, p.depth
}

// tileUnits is how many units of patches are made at a time, and tileRows the least number
// of positions: with fewer the weights would be read too often.
const (
	tileUnits = 32 << 10
	tileRows  = 24
)

// A part is computed by lines where a row of the kernel has at least lineUnits, a row of the
// product at least linePositions, and the weights, which are read again for each, are at
// most lineWeights: then they stay in cache.
const (
	lineUnits     = 64
	linePositions = 6
	lineWeights   = 128 << 10
)

// limits say which of the ways to compute the same is taken.
type limits struct {
	units, positions int // of a line, at least
	together         int // channels of groups that are taken together, at most
}

// usual are the limits that are fast. Narrow groups are taken together as one block, with
// zeros where they do not meet, up to as many channels as a product takes at a time.
var usual = limits{lineUnits, linePositions, 32}

func newPlan(g geometry, back bool, by limits) *plan {
	p := &plan{geometry: g, back: back, source: g.wide, result: g.narrow, blocks: g.groups}
	if back {
		p.source, p.result = g.narrow, g.wide
	}
	for n := g.groups; n >= 1; n-- {
		if g.groups%n == 0 && max(g.wide.c, g.narrow.c)/n <= by.together {
			p.blocks = n
		}
	}
	for _, ph := range g.phases(back) {
		of := newPart(ph, p.source, p.blocks)
		of.first, of.tile = p.operands, max(tileRows, tileUnits/max(of.depth, 1)/tileRows*tileRows)
		of.lines = !of.plain && p.blocks == 1 && len(of.runs) == 1 && of.runs[0].width*of.each >= by.units &&
			ph.count[1] >= by.positions && of.depth*p.result.c <= lineWeights
		n, _ := of.operands(p.blocks)
		p.operands += n
		p.parts = append(p.parts, of)
	}
	return p
}

// newPart returns what follows from a phase for patches of the source in so many blocks.
func newPart(ph phase, source image, blocks int) part {
	each := source.c / blocks
	depth := len(ph.taps[0]) * len(ph.taps[1]) * each
	return part{
		phase: ph, runs: ph.runs(blocks), each: each, depth: depth,
		plain: depth == each && ph.count == source.size && ph.stride == [2]int{1, 1} && ph.taps[0][0].at == 0 && ph.taps[1][0].at == 0,
	}
}

// room is what a plan works in.
type room[T vec.Float] struct {
	patches, product []T
	operands         []*gemm.Packed[T]
}

// resized returns s with n elements.
func resized[T any](s []T, n int) []T { return slices.Grow(s[:0], n)[:n] }

// multiply sets dst to the product of some examples of the source x, or adds it. The room
// has the operand of each part and block: see lay.
func multiply[T vec.Float](p *plan, r *room[T], dst, x []T, examples int, add bool) {
	n := p.result.c / p.blocks
	for i := range p.parts {
		part := &p.parts[i]
		if part.lines {
			lines(p, part, r, dst, x, examples, add)
			continue
		}
		positions := examples * part.count[0] * part.count[1]
		for lo := 0; lo < positions; lo += part.tile {
			hi := min(lo+part.tile, positions)
			for block := range p.blocks {
				a, stride := x, p.source.c
				if part.plain {
					a = x[lo*p.source.c+block*part.each:]
				} else {
					r.patches = resized(r.patches, (hi-lo)*part.depth)
					fill(r.patches, part, p.source, x, lo, hi, block*part.each, 0, part.depth)
					a, stride = r.patches, part.depth
				}
				by := r.operands[part.first+block]
				if len(p.parts) == 1 { // of all positions, in their order
					gemm.Mul(dst[lo*p.result.c+block*n:], p.result.c, a, stride, 1, hi-lo, by, add, nil)
					continue
				}
				r.product = resized(r.product, (hi-lo)*n)
				gemm.Mul(r.product, n, a, stride, 1, hi-lo, by, false, nil)
				spread(dst, part, p.result, r.product, lo, hi, block*n, n, add)
			}
		}
	}
}

// lines is multiply for a part without patches. What a row of the kernel covers stands side by
// side in the source, and the next position's begins a stride further on: so the source
// itself, with zeros around it, is the left operand of a product for each row of the product
// and of the kernel. What is added to an element is in the order of the patches.
func lines[T vec.Float](p *plan, part *part, r *room[T], dst, x []T, examples int, add bool) {
	rows, cols, c, at := p.source.size[0], p.source.size[1], p.source.c, part.runs[0].at
	left, right := max(0, -at), max(0, (part.count[1]-1)*part.stride[1]+at+part.runs[0].width-cols)
	width := left + cols + right // with zeros around
	for example := range examples {
		image := x[example*rows*cols*c : (example+1)*rows*cols*c]
		if left+right > 0 {
			r.patches = resized(r.patches, rows*width*c)
			for y := range rows {
				row := r.patches[y*width*c : (y+1)*width*c]
				clear(row[:left*c])
				copy(row[left*c:], image[y*cols*c:(y+1)*cols*c])
				clear(row[(left+cols)*c:])
			}
			image = r.patches
		}
		for row := range part.count[0] {
			out := dst[((example*p.result.size[0]+part.from[0]+row*part.step[0])*p.result.size[1]+part.from[1])*p.result.c:]
			stride, added := part.step[1]*p.result.c, add
			for i, t := range part.taps[0] {
				if y := row*part.stride[0] + t.at; y >= 0 && y < rows {
					gemm.Mul(out, stride, image[(y*width+left+at)*c:], part.stride[1]*c, 1, part.count[1], r.operands[part.first+i], added, nil)
					added = true
				}
			}
			for position := 0; position < part.count[1] && !added; position++ { // nothing but zeros
				clear(out[position*stride:][:p.result.c])
			}
		}
	}
}

// fill sets dst to units klo to khi of the patches of positions lo to hi of some examples,
// of the channels of a block from c on.
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
						// one tap is a block's channels of a position, several are all of theirs
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

// lay lays θ out as operand i of a part, (depth, channels of the result): the rows of its
// taps, and for the pull-back each of them transposed, in the room.
func lay[T vec.Float](p *plan, part *part, i int, r *room[T], by *gemm.Packed[T], theta []T) {
	c, o := p.wide.c/p.groups, p.narrow.c/p.groups
	rows, block := part.taps[0], i
	if part.lines {
		rows, block = rows[i:i+1], 0
	}
	_, depth := part.operands(p.blocks)
	if !p.back && p.blocks == p.groups {
		by.Pack(theta[rows[0].of*len(part.taps[1])*part.each*p.narrow.c+block*o:], depth, o, p.narrow.c, 1)
		return
	}
	cols, together := p.result.c/p.blocks, p.groups/p.blocks
	r.patches = resized(r.patches, depth*cols)
	rest := r.patches
	clear(rest)
	for _, y := range rows {
		for _, x := range part.taps[1] {
			tap := theta[(y.of*p.Grid[1].Size+x.of)*c*p.narrow.c:]
			for group := range together {
				at := tap[(block*together+group)*o:]
				if p.back {
					for j := range o {
						row := rest[(group*o+j)*cols+group*c:][:c]
						for i := range row {
							row[i] = at[i*p.narrow.c+j]
						}
					}
					continue
				}
				for i := range c {
					copy(rest[(group*c+i)*cols+group*o:][:o], at[i*p.narrow.c:])
				}
			}
			rest = rest[part.each*cols:]
		}
	}
	by.Pack(r.patches, depth, cols, cols, 1)
}
