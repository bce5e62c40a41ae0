package model

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"gorgonia.org/tensor"

	"example.com/pcn/graph/feature"
	"example.com/pcn/graph/linear"
	"example.com/pcn/internal/shape"
)

// A network's text is its layers, from data to label, separated by semicolons. A layer is
// a map and, behind a comma, what becomes of the sum, as features are written:
//
//	conv 32 5x5, gelu, max-pool 2; dense 128, tanh; dense
//
// Each makes a node, whose latent is behind all that the layer says. Its precision may stand
// at the end: dense, precision 0.01. The shape of the input
// may come first, 28x20x1; without it a convolution takes the input as a square image of
// one channel, or of three.

// layerMap reads the words of a map, its own name left out. Before is the shape of the node
// that it takes; end is the number of units that the last layer has to have, 0 for others.
// It returns the map, as Edge.Map has it, the shape of the sum, and the words that it
// leaves to the feature.
type layerMap func(words []string, before tensor.Shape, end int) (text string, sum tensor.Shape, rest []string, err error)

// layerMaps are the maps that a layer may begin with.
var layerMaps = map[string]layerMap{
	"dense": func(words []string, _ tensor.Shape, end int) (string, tensor.Shape, []string, error) {
		if n, ok := leadingNumber(words); ok {
			return "", tensor.Shape{n}, words[1:], nil
		}
		if end == 0 {
			return "", nil, nil, fmt.Errorf("must have a number of units > 0 behind it, but in the last layer, got %q", strings.Join(words, " "))
		}
		return "", tensor.Shape{end}, words, nil
	},
	convLayer: func(words []string, before tensor.Shape, _ int) (string, tensor.Shape, []string, error) {
		channels, ok := leadingNumber(words)
		if !ok {
			return "", nil, nil, fmt.Errorf("must have a number of channels > 0 behind it, got %q", strings.Join(words, " "))
		}
		text := strings.Join(append([]string{convLayer}, words[1:]...), " ")
		m, err := linear.ParseMap(text)
		if err != nil {
			return "", nil, nil, err
		}
		sum, err := m.Out(before, tensor.Shape{channels})
		return text, sum, nil, err
	},
}

const convLayer = "conv"

// leadingNumber returns the number > 0 that words begin with.
func leadingNumber(words []string) (n int, ok bool) {
	if len(words) == 0 {
		return 0, false
	}
	n, err := strconv.Atoi(words[0])
	return n, err == nil && n > 0
}

func layerMapNames() []string { return slices.Sorted(maps.Keys(layerMaps)) }

// inputShape takes the shape of an input of so many units from the layers of a text.
func inputShape(layers []string, input int) (tensor.Shape, []string, error) {
	words := strings.Fields(layers[0])
	if len(words) == 0 {
		return tensor.Shape{input}, layers, nil
	}
	if given, err := shape.Parse(words[0], 1); err == nil && len(words) == 1 {
		if units := tensor.Shape(given).TotalSize(); units != input {
			return nil, nil, fmt.Errorf("%s: must be a shape of the %d units of the input, got %d", words[0], input, units)
		}
		return given, layers[1:], nil
	}
	if image := squareImage(input); words[0] == convLayer && image != nil {
		return image, layers, nil
	}
	return tensor.Shape{input}, layers, nil
}

// squareImage returns the shape of a square image of so many units, of one channel or of
// three; nil where it cannot be one.
func squareImage(units int) tensor.Shape {
	for _, channels := range []int{1, 3} {
		if side := int(math.Sqrt(float64(units / channels))); side*side*channels == units {
			return tensor.Shape{side, side, channels}
		}
	}
	return nil
}

// layered returns the network of a text of layers.
func layered(text string, input, target int) (c Config, err error) {
	at, layers, err := inputShape(strings.Split(text, ";"), input)
	if err != nil {
		return c, err
	}
	if len(layers) == 0 {
		return c, fmt.Errorf("must have a layer, got %q", text)
	}
	names := chainNames(len(layers) + 1)
	c.Nodes = []Node{shapedNode(inputName, at)}
	for i, layer := range layers {
		end := 0
		if i == len(layers)-1 {
			end = target
		}
		first, after, _ := strings.Cut(layer, ",")
		words := strings.Fields(first)
		bad := func(err error) (Config, error) {
			return c, fmt.Errorf("layer %d, %s: %w", i+1, strings.TrimSpace(layer), err)
		}
		after, precision, err := layerPrecision(after)
		if err != nil {
			return bad(err)
		}
		if len(words) == 0 || layerMaps[words[0]] == nil {
			return bad(fmt.Errorf("must begin with %s", strings.Join(layerMapNames(), ", ")))
		}
		mapText, sum, rest, err := layerMaps[words[0]](words[1:], at, end)
		if err != nil {
			return bad(err)
		}
		p := Prediction{Of: names[i+1], From: []Edge{{Nodes: []string{names[i]}, Map: mapText}}, Precision: precision}
		p.After = strings.Trim(strings.Join(rest, " ")+", "+strings.TrimSpace(after), ", ")
		f, err := feature.Parse(p.After)
		if err != nil {
			return bad(err)
		}
		if at, err = f.Shape(sum); err != nil {
			return bad(err)
		}
		if units := at.TotalSize(); end != 0 && units != end {
			return bad(fmt.Errorf("must end in the %d units of the target, got %d", end, units))
		}
		c.Nodes, c.Predictions = append(c.Nodes, shapedNode(names[i+1], at)), append(c.Predictions, p)
	}
	return c, nil
}

// layerPrecision takes the precision from the end of what becomes of a layer's sum; 0 where
// it says none.
func layerPrecision(after string) (rest string, precision float64, err error) {
	at := strings.LastIndex(after, ",") + 1
	text, ok := strings.CutPrefix(strings.TrimSpace(after[at:]), "precision ")
	if !ok {
		return after, 0, nil
	}
	if precision, err = strconv.ParseFloat(strings.TrimSpace(text), 64); err != nil || !(precision > 0) || math.IsInf(precision, 0) {
		return after, 0, fmt.Errorf("precision: must be a number > 0, got %q", text)
	}
	return after[:max(0, at-1)], precision, nil
}

func shapedNode(name string, at tensor.Shape) Node {
	if len(at) > 1 {
		return Node{Name: name, Shape: at}
	}
	return Node{Name: name, Size: at[0]}
}
