package learn

import (
	"path/filepath"
	"strings"
	"testing"

	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/cli/clitest"
	"example.com/pcn/train/run"
)

// TestTrain trains into a folder, which is not written to again unasked, and reports a run
// that has ended as it ended.
func TestTrain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sine")
	first, _ := clitest.Run(t, Train, cli.ExitOK, "", "sine", "--epochs", "2", "--out", dir, "--json", "-q")
	if !strings.Contains(first, `"epochs":2,`) {
		t.Errorf("want 2 epochs, got %s", first)
	}
	if _, said := clitest.Run(t, Train, cli.ExitUsage, "", "sine", "--out", dir); !strings.Contains(said, "holds a run already") {
		t.Errorf("got %s", said)
	}
	if again, _ := clitest.Run(t, Train, cli.ExitOK, "", "--resume", dir, "--json", "-q"); again != first {
		t.Errorf("ended as %s, and is said to have ended as %s", first, again)
	}
	rec, err := run.LoadRecord(dir)
	if err != nil {
		t.Fatal(err)
	}
	if want := "pcnrun train sine --epochs 2 --out " + dir + " --json -q"; rec.Command != want {
		t.Errorf("command %q, want %q", rec.Command, want)
	}
}

// TestFlags: a number out of bounds names its flag, and a setting that does not fit names its key.
func TestFlags(t *testing.T) {
	for flag, want := range map[string]string{
		"--epochs=0":             `"--epochs" flag: must be a number >= 1, got 0`,
		"--tolerance=1":          `"--tolerance" flag: must be a number >= 0 and < 1, got 1`,
		"--precisions=1,x":       `"--precisions" flag: must be a number, got "x"`,
		"--node-rates=hidden1:2": `"--node-rates" flag: must be of the form NAME=VALUE, got "hidden1:2"`,
		"--method=newton":        `"--method" flag: must be one of adam`,
		"--rate=-1":              `"--rate" flag: must be a number > 0, got -1`,
		"--node-rates=nobody=2":  `inference.node_rates: must be of nodes`,
	} {
		if _, said := clitest.Run(t, Train, cli.ExitUsage, "", "sine", flag); !strings.Contains(said, want) {
			t.Errorf("%s: want %s, got %s", flag, want, said)
		}
	}
}
