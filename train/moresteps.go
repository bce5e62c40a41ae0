package train

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/plural"
	"example.com/pcn/model"
	"example.com/pcn/train/data"
	"example.com/pcn/train/rule"
)

// Twice the steps are tried on this many examples where it is updates that are compared. Two are
// alike whose cosine is at least sameUpdate: of digits, six epochs along the gradient, seeds 1
// and 2, networks of three and of six nodes between had within a point of their best accuracy
// from 0.92 on, also with 6 % of the energy's fall made, and 3 to 20 points less up to 0.33.
const (
	comparedRows = 256
	sameUpdate   = 0.9
)

// MoreSteps says in a sentence what twice the steps of settling would change, on a set that was
// not learned from; it is empty where that is nothing, or nothing settles. Where predicting
// settles that is the score, by more than its standard error, and where it is a pass through the
// weights, what they learn: the update of a batch at some nodes.
func (p *PCN) MoreSteps(ctx context.Context, set *data.Set) (string, error) {
	if p.inference.Steps == 0 || set == nil || set.Len() == 0 || set.Steps() > 1 {
		return "", nil
	}
	n := p.lesson.Network
	twice := *p
	twice.inference.Steps *= 2
	some, err := Examples(n, set, upTo(min(set.Len(), comparedRows))...)
	if err != nil {
		return "", err
	}
	_, settled, err := n.Predict(ctx, some.Inputs, p.inference)
	if err != nil {
		return "", err
	}
	if settled.Steps > 0 {
		was, err := Evaluate(ctx, p, set)
		if err != nil {
			return "", err
		}
		is, err := Evaluate(ctx, &twice, set)
		if err != nil || !was.differs(is, set.TargetSize()) {
			return "", err
		}
		return fmt.Sprintf("latents have not settled after %s: with %d the same weights have %s in place of %s on the validation part",
			plural.Of(p.inference.Steps, "step"), twice.inference.Steps, is.text(), was.text()), nil
	}
	var updates []*model.Update
	for _, of := range []*PCN{p, &twice} {
		u := n.NewUpdate()
		l := rule.Lesson{Network: n, Inputs: some.Inputs, Targets: some.Targets, Clamps: n.Clamp(some.Inputs, some.Targets), Inference: of.inference}
		l.Move = func(move *model.Update) error {
			for i, d := range move.Directions() {
				dense.Copy(u.Directions()[i], d)
			}
			return nil
		}
		if r, err := p.rule.Learn(ctx, &l); err != nil || !r.Finite() {
			return "", err
		}
		updates = append(updates, u)
	}
	var others []string
	for i, like := range Compare(n, updates[0], updates[1]) {
		if of := n.Spec().Predictions[i].Of; !(like.Cosine >= sameUpdate) && like.Apart > 0 && !slices.Contains(others, of) { // NaN, of an update that is none
			others = append(others, of)
		}
	}
	if len(others) == 0 {
		return "", nil
	}
	return fmt.Sprintf("what predicts %s learns something else after %s of settling than after %d", strings.Join(others, ", "), plural.Of(p.inference.Steps, "step"), twice.inference.Steps), nil
}

// differs reports whether another score of the same examples, of that many targets each, is more
// than a standard error away.
func (s Score) differs(is Score, targets int) bool {
	n := float64(s.Examples)
	if s.Classes > 0 {
		return math.Abs(is.Accuracy-s.Accuracy) > math.Sqrt(s.Accuracy*(1-s.Accuracy)/n)
	}
	return math.Abs(is.MSE-s.MSE) > s.MSE*math.Sqrt(2/(n*float64(targets))) // of errors that are normal
}
