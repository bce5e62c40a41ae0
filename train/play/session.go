package play

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/jsonfloat"
	"example.com/pcn/model"
	"example.com/pcn/train/data"
)

// session is one page's settling.
type session struct {
	number   int
	subject  *Subject
	network  *model.Network // its own, of the same parameters
	nodes    []node         // from the top down
	mutex    sync.Mutex
	settling *model.Settling // nil before the first begin
}

// beginning is what /begin is asked.
type beginning struct {
	Session   int          `json:"session"`
	Method    model.Method `json:"method"`
	Rate      float64      `json:"rate"`
	Unguarded bool         `json:"unguarded"`
	Start     model.Start  `json:"start"`
	Here      bool         `json:"here"`
	Input     held         `json:"input"`
	Target    held         `json:"target"`
}

// held are the values of a node's units, and which of them are clamped.
type held struct {
	Values numbers `json:"values"`
	Fixed  []int   `json:"fixed"`
}

// frame is what the page draws.
type frame struct {
	Step   int             `json:"step"`
	Energy jsonfloat.Float `json:"energy"`
	Rate   float64         `json:"rate"`
	Finite bool            `json:"finite"`
	Nodes  []nodeFrame     `json:"nodes"`
}

type nodeFrame struct {
	Latent numbers         `json:"latent"`
	Error  numbers         `json:"error"` // null where nothing predicts the node
	Energy jsonfloat.Float `json:"energy"`
}

func newSession(number int, s *Subject, nodes []node) *session {
	return &session{number: number, subject: s, network: s.Network.Clone(), nodes: nodes}
}

// begin puts the latents where they begin.
func (s *session) begin(b *beginning) (*frame, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if !(b.Rate > 0) {
		return nil, fmt.Errorf("rate: must be a number > 0, got %v", b.Rate)
	}
	clamps, err := s.clamps(b)
	if err != nil {
		return nil, err
	}
	inf := s.subject.Inference
	inf.Method, inf.Rate, inf.Unguarded, inf.Start = b.Method, b.Rate, b.Unguarded, b.Start
	if s.settling == nil {
		s.settling, err = s.network.Begin(clamps, inf)
	} else {
		err = s.settling.Again(clamps, inf)
	}
	if err != nil {
		s.settling = nil
		return nil, err
	}
	return s.frame()
}

// step takes a step.
func (s *session) step(ctx context.Context) (*frame, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.settling == nil {
		return nil, errors.New("session: must begin before a step")
	}
	if err := s.settling.Step(ctx); err != nil {
		return nil, err
	}
	return s.frame()
}

// clamps returns what b fixes and, where it is to go on from here, where the rest is.
func (s *session) clamps(b *beginning) (model.Clamps, error) {
	n := s.network
	clamps := model.Clamps{}
	fixed := 0
	for _, p := range []struct {
		name  string
		node  int
		held  held
		units data.Transform
	}{{"input", n.InputNode(), b.Input, s.subject.Inputs}, {"target", n.TargetNode(), b.Target, s.subject.Targets}} {
		c, count, err := p.held.clamp(n.Size(p.node), p.units, n.Config().Dtype)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		if fixed += count; count > 0 || p.name == "target" && fixed == 0 { // a batch is of the size of its clamps
			clamps[n.Nodes()[p.node]] = c
		}
	}
	if !b.Here || s.settling == nil || !s.settling.Result().Finite() {
		return clamps, nil
	}
	for _, of := range s.nodes {
		c := clamps[of.Name]
		if c.Values != nil && c.Fixed == nil {
			continue
		}
		latent, err := s.settling.Latent(of.Name)
		if err != nil {
			return nil, err
		}
		c.Start = latent.Clone().(*tensor.Dense)
		clamps[of.Name] = c
	}
	return clamps, nil
}

// clamp returns the clamp of a node of so many units, and how many are fixed.
func (h held) clamp(units int, t data.Transform, d model.Dtype) (c model.Clamp, fixed int, err error) {
	if len(h.Values) != units || len(h.Fixed) != units {
		return c, 0, fmt.Errorf("must be values and fixed of %d units, got %d and %d", units, len(h.Values), len(h.Fixed))
	}
	values := slices.Clone(h.Values)
	for i, x := range h.Fixed {
		switch x {
		case 1:
			fixed++
		case 0:
			values[i] = 0 // whatever is here is not used
		default:
			return c, 0, fmt.Errorf("fixed[%d]: must be 0 or 1, got %d", i, x)
		}
		if math.IsNaN(values[i]) {
			return c, 0, fmt.Errorf("values[%d]: must be a number, got null", i)
		}
	}
	if c.Values, err = t.Tensor(d.Tensor(), values, units); err != nil || fixed == units {
		return c, fixed, err
	}
	return model.Hide(c.Values, func(_, unit int) bool { return h.Fixed[unit] == 0 }), fixed, nil
}

// frame returns what there is to draw.
func (s *session) frame() (*frame, error) {
	r := s.settling.Result()
	f := &frame{Step: s.settling.Steps(), Energy: jsonfloat.Float(r.Energy), Rate: r.Rate, Finite: r.Finite()}
	for _, of := range s.nodes {
		latent, err := s.settling.Latent(of.Name)
		if err != nil {
			return nil, err
		}
		left, err := s.settling.Error(of.Name)
		if err != nil {
			return nil, err
		}
		l, err := s.network.Node(of.Name)
		if err != nil {
			return nil, err
		}
		switch l {
		case s.network.InputNode():
			latent, err = s.subject.Inputs.Undo(latent)
		case s.network.TargetNode():
			latent, err = s.subject.Targets.Undo(latent)
		}
		if err != nil {
			return nil, err
		}
		drawn := nodeFrame{Latent: dense.Floats(latent), Energy: jsonfloat.Float(r.NodeEnergy[l])}
		if left != nil {
			drawn.Error = dense.Floats(left)
		}
		f.Nodes = append(f.Nodes, drawn)
	}
	return f, nil
}
