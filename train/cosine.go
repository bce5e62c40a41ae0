package train

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/model"
	"example.com/pcn/train/rule"
)

// Cosines returns for each prediction the cosine between the Hebbian update of the settled
// batch r, weights and biases together, and backprop's
// direction for the same batch at the same weights: see [model.Network.Backprop]. It is NaN where
// one of them is 0. It is an error when n is not discriminative, for a perceptron
// has no other direction.
//
// At rest the two agree as the errors at the hidden nodes become small beside
// their latents: with a low precision at the bottom, or targets that are near to
// the predictions (Whittington and Bogacz 2017, §2.5). So they do on the way there,
// from a top-down start at a small inference rate, in a layer that an error has
// reached (Song and others 2020; Millidge, Tschantz and Buckley 2022).
func Cosines(n *model.Network, r *model.Result, batch Batch) ([]float64, error) {
	if err := made(n); err != nil {
		return nil, err
	}
	if err := n.Config().Backpropagates(); err != nil {
		return nil, fmt.Errorf("train: backprop: %w", err)
	}
	update := n.NewUpdate()
	if err := n.Hebbian(r, update); err != nil {
		return nil, err
	}
	of := r.Errors[0].Shape()[0] // r is of the network's buffers, and backprop takes them
	if err := batch.fits(n); err != nil {
		return nil, err
	}
	down, err := backpropUpdate(context.Background(), &rule.Lesson{Network: n, Clamps: n.Clamp(batch.Inputs, batch.Targets)})
	if err != nil {
		return nil, err
	}
	if rows := batch.Inputs.Shape()[0]; of != rows {
		return nil, fmt.Errorf("train: cosines: the result must be of the batch's %d examples, got %d", rows, of)
	}
	cosines := make([]float64, n.Predictions())
	for i, like := range Compare(n, update, down) {
		cosines[i] = like.Cosine
	}
	return cosines, nil
}

// backpropUpdate returns backpropagation's update of a lesson's batch.
func backpropUpdate(ctx context.Context, l *rule.Lesson) (*model.Update, error) {
	r, err := l.Network.Backprop(ctx, l.Clamps)
	if err != nil {
		return nil, err
	}
	u := l.Network.NewUpdate()
	return u, l.Hebbian(r, u)
}

// Likeness is how one update of the weights and biases of a prediction compares with another.
type Likeness struct {
	Cosine float64 // of the angle between them; NaN where one of them is 0
	Size   float64 // the length of the first over that of the other
	Apart  float64 // the length of their difference over that of the other; 0 where both are the same
}

// Compare returns for each prediction of n how an update compares with another one.
func Compare(n *model.Network, update, other *model.Update) []Likeness {
	likes := make([]Likeness, n.Predictions())
	dot, xx, yy, apart := make([]float64, len(likes)), make([]float64, len(likes)), make([]float64, len(likes)), make([]float64, len(likes))
	for j, p := range n.Named() {
		i, x, y := p.Prediction, update.Directions()[j], other.Directions()[j]
		dot[i] += dense.Dot(x, y)
		xx[i] += dense.Dot(x, x)
		yy[i] += dense.Dot(y, y)
		between := x.Clone().(*tensor.Dense)
		dense.AddScaled(between, -1, y)
		apart[i] += dense.Dot(between, between)
	}
	for i := range likes {
		likes[i] = Likeness{
			Cosine: dot[i] / math.Sqrt(xx[i]*yy[i]),
			Size:   math.Sqrt(xx[i] / yy[i]),
		}
		if apart[i] > 0 {
			likes[i].Apart = math.Sqrt(apart[i] / yy[i])
		}
	}
	return likes
}

// nodeCosines returns the cosines by node, of a network that predicts each node once at
// most; 0 where nothing is predicted, or one of the updates is 0.
func nodeCosines(n *model.Network, update, down *model.Update) []float64 {
	byNode := make([]float64, len(n.Nodes()))
	of := Compare(n, update, down)
	for i, p := range n.Spec().Predictions {
		if !math.IsNaN(of[i].Cosine) {
			byNode[slices.Index(n.Nodes(), p.Of)] = of[i].Cosine
		}
	}
	return byNode
}
