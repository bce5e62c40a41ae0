package config

import (
	"fmt"
	"strconv"
	"strings"

	"example.com/pcn/graph/feature"
	"example.com/pcn/internal/yamlfile"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/data"
	"example.com/pcn/train/rule"
)

// Key is a setting of a recipe: what it is called in a file and on a command line, and what
// it means. [Keys] is all that the comments of [Commented], the flags of pcnrun, their help
// and their completion say of settings.
type Key struct {
	Path    string // in a file: learning.rate
	Flag    string // without --; "" where there is none
	Value   string // what help calls the flag's value: R
	Group   string // one of Groups
	Help    string
	Example string   // a value in a file, of keys that a recipe leaves out where they are not set
	Default string   // what it is then, where that is not plain
	Words   []string // what the value may be, where it goes by name
	Bound   string   // what a number must be, such as "> 0"
	Also    string   // the path of another setting that the flag gives
	check   func(text string) error
}

// Groups of settings.
const (
	OfSettings = "Settings"
	OfData     = "Data"
	OfNetwork  = "Network"
	OfLearning = "Learning"
	OfSettling = "Settling"
)

// Groups are the groups of settings in the order in which help shows them.
var Groups = []string{OfSettings, OfData, OfNetwork, OfLearning, OfSettling}

// checked makes a function that reads a text one that checks it.
func checked[T any](read func(string) (T, error)) func(string) error {
	return func(text string) error { _, err := read(text); return err }
}

