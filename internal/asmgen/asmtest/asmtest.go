// Package asmtest tests that generated assembly is up to date.
package asmtest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Generated checks that the files of package pkg, in whose folder the test runs,
// are what the generator in its folder asm writes.
func Generated(t *testing.T, pkg string) {
	t.Helper()
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("the go tool is not available: ", err)
	}
	dir := t.TempDir()
	if out, err := exec.Command(goTool, "run", "./asm", "-dir", dir).CombinedOutput(); err != nil {
		t.Fatalf("go run ./asm: %v\n%s", err, out)
	}
	for _, name := range []string{pkg + "_amd64.s", pkg + "_amd64.go"} {
		want, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what its generator writes: run go generate", name)
		}
	}
}
