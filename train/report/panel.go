package report

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"

	vgdraw "gonum.org/v1/plot/vg/draw"
)

// Size of a panel, and its resolution.
const (
	panelWidth  = 13 * vg.Centimeter
	panelHeight = 9.5 * vg.Centimeter
	dpi         = 144
)

// Colours of lines, in order: readable side by side, and by the colour-blind
// (Okabe and Ito 2008).
var palette = []color.RGBA{
	{0x00, 0x72, 0xb2, 0xff}, // blue
	{0xd5, 0x5e, 0x00, 0xff}, // vermilion
	{0x00, 0x9e, 0x73, 0xff}, // green
	{0xcc, 0x79, 0xa7, 0xff}, // purple
}

var (
	ink   = color.RGBA{0x30, 0x30, 0x30, 0xff}
	pale  = color.RGBA{0xe4, 0xe4, 0xe4, 0xff}
	faint = color.RGBA{0xa8, 0xa8, 0xa8, 0xff}
)

// Panel is a plot with its legend between the title and the data.
type Panel struct {
	*plot.Plot
	legend []plot.Legend // one for each entry
}

// newPanel returns an empty panel in the style of all.
func newPanel(title, x, y string) *Panel {
	p := &Panel{Plot: plot.New()}
	p.Title.Text = title
	p.Title.TextStyle.Font = sized(13)
	p.Title.TextStyle.Color = ink
	p.X.Label.Text, p.Y.Label.Text = x, y
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Label.TextStyle.Font = sized(11)
		axis.Label.TextStyle.Color = ink
		axis.Label.Padding = vg.Points(4)
		axis.Tick.Label.Font = sized(10)
		axis.Tick.Label.Color = ink
		axis.Tick.LineStyle.Color = faint
		axis.LineStyle.Color = faint
		axis.Padding = vg.Points(4)
		axis.Tick.Marker = niceTicks{}
	}
	lines := plotter.NewGrid()
	lines.Vertical.Color, lines.Horizontal.Color = pale, pale
	lines.Vertical.Width, lines.Horizontal.Width = vg.Points(0.6), vg.Points(0.6)
	p.Add(lines)
	return p
}

func sized(points float64) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Points(points)}
}

// explain adds an entry to the legend.
func (p *Panel) explain(name string, thumbnail plot.Thumbnailer) {
	l := plot.NewLegend()
	l.TextStyle.Font = sized(11)
	l.TextStyle.Color = ink
	l.ThumbnailWidth = vg.Points(20)
	l.Padding = vg.Points(4)
	l.Left, l.Top = true, true
	l.Add(name, thumbnail)
	p.legend = append(p.legend, l)
}

// drawable reports whether x has a place on an axis: it is finite, and so are the
// ranges between such numbers.
func drawable(x float64) bool { return math.Abs(x) <= math.MaxFloat64/4 }

// widen makes both axes wide enough, and leaves some room between the data and the
// ends of the y axis.
func (p *Panel) widen() {
	tellApart(&p.X)
	tellApart(&p.Y)
	if room := 0.05 * (p.Y.Max - p.Y.Min); room > 0 {
		p.Y.Min, p.Y.Max = p.Y.Min-room, p.Y.Max+room
	}
}

// tellApart widens an axis that is too narrow for the size of its numbers to tell
// them apart, to both sides by half of that size, or by 1 around 0.
func tellApart(a *plot.Axis) {
	size := max(math.Abs(a.Min), math.Abs(a.Max))
	if a.Min > a.Max || a.Max-a.Min > 1e-9*size { // nothing is drawn, or it is wide
		return
	}
	if size == 0 {
		size = 2
	}
	a.Min, a.Max = a.Min-size/2, a.Max+size/2
}

// maxPoints is about the most points of a line: more lie on the same pixels.
const maxPoints = 1000

// thin leaves of many points the lowest and the highest of each few in a row, and
// the last.
func thin(points plotter.XYs) plotter.XYs {
	if len(points) <= maxPoints {
		return points
	}
	var out plotter.XYs
	for few := range slices.Chunk(points, (2*len(points)+maxPoints-1)/maxPoints) {
		low, high := 0, 0
		for i, at := range few {
			if at.Y < few[low].Y {
				low = i
			}
			if at.Y > few[high].Y {
				high = i
			}
		}
		out = append(out, few[min(low, high)], few[max(low, high)])
	}
	return append(out, points[len(points)-1])
}

// Between entries of a legend, and between its rows.
var legendGap, legendRow = vg.Points(14), vg.Points(20)

