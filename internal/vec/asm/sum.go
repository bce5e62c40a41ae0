package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"example.com/pcn/internal/asmgen"
)

// A sum is a function that sums products of the elements of one or two slices in
// float64. The order of the additions depends on the length alone: a turn of the
// main loop adds to each of four vectors of sums, all that is left to the first.
type sum struct {
	name   string
	params string   // T for the element type
	slices []string // the first gives the length
	rows   bool     // there is one more that sums each row: see emitRowSums
	// factors makes the two factors of each product of the slices' elements.
	factors func(l *lanes, in []value) (value, value)
}

var sums = []sum{
	{
		name: "Squares", params: "x []T", slices: []string{"x"}, rows: true, // Σ x²
		factors: func(_ *lanes, in []value) (value, value) { return in[0], in[0] },
	},
	{
		name: "SquaresWeighed", params: "x, p []T", slices: []string{"x", "p"}, // Σ p x²
		factors: func(l *lanes, in []value) (value, value) {
			px := l.vector()
			l.VMULPD(in[0], in[1], px)
			return px, in[0]
		},
	},
	{
		name: "Dot", params: "x, y []T", slices: []string{"x", "y"}, // Σ x y
		factors: func(_ *lanes, in []value) (value, value) { return in[0], in[1] },
	},
}

// emitSum writes a sum.
func (l *lanes) emitSum(s sum) {
	p := l.start(s.name, s.params, "float64", l.set.bytes/asmgen.F64.Bytes, s.slices...)
	total := p.sum(s, l.Load(l.Param(s.slices[0]).Len(), l.GP64()))
	l.Store(total, l.ReturnIndex(0))
	l.VZEROUPPER()
	l.RET()
}

// emitRowSums writes the function that sums each row of slices that have as many rows as
// dst has elements.
func (l *lanes) emitRowSums(s sum) {
	p := l.start(s.name+"OfRows", "dst []float64, "+s.params+", cols int", "", l.set.bytes/asmgen.F64.Bytes, s.slices...)
	dst, rows := l.Load(l.Param("dst").Base(), l.GP64()), l.Load(l.Param("dst").Len(), l.GP64())
	cols := l.Load(l.Param("cols"), l.GP64())
	l.Label("row")
	l.DECQ(rows)
	l.JL(operand.LabelRef("end"))
	l.VMOVSD(p.sum(s, cols), operand.Mem{Base: dst})
	l.ADDQ(operand.U8(asmgen.F64.Bytes), dst)
	for _, name := range s.slices {
		base := p.bases[name]
		l.LEAQ(operand.Mem{Base: base, Index: cols, Scale: uint8(l.element.Bytes)}, base)
	}
	l.JMP(operand.LabelRef("row"))
	l.Label("end")
	l.VZEROUPPER()
	l.RET()
}

// sum writes the sum of n products.
func (p *loop) sum(s sum, n reg.Register) reg.Register {
	var totals [4]reg.VecVirtual
	for i := range totals {
		totals[i] = p.lanes.vector()
		if p.masked() {
			p.VPXORD(totals[i], totals[i], totals[i])
		} else {
			p.VXORPS(totals[i], totals[i], totals[i])
		}
	}
	p.vector = func(ahead int, mask reg.Register) {
		var in []value
		for _, name := range s.slices {
			in = append(in, p.loadWide(p.at(name, ahead), mask))
		}
		x, y := s.factors(p.lanes, in)
		p.VFMADD231PD(x, y, totals[ahead])
	}
	p.pass(n, len(totals), 1)

	p.VADDPD(totals[1], totals[0], totals[0])
	p.VADDPD(totals[3], totals[2], totals[2])
	p.VADDPD(totals[2], totals[0], totals[0])
	if p.masked() {
		half := p.YMM()
		p.VEXTRACTF64X4(operand.U8(1), totals[0], half)
		p.VADDPD(half, totals[0].AsY(), totals[0].AsY())
	}
	total, half := totals[0].AsX(), p.XMM()
	p.VEXTRACTF128(operand.U8(1), totals[0].AsY(), half)
	p.VADDPD(half, total, total)
	p.VUNPCKHPD(total, total, half)
	p.VADDSD(half, total, total)
	return total
}

// loadWide loads elements as a vector of float64, with 0 where the mask, if any,
// is not set.
func (l *lanes) loadWide(at operand.Mem, mask reg.Register) value {
	if l.element == asmgen.F64 {
		return l.load(at, mask)
	}
	x := l.vector()
	switch {
	case mask == nil:
		l.VCVTPS2PD(at, x)
	case l.masked():
		l.VCVTPS2PD_Z(at, mask, x)
	default:
		narrow := l.XMM()
		l.VMASKMOVPS(at, mask.(reg.VecVirtual).AsX(), narrow)
		l.VCVTPS2PD(narrow, x)
	}
	return x
}
