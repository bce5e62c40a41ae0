package terminal

import (
	"context"
	"os"
	"os/signal"
)

// Interruptible returns a context that is cancelled by the first signal that asks the
// process to end, or to save what it has: but for one that was ignored from the start,
// as SIGHUP is under nohup. A second Ctrl-C then ends the process at once. Other
// signals do not: they may come twice, as from timeout, which sends its own to a
// process and then to the process's group.
func Interruptible() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	arrived := make(chan os.Signal, 1)
	for _, s := range endingSignals {
		if !signal.Ignored(s) {
			signal.Notify(arrived, s)
		}
	}
	go func() {
		<-arrived
		signal.Reset(os.Interrupt)
		cancel()
	}()
	return ctx
}
