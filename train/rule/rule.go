// Package rule has the learning rules of the family of predictive coding, a file each: how
// a batch moves the weights of a network. Each file gives the rule's equations, where they
// are from, and what the rule equals, which its test shows.
//
// A rule is a value, made by name and settings, as recipes and flags have them:
//
//	r, err := rule.New("nudging beta=0.1 sign=random")
//
// The rules, with ⊗ for what [model.Network.Hebbian] makes of errors δ and activations ψ:
//
//	pc        v ← v − γ ∂E/∂v until they rest, then Δθ = a δ ⊗ ψ / B
//	          Whittington and Bogacz 2017
//	ipc       v ← v − γ ∂E/∂v and θ ← θ − α ∂E/∂θ / B at every step
//	          Salvatori, Song, Yordanov and others 2024
//	epc       ε ← ε − γ (ε + (∂μ/∂v)ᵀ ∂E/∂μ) with v = μ(v) + ε, then as pc
//	          Goemaere, Oliviers, Bogacz and Demeester 2025
//	nudging   as pc, with targets μ(0) + β (y − μ(0)) or drawn by ½ β ‖v − y‖², and Δθ / β
//	          Pinchetti and others 2025; Laborieux and others 2021
//	mcpc      v ← v − γ ∂E/∂v + √(2 γ variance) ξ, and the mean of pc's Δθ over the samples
//	          Oliviers, Bogacz and Meulemans 2024
//	hybrid    as pc from a guess a_l = q_l(a_{l−1}), which learns by ½ ‖z_l − q_l(a_{l−1})‖²
//	          Tschantz, Millidge, Seth and Buckley 2023
//	fpa       ε_l ← ε_l − η (ε_l − Σ Jᵀ ε) with μ and J of a pass, then as pc
//	          Millidge, Tschantz and Buckley 2022; Rosenbaum 2022
//	z-il      v_t ← v_t − ∂E/∂v_t, at step t the level t above the targets, which then learns
//	          Song, Lukasiewicz, Xu and Bogacz 2020; Salvatori and others 2022
//	backprop  Δθ = −∂L/∂θ / B, with L the energy at the targets after a pass
//	          Rumelhart, Hinton and Williams 1986
//
// What else the family has is no rule of its own but a network, which rules learn as any
// other (see [model.Networks]): bidirectional, two predictions a node; temporal, edges with a
// delay; memory, one node whose units predict each other, and hierarchical-memory.
//
// A user's own is made known by [Register], and then works in recipes, checkpoints and
// resumed runs. What it takes from batch to batch, if anything, it shows as [Stateful].
//
// In all equations v are the latents, v_l that of node l, μ what is predicted of them, ε =
// v − μ, J the Jacobian of a prediction by a latent, and E the energy, as package model has
// them.
package rule

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/registry"
	"example.com/pcn/model"
)

// Rule is how a batch teaches a network. It keeps no network: one rule may teach several.
type Rule interface {
	// String returns the name and the settings, as [New] takes them.
	String() string
	// Prepare returns how latents settle under the rule, where a recipe says inf: with its
	// defaults, or the zero Inference where nothing settles. The error is why the rule is not
	// for networks of that configuration, or for inf.
	Prepare(c model.Config, inf model.Inference) (model.Inference, error)
	// Learn teaches the lesson, moving the weights by [Lesson.Learn] or l.Move, and returns
	// the batch as it was when they last moved. Where its energy is not finite nothing has
	// moved since.
	Learn(ctx context.Context, l *Lesson) (*model.Result, error)
}

// Stateful is what remembers something from batch to batch, which a checkpoint keeps: a rule,
// an optimiser, a learner.
type Stateful interface {
	// State returns all that is remembered. Its tensors may be live.
	State() model.State
	// SetState copies s, which State gave, so that training goes on to the same
	// bits. After an error the receiver is not to be used.
	SetState(s model.State) error
}

// Settable is a rule with settings of its own.
type Settable interface {
	// Set gives a setting its value. The error says what it must be.
	Set(key, value string) error
}

var rules = registry.New(map[string]func() Rule{
	"pc":       func() Rule { return PC{} },
	"ipc":      func() Rule { return &IPC{} },
	"epc":      func() Rule { return EPC{} },
	"fpa":      func() Rule { return &FPA{Rate: 0.1, Steps: 20} },
	"hybrid":   func() Rule { return Hybrid{} },
	"mcpc":     func() Rule { return &MCPC{Variance: 1, Mix: 50, Samples: 100} },
	"z-il":     func() Rule { return ZIL{} },
	"nudging":  func() Rule { return &Nudging{Beta: 0.2} },
	"backprop": func() Rule { return Backprop{} },
})

