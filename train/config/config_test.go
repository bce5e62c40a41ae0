package config

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/pcn/internal/fuzzing"
	"example.com/pcn/internal/yamlfile"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/data"
)

// choose chooses a default recipe, whatever a file says.
func choose(dataset string, direction model.Direction, recipe string) Choice {
	return Choice{Recipe: recipe, Change: func(r *train.Recipe) { r.Data.Dataset, r.Model.Direction = dataset, direction }}
}

// TestLayers tells what of a file, a choice and a default recipe counts.
func TestLayers(t *testing.T) {
	for _, test := range []struct {
		name, text string
		choice     Choice
		want       func(*train.Recipe) // what differs from the default recipe of
		dataset    string
		direction  model.Direction
	}{
		{"an empty file", "", Choice{}, nil, "digits", model.Discriminative},
		{"only a comment", "# nothing\n", Choice{Fallback: "sine"}, nil, "sine", model.Discriminative},
		{"keys without a value", "data:\nmodel:\n", Choice{}, nil, "digits", model.Discriminative},
		{"a dataset", "data: {dataset: sine}", Choice{}, nil, "sine", model.Discriminative},
		{"a direction", "model: {direction: generative}", Choice{}, nil, "digits", model.Generative},
		{"the choice comes first", "data: {dataset: sine}", choose("digits", model.Generative, ""), nil, "digits", model.Generative},
		{"a rate", "learning:\n  rate: 0.25\n  seed: 7\n", Choice{}, func(r *train.Recipe) { r.Learning.Rate, r.Learning.Seed = 0.25, 7 }, "digits", model.Discriminative},
		{"a method has its own rate and steps", "inference: {method: adam}", Choice{Recipe: train.ArticleRecipe}, func(r *train.Recipe) { r.Inference.Method, r.Inference.Rate, r.Inference.Steps = model.Adam, 0.05, 20 }, "digits", model.Generative},
		{"but for one that is given", "inference: {method: adam, rate: 0.5, steps: 7}", Choice{Recipe: train.ArticleRecipe}, func(r *train.Recipe) {
			r.Inference.Method, r.Inference.Rate, r.Inference.Steps = model.Adam, 0.5, 7
		}, "digits", model.Generative},
		{"a rule has its own method", "learning: {rule: epc}", Choice{}, func(r *train.Recipe) {
			r.Learning.Rule, r.Inference.Method, r.Inference.Rate, r.Inference.Steps = "epc", model.ErrorCoordinates, 0.2, 20
		}, "digits", model.Discriminative},
		{"and settings", "learning: {rule: nudging beta=0.5 sign=epoch}\ninference: {steps: 3}", Choice{}, func(r *train.Recipe) {
			r.Learning.Rule, r.Inference.Steps = "nudging beta=0.5 sign=epoch", 3
		}, "digits", model.Discriminative},
		{"weights of classes as a mapping", "learning: {class_weights: {'3': 2, 'a, b': 0.5}}", Choice{}, func(r *train.Recipe) { r.Learning.ClassWeights = `3=2,"a, b=0.5"` }, "digits", model.Discriminative},
		{"and as a word", "learning: {class_weights: balanced}", Choice{}, func(r *train.Recipe) { r.Learning.ClassWeights = train.Balanced }, "digits", model.Discriminative},
		{"no lag", "inference: {lag: 0}", Choice{}, func(r *train.Recipe) { r.Inference.Lag = model.LagOf(0) }, "digits", model.Discriminative},
		{"some lag", "inference: {lag: 0.25}", Choice{}, func(r *train.Recipe) { r.Inference.Lag = model.LagOf(0.25) }, "digits", model.Discriminative},
		{"the usual lag", "inference: {lag: default}", Choice{}, nil, "digits", model.Discriminative},
		{"what is true by default", "data: {dataset: sine, standardize: none}", Choice{}, func(r *train.Recipe) { r.Data.Standardize = data.PerNone }, "sine", model.Discriminative},
	} {
		got, err := Parse("run.yaml", []byte(test.text), test.choice)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		want, err := Load("", choose(test.dataset, test.direction, test.choice.Recipe))
		if err != nil {
			t.Fatal(err)
		}
		if test.want != nil {
			test.want(&want)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", test.name, diff)
		}
	}
}

