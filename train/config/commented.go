package config

import (
	"strings"

	"github.com/goccy/go-yaml"

	"example.com/pcn/graph"
	"example.com/pcn/model"
	"example.com/pcn/train"
)

// help says what each key of a recipe means.
var help = map[string]string{
	"data":                    "What to learn from.",
	"data.dataset":            "One of " + strings.Join(train.Datasets, ", ") + ".",
	"data.dir":                "The folder of the files of mnist or fashion-mnist; without it, the usual places.",
	"data.label":              "Of your own data: the column, or array, that holds the class.",
	"data.target":             "Of your own data: the columns, or the one array, to regress on.",
	"data.test":               "Of your own data: the share that is kept for the test, or the path of the test part.",
	"data.standardize_target": "Do so for each target of a regression.",
	"model.energies":          "Of each node, from data to label: " + strings.Join(model.NodeEnergies(), ", ") + ".",
	"model.weight_decay":      "The energy has half of it times the squares of the weights.",
	"model.activity_prior":    "The energy has half of it times the squares of the hidden latents.",
	"inference.node_rates":    "What the rate is multiplied by at each node, from data to label.",
	"inference.node_steps":    "The most steps in which each node moves, from data to label, 0 for all.",
	"data.limit":              "The most training examples to use, 0 for all.",
	"data.validation":         "Training examples that are held out to score each epoch.",
	"data.pixels":             "The range that pixels are scaled to, such as [-1, 1]; default [0, 1].",
	"data.standardize":        "Give each input zero mean and unit variance.",
	"data.seed":               "Decides the split of digits, and the sine's examples.",
	"model":                   "The network.",
	"model.layers":            "Sizes from data to label, in both directions.",
	"model.direction":         "discriminative or generative: which end is the bottom.",
	"model.activation":        "Of the hidden nodes: " + strings.Join(graph.Activations(), ", ") + ".",
	"model.top_activation":    "Of the top node.",
	"model.precisions":        "One for each layer, such as [1, 10, 1]; default 1 for all.",
	"model.weight_init":       "xavier or pytorch.",
	"model.dtype":             "float32 or float64.",
	"model.seed":              "Decides the first weights.",
	"inference":               "How latents settle.",
	"inference.method":        "One of " + strings.Join(model.Methods(), ", ") + ".",
	"inference.steps":         "The most steps.",
	"inference.tolerance":     "End settling when this share of the gradient is left; 0 takes all steps.",
	"inference.rate":          "The size of a step; without it, the method's own.",
	"inference.unguarded":     "Take the rate as it is, even where latents diverge.",
	"inference.start":         "Where latents begin: " + strings.Join(model.Starts(), ", ") + ".",
	"inference.stale_errors":  "Learn from the errors before the last step, as the article does.",
	"inference.plain":         "Keep the energy of a clamped bottom in its plain form: slower, the same but for rounding.",
	"learning":                "How weights learn.",
	"learning.epochs":         "Passes over the training examples.",
	"learning.batch":          "Examples of a batch.",
	"learning.rate":           "The learning rate.",
	"learning.schedule":       "The course of the rate: " + strings.Join(train.Schedules, ", ") + ".",
	"learning.patience":       "End after that many epochs without a better validation score, and keep the best model; 0 for never.",
	"learning.seed":           "Decides the order of the examples.",
	"optimizer":               "One of " + strings.Join(train.Optimizers, ", ") + ".",
}

// Commented returns r as a file that [Load] reads, with a comment for each key.
func Commented(r train.Recipe) ([]byte, error) {
	comments := yaml.CommentMap{}
	for path, text := range help {
		comments["$."+path] = []*yaml.Comment{yaml.HeadComment(" " + text)}
	}
	return yaml.MarshalWithOptions(r, yaml.WithComment(comments))
}
