package model

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"gorgonia.org/tensor"

	"example.com/pcn/graph/feature"
)

// A network's text is its layers, from data to label, separated by semicolons. A layer is
// a map and, behind it, what becomes of the sum, as features are written:
//
//	dense 128, gelu; dense 64 tanh; dense
//
// Each makes a node, whose latent is behind all that the layer says.

// layerMap reads the words of a map, its own name left out. Before is the shape of the node
// that it takes; end is the number of units that the last layer has to have, 0 for others.
// It returns the map, as Edge.Map has it, the shape of the sum, and the words that it
// leaves to the feature.
type layerMap func(words []string, before tensor.Shape, end int) (text string, sum tensor.Shape, rest []string, err error)

// layerMaps are the maps that a layer may begin with.
var layerMaps = map[string]layerMap{
	"dense": func(words []string, _ tensor.Shape, end int) (string, tensor.Shape, []string, error) {
		if len(words) > 0 {
			if units, err := strconv.Atoi(words[0]); err == nil && units > 0 {
				return "", tensor.Shape{units}, words[1:], nil
			}
		}
		if end == 0 {
			return "", nil, nil, fmt.Errorf("must have a number of units > 0 behind it, but in the last layer, got %q", strings.Join(words, " "))
		}
		return "", tensor.Shape{end}, words, nil
	},
}

func layerMapNames() []string { return slices.Sorted(maps.Keys(layerMaps)) }

// layered returns the network of a text of layers.
func layered(text string, input, target int) (c Config, err error) {
	c.Nodes = []Node{{Name: inputName, Size: input}}
	layers := strings.Split(text, ";")
	names := chainNames(len(layers) + 1)
	shape := tensor.Shape{input}
	for i, layer := range layers {
		end := 0
		if i == len(layers)-1 {
			end = target
		}
		map_, after, _ := strings.Cut(layer, ",")
		words := strings.Fields(map_)
		bad := func(err error) (Config, error) {
			return c, fmt.Errorf("layer %d, %s: %w", i+1, strings.TrimSpace(layer), err)
		}
		if len(words) == 0 || layerMaps[words[0]] == nil {
			return bad(fmt.Errorf("must begin with %s", strings.Join(layerMapNames(), ", ")))
		}
		edge := Edge{Nodes: []string{names[i]}}
		sum, rest := shape, words
		if edge.Map, sum, rest, err = layerMaps[words[0]](words[1:], shape, end); err != nil {
			return bad(err)
		}
		p := Prediction{Of: names[i+1], From: []Edge{edge}}
		p.After = strings.TrimSpace(strings.Join(rest, " "))
		if after = strings.TrimSpace(after); p.After != "" && after != "" {
			p.After += ", " + after
		} else {
			p.After += after
		}
		f, err := feature.Parse(p.After)
		if err != nil {
			return bad(err)
		}
		if shape, err = f.Shape(sum); err != nil {
			return bad(err)
		}
		if units := shape.TotalSize(); end != 0 && units != end {
			return bad(fmt.Errorf("must end in the %d units of the target, got %d", end, units))
		}
		node := Node{Name: names[i+1]}
		if len(shape) > 1 {
			node.Shape = shape
		} else {
			node.Size = shape[0]
		}
		c.Nodes, c.Predictions = append(c.Nodes, node), append(c.Predictions, p)
	}
	return c, nil
}
