package tensorfile

import (
	"os"
	"path/filepath"
	"testing"
)

// TestReadFile reads no further than the beginning where that is none of a model's: not
// a terabyte of zeros.
func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	for _, text := range []string{"", "PK", "\x02\x00\x00\x00", "\x00\x00\x00\x00\x00\x00\x00\x00", "\x89HDF\r\n\x1a\n"} {
		must(t, os.WriteFile(path, []byte(text), 0o666))
		if len(text) == 8 {
			must(t, os.Truncate(path, 1<<40))
		}
		data, err := ReadFile(path)
		must(t, err)
		if string(data) != text {
			t.Errorf("%q: got %d bytes", text, len(data))
		}
		if _, _, err := Read(data); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}
