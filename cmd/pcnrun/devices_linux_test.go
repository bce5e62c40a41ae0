package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.com/pcn/internal/cli"
	"example.com/pcn/train/run"
)

// refuses runs pcnrun, which must end with an exit code other than 0, one line that
// holds want, within 10 seconds and 500 MB.
func refuses(t *testing.T, want string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit(10*time.Second))
	defer cancel()
	var stderr bytes.Buffer
	peak, err := peakOf(ctx, t, nil, io.Discard, &stderr, args...)
	var exit *exec.ExitError
	if ctx.Err() != nil || !errors.As(err, &exit) || exit.ExitCode() != cli.ExitFailure || !strings.Contains(stderr.String(), want) {
		t.Errorf("pcnrun %q: %v, and %.1000q, want %q", args, err, stderr.String(), want)
	}
	if peak > 500<<20 {
		t.Errorf("pcnrun %q: %d MB", args, peak>>20)
	}
}

// TestDevices gives a device that never ends, and a pipe that nobody writes to, where
// files are expected, by their own names and as links in the folder of a run.
func TestDevices(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := syscall.Mkfifo("pipe", 0o600); err != nil {
		t.Fatal(err)
	}
	if code := execute(t.Context(), []string{"train", "sine", "--epochs", "1", "-q", "--out", "good"}, nil, io.Discard, os.Stderr); code != cli.ExitOK {
		t.Fatalf("train: exit code %d", code)
	}
	for source, kind := range map[string]string{"/dev/zero": "device", must(filepath.Abs("pipe")): "named pipe"} {
		want := source + ": must be a file, got a " + kind
		for _, command := range []string{
			"eval", "predict", "inspect", "classify", "complete", "generate", "import --out x.npz", "export --to x.npz",
			"config show", "sweep --config", "train --config",
		} {
			refuses(t, want, append(strings.Fields(command), source)...)
		}
		link := kind + ".csv"
		if err := os.Symlink(source, link); err != nil {
			t.Fatal(err)
		}
		want = ": must be a file, got a " + kind
		refuses(t, link+want, "train", link, "--label", "kind")
		refuses(t, link+want, "data", "show", link, "--label", "kind")
		for file, commands := range map[string][]string{
			run.RecordFile:     {"report", "runs", "train --resume"},
			run.MetricsFile:    {"report", "runs"},
			run.ModelFile:      {"report"},
			run.CheckpointFile: {"train --resume"},
		} {
			os.RemoveAll("run")
			if err := os.CopyFS("run", os.DirFS("good")); err != nil {
				t.Fatal(err)
			}
			if file == run.CheckpointFile { // which a run that has ended does not need
				os.Remove(filepath.Join("run", run.RecordFile))
			}
			os.Remove(filepath.Join("run", file))
			if err := os.Symlink(source, filepath.Join("run", file)); err != nil {
				t.Fatal(err)
			}
			for _, command := range commands {
				refuses(t, file+want, append(strings.Fields(command), "run")...)
			}
		}
	}
}

// TestWaitingForAPipe interrupts commands whose rows come from a pipe that nobody writes to:
// the first signal ends them.
func TestWaitingForAPipe(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := syscall.Mkfifo("pipe", 0o600); err != nil {
		t.Fatal(err)
	}
	if code := execute(t.Context(), []string{"train", "digits", "--layers", "64,10", "--epochs", "1", "-q", "--out", "run"}, nil, io.Discard, os.Stderr); code != cli.ExitOK {
		t.Fatalf("train: exit code %d", code)
	}
	for _, command := range []string{"predict MODEL pipe", "classify MODEL pipe", "eval MODEL --input pipe --label y", "complete MODEL --input pipe"} {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(200*time.Millisecond, cancel)
		command = strings.Replace(command, "MODEL", filepath.Join("run", run.ModelFile), 1)
		done := make(chan int, 1)
		go func() { done <- execute(ctx, strings.Fields(command), nil, io.Discard, os.Stderr) }()
		select {
		case code := <-done:
			if code != cli.ExitInterrupted {
				t.Errorf("%s: exit code %d", command, code)
			}
		case <-time.After(limit(10 * time.Second)):
			t.Fatalf("%s: still waits", command)
		}
	}
}