// Keys returns all settings, in the order in which help shows them.
func Keys() []Key {
	own, images := "of your own data: ", "of your own folder of images: "
	return []Key{
		{Path: "data.dataset", Group: OfData, Help: "what to learn from, or the path of your own", Words: train.Datasets},
		{Path: "data.dir", Flag: "data", Value: "DIR", Group: OfData, Help: "folder of the files of mnist, fashion-mnist, cifar10 or cifar100", Default: "the usual places", Example: "~/mnist"},
		{Path: "data.label", Flag: "label", Value: "COLUMN", Group: OfData, Help: own + "the column, or array, that holds the class", Example: "kind"},
		{Path: "data.target", Flag: "target", Value: "COLUMNS", Group: OfData, Help: own + "the columns to regress on, or the one array", Example: "[price, sold]"},
		{Path: "data.inputs", Flag: "inputs", Value: "COLUMNS", Group: OfData, Help: own + "the columns, or the one array, of the inputs", Default: "all that are not learned", Example: "[area, rooms]"},
		{Path: "data.drop", Flag: "drop", Value: "COLUMNS", Group: OfData, Help: own + "columns that are no inputs", Example: "[id, name]"},
		{Path: "data.sequence", Flag: "sequence", Value: "ROWS", Group: OfData, Help: own + "rows in their order make sequences, of so many, of a column that tells them apart, or both, run 50; without a target the next row is learned", Default: "20 for a network that remembers", Example: "50"},
		{Path: "data.test", Flag: "test", Value: "SHARE|PATH", Group: OfData, Help: own + "the share that is kept for the test, or the path of the test part", Default: "0.15, or its own part", Example: "0.2"},
		{Path: "data.size", Flag: "size", Value: "SIZE", Group: OfData, Help: images + "what they are resized to, WIDTHxHEIGHT or one number for a square", Default: "their own, which must be the same", Example: "32x24"},
		{Path: "data.colour", Flag: "colour", Value: "NAME", Group: OfData, Help: images + "what pixels hold", Default: "rgb where any has colours", Words: data.Colours, Example: "grey"},
		{Path: "data.limit", Flag: "limit", Value: "N", Group: OfData, Help: "most training examples to use, 0 for all", Bound: ">= 0"},
		{Path: "data.validation", Flag: "validation", Value: "N", Group: OfData, Help: "training examples held out to score each epoch", Bound: ">= 0"},
		{Path: "data.pixels", Flag: "pixels", Value: "LOW,HIGH", Group: OfData, Help: "range that pixels are scaled to", Default: "0 to 1", Example: "[-1, 1]"},
		{Path: "data.standardize", Flag: "standardize", Value: "PER", Group: OfData, Help: "give each column, or each channel of images, zero mean and unit variance over the training part", Words: data.Pers},
		{Path: "data.standardize_target", Group: OfData, Help: "do so for each target of a regression"},
		{Path: "data.augment", Flag: "augment", Value: "LIST", Group: OfData, Help: "vary training images each time that they are learned from: flip mirrors them, shift=N moves them by up to N pixels, crop=N cuts them out of a black border of N pixels; and noise=S adds to each input of any examples, once scaled, a random number of deviation S; such as flip,crop=4, or none"},
		{Path: "data.seed", Flag: "split-seed", Value: "N", Group: OfData, Help: "decides which examples are kept for validation and the test, and the noise of sine and tracking: the same for all runs to compare", Default: fmt.Sprint(train.DefaultSplit)},

		{Path: "model", Group: OfNetwork, Help: "the network"},
		{Path: "model.layers", Flag: "layers", Value: "SIZES", Group: OfNetwork, Help: "sizes from data to label, in both directions, such as 64,32,10"},
		{Path: "model.network", Flag: "network", Value: "TEXT", Group: OfNetwork, Help: "a network by name, with its settings, or by its layers from the first hidden node on, such as \"conv 32 5x5, gelu, max-pool 2; dense 64, tanh; dense\", in place of a chain; layers are then the sizes of data and label alone. Names are", Words: model.Networks(), Example: "resnet-mlp depth=16 width=64"},
		{Path: "model.direction", Flag: "direction", Value: "DIRECTION", Group: OfNetwork, Help: "which end is the bottom", Words: []string{model.Discriminative.String(), model.Generative.String()}},
		{Path: "model.activation", Flag: "activation", Value: "NAME", Group: OfNetwork, Help: "of the hidden nodes, leaky-relu also with its slope below 0, as in \"leaky-relu 0.2\"", Words: feature.Activations(), check: checked(feature.ParseActivation)},
		{Path: "model.top_activation", Flag: "top-activation", Value: "NAME", Group: OfNetwork, Help: "of the top node", check: checked(feature.ParseActivation)},
		{Path: "model.after", Group: OfNetwork, Help: "put the activation behind the weights, as most implementations have it", Example: "true"},
		{Path: "model.energies", Flag: "energies", Value: "NAMES", Group: OfNetwork, Help: "form of the energy of each node from data to label, the top one gaussian", Words: model.NodeEnergies(), Example: "[gaussian, gaussian-learned, cross-entropy]"},
		{Path: "model.precisions", Flag: "precisions", Value: "NUMBERS", Group: OfNetwork, Help: "precision of the nodes from data to label", Default: "1 for all", Example: "[1, 10, 1]", Bound: "> 0"},
		{Path: "model.weight_decay", Flag: "weight-decay", Value: "L", Group: OfNetwork, Help: "energy of weights, ½ L ‖W‖²; the optimizer adamw decays them beside the energy", Bound: ">= 0"},
		{Path: "model.activity_prior", Flag: "activity-prior", Value: "A", Group: OfNetwork, Help: "energy of hidden latents, ½ A ‖v‖²; predictions then settle in both directions", Bound: ">= 0"},
		{Path: "model.parametrization", Flag: "parametrization", Value: "NAME", Group: OfNetwork, Help: "scales of edges, mupc by width and depth for deep networks", Words: model.Parametrizations()},
		{Path: "model.weight_init", Flag: "weight-init", Value: "NAME", Group: OfNetwork, Help: "how weights are drawn", Words: model.WeightInits()},
		{Path: "model.dtype", Flag: "dtype", Value: "TYPE", Group: OfNetwork, Help: "numbers that the network computes with", Words: []string{model.Float32.String(), model.Float64.String()}},
		{Path: "model.seed", Group: OfNetwork, Help: "decides the first weights"},
		{Path: "model.nodes", Group: OfNetwork, Help: "a network that is no chain: its nodes, in place of layers", Example: "[{name: input, size: 64}, {name: target, size: 10}]"},
		{Path: "model.predictions", Group: OfNetwork, Help: "and what predicts what: see go doc pcn/model.Prediction", Example: "[{of: target, from: [{nodes: [input]}]}]"},
		{Path: "model.terms", Group: OfNetwork, Help: "own terms of the energy, that a program has registered", Example: "[{name: mine, nodes: [hidden1]}]"},
		{Path: "model.input", Group: OfNetwork, Help: "the node of the data, of such a network", Example: "input"},
		{Path: "model.target", Group: OfNetwork, Help: "the node of the labels, of such a network", Example: "target"},

		{Path: "learning", Group: OfLearning, Help: "how weights learn"},
		{Path: "learning.rule", Flag: "rule", Value: "NAME", Group: OfLearning, Help: "how a batch moves the weights, with settings such as 'fpa steps=50'; epc takes the method error-coordinates, mcpc gradient, where none is given", Words: rule.Names(), check: checked(rule.New)},
		{Path: "learning.from", Flag: "from", Value: "MODEL", Group: OfLearning, Help: "the file of a model to learn on from: its weights, its network, how that settles, and the columns, classes and scales that it knows", Default: "new weights", Example: "runs/digits/model.safetensors"},
		{Path: "learning.epochs", Flag: "epochs", Value: "N", Group: OfLearning, Help: "passes over the training examples", Bound: ">= 1"},
		{Path: "learning.batch", Flag: "batch", Value: "N", Group: OfLearning, Help: "examples of a batch", Bound: ">= 1"},
		{Path: "learning.rate", Flag: "rate", Value: "R", Group: OfLearning, Help: "learning rate", Bound: "> 0"},
		{Path: "learning.schedule", Flag: "schedule", Value: "NAME", Group: OfLearning, Help: "course of the learning rate, with settings such as 'linear warmup=0.2', a rise from 0 over the first fifth of training", Words: train.Schedules(), check: checked(train.NewSchedule)},
		{Path: "learning.patience", Flag: "patience", Value: "N", Group: OfLearning, Help: "end after that many epochs without a lower loss on the validation part, and keep the best model; the loss is the cross-entropy where that is the energy of the label, and else the squared error; 0 for never", Bound: ">= 0"},
		{Path: "learning.class_weights", Flag: "class-weights", Value: "WEIGHTS", Group: OfLearning, Help: "how much the examples of each class count: balanced, so that a rare class counts as much as the others, or classes and weights, of which one that is not named has 1; an example of weight k is learned as if it were there k times", Default: "all alike", Example: "{spam: 5, ham: 1}"},
		{Path: "learning.seed", Flag: "seed", Value: "N", Group: OfSettings, Help: "decides the order of the examples; the flag decides the weights, too", Default: fmt.Sprint(DefaultSeed), Also: "model.seed"},
		{Path: "optimizer", Flag: "optimizer", Value: "NAME", Group: OfLearning, Help: "what moves the weights along their updates, with settings such as 'adamw weight_decay=1e-4 beta1=0.9 beta2=0.999 epsilon=1e-8' or 'sgd momentum=0.95'; in a file also {name: adamw, weight_decay: 1e-4}", Words: train.Optimizers(), check: checked(train.NewOptimizer)},

		{Path: "data", Group: OfData, Help: "what to learn from"},
		{Path: "inference", Group: OfSettling, Help: "how latents settle"},
		{Path: "inference.method", Flag: "method", Value: "NAME", Group: OfSettling, Help: "how latents move; another than the recipe's has its own steps and rate", Words: model.Methods()},
		{Path: "inference.steps", Flag: "steps", Value: "T", Group: OfSettling, Help: "most steps in which latents settle", Bound: ">= 1"},
		{Path: "inference.tolerance", Flag: "tolerance", Value: "SHARE", Group: OfSettling, Help: "end settling when this share of the gradient is left, 0 for never", Bound: ">= 0 and < 1"},
		{Path: "inference.rate", Flag: "inference-rate", Value: "R", Group: OfSettling, Help: "size of a settling step", Bound: "> 0"},
		{Path: "inference.lag", Flag: "lag", Value: "SHARE", Group: OfSettling, Help: "how far weights may move before H⁻¹ is made of them anew, as a share of their norm, under methods that have it; 0 for after each change", Default: "0.1 where a batch takes one step, and else 0", Example: "0.1"},
		{Path: "inference.node_rates", Flag: "node-rates", Value: "LIST", Group: OfSettling, Help: "what the inference rate is multiplied by at some nodes", Example: "{hidden1: 0.5, target: 2}"},
		{Path: "inference.node_steps", Flag: "node-steps", Value: "LIST", Group: OfSettling, Help: "most steps in which some nodes move", Example: "{hidden1: 5}"},
		{Path: "inference.momentum", Group: OfSettling, Help: "the share of their velocity that latents keep, under momentum", Example: "0.9"},
		{Path: "inference.beta1", Group: OfSettling, Help: "the share of its running mean that adam or lion keeps", Example: "0.9"},
		{Path: "inference.beta2", Group: OfSettling, Help: "the same of adam's squares, or of lion's mean", Example: "0.999"},
		{Path: "inference.start", Flag: "init", Value: "WHERE", Group: OfSettling, Help: "where latents start; warm is where the same example settled last", Words: model.Starts()},
		{Path: "inference.unguarded", Flag: "unguarded", Value: "bool", Group: OfSettling, Help: "take the inference rate as it is, even where latents diverge"},
		{Path: "inference.stale_errors", Group: OfSettling, Help: "learn from the errors before the last step, as the article does"},
		{Path: "inference.plain", Group: OfSettling, Help: "keep the energy of a clamped bottom in its plain form: slower, the same but for rounding"},
	}
}

