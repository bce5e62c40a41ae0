package train

import (
	"math"
	"testing"

	"gorgonia.org/tensor"
)

// TestOptimizers holds three steps against torch.optim 2.15 (lr 0.1, defaults).
func TestOptimizers(t *testing.T) {
	directions := [][]float64{{0.5, -1, 0.25, 2}, {-0.3, 0.2, 0.1, 1}, {0.7, 0.7, -0.9, -0.5}}
	for name, want := range map[string][]float64{
		"sgd":      {1.09, -2.01, 2.945, 0.75},
		"momentum": {1.1485, -2.163, 2.99675, 1.182},
		"adam":     {1.1777198950814658, -2.147485043432702, 3.1485436039868744, 0.7495841000195613},
		"adamw":    {1.1745038442824056, -2.1412400388276915, 3.139262843479133, 0.7477924815572693},
	} {
		opt, err := NewOptimizer(name)
		must(t, err)
		if opt.String() != name {
			t.Errorf("%q calls itself %q", name, opt)
		}
		x := tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]float64{1, -2, 3, 0.5}))
		for _, d := range directions {
			must(t, opt.Step([]*tensor.Dense{x}, []*tensor.Dense{tensor.New(tensor.WithShape(2, 2), tensor.WithBacking(d))}, 0.1))
		}
		for i, v := range x.Float64s() {
			if math.Abs(v-want[i]) > 1e-12 {
				t.Errorf("%s: got %v, want %v", name, x.Float64s(), want)
				break
			}
		}
		if err := opt.Step([]*tensor.Dense{x}, nil, 1); err == nil {
			t.Errorf("%s took a parameter without a direction", name)
		}
	}
}

func TestSchedules(t *testing.T) {
	for text, want := range map[string][5]float64{ // at 0, 1/8, 1/4, 5/8 and 1
		"constant":              {1, 1, 1, 1, 1},
		"cosine":                {1, (1 + math.Cos(math.Pi/8)) / 2, (1 + math.Cos(math.Pi/4)) / 2, (1 + math.Cos(math.Pi*5/8)) / 2, 0},
		"linear":                {1, 0.875, 0.75, 0.375, 0},
		"constant warmup=0.625": {0, 0.2, 0.4, 1, 1},
		"cosine warmup=0.25":    {0, 0.5, 1, 0.5, 0},
		"linear warmup=0.25":    {0, 0.5, 1, 0.5, 0},
	} {
		s, err := NewSchedule(text)
		must(t, err)
		if s.String() != text {
			t.Errorf("%s is called %v", text, s)
		}
		for i, done := range []float64{0, 0.125, 0.25, 0.625, 1} {
			if got := s.Factor(done); math.Abs(got-want[i]) > 1e-15 {
				t.Errorf("%s(%v) = %v, want %v", text, done, got, want[i])
			}
		}
	}
}
