package main

import (
	"fmt"
	"math/bits"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/gotypes"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"example.com/pcn/internal/asmgen"
)

// instructions is an instruction set and the tiles that are made of it.
type instructions struct {
	name      string // for function names
	bytes     int    // of a vector
	registers []reg.VecPhysical
	rows      []int // rows[v-1] is the largest tile for panels of v vectors
}

var (
	avx512 = instructions{
		name:  "avx512",
		bytes: 64,
		registers: []reg.VecPhysical{
			reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7,
			reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15,
			reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21, reg.Z22, reg.Z23,
			reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31,
		},
		rows: []int{8, 8},
	}
	avx2 = instructions{
		name:  "avx2",
		bytes: 32,
		registers: []reg.VecPhysical{
			reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7,
			reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15,
		},
		rows: []int{8, 6},
	}
)

// tile is the state while a tile function is written.
//
// A tile of m rows keeps its m*vectors sums in the first registers, the vectors
// of one row of the panel in the next ones, and an element of A, broadcast, in
// the last register.
type tile struct {
	*build.Context
	set     instructions
	element asmgen.Element
	vectors int
	some    bool         // of the depth only what a list has
	mask    reg.Register // AVX-512: the columns of the last vector
}

// emitTile writes the tileFunc, or the someFunc, for panels of the given number of vectors:
// the work on a tile for each number of rows, behind which the next tile is taken.
func emitTile(c *build.Context, set instructions, e asmgen.Element, vectors int, some bool) {
	t := &tile{Context: c, set: set, element: e, vectors: vectors, some: some}
	name, depth := fmt.Sprintf("%s%sx%d", set.name, e.Name, vectors), "int, depth int"
	if some {
		name, depth = name+"Some", "int, at []int32"
	}
	c.Function(name)
	c.Attributes(attr.NOSPLIT)
	c.Pragma("noescape")
	c.SignatureExpr(fmt.Sprintf("func(dst []%[1]s, dstStride int, a []%[1]s, rowStride, colStride, rows, tall, talls int, b []%[1]s, cols %[2]s, accumulate bool)", e.Go, depth))

	if t.masked() {
		t.loadOpmask()
	}
	tall := c.Load(c.Param("tall"), c.GP64())
	for m := set.rows[vectors-1]; m > 1; m-- {
		c.CMPQ(tall, operand.U8(m))
		c.JE(operand.LabelRef(t.label("rows", m)))
	}
	for m := 1; m <= set.rows[vectors-1]; m++ {
		c.Label(t.label("rows", m))
		t.emitStart(m)
		t.emitLoop(m)
		t.emitStore(m)
		t.emitNext(m)
	}
	c.Label("end")
	c.VZEROUPPER()
	c.RET()
}

// masked says whether the instruction set has mask registers.
func (t *tile) masked() bool { return t.set.bytes == 64 }

func (t *tile) label(what string, m int) string { return fmt.Sprintf("%s%d", what, m) }

func (t *tile) sum(row, vector int) reg.VecPhysical { return t.set.registers[row*t.vectors+vector] }

// panel is the register of a vector of the panel in a tile of m rows.
func (t *tile) panel(m, vector int) reg.VecPhysical { return t.set.registers[m*t.vectors+vector] }

func (t *tile) broadcast() reg.VecPhysical { return t.set.registers[len(t.set.registers)-1] }

// emitStart sets the sums to zero or to what dst holds.
func (t *tile) emitStart(m int) {
	accumulate := t.Load(t.Param("accumulate"), t.GP8())
	t.TESTB(accumulate, accumulate)
	t.JE(operand.LabelRef(t.label("zero", m)))

	dst, stride := t.loadDst()
	mask := t.panel(m, 0) // free until the loop
	if !t.masked() {
		t.loadVectorMask(mask)
	}
	for row := range m {
		for v := range t.vectors {
			at := operand.Mem{Base: dst, Disp: v * t.set.bytes}
			switch {
			case v < t.vectors-1:
				t.VMOVUPS(at, t.sum(row, v))
			case t.masked() && t.element == asmgen.F32:
				t.VMOVUPS_Z(at, t.mask, t.sum(row, v))
			case t.masked():
				t.VMOVUPD_Z(at, t.mask, t.sum(row, v))
			case t.element == asmgen.F32:
				t.VMASKMOVPS(at, mask, t.sum(row, v))
			default:
				t.VMASKMOVPD(at, mask, t.sum(row, v))
			}
		}
		if row < m-1 {
			t.ADDQ(stride, dst)
		}
	}
	t.JMP(operand.LabelRef(t.label("start", m)))

	t.Label(t.label("zero", m))
	for row := range m {
		for v := range t.vectors {
			sum := t.sum(row, v)
			if t.masked() {
				t.VPXORD(sum, sum, sum)
			} else {
				t.VXORPS(sum, sum, sum)
			}
		}
	}
	t.Label(t.label("start", m))
}

