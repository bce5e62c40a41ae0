package main

import (
	"fmt"
	"math"
	"slices"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"example.com/pcn/internal/asmgen"
)

// instructions is an instruction set.
type instructions struct {
	name      string // for function names
	bytes     int    // of a vector
	registers int    // that hold one
}

var (
	avx512 = instructions{name: "avx512", bytes: 64, registers: 32}
	avx2   = instructions{name: "avx2", bytes: 32, registers: 16}
)

// value is a vector: a register, or the address of a constant.
type value = operand.Op

// lanes writes vector arithmetic for one instruction set and element type. Its
// methods leave their arguments as they are and return a new register.
type lanes struct {
	*build.Context
	set       instructions
	element   asmgen.Element
	constants map[string]bool // that have been written
	// used are the constants of the kernel that is written, by their bits, in the order of
	// their first use; kept those of them that stay in registers.
	used []uint64
	kept map[uint64]value
}

// masked says whether the instruction set has mask registers.
func (l *lanes) masked() bool { return l.set.bytes == 64 }

// count is the number of elements of a vector.
func (l *lanes) count() int { return l.set.bytes / l.element.Bytes }

func (l *lanes) vector() reg.VecVirtual {
	if l.masked() {
		return l.ZMM()
	}
	return l.YMM()
}

// constant is a vector of x.
func (l *lanes) constant(x float64) value {
	bits := math.Float64bits(x)
	if l.element == asmgen.F32 {
		bits = uint64(math.Float32bits(float32(x)))
	}
	if !slices.Contains(l.used, bits) {
		l.used = append(l.used, bits)
	}
	if kept, ok := l.kept[bits]; ok {
		return kept
	}
	return l.bits(bits)
}

// bits is a vector of elements with the given bits. It stands in memory 32 bytes
// wide; AVX-512 reads one element and spreads it.
func (l *lanes) bits(x uint64) value {
	name := fmt.Sprintf("%s_%0*x", l.element.Go, 2*l.element.Bytes, x)
	if !l.constants[name] {
		l.constants[name] = true
		l.StaticGlobal(name)
		l.DataAttributes(attr.RODATA | attr.NOPTR)
		if l.element == asmgen.F32 {
			x |= x << 32
		}
		for range 4 {
			l.AppendDatum(operand.U64(x))
		}
	}
	return operand.NewDataAddr(operand.NewStaticSymbol(name), 0)
}

// register is x in a register.
func (l *lanes) register(x value) value {
	m, ok := x.(operand.Mem)
	if !ok {
		return x
	}
	y := l.vector()
	switch {
	case !l.masked():
		l.VMOVUPS(m, y)
	case l.element == asmgen.F32:
		l.VBROADCASTSS(m, y)
	default:
		l.VBROADCASTSD(m, y)
	}
	return y
}

// copied is x in a new register.
func (l *lanes) copied(x value) value {
	if _, ok := x.(operand.Mem); ok {
		return l.register(x)
	}
	y := l.vector()
	l.VMOVAPS(x, y)
	return y
}

// spread is a vector of the scalar parameter.
func (l *lanes) spread(param string) value {
	p, err := l.Param(param).Resolve()
	if err != nil {
		panic(err)
	}
	return l.broadcast(p.Addr)
}

// broadcast is a vector of the element at an address.
func (l *lanes) broadcast(at operand.Mem) value {
	y := l.vector()
	if l.element == asmgen.F32 {
		l.VBROADCASTSS(at, y)
	} else {
		l.VBROADCASTSD(at, y)
	}
	return y
}

// forms is an instruction for float32, the same with a spread element of memory
// as its first operand, and both for float64.
type forms [4]func(*build.Context, ...operand.Op)

var (
	addForms  = forms{(*build.Context).VADDPS, (*build.Context).VADDPS_BCST, (*build.Context).VADDPD, (*build.Context).VADDPD_BCST}
	subForms  = forms{(*build.Context).VSUBPS, (*build.Context).VSUBPS_BCST, (*build.Context).VSUBPD, (*build.Context).VSUBPD_BCST}
	mulForms  = forms{(*build.Context).VMULPS, (*build.Context).VMULPS_BCST, (*build.Context).VMULPD, (*build.Context).VMULPD_BCST}
	divForms  = forms{(*build.Context).VDIVPS, (*build.Context).VDIVPS_BCST, (*build.Context).VDIVPD, (*build.Context).VDIVPD_BCST}
	maxForms  = forms{(*build.Context).VMAXPS, (*build.Context).VMAXPS_BCST, (*build.Context).VMAXPD, (*build.Context).VMAXPD_BCST}
	minForms  = forms{(*build.Context).VMINPS, (*build.Context).VMINPS_BCST, (*build.Context).VMINPD, (*build.Context).VMINPD_BCST}
	sqrtForms = forms{(*build.Context).VSQRTPS, (*build.Context).VSQRTPS_BCST, (*build.Context).VSQRTPD, (*build.Context).VSQRTPD_BCST}

	fma213Forms  = forms{(*build.Context).VFMADD213PS, (*build.Context).VFMADD213PS_BCST, (*build.Context).VFMADD213PD, (*build.Context).VFMADD213PD_BCST}
	fma231Forms  = forms{(*build.Context).VFMADD231PS, (*build.Context).VFMADD231PS_BCST, (*build.Context).VFMADD231PD, (*build.Context).VFMADD231PD_BCST}
	fnma231Forms = forms{(*build.Context).VFNMADD231PS, (*build.Context).VFNMADD231PS_BCST, (*build.Context).VFNMADD231PD, (*build.Context).VFNMADD231PD_BCST}
)

