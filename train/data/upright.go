package data

import (
	"bytes"
	"image"

	"github.com/bep/imagemeta"
)

// turn is how an image in a file is to be turned to stand upright: the Orientation of EXIF,
// 1 to 8, of which 1 is upright.
type turn uint16

// turnOf returns the turn of a PNG or JPEG file: upright where EXIF says nothing that can be
// read.
func turnOf(file []byte, format string) turn {
	t := turn(1)
	_, _ = imagemeta.Decode(imagemeta.Options{
		R:           bytes.NewReader(file),
		ImageFormat: map[string]imagemeta.ImageFormat{"jpeg": imagemeta.JPEG, "png": imagemeta.PNG}[format],
		Sources:     imagemeta.EXIF,
		ShouldHandleTag: func(tag imagemeta.TagInfo) bool {
			return tag.Tag == "Orientation" && tag.Namespace == "IFD0"
		},
		HandleTag: func(tag imagemeta.TagInfo) error {
			if n, ok := tag.Value.(uint16); ok && 1 <= n && n <= 8 {
				t = turn(n)
			}
			return imagemeta.ErrStopWalking
		},
	})
	return t
}

// lies reports whether the sides of the image in the file change places.
func (t turn) lies() bool { return t > 4 }

// size returns the size of an image of a size after the turn, or before it.
func (t turn) size(p image.Point) image.Point {
	if t.lies() {
		return image.Pt(p.Y, p.X)
	}
	return p
}

// upright returns an image, of which rows have no gaps, turned.
func (t turn) upright(m *image.RGBA) *image.RGBA {
	if t == 1 {
		return m
	}
	size := t.size(m.Rect.Size())
	out := image.NewRGBA(image.Rectangle{Max: size})
	right, low := m.Rect.Dx()-1, m.Rect.Dy()-1
	for y := range size.Y {
		for x := range size.X {
			from := image.Pt(x, y)
			if t.lies() {
				from = image.Pt(y, x)
			}
			switch t {
			case 2, 3, 7, 8:
				from.X = right - from.X
			}
			switch t {
			case 3, 4, 6, 7:
				from.Y = low - from.Y
			}
			out.SetRGBA(x, y, m.RGBAAt(from.X, from.Y))
		}
	}
	return out
}