// draw draws the panel on c, the legend in as many rows as it needs.
func (p *Panel) draw(c vgdraw.Canvas) {
	if p == nil || p.Plot == nil {
		return // of no plot
	}
	var rows [][]plot.Legend
	var widths []vg.Length
	for _, l := range p.legend {
		width := l.Rectangle(c).Size().X
		last := len(rows) - 1
		if last < 0 || widths[last]+legendGap+width > c.Max.X-c.Min.X {
			rows, widths = append(rows, []plot.Legend{l}), append(widths, width)
			continue
		}
		rows[last], widths[last] = append(rows[last], l), widths[last]+legendGap+width
	}
	p.Title.Padding = vg.Points(8) + vg.Length(len(rows))*legendRow
	p.Plot.Draw(c)
	at := c
	at.Max.Y -= p.Title.TextStyle.FontExtents().Height + vg.Points(6)
	for i, row := range rows {
		at.Min.X = (c.Min.X + c.Max.X - widths[i]) / 2
		for _, l := range row {
			at.Max.X = at.Min.X + l.Rectangle(c).Size().X
			l.Draw(at)
			at.Min.X = at.Max.X + legendGap
		}
		at.Max.Y -= legendRow
	}
}

// mostBeside is the most panels that stand side by side.
const mostBeside = 3

// Render draws panels side by side on white, in as many rows as they need.
func Render(panels ...*Panel) image.Image {
	width, height := int(panelWidth.Dots(dpi)), int(panelHeight.Dots(dpi))
	rows := max((len(panels)+mostBeside-1)/mostBeside, 1)
	columns := max((len(panels)+rows-1)/rows, 1)
	out := image.NewRGBA(image.Rect(0, 0, columns*width, rows*height))
	draw.Draw(out, out.Bounds(), image.White, image.Point{}, draw.Src)
	for i, p := range panels {
		c := vgimg.NewWith(vgimg.UseWH(panelWidth, panelHeight), vgimg.UseDPI(dpi))
		p.draw(vgdraw.Crop(vgdraw.New(c), vg.Points(10), vg.Points(-14), vg.Points(8), vg.Points(-8)))
		at := image.Pt(i%columns*width, i/columns*height)
		draw.Draw(out, c.Image().Bounds().Add(at), c.Image(), image.Point{}, draw.Src)
	}
	return out
}

// cross is a glyph that stands out on a line.
type cross struct{}

func (cross) DrawGlyph(c *vgdraw.Canvas, style vgdraw.GlyphStyle, at vg.Point) {
	r := style.Radius
	c.SetLineStyle(vgdraw.LineStyle{Color: style.Color, Width: vg.Points(1.5)})
	for _, d := range []vg.Point{{X: r, Y: r}, {X: r, Y: -r}} {
		var path vg.Path
		path.Move(at.Sub(d))
		path.Line(at.Add(d))
		c.Stroke(path)
	}
}

// niceTicks marks round numbers, at most eight.
type niceTicks struct{}

func (niceTicks) Ticks(low, high float64) []plot.Tick {
	return ticksBy(niceStep((high-low)/7), low, high)
}

// wholeTicks marks whole numbers, at most a dozen.
type wholeTicks struct{}

func (wholeTicks) Ticks(low, high float64) []plot.Tick {
	step := niceStep((high - low) / 11)
	if step < 1 {
		step = 1
	}
	return ticksBy(step, low, high)
}

// ticksBy marks the multiples of step, of which an axis has room for some dozen.
func ticksBy(step, low, high float64) []plot.Tick {
	first, last := math.Ceil(low/step), math.Floor(high/step)
	most := max(math.Abs(first), math.Abs(last))
	if !(last-first < 20 && most < 1e12 && step <= math.MaxFloat64) { // no range in which places can be told apart
		return nil
	}
	decimals := max(0, -int(math.Floor(math.Log10(step))))
	format := byte('f')
	if decimals > 5 || step >= 1e6 {
		format, decimals = 'g', 2+int(math.Log10(max(most, 100)))
	}
	var ticks []plot.Tick
	for i := range int(last - first + 1) {
		at := (first + float64(i)) * step
		if at == 0 {
			at = 0 // and not -0
		}
		ticks = append(ticks, plot.Tick{Value: at, Label: strconv.FormatFloat(at, format, decimals, 64)})
	}
	return ticks
}

// niceStep returns 1, 2 or 5 times a power of ten, at least x.
func niceStep(x float64) float64 {
	if !(x > 0) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(x)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= x {
			return m * power
		}
	}
	return 10 * power
}

// logTicks marks an axis of logarithms to base ten with what they are of: the
// powers of ten, some of them where they are many, and 2 and 5 times each where
// they are few.
type logTicks struct{}

func (logTicks) Ticks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	every := max(1, int(math.Ceil((high-low)/7))) // powers of ten
	for e := math.Floor(low); e <= high; e++ {
		for m := 1.0; m < 10; m++ {
			at := e + math.Log10(m)
			if at < low || at > high {
				continue
			}
			t := plot.Tick{Value: at}
			if m == 1 && int(e)%every == 0 || high-low < 2.5 && (m == 2 || m == 5) {
				t.Label = strconv.FormatFloat(m*math.Pow(10, e), 'g', 3, 64)
			}
			ticks = append(ticks, t)
		}
	}
	return ticks
}
