package train

import (
	"fmt"
	"slices"
	"strconv"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/model"
)

// warm keeps where each example's free latents settled on its last visit, for its
// next visit to begin there.
type warm struct {
	seen    []bool          // by example
	latents []*tensor.Dense // by node, (examples, d_l); nil where clamped
}

// begin has the free nodes of c start where examples were left, if all of them
// have been seen before.
func (w *warm) begin(nodes []string, c model.Clamps, examples []int) {
	if slices.ContainsFunc(examples, func(i int) bool { return i >= len(w.seen) || !w.seen[i] }) {
		return
	}
	for l, kept := range w.latents {
		if kept != nil {
			start := tensor.New(tensor.Of(kept.Dtype()), tensor.WithShape(len(examples), kept.Shape()[1]))
			for row, i := range examples {
				dense.CopyRow(start, row, kept, i)
			}
			c[nodes[l]] = model.Clamp{Start: start}
		}
	}
}

// keep takes the latents of r, which c settled to.
func (w *warm) keep(nodes []string, c model.Clamps, r *model.Result, examples []int) {
	w.reserve(nodes, c, r, slices.Max(examples)+1)
	for l, kept := range w.latents {
		if kept != nil {
			for row, i := range examples {
				dense.CopyRow(kept, i, r.Latents[l], row)
			}
		}
	}
	for _, i := range examples {
		w.seen[i] = true
	}
}

// reserve makes room for n examples.
func (w *warm) reserve(nodes []string, c model.Clamps, r *model.Result, n int) {
	if n <= len(w.seen) {
		return
	}
	n = max(n, 2*len(w.seen))
	seen, latents := make([]bool, n), make([]*tensor.Dense, len(nodes))
	copy(seen, w.seen)
	for l, v := range r.Latents {
		if c[nodes[l]].Values != nil {
			continue
		}
		latents[l] = tensor.New(tensor.Of(v.Dtype()), tensor.WithShape(n, v.Shape()[1]))
		for i, was := range w.seen {
			if was {
				dense.CopyRow(latents[l], i, w.latents[l], i)
			}
		}
	}
	w.seen, w.latents = seen, latents
}

// state returns what is kept: who has been seen, and where they were left.
func (w *warm) state() (s model.State) {
	if len(w.seen) == 0 {
		return s
	}
	seen := make([]float32, len(w.seen))
	for i, was := range w.seen {
		if was {
			seen[i] = 1
		}
	}
	s.SetTensor("seen", tensor.New(tensor.WithShape(len(seen)), tensor.WithBacking(seen)))
	for l, kept := range w.latents {
		if kept != nil {
			s.SetTensor(strconv.Itoa(l), kept)
		}
	}
	return s
}

// setState copies what state has returned for n.
func (w *warm) setState(n *model.Network, s model.State) error {
	*w = warm{}
	seen := s.Tensors["seen"]
	if seen == nil {
		return nil
	}
	if err := dense.Check(seen, tensor.Float32, -1); err != nil {
		return fmt.Errorf("seen: %w", err)
	}
	for _, was := range seen.Float32s() {
		w.seen = append(w.seen, was != 0)
	}
	for l := range n.Nodes() {
		kept := s.Tensors[strconv.Itoa(l)]
		if kept != nil {
			if err := dense.Check(kept, n.Config().Dtype.Tensor(), len(w.seen), n.Size(l)); err != nil {
				return fmt.Errorf("node %d: %w", l, err)
			}
			kept = kept.Clone().(*tensor.Dense)
		}
		w.latents = append(w.latents, kept)
	}
	return nil
}
