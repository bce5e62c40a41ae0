package data

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"gorgonia.org/tensor"
)

// Augmentation varies the examples of a training set each time that they are learned
// from: images are moved, and any inputs have noise. What is drawn for an example depends on
// the seed, the epoch and the example alone.
//
// Its text names what is done, such as "flip,shift=2,crop=4,noise=0.1", or none.
type Augmentation struct {
	// Crop cuts a piece of the image's size out of the image with a black border of so
	// many pixels around it, at any place, as is usual for CIFAR.
	Crop int
	// Shift then moves the image by up to so many pixels in each direction. What comes
	// in is the background: of each channel the median along the edges of the set's
	// images.
	Shift int
	// Flip then mirrors the image left to right, in one case of two.
	Flip bool
	// Noise adds to each input, as the network has it and so in units of what it is scaled
	// to, a number from N(0, Noise²).
	Noise float64
}

// moves reports whether images are moved.
func (a Augmentation) moves() bool { return a.Crop != 0 || a.Shift != 0 || a.Flip }

// String returns the text.
func (a Augmentation) String() string {
	var parts []string
	if a.Flip {
		parts = append(parts, "flip")
	}
	if a.Shift != 0 {
		parts = append(parts, fmt.Sprintf("shift=%d", a.Shift))
	}
	if a.Crop != 0 {
		parts = append(parts, fmt.Sprintf("crop=%d", a.Crop))
	}
	if a.Noise != 0 {
		parts = append(parts, fmt.Sprintf("noise=%v", a.Noise))
	}
	if parts == nil {
		return "none"
	}
	return strings.Join(parts, ",")
}

// MarshalText returns the text.
func (a Augmentation) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText takes the text.
func (a *Augmentation) UnmarshalText(text []byte) error {
	var of Augmentation
	for part := range strings.SplitSeq(string(text), ",") {
		name, number, given := strings.Cut(strings.TrimSpace(part), "=")
		n, err := strconv.Atoi(number)
		deviation, notFloat := strconv.ParseFloat(number, 64)
		switch ok := err == nil && n > 0; {
		case name == "flip" && !given:
			of.Flip = true
		case name == "shift" && ok:
			of.Shift = n
		case name == "crop" && ok:
			of.Crop = n
		case name == "noise" && notFloat == nil && deviation > 0 && !math.IsInf(deviation, 0):
			of.Noise = deviation
		case string(text) == "none":
		default:
			return fmt.Errorf("must be none, or some of flip, shift=PIXELS, crop=PIXELS and noise=DEVIATION with commas between, got %.40q", text)
		}
	}
	*a = of
	return nil
}

// WithAugmentation returns the set whose examples [Set.GatherAugmented] varies. It
// shares the storage of s. What is moved must be images of more pixels, in width and
// height, than they are moved by.
func (s *Set) WithAugmentation(a Augmentation) (*Set, error) {
	t := *s
	t.augmentation, t.background = a, nil
	if !(a.Noise >= 0) || math.IsInf(a.Noise, 0) {
		return nil, fmt.Errorf("noise must be a number >= 0, got %v", a.Noise)
	}
	if !a.moves() {
		return &t, nil
	}
	if len(s.Shape) != 3 || tensor.Shape(s.Shape).TotalSize() != s.InputSize() || s.Len() == 0 {
		return nil, fmt.Errorf("must be none, or noise, of inputs that are not images, got %v", a)
	}
	if side := min(s.Shape[0], s.Shape[1]); a.Shift < 0 || a.Crop < 0 || a.Shift >= side || a.Crop >= side {
		return nil, fmt.Errorf("must move images of %s by less than %d, got %v", shapeText(s.Shape), side, a)
	}
	t.background = s.edges()
	return &t, nil
}

// Augmentation returns how [Set.GatherAugmented] varies examples.
func (s *Set) Augmentation() Augmentation { return s.augmentation }

// Background returns the raw value of each channel that a shift brings in, nil where
// images are not moved. The slice is the set's own and must not be changed.
func (s *Set) Background() []float64 { return s.background }

