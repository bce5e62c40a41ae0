package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// interruptible returns a context that is cancelled by the first signal that asks the
// process to end, or to save what it has: but for one that was ignored from the start,
// as SIGHUP is under nohup. A second Ctrl-C then ends the process at once. Other
// signals do not: they may come twice, as from timeout, which sends its own to a
// process and then to the process's group.
func interruptible() context.Context {
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

// interruptOnPipe makes what c prints to a pipe that nobody reads any more an
// interruption of c: without it the process ends in the middle of its work. Other
// commands than those that keep work are to end then, as any filter does.
func interruptOnPipe(c *cobra.Command, _ []string) {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // the write fails, and the process goes on
	ctx, cancel := context.WithCancel(c.Context())
	c.OutOrStdout().(*screen).unread = cancel
	c.ErrOrStderr().(*screen).unread = cancel
	c.SetContext(ctx)
}
