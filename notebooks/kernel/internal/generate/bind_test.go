package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestBindingsAreCurrent generates the bindings anew: what cells see is what the
// packages export.
func TestBindingsAreCurrent(t *testing.T) {
	const dir = "../../bindings"
	want, err := bindings(bound)
	if err != nil {
		t.Fatal(err)
	}
	committed, err := filepath.Glob(filepath.Join(dir, generated))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range committed {
		if want[filepath.Base(path)] == nil {
			t.Errorf("%s is of a package that is not bound", path)
		}
	}
	for name, text := range want {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(got, text) {
			t.Errorf("%s is not what the package exports: run go generate ./... in notebooks/kernel", name)
		}
	}
}
