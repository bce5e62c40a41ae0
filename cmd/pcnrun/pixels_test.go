package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nlpodyssey/safetensors"

	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/tensorfile"
	"example.com/pcn/train/run"
)

// TestImportScale imports the bare weights of a network that learned from pixels in
// [0, 1], and in [-1, 1]: the scale is said where no flag gives it, and with the
// right one the score is the network's.
func TestImportScale(t *testing.T) {
	dir := t.TempDir()
	config, bare := filepath.Join(dir, "run.yaml"), filepath.Join(dir, "bare.safetensors")
	for _, pixels := range []string{"0,1", "-1,1"} {
		if err := os.WriteFile(config, []byte("data: {pixels: ["+pixels+"]}\nmodel: {layers: [64, 32, 10]}\nlearning: {epochs: 8}\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		mustRun(t, "train", "--config", config, "-q", "--force", "--out", dir)
		want := mustRun(t, "eval", filepath.Join(dir, run.ModelFile), "-q").stdout

		data, err := os.ReadFile(filepath.Join(dir, run.ModelFile))
		if err != nil {
			t.Fatal(err)
		}
		tensors, _, err := tensorfile.Read(data)
		if err != nil {
			t.Fatal(err)
		}
		if data, err = safetensors.Serialize(tensors, nil); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(bare, data, 0o666); err != nil {
			t.Fatal(err)
		}
		for flag, c := range map[string]struct {
			said string
			same bool
		}{
			"":                 {"pixels are scaled: they are taken to be in [0, 1]; --pixels", pixels == "0,1"},
			"--pixels=0,1":     {"", pixels == "0,1"},
			"--pixels=-1,1":    {"", pixels == "-1,1"},
			"--recipe=article": {"", pixels == "-1,1"},
		} {
			out := filepath.Join(dir, "imported.safetensors")
			args := []string{"import", bare, "--dataset", "digits", "--direction", "discriminative", "--activation", "leaky-relu", "--force", "--out", out, "-q"}
			if flag != "" {
				args = append(args, flag)
			}
			imported := mustRun(t, args...)
			if (c.said == "") != (imported.stderr == "") || !strings.Contains(imported.stderr, c.said) {
				t.Errorf("pixels in [%s], %s: import says %q, want %q", pixels, flag, imported.stderr, c.said)
			}
			if got := mustRun(t, "eval", out, "-q"); (got.stdout == want) != c.same || got.stderr != "" {
				t.Errorf("pixels in [%s], %s: %s%s, the network scored %s", pixels, flag, got.stdout, got.stderr, want)
			}
		}
		got := mustRun(t, "eval", bare, "--dataset", "digits", "--direction", "discriminative", "--activation", "leaky-relu", "--top-activation", "identity", "-q")
		if (got.stdout == want) != (pixels == "-1,1") || !strings.Contains(got.stderr, "they are taken to be in [-1, 1]; --pixels") {
			t.Errorf("pixels in [%s]: eval of bare weights: %+v, the network scored %s", pixels, got, want)
		}
	}
	if got := pcnrun(t, "eval", filepath.Join(dir, run.ModelFile), "--pixels", "0,1"); got.code != cli.ExitUsage || !strings.Contains(got.stderr, "says how its inputs are scaled") {
		t.Errorf("--pixels of a model that says them: %+v", got)
	}
}
