package model

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

func TestWeightInitsHaveTheirSpread(t *testing.T) {
	const in, out = 300, 100
	uniform := func(bound float64) float64 { return bound / math.Sqrt(3) }
	for init, want := range map[WeightInit]float64{
		"": uniform(math.Sqrt(6. / (in + out))), Xavier: uniform(math.Sqrt(6. / (in + out))), XavierNormal: math.Sqrt(2. / (in + out)),
		Kaiming: uniform(math.Sqrt(6. / in)), KaimingNormal: math.Sqrt(2. / in), PyTorch: uniform(1 / math.Sqrt(in)),
		Orthogonal: 1 / math.Sqrt(in), UnitNormal: 1,
	} {
		n, err := New(Config{Layers: []int{in, out}, WeightInit: init, Dtype: Float64, Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		w := n.Weights(0).Float64s()
		if mean, deviation := stat.MeanStdDev(w, nil); math.Abs(deviation/want-1) > 0.02 || math.Abs(mean) > 0.02*want {
			t.Errorf("%s: mean %.3g and deviation %.4g, want 0 and %.4g", init, mean, deviation, want)
		}
		biased := stat.Variance(n.Biases(0).Float64s(), nil) > 0
		if biased != (init == PyTorch) {
			t.Errorf("%s: biases %v", init, n.Biases(0))
		}
	}
}

func TestOrthogonalWeightsAreOrthogonal(t *testing.T) {
	for _, layers := range [][]int{{7, 4}, {4, 7}} {
		n, err := New(Config{Layers: layers, WeightInit: Orthogonal, Dtype: Float64, Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		w := mat.NewDense(layers[1], layers[0], n.Weights(0).Float64s())
		var square mat.Dense
		if layers[1] < layers[0] {
			square.Mul(w, w.T())
		} else {
			square.Mul(w.T(), w)
		}
		if k, _ := square.Dims(); !mat.EqualApprox(&square, mat.NewDiagDense(k, []float64{1, 1, 1, 1}), 1e-12) {
			t.Errorf("%v: W Wᵀ = %v", layers, mat.Formatted(&square))
		}
	}
}
