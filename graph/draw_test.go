package graph

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"example.com/pcn/graph/feature"
)

// TestDrawShapes holds that a node with positions is drawn with its shape, and a feature by
// its name.
func TestDrawShapes(t *testing.T) {
	e, err := Build(shapedCase{"max-pool 2", []tensor.Shape{{4, 6, 3}}}.spec(t, 5, tensor.Float64))
	must(t, err)
	var dot bytes.Buffer
	must(t, e.WriteDOT(&dot))
	for _, label := range []string{`"of\n5 × 2×3×3, clamped"`, `"from0\n5 × 4×6×3, free"`, `"max-pool 2(from0)\n`} {
		if strings.Count(dot.String(), label) != 1 {
			t.Errorf("%s is not there once in\n%s", label, dot.String())
		}
	}
}

// TestDraw draws an energy with a precision, a mask and both kinds of activation:
// each node of the energy is there once, and none of its gradient.
func TestDraw(t *testing.T) {
	e, err := Build(chain{
		Sizes: []int{4, 3, 2}, Activations: []*feature.Activation{feature.Tanh, feature.Identity}, Clamped: []bool{true, false, true}, Masked: []bool{false, true, false},
		Precise: []bool{false, true}, Batch: 5, Dtype: tensor.Float64,
	}.spec())
	must(t, err)
	var dot, svg bytes.Buffer
	must(t, e.WriteDOT(&dot))
	must(t, e.WriteSVG(&svg))
	if path := os.Getenv("PCN_DRAW"); path != "" {
		must(t, os.WriteFile(path, svg.Bytes(), 0o666))
	}
	for _, label := range []string{`v0\n5 × 4, clamped`, `v1\n5 × 3, free in part`, `weight v0←v1\n4 × 3, frozen`, `bias v1\n3, frozen`, `Π v1\n3, frozen`, `tanh(v1)\ntanh`, `v0←v1\nproduct`, `μ v0\nshift`, `ε v1\nerror`, `E v1\ngaussian`, `E\ntotal energy`} {
		if strings.Count(dot.String(), `"`+label+`"`) != 1 {
			t.Errorf("%s is not there once in\n%s", label, dot.String())
		}
	}
	const nodes, arrows = 3 + 2 + 2 + 1 + 1 + 4 + 2 + 2 + 1, 1 + 8 + 4 + 3 + 2
	if n := strings.Count(dot.String(), "label="); n != nodes {
		t.Errorf("%d nodes, want %d", n, nodes)
	}
	if n := strings.Count(dot.String(), "->"); n != arrows {
		t.Errorf("%d arrows, want %d", n, arrows)
	}
	if n := strings.Count(svg.String(), "marker-end"); n != arrows {
		t.Errorf("SVG: %d arrows, want %d", n, arrows)
	}
	if !strings.Contains(svg.String(), `<svg xmlns="http://www.w3.org/2000/svg" width="100%" viewBox="0 0 1220 382" style="max-width:1220px"`) {
		t.Error("SVG: does not shrink to the page")
	}
	if e.SVG() != svg.String() {
		t.Error("SVG is not what WriteSVG writes")
	}
	d := xml.NewDecoder(&svg)
	boxes := map[string]bool{}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		if s, ok := token.(xml.StartElement); ok && s.Name.Local == "rect" {
			at := ""
			for _, a := range s.Attr {
				if a.Name.Local == "x" || a.Name.Local == "y" {
					at += a.Value + " "
				}
			}
			if boxes[at] {
				t.Errorf("two boxes at %s", at)
			}
			boxes[at] = true
		}
	}
	if len(boxes) != nodes+1 { // and the background
		t.Errorf("SVG: %d boxes, want %d", len(boxes), nodes+1)
	}
}
