package trained

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/internal/dense"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/data"
	"example.com/pcn/train/rule"
)

// Model is a network from a file, with its card.
type Model struct {
	Path    string
	Network *model.Network
	Card
	// Guessed says that neither the file nor who read it knows the scale of pixels.
	Guessed bool
}

// Open reads a model file with a card.
func Open(path string) (*Model, error) {
	n, err := model.Load(path, model.Config{})
	if err != nil {
		return nil, err
	}
	r, err := RecipeOf(n)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if r == nil {
		return nil, fmt.Errorf("%s: must have a recipe, got none", path)
	}
	return New(path, n, *r)
}

// RecipeOf returns the recipe on a network's card, nil where there is none.
func RecipeOf(n *model.Network) (*train.Recipe, error) {
	text := n.Metadata(RecipeKey)
	if text == "" {
		return nil, nil
	}
	r, err := train.ParseRecipe([]byte(text))
	if err == nil {
		err = r.Validate()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", RecipeKey, err)
	}
	r.Model = n.Config()
	return &r, nil
}

// New returns the model of a network that was read from a file and has that recipe. The
// rest of its card is the network's.
func New(path string, n *model.Network, r train.Recipe) (*Model, error) {
	m := &Model{Path: path, Network: n, Card: Card{Recipe: r}}
	if err := m.read(n); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// Load opens the model that a run with that recipe has left.
func Load(path string, r train.Recipe) (*Model, error) {
	n, err := model.Load(path, r.Model)
	if err != nil {
		return nil, err
	}
	return New(path, n, r)
}

// Classifies reports whether the targets are classes and not numbers to regress on.
func (m *Model) Classifies() bool {
	return !m.Recipe.Data.Regression() && m.Network.Size(m.Network.TargetNode()) > 1
}

// Probable reports whether the targets that the network predicts are the probabilities of
// its classes: where it learned by cross-entropy. Other targets only grow with how sure it is.
func (m *Model) Probable() bool {
	return m.Classifies() && m.Network.Form(m.Network.TargetNode()) == graph.CrossEntropy
}

// Learner returns what scores and examines the model.
func (m *Model) Learner() (*train.PCN, error) {
	var by rule.Rule // which says whether steps of sequences are taken in
	if m.Recipe.Model.Remembers() {
		var err error
		if by, err = rule.New(m.Recipe.Learning.Rule); err != nil {
			return nil, err
		}
	}
	return train.NewPCN(m.Network, by, m.Recipe.Inference, &train.SGD{})
}

// Prediction is what a model says of inputs.
type Prediction struct {
	Targets *tensor.Dense // (B, k), in their own units
	Classes []int         // (B); nil where there are none
	Settled *model.Result // nil where nothing did
}

// Predict returns the targets of inputs (B, d), as the network takes them.
func (m *Model) Predict(ctx context.Context, inputs *tensor.Dense) (p Prediction, err error) {
	if p.Targets, p.Settled, err = m.Network.Predict(ctx, inputs, m.Recipe.Inference); err != nil {
		return p, err
	}
	if err := Finite(p.Targets); err != nil {
		return p, err
	}
	if m.Classifies() {
		p.Classes = model.Argmax(p.Targets)
	}
	p.Targets, err = m.Targets.Undo(p.Targets)
	return p, err
}

// Generate returns raw inputs for targets (B, k), as the network takes them.
func (m *Model) Generate(ctx context.Context, targets *tensor.Dense, how model.Sampling) (*tensor.Dense, error) {
	inputs, err := m.Network.Sample(ctx, targets, how, m.Recipe.Inference)
	if err != nil {
		return nil, err
	}
	if err := Finite(inputs); err != nil {
		return nil, err
	}
	return m.Inputs.Undo(inputs)
}

// Thorough says how latents settle where it pays to reach rest: by Gauss-Seidel sweeps to a
// thousandth of the gradient, or by what the network allows in their place.
func (m *Model) Thorough() model.Inference {
	full, own := model.Inference{Method: model.GaussSeidel, Steps: 100, Tolerance: 1e-3}, m.Recipe.Inference
	n := m.Network
	if allowed := n.Config().Allowed(full.Method, n.Nodes()[n.InputNode()], n.Nodes()[n.TargetNode()]); allowed != full.Method {
		if full.Method = allowed; allowed == own.Method {
			full.Rate, full.NodeRates = own.Rate, own.NodeRates
		}
		full, _ = full.WithDefaults() // of right numbers
	}
	return full
}

// Tensor returns raw inputs, row after row, as the network takes them.
func (m *Model) Tensor(raw []float64) (*tensor.Dense, error) {
	return m.Inputs.Tensor(m.Network.Config().Dtype.Tensor(), raw, m.Network.Size(m.Network.InputNode()))
}

// Finite returns an error when a number of t is not finite, as after latents have
// diverged.
func Finite(t *tensor.Dense) error {
	for _, row := range model.Rows(t) {
		if slices.ContainsFunc(row, func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) }) {
			return errors.New("settling diverged: lower --inference-rate")
		}
	}
	return nil
}