// Default is the name of the rule that stands where none is named.
const Default = "pc"

// Register makes a rule known to [New] by name, in place of one registered under that name
// before. make returns one with its default settings.
func Register(name string, make func() Rule) error {
	if make == nil || strings.ContainsFunc(name, func(r rune) bool { return r == ' ' || r == '=' }) {
		return fmt.Errorf("rule: %q: must be a word, with a function that makes the rule", name)
	}
	if err := rules.Add(name, make); err != nil {
		return fmt.Errorf("rule: %w", err)
	}
	return nil
}

// Names returns the names of the rules, sorted.
func Names() []string { return rules.Names() }

// New returns a rule by its name and, behind it, settings of the form KEY=VALUE, all
// between spaces.
func New(text string) (Rule, error) { return registry.Make(rules, cmp.Or(text, Default)) }

// Wanting is a rule that latents settle for by one method.
type Wanting interface {
	// Method returns it. Where a rule is chosen and no method, recipes take it.
	Method() model.Method
}

// Method returns the method of settling that the rule of that name and settings wants,
// false where it wants none.
func Method(text string) (model.Method, bool) {
	r, _ := New(text)
	if w, ok := r.(Wanting); ok {
		return w.Method(), true
	}
	return "", false
}

// Lesson is a batch and the network to be taught it. It is used again for each batch.
type Lesson struct {
	Network   *model.Network
	Inference model.Inference // as Prepare has given it
	// Inputs are (B, d) and Targets (B, k). Clamps fix both, and may have free nodes start
	// somewhere.
	Inputs, Targets *tensor.Dense
	Clamps          model.Clamps
	// Weights are how much each example counts in an update, nil for all alike: see
	// [Lesson.Hebbian].
	Weights []float64
	// Epoch is that of the batch, from 0, and Batch the number of batches before it since
	// training began. With Seed they decide what is drawn at random, so that a resumed run
	// draws the same.
	Epoch, Batch int
	Seed         uint64
	// Move moves the weights along an update, at the learning rate, and tells the network.
	Move func(*model.Update) error

	updates []*model.Update
	steps   *model.Settling
}

// Settle lets the latents settle, with inputs and targets fixed.
func (l *Lesson) Settle(ctx context.Context) (*model.Result, error) {
	return l.Network.Settle(ctx, l.Clamps, l.Inference)
}

// Begin is Settle step by step.
func (l *Lesson) Begin(c model.Clamps) (*model.Settling, error) {
	if l.steps != nil {
		return l.steps, l.steps.Again(c, l.Inference)
	}
	var err error
	l.steps, err = l.Network.Begin(c, l.Inference)
	return l.steps, err
}

// Update returns an update of the network's shapes, to be overwritten, by its number.
func (l *Lesson) Update(i int) *model.Update {
	for len(l.updates) <= i {
		l.updates = append(l.updates, l.Network.NewUpdate())
	}
	return l.updates[i]
}

// Learn moves the weights along the Hebbian update of r. Where r is not finite it moves
// nothing.
func (l *Lesson) Learn(r *model.Result) (*model.Result, error) {
	if !r.Finite() {
		return r, nil
	}
	if err := l.Hebbian(r, l.Update(0)); err != nil {
		return r, err
	}
	return r, l.Move(l.Update(0))
}

// number reads a number within a range.
func number(value string, low, high float64, into *float64) error {
	x, err := strconv.ParseFloat(value, 64)
	if err != nil || !(x >= low && x <= high) {
		return fmt.Errorf("must be a number from %v to %v, got %q", low, high, value)
	}
	*into = x
	return nil
}

// whole reads a whole number of at least low.
func whole(value string, low int, into *int) error {
	x, err := strconv.Atoi(value)
	if err != nil || x < low || x > math.MaxInt32 {
		return fmt.Errorf("must be a whole number >= %d, got %q", low, value)
	}
	*into = x
	return nil
}

// named returns err as that of a setting.
func named(key string, err error) error {
	if err != nil {
		err = fmt.Errorf("%s: %w", key, err)
	}
	return err
}

// unknown says which settings there are.
func unknown(key string, keys ...string) error {
	return fmt.Errorf("setting: must be one of %s, got %q", strings.Join(keys, ", "), key)
}
