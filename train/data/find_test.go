package data

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFind(t *testing.T) {
	root := t.TempDir()
	t.Chdir(root)
	t.Setenv("PCN_DATA", "")
	expect := func(name, want string) {
		t.Helper()
		if dir, ok := Find(name); dir != want || ok != (want != "") {
			t.Errorf("Find(%q): got %q, %v, want %q", name, dir, ok, want)
		}
	}
	expect("set", "")
	for _, dir := range []string{"data/set", "env/set"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	expect("set", filepath.Join("data", "set"))
	t.Setenv("PCN_DATA", filepath.Join(root, "env"))
	expect("set", filepath.Join(root, "env", "set"))
	expect("../data/set", "")
	expect(root, "")
	expect("", "")

	if err := os.WriteFile("env/file", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	expect("file", "")
}
