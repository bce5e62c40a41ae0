// Package window has windows over positions: what a convolution's kernel covers at each of
// its places, and what a pooling looks at.
package window

// Axis is windows along one dimension of positions. Place k of window w is the position
// w·Stride + k·Dilation − Before, which may lie in front of the first or behind the last.
type Axis struct {
	In, Out          int // positions, windows
	Size             int // places of a window
	Stride, Dilation int // from one window, and one place, to the next
	Before           int // places of the first window in front of the first position
}

// Reach returns how many positions there are from a window's first place to its last.
func (a Axis) Reach() int { return (a.Size-1)*a.Dilation + 1 }

// Fit makes as many windows as there is room for, with places beyond the edges around.
func (a *Axis) Fit(around int) {
	if a.Out = 0; a.In+around >= a.Reach() {
		a.Out = (a.In+around-a.Reach())/a.Stride + 1
	}
}

// Position returns that of a place of a window.
func (a Axis) Position(window, place int) int { return window*a.Stride + place*a.Dilation - a.Before }

// Has reports whether there is such a position.
func (a Axis) Has(position int) bool { return position >= 0 && position < a.In }

// Inside returns the windows, from lo to before hi, of which a place is a position.
func (a Axis) Inside(place int) (lo, hi int) {
	for lo < a.Out && a.Position(lo, place) < 0 {
		lo++
	}
	for hi = lo; hi < a.Out && a.Position(hi, place) < a.In; hi++ {
	}
	return lo, hi
}

// Grid is windows over rows and columns of positions. Where positions have one dimension
// they are one row.
type Grid [2]Axis

// One is the axis of a single row.
var One = Axis{In: 1, Out: 1, Size: 1, Stride: 1, Dilation: 1}

// Places returns how many a window has.
func (g Grid) Places() int { return g[0].Size * g[1].Size }

// Each calls f with all positions, windows and places that meet, each counted row by row:
// window after window, and in each place after place.
func (g Grid) Each(f func(position, window, place int)) {
	for y := range g[0].Out {
		for x := range g[1].Out {
			for k := range g[0].Size {
				for l := range g[1].Size {
					if row, col := g[0].Position(y, k), g[1].Position(x, l); g[0].Has(row) && g[1].Has(col) {
						f(row*g[1].In+col, y*g[1].Out+x, k*g[1].Size+l)
					}
				}
			}
		}
	}
}
