package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// errStalled is the cause of a request's end when no byte came in time.
var errStalled = errors.New("stalled")

// maxPacked bounds the bytes of a file as gzip packs it: it never gets much longer
// than what it holds.
func (f File) maxPacked() int64 { return f.Size + f.Size/256 + 4096 }

// attempt asks a URL for the file, or for the rest of it, and puts it in its
// place. What arrives before an error stays for the next attempt, unless it is
// wrong.
func (g *getter) attempt(ctx context.Context, p *part, u string) error {
	from := p.origin()
	have := p.size()
	if from.URL != u || have > p.file.maxPacked() {
		p.discard()
		have = 0
	}
	if have > 0 && p.file.verify(p.path(), true) == nil {
		return p.place() // all of it was here
	}

	stalling, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(g.Stall, func() { cancel(fmt.Errorf("%w: no byte for %v", errStalled, g.Stall)) })
	defer timer.Stop()
	req, err := http.NewRequestWithContext(stalling, http.MethodGet, u, nil)
	if err != nil {
		return err
	}
	if have > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
		if from.Validator != "" {
			req.Header.Set("If-Range", from.Validator)
		}
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
	switch {
	case resp.StatusCode == http.StatusOK:
		p.discard() // the whole file follows
		have = 0
		if err := p.begin(origin{URL: u, Validator: validator(resp.Header)}); err != nil {
			return err
		}
	case have > 0 && resp.StatusCode == http.StatusPartialContent:
		if got := resp.Header.Get("Content-Range"); !strings.HasPrefix(got, fmt.Sprintf("bytes %d-", have)) {
			p.discard()
			return fmt.Errorf("sends the range %.40q, expected one from byte %d", got, have)
		}
	case have > 0 && resp.StatusCode == http.StatusRequestedRangeNotSatisfiable:
		p.discard() // the mirror's file is no longer than that
		return fmt.Errorf("status %s", resp.Status)
	default:
		return fmt.Errorf("status %s", resp.Status)
	}
	total := int64(0)
	if resp.ContentLength >= 0 {
		total = have + resp.ContentLength
	}
	if most := p.file.maxPacked(); total > most {
		p.discard()
		return fmt.Errorf("promises %d bytes, expected at most %d", total, most)
	}
	body := &watched{r: resp.Body, timer: timer, stall: g.Stall, read: func(n int) {
		have += int64(n)
		g.Event(Event{File: p.file.Name, URL: u, Done: have, Total: total})
	}}
	if err := p.append(body, have); err != nil {
		return causeOr(stalling, err)
	}
	return p.place()
}

// append writes the bytes of r behind the have bytes that are here, but no more
// than the file can have.
func (p *part) append(r io.Reader, have int64) (err error) {
	f, err := os.OpenFile(p.path(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		return err
	}
	defer func() {
		if closed := f.Close(); err == nil {
			err = closed
		}
	}()
	most := p.file.maxPacked()
	n, err := io.Copy(f, io.LimitReader(r, most-have+1))
	if have+n > most {
		p.discard()
		return fmt.Errorf("sends more than %d bytes, expected at most as many", most)
	}
	if err != nil {
		return fmt.Errorf("%w after %d bytes", err, have+n)
	}
	return f.Sync()
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

// validator returns what identifies the state of a mirror's file for If-Range: a
// strong entity tag, or a date.
func validator(h http.Header) string {
	if tag := h.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		return tag
	}
	return h.Get("Last-Modified")
}
