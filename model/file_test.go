package model

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/nlpodyssey/safetensors"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/fuzzing"
	"example.com/pcn/internal/tensorfile"
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
			for _, name := range []string{"model.safetensors", "model.npz"} {
				path := filepath.Join(t.TempDir(), name)
				must(t, n.Save(path))
				m, err := Load(path, Config{})
				must(t, err)
				if got, want := mustJSON(t, m.Config()), mustJSON(t, n.Config()); got != want {
					t.Errorf("%s: config %s, want %s", name, got, want)
				}
				if got := m.Metadata("pcn.note"); got != "hello" {
					t.Errorf("%s: metadata %q, want hello", name, got)
				}
				for i, p := range n.Parameters() {
					if !same(p, m.Parameters()[i]) {
						t.Errorf("%s, %v %v: parameter %d differs", name, direction, dtype, i)
					}
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
func file(t testing.TB, metadata map[string]string, shapes map[string][]uint64) []byte {
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
		"neither a safetensors nor an NPZ file":                                         []byte("hello"),
		"invalid header length":                                                         []byte("\xff\xff\x00\x00\x00\x00\x00\x00{}"),
		"metadata incomplete buffer":                                                    whole[:len(whole)-5],
		"layers.0.W.weight is missing; the file holds":                                  file(t, nil, map[string][]uint64{"fc1.weight": {2, 2}}),
		"layers.1.W.bias of shape [3] is missing":                                       file(t, nil, without("layers.1.W.bias")),
		"layers.0.W.bias: must have shape [4], got [5]":                                 file(t, nil, with("layers.0.W.bias", 5)),
		"layers.1.W.weight: must have shape [3 2], got [2 3]":                           file(t, map[string]string{metadataKey: `{"layers":[4,3,2],"direction":"generative"}`}, with("layers.1.W.weight", 2, 3)),
		"layers.1.W.weight of shape [100000 2] is missing":                              file(t, map[string]string{metadataKey: `{"layers":[4,100000,2],"direction":"generative"}`}, map[string][]uint64{"layers.0.W.weight": {4, 100000}, "layers.0.W.bias": {4}}),
		`metadata pcn.config: json: unknown field "colour"`:                             file(t, map[string]string{metadataKey: `{"layers":[4,3,2],"colour":1}`}, good),
		`metadata pcn.config: must be one of discriminative, generative, got "upwards"`: file(t, map[string]string{metadataKey: `{"layers":[4,3,2],"direction":"upwards"}`}, good),
		"must hold 4 tensors for nodes of [4 3 2] units, got 6":                         file(t, map[string]string{metadataKey: `{"layers":[4,3,2],"direction":"generative"}`}, map[string][]uint64{"layers.0.W.weight": {4, 3}, "layers.0.W.bias": {4}, "layers.1.W.weight": {3, 2}, "layers.1.W.bias": {3}, "layers.2.W.weight": {2, 2}, "layers.2.W.bias": {2}}),
		"must be a finite number, got NaN":                                              nan,
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

// TestPlainLayers reads layers as NumPy code often keeps them, and predicts what
// x W + b through an activation gives.
func TestPlainLayers(t *testing.T) {
	numbers := map[string][]float32{
		"W0": {1, 2, 3, 4, 5, 6}, "b0": {0.5, -20, 1}, // (2, 3)
		"W1": {1, 0, -1}, "b1": {0.25}, // (3, 1)
	}
	shapes := map[string][]int{"W0": {2, 3}, "b0": {3}, "W1": {3, 1}, "b1": {1}}
	tensors := map[string]*tensor.Dense{}
	for name, x := range numbers {
		tensors[name] = tensor.New(tensor.WithShape(shapes[name]...), tensor.WithBacking(x))
	}
	var b bytes.Buffer
	must(t, tensorfile.WriteNPZ(&b, tensors, nil))
	n, err := Read(b.Bytes(), Config{Direction: Discriminative, Activation: "relu"})
	must(t, err)
	if got := n.Config().Layers; !slices.Equal(got, []int{2, 3, 1}) {
		t.Fatalf("layers %v", got)
	}
	y, _, err := n.Predict(context.Background(), matrix(Float32, [][]float64{{1, 2}}), Inference{})
	must(t, err)
	// x W0 + b0 = (9.5, -8, 16), through relu (9.5, 0, 16), and W1 makes 9.5 - 16.
	near(t, "prediction", floats(y), []float64{-6.25}, 1e-6)
	n, err = Read(b.Bytes(), Config{Direction: Generative})
	must(t, err)
	if got := n.Config().Layers; !slices.Equal(got, []int{1, 3, 2}) {
		t.Errorf("generative: layers %v, from data to label", got)
	}

	for want, change := range map[string]func(map[string][]uint64){
		"b1 is missing": func(m map[string][]uint64) { delete(m, "b1") },
		"b0: must have shape [3], as W0 is (in, out), got [2]":       func(m map[string][]uint64) { m["b0"] = []uint64{2} },
		"W1: must have shape [3 ...], as W0 gives 3 numbers, got [4": func(m map[string][]uint64) { m["W1"] = []uint64{4, 1} },
		"W0: must be a matrix, got shape [3]":                        func(m map[string][]uint64) { m["W0"] = []uint64{3} },
		"must hold 4 tensors for nodes of [1 3 2] units, got 5":      func(m map[string][]uint64) { m["W3"] = []uint64{1, 1} },
	} {
		m := map[string][]uint64{"W0": {2, 3}, "b0": {3}, "W1": {3, 1}, "b1": {1}}
		change(m)
		if _, err := Read(file(t, nil, m), Config{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
}

// TestReadAllocations: what reading a model allocates is told by its layers, not by
// its weights.
func TestReadAllocations(t *testing.T) {
	count := func(width int) float64 {
		n, err := New(Config{Layers: []int{width, width, 10}})
		must(t, err)
		var b bytes.Buffer
		must(t, n.Write(&b))
		return testing.AllocsPerRun(3, func() {
			_, err := Read(b.Bytes(), Config{})
			must(t, err)
		})
	}
	if few, many := count(4), count(400); many > few+50 {
		t.Errorf("%v allocations for a model of 70 weights, %v for one of 164,410", few, many)
	}
}

func BenchmarkLoad(b *testing.B) {
	n, err := New(Config{Layers: []int{784, 2048, 2048, 10}}) // 23 MB
	must(b, err)
	path := filepath.Join(b.TempDir(), "model.safetensors")
	must(b, n.Save(path))
	b.ReportAllocs()
	for b.Loop() {
		_, err := Load(path, Config{})
		must(b, err)
	}
}

// FuzzRead reads what may be a model, with at most 64 bytes of memory for each of
// its own, and more where they are unpacked.
func FuzzRead(f *testing.F) {
	fuzzing.Sparingly(f)
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
	n, err = New(sharing())
	must(f, err)
	b.Reset()
	must(f, n.Write(&b))
	f.Add(b.Bytes())
	f.Add([]byte("\x02\x00\x00\x00\x00\x00\x00\x00{}"))
	b.Reset()
	must(f, n.WriteNPZ(&b))
	f.Add(b.Bytes())
	f.Add(file(f, nil, map[string][]uint64{"W0": {3, 2}, "b0": {2}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		n, err := Read(data, Article)
		runtime.ReadMemStats(&after)
		bound := 64<<10 + 64*uint64(len(data))
		if tensorfile.IsNPZ(data) {
			bound = 16<<20 + 4*bound
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > bound {
			t.Errorf("%d bytes allocated for a file of %d", used, len(data))
		}
		if err != nil {
			return
		}
		for _, write := range []func(io.Writer) error{n.Write, n.WriteNPZ} {
			var b bytes.Buffer
			must(t, write(&b))
			m, err := Read(b.Bytes(), Article)
			must(t, err)
			for i, p := range n.Parameters() {
				if !same(p, m.Parameters()[i]) {
					t.Errorf("parameter %d differs", i)
				}
			}
		}
	})
}

// TestEveryBit flips each bit of a model's file, and cuts it everywhere: it is
// refused, or the network is the one that was written.
func TestEveryBit(t *testing.T) {
	n, err := New(Config{Layers: []int{2, 3, 2}, Precisions: []float64{1, 2, 1}, Seed: 4})
	must(t, err)
	must(t, n.SetMetadata("pcn.note", "rate: 0.1"))
	same := func(m *Network) bool {
		for name, d := range n.tensors() {
			if other := m.tensors()[name]; other == nil || !reflect.DeepEqual(other.Data(), d.Data()) {
				return false
			}
		}
		return reflect.DeepEqual(m.Config(), n.Config()) && m.Metadata("pcn.note") == n.Metadata("pcn.note")
	}
	for name, write := range map[string]func(io.Writer) error{"safetensors": n.Write, "npz": n.WriteNPZ} {
		var file bytes.Buffer
		must(t, write(&file))
		whole, refused := file.Bytes(), 0
		for i := range 8 * len(whole) {
			damaged := bytes.Clone(whole)
			damaged[i/8] ^= 1 << (i % 8)
			if m, err := Read(damaged, Config{}); err != nil {
				refused++
			} else if !same(m) {
				t.Errorf("%s: with bit %d flipped it was read as another network", name, i)
			}
		}
		for size := range whole {
			if _, err := Read(whole[:size], Config{}); err == nil {
				t.Errorf("%s: cut to %d of %d bytes it was read", name, size, len(whole))
			}
		}
		t.Logf("%s: %d of %d bits were refused", name, refused, 8*len(whole))
	}
}
