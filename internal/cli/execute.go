package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"example.com/pcn/internal/terminal"
)

// Exit codes.
const (
	ExitOK          = 0
	ExitFailure     = 1
	ExitUsage       = 2
	ExitInterrupted = 130
)

// Run executes the command line args of the command that newRoot makes, and returns the exit
// code. Cancelling ctx interrupts it.
func Run(ctx context.Context, newRoot func(*App) *cobra.Command, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	out, errs := &terminal.Screen{Raw: stdout}, &terminal.Screen{Raw: stderr}
	defer out.Flush()
	defer errs.Flush()
	a := &App{Stdin: stdin, Stdout: out, Stderr: errs, Args: args}
	root := newRoot(a)
	a.Prepare(root)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(a.Stdout)
	root.SetErr(a.Stderr)
	command, err := root.ExecuteContextC(ctx)
	ctx = command.Context() // which the command may have narrowed
	if profileErr := a.profiles.stop(); err == nil {
		err = profileErr
	}
	if err == nil {
		return ExitOK
	}
	var usage usageError
	code := ExitFailure
	text := oneLine(err)
	switch {
	case ctx.Err() != nil:
		code = ExitInterrupted
		if errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx)) {
			text = "interrupted"
		}
	case !a.started || errors.As(err, &usage):
		code = ExitUsage
		text += fmt.Sprintf("; see '%s --help'", command.CommandPath())
	}
	terminal.Paint(errs, terminal.Red, "pcnrun:")
	fmt.Fprintf(errs, " %s\n", text)
	return code
}

// oneLine returns the text of err, of which each line may be an error of its
// own, on one line.
func oneLine(err error) string {
	text := strings.Replace(err.Error(), "\n\nDid you mean this?\n\t", "; did you mean ", 1) // cobra's
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "; ")
}
