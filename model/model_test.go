package model

import (
	"math"
	"testing"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
)

// byNode returns clamps of nodes by number, from the bottom of a chain up.
func (n *Network) byNode(c ...Clamp) Clamps {
	of := Clamps{}
	for l, v := range c {
		if v != (Clamp{}) {
			of[n.wiring.Nodes[l].Name] = v
		}
	}
	return of
}

// byNumber is byNode the other way round.
func (n *Network) byNumber(of Clamps) []Clamp {
	c := make([]Clamp, len(n.sizes))
	for l, node := range n.wiring.Nodes {
		c[l] = of[node.Name]
	}
	return c
}

// allMethods returns the methods of settling.
func allMethods() (all []Method) {
	for _, name := range Methods() {
		all = append(all, Method(name))
	}
	return all
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// matrix returns rows as a tensor.
func matrix(dt Dtype, rows [][]float64) *tensor.Dense {
	d := tensor.New(tensor.Of(dt.Tensor()), tensor.WithShape(len(rows), len(rows[0])))
	for i, r := range rows {
		setRow(d, i, r)
	}
	return d
}

func setRow(d *tensor.Dense, i int, row []float64) {
	for j, x := range row {
		switch data := d.Data().(type) {
		case []float32:
			data[i*len(row)+j] = float32(x)
		case []float64:
			data[i*len(row)+j] = x
		}
	}
}

func flat(rows [][]float64) []float64 {
	var all []float64
	for _, r := range rows {
		all = append(all, r...)
	}
	return all
}

func floats(d *tensor.Dense) []float64 {
	all := make([]float64, d.Shape().TotalSize())
	for i := range all {
		all[i] = dense.At(d, i)
	}
	return all
}

// converted returns x as type d.
func converted(x *tensor.Dense, d Dtype) *tensor.Dense {
	i := -1
	return filled(d.Tensor(), func() float64 { i++; return dense.At(x, i) }, x.Shape()...)
}

// near checks got against want, with an error relative to the largest of want.
func near(t testing.TB, what string, got, want []float64, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	scale := 0.0
	for _, x := range want {
		scale = max(scale, math.Abs(x))
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= tol*max(scale, 1e-12)) {
			t.Errorf("%s[%d]: got %v, want %v (relative error %.2g, want %.2g)", what, i, got[i], want[i], math.Abs(got[i]-want[i])/scale, tol)
			return
		}
	}
}

func same(a, b *tensor.Dense) bool {
	x, y := floats(a), floats(b)
	for i := range x {
		if math.Float64bits(x[i]) != math.Float64bits(y[i]) {
			return false
		}
	}
	return len(x) == len(y)
}
