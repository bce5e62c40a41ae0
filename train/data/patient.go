package data

import (
	"context"
	"io"
	"time"
)

// patient reads ahead, in a goroutine of its own since a read may never return, and
// calls pause when nothing has come until a certain time.
type patient struct {
	ctx    context.Context
	chunks chan chunk
	spent  chan []byte // buffers to read into again
	chunk  chunk
	rest   []byte    // of the chunk
	until  time.Time // when to pause; the zero time for never
	pause  func()
}

type chunk struct {
	bytes []byte
	err   error // after the bytes
}

// newPatient begins to read r, until it ends or ctx does.
func newPatient(ctx context.Context, r io.Reader) *patient {
	p := &patient{ctx: ctx, chunks: make(chan chunk), spent: make(chan []byte, 2)}
	for range cap(p.spent) {
		p.spent <- make([]byte, textBuffer)
	}
	go func() {
		for err := error(nil); err == nil; {
			var buffer []byte
			select {
			case buffer = <-p.spent:
			case <-ctx.Done():
				return
			}
			var n int
			n, err = r.Read(buffer)
			select {
			case p.chunks <- chunk{buffer[:n], err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return p
}

func (p *patient) Read(b []byte) (int, error) {
	for len(p.rest) == 0 {
		if p.chunk.err != nil {
			return 0, p.chunk.err
		}
		if err := p.receive(); err != nil {
			return 0, err
		}
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// receive takes the next chunk. One that is there comes before a pause.
func (p *patient) receive() error {
	if buffer := p.chunk.bytes; buffer != nil {
		p.chunk.bytes = nil
		p.spent <- buffer[:cap(buffer)]
	}
	select {
	case p.chunk = <-p.chunks:
		p.rest = p.chunk.bytes
		return nil
	default:
	}
	var late <-chan time.Time
	if !p.until.IsZero() {
		timer := time.NewTimer(time.Until(p.until))
		defer timer.Stop()
		late = timer.C
	}
	for {
		select {
		case p.chunk = <-p.chunks:
			p.rest = p.chunk.bytes
			return nil
		case <-late:
			p.until, late = time.Time{}, nil
			p.pause()
		case <-p.ctx.Done():
			return context.Cause(p.ctx)
		}
	}
}