// edgeImages is the number of images that tell the background.
const edgeImages = 1000

// edges returns the median of each channel along the edges of the first images.
func (s *Set) edges() []float64 {
	height, width, channels := s.Shape[0], s.Shape[1], s.Shape[2]
	medians := make([]float64, channels)
	var along []float64
	for c := range medians {
		along = along[:0]
		for i := range min(s.Len(), edgeImages) {
			for y := range height {
				for x := range width {
					if y == 0 || x == 0 || y == height-1 || x == width-1 {
						along = append(along, s.inputs.at(s.row(i), (y*width+x)*channels+c))
					}
				}
			}
		}
		slices.Sort(along)
		medians[c] = along[len(along)/2]
	}
	return medians
}

// GatherAugmented is Gather of examples as they are learned from in an epoch, varied as
// [Set.WithAugmentation] says.
func (s *Set) GatherAugmented(rows []int, seed uint64, epoch int, inputs, targets *tensor.Dense) error {
	return s.gather(rows, inputs, targets, &drawing{of: s.augmentation, seed: seed, epoch: uint64(epoch)})
}

// drawing says what is drawn for an example in an epoch.
type drawing struct {
	of          Augmentation
	seed, epoch uint64
}

// move is what is done to an image.
type move struct {
	flip           bool
	shiftX, shiftY int
	cropX, cropY   int
}

// move returns what is done to an example.
func (d *drawing) move(row int) move {
	var stream rand.PCG
	stream.Seed(d.seed, d.epoch<<32|uint64(row))
	upTo := func(n int) int { // −n to n
		k, _ := bits.Mul64(stream.Uint64(), uint64(2*n+1))
		return int(k) - n
	}
	return move{
		cropX: upTo(d.of.Crop), cropY: upTo(d.of.Crop),
		shiftX: upTo(d.of.Shift), shiftY: upTo(d.of.Shift),
		flip: stream.Uint64()>>63 == 1 && d.of.Flip,
	}
}

// noiseStream tells the noise of an example from its move.
const noiseStream = 1 << 63

// addNoise adds noise to the inputs of some rows, of so many numbers each.
func (d *drawing) addNoise(inputs *tensor.Dense, rows []int, width int) {
	if inputs.Dtype() == tensor.Float32 {
		addNoise(inputs.Float32s(), rows, width, d)
	} else {
		addNoise(inputs.Float64s(), rows, width, d)
	}
}

func addNoise[D float32 | float64](inputs []D, rows []int, width int, d *drawing) {
	var stream rand.PCG
	rng := rand.New(&stream)
	for i, r := range rows {
		stream.Seed(d.seed, noiseStream|d.epoch<<32|uint64(r))
		for j := range inputs[i*width : (i+1)*width] {
			inputs[i*width+j] += D(d.of.Noise * rng.NormFloat64())
		}
	}
}

// scaleMoved fills dst with the scaled image that a move makes of row r of a set's inputs,
// as scaleRow does of the row itself.
func scaleMoved[D float32 | float64](s *Set, dst []D, r int, m move) {
	height, width, channels := s.Shape[0], s.Shape[1], s.Shape[2]
	at := 0
	for y := range height {
		shiftedY := y + m.shiftY
		fromY := shiftedY + m.cropY
		for x := range width {
			if m.flip {
				x = width - 1 - x
			}
			shiftedX := x + m.shiftX
			fromX := shiftedX + m.cropX
			for c := range channels {
				raw := 0. // black
				switch {
				case shiftedY < 0 || shiftedY >= height || shiftedX < 0 || shiftedX >= width:
					raw = s.background[c]
				case fromY >= 0 && fromY < height && fromX >= 0 && fromX < width:
					raw = s.inputs.at(r, (fromY*width+fromX)*channels+c)
				}
				dst[at] = D((raw - s.input.shift[at]) * s.input.scale[at])
				at++
			}
		}
	}
}
