package model

import (
	"fmt"
	"maps"
	"strings"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
)

// State is what a network, or a part of its training, remembers from one batch
// to the next, by name: with it back in place, training goes on to the same
// bits. Names of parts within parts are joined by dots.
type State struct {
	Tensors map[string]*tensor.Dense // of float32 or float64, none empty
	Values  map[string]string        // the rest, as texts
}

// Add adds what a part remembers, which the name of the part then precedes.
func (s *State) Add(part string, of State) {
	for name, t := range of.Tensors {
		s.SetTensor(part+"."+name, t)
	}
	for name, v := range of.Values {
		s.SetValue(part+"."+name, v)
	}
}

// Part returns what was added for a part.
func (s State) Part(part string) State {
	var of State
	for name, t := range s.Tensors {
		if name, ok := strings.CutPrefix(name, part+"."); ok {
			of.SetTensor(name, t)
		}
	}
	for name, v := range s.Values {
		if name, ok := strings.CutPrefix(name, part+"."); ok {
			of.SetValue(name, v)
		}
	}
	return of
}

// SetTensor adds a tensor, none where t is nil.
func (s *State) SetTensor(name string, t *tensor.Dense) {
	if t == nil {
		return
	}
	if s.Tensors == nil {
		s.Tensors = map[string]*tensor.Dense{}
	}
	s.Tensors[name] = t
}

// SetValue adds a text.
func (s *State) SetValue(name, text string) {
	if s.Values == nil {
		s.Values = map[string]string{}
	}
	s.Values[name] = text
}

// AddList adds tensors under their numbers: name.0, name.1 and so on.
func (s *State) AddList(name string, tensors []*tensor.Dense) {
	for i, t := range tensors {
		s.SetTensor(fmt.Sprintf("%s.%d", name, i), t)
	}
}

// List returns the tensors of AddList.
func (s State) List(name string) []*tensor.Dense {
	var list []*tensor.Dense
	for i := 0; ; i++ {
		t := s.Tensors[fmt.Sprintf("%s.%d", name, i)]
		if t == nil {
			return list
		}
		list = append(list, t)
	}
}

// CopyList copies the tensors of AddList into those of into, which are of the
// same number, shapes and types.
func (s State) CopyList(name string, into []*tensor.Dense) error {
	list := s.List(name)
	if len(list) != len(into) {
		return fmt.Errorf("%s: must be %d tensors, got %d", name, len(into), len(list))
	}
	for i, t := range list {
		if err := dense.Check(t, into[i].Dtype(), into[i].Shape()...); err != nil {
			return fmt.Errorf("%s.%d: %w", name, i, err)
		}
	}
	for i, t := range list {
		dense.Copy(into[i], t)
	}
	return nil
}

// Clone returns a copy that shares no tensor with s.
func (s State) Clone() State {
	c := State{Values: maps.Clone(s.Values)}
	for name, t := range s.Tensors {
		c.SetTensor(name, clone(t))
	}
	return c
}

// Names in the state of a network.
const (
	stateParameters = "parameters"
	statePrecision  = "precision" // of each node where it was given unit by unit, and is not learned
	stateNorms      = "norms"
	stateVectors    = "norm_vectors"
	stateCurrent    = "norms_current"
)

// State returns what the network remembers: its parameters and the precisions that
// [Network.SetPrecision] gave it, live, how far the guard of the inference rate has
// followed their norms, and those that the curvature was last made of (Inference.Lag).
func (n *Network) State() State {
	var s State
	s.AddList(stateParameters, n.Parameters())
	for i, t := range n.terms {
		if t.unitwise && t.log == nil {
			s.SetTensor(precisionState(i), t.precision)
		}
	}
	norms, vectors := n.norms.tensors()
	s.SetTensor(stateNorms, norms)
	s.AddList(stateVectors, vectors)
	current := make([]byte, len(n.norms.versions))
	for i, v := range n.norms.versions {
		if current[i] = '0'; v == n.version {
			current[i] = '1'
		}
	}
	s.SetValue(stateCurrent, string(current))
	n.older.state(&s)
	return s
}

func precisionState(i int) string { return fmt.Sprintf("%s.%d", statePrecision, i) }

// SetState copies s, which State gave of a network of the same configuration,
// into n.
func (n *Network) SetState(s State) error {
	norms, vectors := n.norms.tensors()
	current := s.Values[stateCurrent]
	if len(current) != len(n.norms.versions) || strings.Trim(current, "01") != "" {
		return fmt.Errorf("model: state: %s: must be 0 or 1 for each of %d matrices, got %q", stateCurrent, len(n.norms.versions), current)
	}
	if err := dense.Check(s.Tensors[stateNorms], norms.Dtype(), len(n.norms.versions)); err != nil {
		return fmt.Errorf("model: state: %s: %w", stateNorms, err)
	}
	if err := s.CopyList(stateVectors, vectors); err != nil {
		return fmt.Errorf("model: state: %w", err)
	}
	if err := s.CopyList(stateParameters, n.Parameters()); err != nil {
		return fmt.Errorf("model: state: %w", err)
	}
	_, _, precisions := n.cfg.design()
	for i := range n.terms {
		switch t := s.Tensors[precisionState(i)]; {
		case n.terms[i].log != nil: // is a parameter
		case t != nil:
			if err := dense.Check(t, n.cfg.Dtype.Tensor(), n.sizes[n.wiring.Of[i]]); err != nil {
				return fmt.Errorf("model: state: %s: %w", precisionState(i), err)
			}
			if err := n.setPrecision(i, dense.Floats(t)); err != nil {
				return fmt.Errorf("model: state: %s: %w", precisionState(i), err)
			}
		case n.terms[i].unitwise:
			n.configurePrecision(i, precisions[n.wiring.Given[i]])
		}
	}
	if err := n.setOlder(s); err != nil {
		return fmt.Errorf("model: state: %w", err)
	}
	copy(n.norms.of, s.Tensors[stateNorms].Float64s())
	n.Changed()
	for i, c := range current {
		if n.norms.versions[i] = -1; c == '1' {
			n.norms.versions[i] = n.version
		}
	}
	return nil
}

// tensors returns the estimates and the vectors they were found with, live.
func (w *norms) tensors() (of *tensor.Dense, right []*tensor.Dense) {
	live := func(x []float64) *tensor.Dense { return tensor.New(tensor.WithShape(len(x)), tensor.WithBacking(x)) }
	for _, x := range w.right {
		right = append(right, live(x))
	}
	return live(w.of), right
}
