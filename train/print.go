package train

import (
	"fmt"
	"io"
	"math"
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

// String is what became of the epoch, in a line without its number. The residual
// is left out where latents took one step, before which it is always 1.
func (e Epoch) String() string {
	var line strings.Builder
	line.WriteString(e.learned())
	if e.InferenceRate > 0 && !math.IsInf(e.InferenceRate, 0) {
		fmt.Fprintf(&line, "  inference rate %.3g", e.InferenceRate)
	}
	switch {
	case e.Steps == 1:
		line.WriteString("  1 step")
	case e.Steps > 0:
		fmt.Fprintf(&line, "  residual %.2g in %.3g steps", e.Residual, e.Steps)
	}
	if e.ToLose != nil {
		fmt.Fprintf(&line, ", %.3g %% to lose", 100**e.ToLose)
	}
	fmt.Fprintf(&line, "  %.3g s", e.Seconds)
	if e.Diverged > 0 {
		fmt.Fprintf(&line, "  %d of %d batches diverged, the last at %s", e.Diverged, e.Batches, e.Nodes.Of(e.Node))
	}
	return line.String()
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

// progressLines is about how many lines [Progress] prints.
const progressLines = 10

// Progress returns a callback for [Options] that prints to w how training goes:
// about ten short lines in all, the first and the last epoch among them, and one when
// settling first diverges or training ends for want of a finite energy. Its error is
// that of writing.
func Progress(w io.Writer) func(Event) error {
	warned := false
	return func(e Event) error {
		var text string
		if e.Done != nil {
			every := (e.Epochs + progressLines - 1) / progressLines
			if e.Epoch == 1 || e.Last || e.Epoch == e.Epochs || e.Epoch%every == 0 {
				text = fmt.Sprintf("%s  %s\n", e.epoch(), e.Done.learned())
			}
		} else {
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
