package linear

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"example.com/pcn/internal/gemm"
	"example.com/pcn/internal/vec"
)

// randomGeometry draws a convolution that fits, or a transposed one.
func randomGeometry(t *rapid.T) geometry {
	number := func(least, most int, what string) int { return rapid.IntRange(least, most).Draw(t, what) }
	pair := func(least, most int, what string) [2]int {
		return [2]int{number(least, most, what), number(least, most, what)}
	}
	groups := number(1, 4, "groups")
	m := Conv{Kernel: pair(1, 4, "kernel"), Stride: pair(1, 3, "stride"), Padding: pair(0, 3, "padding"), Dilation: pair(1, 2, "dilation"), Groups: groups}
	psi := tensor.Shape{number(1, 7, "h"), number(1, 7, "w"), groups * number(1, 5, "channels")}
	if number(0, 3, "line") == 0 {
		psi = psi[1:]
	}
	if number(0, 3, "same") == 0 {
		m.Same, m.Stride = true, [2]int{}
	}
	back, beside := number(0, 1, "transposed") == 1, [2]int{}
	if back {
		for axis := range beside {
			beside[axis] = number(0, max(1, m.Stride[axis], m.Dilation[axis])-1, "beside")
		}
	}
	g, err := m.geometry(psi, groups*number(1, 5, "channels"), back, beside)
	if err != nil {
		t.Skip(err.Error())
	}
	return g
}

func normal[T vec.Float](rng *rand.Rand, n int) []T {
	x := make([]T, n)
	for i := range x {
		x[i] = T(rng.NormFloat64())
	}
	return x
}

func near[T vec.Float](t *rapid.T, what string, got, want []T, tolerance float64) {
	t.Helper()
	for i := range want {
		if math.Abs(float64(got[i]-want[i])) > tolerance*(1+math.Abs(float64(want[i]))) {
			t.Fatalf("%s: element %d: got %v, want %v", what, i, got[i], want[i])
		}
	}
}

// TestConvolutionKernels holds on random geometries that the fast products and ⊗ are what
// plain loops over geometry.each give, and that products are added where they should be.
func TestConvolutionKernels(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := randomGeometry(t)
		kernelsAre[float64](t, g, 1e-12)
		kernelsAre[float32](t, g, 1e-4)
	})
}

func kernelsAre[T vec.Float](t *rapid.T, g geometry, tolerance float64) {
	rng := rand.New(rand.NewPCG(1, 2))
	const rows = 3
	theta := normal[T](rng, g.theta().TotalSize())
	ends := map[bool][]T{false: normal[T](rng, rows*g.wide.units()), true: normal[T](rng, rows*g.narrow.units())}
	for _, p := range []*plan{
		newPlan(g, false, usual), newPlan(g, true, usual), newPlan(g, false, limits{1, 1, 6}), newPlan(g, true, limits{1, 1, 6}),
		newPlan(g, false, limits{1, 1, 0}), newPlan(g, true, limits{1, 1, 0}),
	} {
		back, x := p.back, ends[p.back]
		r := &room[T]{}
		for i := range p.parts {
			part := &p.parts[i]
			part.tile = 5 // else one holds all
			n, _ := part.operands(p.blocks)
			for k := range n {
				by := new(gemm.Packed[T])
				lay(p, part, k, r, by, theta)
				r.operands = append(r.operands, by)
			}
		}
		want := make([]T, rows*p.result.units())
		convolveDo[T](g, back)(want, [][]T{x, theta}, []tensor.Shape{{rows, p.source.units()}, g.theta(), {rows, p.result.units()}})
		got := normal[T](rng, len(want))
		before := slices.Clone(got)
		multiply(p, r, got, x, rows, false)
		near(t, p.text(), got, want, tolerance)
		copy(got, before)
		multiply(p, r, got, x, rows, true)
		vec.Add(want, want, before)
		near(t, "added "+p.text(), got, want, tolerance)
	}

	want := make([]T, len(theta))
	for row := range rows {
		g.each(func(w, n, at int) {
			want[at] += 0.5 * ends[false][row*g.wide.units()+w] * ends[true][row*g.narrow.units()+n]
		})
	}
	got, o, w := make([]T, len(theta)), newConvOuter(g, false), newNarrowed[T]()
	w.prepare(o, ends[true])
	for lo := 0; lo < g.rows(); lo += 3 {
		w.rows(o, got[lo*g.narrow.c:], ends[false], 0.5, lo, min(lo+3, g.rows()))
	}
	near(t, "⊗ "+g.text(), got, want, tolerance)
}

