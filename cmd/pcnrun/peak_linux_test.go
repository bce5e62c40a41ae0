package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/race"
)

// limit returns how long what is to take d may take with the race detector, too.
func limit(d time.Duration) time.Duration {
	if race.Enabled {
		return 6 * d
	}
	return d
}

// peakOf runs pcnrun and returns the most memory, in bytes, that it held: 0 where that would
// be the race detector's own.
func peakOf(ctx context.Context, t *testing.T, stdin io.Reader, stdout, stderr io.Writer, args ...string) (int64, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "peak")
	cmd := exec.CommandContext(ctx, "peak", append([]string{file, "pcnrun"}, args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, stderr
	err := cmd.Run()
	if ctx.Err() != nil {
		return 0, err
	}
	most := must(strconv.ParseInt(string(must(os.ReadFile(file))), 10, 64))
	if race.Enabled {
		most = 0
	}
	return most, err
}

func init() { commands["peak"] = peak }

// peak is a command that runs another one, and writes the most memory that this held
// to a file. Linux counts for a process what the one that began it has: that must be a
// small one, and not the tests.
func peak() {
	cmd := exec.Command(os.Args[2], os.Args[3:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var exit *exec.ExitError
	err := cmd.Run()
	if err == nil || errors.As(err, &exit) {
		most := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
		err = os.WriteFile(os.Args[1], strconv.AppendInt(nil, most, 10), 0o666)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(cli.ExitFailure)
	}
	os.Exit(cmd.ProcessState.ExitCode())
}
