package use

import (
	"path/filepath"
	"strings"
	"testing"

	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/cli/clitest"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/run"
)

// TestUse scores and asks a model that the library left.
func TestUse(t *testing.T) {
	recipe, err := train.DefaultRecipe("sine", model.Discriminative, "")
	if err != nil {
		t.Fatal(err)
	}
	recipe.Learning.Epochs = 1
	dir := filepath.Join(t.TempDir(), "sine")
	r, err := run.Start(dir, recipe)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	if _, err := r.Train(t.Context(), run.Options{}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, run.ModelFile)
	if said, _ := clitest.Run(t, Eval, cli.ExitOK, "", path, "-q"); !strings.HasPrefix(said, r.Record.Result.TestLine()) {
		t.Errorf("want %s, got %s", r.Record.Result.TestLine(), said)
	}
	if said, _ := clitest.Run(t, Predict, cli.ExitOK, "0\n1.5\n", path); strings.Count(said, "\n") != 2 {
		t.Errorf("want a line for each of 2 rows, got %s", said)
	}
	clitest.Run(t, Predict, cli.ExitFailure, "one\n", path)
	clitest.Run(t, Classify, cli.ExitFailure, "", path)
}
