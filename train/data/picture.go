package data

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // a format that images may have
	_ "image/png"  // another
	"io"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/image/draw"

	"example.com/pcn/internal/bounded"
)

const (
	// maxImageBytes bounds the file of an image.
	maxImageBytes = 64 << 20

	// maxImagePixels bounds an image of a set: each pixel is an input of the network.
	maxImagePixels = 1 << 20

	// maxPicturePixels bounds an image that is resized.
	maxPicturePixels = 1 << 26

	// maxPixelsPerByte is the most pixels of one bit that a byte of a compressed
	// file can stand for.
	maxPixelsPerByte = 8 * maxDeflateRatio
)

// imageExtensions are those of files that are taken for images.
var imageExtensions = []string{".png", ".jpg", ".jpeg"}

// picture is an image from a file.
type picture struct {
	pixels *image.RGBA // upright, from (0, 0), rows without gaps
	was    image.Point // its size before it was resized
	turned bool        // it does not stand upright in the file
}

// readPicture reads a file, and resizes its image where size is not zero.
func readPicture(path string, size Size) (*picture, error) {
	if ext := strings.ToLower(filepath.Ext(path)); !slices.Contains(imageExtensions, ext) {
		return nil, fmt.Errorf("must be an image, %s, got %q", strings.Join(imageExtensions, ", "), ext)
	}
	f, length, err := bounded.OpenSized(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if length > maxImageBytes {
		return nil, fmt.Errorf("must have at most %d bytes, got %d", maxImageBytes, length)
	}
	file, err := io.ReadAll(io.LimitReader(f, maxImageBytes))
	if err != nil {
		return nil, err
	}
	return decodePicture(file, size)
}

// decodePicture returns the image of a PNG or JPEG file, upright as its EXIF says, and
// resized where size is not zero. An image of more pixels than are taken, or than the file can hold, is refused
// by its header.
func decodePicture(file []byte, size Size) (*picture, error) {
	header, format, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("must be a PNG or JPEG file: %w", err)
	}
	if format != "png" && format != "jpeg" {
		return nil, fmt.Errorf("must be a PNG or JPEG file, got %s", format)
	}
	most := maxImagePixels
	if size != (Size{}) {
		most = maxPicturePixels
	}
	width, height := header.Width, header.Height
	if width <= 0 || height <= 0 || width > most/height {
		return nil, fmt.Errorf("must have 1 to %d pixels, got %d×%d", most, width, height)
	}
	if width*height > maxPixelsPerByte*len(file) {
		return nil, fmt.Errorf("must have at most %d pixels in a file of %d bytes, got %d×%d", maxPixelsPerByte*len(file), len(file), width, height)
	}
	if format == "png" && animated(file) {
		return nil, errors.New("must be one image, got an animation")
	}
	m, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("must be a whole image: %w", err)
	}
	bounds := m.Bounds()
	if bounds.Size() != image.Pt(width, height) {
		return nil, fmt.Errorf("must have %d×%d pixels as its header says, got %d×%d", width, height, bounds.Dx(), bounds.Dy())
	}
	t := turnOf(file, format)
	p := &picture{was: t.size(bounds.Size()), turned: t != 1}
	if size == (Size{}) {
		size = Size{p.was.X, p.was.Y}
	}
	pixels := image.NewRGBA(image.Rectangle{Max: t.size(image.Pt(size.Width, size.Height))})
	if pixels.Rect.Size() == bounds.Size() {
		draw.Draw(pixels, pixels.Rect, m, bounds.Min, draw.Src)
	} else {
		// A tent as wide as the pixels of the smaller of both: what most do for
		// training, as torchvision's Resize.
		draw.BiLinear.Scale(pixels, pixels.Rect, m, bounds, draw.Src, nil)
	}
	p.pixels = t.upright(pixels)
	return p, nil
}

// animated reports whether a PNG file says that it is an animation, by a chunk before
// its pixels.
func animated(png []byte) bool {
	for at := 8; at >= 8 && at+8 <= len(png); {
		switch string(png[at+4 : at+8]) {
		case "acTL":
			return true
		case "IDAT":
			return false
		}
		at += 12 + int(binary.BigEndian.Uint32(png[at:])) // its length is of the data between 8 bytes and a checksum
	}
	return false
}

// hasColours reports whether a pixel is no shade of grey.
func (p *picture) hasColours() bool {
	pix := p.pixels.Pix
	for i := 0; i < len(pix); i += 4 {
		if pix[i] != pix[i+1] || pix[i+1] != pix[i+2] {
			return true
		}
	}
	return false
}

// append appends the pixels to b, row by row, of 1 channel or of 3.
func (p *picture) append(b []byte, channels int) []byte {
	pix := p.pixels.Pix
	for i := 0; i < len(pix); i += 4 {
		if channels == 3 {
			b = append(b, pix[i], pix[i+1], pix[i+2])
			continue
		}
		// The luma of JPEG, as color.GrayModel has it.
		r, g, blue := uint32(pix[i]), uint32(pix[i+1]), uint32(pix[i+2])
		b = append(b, byte(((19595*r+38470*g+7471*blue)*0x101+1<<15)>>24))
	}
	return b
}
