package data

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	_ "image/jpeg" // a format that images may have
	_ "image/png"  // another
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"example.com/pcn/internal/bounded"
	"example.com/pcn/internal/quoted"
)

const (
	// maxImageBytes bounds the file of an image.
	maxImageBytes = 64 << 20

	// maxImagePixels bounds an image: each pixel is an input of the network.
	maxImagePixels = 1 << 20

	// maxPixelsPerByte is the most pixels of one bit that a byte of a compressed
	// file can stand for.
	maxPixelsPerByte = 8 * maxDeflateRatio
)

// imageExtensions are those of files that are taken for images.
var imageExtensions = []string{".png", ".jpg", ".jpeg"}

// Images reads a folder that holds a folder of PNG or JPEG files for each class,
// named after the class. The classes are in the order of their names, by value
// when all are numbers, or those of classes when it is not empty; the examples
// are in the order of the files' names. All images must have the same width and
// height; colours become shades of grey. Pixels are bytes, which the transform
// maps to [0, 1]. Files whose names begin with a dot are passed over; anything
// else that is not an image is an error that names it.
func Images(dir string, classes []string) (*Set, error) {
	folders, err := visible(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, f := range folders {
		if info, err := os.Stat(filepath.Join(dir, f)); err != nil {
			return nil, fmt.Errorf("data: %w", err)
		} else if !info.IsDir() {
			return nil, fmt.Errorf("data: %s is a file, expected only folders of images, one for each class", filepath.Join(dir, f))
		}
		if len(classes) > 0 && !slices.Contains(classes, f) {
			return nil, fmt.Errorf("data: %s: class %q, expected one of %s", dir, f, quoted.List(classes))
		}
		names = append(names, f)
	}
	sortTexts(names)
	if len(classes) == 0 {
		if len(names) < 2 || len(names) > maxClasses {
			return nil, fmt.Errorf("data: %s has %d folders, expected one of images for each of 2 to %d classes", dir, len(names), maxClasses)
		}
		classes = names
	}
	s := &Set{Name: folderName(dir), White: 255}
	for _, name := range names {
		if err := s.addImages(filepath.Join(dir, name), slices.Index(classes, name)); err != nil {
			return nil, err
		}
	}
	if s.n == 0 {
		return nil, fmt.Errorf("data: %s: no images", dir)
	}
	s.nameClasses(classes)
	s.inputs.width = s.Width * s.Height
	return s.WithTransforms(PixelRange(0, 1, s.White), Transform{}), nil
}

// visible returns the names of what a folder holds, in order, without those that
// begin with a dot.
func visible(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	var names []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// addImages adds the images of a class.
func (s *Set) addImages(dir string, class int) error {
	files, err := visible(dir)
	if err != nil {
		return err
	}
	for _, name := range files {
		path := filepath.Join(dir, name)
		if !slices.Contains(imageExtensions, strings.ToLower(filepath.Ext(name))) {
			return fmt.Errorf("data: %s: expected only images, %s", path, strings.Join(imageExtensions, ", "))
		}
		grey, coloured, err := readImageFile(path, len(s.remarks) == 0)
		if err != nil {
			return err
		}
		if coloured {
			s.remarks = append(s.remarks, fmt.Sprintf("%s has colours: images are taken in shades of grey", path))
		}
		width, height := grey.Rect.Dx(), grey.Rect.Dy()
		if s.n == 0 {
			s.Width, s.Height = width, height
		}
		if width != s.Width || height != s.Height {
			return fmt.Errorf("data: %s has %d×%d pixels, expected %d×%d as the images before it", path, width, height, s.Width, s.Height)
		}
		s.inputs.bytes = append(s.inputs.bytes, grey.Pix...)
		s.labels = append(s.labels, class)
		s.n++
	}
	return nil
}

// readImageFile returns an image in shades of grey, and whether it had colours where
// that is asked.
func readImageFile(path string, ask bool) (grey *image.Gray, coloured bool, err error) {
	f, size, err := bounded.OpenSized(path)
	if err != nil {
		return nil, false, fmt.Errorf("data: %w", err)
	}
	defer f.Close()
	if size > maxImageBytes {
		return nil, false, fmt.Errorf("data: %s has %d bytes, expected at most %d", path, size, maxImageBytes)
	}
	file, err := io.ReadAll(io.LimitReader(f, maxImageBytes))
	if err != nil {
		return nil, false, fmt.Errorf("data: %w", err)
	}
	grey, picture, err := decodeGrey(file)
	if err != nil {
		return nil, false, fmt.Errorf("data: %s: %w", path, err)
	}
	return grey, ask && hasColours(picture), nil
}

// decodeGrey returns the image of a PNG or JPEG file in shades of grey, its rows
// without gaps, and as it was. An image of more pixels than a network takes, or than the file
// can hold, is refused by its header.
func decodeGrey(file []byte) (*image.Gray, image.Image, error) {
	header, format, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return nil, nil, fmt.Errorf("%w, expected a PNG or JPEG file", err)
	}
	if format != "png" && format != "jpeg" {
		return nil, nil, fmt.Errorf("%s, expected a PNG or JPEG file", format)
	}
	width, height := header.Width, header.Height
	if width <= 0 || height <= 0 || width > maxImagePixels/height {
		return nil, nil, fmt.Errorf("%d×%d pixels, expected at least 1 and at most %d: scale it down", width, height, maxImagePixels)
	}
	if width*height > maxPixelsPerByte*len(file) {
		return nil, nil, fmt.Errorf("%d×%d pixels, expected at most %d in a file of %d bytes", width, height, maxPixelsPerByte*len(file), len(file))
	}
	picture, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, nil, err
	}
	bounds := picture.Bounds()
	if bounds.Dx() != width || bounds.Dy() != height {
		return nil, nil, fmt.Errorf("%d×%d pixels, expected %d×%d as the header says", bounds.Dx(), bounds.Dy(), width, height)
	}
	grey := image.NewGray(image.Rect(0, 0, width, height))
	draw.Draw(grey, grey.Rect, picture, bounds.Min, draw.Src)
	return grey, picture, nil
}

// hasColours reports whether a pixel is no shade of grey.
func hasColours(m image.Image) bool {
	switch m.ColorModel() {
	case color.GrayModel, color.Gray16Model:
		return false
	}
	b := m.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if r, g, b, _ := m.At(x, y).RGBA(); r != g || g != b {
				return true
			}
		}
	}
	return false
}
