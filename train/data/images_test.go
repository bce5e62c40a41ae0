package data

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// plain returns an image of one colour.
func plain(width, height int, c color.Color) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(m, m.Rect, image.NewUniform(c), image.Point{}, draw.Src)
	return m
}

// animation returns an APNG file of one picture: a PNG file that says so.
func animation(t testing.TB) []byte {
	file := pngOf(t, plain(2, 2, color.White))
	chunk := []byte("\x00\x00\x00\x08acTL\x00\x00\x00\x01\x00\x00\x00\x00")
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	const header = 8 + 25 // the signature and the first chunk
	return slices.Concat(file[:header], chunk, file[header:])
}

// TestImageForm brings images of several sizes and colours to each form.
func TestImageForm(t *testing.T) {
	dir := t.TempDir()
	orange, teal := color.RGBA{250, 120, 10, 255}, color.RGBA{0, 130, 120, 255}
	halves := plain(8, 4, teal)
	draw.Draw(halves, image.Rect(0, 0, 4, 4), image.NewUniform(orange), image.Point{}, draw.Src)
	write(t, filepath.Join(dir, "a/1.png"), pngOf(t, plain(4, 4, color.Gray{90})))
	write(t, filepath.Join(dir, "a/2.png"), pngOf(t, halves))
	write(t, filepath.Join(dir, "b/1.png"), pngOf(t, plain(2, 2, teal)))
	luma := func(c color.RGBA) byte { return color.GrayModel.Convert(c).(color.Gray).Y }
	for _, tt := range []struct {
		form  ImageForm
		shape []int
		want  []byte // the first pixels of the rows of each image, one after the other
		note  []string
	}{
		{ImageForm{Size: Size{2, 1}}, []int{1, 2, 3}, []byte{90, 90, 90, 90, 90, 90, 250, 120, 10, 0, 130, 120, 0, 130, 120, 0, 130, 120},
			[]string{"a/2.png has colours: images are taken in red, green and blue (rgb)", "3 images of 3 resized to 2×1 pixels, 2 of them to another ratio"}},
		{ImageForm{Size: Size{2, 1}, Colour: Grey}, []int{1, 2, 1}, []byte{90, 90, luma(orange), luma(teal), luma(teal), luma(teal)},
			[]string{"3 images of 3 resized"}},
		{ImageForm{Size: Size{2, 2}, Colour: RGB}, []int{2, 2, 3}, nil, []string{"2 images of 3 resized to 2×2 pixels, 1 of them to another ratio"}},
	} {
		s, _, err := Read(dir, Columns{Form: tt.form})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(s.Shape, tt.shape) || s.Len() != 3 || s.InputSize() != tt.shape[0]*tt.shape[1]*tt.shape[2] {
			t.Errorf("%+v: got %v of shape %v", tt.form, s, s.Shape)
		}
		// A tent reaches over the edge between the halves by a part of a pixel.
		for i, want := range tt.want {
			if got := s.inputs.bytes[i]; math.Abs(float64(got)-float64(want)) > 35 || i < 6 && i/s.Shape[2] < 2 && got != want {
				t.Errorf("%+v: value %d is %d, want about %d", tt.form, i, got, want)
			}
		}
		for i, note := range tt.note {
			if len(s.Remarks()) != len(tt.note) || !strings.Contains(s.Remarks()[i], note) {
				t.Errorf("%+v: got remarks %q, want %q", tt.form, s.Remarks(), tt.note)
			}
		}
	}
	// Of one size, nothing is resized; grey before the first colour becomes colour.
	same := t.TempDir()
	write(t, filepath.Join(same, "a/1.png"), pngOf(t, plain(2, 1, color.Gray{90})))
	write(t, filepath.Join(same, "b/1.png"), pngOf(t, plain(2, 1, teal)))
	s, _, err := Read(same, Columns{Form: ImageForm{Size: Size{2, 1}}})
	if err != nil || !bytes.Equal(s.inputs.bytes, []byte{90, 90, 90, 90, 90, 90, 0, 130, 120, 0, 130, 120}) || len(s.Remarks()) != 1 {
		t.Errorf("got %v, %v, %q", s.inputs.bytes, err, s.Remarks())
	}
	// A test part has the colours of the training part, whichever it has itself.
	grey := t.TempDir()
	write(t, filepath.Join(grey, "a/1.png"), pngOf(t, plain(2, 1, color.Gray{70})))
	test, err := ReadTest(grey, Columns{}, s)
	if err != nil || !slices.Equal(test.Shape, []int{1, 2, 3}) {
		t.Errorf("got %v, %v", test, err)
	}
	write(t, filepath.Join(grey, "b/1.png"), pngOf(t, plain(2, 1, color.Gray{60})))
	if s, _, err = Read(grey, Columns{}); err != nil || !slices.Equal(s.Shape, []int{1, 2, 1}) {
		t.Errorf("got %v, %v", s, err)
	}
	if test, err = ReadTest(same, Columns{}, s); err != nil || !bytes.Equal(test.inputs.bytes, []byte{90, 90, luma(teal), luma(teal)}) {
		t.Errorf("got %v, %v", test, err)
	}
	if _, err := ReadTest(dir, Columns{}, s); err == nil || !strings.Contains(err.Error(), "a/2.png: must have 4×4 pixels as the images before it, got 8×4: give a size to resize all to") {
		t.Errorf("got error %v", err)
	}
	write(t, filepath.Join(grey, "b/2.png"), pngOf(t, plain(2, 1, color.NRGBA{200, 200, 200, 100})))
	if s, _, err = Read(grey, Columns{}); err != nil || len(s.Remarks()) != 1 || !strings.Contains(s.Remarks()[0], "b/2.png is transparent in parts: these are black") {
		t.Errorf("got %q, %v", s.Remarks(), err)
	}
}

