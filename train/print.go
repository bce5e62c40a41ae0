package train

import (
	"fmt"
	"io"
	"strings"

	"example.com/pcn/internal/plural"
	"example.com/pcn/model"
)

// String is the recipe in a line, with the defaults of what it leaves out.
func (r Recipe) String() string {
	inference, err := r.settling()
	if err != nil {
		inference = r.Inference
	}
	learning, err := r.Learning.WithDefaults()
	if err != nil {
		learning = r.Learning
	}
	shape := fmt.Sprintf("%v, layers %v", r.Model.Direction, r.Model.Layers)
	if r.Model.Network != "" {
		shape = r.Model.Network
	} else if !r.Model.Chain() {
		shape = fmt.Sprintf("nodes %s", strings.Join(r.Model.NodeNames(), ", "))
	}
	return fmt.Sprintf("%s %s, %s%d epochs, batches of %d, %s at rate %g",
		r.Data.Dataset, shape, learns(learning.Rule, inference), learning.Epochs, learning.Batch, r.optimizer(), learning.Rate)
}

// String is the network, its rule where that is not pc, how it settles, and what moves its
// weights, in a line.
func (p *PCN) String() string {
	return fmt.Sprintf("%v, %s%v", p.lesson.Network, learns(p.rule.String(), p.inference), p.optimizer)
}

// learns is a rule, where it is not pc, and how latents settle, where they do.
func learns(rule string, inf model.Inference) (text string) {
	if rule != "pc" {
		text = rule + ", "
	}
	if inf.Steps != 0 {
		text += settles(inf) + ", "
	}
	return text
}

func settles(inf model.Inference) string {
	return fmt.Sprintf("%v of %s", inf.Method, plural.Of(inf.Steps, "step"))
}

// String says how well how many examples are predicted: by the accuracy where
// there are classes, by the mean squared error otherwise.
func (s Score) String() string {
	return fmt.Sprintf("%s on %s", s.text(), plural.Of(s.Examples, "example"))
}

func (s Score) text() string {
	if s.Classes > 0 {
		return fmt.Sprintf("accuracy %.2f %%", 100*s.Accuracy)
	}
	return fmt.Sprintf("MSE %.4g", s.MSE)
}

// String is what one wants to know of the epoch, in a line without its number: what was
// learned, in what time, and whether settling diverged.
func (e Epoch) String() string {
	s := fmt.Sprintf("%s  %.3g s", e.learned(), e.Seconds)
	if e.Diverged > 0 {
		s += fmt.Sprintf("  %d of %d batches diverged, the last at %s", e.Diverged, e.Batches, e.Nodes.Of(e.Node))
	}
	return s
}

// Settling is how latents settled in the epoch, in a line; empty where none did. The
// residual is left out where latents took one step, before which it is always 1.
func (e Epoch) Settling() string {
	if e.Steps == 0 {
		return ""
	}
	s := fmt.Sprintf("settling: %.3g steps at rate %.3g, residual %.2g", e.Steps, e.InferenceRate, e.Residual)
	if e.Steps == 1 {
		s = fmt.Sprintf("settling: 1 step at rate %.3g", e.InferenceRate)
	}
	if e.Reached != nil {
		s += fmt.Sprintf(", %.3g %% of the fall to rest made", 100**e.Reached)
	}
	return s
}

// learned is the part of String about what is learned.
func (e Epoch) learned() string {
	s := fmt.Sprintf("energy %-9.4g", e.Energy)
	if e.Validation != nil {
		s += "  validation " + e.Validation.text()
	}
	return s
}

// String is how far training has come, in a line.
func (e Event) String() string {
	if e.Done != nil {
		return fmt.Sprintf("%s  %v", e.epoch(), *e.Done)
	}
	return fmt.Sprintf("%s  batch %d/%d  energy %.4g", e.epoch(), e.Batch, e.Batches, e.Step.Energy)
}

func (e Event) epoch() string {
	return fmt.Sprintf("epoch %*d/%d", len(fmt.Sprint(e.Epochs)), e.Epoch, e.Epochs)
}

// String sums up the run: how many epochs it took, what the last came to, and
// where settling first diverged.
func (h *History) String() string {
	if h == nil || len(h.Epochs) == 0 {
		return "no epochs"
	}
	last := h.Epochs[len(h.Epochs)-1]
	var s strings.Builder
	fmt.Fprintf(&s, "%s in %.3g s: energy %.4g to %.4g", plural.Of(len(h.Epochs), "epoch"), h.Seconds, h.Epochs[0].Energy, last.Energy)
	if last.Validation != nil {
		fmt.Fprintf(&s, ", validation %s", last.Validation.text())
	}
	for _, e := range h.Epochs {
		if e.Diverged > 0 {
			fmt.Fprintf(&s, ", diverged from epoch %d on", e.Epoch)
			break
		}
	}
	return s.String()
}

// fewLines is about how many epochs are told of.
const fewLines = 10

// Told reports whether the event is the end of one of about ten epochs, spread over the
// run, the first and the last among them: those worth a line where there are many.
func (e Event) Told() bool {
	every := (e.Epochs + fewLines - 1) / fewLines
	return e.Done != nil && (e.Epoch == 1 || e.Last || e.Epoch == e.Epochs || e.Epoch%every == 0)
}

// Progress returns a callback for [Options] that prints to w how training goes:
// about ten short lines in all, the first and the last epoch among them, and one when
// settling first diverges or training ends for want of a finite energy. Its error is
// that of writing.
func Progress(w io.Writer) func(Event) error {
	warned := false
	return func(e Event) error {
		var text string
		if e.Told() {
			text = fmt.Sprintf("%s  %s\n", e.epoch(), e.Done.learned())
		}
		if e.Done == nil {
			if e.Step.Status == model.Diverged && !warned {
				warned = true
				text = fmt.Sprintf("settling diverged at epoch %d, batch %d, at %s\n", e.Epoch, e.Batch, e.Step.Nodes.Of(e.Step.Node))
			}
			if !e.Step.Finite() {
				text += fmt.Sprintf("training ends at epoch %d, batch %d: the energy is no longer a number\n", e.Epoch, e.Batch)
			}
		}
		if text == "" {
			return nil
		}
		_, err := io.WriteString(w, text)
		return err
	}
}
