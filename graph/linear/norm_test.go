package linear

import (
	"testing"

	"gorgonia.org/tensor"
)

// TestMapsHaveNorms: of each map the norm is followed, or it says it, by which the inference
// rate is bounded.
func TestMapsHaveNorms(t *testing.T) {
	for _, name := range maps.Names() {
		m, err := maps.Parse(name)
		must(t, err)
		_, followed := m.(interface {
			Power(psi, out tensor.Shape, dtype tensor.Dtype) Power
		})
		_, says := m.(interface {
			Bound(theta []*tensor.Dense, precision *tensor.Dense) float64
		})
		if !followed && !says {
			t.Errorf("%s has neither Power nor Bound", name)
		}
	}
}

// TestBounds holds the norm of √Π M of maps that say it.
func TestBounds(t *testing.T) {
	vector := func(x ...float64) *tensor.Dense { return tensor.New(tensor.WithBacking(x)) }
	theta, precision := []*tensor.Dense{vector(3, -2)}, vector(1, 9)
	own := &Own{Norm: func(theta []float64) float64 { return theta[0] }}
	for _, c := range []struct {
		what      string
		got, want float64
	}{
		{"diagonal", Diagonal{}.Bound(theta, nil), 3},
		{"diagonal, precise", Diagonal{}.Bound(theta, precision), 6},
		{"identity", Fixed{}.Bound(nil, nil), 1},
		{"identity, precise", Fixed{}.Bound(nil, precision), 3},
		{"own", own.Bound(theta, nil), 3},
		{"own, precise", own.Bound(theta, precision), 9},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, want %v", c.what, c.got, c.want)
		}
	}
}