// TestImagesRefused gives files that are no single image, and forms to what has none.
func TestImagesRefused(t *testing.T) {
	var moving bytes.Buffer
	if err := gif.EncodeAll(&moving, &gif.GIF{Image: []*image.Paletted{image.NewPaletted(image.Rect(0, 0, 2, 2), color.Palette{color.Black})}, Delay: []int{1}}); err != nil {
		t.Fatal(err)
	}
	whole := pngOf(t, plain(40, 40, color.RGBA{1, 2, 3, 255}))
	for want, files := range map[string]map[string][]byte{
		"b/1.png: must be one image, got an animation":          {"b/1.png": animation(t)},
		`b/1.gif: must be an image, .png, .jpg, .jpeg, got ".g`: {"b/1.gif": moving.Bytes()},
		"b/1.png: must be a PNG or JPEG file":                   {"b/1.png": moving.Bytes()},
		"b/1.png: must be a whole image: ":                      {"b/1.png": whole[:len(whole)-20]},
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "a/1.png"), pngOf(t, plain(2, 2, color.White)))
		for name, file := range files {
			write(t, filepath.Join(dir, name), file)
		}
		if _, _, err := Read(dir, Columns{Form: ImageForm{Size: Size{2, 2}}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one that says %q", err, want)
		}
	}
	form := Columns{Form: ImageForm{Colour: Grey}}
	rows := write(t, filepath.Join(t.TempDir(), "rows.csv"), []byte("1,2\n3,4\n"))
	arrays := filepath.Dir(write(t, filepath.Join(t.TempDir(), "x.npy"), npyOf(t, []float64{1})))
	for _, path := range []string{rows, arrays, writeFolder(t, idxFolder())} {
		if _, _, err := Read(path, form); err == nil || !strings.Contains(err.Error(), path+": must be a folder of images for each class, to bring them") {
			t.Errorf("got error %v", err)
		}
	}
	for _, text := range []string{"", "0", "3x", "x3", "3x-1", "2000000", "1025x1024", "3×3"} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), "must be WIDTHxHEIGHT such as 32x24") {
			t.Errorf("%q: got %v, %v", text, s, err)
		}
	}
	for text, want := range map[string]Size{"7": {7, 7}, "32x24": {32, 24}} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%q: got %v, %v", text, s, err)
		}
	}
}

