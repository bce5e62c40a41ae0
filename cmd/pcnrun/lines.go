package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	maxLineBytes = 4 << 20 // of a line of numbers
	chunkBytes   = 64 << 10
)

// errPause is the error of a line that did not come in time.
var errPause = errors.New("no line yet")

// lines cuts what a reader gives into lines, and does not wait for ever where
// reading does.
type lines struct {
	ctx     context.Context
	chunks  chan chunk
	spent   chan []byte // buffers to read into again
	chunk   chunk
	rest    []byte // of the chunk
	partial []byte // a line that earlier chunks began
	number  int    // of the line, from 1
}

type chunk struct {
	bytes []byte
	err   error // after the bytes
}

// newLines begins to read r, until it ends or ctx does.
func newLines(ctx context.Context, r io.Reader) *lines {
	l := &lines{ctx: ctx, chunks: make(chan chunk), spent: make(chan []byte, 2)}
	for range cap(l.spent) {
		l.spent <- make([]byte, chunkBytes)
	}
	go func() { // a read may never return
		for err := error(nil); err == nil; {
			var buffer []byte
			select {
			case buffer = <-l.spent:
			case <-ctx.Done():
				return
			}
			var n int
			n, err = r.Read(buffer)
			select {
			case l.chunks <- chunk{buffer[:n], err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return l
}

// next returns the next line, without its end, which holds until the next call.
// It returns errPause when no line is there and late has come, io.EOF after the
// last line, and what reading failed with.
func (l *lines) next(late <-chan time.Time) ([]byte, error) {
	for {
		if i := bytes.IndexByte(l.rest, '\n'); i >= 0 {
			line := l.rest[:i]
			l.rest = l.rest[i+1:]
			return l.line(line)
		}
		if len(l.partial)+len(l.rest) > maxLineBytes {
			return l.line(l.rest)
		}
		l.partial = append(l.partial, l.rest...)
		l.rest = nil
		if err := l.chunk.err; err != nil {
			if len(l.partial) > 0 {
				return l.line(nil)
			}
			if err != io.EOF {
				l.number++
			}
			return nil, err
		}
		if err := l.read(late); err != nil {
			return nil, err
		}
	}
}

// line ends the line that partial began.
func (l *lines) line(end []byte) ([]byte, error) {
	l.number++
	if len(l.partial)+len(end) > maxLineBytes {
		return nil, fmt.Errorf("longer than %d bytes", maxLineBytes)
	}
	if len(l.partial) == 0 {
		return end, nil
	}
	line := append(l.partial, end...)
	l.partial = line[:0]
	return line, nil
}

// read takes the next chunk. One that is there comes before late.
func (l *lines) read(late <-chan time.Time) error {
	if buffer := l.chunk.bytes; buffer != nil {
		l.chunk.bytes = nil
		l.spent <- buffer[:cap(buffer)]
	}
	select {
	case l.chunk = <-l.chunks:
	default:
		select {
		case l.chunk = <-l.chunks:
		case <-late:
			return errPause
		case <-l.ctx.Done():
			return context.Cause(l.ctx)
		}
	}
	l.rest = l.chunk.bytes
	return nil
}