// emitLoop writes the loop over the depth. Rows of A are reached in groups of
// four, each with its own pointer.
func (t *tile) emitLoop(m int) {
	a := []reg.Register{t.Load(t.Param("a").Base(), t.GP64())}
	rowStride := t.loadStride("rowStride")
	rowStride3 := t.GP64()
	if m > 3 {
		t.LEAQ(operand.Mem{Base: rowStride, Index: rowStride, Scale: 2}, rowStride3)
	}
	for row := 4; row < m; row += 4 {
		p := t.GP64()
		t.LEAQ(operand.Mem{Base: a[len(a)-1], Index: rowStride, Scale: 4}, p)
		a = append(a, p)
	}
	colStride := t.loadStride("colStride")
	panel := operand.Mem{Base: t.Load(t.Param("b").Base(), t.GP64())}
	if t.some {
		t.emitSome(m, a[0], rowStride, rowStride3, colStride, panel)
		return
	}
	depth := t.Load(t.Param("depth"), t.GP64())
	t.Label(t.label("loop", m))
	t.emitProducts(m, a, rowStride, rowStride3, panel)
	for _, p := range a {
		t.ADDQ(colStride, p)
	}
	t.ADDQ(operand.I32(t.vectors*t.set.bytes), panel.Base)
	t.DECQ(depth)
	t.JNE(operand.LabelRef(t.label("loop", m)))
}

// emitSome writes the loop over what a list has of the depth.
func (t *tile) emitSome(m int, a, rowStride, rowStride3, colStride reg.Register, panel operand.Mem) {
	list := t.Load(t.Param("at").Base(), t.GP64())
	left := t.Load(t.Param("at").Len(), t.GP64())
	panel.Index, panel.Scale = t.GP64(), 1
	at := []reg.Register{t.GP64()}
	for row := 4; row < m; row += 4 {
		at = append(at, t.GP64())
	}
	t.Label(t.label("loop", m))
	t.MOVLQSX(operand.Mem{Base: list}, panel.Index)
	t.ADDQ(operand.U8(4), list)
	t.MOVQ(panel.Index, at[0])
	t.SHLQ(operand.U8(bits.TrailingZeros(uint(t.vectors*t.set.bytes))), panel.Index)
	t.IMULQ(colStride, at[0])
	t.ADDQ(a, at[0])
	for i := 1; i < len(at); i++ {
		t.LEAQ(operand.Mem{Base: at[i-1], Index: rowStride, Scale: 4}, at[i])
	}
	t.emitProducts(m, at, rowStride, rowStride3, panel)
	t.DECQ(left)
	t.JNE(operand.LabelRef(t.label("loop", m)))
}

// emitProducts adds the products of a column of A, whose rows are reached from a, and a row
// of the panel.
func (t *tile) emitProducts(m int, a []reg.Register, rowStride, rowStride3 reg.Register, panel operand.Mem) {
	for v := range t.vectors {
		t.VMOVUPS(panel.Offset(v*t.set.bytes), t.panel(m, v))
	}
	for row := range m {
		at := operand.Mem{Base: a[row/4]}
		switch row % 4 {
		case 1:
			at.Index, at.Scale = rowStride, 1
		case 2:
			at.Index, at.Scale = rowStride, 2
		case 3:
			at.Index, at.Scale = rowStride3, 1
		}
		t.multiply(m, row, at)
	}
}

// multiply adds the products of the element of A at the address and the panel's
// vectors to the sums of a row.
func (t *tile) multiply(m, row int, at operand.Mem) {
	if t.masked() && t.vectors == 1 {
		if t.element == asmgen.F32 {
			t.VFMADD231PS_BCST(at, t.panel(m, 0), t.sum(row, 0))
		} else {
			t.VFMADD231PD_BCST(at, t.panel(m, 0), t.sum(row, 0))
		}
		return
	}
	x := t.broadcast()
	if t.element == asmgen.F32 {
		t.VBROADCASTSS(at, x)
	} else {
		t.VBROADCASTSD(at, x)
	}
	for v := range t.vectors {
		if t.element == asmgen.F32 {
			t.VFMADD231PS(t.panel(m, v), x, t.sum(row, v))
		} else {
			t.VFMADD231PD(t.panel(m, v), x, t.sum(row, v))
		}
	}
}

