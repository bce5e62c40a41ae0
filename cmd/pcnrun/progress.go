package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/data"
)

// progress shows how training goes: a bar within the epoch where the standard
// error is a terminal, a line for each epoch, and a warning when latents or
// weights diverge.
type progress struct {
	app        *app
	lines      io.Writer
	learner    string
	unguarded  bool
	validation *data.Set
	bar        *progressbar.ProgressBar
	warned     bool
}

// event is told of each batch and each epoch.
func (p *progress) event(e train.Event) {
	if e.Done != nil {
		p.clear()
		fmt.Fprintln(p.lines, p.epochLine(e))
		return
	}
	if e.Step.Status == model.Diverged && !p.warned {
		p.warned = true
		p.clear()
		p.app.warn("%s diverged at epoch %d, batch %d, node %d: %s", p.learner, e.Epoch, e.Batch, e.Step.Node, p.remedy())
	}
	if !e.Step.Learned {
		p.clear()
		p.app.warn("training ends at epoch %d, batch %d: the energy is no longer a number", e.Epoch, e.Batch)
	}
	if p.bar == nil {
		p.bar = p.newBar(e)
	}
	p.bar.Set(e.Batch)
}

func (p *progress) newBar(e train.Event) *progressbar.ProgressBar {
	return progressbar.NewOptions(e.Batches,
		progressbar.OptionSetWriter(p.app.stderr),
		progressbar.OptionSetVisibility(isTerminal(p.app.stderr) && !p.app.quiet),
		progressbar.OptionSetDescription(fmt.Sprintf("%s epoch %d/%d", p.learner, e.Epoch, e.Epochs)),
		progressbar.OptionSetWidth(30),
		progressbar.OptionShowCount(),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish())
}

// clear takes the bar away, so that a line can be printed.
func (p *progress) clear() {
	if p.bar != nil {
		p.bar.Clear()
		p.bar = nil
	}
}

// remedy says what to do against a divergence.
func (p *progress) remedy() string {
	switch {
	case p.learner == mlpName:
		return "lower --rate"
	case p.unguarded:
		return "the inference rate is too large for the weights and has no guard; give --unguarded=false, or lower --inference-rate"
	}
	return "lower --inference-rate or --rate"
}

func (p *progress) epochLine(e train.Event) string {
	var line strings.Builder
	width := len(fmt.Sprint(e.Epochs))
	fmt.Fprintf(&line, "epoch %*d/%d  energy %-9.4g", width, e.Epoch, e.Epochs, e.Done.Energy)
	if s := e.Done.Validation; s != nil {
		fmt.Fprintf(&line, "  validation %s", scoreText(*s, p.validation))
	}
	if rate := e.Done.InferenceRate; rate > 0 && !math.IsInf(rate, 0) {
		fmt.Fprintf(&line, "  inference rate %.3g", rate)
	}
	if e.Done.Steps > 0 {
		fmt.Fprintf(&line, "  residual %.2g in %.3g steps", e.Done.Residual, e.Done.Steps)
	}
	if e.Done.ToLose != nil {
		fmt.Fprintf(&line, ", %s to lose", percent(*e.Done.ToLose))
	}
	fmt.Fprintf(&line, "  %.3g s", e.Done.Seconds)
	if e.Done.Diverged > 0 {
		fmt.Fprintf(&line, "  %d of %d batches diverged, the last at node %d", e.Done.Diverged, e.Done.Batches, e.Done.Node)
	}
	return line.String()
}
