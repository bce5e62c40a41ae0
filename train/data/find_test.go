package data

import (
	"os"
	"path/filepath"
	"testing"
)

// TestFind finds a folder in each of its places, the first before the second, and
// passes over those that are empty or lack a file.
func TestFind(t *testing.T) {
	root := t.TempDir()
	t.Chdir(root)
	t.Setenv("PCN_DATA", "")
	t.Setenv("HOME", root)
	t.Setenv("XDG_CACHE_HOME", filepath.Join(root, "cache"))
	t.Setenv("LocalAppData", filepath.Join(root, "cache"))
	expect := func(name, want string) {
		t.Helper()
		if dir, ok := Find(name); dir != want || ok != (want != "") {
			t.Errorf("Find(%q): got %q, %v, want %q", name, dir, ok, want)
		}
	}
	write := func(dir string, files ...string) {
		t.Helper()
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	all := []string{"train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte", "t10k-images.idx3-ubyte", "t10k-labels-idx1-ubyte"}
	expect("set", "")
	cache, err := Folder()
	if err != nil {
		t.Fatal(err)
	}
	write("data/set")
	write(filepath.Join(cache, "set"), all...)
	expect("set", filepath.Join(cache, "set"))
	write("data/set", all[:3]...)
	expect("set", filepath.Join(cache, "set"))
	write("data/set", all...)
	expect("set", filepath.Join("data", "set"))
	write("env/set", all...)
	t.Setenv("PCN_DATA", filepath.Join(root, "env"))
	expect("set", filepath.Join(root, "env", "set"))
	for name, folder := range map[string]string{"cifar10": "cifar-10-batches-bin", "cifar100": "cifar-100-binary"} {
		files := map[string][]string{"cifar10": cifar10.files(), "cifar100": cifar100.files()}[name]
		expect(name, "")
		write(filepath.Join("data", folder), files[1:]...)
		expect(name, "")
		write(filepath.Join("data", folder), files...)
		expect(name, filepath.Join("data", folder))
		write(filepath.Join("data", name, folder), files...)
		write(filepath.Join("data", name), all...)
		expect(name, filepath.Join("data", folder))
		write(filepath.Join("data", name), files...)
		expect(name, filepath.Join("data", name))
	}
	expect("../data/set", "")
	expect(root, "")
	expect("", "")
	write("env", "file")
	expect("file", "")
}
