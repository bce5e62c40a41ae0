//go:build !unix

package main

import (
	"os"
	"syscall"
)

// endingSignals ask a process to end.
var endingSignals = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}
