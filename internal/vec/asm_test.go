package vec

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The committed assembly is what its generator writes.
func TestAssemblyIsGenerated(t *testing.T) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("the go tool is not available: ", err)
	}
	dir := t.TempDir()
	if out, err := exec.Command(goTool, "run", "./asm", "-dir", dir).CombinedOutput(); err != nil {
		t.Fatalf("go run ./asm: %v\n%s", err, out)
	}
	for _, name := range []string{"vec_amd64.s", "vec_amd64.go"} {
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
