package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"example.com/pcn/model"
	"example.com/pcn/train/run"
	"example.com/pcn/train/trained"
)

// hostile turns a terminal red, deletes its screen and turns the direction of
// writing, where a terminal gets to see it.
const hostile = "\x1b[31m\u009b2J\u202e\u2066\x7f"

// TestForeignText learns from names that would steer a terminal, of a folder, a
// file, columns and classes, and uses what was learned with every command: none
// reaches the standard output or the standard error.
func TestForeignText(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "folder"+hostile)
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Skip(err)
	}
	t.Chdir(dir)
	flowers := "flowers" + hostile + ".csv"
	rows := fmt.Sprintf("long%s,wide%[1]s,kind%[1]s\n", hostile)
	for i := range 40 {
		rows += fmt.Sprintf("%d.5,%d,%s%s\n", i, i%7, []string{"rose", "iris"}[i%2], hostile)
	}
	if err := os.WriteFile(flowers, []byte(rows), 0o666); err != nil {
		t.Fatal(err)
	}
	dir = "run" + hostile
	m, label := filepath.Join(dir, run.ModelFile), "kind"+hostile
	commands := [][]string{
		{"train", flowers, "--label", label, "--out", dir, "--direction", "generative", "--epochs", "2"},
		{"train", flowers, "--label", label, "--out", dir},
		{"train", flowers, "--label", "none" + hostile},
		{"train", "--resume", dir, "-v"},
		{"train", "none" + hostile},
		{"eval", m}, {"eval", m, "--json"}, {"eval", m, "-v"},
		{"eval", m, "--input", flowers, "--label", label},
		{"eval", m, "--input", flowers, "--label", "none" + hostile},
		{"eval", dir}, {"eval", flowers}, {"eval", hostile},
		{"predict", m, flowers}, {"predict", m, flowers, "--json"}, {"predict", m, hostile},
		{"classify", m}, {"classify", m, "--json"},
		{"complete", m, "--mask", "random:0.5"}, {"complete", m, "--mask", "random:0.5", "--json"}, {"complete", m, "--mask", hostile},
		{"generate", m}, {"generate", m, "--label", "iris" + hostile}, {"generate", m, "--label", hostile}, {"generate", m, "--json"},
		{"inspect", m}, {"inspect", m, "--json"},
		{"export", m, "--to", "exported" + hostile + ".npz"},
		{"import", m, "--out", "imported" + hostile + ".safetensors"},
		{"runs"}, {"runs", "."}, {"runs", dir}, {"runs", dir, "--json"}, {"runs", hostile},
		{"report", dir}, {"report", dir, "--json"}, {"report", hostile},
		{"compare", flowers, "--label", label, "--epochs", "1"},
		{"data", "show", flowers, "--label", label}, {"data", "show", flowers, "--label", label, "--json"}, {"data", "show", flowers},
		{"config", "show", filepath.Join(dir, run.RecipeFile)}, {"config", "check", filepath.Join(dir, run.RecipeFile)}, {"config", "check", flowers},
		{"sweep", "--config", filepath.Join(dir, run.RecipeFile)}, {"sweep", "--config", hostile},
		{hostile}, {"eval", "--" + hostile}, {"eval", m, "--top-activation", hostile}, {"version", "--gemm", hostile},
		{"__complete", "eval", ""}, {"__complete", "generate", m, "--label", ""},
	}
	for _, key := range []string{trained.RecipeKey, trained.InputsKey, trained.TargetsKey, trained.ImageKey, trained.ClassesKey, trained.ColumnsKey, trained.TableKey} {
		commands = append(commands, []string{"eval", key}, []string{"predict", key, flowers})
	}
	shown := 0
	for i, args := range commands {
		if i == 1 { // the model is there
			for _, args := range commands[len(commands)-14:] {
				n := must(model.Load(m, model.Config{}))
				n.SetMetadata(args[1], hostile)
				if err := n.Save(args[1]); err != nil {
					t.Fatal(err)
				}
			}
		}
		var stdout, stderr bytes.Buffer
		code := execute(t.Context(), args, strings.NewReader(rows), &stdout, &stderr)
		text := stdout.String() + stderr.String()
		for i, r := range text {
			if unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) {
				t.Errorf("pcnrun %q, exit code %d, prints %q", args, code, text[max(0, i-40):min(len(text), i+40)])
				break
			}
		}
		shown += strings.Count(text, `\u001b[31m`)
		if testing.Verbose() {
			t.Logf("%q: %d\n%.800s", args, code, text)
		}
	}
	if shown < 100 {
		t.Errorf("only %d of the names were printed at all", shown)
	}
}

// TestOneWayOut: no file but main.go knows a way to the terminal beside the screens.
func TestOneWayOut(t *testing.T) {
	for _, file := range append(must(filepath.Glob("*/*.go")), must(filepath.Glob("internal/*/*.go"))...) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text := string(must(os.ReadFile(file)))
		for _, way := range []string{"os.Stdout", "os.Stderr", "fmt.Print", "println("} {
			if strings.Contains(strings.ReplaceAll(text, "Fprintln(", ""), way) {
				t.Errorf("%s: %s, want a.Stdout or a.Stderr", file, way)
			}
		}
	}
}
