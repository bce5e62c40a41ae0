package data

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"
)

// numbered returns a set of images of which no two pixels are alike, with a background
// of 7, 8 and so on by channel.
func numbered(t testing.TB, n, height, width, channels int) *Set {
	t.Helper()
	size := height * width * channels
	inputs, labels := make([]float64, n*size), make([]int, n)
	for i := range inputs {
		in := i % size
		pixel, c := in/channels, in%channels
		if y, x := pixel/width, pixel%width; y == 0 || x == 0 || y == height-1 || x == width-1 {
			inputs[i] = float64(7 + c)
		} else {
			inputs[i] = float64(100+in) + float64(i/size)/1000
		}
	}
	labels[0] = 1
	s, err := NewClasses("numbered", inputs, labels)
	if err != nil {
		t.Fatal(err)
	}
	s.Shape, s.White = []int{height, width, channels}, 255
	return s
}

// drawn returns what GatherAugmented gives of rows.
func drawn(t testing.TB, s *Set, seed uint64, epoch int, rows ...int) [][]float64 {
	t.Helper()
	x := zeros(tensor.Float64, len(rows), s.InputSize())
	if err := s.GatherAugmented(rows, seed, epoch, x, nil); err != nil {
		t.Fatal(err)
	}
	return slices.Collect(slices.Chunk(x.Float64s(), s.InputSize()))
}

// moved is an image after a move, by the book: a border around it, a piece of that cut
// out, moved onto the background, and mirrored.
func moved(image []float64, m move, a Augmentation, height, width, channels int, background []float64) []float64 {
	at := func(y, x int) int { return (y*width + x) * channels }
	padded := func(y, x, c int) float64 { // of the border and the image, from the border's corner
		if y, x := y-a.Crop, x-a.Crop; y >= 0 && y < height && x >= 0 && x < width {
			return image[at(y, x)+c]
		}
		return 0
	}
	out := make([]float64, len(image))
	for y := range height {
		for x := range width {
			for c := range channels {
				cut := func(y, x int) float64 {
					if y < 0 || y >= height || x < 0 || x >= width {
						return background[c]
					}
					return padded(y+a.Crop+m.cropY, x+a.Crop+m.cropX, c)
				}
				to := x
				if m.flip {
					to = width - 1 - x
				}
				out[at(y, to)+c] = cut(y+m.shiftY, x+m.shiftX)
			}
		}
	}
	return out
}

// TestAugmentation compares what is gathered with moves by the book, of bytes and of
// floats, with a transform of each pixel, and in float32.
func TestAugmentation(t *testing.T) {
	const height, width = 5, 6
	for _, channels := range []int{1, 3} {
		s := numbered(t, 40, height, width, channels)
		background := []float64{7, 8, 9}[:channels]
		for _, a := range []Augmentation{{Flip: true}, {Shift: 2}, {Crop: 4}, {Flip: true, Shift: 3, Crop: 2}} {
			t.Run(fmt.Sprintf("%v of %d", a, channels), func(t *testing.T) {
				v, err := s.Subset([]int{3, 1, 2, 0, 5}).WithAugmentation(a)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(v.background, background) {
					t.Fatalf("the background is %v, want %v", v.background, background)
				}
				plain, _ := raw(t, v)
				images := slices.Collect(slices.Chunk(plain, v.InputSize()))
				per := Transform{Shift: make([]float64, v.InputSize()), Scale: make([]float64, v.InputSize())}
				for j := range per.Shift {
					per.Shift[j], per.Scale[j] = float64(j), 1/float64(j+1)
				}
				scaled := v.WithTransforms(per, Transform{})
				for epoch := range 20 {
					d := drawing{of: a, seed: 3, epoch: uint64(epoch)}
					rows := []int{4, 0, 2}
					got, as := drawn(t, v, 3, epoch, rows...), drawn(t, scaled, 3, epoch, rows...)
					single := zeros(tensor.Float32, 3, v.InputSize())
					if err := scaled.GatherAugmented(rows, 3, epoch, single, nil); err != nil {
						t.Fatal(err)
					}
					for i, r := range rows {
						want := moved(images[r], d.move(r), a, height, width, channels, background)
						if !slices.Equal(got[i], want) {
							t.Fatalf("epoch %d, example %d, %+v:\ngot  %v\nwant %v", epoch, r, d.move(r), got[i], want)
						}
						for j, x := range want {
							x = per.value(j, x)
							if as[i][j] != x || single.Float32s()[i*v.InputSize()+j] != float32(x) {
								t.Fatalf("epoch %d, example %d: pixel %d is %v scaled, want %v", epoch, r, j, as[i][j], x)
							}
						}
					}
				}
			})
		}
	}
	// Gather varies nothing, and an augmentation by nothing is Gather.
	digits, err := Digits()
	if err != nil {
		t.Fatal(err)
	}
	want, _ := all(t, digits)
	varied, err := digits.WithAugmentation(Augmentation{Flip: true, Shift: 3})
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := all(t, varied); !slices.Equal(got, want) {
		t.Error("Gather varies images")
	}
	none, err := varied.WithAugmentation(Augmentation{})
	if err != nil {
		t.Fatal(err)
	}
	if got := drawn(t, none, 1, 1, count(none.Len())...); !slices.Equal(slices.Concat(got...), want) {
		t.Error("no augmentation varies images")
	}
}

