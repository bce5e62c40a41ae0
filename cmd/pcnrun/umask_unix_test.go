//go:build unix

package main

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"example.com/pcn/internal/cli"
)

// TestUmask: all that commands write obeys the umask, and is not closed further.
func TestUmask(t *testing.T) {
	for umask, want := range map[int]fs.FileMode{0o077: 0o700, 0o002: 0o775} {
		t.Run(want.String(), func(t *testing.T) {
			defer syscall.Umask(syscall.Umask(umask))
			t.Chdir(t.TempDir())
			if err := os.Mkdir("all", 0o777); err != nil {
				t.Fatal(err)
			}
			t.Chdir("all")
			if err := os.WriteFile("s.yaml", []byte("base: {data: {dataset: sine}, learning: {epochs: 1}}\nkeys: {learning.rate: [0.001, 0.01]}\n"), 0o666); err != nil {
				t.Fatal(err)
			}
			for _, line := range []string{
				"train digits --direction generative --layers 64,10 --epochs 1 --patience 1 --out r --cpuprofile cpu --memprofile mem",
				"train --resume r",
				"export r/model.safetensors --to m.npz",
				"generate r/model.safetensors",
				"complete r/model.safetensors --completed done.csv", "inspect r/model.safetensors --out .",
				"compare sine --epochs 1 --out c",
				"sweep --config s.yaml --out s",
				"report r r --out both.html",
				"config init --out run.yaml",
			} {
				if code := execute(t.Context(), append(strings.Fields(line), "-q"), nil, io.Discard, os.Stderr); code != cli.ExitOK {
					t.Fatalf("%s: exit code %d", line, code)
				}
			}
			err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
				if err != nil {
					return err
				}
				mode := want
				if !d.IsDir() {
					mode &= 0o666
				}
				if got := must(d.Info()).Mode().Perm(); got != mode {
					t.Errorf("%s: mode %v, want %v", path, got, mode)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}
