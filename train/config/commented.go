package config

import (
	"strings"

	"github.com/goccy/go-yaml"

	"example.com/pcn/train"
)

// Commented returns r as a file that [Load] reads, with a comment for each key. Keys
// that r does not set are there as comments, with an example.
func Commented(r train.Recipe) ([]byte, error) {
	comments := yaml.CommentMap{}
	for _, k := range Keys() {
		comments["$."+k.Path] = []*yaml.Comment{yaml.HeadComment(" " + k.sentence())}
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

// leftOut returns, as comments, the keys of a section that are not set, but those without an
// example, which a chain always sets and no other network has.
func leftOut(section string, set map[string]bool) (lines []string) {
	for _, k := range Keys() {
		if key, of := strings.CutPrefix(k.Path, section+"."); of && !set[k.Path] && k.Example != "" {
			lines = append(lines, "  # "+k.sentence()+"\n", "  # "+key+": "+k.Example+"\n")
		}
	}
	return lines
}
