package feature

import (
	"fmt"
	"slices"
	"strings"

	"example.com/pcn/internal/registry"
)

// shaped are the features that are no activations, by the word with which their text
// begins. One that can be told more than its name has the method WithArguments.
var shaped = registry.New(map[string]Feature{
	Concat{}.String(): Concat{}, Outer{}.String(): Outer{}, Flatten{}.String(): Flatten{}, reshapeName: Reshape{},
	maxPoolName: MaxPool{}, avgPoolName: AvgPool{}, GlobalAvgPool{}.String(): GlobalAvgPool{}, upsampleName: Upsample{},
	LayerNorm.name: LayerNorm, RMSNorm.name: RMSNorm,
})

// withArguments is a feature whose text has words behind its name, such as pool 2.
type withArguments interface {
	WithArguments(words []string) (Feature, error)
}

// Parse returns the feature of a text: an activation or another feature by name, with
// its arguments behind it, or several, separated by commas: "gelu", "gelu, max-pool 2". An
// empty text is the identity.
func Parse(text string) (Feature, error) {
	var all Sequence
	for part := range strings.SplitSeq(text, ",") {
		f, err := parseOne(strings.Fields(part))
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return all, nil
}

func parseOne(words []string) (Feature, error) {
	if len(words) == 0 {
		return Identity, nil
	}
	name, arguments := words[0], words[1:]
	f, err := shaped.Parse(name)
	if err != nil {
		a, err := activations.Parse(name)
		if err != nil {
			names := append(Activations(), shaped.Names()...)
			slices.Sort(names)
			return nil, fmt.Errorf("must be one of %s, got %q", strings.Join(names, ", "), name)
		}
		f = a
	}
	if with, ok := f.(withArguments); ok {
		return with.WithArguments(arguments)
	}
	if len(arguments) > 0 {
		return nil, fmt.Errorf("%s: must have nothing behind its name, got %q", name, strings.Join(arguments, " "))
	}
	return f, nil
}
