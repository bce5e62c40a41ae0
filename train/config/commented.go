package config

import (
	"strings"

	"github.com/goccy/go-yaml"

	"example.com/pcn/graph/feature"
	"example.com/pcn/internal/yamlfile"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/data"
	"example.com/pcn/train/rule"
)

// help says what each key of a recipe means.
var help = map[string]string{
	"data":                    "What to learn from.",
	"data.dataset":            "One of " + strings.Join(train.Datasets, ", ") + ".",
	"data.dir":                "The folder of the files of a dataset such as mnist; without it, the usual places.",
	"data.label":              "Of your own data: the column, or array, that holds the class.",
	"data.target":             "Of your own data: the columns, or the one array, to regress on.",
	"data.inputs":             "Of your own data: the columns, or the one array, of the inputs; default all that are not learned.",
	"data.drop":               "Of your own data: columns that are no inputs.",
	"data.sequence":           "Of your own data: rows make sequences of so many, such as 50, or of a column that tells them apart, or run 50; without a target the next row is learned.",
	"data.test":               "Of your own data: the share that is kept for the test, or the path of the test part.",
	"data.standardize_target": "Do so for each target of a regression.",
	"model.energies":          "Of each node, from data to label: " + strings.Join(model.NodeEnergies(), ", ") + ".",
	"model.weight_decay":      "The energy has half of it times the squares of the weights.",
	"model.activity_prior":    "The energy has half of it times the squares of the hidden latents.",
	"inference.node_rates":    "What the rate is multiplied by at some nodes, by name: input, hidden1 and so on, target.",
	"inference.node_steps":    "The most steps in which some nodes move, by name.",
	"data.limit":              "The most training examples to use, 0 for all.",
	"data.validation":         "Training examples that are held out to score each epoch.",
	"data.pixels":             "The range that pixels are scaled to, such as [-1, 1]; default [0, 1].",
	"data.size":               "Of your own folder of images: what they are resized to, such as 32x24; without it, their own.",
	"data.colour":             "Of your own folder of images: " + strings.Join(data.Colours, " or ") + "; without it, rgb where any has colours.",
	"data.standardize":        "Give each input, or each channel of images, zero mean and unit variance: " + strings.Join(data.Pers, ", ") + ".",
	"data.augment":            "Vary training images each time that they are learned from: none, or some of flip, shift and crop.",
	"data.seed":               "Decides the split of digits and of your own data, and the sine's examples: the same for all runs to compare.",
	"model":                   "The network.",
	"model.layers":            "Sizes from data to label, in both directions.",
	"model.direction":         "discriminative or generative: which end is the bottom.",
	"model.activation":        "Of the hidden nodes: " + strings.Join(feature.Activations(), ", ") + ".",
	"model.top_activation":    "Of the top node.",
	"model.after":             "Put the activation behind the weights, as most implementations have it.",
	"model.network":           "A network by name or by its layers: see pcnrun train --help. Layers are then the sizes of data and label alone.",
	"model.nodes":             "A network that is no chain: its nodes, in place of layers,",
	"model.predictions":       "and what predicts what: see go doc pcn/model.Prediction.",
	"model.terms":             "Own terms of the energy, that a program has registered.",
	"model.input":             "The node of the data, of such a network.",
	"model.target":            "The node of the labels, of such a network.",
	"model.precisions":        "One for each layer, such as [1, 10, 1]; default 1 for all.",
	"model.weight_init":       "One of " + strings.Join(model.WeightInits(), ", ") + ".",
	"model.parametrization":   "Of edges: standard, or mupc, scales by width and depth for deep networks.",
	"model.dtype":             "float32 or float64.",
	"model.seed":              "Decides the first weights.",
	"inference":               "How latents settle.",
	"inference.method":        "One of " + strings.Join(model.Methods(), ", ") + ".",
	"inference.steps":         "The most steps.",
	"inference.tolerance":     "End settling when this share of the gradient is left; 0 takes all steps.",
	"inference.rate":          "The size of a step; without it, the method's own.",
	"inference.lag":           "The share by which weights move in learning before H⁻¹ of methods that have it is made anew; next to 0 for always.",
	"inference.momentum":      "The share of their velocity that latents keep, under momentum.",
	"inference.beta1":         "The share of its running mean that adam or lion keeps.",
	"inference.beta2":         "The same of adam's squares, or of lion's mean.",
	"inference.unguarded":     "Take the rate as it is, even where latents diverge.",
	"inference.start":         "Where latents begin: " + strings.Join(model.Starts(), ", ") + ".",
	"inference.stale_errors":  "Learn from the errors before the last step, as the article does.",
	"inference.plain":         "Keep the energy of a clamped bottom in its plain form: slower, the same but for rounding.",
	"learning":                "How weights learn.",
	"learning.rule":           "How a batch moves the weights, with settings such as fpa steps=50: " + strings.Join(rule.Names(), ", ") + ".",
	"learning.epochs":         "Passes over the training examples.",
	"learning.batch":          "Examples of a batch.",
	"learning.rate":           "The learning rate.",
	"learning.schedule":       "The course of the rate: " + strings.Join(train.Schedules(), ", ") + ".",
	"learning.patience":       "End after that many epochs without a lower squared error on the validation part, and keep the best model; 0 for never.",
	"learning.seed":           "Decides the order of the examples.",
	"optimizer":               "One of " + strings.Join(train.Optimizers(), ", ") + ".",
}

