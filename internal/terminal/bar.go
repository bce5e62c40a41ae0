package terminal

import (
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// NewBar returns a bar on w that shows how much of total is done, a spinner where total is
// negative, and nothing where it is not visible or w is no terminal.
func NewBar(w io.Writer, total int64, text string, visible bool, options ...progressbar.Option) *progressbar.ProgressBar {
	return progressbar.NewOptions64(total, append([]progressbar.Option{
		progressbar.OptionSetWriter(Raw(w)),
		progressbar.OptionSetVisibility(visible && IsTerminal(w)),
		progressbar.OptionSetDescription(text),
		progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(100 * time.Millisecond),
		progressbar.OptionClearOnFinish(),
	}, options...)...)
}
