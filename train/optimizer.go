package train

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/pool"
	"example.com/pcn/internal/registry"
	"example.com/pcn/model"
)

// Optimizer moves parameters along directions in which the energy falls. Local
// updates stay local: an optimiser works element by element.
type Optimizer interface {
	// String returns the name by which flags know it.
	String() string
	// Step moves params[i] along directions[i], of the same shape and dtype. The
	// optimiser keeps what it needs between steps, which must be given the same
	// params each time.
	Step(params, directions []*tensor.Dense, rate float64) error
	Stateful
}

// SGD is stochastic gradient descent, the article's rule, x ← x + rate·d; with
// Momentum the direction is v ← Momentum·v + d (Polyak 1964).
type SGD struct {
	Momentum float64 // 0 ≤ Momentum < 1; 0 is the article's plain rule

	workers
	velocity []*tensor.Dense
}

// Adam is Adam (Kingma and Ba 2015, algorithm 1), and AdamW (Loshchilov and
// Hutter 2019, algorithm 2) where WeightDecay is not 0. That decay stands beside the
// update; model.Config's is a term of the energy, and of the directions that Adam
// scales.
type Adam struct {
	Beta1       float64 // default 0.9
	Beta2       float64 // default 0.999
	Epsilon     float64 // default 1e-8
	WeightDecay float64 // shrinks each matrix by rate·WeightDecay a step; biases are left alone

	workers
	steps         int
	first, second []*tensor.Dense // running means of d and d²
}

var (
	_ Optimizer = (*SGD)(nil)
	_ Optimizer = (*Adam)(nil)
)

var optimizers = registry.New(map[string]func() Optimizer{
	"sgd":      func() Optimizer { return &SGD{} },
	"momentum": func() Optimizer { return &SGD{Momentum: 0.9} },
	"adam":     func() Optimizer { return &Adam{} },
	"adamw":    func() Optimizer { return &Adam{WeightDecay: adamwDecay} },
})

// RegisterOptimizer makes an optimiser known to [NewOptimizer], and so to recipes and
// resumed runs, by the name that its String returns, in place of one registered under that
// name before. make returns a new one, which remembers nothing. It is an error when the
// name is empty or that of a built-in one.
func RegisterOptimizer(name string, make func() Optimizer) error {
	if make == nil {
		return fmt.Errorf("train: optimizer %q: must have a function that makes one, got none", name)
	}
	if err := optimizers.Add(name, make); err != nil {
		return fmt.Errorf("train: optimizer: %w", err)
	}
	return nil
}

// Optimizers returns the names that [NewOptimizer] knows, sorted.
func Optimizers() []string { return optimizers.Names() }

// adamwDecay is the weight decay of adamw where it is not said.
const adamwDecay = 0.01

// NewOptimizer returns an optimiser by name and, behind it, settings of the form KEY=VALUE:
// sgd and momentum, which is sgd momentum=0.9, have momentum; adam has beta1, beta2 and
// epsilon; adamw, which is Adam with a weight decay of 0.01, has weight_decay, too.
func NewOptimizer(text string) (Optimizer, error) { return registry.Make(optimizers, text) }

// Set gives a setting its value, as [NewOptimizer] does.
func (o *SGD) Set(key, value string) error {
	return setNumber(key, value, map[string]*float64{"momentum": &o.Momentum})
}

// Set gives a setting its value, as [NewOptimizer] does.
func (o *Adam) Set(key, value string) error {
	of := map[string]*float64{"beta1": &o.Beta1, "beta2": &o.Beta2, "epsilon": &o.Epsilon}
	if o.WeightDecay > 0 { // adamw
		of["weight_decay"] = &o.WeightDecay
	}
	return setNumber(key, value, of)
}

// setNumber reads a setting, of which each but a weight decay is less than 1.
func setNumber(key, value string, into map[string]*float64) error {
	x, ok := into[key]
	if !ok {
		return fmt.Errorf("setting: must be one of %s, got %q", strings.Join(slices.Sorted(maps.Keys(into)), ", "), key)
	}
	wish, most := "a number > 0 and < 1", 1.0
	if key == "weight_decay" {
		wish, most = "a number > 0", 1e6
	}
	number, err := strconv.ParseFloat(value, 64)
	if err != nil || !(number > 0 && number < most) {
		return fmt.Errorf("%s: must be %s, got %q", key, wish, value)
	}
	*x = number
	return nil
}

// String returns the name and the settings that are not its defaults.
func (o *SGD) String() string {
	switch o.Momentum {
	case 0:
		return "sgd"
	case 0.9:
		return "momentum"
	}
	return fmt.Sprintf("sgd momentum=%v", o.Momentum)
}

// String returns the name and the settings that are not its defaults.
func (o *Adam) String() string {
	text := "adam"
	if o.WeightDecay > 0 {
		text = "adamw"
	}
	for _, s := range []struct {
		key                string
		value, whereNotSet float64
	}{{"beta1", o.Beta1, 0.9}, {"beta2", o.Beta2, 0.999}, {"epsilon", o.Epsilon, 1e-8}, {"weight_decay", o.WeightDecay, adamwDecay}} {
		if s.value != 0 && s.value != s.whereNotSet {
			text += fmt.Sprintf(" %s=%v", s.key, s.value)
		}
	}
	return text
}

