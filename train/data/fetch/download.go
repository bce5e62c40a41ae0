package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"
)

// errStalled is the cause of a request's end when no byte came in time.
var errStalled = errors.New("stalled")

// maxPacked bounds the bytes of a file as gzip packs it: it never gets much longer
// than what it holds.
func (f File) maxPacked() int64 { return f.Size + f.Size/256 + 4096 }

// download brings a file, which may be packed, from a URL to path and checks it. No more is read than
// the file can have.
func (g *getter) download(ctx context.Context, f File, u, path string, packed bool) error {
	stalling, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(g.Stall, func() { cancel(fmt.Errorf("%w: no byte for %v", errStalled, g.Stall)) })
	defer timer.Stop()
	req, err := http.NewRequestWithContext(stalling, http.MethodGet, u, nil)
	if err != nil {
		return err
	}
	resp, err := g.Client.Do(req)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err // without the URL, which the caller adds
		}
		return causeOr(stalling, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %s", resp.Status)
	}
	if most := f.maxPacked(); resp.ContentLength > most {
		return fmt.Errorf("must have at most %d bytes, got a promise of %d", most, resp.ContentLength)
	}
	event := Event{File: f.Name, URL: u, Total: max(resp.ContentLength, 0)}
	body := &watched{r: resp.Body, timer: timer, stall: g.Stall, read: func(n int) {
		event.Done += int64(n)
		g.Event(event)
	}}
	if err := f.write(path, body); err != nil {
		return causeOr(stalling, err)
	}
	return f.verify(path, packed)
}

// write writes the bytes of r to path, but no more than the file can have.
func (f File) write(path string, r io.Reader) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if closed := file.Close(); err == nil {
			err = closed
		}
	}()
	most := f.maxPacked()
	n, err := io.Copy(file, io.LimitReader(r, most+1))
	if n > most {
		return fmt.Errorf("must have at most %d bytes, got more", most)
	}
	if err != nil {
		return fmt.Errorf("%w after %d bytes", err, n)
	}
	return file.Sync()
}

// watched is a body that puts off its request's end as long as bytes come.
type watched struct {
	r     io.Reader
	timer *time.Timer
	stall time.Duration
	read  func(n int)
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.r.Read(b)
	if n > 0 {
		w.timer.Reset(w.stall)
		w.read(n)
	}
	return n, err
}

// causeOr returns why ctx ended or, if it did not, err.
func causeOr(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
