package trained

import (
	"encoding/json"
	"fmt"
	"slices"

	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/data"
)

// What a model file holds beside the network, by key of its metadata.
const (
	RecipeKey  = "pcn.recipe"           // the recipe as YAML
	InputsKey  = "pcn.input_transform"  // Card.Inputs as JSON, as are the next
	TargetsKey = "pcn.target_transform" // Card.Targets, where it has one
	ImageKey   = "pcn.image"            // Card.Image, where inputs are images
	ClassesKey = "pcn.classes"          // Card.Classes, where they have names
	ColumnsKey = "pcn.columns"          // Card.Columns, where they have names that all differ
	TableKey   = "pcn.table"            // Card.Table, where it learned from rows
	DataKey    = "pcn.data"             // Card.Data
)

// Card is what a model file says beside the network.
type Card struct {
	Recipe  train.Recipe
	Inputs  data.Transform      // from raw inputs to the network's
	Targets data.Transform      // the same of targets
	Image   Image               // the zero value where the file does not say
	Classes []string            // their names; nil where they have none
	Columns []string            // names of the inputs; nil where they have none
	Table   *data.Table         // how rows become the inputs; nil where the file does not say
	Data    *train.Fingerprints // of what it learned from; nil where the file does not say
}

// Image says how inputs are drawn.
type Image struct {
	Shape []int   `json:"shape"` // height, width, channels
	White float64 `json:"white"` // the raw value of white
}

// fields are what of c goes by a key of its own.
func (c *Card) fields() map[string]any {
	return map[string]any{InputsKey: &c.Inputs, TargetsKey: &c.Targets, ImageKey: &c.Image, ClassesKey: &c.Classes, ColumnsKey: &c.Columns, TableKey: &c.Table, DataKey: &c.Data}
}

// Describe gives n a card: what is needed to use it without the data that it learned from,
// which are sets with these fingerprints, cut by r.
func Describe(n *model.Network, r train.Recipe, sets train.Sets, of train.Fingerprints) error {
	r.Model = n.Config()
	recipe, err := r.YAML()
	if err != nil {
		return err
	}
	if err := n.SetMetadata(RecipeKey, string(recipe)); err != nil {
		return err
	}
	set := sets.Train
	about := map[string]any{InputsKey: set.InputTransform(), DataKey: of}
	if t := set.TargetTransform(); len(t.Shift)+len(t.Scale) > 0 {
		about[TargetsKey] = t
	}
	if set.Shape != nil {
		about[ImageKey] = Image{set.Shape, set.White}
	}
	if set.ClassNames != nil {
		about[ClassesKey] = set.ClassNames
	}
	if names := set.InputNames(); names != nil && distinct(names) {
		about[ColumnsKey] = names
	}
	if table := set.Table(); table != nil {
		about[TableKey] = table
	}
	for key, value := range about {
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		if err := n.SetMetadata(key, string(text)); err != nil {
			return err
		}
	}
	return nil
}

// read reads what n says beside its recipe.
func (c *Card) read(n *model.Network) error {
	for key, into := range c.fields() {
		if text := n.Metadata(key); text != "" {
			if err := json.Unmarshal([]byte(text), into); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
		}
	}
	inputs, targets := n.Size(n.InputNode()), n.Size(n.TargetNode())
	if err := c.Inputs.Check(inputs); err != nil {
		return fmt.Errorf("%s: %w", InputsKey, err)
	}
	if err := c.Targets.Check(targets); err != nil {
		return fmt.Errorf("%s: %w", TargetsKey, err)
	}
	if err := c.Image.check(inputs); err != nil {
		return fmt.Errorf("%s: %w", ImageKey, err)
	}
	if c.Classes != nil && len(c.Classes) != targets {
		return fmt.Errorf("%s: %d names for %d classes", ClassesKey, len(c.Classes), targets)
	}
	if c.Columns != nil && (len(c.Columns) != inputs || !distinct(c.Columns)) {
		return fmt.Errorf("%s: must be %d names that all differ, got %d", ColumnsKey, inputs, len(c.Columns))
	}
	if c.Table != nil {
		if err := c.Table.Check(inputs); err != nil {
			return fmt.Errorf("%s: %w", TableKey, err)
		}
	}
	return nil
}

// distinct reports whether no two names are the same.
func distinct(names []string) bool {
	names = slices.Sorted(slices.Values(names))
	return len(slices.Compact(names)) == len(names)
}

// check returns an error where inputs of a size are no such images.
func (f Image) check(inputs int) error {
	if f.Shape == nil && f.White == 0 {
		return nil
	}
	if len(f.Shape) != 3 || f.Shape[2] != 1 && f.Shape[2] != 3 {
		return fmt.Errorf("shape: must be a height, a width, and 1 or 3 channels, got %v", f.Shape)
	}
	height, width, channels := f.Shape[0], f.Shape[1], f.Shape[2]
	if height <= 0 || width <= 0 || width > inputs || height > inputs || width*height*channels != inputs {
		return fmt.Errorf("shape: must be of %d inputs, got %v", inputs, f.Shape)
	}
	if !(f.White > 0) {
		return fmt.Errorf("white: must be > 0, got %v", f.White)
	}
	return nil
}