// Shape returns the height, the width and the channels of inputs that are images: what the
// file says or, of a known dataset and of a file from elsewhere, a square; nil when they are
// none.
func (m *Model) Shape() []int {
	if m.Image.Shape != nil || m.Recipe.Data.Own() {
		return m.Image.Shape
	}
	channels := 1
	if strings.HasPrefix(m.Recipe.Data.Dataset, "cifar") {
		channels = 3
	}
	inputs := m.Network.Size(m.Network.InputNode())
	side := int(math.Sqrt(float64(inputs / channels)))
	if side*side*channels != inputs || side < 2 {
		return nil
	}
	return []int{side, side, channels}
}

// PixelRange returns the values of black and white in raw images: those of the dataset, or
// the least and the largest that there are.
func (m *Model) PixelRange(images [][]float64) (low, high float64) {
	switch d := m.Recipe.Data; {
	case m.Image.White > 0:
		return 0, m.Image.White
	case m.Network.Metadata(InputsKey) == "":
	case d.Dataset == "digits":
		return 0, 16
	case d.FromFiles():
		return 0, 255
	}
	low, high = math.Inf(1), math.Inf(-1)
	for _, image := range images {
		for _, x := range image {
			low, high = min(low, x), max(high, x)
		}
	}
	return low, max(high, low+1e-9)
}

// RowOptions says what rows of inputs of m hold. What m learned may stand beside them, and
// is not read.
func (m *Model) RowOptions() data.RowOptions {
	d := m.Recipe.Data
	o := data.RowOptions{Width: m.Network.Size(m.Network.InputNode()), Shape: m.Image.Shape, White: m.Image.White}
	if d.Size != (data.Size{}) {
		o.Form.Size = d.Size
	}
	if o.Table = m.Table; m.Table != nil { // else what it learned is an array's name
		o.Label, o.Targets = d.Label, d.Target
	}
	return o
}

// Foretell returns what predicts as m does, of a network that remembers, inputs that are one
// sequence: each from all before it and, where the next row is what is learned, by that row
// once it is there.
func (m *Model) Foretell() (func(context.Context, *tensor.Dense) (Prediction, error), error) {
	at, err := m.Recipe.Track(m.Network)
	if err != nil {
		return nil, err
	}
	var last *tensor.Dense // inputs that have not been taken in
	return func(ctx context.Context, inputs *tensor.Dense) (p Prediction, err error) {
		rows, k := inputs.Shape()[0], m.Network.Size(m.Network.TargetNode())
		p.Targets = tensor.New(tensor.Of(inputs.Dtype()), tensor.WithShape(rows, k))
		for i := range rows {
			row := tensor.New(tensor.Of(inputs.Dtype()), tensor.WithShape(1, inputs.Shape()[1]))
			dense.CopyRow(row, 0, inputs, i)
			if last != nil {
				seen := row
				if len(m.Recipe.Data.Target) > 0 {
					seen = nil // the targets are not in the rows
				}
				if _, err := at.Observe(ctx, last, seen); err != nil {
					return p, err
				}
			}
			predicted, err := at.Predict(ctx, row)
			if err == nil {
				err = Finite(predicted)
			}
			if err != nil {
				return p, err
			}
			dense.CopyRow(p.Targets, i, predicted, 0)
			last = row
		}
		p.Targets, err = m.Targets.Undo(p.Targets)
		return p, err
	}, nil
}
