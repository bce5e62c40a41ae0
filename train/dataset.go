package train

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"example.com/pcn/train/data"
)

// Data says what to learn from and how it is cut and scaled.
type Data struct {
	// Dataset is one of [Datasets], or the path of data of one's own: a CSV, NPZ
	// or NPY file, or a folder, as [data.Read] takes them. A path has a dot or a
	// separator in it, such as ./images.
	Dataset string `yaml:"dataset" json:"dataset"`
	// Dir is the folder of a dataset of files, such as mnist; empty to look in the usual places
	// (see [data.Find]).
	Dir string `yaml:"dir,omitempty" json:"dir,omitempty"`
	// Label is the column or array that holds the classes of one's own data.
	Label string `yaml:"label,omitempty" json:"label,omitempty"`
	// Target are the columns, or the one array, to regress on in one's own data.
	Target []string `yaml:"target,omitempty,flow" json:"target,omitempty"`
	// Inputs are the columns of the inputs, or the one array, in one's own data: default
	// all that are not learned. Drop are columns that are none.
	Inputs []string `yaml:"inputs,omitempty,flow" json:"inputs,omitempty"`
	Drop   []string `yaml:"drop,omitempty,flow" json:"drop,omitempty"`
	// Sequence says that rows of one's own data make sequences: a number of rows, a column
	// that tells them apart, or both: see [data.Sequence]. Without Target, what is learned
	// is the next row.
	Sequence data.Sequence `yaml:"sequence,omitempty" json:"sequence,omitzero"`
	// Test is the share of one's own data that is kept for the test, or the path
	// of the test part. Default 0.15, or the test part that the data has.
	Test string `yaml:"test,omitempty" json:"test,omitempty"`
	// Size is the size that the images of one's own folders are resized to. Default their
	// own, which must be the same for all.
	Size data.Size `yaml:"size,omitempty" json:"size,omitzero"`
	// Colour is what their pixels hold. Default rgb where any has colours, and else grey.
	Colour data.Colour `yaml:"colour,omitempty" json:"colour,omitempty"`
	// Limit is the most training examples to use, 0 for all.
	Limit int `yaml:"limit" json:"limit"`
	// Validation is the number of training examples held out to score each
	// epoch: those after Limit, or the last ones when all are used. Default none.
	Validation int `yaml:"validation" json:"validation"`
	// Pixels is the range that pixels are scaled to. Default [0, 1].
	Pixels []float64 `yaml:"pixels,omitempty,flow" json:"pixels,omitempty"`
	// Standardize gives each input, or each channel of images, zero mean and unit
	// variance over the training part: see [data.Set.Standardization].
	Standardize data.Per `yaml:"standardize" json:"standardize"`
	// StandardizeTarget does so for each target of a regression. Scores stay in
	// the units of the raw targets.
	StandardizeTarget bool `yaml:"standardize_target" json:"standardize_target"`
	// Augment varies the training images each time that [Fit] learns from them.
	Augment data.Augmentation `yaml:"augment" json:"augment"`
	// Seed decides the split of digits and of one's own data, and the examples of
	// sine and of tracking. It is not of the seeds of [Recipe.SetSeed]: runs of several seeds
	// share one test part, and none has learned from another's.
	Seed uint64 `yaml:"seed" json:"seed"`
}

// Datasets are the known values of Data.Dataset.
var Datasets = []string{"digits", "sine", "tracking", "mnist", "fashion-mnist", "cifar10", "cifar100"}

// The sine has this many examples, with noise of this standard deviation; tracking so many
// sequences of so many steps.
const (
	sineExamples      = 1400
	sineNoise         = 0.1
	trackingSequences = 400
	trackingSteps     = 50
)

// unfiled are the datasets that need no files, by a seed.
var unfiled = map[string]func(seed uint64) (*data.Set, error){
	"digits": func(uint64) (*data.Set, error) { return data.Digits() },
	"sine":   func(seed uint64) (*data.Set, error) { return data.Sine(sineExamples, sineNoise, seed), nil },
	"tracking": func(seed uint64) (*data.Set, error) {
		return data.Tracking(trackingSequences, trackingSteps, seed), nil
	},
}

// testShare is the share of these that is kept for the test.
const testShare = 0.15

func knownDataset(name string) error {
	if !slices.Contains(Datasets, name) {
		return fmt.Errorf("must be one of %s, or the path of a file or folder, got %q", strings.Join(Datasets, ", "), name)
	}
	return nil
}

