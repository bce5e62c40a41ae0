package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.com/pcn/internal/cli"
	"example.com/pcn/model"
	"example.com/pcn/train/run"
	"example.com/pcn/train/trained"
)

// TestChangedData changes the file that a model learned from: eval scores the same
// examples as before, or says what is another, or refuses what may hold examples
// that were learned; and a run does not go on with other examples.
func TestChangedData(t *testing.T) {
	root := t.TempDir()
	rows, tests := filepath.Join(root, "d.csv"), filepath.Join(root, "t.csv")
	write := func(path string, text []byte) {
		t.Helper()
		if err := os.WriteFile(path, text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	whole := twoKinds(200, "red", "blue")
	write(rows, whole)
	write(tests, twoKinds(31, "red", "blue"))
	cut, apart := filepath.Join(root, "cut"), filepath.Join(root, "apart")
	train := []string{"train", rows, "--label", "kind", "--layers", "2,4,2", "--epochs", "3", "-q", "--out"}
	mustRun(t, append(train, cut)...)
	mustRun(t, append(train, apart, "--test", tests)...)
	eval := func(dir string) said { return pcnrun(t, "eval", filepath.Join(dir, run.ModelFile), "--json", "-q") }
	want := eval(cut)
	stopRun(t, cut)
	stopped := snapshot(t, cut)

	lines := strings.SplitAfter(string(whole), "\n")
	replace := func(old, new string) []byte { return bytes.ReplaceAll(whole, []byte(old), []byte(new)) }
	swapped := []byte("b,a,kind\n")
	for _, line := range lines[1:201] {
		f := strings.Split(line, ",")
		swapped = append(swapped, f[1]+","+f[0]+","+f[2]...)
	}
	for what, c := range map[string]struct {
		text         []byte
		eval, resume string // in the error
	}{
		"a class renamed": {twoKinds(200, "red", "zebra"), `d.csv: line 3: column 3 ("kind"): must be one of the classes "blue", "red", got "zebra"`, "d.csv has changed since: its training part has other values or classes"},
		"rows added":      {twoKinds(350, "red", "blue"), "d.csv has changed since " + cut, "its training part had 144 examples and has 272"},
		"rows taken away": {twoKinds(100, "red", "blue"), "its test part had 30 examples and has 15", "d.csv has changed"},
		"another order":   {[]byte(lines[0] + strings.Join(lines[101:201], "") + strings.Join(lines[1:101], "")), "has changed since", "has changed since"},
		"columns swapped": {swapped, "", "has changed since"}, // which is read by names
		"names swapped":   {replace("a,b,kind", "b,a,kind"), "has changed since", ""},
		"one value":       {[]byte(strings.Join(lines[:5], "") + "9,9,blue\n" + strings.Join(lines[6:], "")), "", ""},
	} {
		write(rows, c.text)
		got := eval(cut)
		switch {
		case c.eval != "":
			if got.code == cli.ExitOK || !strings.Contains(got.stderr, c.eval) || got.stdout != "" {
				t.Errorf("%s: eval: exit code %d, %s, want an error with %q", what, got.code, got.stderr, c.eval)
			}
		case what == "one value": // of the training part, or else of the test part, and that is said
			if got.code == cli.ExitOK && !strings.Contains(got.stderr, "other values") {
				t.Errorf("%s: eval: not a word: %s", what, got.stdout)
			}
		case got != want: // the values are the same
			t.Errorf("%s: eval: got %+v, want %+v", what, got, want)
		}
		if c.resume == "" {
			continue
		}
		got = pcnrun(t, "train", "--resume", cut, "-q")
		if got.code == cli.ExitOK || !strings.Contains(got.stderr, c.resume) || !strings.Contains(got.stderr, run.CheckpointFile) {
			t.Errorf("%s: resume: exit code %d, %s, want an error with %q", what, got.code, got.stderr, c.resume)
		}
		for name, text := range snapshot(t, cut) {
			if !bytes.Equal(text, stopped[name]) {
				t.Errorf("%s: resume changed %s", what, name)
			}
		}
	}

	// A class that is in none of the rows now is still the model's.
	write(rows, whole)
	write(tests, []byte("a,b,kind\n0,0,red\n4,-4,blue\n0.5,0,red\n"))
	got := eval(apart)
	if got.code != cli.ExitOK || !strings.Contains(got.stdout, `"test_examples":3,`) || !strings.Contains(got.stderr, "its test part had 31 examples and has 3") {
		t.Errorf("another test part: exit code %d, %s, %s", got.code, got.stdout, got.stderr)
	}
	write(tests, []byte("a,b,kind\n4,-4,blue\n4.5,-4,blue\n"))
	if got := eval(apart); got.code != cli.ExitOK || !strings.Contains(got.stdout, `"test_accuracy":1,`) {
		t.Errorf("a test part of one class: exit code %d, %s, %s", got.code, got.stdout, got.stderr)
	}

	// A model of before says what is not known of it.
	write(rows, whole)
	old := filepath.Join(cut, run.ModelFile)
	loaded, err := model.Load(old, model.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := loaded.SetMetadata(trained.DataKey, ""); err != nil {
		t.Fatal(err)
	}
	if err := loaded.Save(old); err != nil {
		t.Fatal(err)
	}
	if got := eval(cut); got.code != cli.ExitOK || got.stdout != want.stdout || !strings.Contains(got.stderr, "does not say which examples it learned from") {
		t.Errorf("without fingerprints: %+v", got)
	}
}
