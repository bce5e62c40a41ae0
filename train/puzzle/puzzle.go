// Package puzzle asks networks to complete inputs of which they see a part, or all with
// noise, and scores what they make of it against baselines.
//
//	raw, err := puzzle.Raw(sets.Test)
//	hidden, err := puzzle.Mask("bottom", len(raw), 784, sets.Test.Shape, 1)
//	p, err := puzzle.New(raw, sets.Test.InputTransform(), hidden, 0, 1, net.Config().Dtype)
//	done, err := p.Solve(ctx, net, model.Recall{By: model.ByEnergy}, inf)
//	score, err := p.Score(ctx, net, sets.Train, done, sets.Test.Labels())
package puzzle

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"math/rand/v2"
	"slices"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/quoted"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/data"
	"example.com/pcn/train/report"
	"example.com/pcn/train/trained"
)

// Puzzle is a batch of inputs of which the network sees a part, or all with noise.
type Puzzle struct {
	Raw    [][]float64    // in the units of the data; NaN where it is not known
	Truth  [][]float64    // the same in the units of the network
	Hidden Hidden         // what the network does not see
	Seen   model.Clamp    // what it sees
	Units  data.Transform // from raw to the network's
	Sigma  float64        // standard deviation of the noise on what it sees, in raw units

	dtype model.Dtype
}

// streamNoise is the random stream of noise on inputs.
const streamNoise = 302

// New returns the puzzle of raw inputs. Noise of standard deviation sigma, in their units,
// is drawn from seed.
func New(raw [][]float64, units data.Transform, h Hidden, sigma float64, seed uint64, d model.Dtype) (*Puzzle, error) {
	if len(raw) == 0 {
		return nil, errors.New("puzzle: raw: must be some rows, got none")
	}
	units.Fill = nil // what is missing is to be completed
	p := &Puzzle{Raw: raw, Hidden: h, Units: units, Sigma: sigma, dtype: d}
	clean, err := p.tensor(func(i, j int) float64 { return raw[i][j] })
	if err != nil {
		return nil, err
	}
	p.Truth = model.Rows(clean)
	rng := rand.New(rand.NewPCG(seed, streamNoise))
	given, err := p.tensor(func(i, j int) float64 {
		switch {
		case h.At(i, j):
			return 0
		case sigma == 0:
			return raw[i][j]
		}
		return raw[i][j] + sigma*rng.NormFloat64()
	})
	if err == nil {
		p.Seen = model.Hide(given, h.At)
	}
	return p, err
}

// tensor returns raw numbers as the network takes them.
func (p *Puzzle) tensor(at func(i, j int) float64) (*tensor.Dense, error) {
	n, width := len(p.Raw), len(p.Raw[0])
	numbers := make([]float64, 0, n*width)
	for i := range n {
		for j := range width {
			numbers = append(numbers, at(i, j))
		}
	}
	return p.Units.Tensor(p.dtype.Tensor(), numbers, width)
}

// Raw returns the raw inputs of a set.
func Raw(set *data.Set) ([][]float64, error) {
	if set.Steps() > 1 {
		return nil, fmt.Errorf("%s: must have single examples, to be filled in, got sequences of %d steps", set.Name, set.Steps())
	}
	all := make([]int, set.Len())
	for i := range all {
		all[i] = i
	}
	t := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(set.Len(), set.InputSize()))
	err := set.WithTransforms(data.Transform{}, set.TargetTransform()).Gather(all, t, nil)
	return model.Rows(t), err
}

// Given reports whether unit j of row i stays as it was given: what is not hidden, where
// there is no noise to take off.
func (p *Puzzle) Given(i, j int) bool { return p.Sigma == 0 && !p.Hidden.At(i, j) }

// Solve lets n complete the puzzle.
func (p *Puzzle) Solve(ctx context.Context, n *model.Network, how model.Recall, inf model.Inference) (*model.Completion, error) {
	done, err := n.Complete(ctx, p.Seen, how, inf)
	if err != nil {
		return nil, err
	}
	return done, trained.Finite(done.Inputs)
}

