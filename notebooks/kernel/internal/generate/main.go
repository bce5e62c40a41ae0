// Command generate writes the bindings of the packages that cells can import,
// one file each, into the folder it is given, and deletes those of others.
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/tools/go/packages"
)

// bound are the packages that cells can import, beside the standard library's
// that the interpreter brings along.
var bound = []string{
	"example.com/pcn/graph",
	"example.com/pcn/graph/feature",
	"example.com/pcn/graph/linear",
	"example.com/pcn/model",
	"example.com/pcn/model/onnx",
	"example.com/pcn/train",
	"example.com/pcn/train/config",
	"example.com/pcn/train/data",
	"example.com/pcn/train/inspect",
	"example.com/pcn/train/puzzle",
	"example.com/pcn/train/report",
	"example.com/pcn/train/rule",
	"example.com/pcn/train/run",
	"example.com/pcn/train/sweep",
	"example.com/pcn/train/trained",
	"gonum.org/v1/plot",
	"gonum.org/v1/plot/plotter",
	"gonum.org/v1/plot/vg",
	"gonum.org/v1/plot/vg/draw",
	"gonum.org/v1/plot/vg/vgimg",
	"gorgonia.org/gorgonia",
	"gorgonia.org/tensor",
	"log/slog",
	"math/rand/v2",
}

// generated is how the generated files are named.
const generated = "z_*.go"

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: generate DIR")
	}
	if err := write(os.Args[1]); err != nil {
		log.Fatal("generate: ", err)
	}
}

// write renews the generated files in dir.
func write(dir string) error {
	files, err := bindings(bound)
	if err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(dir, generated))
	if err != nil {
		return err
	}
	for _, path := range old {
		if files[filepath.Base(path)] == nil {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// bindings returns the files for the packages of paths, by name.
func bindings(paths []string) (map[string][]byte, error) {
	loaded, err := packages.Load(&packages.Config{Mode: packages.NeedName | packages.NeedTypes | packages.NeedExportFile}, paths...)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, p := range loaded {
		if len(p.Errors) > 0 {
			return nil, fmt.Errorf("%s: %v", p.PkgPath, p.Errors[0])
		}
		if !slices.Contains(paths, p.PkgPath) {
			continue
		}
		name, text, err := bind(p.Types)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.PkgPath, err)
		}
		if files[name] != nil {
			return nil, fmt.Errorf("%s: another package has the file %s", p.PkgPath, name)
		}
		files[name] = text
	}
	if len(files) != len(paths) {
		return nil, fmt.Errorf("found %d of %d packages", len(files), len(paths))
	}
	return files, nil
}