// Usage is the help of the flag; otherwise says what the setting is where the flag is not
// given, and it has no default of its own.
func (k Key) Usage(otherwise string) string {
	text := k.Help
	if k.Example != "" && (len(k.Words) == 0 || strings.HasPrefix(k.Example, "[")) {
		text += ", such as " + strings.NewReplacer("[", "", "]", "", "{", "", "}", "", ", ", ",", ": ", "=").Replace(k.Example)
	}
	if len(k.Words) > 0 {
		text += ": " + strings.Join(k.Words, ", ")
	}
	switch {
	case k.Default != "":
		text += " (default " + k.Default + ")"
	case otherwise != "":
		text += " (" + otherwise + ")"
	}
	return text
}

// sentence is the help as a comment in a file.
func (k Key) sentence() string {
	k.Example = "" // the file has it
	text := k.Usage("")
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// Set reads a text, as the flag takes it, into the field of r.
func (k Key) Set(r *train.Recipe, text string) error {
	if k.check != nil {
		if err := k.check(text); err != nil {
			return err
		}
	}
	if err := k.bounded(text); err != nil {
		return err
	}
	for _, path := range []string{k.Path, k.Also} {
		if path != "" {
			if err := yamlfile.SetText(r, path, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// bounded returns an error where a number of text is out of bounds. What is no number is
// left to who reads it.
func (k Key) bounded(text string) error {
	for field := range strings.SplitSeq(text, ",") {
		x, err := strconv.ParseFloat(strings.TrimSpace(field), 64)
		low, inside := strings.CutSuffix(k.Bound, " and < 1")
		switch {
		case k.Bound == "" || err != nil:
			continue
		case low == ">= 0" && x >= 0, low == ">= 1" && x >= 1, low == "> 0" && x > 0:
			if !inside || x < 1 {
				continue
			}
		}
		return fmt.Errorf("must be a number %s, got %s", k.Bound, field)
	}
	return nil
}

// Lay changes r as texts say, one for each flag that is given: what pcnrun's flags do. What r
// has for another method, or another number of layers, and no flag gives does not apply.
func Lay(r *train.Recipe, flags map[string]string) error {
	method, layers := r.Inference.Method, len(r.Model.Layers)
	given := yamlfile.Places{}
	for _, k := range Keys() {
		text, ok := flags[k.Flag]
		if k.Flag == "" || !ok {
			continue
		}
		if err := k.Set(r, text); err != nil {
			return fmt.Errorf("--%s: %w", k.Flag, err)
		}
		given[k.Path] = &yamlfile.Node{}
	}
	absolute(r)
	if len(r.Model.Layers) != layers {
		dropUngiven(r, given)
	}
	if m, wanted := rule.Method(r.Learning.Rule); wanted && given["learning.rule"] != nil && given["inference.method"] == nil {
		r.Inference.Method = m
	}
	if r.Inference.Method != method {
		dropMethods(r, given)
	}
	return nil
}
