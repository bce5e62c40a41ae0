package bench

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/nlpodyssey/safetensors"

	"example.com/pcn/model"
	"example.com/pcn/train"
)

func TestRun(t *testing.T) {
	for _, direction := range []model.Direction{model.Generative, model.Discriminative} {
		p, err := NewProblem(model.Config{Layers: []int{40, 12, 10, 3}, Direction: direction, Seed: 1}, model.Inference{Steps: 10, Rate: 0.01}, 70)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Run(context.Background(), p, 1, 2)
		if err != nil {
			t.Fatal(err)
		}
		form := map[model.Direction]string{model.Generative: "gram", model.Discriminative: "plain"}[direction]
		if r.Form != form || r.AllocsPerStep != 0 || r.Rate != 0.01 {
			t.Errorf("%v: form %s, %v allocations a step, rate %v; want %s, 0 and 0.01", direction, r.Form, r.AllocsPerStep, r.Rate, form)
		}
		for name, x := range map[string]float64{
			"settle_ms": r.SettleMS, "train_ms": r.TrainMS, "gflops": r.GFLOPS, "steps_per_s": r.StepsPerSec, "products_share": r.ProductsShare,
			"energy": r.Energy, "without_packing": r.WithoutPacking, "without_rates": r.WithoutRates, "without_gram": r.WithoutGram,
		} {
			if !(x > 0) || math.IsInf(x, 0) {
				t.Errorf("%v: %s is %v", direction, name, x)
			}
		}
	}
}

// TestWire holds that two ranks exchange little more than the parameters, each way.
func TestWire(t *testing.T) {
	p, err := NewProblem(model.Config{Layers: []int{200, 100, 100, 10}}, model.Inference{Steps: 2}, 128)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Run(t.Context(), p, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	if of := float64(r.Wire.Bytes) / float64(r.Wire.Parameters); of < 2 || of > 2.2 || r.Wire.Parameters != 4*(200*100+100*100+100*10+210) {
		t.Errorf("%.3f times %d bytes of parameters, want from 2 to 2.2", of, r.Wire.Parameters)
	}
}

// TestProductCount holds what is counted against what the arithmetic asks for.
func TestProductCount(t *testing.T) {
	p, err := NewProblem(model.Config{Layers: []int{40, 12, 3}, Direction: model.Generative}, model.Inference{Steps: 10, Plain: true}, 8)
	if err != nil {
		t.Fatal(err)
	}
	count := func() float64 {
		list, err := p.products(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return list.flop()
	}
	count() // weights are packed, and multiplied, once
	// ε0 at 11 points and its pullback at 10 on 40×12; the clamped top's prediction once
	if got, want := count(), float64(2*8*(21*40*12+12*3)); got != want {
		t.Errorf("plain: %v operations, want %v", got, want)
	}
	p.Inference.Plain = false
	count()
	if got, want := count(), float64(2*8*(10*12*12+2*40*12+12*3)); got != want {
		t.Errorf("gram: %v operations, want %v", got, want)
	}
}

// TestLeast: a training batch does no product but those that the method needs, as long as
// nothing is made anew of the weights.
func TestLeast(t *testing.T) {
	chain := func(d model.Direction, sizes ...int) model.Config { return model.Config{Layers: sizes, Direction: d} }
	for _, cfg := range []model.Config{
		chain(model.Discriminative, 40, 24, 20, 3), chain(model.Discriminative, 40, 24, 20, 16, 3), chain(model.Generative, 40, 24, 20, 3),
		{Layers: []int{12, 3}, Network: "resnet-mlp depth=4 width=16"},
	} {
		for _, inf := range []model.Inference{
			{Steps: 8}, {Method: model.Preconditioned, Steps: 3}, {Method: model.GaussSeidel, Steps: 1}, {Method: model.GaussSeidel, Steps: 3}, {Method: model.Chain, Steps: 2},
		} {
			if cfg.Allows(inf.Method) != nil {
				continue
			}
			inf.Plain, inf.Unguarded, inf.Lag = true, true, model.LagOf(100)
			p, err := NewProblem(cfg, inf, 8)
			if err != nil {
				t.Fatal(err)
			}
			l, err := train.NewPCN(p.network, nil, p.Inference, &train.SGD{})
			if err != nil {
				t.Fatal(err)
			}
			r := &Result{}
			learn := func() (train.Step, error) {
				return l.Learn(t.Context(), train.Batch{Inputs: p.inputs, Targets: p.targets}, 1e-6)
			}
			if _, err := learn(); err != nil { // what is made of the first weights
				t.Fatal(err)
			}
			if err := r.count(p, learn); err != nil {
				t.Fatal(err)
			}
			if r.Renewed != 0 || math.Abs(r.MultiplyAdds-r.LeastMultiplyAdds) > 1e-6*r.LeastMultiplyAdds {
				t.Errorf("%v, %v: %v multiply-adds, want %v", p.network, inf.Method, r.MultiplyAdds, r.LeastMultiplyAdds)
			}
		}
	}
}

func TestSave(t *testing.T) {
	p, err := NewProblem(model.Config{Layers: []int{5, 4, 3}, Direction: model.Generative}, model.Inference{Steps: 7}, 2)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "problem.safetensors")
	if err := p.Save(path, 0.25); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	st, err := safetensors.Deserialize(data)
	if err != nil {
		t.Fatal(err)
	}
	for name, shape := range map[string][2]uint64{"clamp.bottom": {2, 5}, "clamp.top": {2, 3}, "layers.1.W.weight": {4, 3}} {
		if v, ok := st.Tensor(name); !ok || len(v.Shape()) != 2 || [2]uint64(v.Shape()) != shape {
			t.Errorf("%s: got shape %v, want %v", name, v.Shape(), shape)
		}
	}
	_, metadata, _ := safetensors.ReadMetadata(data)
	if m := metadata.Metadata(); m["steps"] != "7" || m["rate"] != "0.25" || m["activation"] != "tanh" {
		t.Errorf("metadata %v", m)
	}
}
