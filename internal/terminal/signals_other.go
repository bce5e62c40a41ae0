//go:build !unix

package terminal

import (
	"os"
	"syscall"
)

// endingSignals ask a process to end.
var endingSignals = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}
