package main

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"example.com/pcn/internal/asmgen"
)

// emitTranspose writes a transposeFunc of AVX: squares of 8×8 numbers, one below the other.
func emitTranspose(c *build.Context) {
	c.Function("avxF32Transpose")
	c.Attributes(attr.NOSPLIT)
	c.Pragma("noescape")
	c.SignatureExpr("func(dst []float32, dstStride int, src []float32, srcStride, squares int)")
	dst, src := c.Load(c.Param("dst").Base(), c.GP64()), c.Load(c.Param("src").Base(), c.GP64())
	dstStride, srcStride := c.Load(c.Param("dstStride"), c.GP64()), c.Load(c.Param("srcStride"), c.GP64())
	asmgen.F32.Scale(c, dstStride)
	asmgen.F32.Scale(c, srcStride)
	left := c.Load(c.Param("squares"), c.GP64())

	rows := []reg.Register{reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7}
	pairs := []reg.Register{reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15}
	at := c.GP64()
	c.Label("square")
	c.MOVQ(src, at)
	for _, row := range rows {
		c.VMOVUPS(operand.Mem{Base: at}, row)
		c.ADDQ(srcStride, at)
	}
	for i := 0; i < 8; i += 2 { // pairs of rows, number by number
		c.VUNPCKLPS(rows[i+1], rows[i], pairs[i])
		c.VUNPCKHPS(rows[i+1], rows[i], pairs[i+1])
	}
	for i := 0; i < 8; i += 4 { // fours of rows
		for k := range 2 {
			c.VSHUFPS(operand.U8(0x44), pairs[i+2+k], pairs[i+k], rows[i+2*k])
			c.VSHUFPS(operand.U8(0xee), pairs[i+2+k], pairs[i+k], rows[i+2*k+1])
		}
	}
	for i := range 4 { // all
		c.VPERM2F128(operand.U8(0x20), rows[i+4], rows[i], pairs[i])
		c.VPERM2F128(operand.U8(0x31), rows[i+4], rows[i], pairs[i+4])
	}
	for _, row := range pairs {
		c.VMOVUPS(row, operand.Mem{Base: dst})
		c.ADDQ(dstStride, dst)
	}
	c.ADDQ(operand.U8(8*4), src)
	c.DECQ(left)
	c.JNE(operand.LabelRef("square"))
	c.VZEROUPPER()
	c.RET()
}
