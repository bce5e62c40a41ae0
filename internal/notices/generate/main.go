// Command generate writes notices.txt: the licences of all that pcnrun links on
// Linux, macOS and Windows.
package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const command = "example.com/pcn/cmd/pcnrun"

// within are pcn's own packages that have what others made, with the names of that.
var within = map[string]string{
	"example.com/pcn/train/data":      "digits, which are built into pcnrun",
	"example.com/pcn/internal/onnxpb": "ONNX's messages, of onnx.proto",
}

func main() {
	sections := map[string]string{}
	for _, system := range []string{"linux", "darwin", "windows"} {
		found, err := collect(system)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		maps.Copy(sections, found)
	}
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(sections)) {
		text.WriteString(sections[name])
	}
	if err := os.WriteFile("notices.txt", []byte(text.String()), 0o666); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// collect returns the section of each module that pcnrun links on a system, by its
// path and version. A module without a licence is an error.
func collect(system string) (map[string]string, error) {
	list := exec.Command("go", "list", "-deps", "-f", "{{.ImportPath}}\t{{.Dir}}\t{{if .Standard}}Go\t{{.Root}}{{else}}{{.Module}}\t{{.Module.Dir}}{{end}}", command)
	list.Env = append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	files := map[string]map[string]bool{} // by module
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		path, dir, module, root := fields[0], fields[1], fields[2], fields[3]
		if name, ok := within[path]; ok {
			module, root = name, dir
		} else if strings.HasPrefix(path, "example.com/pcn/") {
			continue
		}
		if files[module] == nil {
			files[module] = map[string]bool{}
		}
		for ; root != "" && strings.HasPrefix(dir, root); dir = filepath.Dir(dir) {
			for _, file := range licences(dir) {
				files[module][file] = true
			}
		}
	}
	sections := map[string]string{}
	for module, found := range files {
		if len(found) == 0 {
			return nil, fmt.Errorf("%s: no licence found", module)
		}
		text := fmt.Sprintf("%s\n%s\n%[1]s\n", strings.Repeat("=", 80), module)
		for _, file := range slices.Sorted(maps.Keys(found)) {
			read, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			text += "\n" + strings.Trim(strings.NewReplacer("\r", "", "\f", "").Replace(string(read)), "\n") + "\n"
		}
		sections[module] = text + "\n"
	}
	return sections, nil
}

var licence = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents|third.party|digits\.licen[cs]e)`)

// licences returns the files of a folder, and of folders of licences in it, that are
// some.
func licences(dir string) (files []string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case !licence.MatchString(e.Name()) || strings.HasSuffix(path, ".go"):
		case !e.IsDir():
			files = append(files, path)
		default:
			within, _ := filepath.Glob(filepath.Join(path, "*"))
			files = append(files, within...)
		}
	}
	return files
}
