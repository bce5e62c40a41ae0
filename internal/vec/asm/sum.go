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
	// factors makes the two factors of each product of the slices' elements.
	factors func(l *lanes, in []value) (value, value)
}

var sums = []sum{
	{
		name: "Squares", params: "x []T", slices: []string{"x"}, // Σ x²
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

func (l *lanes) emitSum(s sum) {
	p := l.start(s.name, s.params, "float64", l.set.bytes/asmgen.F64.Bytes, s.slices...)
	var totals [4]reg.VecVirtual
	for i := range totals {
		totals[i] = l.vector()
		if l.masked() {
			l.VPXORD(totals[i], totals[i], totals[i])
		} else {
			l.VXORPS(totals[i], totals[i], totals[i])
		}
	}
	p.vector = func(ahead int, mask reg.Register) {
		var in []value
		for _, name := range s.slices {
			in = append(in, l.loadWide(p.at(name, ahead), mask))
		}
		x, y := s.factors(l, in)
		l.VFMADD231PD(x, y, totals[ahead])
	}
	p.pass(l.Load(l.Param(s.slices[0]).Len(), l.GP64()), len(totals), 1)

	l.VADDPD(totals[1], totals[0], totals[0])
	l.VADDPD(totals[3], totals[2], totals[2])
	l.VADDPD(totals[2], totals[0], totals[0])
	if l.masked() {
		half := l.YMM()
		l.VEXTRACTF64X4(operand.U8(1), totals[0], half)
		l.VADDPD(half, totals[0].AsY(), totals[0].AsY())
	}
	total, half := totals[0].AsX(), l.XMM()
	l.VEXTRACTF128(operand.U8(1), totals[0].AsY(), half)
	l.VADDPD(half, total, total)
	l.VUNPCKHPD(total, total, half)
	l.VADDSD(half, total, total)
	l.Store(total, l.ReturnIndex(0))
	l.VZEROUPPER()
	l.RET()
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
