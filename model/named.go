package model

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"math"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/goccy/go-yaml"

	"example.com/pcn/internal/shape"
)

// Networks by name are a file each. It has two parts: settings with their defaults, and a
// template of the nodes and predictions as a configuration has them, or of a text of layers
// under network, for these settings and the sizes input and target. Model files and recipes hold the name alone: what a file
// says may be changed only under another name, once there are models of it.
//
//go:embed networks/*.yaml
var networkFiles embed.FS

const networkEnd = ".yaml"

// Networks returns the networks that are known by name, each with its settings and their
// defaults, as Config.Network has them.
func Networks() (texts []string) {
	files, _ := networkFiles.ReadDir("networks")
	for _, f := range files {
		name := strings.TrimSuffix(f.Name(), networkEnd)
		settings, _, _ := readNetwork(name) // a test reads them all
		text := name
		for _, s := range settings {
			text += fmt.Sprintf(" %v=%v", s.Key, s.Value)
		}
		texts = append(texts, text)
	}
	return texts
}

// networkNames returns the names alone.
func networkNames() (names []string) {
	for _, text := range Networks() {
		names = append(names, strings.Fields(text)[0])
	}
	return names
}

// Expanded returns the configuration with the nodes and predictions that Network stands
// for in its place, which is c itself where there is none.
func (c Config) Expanded() (Config, error) {
	if c.Network == "" {
		return c, nil
	}
	words := strings.Fields(c.Network)
	switch {
	case len(c.Layers) != 2 || c.Layers[0] < 1 || c.Layers[1] < 1:
		return c, fmt.Errorf("layers: must be the sizes of data and label alone, > 0, where there is a network, got %v", c.Layers)
	case len(c.Nodes) > 0 || len(c.Predictions) > 0:
		return c, errors.New("network: must be left out where there are nodes and predictions")
	case len(words) == 0:
		return c, fmt.Errorf("network: must be a name or layers, got %q", c.Network)
	}
	of := layered
	if slices.Contains(networkNames(), words[0]) {
		of = named
	} else if _, notShape := shape.Parse(strings.Trim(words[0], ";"), 1); notShape != nil && layerMaps[strings.Trim(words[0], ",;")] == nil {
		return c, fmt.Errorf("network: must begin with a name, %s, or with a layer, %s, got %q", strings.Join(networkNames(), ", "), strings.Join(layerMapNames(), ", "), words[0])
	}
	full, err := of(c.Network, c.Layers[0], c.Layers[1])
	if err != nil {
		return c, fmt.Errorf("network: %w", err)
	}
	c.Nodes, c.Predictions = full.Nodes, full.Predictions
	c.Parametrization = cmp.Or(c.Parametrization, full.Parametrization)
	c.Network, c.Layers = "", nil
	return c, nil
}

// readNetwork returns the two parts of a network's file.
func readNetwork(name string) (settings yaml.MapSlice, body string, err error) {
	text, err := networkFiles.ReadFile(path.Join("networks", name+networkEnd))
	if err != nil {
		return nil, "", err
	}
	head, body, _ := strings.Cut(string(text), "\n---\n")
	var file struct {
		Settings yaml.MapSlice `yaml:"settings"`
	}
	err = yaml.UnmarshalWithOptions([]byte(head), &file, yaml.Strict())
	for i, s := range file.Settings {
		if whole, ok := s.Value.(uint64); ok {
			file.Settings[i].Value = int(whole)
		}
	}
	return file.Settings, body, err
}

// mostOfAKind bounds how many nodes one setting makes.
const mostOfAKind = 4096

// networkFuncs are what templates may call beside their own: from 1 3 is 1, 2, 3; before
// 3 is 2; over 28 4 is 7; image 784 is the shape 28, 28, 1.
var networkFuncs = template.FuncMap{
	"from": func(low, high int) (numbers []int, err error) {
		if high-low >= mostOfAKind {
			return nil, fmt.Errorf("must have at most %d nodes of a kind, got %d", mostOfAKind, high)
		}
		for i := low; i <= high; i++ {
			numbers = append(numbers, i)
		}
		return numbers, nil
	},
	"before": func(i int) int { return i - 1 },
	"times":  func(a, b int) int { return a * b },
	"over":   func(a, b int) int { return a / b },
	"image": func(units int) ([]int, error) {
		if image := squareImage(units); image != nil {
			return image, nil
		}
		return nil, fmt.Errorf("must have square images of one channel or three for its input, got %d units", units)
	},
}

// named returns the network of a name and settings, such as resnet-mlp depth=16.
func named(text string, input, target int) (c Config, err error) {
	words := strings.Fields(text)
	settings, body, err := readNetwork(words[0])
	if err != nil {
		return c, err
	}
	values := map[string]any{"input": input, "target": target}
	var known []string
	for _, s := range settings {
		values[s.Key.(string)] = s.Value
		known = append(known, s.Key.(string))
	}
	for _, word := range words[1:] {
		key, text, _ := strings.Cut(word, "=")
		value, ok := values[key]
		if !ok || key == "input" || key == "target" {
			return c, fmt.Errorf("%s: must have settings of %s, got %q", words[0], strings.Join(known, ", "), word)
		}
		if values[key], err = settingOf(value, text); err != nil {
			return c, fmt.Errorf("%s: %s: %w", words[0], key, err)
		}
	}
	t, err := template.New(words[0]).Funcs(networkFuncs).Option("missingkey=error").Parse(body)
	if err != nil {
		return c, err
	}
	var filled strings.Builder
	if err := t.Execute(&filled, values); err != nil {
		for inner := err; inner != nil; inner = errors.Unwrap(inner) { // without the place in the template
			err = inner
		}
		return c, fmt.Errorf("%s: %w", words[0], err)
	}
	if err := yaml.UnmarshalWithOptions([]byte(filled.String()), &c, yaml.Strict()); err != nil {
		return c, fmt.Errorf("%s: %w", words[0], err)
	}
	if c.Network != "" {
		if c, err = layered(c.Network, input, target); err != nil {
			return c, fmt.Errorf("%s: %w", words[0], err)
		}
	}
	return c, nil
}

var plainWord = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// settingOf reads a setting of the type of its default.
func settingOf(value any, text string) (any, error) {
	switch value.(type) {
	case int:
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("must be a whole number > 0, got %q", text)
		}
		return n, nil
	case float64:
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || !(x > 0) || math.IsInf(x, 0) {
			return nil, fmt.Errorf("must be a number > 0, got %q", text)
		}
		return x, nil
	}
	if !plainWord.MatchString(text) {
		return nil, fmt.Errorf("must be a name, got %q", text)
	}
	return text, nil
}
