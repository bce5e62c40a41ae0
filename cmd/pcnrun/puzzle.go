package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gorgonia.org/tensor"

	"example.com/pcn/model"
	"example.com/pcn/train/data"
)

// puzzle is a batch of inputs of which the network sees a part, or all with
// noise.
type puzzle struct {
	raw    [][]float64    // in the units of the data; NaN where it is not known
	truth  [][]float64    // the same in the units of the network
	hidden hidden         // what the network does not see
	seen   model.Clamp    // what it sees
	units  data.Transform // from raw to the network's
	noisy  bool           // what it sees has noise
	names  []string       // of the inputs, where raw was told by name
}

// newPuzzle returns the puzzle of raw inputs. Noise of standard deviation sigma,
// in their units, is drawn from seed.
func newPuzzle(raw [][]float64, units data.Transform, h hidden, sigma float64, seed uint64, d model.Dtype) (*puzzle, error) {
	units.Fill = nil // what is missing is to be completed
	p := &puzzle{raw: raw, hidden: h, units: units, noisy: sigma > 0}
	var err error
	clean, err := p.tensor(func(i, j int) float64 { return raw[i][j] }, d)
	if err != nil {
		return nil, err
	}
	p.truth = model.Rows(clean)
	rng := rand.New(rand.NewPCG(seed, streamNoise))
	given, err := p.tensor(func(i, j int) float64 {
		switch {
		case h.at(i, j):
			return 0
		case sigma == 0:
			return raw[i][j]
		}
		return raw[i][j] + sigma*rng.NormFloat64()
	}, d)
	if err == nil {
		p.seen = model.Hide(given, h.at)
	}
	return p, err
}

// streamNoise is the random stream of noise on inputs.
const streamNoise = 302

// tensor returns raw numbers as the network takes them.
func (p *puzzle) tensor(at func(i, j int) float64, d model.Dtype) (*tensor.Dense, error) {
	n, width := len(p.raw), len(p.raw[0])
	numbers := make([]float64, 0, n*width)
	for i := range n {
		for j := range width {
			numbers = append(numbers, at(i, j))
		}
	}
	return p.units.Tensor(d.Tensor(), numbers, width)
}

// rawRows returns the raw inputs of a set.
func rawRows(set *data.Set) ([][]float64, error) {
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

// mse returns the mean squared error of guess(i), in the network's units, over the
// units that count where the truth is known, and how many those are.
func (p *puzzle) mse(guess func(i int) []float64, counts func(i, j int) bool) (mse float64, units int) {
	for i, row := range p.truth {
		for j, x := range row {
			if counts(i, j) && !math.IsNaN(x) {
				d := guess(i)[j] - x
				mse += d * d
				units++
			}
		}
	}
	return mse / float64(units), units
}

// given reports whether unit j of row i stays as it was given: what is not hidden,
// where there is no noise to take off.
func (p *puzzle) given(i, j int) bool { return !p.noisy && !p.hidden.at(i, j) }

// solve lets t's network complete the puzzle.
func (p *puzzle) solve(ctx context.Context, t *trained, how model.Recall, inf model.Inference) (*model.Completion, error) {
	done, err := t.network.Complete(ctx, p.seen, how, inf)
	if err != nil {
		return nil, err
	}
	return done, finite(done.Inputs)
}

// whole returns all of the inputs, with nothing hidden and no noise.
func (p *puzzle) whole(t *trained) (model.Clamp, error) {
	values, err := p.tensor(func(i, j int) float64 { return p.raw[i][j] }, t.network.Config().Dtype)
	return model.Clamp{Values: values}, err
}

// columnMeans returns the mean of each column of a (B, d) tensor.
func columnMeans(rows [][]float64) []float64 {
	mean := make([]float64, len(rows[0]))
	for _, row := range rows {
		for j, x := range row {
			mean[j] += x / float64(len(rows))
		}
	}
	return mean
}

// without returns h with the units hidden too that rows do not tell.
func (h hidden) without(rows [][]float64) hidden {
	if !slices.ContainsFunc(rows, func(row []float64) bool { return slices.ContainsFunc(row, math.IsNaN) }) {
		return h
	}
	out := make(hidden, len(rows))
	for i, row := range rows {
		out[i] = make([]bool, len(row))
		for j, x := range row {
			out[i][j] = math.IsNaN(x) || h.at(i, j)
		}
	}
	return out
}

// any reports whether anything is hidden.
func (h hidden) any() bool {
	return slices.ContainsFunc(h, func(row []bool) bool { return slices.Contains(row, true) })
}
