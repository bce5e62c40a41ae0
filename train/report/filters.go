package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/graph/linear"
	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/plural"
	"example.com/pcn/internal/shape"
)

// Most of what is shown of a convolutional network, and how many stand side by side.
const (
	maxFilters    = 64
	filterColumns = 16
	maxChannels   = 12 // of a node's feature maps
)

// filters shows the weights between images and what is next to them: what a unit or a
// channel sees, or what it paints.
func (x *examination) filters() (*Section, error) {
	if x.set.Shape == nil || x.network.InputNode() < 0 {
		return nil, nil
	}
	s := &Section{Title: "Filters"}
	input := x.network.Nodes()[x.network.InputNode()]
	for i, p := range x.network.Spec().Predictions {
		for j, e := range p.Edges {
			w := x.network.EdgeWeights(i, j)
			if w == nil || !e.Feature.UnitByUnit() || !p.After.UnitByUnit() {
				continue
			}
			to := p.Of == input
			if !to && !slices.Equal(e.From, []string{input}) {
				continue
			}
			images, size := filtersOf(e.Map, to, w, x.set.Shape)
			if images == nil {
				continue
			}
			largest := 1e-9
			for _, image := range images {
				largest = max(largest, slices.Max(image), -slices.Min(image))
			}
			shown := images[:min(len(images), maxFilters)]
			picture, err := Grid{Images: shown, Width: size[1], Height: size[0], Columns: filterColumns, Low: -largest, High: largest, Rows: counted(len(shown), filterColumns)}.Draw()
			if err != nil {
				return nil, err
			}
			caption := fmt.Sprintf("%s from %s, %v", p.Of, strings.Join(e.From, ", "), e.Map)
			if len(shown) < len(images) {
				caption += fmt.Sprintf(": %d of %d", len(shown), len(images))
			}
			s.Images = append(s.Images, Image{picture, caption})
		}
	}
	if s.Images == nil {
		return nil, nil
	}
	s.Text = "What each unit, or channel, sees of an image or paints into one. Their numbers are on the left. Grey is a weight of 0."
	return s, nil
}

// filtersOf returns the weights of a map to or from images of a shape as images of a
// size, nil where they are none. Those of a dense map are as large as the images, of each
// unit; those of a convolution of its kernel, of each channel.
func filtersOf(m linear.Map, to bool, w *tensor.Dense, of []int) (images [][]float64, size []int) {
	var kernel *linear.Conv
	switch m := m.(type) {
	case linear.Dense:
		if size = of[:2]; to {
			return columnsOf(w), size
		}
		return slices.Collect(slices.Chunk(dense.Floats(w), w.Shape()[1])), size
	case linear.Conv:
		if !to {
			kernel = &m
		}
	case linear.ConvTranspose:
		if to {
			kernel = &m.Conv
		}
	}
	if kernel == nil || kernel.Groups > 1 || kernel.Kernel == [2]int{1, 1} {
		return nil, nil
	}
	return columnsOf(w), kernel.Kernel[:]
}

// columnsOf returns the columns of a matrix.
func columnsOf(w *tensor.Dense) [][]float64 {
	columns := make([][]float64, w.Shape()[1])
	for i, v := range dense.Floats(w) {
		columns[i%len(columns)] = append(columns[i%len(columns)], v)
	}
	return columns
}

// maps shows the channels of nodes with positions as the first example settles, with both
// ends clamped as in learning.
func (x *examination) maps() (*Section, error) {
	n := x.network
	s := &Section{Title: "Feature maps"}
	var nodes []graph.Node
	for l, node := range n.Spec().Nodes {
		if len(node.Shape) == 3 && node.Shape[0]*node.Shape[1] > 1 && l != n.InputNode() && l != n.TargetNode() {
			nodes = append(nodes, node)
		}
	}
	if nodes == nil {
		return nil, nil
	}
	inputs, targets, err := x.gather(0, 1)
	if err != nil {
		return nil, err
	}
	inf, err := x.inference.WithDefaults()
	if err != nil {
		return nil, err
	}
	settling, err := n.Begin(n.Clamp(inputs, targets), inf)
	if err != nil {
		return nil, err
	}
	images := make([][][]float64, len(nodes)) // by node
	var steps []string
	for step := 0; ; step++ {
		if step == 0 || step == 1 || step == inf.Steps/4 || step == inf.Steps {
			steps = append(steps, plural.Of(step, "step"))
			for i, node := range nodes {
				v, err := settling.Latent(node.Name)
				if err != nil {
					return nil, err
				}
				channels := columnsOf(tensor.New(tensor.WithShape(node.Size()/node.Shape[2], node.Shape[2]), tensor.WithBacking(dense.Floats(v))))
				images[i] = append(images[i], channels[:min(len(channels), maxChannels)]...)
			}
		}
		if step == inf.Steps {
			break
		}
		if err := settling.Step(x.ctx); err != nil {
			return nil, err
		}
	}
	for i, node := range nodes {
		low, high := math.Inf(1), math.Inf(-1)
		for _, channel := range images[i] {
			low, high = min(low, slices.Min(channel)), max(high, slices.Max(channel))
		}
		if !(low < high) { // all alike, or no numbers
			low, high = -1, 1
		}
		columns := len(images[i]) / len(steps)
		picture, err := Grid{Images: images[i], Width: node.Shape[1], Height: node.Shape[0], Columns: columns, Low: low, High: high, Names: counted(columns, 1), Rows: steps}.Draw()
		if err != nil {
			return nil, err
		}
		caption := fmt.Sprintf("%s, %s", node.Name, shape.Text(node.Shape))
		if node.Shape[2] > maxChannels {
			caption += fmt.Sprintf(": the first %d channels", maxChannels)
		}
		s.Images = append(s.Images, Image{picture, caption})
	}
	s.Text = "The channels of the first validation example, both ends clamped as in learning, as they settle: a row after so many steps."
	return s, nil
}
