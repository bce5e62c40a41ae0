package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
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

// TestClean removes what a process that was killed has left of the files that are
// named, and nothing else.
func TestClean(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "model")
	if err := Write(path, func(io.Writer) error {
		names, _ := filepath.Glob(filepath.Join(dir, ".model.*"))
		if len(names) != 1 {
			t.Fatalf("want one temporary file, got %v", names)
		}
		return os.Link(names[0], filepath.Join(dir, ".model.7"+suffix)) // that stays
	}); err != nil {
		t.Fatal(err)
	}
	others := []string{".film.mkv.part", ".hidden", ".model.part", ".model.safe.8.part", ".other.9.part", "model.1.part"}
	for _, name := range others {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := Clean(dir, "model", "best"); err != nil {
		t.Fatal(err)
	}
	left, _ := os.ReadDir(dir)
	var names []string
	for _, e := range left {
		names = append(names, e.Name())
	}
	if want := append(slices.Clone(others[:5]), "model", "model.1.part"); !slices.Equal(names, want) {
		t.Errorf("left are %v, want %v", names, want)
	}
	if err := Clean(path); err == nil {
		t.Error("a file was cleaned as a folder")
	}
}
