package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/pcn/internal/cli"
)

// TestReference checks that the committed reference is what the commands say.
func TestReference(t *testing.T) {
	dir := t.TempDir()
	if code := execute(t.Context(), []string{"man", "--markdown", dir, "-q"}, nil, io.Discard, os.Stderr); code != cli.ExitOK {
		t.Fatalf("exit code %d", code)
	}
	read := func(dir string) map[string]string {
		pages := map[string]string{}
		for _, path := range must(filepath.Glob(filepath.Join(dir, "*"))) {
			pages[filepath.Base(path)] = string(must(os.ReadFile(path)))
		}
		return pages
	}
	if diff := cmp.Diff(read(dir), read("doc")); diff != "" {
		t.Errorf("the folder doc is not what the commands say: run go generate, and remove pages of commands that are gone (-want +got)\n%s", diff)
	}
}

// wholeRoot returns pcnrun with all of its commands.
func wholeRoot() *cobra.Command {
	a := &cli.App{Stdout: io.Discard, Stderr: io.Discard}
	root := newRoot(a)
	a.Prepare(root)
	return root
}

// TestHelp checks that every command explains itself: what it does, with examples
// that its own flags understand, and each line short enough for a terminal.
func TestHelp(t *testing.T) {
	var check func(c *cobra.Command)
	check = func(c *cobra.Command) {
		t.Run(c.CommandPath(), func(t *testing.T) {
			if c.Short == "" || c.Long == "" || c.Example == "" {
				t.Errorf("short %q, long %q, examples %q", c.Short, c.Long, c.Example)
			}
			var help bytes.Buffer
			c.SetOut(&help)
			if err := c.Help(); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(help.String()) {
				if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 110 && !strings.HasPrefix(line, "  pcnrun ") {
					t.Errorf("%d columns: %s", n, line)
				}
			}
			shown := help.String()
			c.LocalFlags().VisitAll(func(f *pflag.Flag) {
				if c.PersistentFlags().Lookup(f.Name) == nil && !strings.Contains(shown, "--"+f.Name+" ") {
					t.Errorf("--%s is not shown", f.Name)
				}
			})
		})
		for _, child := range c.Commands() {
			check(child)
		}
	}
	root := wholeRoot()
	check(root)
	for line := range strings.Lines(examples(root)) {
		checkExample(t, strings.TrimSpace(line))
	}
}

// examples returns the examples of c and of the commands below it.
func examples(c *cobra.Command) string {
	text := c.Example + "\n"
	for _, child := range c.Commands() {
		text += examples(child)
	}
	return text
}

// checkExample checks that a line of examples, as far as it runs pcnrun, is one that
// pcnrun understands.
func checkExample(t *testing.T, line string) {
	for _, part := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune("|()'<>", r) }) {
		words := regexp.MustCompile(`"[^"]*"|\S+`).FindAllString(part, -1)
		for i := range words {
			words[i] = strings.Trim(words[i], `"`)
		}
		if len(words) == 0 || words[0] != "pcnrun" {
			continue
		}
		root := wholeRoot()
		root.InitDefaultHelpCmd()
		c, args, err := root.Find(words[1:])
		if err == nil {
			err = c.ParseFlags(args)
		}
		if err == nil && !strings.Contains(line, "photos") && c.Args != nil { // a folder of one's own
			err = c.Args(c, c.Flags().Args())
		}
		if err != nil {
			t.Errorf("example %q: %v", line, err)
		}
	}
}

// TestJSON checks that every command that does something prints JSON on demand.
func TestJSON(t *testing.T) {
	none := map[string]bool{"completion": true, "init": true, "help": true, "play": true}
	var check func(c *cobra.Command)
	check = func(c *cobra.Command) {
		if c.Runnable() && !c.HasSubCommands() && !none[c.Name()] && c.Flags().Lookup("json") == nil {
			t.Errorf("%s has no --json", c.CommandPath())
		}
		for _, child := range c.Commands() {
			check(child)
		}
	}
	check(wholeRoot())
}
