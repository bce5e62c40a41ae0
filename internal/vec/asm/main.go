// Command asm writes the assembly of package vec and its Go declarations to the
// files vec_amd64.s and vec_amd64.go of the folder given by -dir.
package main

import (
	"github.com/mmcloughlin/avo/build"

	"example.com/pcn/internal/asmgen"
)

func main() {
	asmgen.Main("vec", func(c *build.Context) {
		constants := make(map[string]bool)
		for _, set := range []instructions{avx512, avx2} {
			for _, e := range []asmgen.Element{asmgen.F32, asmgen.F64} {
				l := &lanes{Context: c, set: set, element: e, constants: constants}
				for _, k := range kernels {
					if e == asmgen.F32 || !k.only32 {
						l.emit(k)
					}
				}
				for _, s := range sums {
					if l.emitSum(s); s.rows {
						l.emitRowSums(s)
					}
				}
			}
		}
	})
}
