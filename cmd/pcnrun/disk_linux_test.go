package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"example.com/pcn/internal/cli"
	"example.com/pcn/train"
	"example.com/pcn/train/run"
)

// TestFullDisk fills a small disk under a run that writes checkpoints: the run
// ends with an error that names the file, the checkpoint before it loads and no
// temporary file is left, and with room again the run goes on.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("a tmpfs cannot be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	filler := filepath.Join(dir, "filler")
	failCheckpoint(t, filepath.Join(dir, "run"), "no space left on device", func() {
		f := must(os.Create(filler))
		defer f.Close()
		for {
			if _, err := f.Write(make([]byte, 1<<12)); errors.Is(err, syscall.ENOSPC) {
				return
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}, func() {
		noneLeft(t, filepath.Join(dir, "run"))
		must(0, os.Remove(filler))
	})
}

// TestReadOnlyFolder takes away the right to write to the folder of a run: as
// TestFullDisk.
func TestReadOnlyFolder(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "run")
	deny, allow := func() error { return os.Chmod(out, 0o555) }, func() error { return os.Chmod(out, 0o755) }
	want := "permission denied"
	if os.Geteuid() == 0 { // whom the mode does not stop
		chattr := func(flag string) error { return exec.Command("chattr", flag, out).Run() }
		if err := errors.Join(os.Mkdir(out, 0o755), chattr("+i"), chattr("-i")); err != nil {
			t.Skipf("root writes to any folder, and chattr +i does not work here: %v", err)
		}
		t.Cleanup(func() { chattr("-i") })
		deny, allow = func() error { return chattr("+i") }, func() error { return chattr("-i") }
		want = "operation not permitted"
	}
	failCheckpoint(t, out, want, func() { must(0, deny()) }, func() { must(0, allow()) })
}

// failCheckpoint runs an endless training in dir, makes it fail once it has
// written a checkpoint, checks what is left, and goes on after the mending.
func failCheckpoint(t *testing.T, dir, want string, fail, mend func()) {
	t.Helper()
	checkpoint := filepath.Join(dir, run.CheckpointFile)
	run := exec.Command("pcnrun", "train", "digits", "--layers", "64,16,10", "--epochs", "1000000", "--validation", "0", "--checkpoint-every", "1b", "--out", dir, "-q")
	var stderr bytes.Buffer
	run.Stderr = &stderr
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	defer run.Process.Kill()
	await(t, func() bool { _, err := os.Stat(checkpoint); return err == nil })
	fail()
	var exit *exec.ExitError
	if err := run.Wait(); !errors.As(err, &exit) || exit.ExitCode() != cli.ExitFailure {
		t.Fatalf("want exit code %d, got %v", cli.ExitFailure, err)
	}
	if got := stderr.String(); !strings.Contains(got, dir+string(filepath.Separator)) || !strings.Contains(got, want) || strings.Count(got, "\n") != 1 {
		t.Errorf("want a line that names a file in %s and says %q, got %q", dir, want, got)
	}
	t.Logf("%s", stderr.String())
	from, err := train.LoadCheckpoint(checkpoint)
	if err != nil {
		t.Fatalf("the previous checkpoint: %v", err)
	}
	mend()
	again := exec.Command("pcnrun", "train", "--resume", dir, "--checkpoint-every", "1b", "-q")
	if err := again.Start(); err != nil {
		t.Fatal(err)
	}
	defer again.Process.Kill()
	was := must(os.Stat(checkpoint)).ModTime()
	await(t, func() bool { return must(os.Stat(checkpoint)).ModTime() != was })
	again.Process.Signal(os.Interrupt)
	if err := again.Wait(); !errors.As(err, &exit) || exit.ExitCode() != cli.ExitInterrupted {
		t.Fatalf("resumed: want exit code %d, got %v", cli.ExitInterrupted, err)
	}
	later, err := train.LoadCheckpoint(checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	if done := func(c *train.Checkpoint) int { return 1000*len(c.History.Epochs) + c.Batch }; done(later) <= done(from) {
		t.Errorf("the resumed run has not gone on")
	}
	noneLeft(t, dir)
}

// await waits until a condition holds.
func await(t *testing.T, holds func() bool) {
	t.Helper()
	for began := time.Now(); !holds(); time.Sleep(time.Millisecond) {
		if time.Since(began) > 30*time.Second {
			t.Fatal("waited for 30 s")
		}
	}
}

// noneLeft checks that no temporary file is in dir.
func noneLeft(t *testing.T, dir string) {
	t.Helper()
	for _, e := range must(os.ReadDir(dir)) {
		if strings.HasSuffix(e.Name(), ".part") {
			t.Errorf("%s is left behind", e.Name())
		}
	}
}
