// Command asm writes the assembly of package gemm and its Go declarations to the
// files gemm_amd64.s and gemm_amd64.go of the folder given by -dir.
package main

import (
	"github.com/mmcloughlin/avo/build"

	"example.com/pcn/internal/asmgen"
)

func main() {
	asmgen.Main("gemm", func(c *build.Context) {
		emitTranspose(c)
		for _, set := range []instructions{avx512, avx2} {
			for _, e := range []asmgen.Element{asmgen.F32, asmgen.F64} {
				for vectors := range set.rows {
					for _, some := range []bool{false, true} {
						emitTile(c, set, e, vectors+1, some)
					}
				}
			}
		}
	})
}
