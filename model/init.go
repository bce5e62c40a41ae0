package model

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/registry"
)

// WeightInit names how weights are drawn, by the fan of their map: the number of units in
// that a unit out is made from, or the other way round. Biases begin at 0, and gains at 1.
type WeightInit string

const (
	Xavier        WeightInit = "xavier"         // uniform ±√(6/(in+out)); Glorot and Bengio (2010), eq. 16
	XavierNormal  WeightInit = "xavier-normal"  // N(0, 2/(in+out))
	Kaiming       WeightInit = "kaiming"        // uniform ±√(6/in), for ReLU; He and others (2015)
	KaimingNormal WeightInit = "kaiming-normal" // N(0, 2/in)
	PyTorch       WeightInit = "pytorch"        // uniform ±1/√in, biases too: nn.Linear's default
	Orthogonal    WeightInit = "orthogonal"     // rows, or columns where these are fewer, at right angles and of length 1
	UnitNormal    WeightInit = "normal"         // N(0, 1)
)

// weightInits returns, for a parameter of such a shape and fans, its elements in their
// order.
var weightInits = registry.New(map[string]func(rng *rand.Rand, shape []int, in, out float64) func(i int) float64{
	string(Xavier): func(rng *rand.Rand, _ []int, in, out float64) func(int) float64 {
		return uniform(rng, math.Sqrt(6/(in+out)))
	},
	string(XavierNormal): func(rng *rand.Rand, _ []int, in, out float64) func(int) float64 {
		return normal(rng, math.Sqrt(2/(in+out)))
	},
	string(Kaiming): func(rng *rand.Rand, _ []int, in, _ float64) func(int) float64 { return uniform(rng, math.Sqrt(6/in)) },
	string(KaimingNormal): func(rng *rand.Rand, _ []int, in, _ float64) func(int) float64 {
		return normal(rng, math.Sqrt(2/in))
	},
	string(PyTorch):    func(rng *rand.Rand, _ []int, in, _ float64) func(int) float64 { return uniform(rng, 1/math.Sqrt(in)) },
	string(Orthogonal): func(rng *rand.Rand, shape []int, _, _ float64) func(int) float64 { return orthogonal(rng, shape) },
	string(UnitNormal): func(rng *rand.Rand, _ []int, _, _ float64) func(int) float64 { return normal(rng, 1) },
})

// WeightInits returns the names of how weights may be drawn.
func WeightInits() []string { return weightInits.Names() }

// check returns which names there are, where there is none such.
func (w WeightInit) check() error {
	_, err := weightInits.Parse(string(w))
	return err
}

// UnmarshalText takes a name; none is the default.
func (w *WeightInit) UnmarshalText(b []byte) error {
	if *w = WeightInit(b); *w == "" {
		return nil
	}
	return w.check()
}

// draw sets x to what a slot begins with.
func (n *Network) draw(rng *rand.Rand, s slot, x *tensor.Dense) {
	element := func(int) float64 { return 1 }
	switch {
	case s.index >= 0 && s.in > 0:
		drawn, _ := weightInits.Parse(string(n.cfg.WeightInit)) // checked before
		element = drawn(rng, s.shape, float64(s.in), float64(s.out))
	case s.index < 0 && s.in > 0 && n.cfg.WeightInit == PyTorch:
		element = uniform(rng, 1/math.Sqrt(float64(s.in)))
	case s.index < 0:
		element = uniform(rng, 0) // which draws, so that weights are the same beside any biases
	}
	dense.Fill(x, element)
	for i := 0; s.hollow && i < s.shape[0]; i++ {
		dense.Set(x, i*s.shape[1]+i, 0)
	}
}

func uniform(rng *rand.Rand, bound float64) func(int) float64 {
	return func(int) float64 { return bound * (2*rng.Float64() - 1) }
}

func normal(rng *rand.Rand, deviation float64) func(int) float64 {
	return func(int) float64 { return deviation * rng.NormFloat64() }
}

// orthogonal returns the elements of a matrix of shape[0] rows, drawn evenly from those
// that are orthogonal: Q of a Gaussian one, with the signs that R of a positive diagonal
// gives it (Mezzadri 2007).
func orthogonal(rng *rand.Rand, shape []int) func(int) float64 {
	rows := shape[0]
	columns := tensor.Shape(shape).TotalSize() / rows
	tall, narrow := max(rows, columns), min(rows, columns)
	a := mat.NewDense(tall, narrow, nil)
	a.Apply(func(_, _ int, _ float64) float64 { return rng.NormFloat64() }, a)
	var qr mat.QR
	qr.Factorize(a)
	var q, r mat.Dense
	qr.QTo(&q)
	qr.RTo(&r)
	return func(i int) float64 {
		row, column := i/columns, i%columns
		if rows < columns {
			row, column = column, row
		}
		return math.Copysign(q.At(row, column), q.At(row, column)*r.At(column, column))
	}
}
