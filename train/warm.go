package train

import (
	"slices"

	"gorgonia.org/tensor"

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
func (w *warm) begin(c model.Clamps, examples []int) {
	if slices.ContainsFunc(examples, func(i int) bool { return i >= len(w.seen) || !w.seen[i] }) {
		return
	}
	for l, kept := range w.latents {
		if kept != nil {
			c[l].Start = tensor.New(tensor.Of(kept.Dtype()), tensor.WithShape(len(examples), kept.Shape()[1]))
			for row, i := range examples {
				copyRow(c[l].Start, row, kept, i)
			}
		}
	}
}

// keep takes the latents of r, which c settled to.
func (w *warm) keep(c model.Clamps, r *model.Result, examples []int) {
	w.reserve(c, r, slices.Max(examples)+1)
	for l, kept := range w.latents {
		if kept != nil {
			for row, i := range examples {
				copyRow(kept, i, r.Latents[l], row)
			}
		}
	}
	for _, i := range examples {
		w.seen[i] = true
	}
}

// reserve makes room for n examples.
func (w *warm) reserve(c model.Clamps, r *model.Result, n int) {
	if n <= len(w.seen) {
		return
	}
	n = max(n, 2*len(w.seen))
	seen, latents := make([]bool, n), make([]*tensor.Dense, len(c))
	copy(seen, w.seen)
	for l, v := range r.Latents {
		if c[l].Values != nil {
			continue
		}
		latents[l] = tensor.New(tensor.Of(v.Dtype()), tensor.WithShape(n, v.Shape()[1]))
		for i, was := range w.seen {
			if was {
				copyRow(latents[l], i, w.latents[l], i)
			}
		}
	}
	w.seen, w.latents = seen, latents
}

// copyRow sets row i of dst to row j of src.
func copyRow(dst *tensor.Dense, i int, src *tensor.Dense, j int) {
	k := dst.Shape()[1]
	if dst.Dtype() == tensor.Float32 {
		copy(dst.Float32s()[i*k:(i+1)*k], src.Float32s()[j*k:])
	} else {
		copy(dst.Float64s()[i*k:(i+1)*k], src.Float64s()[j*k:])
	}
}
