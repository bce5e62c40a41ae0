//go:build unix

package atomicfile

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestMode: new files obey the umask, and those in place of others have their mode.
func TestMode(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	for umask, want := range map[int]fs.FileMode{0o077: 0o600, 0o022: 0o644, 0o002: 0o664, 0: 0o666} {
		syscall.Umask(umask)
		path := filepath.Join(t.TempDir(), "model")
		for range 2 {
			if err := Write(path, func(w io.Writer) error { _, err := io.WriteString(w, "x"); return err }); err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if got := info.Mode().Perm(); got != want {
				t.Errorf("umask %03o: mode %v, want %v", umask, got, want)
			}
			want = 0o640 // which the file gets now, and keeps
			if err := os.Chmod(path, want); err != nil {
				t.Fatal(err)
			}
		}
	}
}