// emitStore writes the sums to dst.
func (t *tile) emitStore(m int) {
	edge := t.loadEdge()
	t.CMPQ(edge, operand.U8(t.set.bytes/t.element.Bytes))
	t.JNE(operand.LabelRef(t.label("edge", m)))
	t.emitStoreRows(m, t.vectors)
	t.JMP(operand.LabelRef(t.label("next", m)))
	t.Label(t.label("edge", m))
	t.emitStoreRows(m, t.vectors-1)
	t.emitStoreEdge(m, edge)
	t.Label(t.label("next", m))
}

// emitStoreRows writes the given number of vectors of each row.
func (t *tile) emitStoreRows(m, vectors int) {
	if vectors == 0 {
		return
	}
	dst, stride := t.loadDst()
	for row := range m {
		for v := range vectors {
			t.VMOVUPS(t.sum(row, v), operand.Mem{Base: dst, Disp: v * t.set.bytes})
		}
		if row < m-1 {
			t.ADDQ(stride, dst)
		}
	}
}

// emitStoreEdge writes the first columns of the last vector of each row, as many as edge:
// half a vector, half of what is left of it, and so on.
func (t *tile) emitStoreEdge(m int, edge reg.Register) {
	dst, stride := t.loadDst()
	t.ADDQ(operand.I32((t.vectors-1)*t.set.bytes), dst)
	for bytes := t.set.bytes / 2; bytes >= t.element.Bytes; bytes /= 2 {
		skip := fmt.Sprintf("edge%dwithout%d", m, bytes)
		t.TESTQ(operand.I32(bytes/t.element.Bytes), edge)
		t.JE(operand.LabelRef(skip))
		p := t.GP64()
		t.MOVQ(dst, p)
		for row := range m {
			asmgen.StorePart(t.Context, t.sum(row, t.vectors-1), operand.Mem{Base: p}, bytes)
			if row < m-1 {
				t.ADDQ(stride, p)
			}
		}
		t.ADDQ(operand.I32(bytes), dst)
		t.Label(skip)
	}
}

// emitNext goes on to the next tile, of as many rows as this one or one less. What is left
// is kept in the function's parameters.
func (t *tile) emitNext(m int) {
	t.SUBQ(operand.U8(m), t.param("rows"))
	t.JE(operand.LabelRef("end"))
	rows := func(stride string) reg.Register { // of the tile, in bytes
		r := t.loadStride(stride)
		t.IMUL3Q(operand.U8(m), r, r)
		return r
	}
	t.ADDQ(rows("dstStride"), t.paramBase("dst"))
	t.ADDQ(rows("rowStride"), t.paramBase("a"))
	t.DECQ(t.param("talls"))
	if m > 1 {
		t.JE(operand.LabelRef(t.label("rows", m-1)))
	}
	t.JMP(operand.LabelRef(t.label("rows", m)))
}

// param is where a parameter stands.
func (t *tile) param(name string) operand.Op { return t.address(t.Param(name)) }

// paramBase is where the address of a slice's elements stands.
func (t *tile) paramBase(name string) operand.Op { return t.address(t.Param(name).Base()) }

func (t *tile) address(of gotypes.Component) operand.Op {
	p, err := of.Resolve()
	if err != nil {
		panic(err)
	}
	return p.Addr
}

// loadDst loads the address of dst and its row stride in bytes.
func (t *tile) loadDst() (dst, stride reg.Register) {
	return t.Load(t.Param("dst").Base(), t.GP64()), t.loadStride("dstStride")
}

// loadStride loads a stride in bytes.
func (t *tile) loadStride(name string) reg.Register {
	stride := t.Load(t.Param(name), t.GP64())
	t.element.Scale(t.Context, stride)
	return stride
}

// loadEdge loads the number of columns in the last vector.
func (t *tile) loadEdge() reg.GPVirtual {
	n := t.GP64()
	t.Load(t.Param("cols"), n)
	t.SUBQ(operand.U8((t.vectors-1)*t.set.bytes/t.element.Bytes), n)
	return n
}

// loadOpmask sets the mask register to the columns of the last vector.
func (t *tile) loadOpmask() {
	t.mask = reg.K1
	asmgen.BitMask(t.Context, t.loadEdge(), t.mask)
}

// loadVectorMask sets a vector register to the mask of the columns of the last
// vector.
func (t *tile) loadVectorMask(mask reg.Register) {
	asmgen.VectorMask(t.Context, t.element, t.loadEdge(), mask)
}