// TestMistakes gives each mistake its place: all of them, in the file's order.
func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"model:\n  layers: [64, x, -10]\n  activaton: tanh\n  direction: up\nlearning: 3\noptimizer: [a]\n": `
2:16: model.layers[1]: must be a whole number, got "x"
2:19: model.layers[2]: must be > 0, got -10
3:3: model.activaton: unknown key, did you mean activation?
4:14: model.direction: must be one of discriminative, generative, got "up"
5:11: learning: must be a mapping with the keys rule, from, epochs, batch, rate, schedule, patience, class_weights, seed, got "3"
6:12: optimizer: must be a text, got a list`,
		"inference: {lag: -1}\n":                                   "\n1:18: inference.lag: must be a number >= 0, or default, got -1",
		"inference: {lag: long}\n":                                 "\n1:18: inference.lag: must be a number >= 0, or default, got \"long\"",
		"inference: {method: adam}\nlearning:\n  rule: epc\n":      "\n3:9: learning.rule: epc: inference.method: must be error-coordinates, got adam",
		"learning:\n  rule: fpa speed=1\n":                         "\n2:9: learning.rule: fpa: setting: must be one of rate, steps, got \"speed\"",
		"model: {direction: generative}\nlearning: {rule: z-il}\n": "\n2:18: learning.rule: z-il: the network is not feedforward: its targets must follow from its inputs, by one prediction of each node, without feedback or prior",
		"learning:\n\trate: 3\n \t batch: 2\n": `
2:1: must begin with spaces, got a tab
3:2: must begin with spaces, got a tab`,
		"learning:\n  rate: 1\n  rate: 2\nlearning:\n  batch: -1\n": `
3:3: learning.rate: is given twice, first in line 2
4:1: learning: is given twice, first in line 1`,
		"data: {dataset: mnits, limit: -1}\nmodel:\n  precisions: [1,2]\n": `
1:17: data.dataset: must be one of digits, sine, tracking, mnist, fashion-mnist, cifar10, cifar100, or the path of a file or folder, got "mnits"
1:31: data.limit: must be >= 0, got -1
3:15: model.precisions: must be one for each of the 4 layers, got 2`,
		"learning:\r\n  rate: -.inf\r\n  batch: 3.5\r\n  epochs: \"3\"\r\n  patience: 99999999999999999999\r\n": `
2:9: learning.rate: must be a number, got "-.inf"
3:10: learning.batch: must be a whole number, got "3.5"
4:11: learning.epochs: must be a whole number, got "3"
5:13: learning.patience: must be a whole number, got "99999999999999999999"`,
		"learning: {patience: 3}\ndata: {validation: 0}\n": "\n1:22: learning.patience: needs data.validation > 0",
		"data: &all {limit: 3}\nlearning: *all\n": `
1:7: data: anchors and aliases are not taken: write the value out
2:11: learning: anchors and aliases are not taken: write the value out`,
		"learning:\n  <<: {rate: 1}\n":               "\n2:3: learning: merge keys are not taken: write the values out",
		"optimizer: !!str adam\n":                    "\n1:12: optimizer: tags are not taken",
		"---\ndata:\n---\ndata:\n":                   "\n4:5: must be one document, got a second",
		"data:\n  limit: {":                          "\n2:10: could not find flow mapping end token '}'",
		"data:\n   seed: 1\n  limit: 3\n":            "\n3:3: value is not allowed in this context",
		"a\x00b":                                     "\n1:2: holds a zero byte: this is no text",
		"- 1\n":                                      "\n1:1: must be a mapping with the keys data, model, inference, learning, optimizer, got a list",
		"colour: red\n":                              "\n1:1: colour: unknown key, must be one of data, model, inference, learning, optimizer",
		"x: " + strings.Repeat("[", 100):             "\n1:36: brackets are nested deeper than 32",
		strings.Repeat("a:\n", 2001):                 "\n1:1: the file has 2001 colons, more than 2000",
		"# " + strings.Repeat("x", yamlfile.MaxSize): "\n1:1: the file is longer than 65536 bytes",
	} {
		_, err := Parse("run.yaml", []byte(text), Choice{})
		got := "no error"
		if err != nil {
			got = "\n" + strings.ReplaceAll(err.Error(), "run.yaml:", "")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%.60q:\n%s", text, diff)
		}
	}
}