// TestColourArrays reads images with channels, and refuses those with channels first.
func TestColourArrays(t *testing.T) {
	pixels := make([]byte, 2*3*4*3)
	for i := range pixels {
		pixels[i] = byte(i)
	}
	npy := func(shape string) string { return header("|u1", false, shape) + string(pixels) }
	labels := header("|u1", false, "2") + "\x00\x01"
	read := func(shape string) (*Set, error) {
		path := write(t, filepath.Join(t.TempDir(), "a.npz"), packed(t, "x.npy", npy(shape), "y.npy", labels))
		s, _, err := Read(path, Columns{})
		return s, err
	}
	s, err := read("2, 3, 4, 3")
	if err != nil || !slices.Equal(s.Shape, []int{3, 4, 3}) || s.String() != "a: 2 examples, 4×3 pixels in colour, 2 classes" {
		t.Errorf("got %v of %v, %v", s, s.Shape, err)
	}
	if _, err := read("2, 3, 3, 4"); err == nil || !strings.Contains(err.Error(), "with 1 or 3 channels, (n, height, width, channels), got [2 3 3 4]") {
		t.Errorf("channels first: got error %v", err)
	}
	// The same bytes in another shape are other examples.
	other, err := read("2, 4, 3, 3")
	if err != nil || s.Fingerprint() == other.Fingerprint() {
		t.Errorf("4×3 pixels have the fingerprint of 3×4: %v", err)
	}
	parts, err := Split(s, 1, 1)
	if err != nil || !slices.Equal(parts[0].Shape, s.Shape) {
		t.Errorf("a part has shape %v, %v", parts[0].Shape, err)
	}
}

// TestStandardizationPerChannel gives each channel of the training part zero mean and
// unit variance, and the test part the training part's.
func TestStandardizationPerChannel(t *testing.T) {
	s := numbered(t, 9, 6, 4, 3)
	train := s.Limit(5)
	input, target := train.Standardization(PerChannel)
	if len(target.Shift)+len(target.Scale) > 0 {
		t.Errorf("the transform of classes is %v", target)
	}
	x, _ := all(t, train.WithTransforms(input, target))
	for c := range 3 {
		mean, square, n := 0., 0., 0.
		for i := c; i < len(x); i += 3 {
			mean, square, n = mean+x[i], square+x[i]*x[i], n+1
		}
		if math.Abs(mean/n) > 1e-12 || math.Abs(square/n-1) > 1e-12 {
			t.Errorf("channel %d: mean %v, mean square %v", c, mean/n, square/n)
		}
		for j := c; j < s.InputSize(); j += 3 {
			if input.Shift[j] != input.Shift[c] || input.Scale[j] != input.Scale[c] {
				t.Fatalf("pixels of channel %d are scaled differently", c)
			}
		}
	}
	// Of one value it has no variance, and keeps its scale.
	flat, err := NewClasses("flat", make([]float64, 2*12), []int{0, 1})
	if err != nil {
		t.Fatal(err)
	}
	flat.Shape = []int{2, 2, 3}
	if input, _ := flat.Standardization(PerChannel); input.Scale[2] != 1 || input.Shift[2] != 0 {
		t.Errorf("got %v", input)
	}
	// None is what the set has.
	digits, err := Digits()
	if err != nil {
		t.Fatal(err)
	}
	if input, _ := digits.Standardization(PerNone); !slices.Equal(input.Scale, digits.InputTransform().Scale) {
		t.Errorf("got %v", input)
	}
}

