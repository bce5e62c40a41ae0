package data

import (
	"context"
	"io"
	"os"
)

// OpenRows returns the rows of a file or, where path is -, of stdin; of a folder or a file
// of images they are those of [NewImageRows]. A pipe opens once something writes to it,
// or ctx is cancelled. The rows are to be closed.
func OpenRows(ctx context.Context, path string, stdin io.Reader, o RowOptions) (*Rows, error) {
	if path == "-" {
		return NewRows(stdin, "standard input", o), nil
	}
	if AreImages(path) {
		return NewImageRows(path, o)
	}
	type result struct {
		file *os.File
		err  error
	}
	opened := make(chan result, 1)
	go func() {
		f, err := os.Open(path)
		opened <- result{f, err}
	}()
	select {
	case r := <-opened:
		if r.err != nil {
			return nil, r.err
		}
		rows := NewRows(r.file, path, o)
		rows.close = r.file.Close
		return rows, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Close closes the file that [OpenRows] has opened.
func (r *Rows) Close() error {
	if r.close == nil {
		return nil
	}
	return r.close()
}
