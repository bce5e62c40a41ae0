package model

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/tensorfile"
)

// positioned is a network whose dense layers have positions on both sides, at nodes that have
// none themselves, too.
func positioned(seed uint64) Config {
	return Config{
		Nodes: []Node{
			{Name: "target", Size: 3}, {Name: "input", Shape: []int{4, 6, 2}}, {Name: "c", Shape: []int{2, 3, 3}}, {Name: "flat", Size: 18},
			{Name: "made", Shape: []int{3, 2, 2}}, {Name: "code", Size: 12},
		},
		Predictions: []Prediction{
			{Of: "target", From: []Edge{{Nodes: []string{"code"}, Feature: "tanh, reshape 3x2x2, avg-pool 2x1"}}, Unbiased: true},
			{Of: "c", From: []Edge{{Nodes: []string{"input"}, Map: "conv 3 pad 1"}}, After: "gelu, max-pool 2"},
			{Of: "flat", From: []Edge{{Nodes: []string{"c"}, Map: "identity", Feature: "tanh, flatten"}}, Unbiased: true},
			{Of: "made", From: []Edge{{Nodes: []string{"flat"}, Feature: "relu"}}},
			{Of: "code", From: []Edge{{Nodes: []string{"made"}, Feature: "flatten"}, {Nodes: []string{"c"}}}},
		},
		WeightInit: PyTorch, Seed: seed, // which draws biases
	}
}

// elsewhere is where PyTorch has a unit of a shape.
func elsewhere(shape []int, unit int) int {
	if len(shape) == 0 {
		return unit
	}
	h, w, c := shape[0], shape[1], shape[2]
	row, column, channel := unit/c/w, unit/c%w, unit%c
	return (channel*h+row)*w + column
}

// state writes the parameters of n as a PyTorch module has them, under these names, rows
// and columns being of units with these positions; it returns the file's path.
func state(t *testing.T, n *Network, of []moved) string {
	t.Helper()
	tensors := map[string]*tensor.Dense{}
	for _, m := range of {
		x := n.tensors()[m.name]
		y, width := x.Clone().(*tensor.Dense), x.DataSize()/x.Shape()[0]
		for i := range x.DataSize() {
			dense.Set(y, elsewhere(m.rows, i/width)*width+elsewhere(m.columns, i%width), dense.At(x, i))
		}
		tensors[m.as] = y
	}
	var file bytes.Buffer
	must(t, tensorfile.Write(&file, tensors, nil))
	path := filepath.Join(t.TempDir(), "state.safetensors")
	must(t, os.WriteFile(path, file.Bytes(), 0o666))
	return path
}

type moved struct {
	name, as      string
	rows, columns []int
}

var module = []moved{
	{"c.input.weight", "features.0.weight", nil, nil},
	{"c.bias", "features.0.bias", nil, nil},
	{"made.flat.weight", "make.weight", []int{3, 2, 2}, []int{2, 3, 3}},
	{"made.bias", "make.bias", []int{3, 2, 2}, nil},
	{"code.c.weight", "short.weight", []int{3, 2, 2}, []int{2, 3, 3}},
	{"code.made.weight", "code.weight", []int{3, 2, 2}, []int{3, 2, 2}},
	{"code.bias", "code.bias", []int{3, 2, 2}, nil},
	{"target.code.weight", "head.weight", nil, []int{1, 2, 2}},
}

// TestAdopt: a module's tensors, channels first, make the network that they are of.
func TestAdopt(t *testing.T) {
	from, err := New(positioned(1))
	must(t, err)
	n, err := New(positioned(2))
	must(t, err)
	adopted, err := n.Adopt(state(t, from, module), map[string]string{"made.flat.weight": "make.weight"})
	must(t, err)
	for i, p := range n.Named() {
		if want := from.Named()[i]; !slices.Equal(dense.Floats(p.Value), dense.Floats(want.Value)) {
			t.Errorf("%s: got %v, want %v", p.Name, p.Value, want.Value)
		}
	}
	if len(adopted) != len(module) {
		t.Fatalf("got %v", adopted)
	}
	for i, a := range adopted {
		m := module[i]
		if a.Name != m.name || a.From != m.as || a.Reordered != (m.rows != nil || m.columns != nil) {
			t.Errorf("got %v, want %v", a, m)
		}
	}
}

