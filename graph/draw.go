package graph

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"slices"
	"strconv"
	"strings"

	G "gorgonia.org/gorgonia"

	"example.com/pcn/graph/internal/op"
	"example.com/pcn/internal/shape"
)

// How nodes of a drawing look, by what they are.
var (
	clampedStyle  = style{fill: "#cfe3f3", text: "clamped"}
	freeStyle     = style{fill: "#ffffff", text: "free"}
	partStyle     = style{fill: "#e7f1f9", text: "free in part"}
	weightsStyle  = style{fill: "#eeeeee", text: "frozen"}
	computedStyle = style{fill: "#fdf1d6", text: ""}
	energyStyle   = style{fill: "#f6d5c4", text: ""}
)

type style struct{ fill, text string }

// box is a node of a drawing.
type box struct {
	id       string
	title    string // the name, as in Energy's documentation
	detail   string // the operation, or the shape of an input
	style    style
	column   int // from the left: latent, feature, product, sum, prediction, error, energies
	row      int // from the top
	children []string
}

// layout is where the nodes of a drawing stand.
type layout struct {
	*Energy
	at    map[*G.Node]box
	taken map[[2]int]bool // by column and row
	order G.Nodes         // what the energy is computed from, inputs first
}

// put places a node, unless it is none, or is placed.
func (d *layout) put(n *G.Node, column, row int, s style) {
	if _, done := d.at[n]; n != nil && !done {
		d.at[n], d.taken[[2]int{column, row}] = box{column: column, row: row, style: s}, true
	}
}

// latent places that of node l.
func (d *layout) latent(l, row int) {
	s := freeStyle
	if d.Spec.Nodes[l].Clamped {
		s = clampedStyle
	} else if d.Masks[l] != nil {
		s = partStyle
	}
	d.put(d.Latents[l], 0, row, s)
}

// named places what [Energy] has names for, by levels: a prediction behind those that it
// can be made without, two rows for each of its edges, with parameters above what uses
// them, and a latent beside the first edge that reads it.
func (d *layout) named() {
	row := 1
	for _, l := range d.wiring.Order {
		for i, t := range d.Terms {
			if d.wiring.Of[i] != l {
				continue
			}
			d.put(t.Bias, 5, row-1, weightsStyle)
			d.put(t.Precision, 7, row-1, weightsStyle)
			first := row
			for j, edge := range t.Edges {
				for _, from := range d.wiring.From[i][j] {
					d.latent(from, row)
				}
				d.put(edge.Feature, 1, row, computedStyle)
				for _, theta := range edge.Parameters {
					d.put(theta, 2, row-1, weightsStyle)
				}
				d.put(edge.Product, 2, row, computedStyle)
				row += 2
			}
			d.put(t.Sum, 5, first, computedStyle)
			d.put(t.Prediction, 6, first, computedStyle)
			d.put(t.Error, 7, first, computedStyle)
			d.put(t.Energy, 8, first, energyStyle)
			d.put(d.Energies[l], 9, first, energyStyle)
		}
	}
	for l := range d.Latents {
		if _, done := d.at[d.Latents[l]]; !done {
			d.latent(l, row)
			row += 2
		}
	}
	d.put(d.Total, 10, row/2|1, energyStyle)
}

// visit places what n is computed from and that has no name, such as a scale, behind its
// inputs.
func (d *layout) visit(n *G.Node, seen map[*G.Node]bool) {
	if seen[n] {
		return
	}
	seen[n] = true
	column, row := 0, 0
	for i, c := range op.Children(n) {
		d.visit(c, seen)
		if column = max(column, d.at[c].column+1); i == 0 {
			row = d.at[c].row
		}
	}
	for d.taken[[2]int{column, row}] {
		row++
	}
	d.put(n, column, row, computedStyle)
	d.order = append(d.order, n)
}

// drawing returns the energy, without its gradient, as boxes.
func (e *Energy) drawing() []box {
	d := &layout{Energy: e, at: map[*G.Node]box{}, taken: map[[2]int]bool{}}
	d.named()
	d.visit(e.Total, map[*G.Node]bool{})
	used := map[int]bool{}
	for _, n := range d.order {
		used[d.at[n].column] = true
	}
	id := func(n *G.Node) string { return fmt.Sprintf("n%d", slices.Index(d.order, n)) }
	boxes := make([]box, len(d.order))
	for i, n := range d.order {
		b := d.at[n]
		b.id, b.title, b.detail = id(n), n.Name(), e.detail(n, b.style)
		for c := range d.at[n].column { // columns that nothing stands in are left out
			if !used[c] {
				b.column--
			}
		}
		for _, c := range op.Children(n) {
			b.children = append(b.children, id(c))
		}
		boxes[i] = b
	}
	return boxes
}

