package learn

import (
	"fmt"
	"io"

	"github.com/schollz/progressbar/v3"

	"example.com/pcn/cmd/pcnrun/internal/cli"
	"example.com/pcn/internal/terminal"
	"example.com/pcn/model"
	"example.com/pcn/train"
)

// progress shows how training goes: a bar within the epoch where the standard
// error is a terminal, a line for each epoch, and a warning when latents or
// weights diverge.
type progress struct {
	app       *cli.App
	lines     io.Writer
	learner   string
	unguarded bool
	bar       *progressbar.ProgressBar
	warned    bool
}

// event is told of each batch and each epoch.
func (p *progress) event(e train.Event) {
	if e.Done != nil {
		p.clear()
		fmt.Fprintln(p.lines, e)
		return
	}
	if e.Step.Status == model.Diverged && !p.warned {
		p.warned = true
		p.clear()
		p.app.Warn("%s diverged at epoch %d, batch %d, at %s: %s", p.learner, e.Epoch, e.Batch, e.Step.Nodes.Of(e.Step.Node), p.remedy(e.Step.Steps > 0))
	}
	if !e.Step.Finite() {
		p.clear()
		p.app.Warn("training ends at epoch %d, batch %d: the energy is no longer a number", e.Epoch, e.Batch)
	}
	if p.bar == nil {
		p.bar = p.newBar(e)
	}
	p.bar.Set(e.Batch)
}

func (p *progress) newBar(e train.Event) *progressbar.ProgressBar {
	return terminal.NewBar(p.app.Stderr, int64(e.Batches), fmt.Sprintf("%s epoch %d/%d", p.learner, e.Epoch, e.Epochs), p.app.Bars(), progressbar.OptionShowCount())
}

// clear takes the bar away, so that a line can be printed.
func (p *progress) clear() {
	if p.bar != nil {
		p.bar.Clear()
		p.bar = nil
	}
}

// remedy says what to do against a divergence, where latents settle or do not.
func (p *progress) remedy(settles bool) string {
	switch {
	case !settles:
		return "lower --rate"
	case p.unguarded:
		return "the inference rate is too large for the weights and has no guard; give --unguarded=false, or lower --inference-rate"
	}
	return "lower --inference-rate or --rate"
}
