package rule

import (
	"context"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
	"gorgonia.org/tensor"

	"example.com/pcn/model"
)

// generator returns a network that predicts data of so many units from as many latents, of
// which the energy has ½ ‖v‖².
func generator(units, latents int) model.Config {
	return model.Config{
		Nodes:       []model.Node{{Name: "data", Size: units}, {Name: "cause", Size: latents, Prior: 1}},
		Predictions: []model.Prediction{{Of: "data", From: []model.Edge{{Nodes: []string{"cause"}}}}},
		Input:       "data", Target: "cause", Dtype: model.Float64, Seed: 1,
	}
}

// TestLangevin: latents of a linear network with noise have the mean and the covariance of
// their posterior, variance · (I + WᵀW)⁻¹ about (I + WᵀW)⁻¹ Wᵀ x, along the gradient,
// with momentum, in error coordinates and by blocks, within 3 %.
func TestLangevin(t *testing.T) {
	const rows, units, latents, samples = 500, 3, 2, 300
	n, err := model.New(generator(units, latents))
	must(t, err)
	copy(n.Weights(0).Float64s(), []float64{1, 0.5, -0.6, 0.8, 0.2, -0.3})
	n.Changed()
	one := []float64{2, -1, 1.5}
	x := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(rows, units))
	for i := range rows {
		copy(x.Float64s()[i*units:], one)
	}
	w := mat.NewDense(units, latents, n.Weights(0).Float64s())
	var s, cov mat.Dense
	s.Mul(w.T(), w)
	for i := range latents {
		s.Set(i, i, s.At(i, i)+1)
	}
	must(t, cov.Inverse(&s))
	var wx, mean mat.VecDense
	wx.MulVec(w.T(), mat.NewVecDense(units, one))
	mean.MulVec(&cov, &wx)
	for _, variance := range []float64{1, 0.25} {
		for method, rate := range map[model.Method]float64{model.Gradient: 0.02, model.Momentum: 0.004, model.ErrorCoordinates: 0.02, model.GaussSeidel: 1} {
			st, err := n.Begin(model.Clamps{"data": {Values: x}}, model.Inference{Method: method, Rate: rate})
			must(t, err)
			must(t, st.Noise(variance, 7, 1))
			var m [latents]float64
			var c [latents][latents]float64
			v, err := st.Latent("cause")
			must(t, err)
			for step := range 300 + 2*samples {
				must(t, st.Step(context.Background()))
				if step < 300 || step%2 == 0 {
					continue
				}
				at := v.Float64s()
				for i := 0; i < len(at); i += latents {
					for j := range latents {
						m[j] += at[i+j] / rows / samples
						for k := range latents {
							c[j][k] += (at[i+j] - mean.AtVec(j)) * (at[i+k] - mean.AtVec(k)) / rows / samples
						}
					}
				}
			}
			for j := range latents {
				if got, want := m[j], mean.AtVec(j); !(math.Abs(got-want) <= 0.03*mat.Norm(&mean, 2)) {
					t.Errorf("variance %v, %v: mean[%d] = %.4f, want %.4f", variance, method, j, got, want)
				}
				for k := range latents {
					if got, want := c[j][k], variance*cov.At(j, k); !(math.Abs(got-want) <= 0.03*variance*mat.Norm(&cov, 2)) {
						t.Errorf("variance %v, %v: covariance[%d][%d] = %.4f, want %.4f", variance, method, j, k, got, want)
					}
				}
			}
		}
	}
}

// TestMCPCLearnsVariance: of data from N(1, 5) a network of one latent, x = w z + b + noise
// of variance 1, learns w = ±√(5 − 1) and b = 1 by samples; by a point, as PC, it does not.
func TestMCPCLearnsVariance(t *testing.T) {
	const rows = 100
	data := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(rows, 1))
	mean := 0.0
	for i := range rows { // quantiles, so that chance has no part in the data
		data.Float64s()[i] = 1 + math.Sqrt(5)*distuv.UnitNormal.Quantile((float64(i)+0.5)/rows)
		mean += data.Float64s()[i] / rows
	}
	for text, of := range map[string]struct {
		inf    model.Inference
		learns bool
	}{
		"mcpc mix=100 samples=60": {model.Inference{Rate: 0.01, Steps: 60}, true},
		"mcpc mix=1 samples=20":   {model.Inference{Method: model.GaussSeidel, Steps: 1}, true},
		"pc":                      {model.Inference{Rate: 0.01, Steps: 60}, false},
	} {
		n, err := model.New(generator(1, 1))
		must(t, err)
		n.Weights(0).Float64s()[0] = 0.7
		n.Changed()
		by, err := New(text)
		must(t, err)
		l := &Lesson{Network: n, Clamps: model.Clamps{"data": {Values: data}}, Seed: 1}
		l.Inference, err = by.Prepare(n.Config(), of.inf)
		must(t, err)
		l.Move = descend(l, 0.2)
		last := 0.0
		for l.Batch = range 200 {
			_, err := by.Learn(context.Background(), l)
			must(t, err)
			if l.Batch >= 150 {
				last += math.Abs(n.Weights(0).Float64s()[0]) / 50
			}
		}
		b := n.Biases(0).Float64s()[0]
		t.Logf("%s: |w| = %.3f, b = %.3f", text, last, b)
		if right := math.Abs(last-2) <= 0.1 && math.Abs(b-1) <= 0.1; right != of.learns {
			t.Errorf("%s: |w| = %.3f, b = %.3f, want 2 and 1: %v", text, last, b, of.learns)
		}
	}
}

// TestMCPCWithoutNoise: at rest and without noise, all samples are PC's point.
func TestMCPCWithoutNoise(t *testing.T) {
	for name, cfg := range feedforwards() {
		l := lesson(t, cfg)
		inf := model.Inference{Method: model.Momentum, Steps: 2000}
		point, _ := update(t, "pc", l, inf)
		if samples, _ := update(t, "mcpc variance=0 mix=2 samples=3", l, inf); !(off(samples, point) <= 1e-6) {
			t.Errorf("%s: off by %.3g", name, off(samples, point))
		}
	}
}
