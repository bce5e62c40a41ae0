package model

import (
	"errors"
	"fmt"

	"gorgonia.org/tensor"

	"example.com/pcn/graph/linear"
	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/pool"
	"example.com/pcn/internal/vec"
)

// Update is a direction for each parameter, in which the energy falls.
type Update struct {
	Weights       []*tensor.Dense // by layer: ΔW, (d_i, d_{i+1})
	Biases        []*tensor.Dense // by layer: Δb, (d_i)
	LogPrecisions []*tensor.Dense // by layer: Δ log Π, (d_i); nil where it is not learned
}

// NewUpdate returns an update of n's shapes, zero.
func (n *Network) NewUpdate() *Update {
	u := &Update{}
	for i := range n.weights {
		u.Weights = append(u.Weights, tensor.New(tensor.Of(n.cfg.Dtype.Tensor()), tensor.WithShape(n.sizes[i], n.sizes[i+1])))
		u.Biases = append(u.Biases, tensor.New(tensor.Of(n.cfg.Dtype.Tensor()), tensor.WithShape(n.sizes[i])))
		var log *tensor.Dense
		if n.logs[i] != nil {
			log = tensor.New(tensor.Of(n.cfg.Dtype.Tensor()), tensor.WithShape(n.sizes[i]))
		}
		u.LogPrecisions = append(u.LogPrecisions, log)
	}
	return u
}

// Directions returns ΔW and Δb of each layer, and what learned precisions have,
// in the order of [Network.Parameters].
func (u *Update) Directions() []*tensor.Dense {
	var d []*tensor.Dense
	for i := range u.Weights {
		d = append(d, u.Weights[i], u.Biases[i])
	}
	return appendSome(d, u.LogPrecisions)
}

// hebbianRows is the number of rows of ΔW that are computed together.
const hebbianRows = 64

// Hebbian sets dst to the learning phase's local update: for each weight, the
// error of the unit below it times the activation of the unit above it, a mean
// over the batch:
//
//	ΔW_i = δ_iᵀ φ(v_{i+1}) / B,  Δb_i = mean δ_i,  δ_i = Π_i ε_i
//
// with the errors, deltas and activations of r. Nothing else enters: no gradient, and
// no other layer. Weight decay adds −λ W_i, and a precision that is learned has the
// direction, as local,
//
//	Δ log Π_i = ½ (1 − Π_i mean ε_i²)
//
// With fresh errors it is −∂E/∂W_i / B, and so on. It is an error when r is not
// finite, or r or dst is not of this network.
func (n *Network) Hebbian(r *Result, dst *Update) error {
	if err := n.belong(r, dst); err != nil {
		return fmt.Errorf("model: hebbian: %w", err)
	}
	if n.outers == nil {
		for i := range n.Depth() {
			n.outers = append(n.outers, linear.Dense{}.Outer(n.sizes[i+1], n.sizes[i]))
			for lo := 0; lo < n.sizes[i]; lo += hebbianRows {
				n.blocks = append(n.blocks, hebbianBlock{i, lo, min(lo+hebbianRows, n.sizes[i])})
			}
		}
	}
	n.learn(r, dst)
	return nil
}