// Validate returns all that is wrong with d, each error naming its field. It does
// not read the data.
func (d Data) Validate() error {
	var errs []error
	if err := knownDataset(d.Dataset); err != nil && !d.Own() {
		errs = append(errs, fmt.Errorf("dataset: %w", err))
	} else {
		errs = append(errs, d.validateOwn()...)
	}
	if d.Limit < 0 {
		errs = append(errs, fmt.Errorf("limit: must be >= 0, got %d", d.Limit))
	}
	if d.Validation < 0 {
		errs = append(errs, fmt.Errorf("validation: must be >= 0, got %d", d.Validation))
	}
	if n := len(d.Pixels); n != 0 && (n != 2 || !(d.Pixels[0] < d.Pixels[1])) {
		errs = append(errs, fmt.Errorf("pixels: must be a range [low, high], got %v", d.Pixels))
	}
	return errors.Join(errs...)
}

// Load reads the dataset and cuts it.
func (d Data) Load() (Sets, error) { return d.LoadFor(nil, nil) }

// LoadFor is Load for a model: of one's own data, classes are the names of its
// classes in their order, and no other is expected, and table is how rows become its
// inputs. nil takes what there is.
func (d Data) LoadFor(classes []string, table *data.Table) (Sets, error) {
	if err := d.Validate(); err != nil {
		return Sets{}, fmt.Errorf("train: data: %w", err)
	}
	rest, test, err := d.read(classes, table)
	if err != nil {
		return Sets{}, err
	}
	train := rest.Len() - d.Validation
	if d.Limit > 0 {
		train = min(train, d.Limit)
	}
	if train <= 0 {
		return Sets{}, fmt.Errorf("train: data: validation %d leaves none of the %d training examples of %s", d.Validation, rest.Len(), d.Dataset)
	}
	s := Sets{Train: rest.Limit(train), Test: test}
	s.Validation = rest.Subset(upTo(train + d.Validation)[train:])
	if d.Standardize == data.PerChannel && s.Train.Shape == nil {
		return Sets{}, fmt.Errorf("train: data: standardize: must be none or column for %s, whose inputs are not images, got %v", d.Dataset, d.Standardize)
	}
	if d.Standardize != data.PerNone || d.StandardizeTarget || s.Train.Table() != nil {
		input, target := s.Train.Standardization(d.Standardize)
		switch {
		case s.Train.Foretells(): // which are inputs, too
			target = input
		case !d.StandardizeTarget:
			target = s.Train.TargetTransform()
		}
		for _, set := range []**data.Set{&s.Train, &s.Validation, &s.Test} {
			*set = (*set).WithTransforms(input, target)
		}
	}
	if s.Train, err = s.Train.WithAugmentation(d.Augment); err != nil {
		return Sets{}, fmt.Errorf("train: data: augment: %w", err)
	}
	return s, nil
}

// read returns what may be learned from and the test part.
func (d Data) read(classes []string, table *data.Table) (rest, test *data.Set, err error) {
	made := unfiled[d.Dataset]
	switch {
	case made != nil:
		all, err := made(d.Seed)
		if err != nil {
			return nil, nil, err
		}
		parts, err := data.Split(all, d.Seed, 1-testShare, testShare)
		if err != nil {
			return nil, nil, err
		}
		rest, test = parts[0], parts[1]
	case d.Own():
		if rest, test, err = d.readOwn(classes, table); err != nil {
			return nil, nil, err
		}
	default:
		dir := d.Dir
		if dir == "" {
			var ok bool
			if dir, ok = data.Find(d.Dataset); !ok {
				return nil, nil, fmt.Errorf("train: no folder of %s found: 'pcnrun data get %[1]s' downloads it; or name the folder with --data, or set PCN_DATA to the one that holds %[1]s/", d.Dataset)
			}
		}
		read := data.IDX
		switch d.Dataset {
		case "cifar10":
			read = data.CIFAR10
		case "cifar100":
			read = data.CIFAR100
		}
		if rest, test, err = read(dir); err != nil {
			return nil, nil, err
		}
	}
	if rest.Shape != nil && d.Pixels != nil {
		pixels := data.PixelRange(d.Pixels[0], d.Pixels[1], rest.White)
		rest, test = rest.WithTransforms(pixels, rest.TargetTransform()), test.WithTransforms(pixels, test.TargetTransform())
	}
	return rest, test, nil
}
