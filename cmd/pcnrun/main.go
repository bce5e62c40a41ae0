// Command pcnrun trains, scores and uses predictive coding networks.
//
//	pcnrun train digits
//	pcnrun eval runs/digits/model.safetensors
//	pcnrun compare sine
//
// pcnrun help lists the commands. Results are written to the standard output;
// progress bars, warnings and errors to the standard error. The exit code is 0,
// 1 for a failure, 2 for a mistake on the command line, and 130 when
// interrupted.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
	exitInterrupted = 130
)

func main() {
	os.Exit(execute(interruptible(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run executes the command line args and returns the exit code. Cancelling ctx
// interrupts it.
func execute(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	out, errs := &screen{raw: stdout}, &screen{raw: stderr}
	defer out.flush()
	defer errs.flush()
	a := &app{stdin: stdin, stdout: out, stderr: errs, args: args}
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	command, err := root.ExecuteContextC(ctx)
	ctx = command.Context() // which the command may have narrowed
	if profileErr := a.profiles.stop(); err == nil {
		err = profileErr
	}
	if err == nil {
		return exitOK
	}
	var usage usageError
	code := exitFailure
	text := oneLine(err)
	switch {
	case ctx.Err() != nil:
		code = exitInterrupted
		if errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx)) {
			text = "interrupted"
		}
	case !a.started || errors.As(err, &usage):
		code = exitUsage
		text += fmt.Sprintf("; see '%s --help'", command.CommandPath())
	}
	paint(a.stderr, red, "pcnrun:")
	fmt.Fprintf(a.stderr, " %s\n", text)
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
