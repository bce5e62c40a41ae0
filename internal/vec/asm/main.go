// Command asm writes the assembly of package vec and its Go declarations to the
// files vec_amd64.s and vec_amd64.go of the folder given by -dir.
package main

import (
	"flag"
	"log"
	"os"
	"path/filepath"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
)

func main() {
	dir := flag.String("dir", ".", "folder to write to")
	flag.Parse()
	log.SetFlags(0)
	log.SetPrefix("asm: ")

	c := build.NewContext()
	c.ConstraintExpr("amd64")
	emitOnes(c)
	constants := make(map[string]bool)
	for _, set := range []instructions{avx512, avx2} {
		for _, e := range []element{f32, f64} {
			l := &lanes{Context: c, set: set, element: e, constants: constants}
			for _, k := range kernels {
				if e == f32 || !k.only32 {
					l.emit(k)
				}
			}
			for _, s := range sums {
				l.emitSum(s)
			}
		}
	}
	file, err := c.Result()
	if err != nil {
		build.LogError(log.Default(), err, 0)
		os.Exit(1)
	}

	config := printer.Config{Name: "go generate", Pkg: "vec"}
	passes := []pass.Interface{pass.Compile}
	for name, builder := range map[string]printer.Builder{
		"vec_amd64.s":  printer.NewGoAsm,
		"vec_amd64.go": printer.NewStubs,
	} {
		w, err := os.Create(filepath.Join(*dir, name))
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
