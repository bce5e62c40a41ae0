package data

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ImageForm is what the images of a folder are brought to as they are read.
type ImageForm struct {
	// Size is the size that images are resized to, without keeping the ratio of their
	// sides. Zero takes their own, which must then be the same for all.
	Size Size
	// Colour says what a pixel holds. Empty is RGB where any image has colours, and
	// Grey where none has.
	Colour Colour
}

// Size is a size in pixels. Its text is WIDTHxHEIGHT, such as 32x24, or one number
// for a square.
type Size struct{ Width, Height int }

// String returns the text.
func (s Size) String() string { return fmt.Sprintf("%dx%d", s.Width, s.Height) }

// MarshalText returns the text.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText takes the text of a size that an image of a set may have.
func (s *Size) UnmarshalText(text []byte) error {
	width, height, both := strings.Cut(string(text), "x")
	if !both {
		height = width
	}
	w, err := strconv.Atoi(width)
	h, errH := strconv.Atoi(height)
	if err != nil || errH != nil || w < 1 || h < 1 || w > maxImagePixels/h {
		return fmt.Errorf("must be WIDTHxHEIGHT such as 32x24, or one number, of at most %d pixels, got %.40q", maxImagePixels, text)
	}
	*s = Size{w, h}
	return nil
}

// Colour says what a pixel holds, by name.
type Colour string

const (
	Grey Colour = "grey" // a shade of grey
	RGB  Colour = "rgb"  // red, green and blue
)

// Colours are the values of Colour other than none.
var Colours = []string{string(Grey), string(RGB)}

// UnmarshalText takes a name.
func (c *Colour) UnmarshalText(text []byte) error {
	if !slices.Contains(Colours, string(text)) {
		return fmt.Errorf("must be %s, got %.40q", strings.Join(Colours, " or "), text)
	}
	*c = Colour(text)
	return nil
}

// channels returns how many numbers a pixel has.
func (c Colour) channels() int {
	if c == RGB {
		return 3
	}
	return 1
}

// colour returns that of the images of s, empty where inputs are none.
func (s *Set) colour() Colour {
	switch {
	case s.Shape == nil:
		return ""
	case s.Shape[len(s.Shape)-1] == 3:
		return RGB
	}
	return Grey
}

// shapeText says what images of a shape are: 28×28 pixels, or 32×32 pixels in colour.
func shapeText(shape []int) string {
	if len(shape) != 3 {
		return fmt.Sprintf("shape %v", shape) // which Gather refuses
	}
	text := fmt.Sprintf("%d×%d pixels", shape[1], shape[0])
	if shape[2] > 1 {
		text += " in colour"
	}
	return text
}