// do writes the form of an instruction that fits its first operand.
func (l *lanes) do(f forms, ops ...operand.Op) {
	i := 0
	if l.element == asmgen.F64 {
		i = 2
	}
	if _, ok := ops[0].(operand.Mem); ok && l.masked() {
		i++
	}
	f[i](l.Context, ops...)
}

// op is an instruction of two arguments and a result.
func (l *lanes) op(f forms, second, first value) value {
	y := l.vector()
	l.do(f, second, l.register(first), y)
	return y
}

func (l *lanes) add(x, y value) value { return l.op(addForms, y, x) }
func (l *lanes) sub(x, y value) value { return l.op(subForms, y, x) }
func (l *lanes) mul(x, y value) value { return l.op(mulForms, y, x) }
func (l *lanes) div(x, y value) value { return l.op(divForms, y, x) }

// max is the larger of a bound and x, NaN if x is.
func (l *lanes) max(bound, x value) value { return l.op(maxForms, x, bound) }

// min is the smaller of a bound and x, NaN if x is.
func (l *lanes) min(bound, x value) value { return l.op(minForms, x, bound) }

func (l *lanes) sqrt(x value) value {
	y := l.vector()
	l.do(sqrtForms, x, y)
	return y
}

// fma is x*y + z, rounded once; y may be a constant.
func (l *lanes) fma(x, y, z value) value {
	t := l.copied(z)
	l.do(fma231Forms, y, x, t)
	return t
}

// fnma is z − x*y, rounded once; y may be a constant.
func (l *lanes) fnma(x, y, z value) value {
	t := l.copied(z)
	l.do(fnma231Forms, y, x, t)
	return t
}

// polynomial is Σ c[i] xⁱ.
func (l *lanes) polynomial(x value, c []float64) value {
	t := l.copied(l.constant(c[len(c)-1]))
	for i := len(c) - 2; i >= 0; i-- {
		l.do(fma213Forms, l.constant(c[i]), x, t)
	}
	return t
}

// The bits of a float.
func (l *lanes) signBit() value   { return l.bits(1 << (8*l.element.Bytes - 1)) }
func (l *lanes) otherBits() value { return l.bits(1<<(8*l.element.Bytes-1) - 1) }

func (l *lanes) neg(x value) value {
	y := l.vector()
	switch m := l.signBit(); {
	case !l.masked():
		l.VXORPS(m, x, y)
	case l.element == asmgen.F32:
		l.VPXORD_BCST(m, x, y)
	default:
		l.VPXORQ_BCST(m, x, y)
	}
	return y
}

func (l *lanes) abs(x value) value {
	y := l.vector()
	switch m := l.otherBits(); {
	case !l.masked():
		l.VANDPS(m, x, y)
	case l.element == asmgen.F32:
		l.VPANDD_BCST(m, x, y)
	default:
		l.VPANDQ_BCST(m, x, y)
	}
	return y
}

// Comparisons that are false for NaN, and two that are true for it.
const (
	less      = operand.U8(0x11)
	lessEqual = operand.U8(0x12)
	greater   = operand.U8(0x1e)

	equalOrNaN = operand.U8(0x08)
	isNaN      = operand.U8(0x03)
)

// where is a where x compares with 0 as told, and b elsewhere.
func (l *lanes) where(x value, compare operand.U8, a, b value) value {
	zero, y := l.vector(), l.vector()
	a, b = l.register(a), l.register(b)
	switch {
	case !l.masked():
		l.VXORPS(zero, zero, zero)
		m := l.vector()
		if l.element == asmgen.F32 {
			l.VCMPPS(compare, zero, x, m)
			l.VBLENDVPS(m, a, b, y)
		} else {
			l.VCMPPD(compare, zero, x, m)
			l.VBLENDVPD(m, a, b, y)
		}
	default:
		l.VPXORD(zero, zero, zero)
		k := l.K()
		if l.element == asmgen.F32 {
			l.VCMPPS(compare, zero, x, k)
			l.VBLENDMPS(a, b, k, y)
		} else {
			l.VCMPPD(compare, zero, x, k)
			l.VBLENDMPD(a, b, k, y)
		}
	}
	return y
}
