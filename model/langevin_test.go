package model

import (
	"context"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// TestSampleByLangevin: samples of a linear network, whose inputs and hidden nodes wander
// together, have the mean and the covariance of the closed form, T (1/Π₀ + W W'/Π₁) about
// what the targets predict, within 3 %, along each kind of move.
func TestSampleByLangevin(t *testing.T) {
	n, err := New(Config{Layers: []int{2, 3, 2}, Direction: Generative, Activation: "identity", Precisions: []float64{2, 3, 1}, Dtype: Float64, Seed: 5})
	must(t, err)
	const rows, temperature = 10000, 0.3
	targets, err := n.OneHot(make([]int, rows))
	must(t, err)
	ctx := context.Background()
	mean, _, err := n.Generate(ctx, targets, Inference{})
	must(t, err)
	var want mat.Dense
	w := mat.NewDense(2, 3, n.Weights(0).Float64s())
	want.Mul(w, w.T())
	want.Scale(temperature/3, &want)
	for j := range 2 {
		want.Set(j, j, want.At(j, j)+temperature/2)
	}
	how := Sampling{Temperature: temperature, Seed: 1, Mix: 400}
	for method, rate := range map[Method]float64{Gradient: 0.008, Momentum: 0.001, ErrorCoordinates: 0.008} {
		inf := Inference{Method: method, Rate: rate, Steps: 1}
		x, err := n.Sample(ctx, targets, how, inf)
		must(t, err)
		var got, middle [4]float64
		for i := range rows {
			for j := range 2 {
				d := x.Float64s()[i*2+j] - mean.Float64s()[j]
				middle[j] += d / rows
				for k := range 2 {
					got[j*2+k] += d * (x.Float64s()[i*2+k] - mean.Float64s()[k]) / rows
				}
			}
		}
		size := mat.Norm(&want, 2)
		for j := range 2 {
			if !(math.Abs(middle[j]) <= 0.03*math.Sqrt(size)) {
				t.Errorf("%v: mean[%d] is off by %.4f", method, j, middle[j])
			}
			for k := range 2 {
				if got, want := got[j*2+k], want.At(j, k); !(math.Abs(got-want) <= 0.03*size) {
					t.Errorf("%v: covariance[%d][%d] = %.4f, want %.4f", method, j, k, got, want)
				}
			}
		}
		few, err := n.OneHot(make([]int, 100))
		must(t, err)
		n.SetWorkers(1)
		a, err := n.Sample(ctx, few, how, inf)
		must(t, err)
		n.SetWorkers(2)
		b, err := n.Sample(ctx, few, how, inf)
		must(t, err)
		if !same(a, b) {
			t.Errorf("%v: one worker draws other samples", method)
		}
	}
	top, err := New(Config{Layers: []int{2, 3, 2}, Seed: 5})
	must(t, err)
	few, err := top.OneHot([]int{0, 0})
	must(t, err)
	if _, err := top.Sample(ctx, few, how, Inference{}); err == nil || !strings.Contains(err.Error(), "node input: must have a prediction or a prior") {
		t.Errorf("inputs without a distribution: got error %v", err)
	}
}
