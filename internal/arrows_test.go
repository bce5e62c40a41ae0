package internal_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "example.com/pcn/"

// house are the rooms of the module, each of which may import those before it. Of internal,
// which all may import, these are the packages that look at rooms themselves, and which only
// cmd may import.
var (
	house   = []string{"graph", "model", "train", "cmd"}
	looking = []string{"internal/bench", "internal/cli", "internal/cli/clitest", "internal/ranks", "internal/slurm"}
)

// room returns where a package is in the house; -1 for the rest of internal.
func room(pkg string) int {
	if slices.Contains(looking, pkg) {
		return slices.Index(house, "cmd")
	}
	return slices.Index(house, strings.Split(pkg, "/")[0])
}

// TestArrows: a package imports its own room and those below, and a group of commands no
// other.
func TestArrows(t *testing.T) {
	seen := map[string]bool{}
	for _, top := range append(slices.Clone(house), "internal") {
		err := filepath.WalkDir(filepath.Join("..", top), func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
			if err != nil {
				return err
			}
			from := path.Dir(strings.TrimPrefix(filepath.ToSlash(file), "../"))
			seen[from] = true
			for _, spec := range f.Imports {
				to, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					return err
				}
				to, own := strings.CutPrefix(to, module)
				switch {
				case !own:
				case room(to) > room(from):
					t.Errorf("%s: %s imports %s", file, from, to)
				case strings.HasPrefix(to, "cmd/") && from != "cmd/pcnrun":
					t.Errorf("%s: %s imports %s, and only main may import a group of commands", file, from, to)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, pkg := range append(slices.Clone(looking), "cmd/pcnrun", "graph", "model", "train") {
		if !seen[pkg] {
			t.Errorf("there is no package %s", pkg)
		}
	}
}
