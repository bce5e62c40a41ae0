package runs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/cli/clitest"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/run"
)

// TestRuns lists and reports a run that the library made.
func TestRuns(t *testing.T) {
	dir := t.TempDir()
	recipe, err := train.DefaultRecipe("sine", model.Discriminative, "")
	if err != nil {
		t.Fatal(err)
	}
	recipe.Learning.Epochs = 1
	r, err := run.Start(filepath.Join(dir, "one"), recipe)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Train(t.Context(), run.Options{}); err != nil {
		t.Fatal(err)
	}
	r.Release()
	if list, _ := clitest.Run(t, Runs, cli.ExitOK, "", dir); !strings.Contains(list, "1/1") || !strings.Contains(list, run.Completed) {
		t.Errorf("got %s", list)
	}
	page := filepath.Join(dir, "page.html")
	clitest.Run(t, Report, cli.ExitOK, "", filepath.Join(dir, "one"), "--out", page)
	if _, err := os.Stat(page); err != nil {
		t.Error(err)
	}
	clitest.Run(t, Runs, cli.ExitFailure, "", t.TempDir())
}