// TestAugmentationIsSpread draws for neighbouring seeds, epochs and examples: each move
// is as frequent as another, and does not depend on the neighbours'. Bounds are 5
// deviations.
func TestAugmentationIsSpread(t *testing.T) {
	const n = 20_000
	of := Augmentation{Flip: true, Shift: 2, Crop: 1}
	for name, at := range map[string]func(i int) (seed, epoch uint64, row int){
		"rows":   func(i int) (uint64, uint64, int) { return 1, 1, i },
		"epochs": func(i int) (uint64, uint64, int) { return 1, uint64(i), 5 },
		"seeds":  func(i int) (uint64, uint64, int) { return uint64(i), 1, 5 },
	} {
		counts := map[string]float64{}
		var before move
		for i := range n {
			seed, epoch, row := at(i)
			d := drawing{of: of, seed: seed, epoch: epoch}
			m := d.move(row)
			for _, key := range []string{
				fmt.Sprint("flip ", m.flip), fmt.Sprint("x ", m.shiftX), fmt.Sprint("y ", m.shiftY), fmt.Sprint("crop x ", m.cropX), fmt.Sprint("crop y ", m.cropY),
				fmt.Sprint("both ", m.shiftX, m.cropY), fmt.Sprint("flips ", before.flip, m.flip), fmt.Sprint("steps ", before.shiftX, m.shiftX),
			} {
				counts[key]++
			}
			before = m
		}
		for prefix, kinds := range map[string]int{"flip ": 2, "x ": 5, "y ": 5, "crop x ": 3, "crop y ": 3, "both ": 15, "flips ": 4, "steps ": 25} {
			p := 1 / float64(kinds)
			seen := 0
			for key, count := range counts {
				if strings.HasPrefix(key, prefix) {
					seen++
					if math.Abs(count-n*p) > 5*math.Sqrt(n*p*(1-p))+1 {
						t.Errorf("%s: %s came %v times, want about %v", name, key, count, n*p)
					}
				}
			}
			if seen != kinds {
				t.Errorf("%s: %d kinds of %s, want %d", name, seen, prefix, kinds)
			}
		}
	}
}

func TestAugmentationText(t *testing.T) {
	for text, want := range map[string]Augmentation{
		"none": {}, "flip": {Flip: true}, " crop=4, flip ": {Flip: true, Crop: 4}, "flip,shift=2,crop=4": {Flip: true, Shift: 2, Crop: 4},
		"noise=0.25": {Noise: 0.25}, "noise=1e-3,flip": {Flip: true, Noise: 1e-3},
	} {
		var got, again Augmentation
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q: got %+v, %v", text, got, err)
		}
		if err := again.UnmarshalText([]byte(got.String())); err != nil || again != want {
			t.Errorf("%q as %q: got %+v, %v", text, got, again, err)
		}
	}
	for _, text := range []string{"", "flip=1", "shift", "shift=0", "crop=-1", "crop=x", "none,flip", "turn", "flip,,crop=1", "noise", "noise=0", "noise=-1", "noise=NaN", "noise=Inf"} {
		var a Augmentation
		if err := a.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), "must be none, or some of flip") {
			t.Errorf("%q: got %+v and error %v", text, a, err)
		}
	}
	s := numbered(t, 2, 3, 5, 1)
	for want, a := range map[string]Augmentation{
		"must move images of 5×3 pixels by less than 3, got shift=3": {Shift: 3},
		"must move images of 5×3 pixels by less than 3, got crop=7":  {Crop: 7},
	} {
		if _, err := s.WithAugmentation(a); err == nil || err.Error() != want {
			t.Errorf("got error %v, want %q", err, want)
		}
	}
	wrong := numbered(t, 2, 3, 5, 1)
	for _, shape := range [][]int{{3, 5}, {3, 5, 3}, {3, 5, 1, 1}} {
		wrong.Shape = shape
		if err := wrong.Gather([]int{0}, zeros(tensor.Float64, 1, 15), nil); err == nil || !strings.Contains(err.Error(), "shape: must be the height, width and channels of 15 inputs, got [3 5") {
			t.Errorf("shape %v: got error %v", shape, err)
		}
		if _, err := wrong.WithAugmentation(Augmentation{Flip: true}); err == nil {
			t.Errorf("shape %v: no error", shape)
		}
	}
	if _, err := small(t).WithAugmentation(Augmentation{Flip: true}); err == nil || err.Error() != "must be none, or noise, of inputs that are not images, got flip" {
		t.Errorf("got error %v", err)
	}
}