// TestConvText holds that what a convolution prints is read again, and what is wrong is
// named.
func TestConvText(t *testing.T) {
	for text, want := range map[string]string{
		"conv 5x5":                   "conv 5",
		"conv 3":                     "conv 3",
		"conv 1x5":                   "conv 1x5",
		"conv 3x3 pad same groups 2": "conv 3 pad same groups 2",
		"conv 3x3 stride 2 pad 1 dilate 1 groups 1":      "conv 3 stride 2 pad 1",
		"conv 3 stride 2x1 pad 0x1 dilate 2":             "conv 3 stride 2x1 pad 0x1 dilate 2",
		"conv-transpose 4x4 stride 2 pad 1 output-pad 1": "conv-transpose 4 stride 2 pad 1 output-pad 1",
	} {
		m, err := ParseMap(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		again, err := ParseMap(m.String())
		if m.String() != want || err != nil || again != m {
			t.Errorf("%s: got %v, want %s; read again %v, error %v", text, m, want, again, err)
		}
	}
	for text, want := range map[string]string{
		"conv":                      "conv: kernel: must be a size such as 3 or 3x3, got none",
		"conv 0x3":                  `conv: kernel: must be numbers >= 1 such as 3 or 3x3, got "0x3"`,
		"conv 3 stride 0":           `conv: stride: must be numbers >= 1 such as 3 or 3x3, got "0"`,
		"conv 3 stride":             "conv: stride: must have a number behind it, got none",
		"conv 3 step 2":             `conv: must be told stride, pad, dilate or groups, got "step"`,
		"conv 3 output-pad 1":       `conv: must be told stride, pad, dilate or groups, got "output-pad"`,
		"conv-transpose 3 groups 0": `conv-transpose: groups: must be a number > 0, got "0"`,
	} {
		if _, err := ParseMap(text); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

// TestConvShapes holds which shapes a convolution makes, and that it says why it cannot.
func TestConvShapes(t *testing.T) {
	for _, c := range []struct {
		text      string
		psi, node tensor.Shape
		want      tensor.Shape
		wrong     string
	}{
		{text: "conv 5", psi: tensor.Shape{28, 28, 1}, node: tensor.Shape{12, 12, 32}, want: tensor.Shape{24, 24, 32}},
		{text: "conv 3 stride 2 pad 1", psi: tensor.Shape{28, 27, 3}, node: tensor.Shape{8}, want: tensor.Shape{14, 14, 8}},
		{text: "conv 4 pad same", psi: tensor.Shape{9, 2}, node: tensor.Shape{9, 5}, want: tensor.Shape{9, 5}},
		{text: "conv-transpose 4 stride 2 pad 1", psi: tensor.Shape{7, 7, 16}, node: tensor.Shape{14, 14, 8}, want: tensor.Shape{14, 14, 8}},
		{text: "conv-transpose 3 stride 2 output-pad 1", psi: tensor.Shape{7, 4}, node: tensor.Shape{16, 8}, want: tensor.Shape{16, 8}},
		{text: "conv 3", psi: tensor.Shape{9}, node: tensor.Shape{9}, wrong: "conv: must be of a feature of shape (H, W, C) or (L, C), got [9]"},
		{text: "conv 3", psi: tensor.Shape{2, 9, 1}, node: tensor.Shape{9}, wrong: "conv: must leave a position of a feature of shape [2 9 1], got none"},
		{text: "conv 3 groups 2", psi: tensor.Shape{9, 3}, node: tensor.Shape{7, 4}, wrong: "conv: groups: must divide the channels, 3 and 4, got 2"},
		{text: "conv 3 stride 2 pad same", psi: tensor.Shape{9, 3}, node: tensor.Shape{9, 4}, wrong: "conv: pad same: must be with stride 1, got stride 2"},
		{text: "conv-transpose 3 output-pad 1", psi: tensor.Shape{9, 3}, node: tensor.Shape{9, 4}, wrong: "conv-transpose: output-pad: must be less than the stride or the dilation, got 1"},
	} {
		m, err := ParseMap(c.text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.Out(c.psi, c.node)
		if c.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%s: got %v, want %s", c.text, err, c.wrong)
			}
		} else if err != nil || !got.Eq(c.want) {
			t.Errorf("%s of %v: got %v, error %v, want %v", c.text, c.psi, got, err, c.want)
		}
	}
}

// TestConvFans: fans are as many weights as a unit meets, in the middle of an image.
func TestConvFans(t *testing.T) {
	for text, c := range map[string]struct {
		psi, node tensor.Shape
		in, out   int
	}{
		"conv 5 pad 2":                       {tensor.Shape{8, 8, 3}, tensor.Shape{8, 8, 4}, 25 * 3, 25 * 4},
		"conv 4 stride 2 pad 1 groups 2":     {tensor.Shape{8, 8, 6}, tensor.Shape{4, 4, 4}, 16 * 3, 4 * 2},
		"conv-transpose 4 stride 2 pad 1":    {tensor.Shape{8, 8, 3}, tensor.Shape{16, 16, 5}, 4 * 3, 16 * 5},
		"conv-transpose 4 stride 2 dilate 3": {tensor.Shape{16, 3}, tensor.Shape{40, 5}, 2 * 3, 4 * 5},
	} {
		m, err := ParseMap(text)
		must(t, err)
		out, err := m.Out(c.psi, c.node)
		must(t, err)
		p := m.Parameters(c.psi, out)[0]
		if p.FanIn != c.in || p.FanOut != c.out {
			t.Errorf("%s: fans %d and %d, want %d and %d", text, p.FanIn, p.FanOut, c.in, c.out)
		}
	}
}