// Step implements [Optimizer].
func (o *SGD) Step(params, directions []*tensor.Dense, rate float64) error {
	if o.Momentum == 0 { // no velocity to keep
		if err := pair(params, directions); err != nil {
			return err
		}
		o.sweep(params, func(i, lo, hi int) { dense.AddScaledPart(params[i], rate, directions[i], lo, hi) })
		return nil
	}
	if err := pair(params, directions, &o.velocity); err != nil {
		return err
	}
	o.sweep(params, func(i, lo, hi int) {
		dense.Momentum(params[i], o.velocity[i], directions[i], o.Momentum, rate, lo, hi)
	})
	return nil
}

// Step implements [Optimizer].
func (o *Adam) Step(params, directions []*tensor.Dense, rate float64) error {
	if err := pair(params, directions, &o.first, &o.second); err != nil {
		return err
	}
	b1, b2, eps := cmp.Or(o.Beta1, 0.9), cmp.Or(o.Beta2, 0.999), cmp.Or(o.Epsilon, 1e-8)
	o.steps++
	a := rate / (1 - math.Pow(b1, float64(o.steps)))
	c := 1 / (1 - math.Pow(b2, float64(o.steps)))
	o.sweep(params, func(i, lo, hi int) {
		decay := 0.0
		if params[i].Dims() > 1 {
			decay = rate * o.WeightDecay
		}
		dense.Adam(params[i], o.first[i], o.second[i], directions[i], b1, b2, a, c, eps, decay, lo, hi)
	})
	return nil
}

// State implements [Optimizer].
func (o *SGD) State() model.State {
	var s model.State
	s.AddList("velocity", o.velocity)
	return s
}

// SetState implements [Optimizer].
func (o *SGD) SetState(s model.State) error {
	o.velocity = s.Clone().List("velocity")
	return nil
}

// State implements [Optimizer].
func (o *Adam) State() model.State {
	var s model.State
	s.AddList("first", o.first)
	s.AddList("second", o.second)
	s.SetValue("steps", strconv.Itoa(o.steps))
	return s
}

// SetState implements [Optimizer].
func (o *Adam) SetState(s model.State) error {
	steps, err := strconv.Atoi(s.Values["steps"])
	if err != nil || steps < 0 {
		return fmt.Errorf("train: optimizer: steps: must be a whole number >= 0, got %q", s.Values["steps"])
	}
	s = s.Clone()
	first, second := s.List("first"), s.List("second")
	if len(first) != len(second) || steps > 0 && len(first) == 0 {
		return fmt.Errorf("train: optimizer: %d first and %d second moments after %d steps", len(first), len(second), steps)
	}
	o.steps, o.first, o.second = steps, first, second
	return nil
}

// pair checks that directions fit params, and makes each state of their shapes
// at the first step.
func pair(params, directions []*tensor.Dense, states ...*[]*tensor.Dense) error {
	if len(params) != len(directions) {
		return fmt.Errorf("train: optimizer: directions: must be one for each of the %d params, got %d", len(params), len(directions))
	}
	for i, p := range params {
		if p == nil {
			return fmt.Errorf("train: optimizer: params[%d]: must be a tensor, got none", i)
		}
		if err := dense.Check(p, dense.Float(p), p.Shape()...); err != nil {
			return fmt.Errorf("train: optimizer: params[%d]: %w", i, err)
		}
		if err := dense.Check(directions[i], p.Dtype(), p.Shape()...); err != nil {
			return fmt.Errorf("train: optimizer: directions[%d]: %w", i, err)
		}
	}
	for _, s := range states {
		if *s == nil {
			for _, p := range params {
				*s = append(*s, tensor.New(tensor.Of(p.Dtype()), tensor.WithShape(p.Shape()...)))
			}
		}
		for i, p := range params {
			if len(*s) != len(params) || !(*s)[i].Shape().Eq(p.Shape()) || (*s)[i].Dtype() != p.Dtype() {
				return fmt.Errorf("train: optimizer: parameter %d is not the one of the first step", i)
			}
		}
	}
	return nil
}

// sweepBlock is the number of elements that one core takes at a time.
const sweepBlock = 1 << 14

// workers is how many cores an optimiser uses: all, or what its learner's network
// has been given.
type workers struct{ n int }

func (w *workers) setWorkers(n int) { w.n = n }

// stepParameters moves the parameters of n along directions.
func stepParameters(o Optimizer, n *model.Network, directions []*tensor.Dense, rate float64) error {
	if o, ok := o.(interface{ setWorkers(n int) }); ok {
		o.setWorkers(n.Workers())
	}
	return o.Step(n.Parameters(), directions, rate)
}

// sweep calls f for elements lo to hi of parameter i until all are done.
func (w *workers) sweep(params []*tensor.Dense, f func(i, lo, hi int)) {
	type block struct{ i, lo, hi int }
	var blocks []block
	elements := 0
	for i, p := range params {
		n := p.Shape().TotalSize()
		elements += n
		for lo := 0; lo < n; lo += sweepBlock {
			blocks = append(blocks, block{i, lo, min(lo+sweepBlock, n)})
		}
	}
	pool.Each(pool.Workers(cmp.Or(w.n, runtime.GOMAXPROCS(0)), elements), len(blocks), func(b int) { f(blocks[b].i, blocks[b].lo, blocks[b].hi) })
}
