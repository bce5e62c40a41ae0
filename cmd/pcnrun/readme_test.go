package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const readme = "../../README.md"

// block is a fenced block of the README.
type block struct {
	line     int // of its first line, from 1
	language string
	text     string
}

// readmeBlocks returns the fenced blocks of the README in a language.
func readmeBlocks(t *testing.T, language string) []block {
	t.Helper()
	var blocks []block
	var open *block
	at := 0
	for line := range strings.Lines(string(must(os.ReadFile(readme)))) {
		at++
		fence, isFence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case isFence && open == nil:
			open = &block{line: at + 1, language: fence}
		case isFence:
			if open.language == language {
				blocks = append(blocks, *open)
			}
			open = nil
		case open != nil:
			open.text += line
		}
	}
	if open != nil {
		t.Fatalf("the block at line %d has no end", open.line)
	}
	return blocks
}

// TestReadmeCommands runs the lines of the README's sh blocks that begin with pcnrun or go
// run ./cmd/pcnrun, one after the other in a folder with the examples; what learns or
// measures does so for a short time. Every line is one that pcnrun understands; one that
// wants data that are not here is not run.
func TestReadmeCommands(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no shell")
	}
	dir := t.TempDir() // is the home folder, too
	if realMNIST != "" && !testing.Short() {
		if err := os.Symlink(realMNIST, filepath.Join(dir, "mnist")); err != nil {
			t.Fatal(err)
		}
	}
	examples := filepath.Join(dir, "cmd", "pcnrun", "examples")
	if err := os.CopyFS(examples, os.DirFS("examples")); err != nil {
		t.Fatal(err)
	}
	for _, b := range readmeBlocks(t, "yaml") {
		if shipped := string(must(os.ReadFile(filepath.Join(examples, "network.yaml")))); shipped != b.text {
			t.Errorf("line %d: is another network than examples/network.yaml, which is\n%s", b.line, shipped)
		}
	}
	begin := regexp.MustCompile(`^(\$ )?(pcnrun|go run \./cmd/pcnrun)( |$)`)
	ran := 0
	for _, b := range readmeBlocks(t, "sh") {
		at := b.line - 1
		for line := range strings.Lines(b.text) {
			at++
			command, _, _ := strings.Cut(strings.TrimSpace(line), " #")
			if command = strings.TrimSpace(command); !begin.MatchString(command) {
				continue
			}
			command = begin.ReplaceAllString(command, "pcnrun ")
			t.Run(fmt.Sprintf("line %d", at), func(t *testing.T) {
				checkExample(t, command)
				if why := missing(dir, command); why != "" {
					t.Skipf("%s: %s", command, why)
				}
				ran++
				cmd := exec.Command("sh", "-c", quick(command))
				cmd.Dir = dir
				cmd.Env = append(os.Environ(), "HOME="+dir, "PCN_DATA="+dir)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%s: %v\n%s", quick(command), err, out)
				}
			})
		}
	}
	if ran == 0 {
		t.Errorf("%s: no command was run", readme)
	}
}

// missing says what a command wants that is not in dir: data that are not here. Files are
// among the examples, or earlier lines have written them.
func missing(dir, command string) string {
	switch _, err := os.Stat(filepath.Join(dir, "mnist")); {
	case strings.Contains(command, "data get"):
		return "nothing is downloaded"
	case strings.Contains(command, "mnist") && err != nil:
		return "needs MNIST, and more time than a short test has"
	}
	return ""
}

// quick makes a command take a short time: a later flag comes before an earlier one.
func quick(command string) string {
	command, rest, _ := strings.Cut(command, "|")
	command, file, redirected := strings.Cut(command, ">")
	words := strings.Fields(command)
	switch {
	case len(words) < 2 || strings.Contains(command, "--help") || strings.Contains(command, "--resume"):
	case words[1] == "train" || words[1] == "compare":
		command += " --epochs 1"
		if strings.Contains(command, "mnist") {
			command += " --limit 200"
		}
	case words[1] == "reproduce" && len(words) > 2:
		command += " --quick --seeds 1"
	case words[1] == "play": // is there until it is ended
		command = "rm -f url; " + command + ">url & until [ -s url ]; do sleep 0.1; done; kill $!; wait $!"
	case words[1] == "bench":
		command += " --rounds 1"
	case words[1] == "complete" || words[1] == "classify":
		command += " --limit 20"
	}
	if redirected {
		command += " >" + file
	}
	if rest != "" {
		command += " |" + rest
	}
	return command
}

// TestReadmeProgram runs the README's Go program; a short test only checks its types.
func TestReadmeProgram(t *testing.T) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("the go tool is not available: ", err)
	}
	ran := false
	for _, b := range readmeBlocks(t, "go") {
		if !strings.Contains(b.text, "package main") {
			continue
		}
		ran = true
		file := filepath.Join(t.TempDir(), "main.go")
		if err := os.WriteFile(file, []byte(b.text), 0o666); err != nil {
			t.Fatal(err)
		}
		command := "run"
		if testing.Short() {
			command = "vet"
		}
		if out, err := exec.Command(goTool, command, file).CombinedOutput(); err != nil {
			t.Errorf("README, line %d: go %s: %v\n%s", b.line, command, err, out)
		}
	}
	if !ran {
		t.Errorf("%s: has no Go program", readme)
	}
}
