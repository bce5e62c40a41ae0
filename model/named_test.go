package model

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/pcn/internal/shape"
)

// TestNetworksByName checks each file of the folder networks: as it is, and with its
// settings said.
func TestNetworksByName(t *testing.T) {
	if len(Networks()) == 0 {
		t.Fatal("none")
	}
	for _, text := range Networks() {
		name := strings.Fields(text)[0]
		if _, _, err := readNetwork(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		short := Config{Network: name, Layers: []int{32 * 32 * 3, 10}}
		if err := short.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if input, target := short.Ends(); input != 32*32*3 || target != 10 {
			t.Errorf("%s: from %d to %d units", name, input, target)
		}
		long, err := Config{Network: text, Layers: []int{32 * 32 * 3, 10}}.Expanded()
		if err != nil {
			t.Fatal(err)
		}
		expanded, err := short.Expanded()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(expanded, long); diff != "" {
			t.Errorf("%s: its settings are not its defaults (-name +text)\n%s", text, diff)
		}
	}
}

func TestResNetMLP(t *testing.T) {
	got, err := Config{Network: "resnet-mlp depth=3 width=64 activation=tanh", Layers: []int{20, 10}, Dtype: Float64, Seed: 1}.Expanded()
	if err != nil {
		t.Fatal(err)
	}
	want := residualMLP(3, 64)
	at := len(want.Nodes) - 1
	want.Nodes = append(append([]Node{want.Nodes[0]}, want.Nodes[2:at+1]...), want.Nodes[1]) // the target last
	want.Predictions[3].Precision = 1
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for text, wish := range map[string]string{
		"resnet-mlp":                          "mupc",
		"resnet-mlp parametrization=standard": "standard",
	} {
		c, err := Config{Network: text, Layers: []int{20, 10}}.WithDefaults()
		if err != nil || string(c.Parametrization) != wish {
			t.Errorf("%s: %v, %v", text, c.Parametrization, err)
		}
	}
	if c, err := (Config{Network: "resnet-mlp", Layers: []int{20, 10}, Parametrization: Standard}).WithDefaults(); err != nil || c.Parametrization != Standard || c.WeightInit != Xavier {
		t.Errorf("standard is not what was asked for: %v %v %v", c.Parametrization, c.WeightInit, err)
	}
}

func TestLayersInShort(t *testing.T) {
	got, err := Config{Network: "dense 128 tanh; dense 64, gelu, precision 2; dense, precision 0.01", Layers: []int{20, 10}}.Expanded()
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Nodes: []Node{{Name: "input", Size: 20}, {Name: "hidden1", Size: 128}, {Name: "hidden2", Size: 64}, {Name: "target", Size: 10}},
		Predictions: []Prediction{
			{Of: "hidden1", From: []Edge{{Nodes: []string{"input"}}}, After: "tanh"},
			{Of: "hidden2", From: []Edge{{Nodes: []string{"hidden1"}}}, After: "gelu", Precision: 2},
			{Of: "target", From: []Edge{{Nodes: []string{"hidden2"}}}, Precision: 0.01},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestShapesOfNetworks compares with the shapes that PCX's networks have on 32×32 pixels of
// three colours, behind each block, and LeNet's on digits of MNIST.
func TestShapesOfNetworks(t *testing.T) {
	for text, want := range map[string]string{
		"vgg5": "32×32×3 16×16×128 8×8×256 4×4×512 2×2×512 10",
		"vgg7": "32×32×3 16×16×128 16×16×128 8×8×256 6×6×256 3×3×512 1×1×512 10",
		"conv 8 5x5 stride 2, gelu, max-pool 2; dense 12; dense":      "32×32×3 7×7×8 12 10",
		"48x64; conv 8 3, tanh; dense":                                "48×64 46×8 10",
		"1024x3; conv 8 3 pad same; conv 4 1, global-avg-pool; dense": "1024×3 1024×8 4 10",
	} {
		lines, err := Config{Network: text, Layers: []int{3072, 10}}.Outline()
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var got []string
		for _, l := range lines {
			got = append(got, shape.Text(l.Shape))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", text, got, want)
		}
	}
	lines, err := Config{Network: "lenet", Layers: []int{784, 10}}.Outline()
	if err != nil {
		t.Fatal(err)
	}
	if l := lines[2]; l.By != "gelu, max-pool 2 of conv 5 pad same" || l.Parameters != 25*32*64+64 || l.MultiplyAdds != 2*14*14*64*25*32 {
		t.Errorf("lenet's second block: %+v", l)
	}
}

// TestDirectionIsTheNetworks checks that a network is generative where it predicts its
// input, and that its images may be of any size.
func TestDirectionIsTheNetworks(t *testing.T) {
	for _, test := range []struct {
		network string
		input   int
		shapes  string
		want    Direction
	}{
		{"deconv", 64, "8×8×1 4×4×8 2×2×16 128 10", Generative},
		{"deconv code=5 width=2", 32 * 32 * 3, "32×32×3 16×16×2 8×8×4 5 10", Generative},
		{"gated code=5", 7, "7 5 10", Generative},
		{"lenet", 64, "8×8×1 4×4×32 2×2×64 10", Discriminative},
	} {
		for _, asked := range []Direction{Discriminative, test.want} {
			c, err := Config{Network: test.network, Layers: []int{test.input, 10}, Direction: asked}.WithDefaults()
			if err != nil || c.Direction != test.want {
				t.Errorf("%s: %v, %v, want %v", test.network, c.Direction, err, test.want)
				continue
			}
			full, _ := c.Expanded()
			var shapes []string
			for _, n := range full.Nodes {
				shapes = append(shapes, shape.Text(n.shape()))
			}
			if got := strings.Join(shapes, " "); got != test.shapes {
				t.Errorf("%s: %s, want %s", test.network, got, test.shapes)
			}
		}
	}
}

// TestAllowed checks the method that takes the place of one that wants blocks of curvature.
func TestAllowed(t *testing.T) {
	circle := Config{
		Nodes: []Node{{Name: "input", Shape: []int{4, 4, 1}}, {Name: "seen", Shape: []int{4, 4, 2}}, {Name: "seen2", Shape: []int{4, 4, 2}}, {Name: "target", Size: 3}},
		Predictions: []Prediction{
			{Of: "seen", From: []Edge{{Nodes: []string{"input"}, Map: "conv 3x3 pad same"}}},
			{Of: "target", From: []Edge{{Nodes: []string{"seen"}, Feature: "flatten"}}},
			{Of: "seen", From: []Edge{{Nodes: []string{"seen2"}, Map: "conv 3x3 pad same", Feedback: true}}},
			{Of: "seen2", From: []Edge{{Nodes: []string{"seen"}, Map: "conv 3x3 pad same"}}},
		},
	}
	for _, test := range []struct {
		of      Config
		free    string
		m, want Method
	}{
		{Config{Layers: []int{4, 3}}, "", GaussSeidel, GaussSeidel},
		{Config{Network: "deconv", Layers: []int{64, 10}}, "", GaussSeidel, ErrorCoordinates},
		{Config{Network: "deconv", Layers: []int{64, 10}}, "", Nesterov, Nesterov},
		{Config{Network: "gated", Layers: []int{64, 10}}, "", GaussSeidel, GaussSeidel},
		{Config{Network: "gated", Layers: []int{64, 10}}, "target", GaussSeidel, GaussSeidel},
		{Config{Network: "gated", Layers: []int{64, 10}}, "", Chain, ErrorCoordinates},
		{Config{Network: "conv 2 3x3, gelu; dense", Layers: []int{64, 10}}, "", GaussSeidel, GaussSeidel},
		{Config{Network: "conv 2 3x3, gelu; dense", Layers: []int{64, 10}}, "input", GaussSeidel, ErrorCoordinates},
		{circle, "", GaussSeidel, ErrorCoordinates},
		{circle, "", Gradient, Gradient},
	} {
		if err := test.of.Validate(); err != nil {
			t.Fatal(err)
		}
		if got := test.of.Allowed(test.m, test.free); got != test.want || test.of.Allows(got, test.free) != nil {
			t.Errorf("%v: %v for %v, want %v", test.of, got, test.m, test.want)
		}
	}
}

func TestNetworksThatAreRefused(t *testing.T) {
	for text, wish := range map[string]string{
		"resnet":                              `network: must begin with a name, bidirectional, deconv, gated, hierarchical-memory, hybrid, lenet, memory, resnet-mlp, temporal, vgg5, vgg7, or with a layer, conv, dense, got "resnet"`,
		" ":                                   `network: must be a name or layers, got " "`,
		"resnet-mlp dept=3":                   `network: resnet-mlp: must have settings of depth, width, activation, energy, precision, parametrization, got "dept=3"`,
		"resnet-mlp input=3":                  `got "input=3"`,
		"resnet-mlp depth":                    `network: resnet-mlp: depth: must be a whole number > 0, got ""`,
		"resnet-mlp depth=100000":             `network: resnet-mlp: must have at most 4096 nodes of a kind, got 100000`,
		"resnet-mlp precision=-1":             `network: resnet-mlp: precision: must be a number > 0, got "-1"`,
		"resnet-mlp activation=a}":            `network: resnet-mlp: activation: must be a name, got "a}"`,
		"resnet-mlp activation=tahn":          `network: predictions[1].from[1].feature: must be one of`,
		"resnet-mlp parametrization=ntk":      `network: resnet-mlp: must be one of standard, mupc, got "ntk"`,
		"resnet-mlp energy=bernoulli depth=1": "",
		"dense; dense":                        `network: layer 1, dense: must have a number of units > 0 behind it, but in the last layer, got ""`,
		"dense 5, tanh; weave 3; dense":       `network: layer 2, weave 3: must begin with conv, dense`,
		"dense 5; ":                           `network: layer 2, : must begin with conv, dense`,
		"dense 5; conv 3 3x3; dense":          `network: layer 2, conv 3 3x3: conv: must be of a feature of shape (H, W, C) or (L, C), got [5]`,
		"5x2x2; conv 3x3; dense":              `network: layer 1, conv 3x3: must have a number of channels > 0 behind it, got "3x3"`,
		"5x2x2; conv 3 3x3 gelu; dense":       `network: layer 1, conv 3 3x3 gelu: conv: must be told stride, pad, dilate or groups, got "gelu"`,
		"5x5; dense":                          `network: 5x5: must be a shape of the 20 units of the input, got 25`,
		"20":                                  `network: must have a layer, got "20"`,
		"dense 5 tahn; dense":                 `network: layer 1, dense 5 tahn: must be one of`,
		"dense 5; dense, precision -1":        `network: layer 2, dense, precision -1: precision: must be a number > 0, got "-1"`,
		"dense 5; dense 3":                    `network: layer 2, dense 3: must end in the 10 units of the target, got 3`,
	} {
		_, err := New(Config{Network: text, Layers: []int{20, 10}})
		switch {
		case wish == "" && err != nil:
			t.Errorf("%s: %v", text, err)
		case wish != "" && (err == nil || !strings.Contains(err.Error(), wish) || strings.Contains(err.Error(), "\n")):
			t.Errorf("%s: %v\nwant %s", text, err, wish)
		}
	}
	for wish, c := range map[string]Config{
		"layers: must be the sizes of data and label alone, > 0, where there is a network, got [20 5 10]": {Network: "dense", Layers: []int{20, 5, 10}},
		"network: must be left out where there are nodes and predictions":                                 {Network: "dense", Layers: []int{20, 10}, Nodes: []Node{{Name: "input", Size: 3}}},
		"activation: must be left out": {Network: "dense", Layers: []int{20, 10}, Activation: "tanh"},
		"direction: must be discriminative where nothing predicts node input, got generative":          {Network: "dense", Layers: []int{20, 10}, Direction: Generative},
		"network: deconv: must have square images of one channel or three for its input, got 20 units": {Network: "deconv", Layers: []int{20, 10}},
		"network: predictions[1]: prediction of fine: after: must make the node's shape":               {Network: "deconv", Layers: []int{100, 10}},
	} {
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), wish) {
			t.Errorf("%v, want %s", err, wish)
		}
	}
}

func TestNetworkIsSavedByName(t *testing.T) {
	n, err := New(Config{Network: "resnet-mlp depth=3 width=8", Layers: []int{4, 3}, Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "model.safetensors")
	if err := n.Save(path); err != nil {
		t.Fatal(err)
	}
	m, err := Load(path, Config{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(n.Config(), m.Config()); diff != "" {
		t.Error(diff)
	}
	if m.Config().Network != "resnet-mlp depth=3 width=8" {
		t.Errorf("the network is %q", m.Config().Network)
	}
}

func TestOutline(t *testing.T) {
	lines, err := Config{Network: "resnet-mlp depth=2 width=8", Layers: []int{16, 3}}.Outline()
	if err != nil {
		t.Fatal(err)
	}
	want := []Line{
		{Node: "input", Shape: []int{16}},
		{Node: "hidden1", Shape: []int{8}, From: "input", By: "0.25 dense", Scale: 0.25, Parameters: 128},
		{Node: "hidden2", Shape: []int{8}, From: "hidden1", By: "identity", Scale: 1},
		{Node: "hidden2", Shape: []int{8}, From: "hidden1", By: "0.2041 dense of tanh", Scale: 1 / root(24), Parameters: 64, MultiplyAdds: 128},
		{Node: "target", Shape: []int{3}, From: "hidden2", By: "0.125 dense of tanh", Scale: 0.125, Parameters: 24, MultiplyAdds: 48},
	}
	if diff := cmp.Diff(asJSON(t, want), asJSON(t, lines)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	biased, err := Config{Layers: []int{4, 5, 3}}.Outline()
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, l := range biased {
		total += l.Parameters
	}
	if want := (Config{Layers: []int{4, 5, 3}}).Count(); total != want || want != 4*5+5+5*3+3 {
		t.Errorf("%d parameters, want %d", total, want)
	}
}

func asJSON(t *testing.T, x any) string {
	text, err := json.MarshalIndent(x, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
