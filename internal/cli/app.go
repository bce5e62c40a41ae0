// Package cli has what the commands of pcnrun share: what they print to, the flags of settings, recipes
// and model files, help and completion. A command is a function of an [App], which [Run] runs, in a
// test as well as in the program.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"example.com/pcn/internal/gemm"
	"example.com/pcn/internal/jsonfloat"
	"example.com/pcn/internal/terminal"
)

// App is what the commands share.
type App struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Quiet, Verbose bool
	Args           []string // the command line

	profiles profiles
	kernel   string
	started  bool // the command line was understood
}

// usageError is a mistake on the command line that is found while a command runs.
type usageError struct{ error }

// Usage returns err as a mistake on the command line.
func Usage(err error) error { return usageError{err} }

// Usagef is Usage of a new error.
func Usagef(format string, args ...any) error { return Usage(fmt.Errorf(format, args...)) }

// Prepare makes a command the root of those of a, with the flags that all have.
func (a *App) Prepare(root *cobra.Command) {
	root.SilenceErrors, root.SilenceUsage = true, true
	root.PersistentPreRunE = func(*cobra.Command, []string) error { return a.begin() }
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetUsageTemplate(usageTemplate)
	flags := root.PersistentFlags()
	flags.SortFlags = false
	flags.BoolVarP(&a.Quiet, "quiet", "q", false, "print the result and warnings only")
	flags.BoolVarP(&a.Verbose, "verbose", "v", false, "say on the standard error what is read and chosen, and how settling goes")
	flags.StringVar(&a.kernel, "gemm", "", "`KERNEL` for matrix products: auto, portable, avx2, avx512, or the path to a BLAS library (default: the best one)")
	a.profiles.addFlags(flags)
	addCompletions(root)
}

// begin does what the flags of all commands say.
func (a *App) begin() error {
	if a.Quiet && a.Verbose {
		return errors.New("--quiet and --verbose: must be one of them, got both")
	}
	setLog(a.Stderr, a.Verbose)
	if err := a.useKernel(); err != nil {
		return err
	}
	a.started = true
	logKernel()
	return a.profiles.start()
}

// useKernel does what --gemm says.
func (a *App) useKernel() error {
	if a.kernel == "" {
		if err := gemm.Err(); err != nil {
			a.Warn("%v; using %s", err, gemm.Kernel())
		}
		return nil
	}
	if err := gemm.Use(a.kernel); err != nil {
		return fmt.Errorf("--gemm %s: %w", a.kernel, err)
	}
	return nil
}

// Warn prints a warning.
func (a *App) Warn(format string, args ...any) {
	terminal.Paint(a.Stderr, terminal.Yellow, "warning:")
	fmt.Fprintf(a.Stderr, " %s\n", fmt.Sprintf(format, args...))
}

// Info is where a command writes what is not its result: the standard error, and
// nowhere when quiet.
func (a *App) Info() io.Writer {
	if a.Quiet {
		return io.Discard
	}
	return a.Stderr
}

// Note says in a line what was taken for granted.
func (a *App) Note(format string, args ...any) {
	fmt.Fprintf(a.Info(), "note: "+format+"\n", args...)
}

// Hint says where words are explained.
func (a *App) Hint() { fmt.Fprintln(a.Info(), "'pcnrun help words' explains the words") }

// Bar is a bar on the standard error.
func (a *App) Bar() *terminal.Bar {
	return &terminal.Bar{W: a.Stderr, Hidden: a.Quiet || a.Verbose}
}

// Number is null in JSON where it is not finite.
type Number = jsonfloat.Float

// PrintJSON prints v as one line.
func PrintJSON(w io.Writer, v any) error { return json.NewEncoder(w).Encode(v) }

// JSONFlag adds the flag for a result as JSON.
func JSONFlag(c *cobra.Command) *bool {
	return c.Flags().Bool("json", false, "print one JSON object")
}

// InterruptOnPipe makes what c prints to a pipe that nobody reads any more an
// interruption of c: without it the process ends in the middle of its work. Other
// commands than those that keep work are to end then, as any filter does.
func InterruptOnPipe(c *cobra.Command, _ []string) {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // the write fails, and the process goes on
	ctx, cancel := context.WithCancel(c.Context())
	c.OutOrStdout().(*terminal.Screen).Unread = cancel
	c.ErrOrStderr().(*terminal.Screen).Unread = cancel
	c.SetContext(ctx)
}