// TestCommented reads what it writes, of each default recipe, and has a comment
// for each key.
func TestCommented(t *testing.T) {
	for _, dataset := range train.Datasets {
		for _, direction := range []model.Direction{model.Discriminative, model.Generative} {
			for _, name := range []string{"default", train.ArticleRecipe} {
				r, err := Load("", choose(dataset, direction, name))
				if err != nil {
					t.Fatal(err)
				}
				r.Inference.Lag = map[string]model.Lag{"default": {}, train.ArticleRecipe: model.LagOf(0)}[name]
				text, err := Commented(r)
				if err != nil {
					t.Fatal(err)
				}
				for _, path := range yamlfile.Paths(&train.Recipe{}) {
					key := path[strings.LastIndex(path, ".")+1:]
					if ofChains := []string{"direction", "activation", "top_activation"}; !r.Model.Chain() && slices.Contains(ofChains, key) {
						continue
					}
					if line := regexp.MustCompile(`(?m)^ *(# )?` + key + `: .`); !line.Match(text) {
						t.Errorf("%s %v %s: no line for %s", dataset, direction, name, path)
					}
				}
				again, err := Parse("init", text, Choice{})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(r, again); diff != "" {
					t.Errorf("%s %v %s:\n%s", dataset, direction, name, diff)
				}
			}
		}
	}
	known := map[string]bool{}
	for _, path := range yamlfile.Paths(&train.Recipe{}) {
		known[path] = true
		if section, _, nested := strings.Cut(path, "."); nested {
			known[section] = true
		}
	}
	help := map[string]string{}
	for _, k := range Keys() {
		help[k.Path] = k.Help
	}
	for path := range known {
		if help[path] == "" {
			t.Errorf("%s has no comment", path)
		}
	}
	for path := range help {
		if !known[path] {
			t.Errorf("%s has a comment and is no key", path)
		}
	}
}

// FuzzParse reads any text without a panic, with memory in proportion to it, and
// what is read survives being written.
func FuzzParse(f *testing.F) {
	fuzzing.Sparingly(f)
	files, err := filepath.Glob("../recipes/*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatal("no recipes", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"))
	f.Add([]byte("model: {layers: [1, 2], seed: 18446744073709551615}\n? x\n: |\n  y\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if root, err := yamlfile.Parse("fuzz", text); err == nil {
			var r train.Recipe
			if root.Decode(&r); r.Data.Own() {
				t.Skip("reads other files")
			}
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r, err := Parse("fuzz", text, Choice{})
		runtime.ReadMemStats(&after)
		if used, most := after.TotalAlloc-before.TotalAlloc, uint64(8<<20+1<<10*len(text)); used > most {
			t.Errorf("%d bytes took %d bytes of memory, more than %d", len(text), used, most)
		}
		if err != nil {
			var found yamlfile.Errors
			if !errors.As(err, &found) || len(found) == 0 || found[0].Line < 1 || found[0].Column < 1 {
				t.Errorf("an error without a place: %v", err)
			}
			return
		}
		written, err := r.YAML()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse("again", written, Choice{})
		if err != nil {
			t.Fatalf("%s\n%v", written, err)
		}
		if diff := cmp.Diff(r, again); diff != "" {
			t.Error(diff)
		}
	})
}
