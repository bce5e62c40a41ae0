package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWriteKeepsOldFileOnError(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "model")
	if err := Write(path, func(w io.Writer) error { _, err := io.WriteString(w, "first"); return err }); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("disk full")
	err := Write(path, func(w io.Writer) error { io.WriteString(w, "half"); return broken })
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), path) {
		t.Errorf("got error %v, want one that names %s and wraps %v", err, path, broken)
	}
	if got, _ := os.ReadFile(path); string(got) != "first" {
		t.Errorf("the file holds %q, want what was there before", got)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("files left behind: %v", left)
	}
	if err := Write(filepath.Join(dir, "missing", "model"), func(io.Writer) error { return nil }); err == nil {
		t.Error("a missing folder was accepted")
	}
}

// TestClean removes what a process that was killed has left, and nothing else.
func TestClean(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "model")
	if err := Write(path, func(w io.Writer) error {
		return Write(filepath.Join(dir, ".hidden"), func(io.Writer) error {
			names, _ := filepath.Glob(filepath.Join(dir, ".model.*"))
			if len(names) != 1 {
				t.Fatalf("want one temporary file, got %v", names)
			}
			return os.Link(names[0], filepath.Join(dir, ".model.killed"+suffix))
		})
	}); err != nil {
		t.Fatal(err)
	}
	if err := Clean(dir); err != nil {
		t.Fatal(err)
	}
	left, _ := os.ReadDir(dir)
	if len(left) != 2 || left[0].Name() != ".hidden" || left[1].Name() != "model" {
		t.Errorf("left are %v, want .hidden and model", left)
	}
	if err := Clean(path); err == nil {
		t.Error("a file was cleaned as a folder")
	}
}