// belong returns why the result or the update is none of n's.
func (n *Network) belong(r *Result, u *Update) error {
	switch {
	case r == nil:
		return errors.New("result: must be of a settled batch, got none")
	case u == nil:
		return errors.New("update: must be of NewUpdate, got none")
	case !r.Finite():
		return fmt.Errorf("result: must have a finite energy, got %v at node %d: the network has not settled", r.Energy, r.Node)
	case r.of != nil && r.of != n:
		return fmt.Errorf("result: must be of this network, %v, got that of another, %v", n, r.of)
	}
	layers, dt := n.Depth(), n.cfg.Dtype.Tensor()
	for _, list := range []struct {
		name    string
		tensors []*tensor.Dense
	}{
		{"result: errors", r.Errors}, {"result: deltas", r.Deltas}, {"result: activations", r.Activations},
		{"update: weights", u.Weights}, {"update: biases", u.Biases}, {"update: log precisions", u.LogPrecisions},
	} {
		if len(list.tensors) != layers {
			return fmt.Errorf("%s: must be one for each of the %d layers, got %d", list.name, layers, len(list.tensors))
		}
	}
	rows := -1
	for i, below := range n.sizes[:layers] {
		above := n.sizes[i+1]
		if err := dense.Check(r.Errors[i], dt, rows, below); err != nil {
			return fmt.Errorf("result: errors[%d]: %w", i, err)
		}
		rows = r.Errors[0].Shape()[0]
		if err := dense.Check(r.Deltas[i], dt, rows, below); err != nil {
			return fmt.Errorf("result: deltas[%d]: %w", i, err)
		}
		if err := dense.Check(r.Activations[i], dt, rows, above); err != nil {
			return fmt.Errorf("result: activations[%d]: %w", i, err)
		}
		if err := dense.Check(u.Weights[i], dt, below, above); err != nil {
			return fmt.Errorf("update: weights[%d]: %w", i, err)
		}
		if err := dense.Check(u.Biases[i], dt, below); err != nil {
			return fmt.Errorf("update: biases[%d]: %w", i, err)
		}
		if learned, log := n.logs[i] != nil, u.LogPrecisions[i]; !learned && log != nil {
			return fmt.Errorf("update: log precisions[%d]: must be none, as it is not learned, got %v", i, log.Shape())
		} else if learned {
			if err := dense.Check(log, dt, below); err != nil {
				return fmt.Errorf("update: log precisions[%d]: %w", i, err)
			}
		}
	}
	return nil
}

// hebbianBlock is rows lo to hi of a layer's update.
type hebbianBlock struct{ layer, lo, hi int }

// learn fills dst.
func (n *Network) learn(r *Result, dst *Update) {
	rows := r.Deltas[0].Shape()[0]
	pool.Each(pool.Workers(n.workers, rows*sum(n.sizes[1:])), n.Depth(), func(i int) { n.outers[i].Prepare(r.Activations[i]) })
	pool.Each(pool.Workers(n.workers, rows*n.count()/8), len(n.blocks), func(b int) {
		i, lo, hi := n.blocks[b].layer, n.blocks[b].lo, n.blocks[b].hi
		n.outers[i].Rows(dst.Weights[i:i+1], r.Deltas[i], r.Activations[i], 1/float64(rows), lo, hi)
		if n.cfg.Dtype == Float32 {
			learnRows(n, r, dst, (*tensor.Dense).Float32s, i, lo, hi)
		} else {
			learnRows(n, r, dst, (*tensor.Dense).Float64s, i, lo, hi)
		}
	})
}

// learnRows adds to rows lo to hi of layer i's update what is no outer product: bias,
// weight decay and precision.
func learnRows[T vec.Float](n *Network, r *Result, dst *Update, of func(*tensor.Dense) []T, i, lo, hi int) {
	delta, bias := of(r.Deltas[i]), of(dst.Biases[i])[lo:hi]
	below, above := n.sizes[i], n.sizes[i+1]
	rows := len(delta) / below
	clear(bias)
	for row := range rows {
		vec.Add(bias, bias, delta[row*below+lo:row*below+hi])
	}
	vec.Scale(bias, 1/T(rows))
	if n.cfg.WeightDecay != 0 {
		vec.AddScaled(of(dst.Weights[i])[lo*above:hi*above], T(-n.cfg.WeightDecay), of(n.weights[i])[lo*above:hi*above])
	}
	if n.logs[i] == nil {
		return
	}
	log, eps := of(dst.LogPrecisions[i])[lo:hi], of(r.Errors[i])
	clear(log)
	for row := range rows {
		for j, e := range eps[row*below+lo : row*below+hi] {
			log[j] += e * e
		}
	}
	for j, squares := range log {
		log[j] = (1 - of(n.precisions[i])[lo+j]*squares/T(rows)) / 2
	}
}
