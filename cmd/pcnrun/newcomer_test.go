package main

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"example.com/pcn/cmd/pcnrun/tools"
	"example.com/pcn/internal/cli"
)

// plainWords are those of everyday English, and names, that need no explanation.
var plainWords = strings.Fields(`a always and at begin both browser by coding commonest each estimated exact explains for from in inside is it layers learn learned learns made mean measured of on other predict predictive read
	scores second shows that the their to trains uses was what whose with without words work worst wrote your`)

// TestNewcomer runs the commands that one types first: what each prints fits on a terminal
// of 24 lines and 80 columns and one line more, and the page of words explains each word.
func TestNewcomer(t *testing.T) {
	t.Chdir(t.TempDir())
	explained := strings.ToLower(tools.Words().Long)
	word := regexp.MustCompile(`[A-Za-z][A-Za-z-]*`)
	file := regexp.MustCompile(`\S*[./]\S*[a-z]|'[^']*'|pcnrun [a-z]+`) // and commands
	for _, args := range [][]string{nil, {"train"}, {"eval", "runs/digits/model.safetensors"}, {"inspect", "runs/digits/model.safetensors"}} {
		var out bytes.Buffer
		if code := execute(t.Context(), args, strings.NewReader(""), &out, &out); code != cli.ExitOK {
			t.Fatalf("%q: exit code %d: %s", args, code, out.String())
		}
		lines := 0
		for line := range strings.Lines(out.String()) {
			lines += 1 + (utf8.RuneCountInString(strings.TrimSuffix(line, "\n"))-1)/80
		}
		if lines > 25 {
			t.Errorf("%q prints %d lines at 80 columns, want at most 25:\n%s", args, lines, out.String())
		}
		text := file.ReplaceAllString(out.String(), "")
		if args == nil { // the names of commands, which --help explains
			text, _, _ = strings.Cut(text, "\nTrain ")
		}
		var unknown []string
		for _, w := range word.FindAllString(strings.ToLower(text), -1) {
			singular := regexp.MustCompile(`\b` + regexp.QuoteMeta(strings.TrimSuffix(w, "s")))
			if !slices.Contains(plainWords, w) && !singular.MatchString(explained) && !slices.Contains(unknown, w) {
				unknown = append(unknown, w)
			}
		}
		t.Logf("%q: %d lines, words not explained: %q", args, lines, unknown)
		if len(unknown) > 0 {
			t.Errorf("%q prints words that the page of words does not explain: %q\n%s", args, unknown, out.String())
		}
	}
}
