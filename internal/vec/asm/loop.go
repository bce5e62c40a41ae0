package main

import (
	"fmt"
	"strings"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/reg"

	"example.com/pcn/internal/asmgen"
)

// A kernel is a function over slices, element by element. The first slice gives
// the length. Every element takes the same instructions, the last ones of a slice
// in a vector that is loaded under a mask, and stored by halves.
type kernel struct {
	name   string
	params string   // T for the element type
	loads  []string // slices, in the order of the body's arguments
	stores []string // slices, in the order of the body's results
	// row is the slice that is one row of the others: it is read again for each
	// row. The others are taken as whole rows.
	row string
	// groups are the slices that move by more than a group of elements from one group to
	// the next, each with the parameter that says by how many; the others move by a group.
	// Parameters n and c are the number of groups and of elements of one. Nil is for a
	// kernel that knows no groups.
	groups map[string]string
	only32 bool
	// before writes what comes before the loop and returns what writes the body.
	before func(l *lanes) body
}

// A body writes what turns loaded vectors into stored ones.
type body func(in []value) []value

// loop is the state while a function over slices is written.
type loop struct {
	*lanes
	bases map[string]reg.Register // addresses of the slices' elements
	i     reg.Register            // index
	step  int                     // elements of a vector
	// vector writes the work on a vector, which is the given number of vectors
	// after the index; mask is nil for all of its elements.
	vector func(ahead int, mask reg.Register)
	// constant has slices that are one element, spread over a vector.
	constant map[string]value
	passes   int          // that have been written
	left     reg.Register // elements of the last vector
	parts    int          // of last vectors that are stored
}

// start starts a function and loads the addresses of the slices.
func (l *lanes) start(name, params, result string, step int, slices ...string) *loop {
	name = l.set.name + l.element.Name + name
	l.Function(name)
	l.Attributes(attr.NOSPLIT)
	l.Pragma("noescape")
	l.SignatureExpr(fmt.Sprintf("func(%s) %s", strings.ReplaceAll(params, "T", l.element.Go), result))
	p := &loop{lanes: l, bases: make(map[string]reg.Register), i: l.GP64(), step: step}
	for _, name := range slices {
		if p.bases[name] == nil {
			p.bases[name] = l.Load(l.Param(name).Base(), l.GP64())
		}
	}
	return p
}

// at is the address of a vector of a slice.
func (p *loop) at(slice string, ahead int) operand.Mem {
	size := p.element.Bytes
	return operand.Mem{Base: p.bases[slice], Index: p.i, Scale: uint8(size), Disp: ahead * p.step * size}
}

// emit writes a kernel, with as many constants in registers as there are for them: reading
// each anew for each vector may take longer than the arithmetic.
func (l *lanes) emit(k kernel) {
	trial := l.trial()
	trial.write(k, nil)
	keep := trial.used
	for !l.fits(k, keep) {
		keep = keep[:len(keep)-1]
	}
	l.write(k, keep)
}

// trial returns lanes that write to nowhere.
func (l *lanes) trial() *lanes {
	return &lanes{Context: build.NewContext(), set: l.set, element: l.element, constants: map[string]bool{}}
}

// fits reports whether the instruction set has registers for a kernel with those constants
// in some.
func (l *lanes) fits(k kernel, keep []uint64) bool {
	trial := l.trial()
	trial.write(k, keep)
	file, err := trial.Result()
	if err != nil {
		panic(err)
	}
	if pass.Compile.Execute(file) != nil {
		return false
	}
	for _, i := range file.Functions()[0].Instructions() {
		for _, op := range i.Operands {
			for _, r := range operand.Registers(op) {
				if r.Kind() == reg.KindVector && int(r.(reg.Physical).PhysicalIndex()) >= l.set.registers {
					return false
				}
			}
		}
	}
	return true
}

// write writes a kernel with some constants in registers.
func (l *lanes) write(k kernel, keep []uint64) {
	first, _, _ := strings.Cut(strings.ReplaceAll(k.params, ",", " "), " ")
	p := l.start(k.name, k.params, "", l.count(), append(k.loads, k.stores...)...)
	l.used, l.kept = nil, map[uint64]value{}
	for _, bits := range keep {
		l.kept[bits] = l.register(l.bits(bits))
	}
	write := k.before(l)
	p.vector = func(ahead int, mask reg.Register) {
		var in []value
		for _, name := range k.loads {
			x, ok := p.constant[name]
			if !ok {
				x = p.load(p.at(name, ahead), mask)
			}
			in = append(in, x)
		}
		for i, x := range write(in) {
			p.store(x, p.at(k.stores[i], ahead), mask)
		}
	}
	switch {
	case k.groups != nil:
		p.groups(k)
	case k.row != "":
		p.rows(l.Load(l.Param(first).Len(), l.GP64()), k)
	default:
		p.pass(l.Load(l.Param(first).Len(), l.GP64()), 1)
	}
	l.VZEROUPPER()
	l.RET()
}

