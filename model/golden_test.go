package model

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"example.com/pcn/internal/dense"
)

// golden is a file of testdata/golden: see its README.
type golden struct {
	Sizes       []int         `json:"sizes"`
	Activation  string        `json:"activation"`
	Steps       int           `json:"steps"`
	InferenceLR float64       `json:"inference_lr"`
	WeightLR    float64       `json:"weight_lr"`
	ClampTop    bool          `json:"clamp_top"`
	Weights     [][][]float64 `json:"weights"`
	Biases      [][]float64   `json:"biases"`
	Batches     []struct {
		Input, Top        [][]float64
		Energy            []float64
		Latents           [][][]float64
		StaleErrors       [][][]float64 `json:"stale_errors"`
		Errors            [][][]float64
		SettledEnergy     float64       `json:"settled_energy"`
		DeltaWeights      [][][]float64 `json:"delta_weights"`
		DeltaBiases       [][]float64   `json:"delta_biases"`
		FreshDeltaWeights [][][]float64 `json:"fresh_delta_weights"`
		FreshDeltaBiases  [][]float64   `json:"fresh_delta_biases"`
		WeightsAfter      [][][]float64 `json:"weights_after"`
		BiasesAfter       [][]float64   `json:"biases_after"`
	}
}

// TestGolden runs the article's network beside PyTorch's autograd.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/golden/*.json")
	must(t, err)
	if len(files) != 6 {
		t.Fatalf("found %d golden files, want 6", len(files))
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		must(t, err)
		var g golden
		must(t, json.Unmarshal(data, &g))
		for dtype, tol := range map[Dtype]float64{Float64: 1e-9, Float32: 1e-4} {
			t.Run(fmt.Sprintf("%s/%v", filepath.Base(file), dtype), func(t *testing.T) { g.run(t, dtype, tol) })
		}
	}
}

func (g *golden) run(t *testing.T, dtype Dtype, tol float64) {
	n, err := New(Config{Layers: g.Sizes, Direction: Generative, Activation: g.Activation, TopActivation: g.Activation, Dtype: dtype})
	must(t, err)
	for i := range n.Predictions() {
		for j, row := range g.Weights[i] {
			setRow(n.Weights(i), j, row)
		}
		setRow(n.Biases(i), 0, g.Biases[i])
	}
	n.Changed()
	inf := Inference{Steps: g.Steps, Rate: g.InferenceLR, Unguarded: true, Start: Zeros, Trace: true}
	update := n.NewUpdate()
	for k, b := range g.Batches {
		c := n.Clamp(matrix(dtype, b.Input), nil)
		if g.ClampTop {
			c = n.Clamp(matrix(dtype, b.Input), matrix(dtype, b.Top))
		}
		inf.StaleErrors = false
		r, err := n.Settle(context.Background(), c, inf)
		must(t, err)
		if r.Status != StepLimit || r.Steps != g.Steps {
			t.Errorf("batch %d: %v after %d steps, want %v after %d", k, r.Status, r.Steps, StepLimit, g.Steps)
		}
		var energies []float64
		for _, step := range r.Trace {
			sum := 0.0
			for _, e := range step {
				sum += e
			}
			energies = append(energies, sum)
		}
		at := func(what string, i int) string { return fmt.Sprintf("batch %d: %s %d", k, what, i) }
		near(t, at("energy of", 0), energies, b.Energy, tol)
		near(t, at("settled energy of", 0), []float64{r.Energy}, []float64{b.SettledEnergy}, tol)
		must(t, n.Hebbian(r, update))
		for i := range n.Predictions() {
			near(t, at("latent", i+1), floats(r.Latents[i+1]), flat(b.Latents[i]), tol)
			near(t, at("error", i), floats(r.Errors[i]), flat(b.Errors[i]), tol)
			near(t, at("fresh ΔW", i), floats(update.Directions()[2*i]), flat(b.FreshDeltaWeights[i]), tol)
			near(t, at("fresh Δb", i), floats(update.Directions()[2*i+1]), b.FreshDeltaBiases[i], tol)
		}

		inf.StaleErrors = true
		r, err = n.Settle(context.Background(), c, inf)
		must(t, err)
		must(t, n.Hebbian(r, update))
		for i := range n.Predictions() {
			near(t, at("stale error", i), floats(r.Errors[i]), flat(b.StaleErrors[i]), tol)
			near(t, at("ΔW", i), floats(update.Directions()[2*i]), flat(b.DeltaWeights[i]), tol)
			near(t, at("Δb", i), floats(update.Directions()[2*i+1]), b.DeltaBiases[i], tol)
			dense.AddScaled(n.Weights(i), g.WeightLR, update.Directions()[2*i])
			dense.AddScaled(n.Biases(i), g.WeightLR, update.Directions()[2*i+1])
			near(t, at("weights after", i), floats(n.Weights(i)), flat(b.WeightsAfter[i]), tol)
			near(t, at("biases after", i), floats(n.Biases(i)), b.BiasesAfter[i], tol)
		}
		n.Changed()
	}
}
