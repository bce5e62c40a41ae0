package linear

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/internal/op"
	"example.com/pcn/graph/internal/window"
)

// Conv is a convolution, as of PyTorch's nn.Conv2d over a feature of shape (H, W, C), or
// nn.Conv1d over one of (L, C), with as many channels as the node that is predicted: what
// comes after the sum, such as pooling, keeps channels. A bias beside it has a number for
// each channel. It has no block of curvature.
//
// Two numbers are of rows and of columns; over (L, C) the second counts. θ is
// (kh·kw·C/groups, channels), and in files PyTorch's (channels, C/groups, kh, kw).
type Conv struct {
	Kernel   [2]int // at least 1
	Stride   [2]int // 0 is 1
	Padding  [2]int // zeros around the image
	Same     bool   // in place of Padding: so many that the size stays as it is; for stride 1
	Dilation [2]int // 0 is 1
	Groups   int    // of channels that see each other alone; 0 is 1
}

// ConvTranspose is the pull-back of a convolution, as of PyTorch's nn.ConvTranspose2d or
// nn.ConvTranspose1d: it predicts the larger image from the smaller one. In files θ is
// PyTorch's (C, channels/groups, kh, kw).
type ConvTranspose struct {
	Conv
	OutputPadding [2]int // rows and columns that the product has beside
}

// both returns the number of each axis, n for 0.
func both(p [2]int, n int) [2]int {
	for axis := range p {
		if p[axis] == 0 {
			p[axis] = n
		}
	}
	return p
}

// imageOf returns a feature as an image, of one row where it has no more.
func imageOf(psi tensor.Shape) (image, error) {
	switch len(psi) {
	case 2:
		return image{[2]int{1, psi[0]}, psi[1]}, nil
	case 3:
		return image{[2]int{psi[0], psi[1]}, psi[2]}, nil
	}
	return image{}, fmt.Errorf("must be of a feature of shape (H, W, C) or (L, C), got %v", []int(psi))
}

// geometry returns that between the feature and a product of c channels. Back says that
// the feature is the narrow image; beside are then the rows and columns of OutputPadding.
func (m Conv) geometry(psi tensor.Shape, c int, back bool, beside [2]int) (g geometry, err error) {
	from, err := imageOf(psi)
	if err != nil {
		return g, err
	}
	g.groups = max(m.Groups, 1)
	kernel, stride, dilation, padding := m.Kernel, both(m.Stride, 1), both(m.Dilation, 1), m.Padding
	if len(psi) == 2 {
		kernel[0], stride[0], dilation[0], padding[0], beside[0] = 1, 1, 1, 0, 0
	}
	if from.c%g.groups != 0 || c%g.groups != 0 {
		return g, fmt.Errorf("groups: must divide the channels, %d and %d, got %d", from.c, c, g.groups)
	}
	if min(kernel[0], kernel[1]) < 1 {
		return g, fmt.Errorf("kernel: must be >= 1, got %v", m.Kernel)
	}
	to := image{c: c}
	for axis := range g.Grid {
		a := &g.Grid[axis]
		*a = window.Axis{In: from.size[axis], Size: kernel[axis], Stride: stride[axis], Dilation: dilation[axis], Before: padding[axis]}
		around := 2 * padding[axis]
		if m.Same {
			around = a.Reach() - 1
			a.Before = around / 2
		}
		if m.Same && a.Stride != 1 {
			return g, fmt.Errorf("pad same: must be with stride 1, got stride %d", a.Stride)
		}
		switch {
		case !back:
			a.Fit(around)
			to.size[axis] = a.Out
		case beside[axis] >= max(a.Stride, a.Dilation):
			return g, fmt.Errorf("output-pad: must be less than the stride or the dilation, got %d", beside[axis])
		default:
			a.In, a.Out = (a.In-1)*a.Stride-around+a.Reach()+beside[axis], a.In
			to.size[axis] = a.In
		}
		if to.size[axis] < 1 {
			return g, fmt.Errorf("must leave a position of a feature of shape %v, got none", []int(psi))
		}
	}
	g.wide, g.narrow = from, to
	if back {
		g.wide, g.narrow = to, from
	}
	return g, nil
}

