package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"example.com/pcn/internal/cli"
	"example.com/pcn/train/run"
)

// twoKinds returns n rows of two inputs and a kind, as CSV: red and blue ones that
// lie apart.
func twoKinds(n int, red, blue string) []byte {
	rng := rand.New(rand.NewPCG(7, 0))
	text := []byte("a,b,kind\n")
	for i := range n {
		k, name := float64(i%2), red
		if i%2 == 1 {
			name = blue
		}
		text = fmt.Appendf(text, "%.3f,%.3f,%s\n", 4*k+rng.Float64(), -4*k+rng.Float64(), name)
	}
	return text
}

// said is what a command did.
type said struct {
	code           int
	stdout, stderr string
}

// seconds are what no two runs have the same.
var seconds = regexp.MustCompile(`"(seconds|updated)":[^,}]*`)

func pcnrun(t *testing.T, args ...string) said {
	var stdout, stderr bytes.Buffer
	code := execute(t.Context(), args, strings.NewReader("1,0\n4,-4\n"), &stdout, &stderr)
	return said{code, seconds.ReplaceAllString(stdout.String(), ""), stderr.String()}
}

// mustRun runs a command that succeeds.
func mustRun(t *testing.T, args ...string) said {
	t.Helper()
	s := pcnrun(t, args...)
	if s.code != cli.ExitOK {
		t.Fatalf("pcnrun %s: %s", strings.Join(args, " "), s.stderr)
	}
	return s
}

// stopRun makes a run that has ended one that was killed just before: it goes on
// from its last checkpoint.
func stopRun(t *testing.T, dir string) {
	t.Helper()
	rec, err := run.LoadRecord(dir)
	if err != nil {
		t.Fatal(err)
	}
	rec.Result.Status = run.Running
	d, err := run.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Release()
	if err := rec.Save(d); err != nil {
		t.Fatal(err)
	}
}

// snapshot reads all files of a folder, and not what claims it.
func snapshot(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		if files[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// TestDamage flips a bit of each file in the folder of a run, or cuts it. Every
// command that reads the folder then names the file in an error, or does what it
// did with the whole file. PCN_DAMAGE=1 tries a bit in each byte of a header and a
// record; there are fewer by default, as the readers' own tests flip every bit.
func TestDamage(t *testing.T) {
	root := t.TempDir()
	rows, dir := filepath.Join(root, "d.csv"), filepath.Join(root, "run")
	if err := os.WriteFile(rows, twoKinds(60, "red", "blue"), 0o666); err != nil {
		t.Fatal(err)
	}
	mustRun(t, "train", rows, "--label", "kind", "--layers", "2,3,2", "--epochs", "6", "--patience", "2", "--rate", "0.1", "-q", "--out", dir)
	model, best := filepath.Join(dir, run.ModelFile), filepath.Join(dir, run.BestFile)
	commands := map[string][]string{
		"eval":    {"eval", model, "--json", "-q"},
		"best":    {"eval", best, "--json", "-q"},
		"predict": {"predict", model, "-"},
		"runs":    {"runs", dir, "--json"},
		"inspect": {"inspect", model, "--json", "-q", "--out", t.TempDir()},
		"ended":   {"train", "--resume", dir, "--json", "-q"},
		"stopped": {"train", "--resume", dir, "--json", "-q"},
	}
	ended := snapshot(t, dir)
	stopRun(t, dir)
	stopped := snapshot(t, dir)
	files := func(command string) map[string][]byte {
		if command == "stopped" {
			return stopped
		}
		return ended
	}
	write := func(file string, text []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, file), text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	restore := func(command string) {
		t.Helper()
		for file, text := range files(command) {
			write(file, text)
		}
	}
	want := map[string]said{}
	for command, args := range commands {
		restore(command)
		want[command] = mustRun(t, args...)
		if again := snapshot(t, dir)[run.ModelFile]; !bytes.Equal(again, ended[run.ModelFile]) {
			t.Fatalf("%s: the model is another", command)
		}
	}

	tries, refused := 0, 0
	try := func(command, file string, text []byte, what string) {
		t.Helper()
		write(file, text)
		defer write(file, files(command)[file])
		got := pcnrun(t, commands[command]...)
		tries++
		if got.code != cli.ExitOK && strings.Contains(got.stderr, file) {
			refused++
			return
		}
		if got.code != cli.ExitOK || got.stdout != want[command].stdout {
			t.Errorf("%s: %s: %s: exit code %d, printed %q, want %q or an error that names the file: %s", file, what, command, got.code, got.stdout, want[command].stdout, got.stderr)
		}
		if command == "stopped" {
			if !bytes.Equal(snapshot(t, dir)[run.ModelFile], ended[run.ModelFile]) {
				t.Errorf("%s: %s: %s: went on to another model", file, what, command)
			}
			restore(command)
		}
	}
	step := 7
	if testing.Short() {
		step = 251
	}
	if os.Getenv("PCN_DAMAGE") != "" {
		step = 1
	}
	for file, readers := range map[string][]string{
		run.ModelFile:      {"eval", "predict", "ended", "inspect", "runs"},
		run.BestFile:       {"best", "runs"},
		run.CheckpointFile: {"stopped", "ended", "runs"},
		run.RecordFile:     {"runs", "ended", "stopped", "eval"},
		run.MetricsFile:    {"runs", "ended", "stopped"},
		run.RecipeFile:     {"runs", "ended", "stopped", "eval"},
		run.CurvesFile:     {"runs"},
		run.ReportFile:     {"runs", "ended"},
	} {
		whole := ended[file]
		dense := len(whole) // where a bit of each byte is flipped
		switch filepath.Ext(file) {
		case ".safetensors":
			dense = 8 + int(binary.LittleEndian.Uint64(whole))
		case ".png", ".html":
			dense = 0
		}
		for i, command := range readers {
			restore(command)
			whole := files(command)[file]
			every := step
			if i > 0 {
				every = 61 // the first reads as the others do
			}
			if command == "inspect" || len(whole) > 1<<14 {
				every = 997
			}
			for at := 0; at < len(whole); at += every {
				if at >= dense {
					at += 2 * every
				}
				if at < len(whole) {
					damaged := bytes.Clone(whole)
					damaged[at] ^= 1 << (at % 8)
					try(command, file, damaged, fmt.Sprintf("bit %d of byte %d", at%8, at))
				}
			}
			for _, n := range []int{0, 1, 8, 100, dense, len(whole) / 2, bytes.IndexByte(whole, '\n') + 1, len(whole) - 2} {
				if n <= len(whole)-2 {
					try(command, file, whole[:max(n, 0)], fmt.Sprintf("cut to %d bytes", n))
				}
			}
		}
	}
	t.Logf("%d tries, of which %d were refused", tries, refused)
	least := tries * 2 / 3 // the rest are of files that a command does not need
	if testing.Short() {   // more of what is tried is of those
		least = tries / 4
	}
	if refused < least {
		t.Error("much damage went unseen")
	}
}

// TestBeginsAnew: a run that was stopped before its first checkpoint begins anew,
// with its settings.
func TestBeginsAnew(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	mustRun(t, "train", "sine", "--epochs", "2", "--layers", "1,4,1", "-q", "--out", dir)
	want := snapshot(t, dir)
	stopRun(t, dir)
	for name := range want {
		if name != run.RecordFile {
			os.Remove(filepath.Join(dir, name))
		}
	}
	mustRun(t, "train", "--resume", dir, "-q")
	if got := snapshot(t, dir)[run.ModelFile]; !bytes.Equal(got, want[run.ModelFile]) {
		t.Error("the model is another")
	}
}
