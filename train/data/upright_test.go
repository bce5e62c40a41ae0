package data

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// exifOf returns EXIF that says an orientation.
func exifOf(orientation uint16) []byte {
	b := []byte("II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00")
	b = binary.LittleEndian.AppendUint16(b, orientation)
	return append(b, 0, 0, 0, 0, 0, 0)
}

// jpegOf returns a JPEG file with EXIF.
func jpegOf(t testing.TB, m image.Image, exif []byte) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	segment := binary.BigEndian.AppendUint16([]byte("\xff\xe1"), uint16(8+len(exif)))
	return slices.Concat(b.Bytes()[:2], segment, []byte("Exif\x00\x00"), exif, b.Bytes()[2:])
}

// pngWith returns a PNG file with EXIF.
func pngWith(t testing.TB, m image.Image, exif []byte) []byte {
	file := pngOf(t, m)
	chunk := append(binary.BigEndian.AppendUint32(nil, uint32(len(exif))), "eXIf"...)
	chunk = append(chunk, exif...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	const header = 8 + 25 // the signature and the first chunk
	return slices.Concat(file[:header], chunk, file[header:])
}

// quarters returns an image of a colour in each quarter: from the top left red and green,
// below them blue and white.
func quarters(width, height int) *image.RGBA {
	m := plain(width, height, color.White)
	for r, c := range map[image.Rectangle]color.RGBA{
		image.Rect(0, 0, width/2, height/2):      {255, 0, 0, 255},
		image.Rect(width/2, 0, width, height/2):  {0, 255, 0, 255},
		image.Rect(0, height/2, width/2, height): {0, 0, 255, 255},
	} {
		draw.Draw(m, r, image.NewUniform(c), image.Point{}, draw.Src)
	}
	return m
}

// TestUpright: the sides that an orientation says the first row and the first column are on
// are where they come to lie, whatever the size.
func TestUpright(t *testing.T) {
	for orientation, want := range []string{ // from the top left to the lower right
		1: "red green blue white", 2: "green red white blue", 3: "white blue green red", 4: "blue white red green",
		5: "red blue green white", 6: "blue red white green", 7: "white green blue red", 8: "green white red blue",
		9: "red green blue white", 0: "red green blue white", // there are none such
	} {
		m := quarters(32, 16)
		for kind, file := range map[string][]byte{"JPEG": jpegOf(t, m, exifOf(uint16(orientation))), "PNG": pngWith(t, m, exifOf(uint16(orientation)))} {
			for _, size := range []Size{{}, {12, 20}} {
				p, err := decodePicture(file, size)
				if err != nil {
					t.Fatal(err)
				}
				is := image.Pt(32, 16)
				if 5 <= orientation && orientation <= 8 {
					is = image.Pt(16, 32)
				}
				if p.was != is || p.turned != (2 <= orientation && orientation <= 8) {
					t.Errorf("%s, orientation %d: %v, turned %v", kind, orientation, p.was, p.turned)
				}
				if size != (Size{}) {
					is = image.Pt(size.Width, size.Height)
				}
				var got []string
				for _, at := range []image.Point{{1, 1}, {is.X - 2, 1}, {1, is.Y - 2}, {is.X - 2, is.Y - 2}} {
					c := p.pixels.RGBAAt(at.X, at.Y)
					name := fmt.Sprint(c)
					for _, near := range []struct {
						name    string
						r, g, b uint8
					}{{"red", 255, 0, 0}, {"green", 0, 255, 0}, {"blue", 0, 0, 255}, {"white", 255, 255, 255}} {
						if max(c.R, near.r)-min(c.R, near.r) < 30 && max(c.G, near.g)-min(c.G, near.g) < 30 && max(c.B, near.b)-min(c.B, near.b) < 30 {
							name = near.name
						}
					}
					got = append(got, name)
				}
				if p.pixels.Rect.Size() != is || strings.Join(got, " ") != want {
					t.Errorf("%s, orientation %d, size %v: %v with %s, want %v with %s", kind, orientation, size, p.pixels.Rect.Size(), strings.Join(got, " "), is, want)
				}
			}
		}
	}
	broken := jpegOf(t, quarters(32, 16), []byte("II*\x00\xff\xff\xff\xff"))
	if p, err := decodePicture(broken, Size{}); err != nil || p.turned {
		t.Errorf("EXIF that is cut: turned %v, %v", p.turned, err)
	}
}

// TestUprightFolder: images that lie in some files and stand in others are alike, in a folder
// for each class and as rows.
func TestUprightFolder(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a/1.png"), pngOf(t, quarters(4, 2)))
	lying := image.NewRGBA(image.Rect(0, 0, 2, 4))
	for y := range 4 {
		for x := range 2 {
			lying.SetRGBA(x, y, quarters(4, 2).RGBAAt(3-y, x)) // orientation 6 turns it back to the right
		}
	}
	write(t, filepath.Join(dir, "b/1.png"), pngWith(t, lying, exifOf(6)))
	s, _, err := Read(dir, Columns{})
	if err != nil {
		t.Fatal(err)
	}
	pixels := s.inputs.bytes
	if !slices.Equal(s.Shape, []int{2, 4, 3}) || !bytes.Equal(pixels[:24], pixels[24:]) {
		t.Errorf("shape %v, pixels %v", s.Shape, pixels)
	}
	if said := s.Remarks(); len(said) != 2 || said[1] != "1 image of 2 turned upright, as EXIF says in the files" {
		t.Errorf("said %q", said)
	}
	var rows []float64
	r, err := NewImageRows(filepath.Join(dir, "b"), RowOptions{Shape: s.Shape, White: 255})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Each(t.Context(), func(b *Batch) error { rows = append(rows, b.Inputs...); return nil }); err != nil || len(rows) != 24 {
		t.Fatal(rows, err)
	}
	for i, x := range rows {
		if x != float64(pixels[i]) {
			t.Errorf("number %d of the row is %v, want %d", i, x, pixels[i])
		}
	}
}
