package report

import (
	"image"
	"image/color"
	"math"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
	G "gorgonia.org/gorgonia"

	vgdraw "gonum.org/v1/plot/vg/draw"

	"example.com/pcn/graph"
)

// Sizes of the drawing of a graph: between nodes of the network, between rows,
// and of a box.
const (
	graphColumn = 5 * vg.Centimeter
	graphRow    = 1.5 * vg.Centimeter
	boxWidth    = 0.95 * vg.Centimeter
	boxHeight   = 0.62 * vg.Centimeter
)

// box is a node of the graph in its place: column in nodes of the network, row
// from below.
type box struct {
	node        *G.Node
	column, row float64
	fill        color.RGBA
}

// Energy draws the expression graph of an energy: the network's nodes from left
// to right, bottom first; above each latent, what is computed from it, up to the
// total. Arrows go to where a value is used. Free latents are blue, with the
// gradient they descend below; clamped ones are grey, and so are the weights,
// which are frozen.
func Energy(e *graph.Energy) image.Image {
	boxes := boxesOf(e)
	places := map[*G.Node]box{}
	for _, b := range boxes {
		places[b.node] = b
	}
	last := float64(len(e.Latents) - 1)
	width, height := vg.Length(last+0.6)*graphColumn, 6.8*graphRow
	c := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(dpi))
	canvas := vgdraw.New(c)
	canvas.SetColor(color.White)
	canvas.Fill(canvas.Rectangle.Path())
	at := func(b box) vg.Point {
		return vg.Point{X: vg.Length(b.column+0.3) * graphColumn, Y: vg.Length(b.row+1.4) * graphRow}
	}
	for _, b := range boxes {
		for it := e.Graph.From(b.node.ID()); it.Next(); {
			if from, ok := places[it.Node().(*G.Node)]; ok && b.row > from.row {
				arrow(canvas, at(from), at(b), ink, nil)
			}
		}
	}
	for l, g := range e.Gradients {
		if g != nil {
			v := places[e.Latents[l]]
			arrow(canvas, at(box{column: v.column, row: v.row - 1}), at(v), palette[0], []vg.Length{vg.Points(4), vg.Points(3)})
		}
	}
	style := text.Style{Color: ink, Font: sized(11), XAlign: text.XCenter, YAlign: text.YCenter, Handler: text.Plain{Fonts: font.DefaultCache}}
	for _, b := range boxes {
		label(canvas, style, at(b), b.node.Name(), b.fill)
	}
	for l, g := range e.Gradients {
		if g != nil {
			v := places[e.Latents[l]]
			label(canvas, style, at(box{column: v.column, row: v.row - 1}), "∂E/∂"+v.node.Name(), color.RGBA{0xff, 0xff, 0xff, 0xff})
		}
	}
	return c.Image()
}

// boxesOf places the nodes of e.
func boxesOf(e *graph.Energy) []box {
	white, grey, blue := color.RGBA{0xff, 0xff, 0xff, 0xff}, pale, color.RGBA{0xb8, 0xdc, 0xf2, 0xff}
	var boxes []box
	for l, v := range e.Latents {
		fill := blue
		if e.Spec.Clamped[l] {
			fill = grey
		}
		boxes = append(boxes, box{v, float64(l), 0, fill})
	}
	for i := range e.Weights {
		x := float64(i)
		boxes = append(boxes, box{e.Biases[i], x + 0.25, 1, grey}, box{e.Weights[i], x + 0.5, 1, grey}, box{e.Predictions[i], x + 0.5, 2, white},
			box{e.Errors[i], x, 3, white}, box{e.Terms[i], x, 4, white})
		if e.Activations[i] != e.Latents[i+1] {
			boxes = append(boxes, box{e.Activations[i], x + 0.75, 1, white})
		}
		if e.Precisions[i] != nil {
			boxes = append(boxes, box{e.Precisions[i], x + 0.3, 3, grey})
		}
	}
	return append(boxes, box{e.Total, float64(len(e.Weights)-1) / 2, 5, white})
}

// label draws a box around a name.
func label(c vgdraw.Canvas, style text.Style, at vg.Point, name string, fill color.RGBA) {
	half := vg.Point{X: max(boxWidth, style.Width(name)+vg.Points(8)) / 2, Y: boxHeight / 2}
	r := vg.Rectangle{Min: at.Sub(half), Max: at.Add(half)}
	c.SetColor(fill)
	c.Fill(r.Path())
	c.SetLineStyle(vgdraw.LineStyle{Color: faint, Width: vg.Points(1)})
	c.Stroke(r.Path())
	c.FillText(style, at, name)
}

// arrow draws one that ends at the edge of the box at to.
func arrow(c vgdraw.Canvas, from, to vg.Point, colour color.RGBA, dashes []vg.Length) {
	d := to.Sub(from)
	length := vg.Length(math.Hypot(float64(d.X), float64(d.Y)))
	unit := vg.Point{X: d.X / length, Y: d.Y / length}
	short := boxHeight / 2 / max(unit.Y, 1e-3)
	if unit.X != 0 {
		short = min(short, boxWidth/2/vg.Length(math.Abs(float64(unit.X))))
	}
	tip := to.Sub(unit.Scale(short))
	c.SetLineStyle(vgdraw.LineStyle{Color: colour, Width: vg.Points(1), Dashes: dashes})
	var line vg.Path
	line.Move(from)
	line.Line(tip)
	c.Stroke(line)
	side := vg.Point{X: -unit.Y, Y: unit.X}.Scale(vg.Points(3))
	back := tip.Sub(unit.Scale(vg.Points(7)))
	var head vg.Path
	head.Move(tip)
	head.Line(back.Add(side))
	head.Line(back.Sub(side))
	head.Close()
	c.SetColor(colour)
	c.Fill(head)
}
