package bounded

import (
	"fmt"
	"io"
	"io/fs"
	"os"
)

// regular returns an error where there is something at path that might block or never
// end: a pipe, a device.
func regular(path string) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return &fs.PathError{Op: "open", Path: path, Err: fmt.Errorf("must be a file, got a %s", kind(info.Mode()))}
	}
	return nil
}

// Open opens what is [regular].
func Open(path string) (*os.File, error) {
	if err := regular(path); err != nil {
		return nil, err
	}
	return os.Open(path)
}

// OpenSized is Open, and returns the size of the file too.
func OpenSized(path string) (*os.File, int64, error) {
	f, err := Open(path)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// ReadFile returns what a file holds that Open opens.
func ReadFile(path string) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

func kind(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "folder"
	case m&fs.ModeNamedPipe != 0:
		return "named pipe"
	case m&fs.ModeSocket != 0:
		return "socket"
	}
	return "device"
}

// Packed data may unpack to spare bytes, or to maxRatio bytes for each of its own:
// deflate can make 1032 of one, all the same.
const (
	spare    = 64 << 20
	maxRatio = 100
)

// Unpacked returns the most bytes that packed data of size bytes may unpack to.
func Unpacked(size int64) int64 { return max(spare, maxRatio*size) }

// Unpacking reads from r, which unpacks size bytes, and fails where there are more
// than Unpacked of them.
func Unpacking(r io.Reader, size int64) io.Reader { return &unpacking{r, Unpacked(size)} }

type unpacking struct {
	io.Reader
	left int64
}

func (u *unpacking) Read(p []byte) (int, error) {
	n, err := u.Reader.Read(p)
	if u.left -= int64(n); u.left < 0 {
		return 0, ErrTooLarge
	}
	return n, err
}

// ErrTooLarge says that data unpacks to more than Unpacked.
var ErrTooLarge = fmt.Errorf("must unpack to at most %d MiB, or %d times its size, got more: unpack it first if that is right", spare>>20, maxRatio)
