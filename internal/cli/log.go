package cli

import (
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"runtime/debug"

	"example.com/pcn/internal/gemm"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/data"
)

// setLog makes slog's default logger, which tells what pcnrun reads and chooses,
// write to w, or nowhere.
func setLog(w io.Writer, verbose bool) {
	handler := slog.DiscardHandler
	if verbose {
		handler = slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug})
	}
	slog.SetDefault(slog.New(handler))
}

func logKernel() {
	slog.Info("kernel", "gemm", gemm.Kernel(), "cores", runtime.GOMAXPROCS(0), "version", Version())
}

func LogSets(d train.Data, sets train.Sets) {
	dir := d.Dir
	if dir == "" && d.FromFiles() {
		dir, _ = data.Find(d.Dataset)
	}
	slog.Info("read data", "dataset", d.Dataset, "folder", dir, "train", sets.Train.Len(), "validation", sets.Validation.Len(), "test", sets.Test.Len(),
		"inputs", sets.Train.InputSize(), "targets", sets.Train.TargetSize())
}

func logModel(path string, n *model.Network, inf model.Inference) {
	slog.Info("read model", "file", path, "network", n, "method", inf.Method, "steps", inf.Steps, "inference_rate", inf.Rate)
}

// LogSettled says how a batch settled; r is nil where nothing did.
func LogSettled(r *model.Result) {
	if r == nil || r.Steps == 0 {
		return
	}
	form := "plain"
	if r.Gram {
		form = "gram"
	}
	slog.Debug("settled", "status", r.Status, "steps", r.Steps, "inference_rate", r.Rate, "energy_form", form, "residual", r.Residual)
}

// Version returns the module's version and, where the build knows it, the
// commit.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "of unknown version"
	}
	text := info.Main.Version
	if text == "" {
		text = "(devel)"
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if commit := settings["vcs.revision"]; commit != "" {
		text += fmt.Sprintf(" commit %.12s of %s", commit, settings["vcs.time"])
		if settings["vcs.modified"] == "true" {
			text += ", modified"
		}
	}
	return text
}
