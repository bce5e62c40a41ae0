package data

import (
	"context"
	"fmt"
	"io"
	"time"
)

const (
	// rowsAtOnce bounds a batch of rows.
	rowsAtOnce = 256
	// rowPatience is how long a row waits for others to be used with it, when no
	// more are there to read.
	rowPatience = 50 * time.Millisecond
)

// Rows reads rows from a file or a pipe for as long as there are any, and to the
// same numbers as [Read] does. Its memory is bounded by the longest row and a few
// batches, however many there are.
type Rows struct {
	name   string
	source io.Reader
	images []string // files of images, in place of source
	labels []int    // of images, where they have classes
	opts   RowOptions
	reader *rowReader // once it has begun
	close  func() error
}

// NewRows returns the rows of r, plain text or packed by gzip: CSV, or JSON arrays
// or objects. name is the file's in errors, and its extension may say the format.
func NewRows(r io.Reader, name string, o RowOptions) *Rows {
	return &Rows{name: name, source: r, opts: o}
}

// Name returns the name of the file.
func (r *Rows) Name() string { return r.name }

// Named reports whether inputs were told by the names of their columns, or a table gives
// these. Like Format it is known from the first batch on.
func (r *Rows) Named() bool { return r.reader != nil && r.reader.inputs != nil }

// Format returns the format of the rows, one of [Formats].
func (r *Rows) Format() string {
	if r.reader == nil {
		return r.opts.Format
	}
	return r.reader.Format
}

// Each calls use with batches of all rows until one fails or ctx is cancelled, and
// returns how many rows there were; none at all is an error. The rows before a bad
// one are used. A batch, which holds until use returns, has as many rows as are
// there to read, up to a few hundred: where they come slowly, few. Reading and
// parsing goes on beside use.
func (r *Rows) Each(ctx context.Context, use func(*Batch) error) (int, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	batches, spent := make(chan *Batch), make(chan *Batch, 1)
	ended := make(chan error, 1)
	go func() { ended <- r.read(ctx, batches, spent) }()
	n := 0
	for {
		select {
		case b := <-batches:
			if err := use(b); err != nil {
				return n, err
			}
			n += b.N
			select {
			case spent <- b:
			default:
			}
		case err := <-ended:
			switch {
			case ctx.Err() != nil:
				return n, context.Cause(ctx)
			case err == io.EOF && n == 0:
				return n, fmt.Errorf("data: %s: must have rows of numbers, got none", r.name)
			case err != io.EOF:
				return n, fmt.Errorf("data: %s: %w", r.name, err)
			}
			return n, nil
		case <-ctx.Done():
			return n, context.Cause(ctx)
		}
	}
}

// read sends all rows, and returns the error that ended them. It takes batches that
// are spent again.
func (r *Rows) read(ctx context.Context, batches chan<- *Batch, spent <-chan *Batch) error {
	b := new(Batch) // which next fills while a pause may empty it
	send := func() {
		if b.N == 0 {
			return
		}
		full := *b
		select {
		case batches <- &full:
		case <-ctx.Done():
			return
		}
		*b = Batch{}
		select {
		case old := <-spent:
			*b = Batch{Rows: old.Rows[:0], Inputs: old.Inputs[:0], Targets: old.Targets[:0], Labels: old.Labels[:0]}
		default:
		}
		b.First = full.First + full.N
	}
	if r.images != nil {
		return r.readImages(ctx, b, send)
	}
	p := newPatient(ctx, r.source)
	reader, err := newRowReader(p, r.name, r.opts)
	if err != nil {
		return err
	}
	r.reader = reader
	p.pause = send
	for ctx.Err() == nil {
		if err := reader.next(b); err != nil {
			p.until = time.Time{}
			send()
			return err
		}
		switch b.N {
		case 1:
			p.until = time.Now().Add(rowPatience)
		case rowsAtOnce:
			p.until = time.Time{}
			send()
		}
	}
	return ctx.Err()
}
