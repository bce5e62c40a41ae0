package data

import (
	"archive/zip"
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"runtime/metrics"
	"strings"
	"testing"

	"codeberg.org/sbinet/npyio/npy"
	"codeberg.org/sbinet/npyio/npz"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/fuzzing"
)

// allocates fails when f allocates more than limit bytes in all.
func allocates(t *testing.T, limit int, f func()) {
	t.Helper()
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	before := sample[0].Value.Uint64()
	f()
	metrics.Read(sample)
	if got := sample[0].Value.Uint64() - before; got > uint64(limit) {
		t.Errorf("%d bytes were allocated, want at most %d", got, limit)
	}
}

// slack is what reading anything may allocate, buffers and errors included.
const slack = 2 << 20

// npyOf returns an NPY file as the npyio library writes it.
func npyOf(t testing.TB, x any) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := npy.Write(&b, x); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// npzOf returns an NPZ file as the npyio library writes it.
func npzOf(t testing.TB, arrays map[string]any) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.npz")
	if err := npz.Write(path, arrays); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// packed returns a zip of NPY files, by name and text, packed by deflate.
func packed(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, files[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func FuzzNPZ(f *testing.F) {
	fuzzing.Sparingly(f)
	f.Add(npzOf(f, map[string]any{"x": []float64{1, 2.5}, "y": []int64{0, 1}}))
	f.Add(npzOf(f, map[string]any{"x_train": []float64{1, 2.5}, "y_train": []int64{0, 1}, "x_test": []float64{3}, "y_test": []int64{1}}))
	f.Add(packed(f, "x.npy", header("|u1", false, "2, 2, 2")+"abcdefgh", "y.npy", header("<f4", false, "2")+"\x00\x00\x80?\x00\x00\x80?"))
	f.Add(packed(f, "x.npy", header("|u1", false, "1, 1000000")+strings.Repeat("\x00", 1000000), "y.npy", header("|u1", false, "1")+"\x01"))
	f.Fuzz(func(t *testing.T, file []byte) {
		// A byte can stand for maxDeflateRatio elements, each of which can become a
		// float64 in a slice that doubles.
		limit := slack + 64*maxDeflateRatio*len(file)
		allocates(t, limit, func() {
			rest, test, err := readNPZ(bytes.NewReader(file), int64(len(file)), "f.npz", Columns{})
			for _, s := range []*Set{rest, test} {
				if err == nil && s != nil && (s.Len()*s.InputSize() > maxDeflateRatio*len(file) || s.TargetSize() < 1) {
					t.Fatalf("%d examples of %d inputs and %d targets of a file of %d bytes", s.Len(), s.InputSize(), s.TargetSize(), len(file))
				}
			}
		})
	})
}

// FuzzArrays fuzzes what is in an NPZ file, which the checksums of a zip keep from
// FuzzNPZ.
func FuzzArrays(f *testing.F) {
	fuzzing.Sparingly(f)
	f.Add(header("|u1", false, "2, 2, 2")+"abcdefgh", header("<f4", false, "2")+"\x00\x00\x80?\x00\x00\x00?", "")
	f.Add(header("<f4", false, "1, 1, 1")+"\x00\x00\x80?", header("|u1", true, "1, 1")+"\x01", "y")
	f.Add(header("|u1", false, "1, 1, 1, 1")+"a", header("<i2", false, "1")+"\x01\x00", "y")
	f.Fuzz(func(t *testing.T, x, y, label string) {
		file := packed(t, "x.npy", x, "y.npy", y)
		allocates(t, slack+64*(len(x)+len(y)), func() {
			s, _, err := readNPZ(bytes.NewReader(file), int64(len(file)), "f.npz", Columns{Label: label})
			if err == nil && (s.Len()*s.InputSize() > len(x) || s.Len() > len(y) || s.TargetSize() < 1) {
				t.Fatalf("%d examples of %d inputs and %d targets of %d and %d bytes", s.Len(), s.InputSize(), s.TargetSize(), len(x), len(y))
			}
			if err == nil {
				values := zeros(tensor.Float64, s.Len(), s.InputSize())
				if err := s.Gather(count(s.Len()), values, nil); err != nil {
					t.Fatal(err)
				}
			}
		})
	})
}

// colours returns an image of random-looking colours.
func colours(width, height int) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			m.Set(x, y, color.RGBA{byte(x * 40), byte(y * 30), byte(x * y), 255})
		}
	}
	return m
}

func pngOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func FuzzDecodePicture(f *testing.F) {
	fuzzing.Sparingly(f)
	f.Add(pngOf(f, colours(4, 3)))
	f.Add(pngOf(f, image.NewPaletted(image.Rect(0, 0, 9, 2), color.Palette{color.Black, color.White})))
	f.Add(pngOf(f, image.NewGray16(image.Rect(0, 0, 2, 2))))
	var b bytes.Buffer
	if err := jpeg.Encode(&b, colours(17, 9), nil); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add(jpegOf(f, colours(17, 9), exifOf(6)))
	f.Fuzz(func(t *testing.T, file []byte) {
		for _, size := range []Size{{}, {5, 4}} {
			var p *picture
			var err error
			allocates(t, slack+64*maxPixelsPerByte*len(file), func() { p, err = decodePicture(file, size) })
			if err != nil {
				continue
			}
			is := p.pixels.Rect
			want := image.Rectangle{Max: p.was}
			if size != (Size{}) {
				want.Max = image.Pt(size.Width, size.Height)
			}
			if is != want || is.Empty() || len(p.append(nil, 3)) != 3*is.Dx()*is.Dy() || len(p.append(nil, 1)) != is.Dx()*is.Dy() {
				t.Fatalf("%v became %v of %d bytes", p.was, is, len(p.pixels.Pix))
			}
		}
	})
}
