package model

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/nlpodyssey/safetensors"
)

// TestPyTorchFile reads a file that PyTorch wrote (testdata/pytorch.py) and
// holds what we predict and generate from it against what PyTorch does.
func TestPyTorchFile(t *testing.T) {
	n, err := Load("testdata/pytorch.safetensors", Article)
	must(t, err)
	data, err := os.ReadFile("testdata/pytorch.json")
	must(t, err)
	var want struct {
		Sizes                        []int
		Steps                        int
		Rate                         float64
		Input, Top, Label, Generated [][]float64
	}
	must(t, json.Unmarshal(data, &want))
	if got := n.Config().Layers; len(got) != len(want.Sizes) {
		t.Fatalf("layers %v, want %v", got, want.Sizes)
	}
	top, _, err := n.Predict(context.Background(), matrix(Float32, want.Input), Inference{Steps: want.Steps, Rate: want.Rate, Unguarded: true, Start: Zeros})
	must(t, err)
	near(t, "predicted", floats(top), flat(want.Top), 1e-5)
	generated, _, err := n.Generate(context.Background(), matrix(Float32, want.Label), Inference{})
	must(t, err)
	near(t, "generated", floats(generated), flat(want.Generated), 1e-5)
}

func TestSaveAndLoad(t *testing.T) {
	for _, direction := range []Direction{Discriminative, Generative} {
		for _, dtype := range []Dtype{Float32, Float64} {
			cfg := Config{Layers: []int{6, 5, 3}, Direction: direction, Activation: "gelu", Precisions: []float64{1, 10, 2}, Dtype: dtype, Seed: 4}
			n, err := New(cfg)
			must(t, err)
			must(t, n.SetMetadata("pcn.note", "hello"))
			path := filepath.Join(t.TempDir(), "model.safetensors")
			must(t, n.Save(path))
			m, err := Load(path, Config{})
			must(t, err)
			if got, want := mustJSON(t, m.Config()), mustJSON(t, n.Config()); got != want {
				t.Errorf("config %s, want %s", got, want)
			}
			if got := m.Metadata("pcn.note"); got != "hello" {
				t.Errorf("metadata %q, want hello", got)
			}
			for i, p := range n.Parameters() {
				if !same(p, m.Parameters()[i]) {
					t.Errorf("%v %v: parameter %d differs", direction, dtype, i)
				}
			}
		}
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	must(t, err)
	return string(b)
}

// file returns a safetensors file of float32 zeros.
func file(t *testing.T, metadata map[string]string, shapes map[string][]uint64) []byte {
	t.Helper()
	views := map[string]safetensors.TensorView{}
	for name, s := range shapes {
		size := uint64(4)
		for _, d := range s {
			size *= d
		}
		v, err := safetensors.NewTensorView(safetensors.F32, s, make([]byte, size))
		must(t, err)
		views[name] = v
	}
	b, err := safetensors.Serialize(views, metadata)
	must(t, err)
	return b
}

func TestBadFiles(t *testing.T) {
	good := map[string][]uint64{"layers.0.W.weight": {4, 3}, "layers.0.W.bias": {4}, "layers.1.W.weight": {3, 2}, "layers.1.W.bias": {2 + 1}}
	whole := file(t, nil, good)
	if _, err := Read(whole, Article); err != nil {
		t.Fatal(err)
	}
	without := func(name string) map[string][]uint64 {
		m := map[string][]uint64{}
		for k, v := range good {
			if k != name {
				m[k] = v
			}
		}
		return m
	}
	with := func(name string, shape ...uint64) map[string][]uint64 {
		m := without("")
		m[name] = shape
		return m
	}
	nan := bytes.Clone(whole)
	copy(nan[len(nan)-4:], []byte{0, 0, 0xc0, 0x7f})
	for want, data := range map[string][]byte{
		"not a safetensors file":                                  []byte("hello"),
		"invalid header length":                                   []byte("\xff\xff\x00\x00\x00\x00\x00\x00{}"),
		"metadata incomplete buffer":                              whole[:len(whole)-5],
		"layers.0.W.weight is missing; the file holds":            file(t, nil, map[string][]uint64{"fc1.weight": {2, 2}}),
		"layers.1.W.bias of shape [3] is missing":                 file(t, nil, without("layers.1.W.bias")),
		"layers.0.W.bias: must have shape [4], got [5]":           file(t, nil, with("layers.0.W.bias", 5)),
		"layers.1.W.weight: must have shape [3 2], got [2 3]":     file(t, map[string]string{metadataKey: `{"layers":[4,3,2],"direction":"generative"}`}, with("layers.1.W.weight", 2, 3)),
		"layers.1.W.weight of shape [100000 2] is missing":        file(t, map[string]string{metadataKey: `{"layers":[4,100000,2],"direction":"generative"}`}, map[string][]uint64{"layers.0.W.weight": {4, 100000}, "layers.0.W.bias": {4}}),
		`metadata pcn.config: json: unknown field "colour"`:       file(t, map[string]string{metadataKey: `{"layers":[4,3,2],"colour":1}`}, good),
		`metadata pcn.config: got "upwards", want discriminative`: file(t, map[string]string{metadataKey: `{"layers":[4,3,2],"direction":"upwards"}`}, good),
		"holds 6 tensors, want 4":                                 file(t, map[string]string{metadataKey: `{"layers":[4,3,2],"direction":"generative"}`}, map[string][]uint64{"layers.0.W.weight": {4, 3}, "layers.0.W.bias": {4}, "layers.1.W.weight": {3, 2}, "layers.1.W.bias": {3}, "layers.2.W.weight": {2, 2}, "layers.2.W.bias": {2}}),
		"must be a finite number, got NaN":                        nan,
	} {
		_, err := Read(data, Article)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none"), Article); err == nil {
		t.Error("a missing file was loaded")
	}
}

// FuzzRead reads what may be a model, with at most 64 bytes of memory for each of
// its own.
func FuzzRead(f *testing.F) {
	n, err := New(Config{Layers: []int{3, 2}, Seed: 1})
	must(f, err)
	var b bytes.Buffer
	must(f, n.Write(&b))
	f.Add(b.Bytes())
	n, err = New(Config{Layers: []int{3, 3, 2}, Energies: []NodeEnergy{Gaussian, Gaussian, GaussianLearned}})
	must(f, err)
	must(f, n.SetPrecision(1, []float64{1, 2, 3}))
	b = bytes.Buffer{}
	must(f, n.Write(&b))
	f.Add(b.Bytes())
	f.Add([]byte("\x02\x00\x00\x00\x00\x00\x00\x00{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		n, err := Read(data, Article)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 64<<10+64*uint64(len(data)) {
			t.Errorf("%d bytes allocated for a file of %d", used, len(data))
		}
		if err != nil {
			return
		}
		var b bytes.Buffer
		must(t, n.Write(&b))
		_, err = Read(b.Bytes(), Article)
		must(t, err)
	})
}