// filled returns what was made of the inputs: the completion or, where there was noise, what
// the network predicts in their place.
func (p *Puzzle) filled(done *model.Completion) *tensor.Dense {
	if p.Sigma > 0 {
		return done.Predictions
	}
	return done.Inputs
}

// mostFitted is the most examples on which a temperature is fitted.
const mostFitted = 1000

// Recall says how m is to find the target: of classes by energy, at the temperature that fits
// the examples apart from the test part, where they have classes.
func (p *Puzzle) Recall(ctx context.Context, m *trained.Model, sets train.Sets, inf model.Inference) (how model.Recall, err error) {
	if !m.Classifies() {
		return how, nil
	}
	how.By = model.ByEnergy
	if set := sets.Apart(); set != nil && set.Classes > 0 {
		how.Temperature, err = p.Temperature(ctx, m.Network, set, m.Recipe.Data.Seed+1, inf)
	}
	return how, err
}

// Temperature returns that at which the classes of the examples of a set, with the same
// units hidden and as much noise, drawn from seed, are most probable by energy.
func (p *Puzzle) Temperature(ctx context.Context, n *model.Network, set *data.Set, seed uint64, inf model.Inference) (float64, error) {
	set = set.Limit(mostFitted)
	raw, err := Raw(set)
	if err != nil {
		return 0, err
	}
	h := make(Hidden, len(raw))
	for i := range h {
		h[i] = p.Hidden[i%len(p.Hidden)]
	}
	q, err := New(raw, set.InputTransform(), h, p.Sigma, seed, p.dtype)
	if err != nil {
		return 0, err
	}
	done, err := q.Solve(ctx, n, model.Recall{By: model.ByEnergy}, inf)
	if err != nil {
		return 0, err
	}
	return model.Temperature(done.Energies, set.Labels())
}

// WriteCSV writes raw inputs as CSV, (N, d): what is filled in, and of what was given what
// was given, below a header where inputs have names.
func (p *Puzzle) WriteCSV(w io.Writer, names []string, filled *tensor.Dense) error {
	out := bufio.NewWriter(w)
	if names != nil {
		fmt.Fprintln(out, quoted.CSV(names...))
	}
	var line []byte
	for i, row := range model.Rows(filled) {
		line = line[:0]
		for j := range row {
			if j > 0 {
				line = append(line, ',')
			}
			if p.Given(i, j) {
				line = dense.AppendCSV(line, p.Raw[i][j:j+1], tensor.Float64)
			} else {
				line = dense.AppendCSV(line, row[j:j+1], filled.Dtype())
			}
		}
		out.Write(append(line, '\n'))
	}
	return out.Flush()
}

// shown is the number of examples in a picture of completions.
const shown = 12

// Picture shows raw images of a shape, below names, if any: a row of what was given, with
// hidden pixels red, a row of completions, and a row of the truth, with red where it is not
// known.
func (p *Puzzle) Picture(filled [][]float64, shape []int, names ...string) (image.Image, error) {
	n := min(shown, len(filled))
	seen, err := p.Units.Undo(p.Seen.Values)
	if err != nil {
		return nil, err
	}
	given := model.Rows(seen)[:n]
	low, high := math.Inf(1), math.Inf(-1)
	for i, image := range given {
		for j, x := range p.Raw[i] {
			if !math.IsNaN(x) {
				low, high = min(low, x), max(high, x)
			}
			if p.Hidden.At(i, j) {
				image[j] = math.NaN()
			}
		}
	}
	if !(low < high) {
		low, high = 0, 1
	}
	return report.Grid{
		Images: slices.Concat(given, filled[:n], p.Raw[:n]), Width: shape[1], Height: shape[0], Columns: n, Low: low, High: high,
		Names: names[:min(n, len(names))], Rows: []string{"given", "completed", "truth"},
	}.Draw()
}
