//go:build unix

package terminal

import (
	"os"
	"syscall"
)

// endingSignals ask a process to end, or to save what it has: the last three are those
// that batch systems send ahead of the end of a job's time.
var endingSignals = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGXCPU}