// TestImageRows reads images as rows, of a model's shape and white, and with classes.
func TestImageRows(t *testing.T) {
	dir := t.TempDir()
	red, teal := color.RGBA{200, 0, 0, 255}, color.RGBA{0, 130, 120, 255}
	write(t, filepath.Join(dir, "all/cat/2.png"), pngOf(t, plain(2, 1, teal)))
	one := write(t, filepath.Join(dir, "all/cat/1.png"), pngOf(t, plain(2, 1, red)))
	write(t, filepath.Join(dir, "all/ant/.note"), nil)
	write(t, filepath.Join(dir, "all/ant/3.png"), pngOf(t, plain(4, 1, red)))
	cat, all := filepath.Join(dir, "all/cat"), filepath.Join(dir, "all")
	colour := RowOptions{Shape: []int{1, 2, 3}, White: 255}
	tenths := RowOptions{Shape: []int{1, 2, 1}, White: 1}
	sized := RowOptions{Shape: []int{1, 2, 3}, White: 255, Outputs: 1, Columns: Columns{Classes: []string{"ant", "bee", "cat"}, Form: ImageForm{Size: Size{2, 1}}}}
	grey := float64(color.GrayModel.Convert(teal).(color.Gray).Y) / 255
	for _, tt := range []struct {
		path   string
		o      RowOptions
		want   [][]float64
		labels []int
	}{
		{one, colour, [][]float64{{200, 0, 0, 200, 0, 0}}, nil},
		{cat, colour, [][]float64{{200, 0, 0, 200, 0, 0}, {0, 130, 120, 0, 130, 120}}, nil},
		{cat, tenths, [][]float64{{60. / 255, 60. / 255}, {grey, grey}}, nil},
		{all, sized, [][]float64{{200, 0, 0, 200, 0, 0}, {200, 0, 0, 200, 0, 0}, {0, 130, 120, 0, 130, 120}}, []int{0, 2, 2}},
	} {
		if !AreImages(tt.path) {
			t.Errorf("%s is taken for no images", tt.path)
		}
		r, err := NewImageRows(tt.path, tt.o)
		if err != nil {
			t.Fatal(err)
		}
		var got [][]float64
		var labels []int
		n, err := r.Each(t.Context(), func(b *Batch) error {
			got = slices.AppendSeq(got, slices.Chunk(slices.Clone(b.Inputs), len(tt.want[0])))
			labels = append(labels, b.Labels...)
			return nil
		})
		if err != nil || n != len(tt.want) || len(r.Images()) != n || r.Format() != FormatCSV || !slices.Equal(labels, tt.labels) || !slices.EqualFunc(got, tt.want, slices.Equal) {
			t.Errorf("%s: got %v with classes %v and %v, want %v with %v", tt.path, got, labels, err, tt.want, tt.labels)
		}
	}
	many := filepath.Join(dir, "many")
	for i := range rowsAtOnce + 5 {
		write(t, filepath.Join(many, string(rune('a'+i/26))+string(rune('a'+i%26))+".png"), pngOf(t, plain(1, 1, color.Gray{byte(i)})))
	}
	r, err := NewImageRows(many, RowOptions{Shape: []int{1, 1, 1}, White: 255})
	if err != nil {
		t.Fatal(err)
	}
	var got []float64
	if n, err := r.Each(t.Context(), func(b *Batch) error {
		if b.First != len(got) {
			t.Errorf("a batch begins at %d, want %d", b.First, len(got))
		}
		got = append(got, b.Inputs...)
		return nil
	}); err != nil || n != len(got) || n != rowsAtOnce+5 || got[n-1] != 4 {
		t.Errorf("%d rows, %v", n, err)
	}

	// Of another size they are resized, which is said once.
	var said []string
	if r, err = NewImageRows(filepath.Join(all, "ant"), colour); err != nil {
		t.Fatal(err)
	}
	r.opts.Note = func(text string) { said = append(said, text) }
	if _, err := r.Each(t.Context(), func(*Batch) error { return nil }); err != nil || len(said) != 1 || said[0] != "images are resized to the 2×1 pixels of the inputs: 3.png has 4×1" {
		t.Errorf("said %q, %v", said, err)
	}

	empty := filepath.Dir(write(t, filepath.Join(dir, "empty/.x"), nil))
	for want, of := range map[string]struct {
		path string
		o    RowOptions
	}{
		"all: ant: must be an image, .png, .jpg, .jpeg, got \"\"":        {all, colour},
		"cat: must be rows of numbers, since inputs are no images":       {cat, RowOptions{Width: 6}},
		"cat: must be rows of numbers, since images have no targets":     {cat, RowOptions{Shape: []int{1, 2, 3}, Outputs: 1}},
		"empty: must hold images, got none":                              {empty, colour},
		"gone.png: no such file":                                         {filepath.Join(dir, "gone.png"), colour},
		"all/cat: must be one of the classes \"ant\", \"bee\", got \"ca": {all, RowOptions{Shape: []int{1, 2, 3}, Outputs: 1, Columns: Columns{Classes: []string{"ant", "bee"}}}},
	} {
		r, err := NewImageRows(of.path, of.o)
		if err == nil {
			_, err = r.Each(t.Context(), func(*Batch) error { return nil })
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one that says %q", err, want)
		}
	}
}