// examples are values for the keys that a recipe leaves out where they are not set.
var examples = map[string]string{
	"data.dir":             "~/mnist",
	"data.label":           "kind",
	"data.target":          "[price]",
	"data.inputs":          "[area, rooms]",
	"data.drop":            "[id]",
	"data.sequence":        "50",
	"data.test":            "0.15",
	"data.pixels":          "[-1, 1]",
	"data.size":            "32x24",
	"data.colour":          "grey",
	"model.precisions":     "[1, 10, 1]",
	"model.energies":       "[gaussian, gaussian, gaussian, cross-entropy]",
	"model.after":          "true",
	"model.network":        "resnet-mlp depth=16 width=64",
	"model.nodes":          "[{name: input, size: 64}, {name: target, size: 10}]",
	"model.predictions":    "[{of: target, from: [{nodes: [input]}]}]",
	"model.terms":          "[{name: mine, nodes: [hidden1]}]",
	"model.input":          "input",
	"model.target":         "target",
	"inference.lag":        "0.1",
	"inference.momentum":   "0.9",
	"inference.beta1":      "0.9",
	"inference.beta2":      "0.999",
	"inference.node_rates": "{hidden1: 0.5}",
	"inference.node_steps": "{hidden1: 5}",
}

// Commented returns r as a file that [Load] reads, with a comment for each key. Keys
// that r does not set are there as comments, with an example.
func Commented(r train.Recipe) ([]byte, error) {
	comments := yaml.CommentMap{}
	for path, text := range help {
		comments["$."+path] = []*yaml.Comment{yaml.HeadComment(" " + text)}
	}
	text, err := yaml.MarshalWithOptions(r, yaml.WithComment(comments))
	if err != nil {
		return nil, err
	}
	var out []string
	section, set := "", map[string]bool{}
	for line := range strings.Lines(string(text)) {
		inside := strings.HasPrefix(line, " ")
		if section != "" && !inside {
			out = append(out, leftOut(section, set)...)
			section = ""
		}
		switch key, _, isKey := strings.Cut(strings.TrimSpace(line), ":"); {
		case !isKey || strings.HasPrefix(key, "#"):
		case inside:
			set[section+"."+key] = true
		case strings.TrimSpace(line) == key+":":
			section = key
		}
		out = append(out, line)
	}
	return []byte(strings.Join(append(out, leftOut(section, set)...), "")), nil
}

// leftOut returns, as comments, the keys of a section that are not set.
func leftOut(section string, set map[string]bool) (lines []string) {
	for _, path := range yamlfile.Paths(&train.Recipe{}) {
		if key, of := strings.CutPrefix(path, section+"."); of && !set[path] {
			lines = append(lines, "  # "+help[path]+"\n", "  # "+key+": "+examples[path]+"\n")
		}
	}
	return lines
}