// shape returns an image as a shape of as many axes as that of the feature.
func (i image) shape(psi tensor.Shape) tensor.Shape {
	if len(psi) == 2 {
		return tensor.Shape{i.size[1], i.c}
	}
	return tensor.Shape{i.size[0], i.size[1], i.c}
}

// kernels returns θ as a parameter. A unit of the narrow image is made from all that the
// kernel covers; one of the wide image meets as much, but a stride apart.
func (g *geometry) kernels(psi tensor.Shape, back bool) []Parameter {
	rows, cols, taps := g.Grid[0], g.Grid[1], g.Places()
	p := Parameter{
		Name: "weight", Shape: g.theta(), Axes: []int{rows.Size, cols.Size, g.wide.c / g.groups, g.narrow.c}, Stored: []int{3, 2, 0, 1},
		FanIn: taps * g.wide.c / g.groups, FanOut: max(1, taps/(rows.Stride*cols.Stride)) * g.narrow.c / g.groups,
	}
	if back {
		p.FanIn, p.FanOut = p.FanOut, p.FanIn
	}
	if len(psi) == 2 {
		p.Axes, p.Stored = p.Axes[1:], []int{2, 1, 0}
	}
	return []Parameter{p}
}

// Out returns the shape of the product: of as many channels as the node.
func (m Conv) Out(psi, node tensor.Shape) (tensor.Shape, error) {
	g, err := m.geometry(psi, node[len(node)-1], false, [2]int{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", convName, err)
	}
	return g.narrow.shape(psi), nil
}

// from returns the geometry of a feature and a product that Out has allowed.
func (m Conv) from(psi, out tensor.Shape) geometry {
	g, _ := m.geometry(psi, out[len(out)-1], false, [2]int{})
	return g
}

// Parameters returns the weight, (kh·kw·C/groups, channels).
func (m Conv) Parameters(psi, out tensor.Shape) []Parameter {
	g := m.from(psi, out)
	return g.kernels(psi, false)
}

// Biases returns the number of channels.
func (m Conv) Biases(out tensor.Shape) int { return out[len(out)-1] }

// Build adds the convolution to a graph.
func (m Conv) Build(b *op.Builder, name string, psi *G.Node, theta G.Nodes, in, out tensor.Shape) *G.Node {
	return b.Apply(name, convolve(m.from(in, out), false), psi, theta[0])
}

// Outer returns the convolution's Hebbian update.
func (m Conv) Outer(psi, out tensor.Shape) Outer { return newConvOuter(m.from(psi, out), false) }

// Power returns the convolution's power iteration.
func (m Conv) Power(psi, out tensor.Shape, dtype tensor.Dtype) Power {
	return m.from(psi, out).power(false, dtype)
}

// Out returns the shape of the product: of as many channels as the node.
func (m ConvTranspose) Out(psi, node tensor.Shape) (tensor.Shape, error) {
	g, err := m.geometry(psi, node[len(node)-1], true, m.OutputPadding)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", transposeName, err)
	}
	return g.wide.shape(psi), nil
}

func (m ConvTranspose) from(psi, out tensor.Shape) geometry {
	g, _ := m.geometry(psi, out[len(out)-1], true, m.OutputPadding)
	return g
}

// Parameters returns the weight, (kh·kw·channels/groups, C).
func (m ConvTranspose) Parameters(psi, out tensor.Shape) []Parameter {
	g := m.from(psi, out)
	return g.kernels(psi, true)
}

// Build adds the transposed convolution to a graph.
func (m ConvTranspose) Build(b *op.Builder, name string, psi *G.Node, theta G.Nodes, in, out tensor.Shape) *G.Node {
	return b.Apply(name, convolve(m.from(in, out), true), psi, theta[0])
}

// Outer returns the transposed convolution's Hebbian update.
func (m ConvTranspose) Outer(psi, out tensor.Shape) Outer {
	return newConvOuter(m.from(psi, out), true)
}

// Power returns the transposed convolution's power iteration.
func (m ConvTranspose) Power(psi, out tensor.Shape, dtype tensor.Dtype) Power {
	return m.from(psi, out).power(true, dtype)
}
