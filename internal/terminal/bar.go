package terminal

import (
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// Bar shows on W, where that is a terminal, how much is done. It comes with the first Set.
type Bar struct {
	W      io.Writer
	Hidden bool
	Bytes  bool // are what is counted

	bar         *progressbar.ProgressBar
	done, total int64
}

// Set says that so much of a total is done of what text names: a spinner shows it where the
// total is 0 or less, which is not known.
func (b *Bar) Set(text string, done, total int64) {
	if b.bar == nil || total != b.total || done < b.done { // it begins anew
		b.Clear()
		options := []progressbar.Option{
			progressbar.OptionSetWriter(Raw(b.W)),
			progressbar.OptionSetVisibility(!b.Hidden && IsTerminal(b.W)),
			progressbar.OptionSetWidth(30),
			progressbar.OptionThrottle(100 * time.Millisecond),
			progressbar.OptionClearOnFinish(),
			progressbar.OptionShowBytes(b.Bytes),
		}
		if b.total = total; total <= 0 {
			total = -1
		}
		b.bar = progressbar.NewOptions64(total, options...)
	}
	b.done = done
	b.bar.Describe(text)
	b.bar.Set64(done)
}

// Clear takes it away, so that a line can be printed.
func (b *Bar) Clear() {
	if b.bar != nil {
		b.bar.Clear()
	}
}