// TestNoise draws noise for inputs that are no images and for images that are moved, too: it
// has the deviation that was asked for in units of scaled inputs, is another for each input,
// example, epoch and seed, and the same whatever is gathered beside.
func TestNoise(t *testing.T) {
	digits, err := Digits()
	if err != nil {
		t.Fatal(err)
	}
	digits = digits.WithTransforms(Transform{Shift: []float64{8}, Scale: []float64{0.125}}, Transform{})
	flat := *digits
	flat.Shape = nil
	for _, s := range []*Set{digits, &flat} {
		of := Augmentation{Noise: 0.3}
		if s.Shape != nil {
			of.Shift = 1
		}
		noisy, err := s.WithAugmentation(of)
		if err != nil {
			t.Fatal(err)
		}
		of.Noise = 0
		still, err := s.WithAugmentation(of)
		if err != nil {
			t.Fatal(err)
		}
		rows := count(200)
		with, without := slices.Concat(drawn(t, noisy, 3, 5, rows...)...), slices.Concat(drawn(t, still, 3, 5, rows...)...)
		other := map[string][]float64{
			"of the next seed":    slices.Concat(drawn(t, noisy, 4, 5, rows...)...),
			"of the next epoch":   slices.Concat(drawn(t, noisy, 3, 6, rows...)...),
			"of the next example": slices.Concat(drawn(t, noisy, 3, 5, append(rows[1:], 0)...)...),
		}
		if got := slices.Concat(drawn(t, noisy, 3, 5, 17)...); !slices.Equal(got, with[17*64:18*64]) {
			t.Error("the noise of an example depends on what is gathered beside it")
		}
		n, sum, squares := float64(len(with)), 0., 0.
		for i, x := range with {
			sum, squares = sum+x-without[i], squares+(x-without[i])*(x-without[i])
		}
		if mean, deviation := sum/n, math.Sqrt(squares/n); math.Abs(mean) > 5*0.3/math.Sqrt(n) || math.Abs(deviation-0.3) > 5*0.3/math.Sqrt(2*n) {
			t.Errorf("the noise has mean %v and deviation %v, want 0 and 0.3", mean, deviation)
		}
		next := 0.
		for i := range with[1:] {
			next += (with[i] - without[i]) * (with[i+1] - without[i+1]) / (0.09 * n)
		}
		if math.Abs(next) > 5/math.Sqrt(n) {
			t.Errorf("noise of neighbouring inputs correlates by %v", next)
		}
		if s.Shape != nil {
			continue // other moves
		}
		for name, x := range other {
			together := 0.
			for i := range with {
				to := i
				if name == "of the next example" {
					to = (i + 64) % len(with)
				}
				together += (with[i] - without[i]) * (x[i] - without[to]) / (0.09 * n)
			}
			if math.Abs(together) > 5/math.Sqrt(n) {
				t.Errorf("noise correlates by %v with that %s", together, name)
			}
		}
	}
	if _, err := digits.WithAugmentation(Augmentation{Noise: -1}); err == nil || err.Error() != "noise must be a number >= 0, got -1" {
		t.Errorf("got error %v", err)
	}
}

func TestGatherAugmentedAllocatesNothing(t *testing.T) {
	s, err := numbered(t, 8, 8, 8, 3).WithAugmentation(Augmentation{Flip: true, Shift: 2, Crop: 2})
	if err != nil {
		t.Fatal(err)
	}
	x, y := zeros(tensor.Float32, 8, s.InputSize()), zeros(tensor.Float32, 8, s.TargetSize())
	rows := count(8)
	if n := testing.AllocsPerRun(50, func() { s.GatherAugmented(rows, 1, 1, x, y) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