// TestAdoptSequence: layers of one shape are taken in the order of the numbers in their
// names, and without a bias it is 0.
func TestAdoptSequence(t *testing.T) {
	const depth = 12
	c := Config{Layers: append(slices.Repeat([]int{3}, depth), 2), Seed: 1, WeightInit: PyTorch}
	for _, direction := range []Direction{Discriminative, Generative} {
		c.Direction = direction
		from, err := New(c)
		must(t, err)
		var module []moved
		for i := range depth { // layer 0 is at the bottom
			module = append(module, moved{name: weightName(i), as: fmt.Sprintf("net.%d.weight", 2*(depth-1-i))})
			for k := range from.Biases(i).DataSize() {
				if i > 0 {
					dense.Set(from.Biases(i), k, 0)
				}
			}
		}
		module = append(module, moved{name: biasName(0), as: fmt.Sprintf("net.%d.bias", 2*(depth-1))})
		c.Seed++
		n, err := New(c)
		must(t, err)
		_, err = n.Adopt(state(t, from, module), nil)
		must(t, err)
		for i, p := range n.Named() {
			if want := from.Named()[i]; !slices.Equal(dense.Floats(p.Value), dense.Floats(want.Value)) {
				t.Errorf("%v: %s: got %v, want %v", direction, p.Name, p.Value, want.Value)
			}
		}
	}
}

// TestAdoptScaled: weights beside which there are scales are not a module's.
func TestAdoptScaled(t *testing.T) {
	c := Config{Layers: []int{2, 2}, Parametrization: MuPC}
	n, err := New(c)
	must(t, err)
	if _, err := n.Adopt("none", nil); err == nil || !strings.Contains(err.Error(), "parametrization: must be standard for layers from elsewhere, got mupc") {
		t.Errorf("got error %v", err)
	}
}

// TestAdoptRefuses: what does not fit is said, and no parameter changes.
func TestAdoptRefuses(t *testing.T) {
	from, err := New(positioned(1))
	must(t, err)
	mine := map[string]string{"made.flat.weight": "make.weight"}
	with := func(change func(m []moved) []moved) string { return state(t, from, change(slices.Clone(module))) }
	renamed := func(i int, as string) string {
		return with(func(m []moved) []moved { m[i].as = as; return m })
	}
	saved := filepath.Join(t.TempDir(), "saved.safetensors")
	must(t, from.Save(saved))
	for _, c := range []struct {
		path  string
		names map[string]string
		want  string
	}{
		{with(slices.Clone), nil, "names: must say which of make.weight, short.weight is which of made.flat.weight, code.c.weight, all of shape [12 18]"},
		{with(slices.Clone), map[string]string{"make": "make.weight"}, `names: must be of the parameters c.bias, c.input.weight, code.bias, code.c.weight, code.made.weight, made.bias, made.flat.weight, target.code.weight, got "make"`},
		{with(slices.Clone), map[string]string{"c.bias": "x"}, `names: c.bias: must be one of the file's tensors code.bias, code.weight, features.0.bias, features.0.weight, head.weight, make.bias, make.weight, short.weight, and of one parameter, got "x"`},
		{with(slices.Clone), map[string]string{"c.bias": "make.bias", "made.flat.weight": "make.weight"}, "make.bias: must have shape [3] for c.bias, got [12]"},
		{with(func(m []moved) []moved { return m[:7] }), mine, "must have a tensor for each parameter: left over are the parameters target.code.weight [3 4]; and the tensors none"},
		{with(func(m []moved) []moved { return append(m, moved{"c.bias", "norm.running_mean", nil, nil}) }), mine, "left over are the parameters none; and the tensors norm.running_mean [3]"},
		{renamed(1, "features.1.bias"), mine, "left over are the parameters none; and the tensors features.1.bias [3]"},
		{with(func(m []moved) []moved { return append(m, moved{"c.bias", "short.bias", nil, nil}) }), mine, "names: must say which of short.bias, code.bias is code.bias"},
		{with(func(m []moved) []moved { m[3] = moved{name: "c.bias", as: "make.bias"}; return m }), mine, "make.bias: must have shape [12] for made.bias, got [3]"},
		{saved, nil, "is of pcn, and says its network itself"},
		{filepath.Join(t.TempDir(), "none"), nil, "no such file"},
	} {
		n, err := New(positioned(2))
		must(t, err)
		if _, err := n.Adopt(c.path, c.names); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), filepath.Base(c.path)) {
			t.Errorf("got error %v, want %s", err, c.want)
		}
		untouched, err := New(positioned(2))
		must(t, err)
		for i, p := range n.Parameters() {
			if !slices.Equal(dense.Floats(p), dense.Floats(untouched.Parameters()[i])) {
				t.Errorf("%s: %s has changed", c.want, n.Named()[i].Name)
			}
		}
	}
}
