// Package bounded reads what a foreign file promises, in memory that grows with
// what arrives.
package bounded

import (
	"fmt"
	"io"
)

const (
	// FirstChunk is what is read before anything is believed.
	FirstChunk = 64 << 10

	// Believable is the size up to which is allocated at once what is promised,
	// when the first chunk was there. MNIST has 47 MB.
	Believable = 64 << 20
)

// Read reads the size bytes of r, which must end there.
func Read(r io.Reader, size int) ([]byte, error) {
	data := make([]byte, min(size, FirstChunk))
	have := 0
	for {
		n, err := io.ReadFull(r, data[have:])
		have += n
		if err != nil {
			return nil, fmt.Errorf("data: must have %d bytes: %w after %d", size, Early(err), have)
		}
		if have == size {
			break
		}
		grown := min(size, 2*have)
		if size <= Believable {
			grown = size
		}
		data = append(make([]byte, 0, grown), data...)[:grown]
	}
	switch n, err := io.ReadFull(r, make([]byte, 1)); {
	case n > 0:
		return nil, fmt.Errorf("data: must have %d bytes, got more", size)
	case err != io.EOF:
		return nil, fmt.Errorf("data: must end after %d bytes: %w", size, err)
	}
	return data, nil
}

// Early turns the end of a file into an unexpected one.
func Early(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