// detail returns what a box says below its title.
func (e *Energy) detail(n *G.Node, s style) string {
	if o := n.Op(); o != nil {
		return o.String()
	}
	text := strings.ReplaceAll(shape.Text(n.Shape()), "×", " × ")
	if l := slices.Index(e.Latents, n); l >= 0 {
		text = fmt.Sprintf("%d × %s", e.Spec.Batch, shape.Text(e.Spec.Nodes[l].Shape))
	}
	if s.text != "" {
		text += ", " + s.text
	}
	return text
}

// WriteDOT writes the energy, without its gradient, as a graph in the language of
// Graphviz: a box for each latent, weight and operation, named as in [Energy], and
// an arrow from each to what is computed from it.
func (e *Energy) WriteDOT(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprint(b, "digraph energy {\n\trankdir=LR;\n\tnode [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\"];\n")
	boxes := e.drawing()
	for _, x := range boxes {
		fmt.Fprintf(b, "\t%s [label=%s, fillcolor=%q];\n", x.id, strconv.Quote(x.title+"\n"+x.detail), x.style.fill)
	}
	for _, x := range boxes {
		for _, c := range x.children {
			fmt.Fprintf(b, "\t%s -> %s;\n", c, x.id)
		}
	}
	fmt.Fprint(b, "}\n")
	return b.Flush()
}

// Sizes of a drawing, in pixels.
const (
	boxWidth, boxHeight = 132, 40
	betweenX, betweenY  = 44, 22
	margin              = 16
)

// SVG returns what [Energy.WriteSVG] writes, by which a notebook shows an energy
// that a cell returns.
func (e *Energy) SVG() string {
	var b strings.Builder
	e.WriteSVG(&b) // a Builder takes everything
	return b.String()
}

// WriteSVG draws the same graph, the top node uppermost, each layer from left to
// right from its latent to its energy. It is as wide as what it is shown in, up to
// its natural width: Jupyter's page would cut a width in pixels.
func (e *Energy) WriteSVG(w io.Writer) error {
	boxes := e.drawing()
	place := map[string]box{}
	columns, rows := 0, 0
	for _, x := range boxes {
		place[x.id] = x
		columns, rows = max(columns, x.column+1), max(rows, x.row+1)
	}
	left := func(x box) int { return margin + x.column*(boxWidth+betweenX) }
	top := func(x box) int { return margin + x.row*(boxHeight+betweenY) }
	b := bufio.NewWriter(w)
	width, height := 2*margin+columns*boxWidth+(columns-1)*betweenX, 2*margin+rows*boxHeight+(rows-1)*betweenY
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" width="100%%" viewBox="0 0 %d %d" style="max-width:%[1]dpx" font-family="sans-serif" text-anchor="middle">
<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#555"/></marker></defs>
<rect width="100%%" height="100%%" fill="#fff"/>
`, width, height)
	for _, to := range boxes {
		for _, id := range to.children {
			from := place[id]
			x1, y1 := left(from)+boxWidth, top(from)+boxHeight/2
			x2, y2 := left(to), top(to)+boxHeight/2
			switch {
			case from.column >= to.column: // from above or below
				x1, x2 = left(from)+boxWidth/2, left(to)+boxWidth/2
				y1, y2 = top(from)+boxHeight, top(to)
				if from.row > to.row {
					y1, y2 = top(from), top(to)+boxHeight
				}
			case from.row < to.row && from.column+1 == to.column && from.style == weightsStyle: // a weight, down into what uses it
				x1, y1 = left(from)+boxWidth*3/4, top(from)+boxHeight
			case from.row > to.row && to.column > from.column+1: // a latent to its error, from below
				x1, y1, x2, y2 = left(from)+boxWidth/2, top(from), left(to)+boxWidth/2, top(to)+boxHeight
				fmt.Fprintf(b, "<path d=\"M%d %dV%dH%dV%d\" stroke=\"#555\" fill=\"none\" marker-end=\"url(#arrow)\"/>\n", x1, y1, y2+betweenY/2, x2, y2)
				continue
			}
			fmt.Fprintf(b, "<path d=\"M%d %dL%d %d\" stroke=\"#555\" fill=\"none\" marker-end=\"url(#arrow)\"/>\n", x1, y1, x2, y2)
		}
	}
	for _, x := range boxes {
		fmt.Fprintf(b, `<rect x="%d" y="%d" width="%d" height="%d" rx="6" fill="%s" stroke="#555"/>
<text x="%d" y="%d" font-size="13">%s</text><text x="%d" y="%d" font-size="10" fill="#555">%s</text>
`, left(x), top(x), boxWidth, boxHeight, x.style.fill, left(x)+boxWidth/2, top(x)+17, html.EscapeString(x.title), left(x)+boxWidth/2, top(x)+32, html.EscapeString(x.detail))
	}
	fmt.Fprint(b, "</svg>\n")
	return b.Flush()
}
