// Package asmgen holds what the generators of assembly share: element types, the
// masks of the last vector of a row, and the writing of the files.
package asmgen

import (
	"flag"
	"log"
	"os"
	"path/filepath"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
	"github.com/mmcloughlin/avo/reg"
)

// An Element is an element type of slices.
type Element struct {
	Name  string // for function names
	Go    string // its type
	Bytes int
	shift uint8 // log2 of Bytes
}

// The element types that there are kernels for.
var (
	F32 = Element{Name: "F32", Go: "float32", Bytes: 4, shift: 2}
	F64 = Element{Name: "F64", Go: "float64", Bytes: 8, shift: 3}
)

// Scale makes a number of elements in r a number of bytes.
func (e Element) Scale(c *build.Context, r reg.Register) { c.SHLQ(operand.U8(e.shift), r) }

// Main is the generator's main function: it writes what emit emits to the files
// PKG_amd64.s and PKG_amd64.go, of package pkg, in the folder given by -dir.
func Main(pkg string, emit func(c *build.Context)) {
	dir := flag.String("dir", ".", "folder to write to")
	flag.Parse()
	log.SetFlags(0)
	log.SetPrefix("asm: ")

	c := build.NewContext()
	c.ConstraintExpr("amd64")
	emitOnes(c)
	emit(c)
	file, err := c.Result()
	if err != nil {
		build.LogError(log.Default(), err, 0)
		os.Exit(1)
	}

	config := printer.Config{Name: "go generate", Pkg: pkg}
	passes := []pass.Interface{pass.Compile}
	for extension, builder := range map[string]printer.Builder{
		".s":  printer.NewGoAsm,
		".go": printer.NewStubs,
	} {
		w, err := os.Create(filepath.Join(*dir, pkg+"_amd64"+extension))
		if err != nil {
			log.Fatal(err)
		}
		defer w.Close()
		passes = append(passes, &pass.Output{Writer: w, Printer: builder(config)})
	}
	if err := pass.Concat(passes...).Execute(file); err != nil {
		log.Fatal(err)
	}
}

// ones is a table of a vector of AVX2 of ones and one of zeros.
const ones = "ones"

// emitOnes writes the table of VectorMask.
func emitOnes(c *build.Context) {
	c.StaticGlobal(ones)
	c.DataAttributes(attr.RODATA | attr.NOPTR)
	for i := range 8 {
		var bits operand.U64
		if i < 4 {
			bits = 1<<64 - 1
		}
		c.AppendDatum(bits)
	}
}

// BitMask sets mask, a mask register of AVX-512, to the first n elements.
func BitMask(c *build.Context, n, mask reg.Register) {
	bits := c.GP64()
	c.MOVQ(operand.I32(-1), bits)
	c.BZHIQ(n, bits, bits)
	c.KMOVW(bits.As32(), mask)
}

// VectorMask sets the bits of the first n elements of mask, a vector of AVX2. It
// changes n.
func VectorMask(c *build.Context, e Element, n, mask reg.Register) {
	table := c.GP64()
	c.LEAQ(operand.NewDataAddr(operand.NewStaticSymbol(ones), vectorBytes), table)
	e.Scale(c, n)
	c.SUBQ(n, table)
	c.VMOVUPS(operand.Mem{Base: table}, mask)
}

// vectorBytes is the size of a vector of AVX2.
const vectorBytes = 32

// StorePart stores the first bytes of a vector, of which there are a power of two and at most
// half, and moves what stands behind them to its beginning. So an edge is stored without a
// mask, for which AVX2 takes many times as long, and with which the processor takes it that a
// whole vector is stored, so that loads of the next row have to wait.
func StorePart(c *build.Context, vector reg.Vec, at operand.Mem, bytes int) {
	switch x := vector.AsX(); bytes {
	case 32:
		c.VMOVUPS(vector.AsY(), at)
		c.VEXTRACTF64X4(operand.U8(1), vector.AsZ(), vector.AsY())
	case 16:
		c.VMOVUPS(x, at)
		c.VEXTRACTF128(operand.U8(1), vector.AsY(), x)
	case 8:
		c.VMOVSD(x, at)
		c.VMOVHLPS(x, x, x)
	case 4:
		c.VMOVSS(x, at)
	}
}
