package learn

import (
	"fmt"
	"io"
	"time"

	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/terminal"
	"example.com/pcn/model"
	"example.com/pcn/train"
)

// progress shows how training goes: a bar where the standard error is a terminal, a line
// for about ten epochs and at least one a minute, or when verbose for each epoch, with how
// latents settled, and a warning when latents or weights diverge.
type progress struct {
	app       *cli.App
	lines     io.Writer
	learner   string
	unguarded bool
	bar       *terminal.Bar
	warned    bool
	said      time.Time // the last line
}

// event is told of each batch and each epoch.
func (p *progress) event(e train.Event) {
	if e.Done != nil {
		if p.app.Verbose {
			fmt.Fprintf(p.lines, "%v  %s\n", e, e.Done.Settling())
		} else if e.Told() || time.Since(p.said) > time.Minute {
			p.said = time.Now()
			p.bar.Clear()
			fmt.Fprintln(p.lines, e)
		}
		return
	}
	if e.Step.Status == model.Diverged && !p.warned {
		p.warned = true
		p.bar.Clear()
		p.app.Warn("%s diverged at epoch %d, batch %d, at %s: %s", p.learner, e.Epoch, e.Batch, e.Step.Nodes.Of(e.Step.Node), p.remedy(e.Step.Steps > 0))
	}
	if !e.Step.Finite() {
		p.bar.Clear()
		p.app.Warn("training ends at epoch %d, batch %d: the energy is no longer a number", e.Epoch, e.Batch)
	}
	p.bar.Set(fmt.Sprintf("%s epoch %d/%d", p.learner, e.Epoch, e.Epochs), int64((e.Epoch-1)*e.Batches+e.Batch), int64(e.Epochs*e.Batches))
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