// rows writes a pass over each row of n elements; over all of them at once where rows
// have one.
func (p *loop) rows(n reg.Register, k kernel) {
	cols := p.Load(p.Param(k.row).Len(), p.GP64())
	p.CMPQ(cols, operand.Imm(1))
	p.JNE(operand.LabelRef("row"))
	p.constant = map[string]value{k.row: p.broadcast(operand.Mem{Base: p.bases[k.row]})}
	p.pass(n, 1)
	p.constant = nil
	p.JMP(operand.LabelRef("end"))
	p.Label("row")
	p.SUBQ(cols, n)
	p.JL(operand.LabelRef("end"))
	p.pass(cols, 1)
	moved := map[string]bool{k.row: true}
	for _, name := range append(k.loads, k.stores...) {
		if base := p.bases[name]; !moved[name] {
			moved[name] = true
			p.LEAQ(operand.Mem{Base: base, Index: cols, Scale: uint8(p.element.Bytes)}, base)
		}
	}
	p.JMP(operand.LabelRef("row"))
	p.Label("end")
}

// groups writes a pass over each group.
func (p *loop) groups(k kernel) {
	n, c := p.Load(p.Param("n"), p.GP64()), p.Load(p.Param("c"), p.GP64())
	slices := append(k.loads, k.stores...)
	steps := map[string]reg.Register{} // by parameter
	for _, name := range slices {
		if by := k.groups[name]; by != "" && steps[by] == nil {
			steps[by] = p.Load(p.Param(by), p.GP64())
		}
	}
	p.Label("group")
	p.DECQ(n)
	p.JL(operand.LabelRef("end"))
	p.pass(c, 1)
	moved := map[string]bool{}
	for _, name := range slices {
		if base := p.bases[name]; !moved[name] {
			by := c
			if step, ok := steps[k.groups[name]]; ok {
				by = step
			}
			moved[name] = true
			p.LEAQ(operand.Mem{Base: base, Index: by, Scale: uint8(p.element.Bytes)}, base)
		}
	}
	p.JMP(operand.LabelRef("group"))
	p.Label("end")
}

// pass writes the work on n elements: a loop for each of the given numbers of
// vectors that a turn takes, the last of them 1, and what is left under a mask.
func (p *loop) pass(n reg.Register, turns ...int) {
	last := p.GP64() // index of a loop's last turn
	p.XORQ(p.i, p.i)
	p.passes++
	for _, vectors := range turns {
		label := fmt.Sprintf("pass%dby%d", p.passes, vectors)
		p.LEAQ(operand.Mem{Base: n, Disp: -vectors * p.step}, last)
		p.CMPQ(p.i, last)
		p.JG(operand.LabelRef(label + "end"))
		p.align()
		p.Label(label)
		for ahead := range vectors {
			p.vector(ahead, nil)
		}
		p.ADDQ(operand.I32(vectors*p.step), p.i)
		p.CMPQ(p.i, last)
		p.JLE(operand.LabelRef(label))
		p.Label(label + "end")
	}
	end := fmt.Sprintf("pass%dend", p.passes)
	p.CMPQ(p.i, n)
	p.JE(operand.LabelRef(end))
	p.vector(0, p.tail(n))
	p.Label(end)
}

// align has the loop that comes next begin at a cache line: a short one that lies across
// two takes up to twice as long.
func (p *loop) align() {
	p.Instruction(&ir.Instruction{Opcode: "PCALIGN", Operands: []operand.Op{operand.U8(64)}})
}

// tail is the mask of the elements from the index to n, of which it notes the number.
func (p *loop) tail(n reg.Register) reg.Register {
	p.left = p.GP64()
	p.MOVQ(n, p.left)
	p.SUBQ(p.i, p.left)
	if p.masked() {
		mask := p.K()
		asmgen.BitMask(p.Context, p.left, mask)
		return mask
	}
	mask, left := p.YMM(), p.GP64()
	p.MOVQ(p.left, left)
	asmgen.VectorMask(p.Context, p.element, left, mask)
	return mask
}

// load loads a vector, with 0 where the mask, if any, is not set.
func (l *lanes) load(at operand.Mem, mask reg.Register) value {
	x := l.vector()
	switch {
	case mask == nil:
		l.VMOVUPS(at, x)
	case l.masked() && l.element == asmgen.F32:
		l.VMOVUPS_Z(at, mask, x)
	case l.masked():
		l.VMOVUPD_Z(at, mask, x)
	case l.element == asmgen.F32:
		l.VMASKMOVPS(at, mask, x)
	default:
		l.VMASKMOVPD(at, mask, x)
	}
	return x
}

// store stores a vector, or of the last one what is left.
func (p *loop) store(x value, at operand.Mem, mask reg.Register) {
	if mask == nil {
		p.VMOVUPS(x, at)
	} else {
		p.storeLeft(x.(reg.VecVirtual), at)
	}
}

// storeLeft stores as many elements of a vector as are left: half of it, half of what is then
// left, and so on.
func (p *loop) storeLeft(x reg.VecVirtual, at operand.Mem) {
	part, to := p.lanes.vector(), p.GP64()
	p.VMOVAPS(x, part)
	p.LEAQ(at, to)
	for bytes := p.set.bytes / 2; bytes >= p.element.Bytes; bytes /= 2 {
		p.parts++
		skip := fmt.Sprintf("part%d", p.parts)
		p.TESTQ(operand.I32(bytes/p.element.Bytes), p.left)
		p.JE(operand.LabelRef(skip))
		asmgen.StorePart(p.Context, part, operand.Mem{Base: to}, bytes)
		if bytes > p.element.Bytes {
			p.ADDQ(operand.I32(bytes), to)
		}
		p.Label(skip)
	}
}