// TestClaims gives small files whose headers promise 2^60 elements, or whose content
// unpacks to gigabytes.
func TestClaims(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	safetensors := func(header string) string {
		return string([]byte{byte(len(header)), byte(len(header) >> 8), 0, 0, 0, 0, 0, 0}) + header
	}
	const huge = 1 << 60
	write("model.safetensors", safetensors(fmt.Sprintf(`{"layers.0.W.weight":{"dtype":"F32","shape":[%d,1],"data_offsets":[0,%d]}}`, huge, 4*huge)))
	write("lies.safetensors", safetensors(fmt.Sprintf(`{"layers.0.W.weight":{"dtype":"F32","shape":[%d,1],"data_offsets":[0,0]}}`, huge)))
	write("overflows.safetensors", safetensors(fmt.Sprintf(`{"layers.0.W.weight":{"dtype":"F32","shape":[%d,%[1]d],"data_offsets":[0,0]}}`, huge)))
	write("config.safetensors", safetensors(fmt.Sprintf(`{"__metadata__":{"pcn.config":"{\"layers\":[%d,%[1]d],\"direction\":\"generative\"}"}}`, 1<<15)))
	write("header.safetensors", "\x00\x00\x00\x00\x00\x00\x00\x10{}")
	for file, want := range map[string]string{
		"model.safetensors":     "metadata incomplete buffer",
		"lies.safetensors":      "info data offsets mismatch",
		"overflows.safetensors": "failed to compute num elements",
		"config.safetensors":    "layers.0.W.weight of shape [32768 32768] is missing",
		"header.safetensors":    "neither a safetensors nor an NPZ file",
	} {
		for _, command := range []string{"eval", "inspect", "predict"} {
			refuses(t, file+": ", command, file)
			refuses(t, want, command, file)
		}
	}

	npy := func(shape string) string {
		header := fmt.Sprintf("{'descr': '<f8', 'fortran_order': False, 'shape': %s, }", shape)
		return "\x93NUMPY\x01\x00" + string([]byte{byte(len(header)), 0}) + header
	}
	for shape, want := range map[string]string{
		fmt.Sprintf("(%d, 4)", huge):  "overflows",
		fmt.Sprintf("(%d, 4)", 1<<40): "got [1099511627776 4] of 35184372088832",
	} {
		write("arrays/x.npy", npy(shape))
		write("arrays/y.npy", npy("(2,)"))
		refuses(t, "x.npy: shape", "train", "arrays")
		refuses(t, want, "train", "arrays")
	}

	write("idx/train-images-idx3-ubyte", "\x00\x00\x08\x03\x10\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00")
	write("idx/t10k-images-idx3-ubyte", "\x00\x00\x08\x03\x10\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00")
	write("idx/train-labels-idx1-ubyte", "\x00\x00\x08\x01\x10\x00\x00\x00")
	write("idx/t10k-labels-idx1-ubyte", "\x00\x00\x08\x01\x10\x00\x00\x00")
	refuses(t, "train-labels-idx1-ubyte: shape [268435456]: must promise at most 8 bytes, got 268435456", "train", "idx")
	write("idx/train-labels-idx1-ubyte", "\x00\x00\x08\x01\x00\x00\x00\x01\x00")
	refuses(t, "train-images-idx3-ubyte: shape [268435456 65536 65536]", "train", "idx")

	zipped := func(path, start, text string) {
		t.Helper()
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		io.WriteString(z, start)
		if _, err := io.CopyN(z, &repeated{text: text}, 256<<20); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		write(path, b.String())
	}
	zipped("rows.csv.gz", "a,b,kind\n", "0,1,x\n")
	refuses(t, "rows.csv.gz: must unpack to at most 64 MiB, or 100 times its size, got more", "train", "rows.csv.gz", "--label", "kind")
	os.Remove("idx/train-images-idx3-ubyte")
	zipped("idx/train-images-idx3-ubyte.gz", "\x00\x00\x08\x03\x00\x00\x00\x01\x00\x00\x40\x00\x00\x00\x40\x00", "\x00")
	refuses(t, "must promise at most 67108864 bytes, got 268435456", "train", "idx")
}
